// The review list by keyboard: J and K go through the pairs, M merges, D says that they are different.
const KEYS = { KeyJ: 'next', KeyK: 'back', KeyM: 'merge', KeyD: 'different' };

function step(list, from, by) {
  const all = [...list.querySelectorAll('[data-dup]')];
  const to = all[Math.min(Math.max(from ? all.indexOf(from) + by : 0, 0), all.length - 1)];
  to?.focus();
  to?.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('keydown', (event) => {
  const list = document.querySelector('[data-dup-list]'), what = KEYS[event.code];
  if (!list || !what || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input,select,textarea,dialog,[contenteditable]')) return;
  const here = document.activeElement?.closest('[data-dup]');
  event.preventDefault();
  if (what === 'next' || what === 'back') step(list, here, what === 'next' ? 1 : -1);
  else here?.querySelector(`[data-dup-${what}]`)?.click();
});
document.addEventListener('click', (event) => {
  const later = event.target.closest?.('[data-dup-later]');
  if (later) step(later.closest('[data-dup-list]'), later.closest('[data-dup]'), 1);
});
document.addEventListener('htmx:after:swap', () => {
  if (document.activeElement === document.body) document.querySelector('[data-dup-list] .dup.done:last-of-type')?.focus();
});
