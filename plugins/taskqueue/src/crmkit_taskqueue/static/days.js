// A day of the calendar beside a form is put into the form's field; arrow keys go from day to day, up and down from week to week.
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
  const day = event.target.closest?.('.tqd :is(a,button).tqd-d,.tqd-d input');
  if (!day || !(event.key in STEPS) || event.altKey || event.ctrlKey || event.metaKey) return;
  if (day.type === 'radio' && Math.abs(STEPS[event.key]) === 1) return; // the browser goes on from the moments before them
  const cells = [...day.closest('.tqd').querySelectorAll('.tqd-d')];
  for (let n = cells.indexOf(day.closest('.tqd-d')) + STEPS[event.key]; n in cells; n += STEPS[event.key]) {
    if (!cells[n].matches('a,button,label')) continue;
    event.preventDefault();
    const radio = cells[n].querySelector('input');
    (radio ?? cells[n]).focus();
    radio?.click();
    return;
  }
});
