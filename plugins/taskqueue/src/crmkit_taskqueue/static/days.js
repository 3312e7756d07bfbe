// A day of the calendar beside a form is put into the form's field; arrow keys go from day to day.
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

document.addEventListener('click', (event) => {
  const day = event.target.closest('[data-days] [data-day]');
  const table = day?.closest('[data-days]');
  const field = table && day.closest('form')?.elements.namedItem(table.dataset.days);
  if (!field) return;
  field.value = day.dataset.day;
  for (const other of table.querySelectorAll('[data-day]')) other.setAttribute('aria-pressed', String(other === day));
  for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, { bubbles: true }));
});

document.addEventListener('keydown', (event) => {
  const day = event.target.closest?.('.tqd a.tqd-d, .tqd button.tqd-d');
  if (!day || !(event.key in STEPS) || event.altKey || event.ctrlKey || event.metaKey) return;
  const cells = [...day.closest('.tqd').querySelectorAll('.tqd-d')];
  for (let n = cells.indexOf(day) + STEPS[event.key]; n >= 0 && n < cells.length; n += STEPS[event.key]) {
    if (!cells[n].matches('a,button')) continue;
    event.preventDefault();
    cells[n].focus();
    return;
  }
});
