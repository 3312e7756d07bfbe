// The rows of a list: choosing them, the keyboard, editing in a cell, and what others change in them.
import { $, part, say, toast, word } from './core.js';
import { move } from './moves.js';
import { asks, at, list, parsed, scopeOf } from './where.js';

const rowsOf = (html, scope) => [...parsed(`<table><tbody>${html}</tbody></table>`, scope).querySelectorAll('tr[data-id]')];
const all = () => [...document.querySelectorAll('[data-list]')];
const tableOf = (here) => $('.grid', here);

// ---- choosing rows -----------------------------------------------------------------------------------------------------------
const states = new WeakMap();
const stateOf = (here) => states.get(here) ?? states.set(here, { chosen: new Set(), everything: false, anchor: null, asked: new Set(), soon: 0 }).get(here);
const boxes = (here) => [...here.querySelectorAll('tbody input[name=id]')];
/** What is chosen, as forms send it. */
export const chosenOf = (scope) => { const { chosen, everything } = stateOf(list(scope)); return { ids: everything ? '' : [...chosen].join(','), all: everything ? '1' : '' }; };
export const none = (scope) => { if (list(scope)) choose(list(scope), []); };
function choose(here, ids, { every = false } = {}) {
  Object.assign(stateOf(here), { chosen: new Set(ids), everything: every });
  drawChosen(here);
}
async function drawChosen(here) {
  const { chosen, everything } = stateOf(here), scope = scopeOf(here);
  for (const box of boxes(here)) { box.checked = everything || chosen.has(box.value); box.closest('tr').setAttribute('aria-selected', String(box.checked)); }
  const head = $('[data-all-rows]', here), shown = boxes(here);
  if (head) { head.checked = shown.length > 0 && shown.every((b) => b.checked); head.indeterminate = !head.checked && shown.some((b) => b.checked); }
  const bar = at(scope, 'list-bulk'), some = everything || chosen.size > 0;
  if (!bar) return;
  if (some && !bar.childElementCount && !bar.dataset.asked) {
    bar.dataset.asked = '1';
    const url = new URL(here.dataset.bulk, location.href);
    url.searchParams.set('said', here.dataset.all);
    const answer = await part(url, { headers: asks(scope) }).catch(() => null);
    if (!answer?.ok) { delete bar.dataset.asked; return; }
    bar.replaceChildren(...parsed(await answer.text(), scope).body.childNodes);
    htmx.process(bar);
  }
  const now = stateOf(here); // it may be another by now
  bar.hidden = !(now.everything || now.chosen.size > 0);
  const count = $('[data-chosen]', bar);
  if (!count) return;
  const said = count.dataset.chosen.replace('{count}', now.everything ? here.dataset.all : String(now.chosen.size));
  if (count.textContent !== said) { count.textContent = said; if (!bar.hidden) say(said); }
  $('[data-choose-all]', bar).hidden = now.everything || !(head?.checked && $('.more-rows', here));
  const file = $('[data-export]', bar);
  if (file) {
    const url = new URL(file.href);
    now.everything ? url.searchParams.delete('ids') : url.searchParams.set('ids', [...now.chosen].join(','));
    file.href = url.href;
  }
}
document.addEventListener('click', (event) => {
  const here = event.target.closest('[data-list]');
  if (!here) return;
  const box = event.target.closest('tbody input[name=id]'), state = stateOf(here);
  if (box) {
    if (state.everything) { state.everything = false; for (const b of boxes(here)) state.chosen.add(b.value); }
    const every = boxes(here), from = event.shiftKey && state.anchor ? every.findIndex((b) => b.value === state.anchor) : -1, to = every.indexOf(box);
    for (const one of from < 0 ? [box] : every.slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked ? state.chosen.add(one.value) : state.chosen.delete(one.value);
    state.anchor = box.value;
    drawChosen(here);
  } else if (event.target.matches('[data-all-rows]')) choose(here, event.target.checked ? boxes(here).map((b) => b.value) : []);
  else if (event.target.closest('[data-choose-all]')) choose(here, [], { every: true });
  else if (event.target.closest('[data-choose-none]')) { choose(here, []); $('.grid [tabindex="0"]', here)?.focus(); }
});

// ---- the keyboard: one stop for Tab, arrows within ------------------------------------------------------------------------
const CELL = '[data-list] .grid tbody :is(td, th)';
const cellsOf = (row) => [...row.children];
const focusable = (cell) => { for (const n of cell.querySelectorAll('a, input, button')) n.tabIndex = -1; };
/** A list has come, or come anew: nothing is chosen in it. */
export function started(scope) {
  const here = list(scope);
  if (!here) return;
  states.delete(here);
  if (!tableOf(here)) return;
  ready(here);
  listen(here.dataset.kind);
}
function ready(here) {
  if (matchMedia('(max-width:760px)').matches) return; // fingers: links stay links
  for (const cell of here.querySelectorAll('.grid tbody tr[data-id] > *')) focusable(cell);
  if (!$('.grid [tabindex="0"]', here)) $('.grid tbody tr[data-id] > th', here)?.setAttribute('tabindex', '0');
}
function stand(cell, { focus = true } = {}) {
  for (const old of cell.closest('.grid').querySelectorAll(':is(td, th)[tabindex]')) old.removeAttribute('tabindex');
  cell.tabIndex = 0;
  if (focus) { cell.focus(); cell.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }
}
const headOf = (cell) => $('thead tr', cell.closest('.grid')).children[cell.cellIndex];
document.addEventListener('keydown', (event) => {
  const cell = event.target.closest?.(CELL);
  if (!cell || event.target !== cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = cell.parentElement, at = cell.cellIndex, rows = [...row.parentElement.querySelectorAll('tr[data-id]')], line = rows.indexOf(row);
  const to = (r, c) => { const found = rows[r] && cellsOf(rows[r])[c]; if (found) { event.preventDefault(); stand(found); } };
  const { key } = event;
  if (key === 'ArrowDown') { if (line === rows.length - 1) $('.more-rows', cell.closest('.grid'))?.scrollIntoView({ block: 'nearest' }); to(line + 1, at); }
  else if (key === 'ArrowUp') to(line - 1, at);
  else if (key === 'ArrowRight') to(line, at + 1);
  else if (key === 'ArrowLeft') to(line, at - 1);
  else if (key === 'Home') to(line, 0);
  else if (key === 'End') to(line, cellsOf(row).length - 1);
  else if (key === 'PageDown') to(Math.min(line + 12, rows.length - 1), at);
  else if (key === 'PageUp') to(Math.max(line - 12, 0), at);
  else if (key === ' ') { event.preventDefault(); $('input[name=id]', row)?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, shiftKey: event.shiftKey })); }
  else if (key === 'F2') { event.preventDefault(); edit(cell); }
  else if (key === 'Enter') {
    event.preventDefault();
    if (cell.matches('.sel')) $('input', cell).click();
    else if (cell.matches('th')) $('a', cell)?.click();
    else edit(cell);
  }
});
document.addEventListener('mousedown', (event) => {
  const cell = event.target.closest?.(CELL);
  if (cell && cell.closest('tr[data-id]') && !event.target.closest('a, input, button, [data-cell]')) stand(cell, { focus: false });
});
document.addEventListener('dblclick', (event) => {
  const cell = event.target.closest?.(CELL);
  if (cell && !event.target.closest('[data-cell], input')) { getSelection()?.removeAllRanges(); edit(cell); }
});

// ---- editing in a cell ---------------------------------------------------------------------------------------------------------
const address = (row, verb) => `${new URL(row.closest('[data-list]').dataset.rows, location.href).pathname.replace(/rows$/, '')}${row.dataset.id}/${verb}`;
async function edit(cell) {
  const head = headOf(cell), row = cell.closest('tr[data-id]'), scope = scopeOf(cell), place = cell.cellIndex;
  if (!row || !head || !('edit' in head.dataset) || cell.querySelector('[data-cell]')) return;
  const answer = await part(`${address(row, 'cell')}?field=${encodeURIComponent(head.dataset.f)}`, { headers: asks(scope) }).catch(() => null);
  if (!answer) return toast(word('lost_page'), { bad: true });
  if (!answer.ok) return told(answer);
  const html = await answer.text(), here = cell.isConnected ? row : $(`tr[data-id="${row.dataset.id}"]`, list(scope));
  if (here) showForm(cellsOf(here)[place], html, false); // meanwhile the row may have come anew
}
const said = (form) => String(new URLSearchParams(new FormData(form)));
function showForm(cell, html, bad) {
  const form = parsed(html, scopeOf(cell)).querySelector('[data-cell]');
  if (!form) return;
  cell.kept ??= [...cell.childNodes];
  cell.classList.add('editing');
  cell.replaceChildren(form);
  htmx.process(form);
  form.was = bad ? null : said(form);
  const control = form.querySelector('select, textarea, input:not([type=hidden])');
  control?.focus();
  if (control?.matches('input[type=text], textarea') && !bad) control.select?.();
}
function stop(cell, focus = true) {
  if (!cell?.kept) return;
  cell.replaceChildren(...cell.kept);
  delete cell.kept;
  cell.classList.remove('editing');
  if (focus && cell.isConnected) stand(cell);
}
async function told(answer) {
  try {
    const problem = await answer.json();
    toast([problem.detail || problem.title, ...(problem.problems ?? []).map((p) => p.message).filter((m) => m !== problem.detail)].join(' · '), { bad: true });
  } catch { toast(word('lost_page'), { bad: true }); }
}
/** A stage is moved to as everywhere: what it needs is asked for beside the cell, and the toast takes it back. */
async function saveStage(form, onward, leave) {
  const cell = form.closest('td, th'), row = cell.closest('tr'), here = row.closest('[data-list]'), place = cell.cellIndex;
  const { stage, version } = Object.fromEntries(new FormData(form));
  stop(cell, !leave);
  const outcome = await move(address(row, 'move'), { stage, version }, { anchor: cell });
  if (outcome !== 'cancelled') await refresh(here, [row.dataset.id]);
  go($(`tr[data-id="${row.dataset.id}"]`, here), place, outcome === 'done' ? onward : 0, leave);
}
/** Stand on a cell, or on the one beside it and edit that; who went on elsewhere meanwhile stays there. */
function go(row, place, onward, leave) {
  if (!row) return;
  const next = cellsOf(row)[place + onward] ?? cellsOf(row)[place];
  stand(next, { focus: !leave });
  if (onward) edit(next);
}
async function saveCell(form, onward, { leave = false } = {}) {
  const cell = form.closest('td, th'), row = cell.closest('tr'), here = row.closest('[data-list]'), place = cell.cellIndex;
  if (form.dataset.busy) return;
  if (form.was === said(form)) { stop(cell, false); return go(row, place, onward, leave); } // nothing to save
  if (form.elements.field.value === 'stage') return saveStage(form, onward, leave);
  form.dataset.busy = '1';
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of new URL(here.dataset.rows, location.href).searchParams) if (!body.has(name)) body.append(name, value);
  const answer = await part(form.action, { method: 'POST', headers: asks(scopeOf(here)), body }).catch(() => null);
  if (!answer) { delete form.dataset.busy; return toast(word('lost_page'), { bad: true }); }
  if (answer.status === 422) return showForm(cell, await answer.text(), true);
  if (!answer.ok) { stop(cell); await told(answer); return refresh(here, [row.dataset.id]); }
  const [fresh] = rowsOf(await answer.text(), scopeOf(here));
  if (!fresh) return stop(cell);
  exchange(row, fresh);
  go(fresh, place, onward, leave);
}
document.addEventListener('submit', (event) => {
  if (!event.target.matches('[data-cell]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  saveCell(event.target, 0);
}, true);
document.addEventListener('keydown', (event) => {
  const form = event.target.closest?.('[data-cell]');
  if (!form) return;
  const cell = form.closest('td, th');
  if (event.key === 'Tab') { event.preventDefault(); saveCell(form, event.shiftKey ? -1 : 1); }
  else if (event.key === 'Enter' && !event.defaultPrevented && (!event.target.matches('textarea') || event.ctrlKey)) { event.preventDefault(); saveCell(form, 0); }
});
document.addEventListener('keydown', (event) => { // before a window hears of it, which would close
  if (event.key !== 'Escape' || event.target.getAttribute?.('aria-expanded') === 'true') return;
  const cell = event.target.closest?.(CELL), here = cell?.closest('[data-list]');
  if (!cell || (!cell.kept && !stateOf(here).everything && !stateOf(here).chosen.size)) return;
  event.preventDefault();
  event.stopPropagation();
  if (cell.kept) stop(cell); else choose(here, []);
}, true);
document.addEventListener('focusout', (event) => {
  const form = event.target.closest?.('[data-cell]');
  if (!form) return;
  setTimeout(() => { if (form.isConnected && !form.dataset.busy && !form.contains(document.activeElement) && document.hasFocus()) saveCell(form, 0, { leave: true }); });
});

// ---- live rows -------------------------------------------------------------------------------------------------------------------
const bound = new Set();
function listen(kind) {
  if (bound.has(kind)) return;
  bound.add(kind);
  document.body.addEventListener(`crm:${kind}`, ({ detail }) => {
    for (const here of all()) if (here.dataset.kind === kind) heard(here, detail ?? {});
  });
}
function heard(here, { id, ids = id ? [id] : [], gone = [], all: any }) {
  const state = stateOf(here), told = [...ids, ...gone];
  for (const one of any || !told.length ? boxes(here).map((box) => box.value) : told) state.asked.add(String(one));
  clearTimeout(state.soon);
  state.soon = setTimeout(() => { const now = [...state.asked]; state.asked.clear(); refresh(here, now); }, 120);
}
function exchange(old, fresh) {
  const held = old.contains(document.activeElement) ? document.activeElement.closest('td, th')?.cellIndex : -1, stop = cellsOf(old).findIndex((c) => c.tabIndex === 0);
  const editing = cellsOf(old).findIndex((c) => c.querySelector('[data-cell]:not([data-busy])'));
  if (editing >= 0) { // what is typed stays; the rest of the row is shown as it is now
    cellsOf(fresh).forEach((cell, i) => { if (i !== editing && i) cellsOf(old)[i]?.replaceWith(cell.cloneNode(true)); });
    return;
  }
  old.replaceWith(fresh);
  htmx.process(fresh);
  ready(fresh.closest('[data-list]'));
  for (const cell of cellsOf(fresh)) focusable(cell);
  if (stop >= 0 && cellsOf(fresh)[stop]) stand(cellsOf(fresh)[stop], { focus: held >= 0 });
  fresh.classList.add('fresh');
  const box = $('input[name=id]', fresh), { chosen, everything } = stateOf(fresh.closest('[data-list]'));
  if (box && (everything || chosen.has(box.value))) { box.checked = true; fresh.setAttribute('aria-selected', 'true'); }
}
async function refresh(here, ids) {
  if (!here.isConnected || !ids.length) return;
  const url = new URL(here.dataset.rows, location.href);
  url.searchParams.set('ids', ids.slice(0, 200).join(','));
  const answer = await part(url, { headers: asks(scopeOf(here)), background: true }).catch(() => null);
  if (!answer?.ok || !here.isConnected) return;
  const found = new Map(rowsOf(await answer.text(), scopeOf(here)).map((row) => [row.dataset.id, row]));
  for (const id of ids) {
    const old = $(`tr[data-id="${id}"]`, here), fresh = found.get(id);
    if (old && fresh) exchange(old, fresh);
    else if (old) { old.classList.add('gone'); old.setAttribute('aria-disabled', 'true'); }
    else if (fresh && here.dataset.newest && $('tbody', here)) { $('tbody', here).prepend(fresh); htmx.process(fresh); fresh.classList.add('fresh'); ready(here); }
    else if (fresh) { const more = $('[data-newer]', here); if (more) more.hidden = false; }
  }
}
document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => { // further rows
  const here = ctx.target?.closest?.('[data-list]') ?? list(scopeOf(ctx.target));
  if (!here || !tableOf(here)) return;
  ready(here);
  const { chosen, everything } = stateOf(here);
  if (everything || chosen.size) drawChosen(here);
});
started($('#main'));
