// Lists: sorting and search without losing one's place, choosing rows, the keyboard, editing in a cell, live rows.
import { $, say, toast, word } from './core.js';

const PARTIAL = { 'HX-Request': 'true', 'HX-Request-Type': 'partial' };
const PIECES = ['list', 'list-count', 'list-layouts', 'list-views', 'list-tools', 'list-add', 'list-chips'];
const list = () => $('#list[data-list]'), pop = () => $('#list-pop');
const parsed = (html) => new DOMParser().parseFromString(html, 'text/html');
const rowsOf = (html) => [...parsed(`<table><tbody>${html}</tbody></table>`).querySelectorAll('tr[data-id]')];

// ---- going to another state of the same list: only what differs is exchanged ---------------------------------------------
let going = null;
async function go(url, { replace = false, focus = null } = {}) {
  const here = list();
  if (!here) return location.assign(url);
  going?.abort();
  going = new AbortController();
  here.setAttribute('aria-busy', 'true');
  const left = $('.list-scroll', here)?.scrollLeft ?? 0;
  try {
    const answer = await fetch(url, { headers: PARTIAL, signal: going.signal });
    if (answer.status === 401 && answer.headers.get('hx-redirect')) return location.assign(answer.headers.get('hx-redirect'));
    const page = parsed(await answer.text());
    if (!answer.ok || !page.getElementById('list')) return location.assign(url);
    history[replace ? 'replaceState' : 'pushState']({ htmx: true }, '', url);
    for (const id of PIECES) {
      const old = document.getElementById(id), fresh = page.getElementById(id);
      if (!old || !fresh) continue;
      old.replaceWith(fresh);
      htmx.process(fresh);
    }
    for (const input of page.querySelectorAll('[data-list-q] [type=hidden]')) {
      const own = $(`[data-list-q] [name="${CSS.escape(input.name)}"]`);
      if (own) own.value = input.value; else $('[data-list-q]')?.prepend(input);
    }
    const scroll = $('.list-scroll', list());
    if (scroll) scroll.scrollLeft = left;
    started();
    if (focus) $(focus)?.focus();
    say($('#list-count')?.textContent ?? '');
  } catch (error) {
    if (error.name !== 'AbortError') { here.removeAttribute('aria-busy'); toast(word('lost_page'), { bad: true }); }
  }
}

document.addEventListener('click', (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.altKey) return;
  const link = event.target.closest('#list thead a[href], #list-chips a[href], .list .empty a[href]');
  if (!link || !list()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const head = link.closest('th');
  go(event.shiftKey && link.dataset.second ? link.dataset.second : link.href, { focus: head ? `#${CSS.escape(head.id)} a` : link.id ? `#${link.id}` : '#add-filter' });
}, true);

let typing = 0;
const search = (form) => {
  const url = new URL(form.action), fields = new FormData(form);
  url.search = '';
  for (const [name, value] of fields) if (value) url.searchParams.set(name, value);
  go(url.href, { replace: true });
};
document.addEventListener('input', (event) => {
  const form = event.target.closest('[data-list-q]');
  if (form && list()) { clearTimeout(typing); typing = setTimeout(() => search(form), 300); }
  if (event.target.dataset.narrow) narrow(event.target);
});
document.addEventListener('submit', (event) => {
  if (event.target.matches('[data-list-q]') && list()) {
    event.preventDefault(); event.stopImmediatePropagation();
    clearTimeout(typing); search(event.target);
  }
  if (event.target.matches('[data-cell]')) { event.preventDefault(); event.stopImmediatePropagation(); saveCell(event.target, 0); }
}, true);

// ---- the popover all tools of a list share ---------------------------------------------------------------------------------
let opener = null;
const spot = new CSSStyleSheet(); // not a style attribute: htmx would copy that to the page that comes, which the policy refuses
document.adoptedStyleSheets = [...document.adoptedStyleSheets, spot];
function place() {
  const box = pop();
  if (!box?.matches(':popover-open')) return;
  const at = (opener?.isConnected ? opener : $('#list-tools') ?? document.body).getBoundingClientRect(), { offsetWidth: w, offsetHeight: h } = box;
  const below = at.bottom + 6, up = below + h > innerHeight - 8 && at.top - 6 - h > 8;
  const left = Math.max(8, Math.min(at.left, innerWidth - w - 8)), top = up ? at.top - 6 - h : Math.max(8, Math.min(below, innerHeight - h - 8));
  spot.replaceSync(`#list-pop{left:${left}px;top:${top}px}`);
}
document.addEventListener('click', (event) => {
  const button = event.target.closest('[popovertarget=list-pop]');
  if (button) { opener = button; pop()?.replaceChildren(); }
  const order = event.target.closest('#list-pop [data-move]');
  if (order) moveItem(order);
}, true);
document.addEventListener('toggle', (event) => { if (event.target.id === 'list-pop' && event.newState === 'open') place(); }, true);
addEventListener('resize', place);
document.addEventListener('htmx:after:swap', (event) => {
  if (event.detail.ctx.target?.id !== 'list-pop') return;
  place();
  ($('#list-pop [aria-invalid]') ?? $('#list-pop [autofocus]') ?? $('#list-pop .pop-list'))?.focus();
});
document.addEventListener('htmx:before:swap', (event) => { if (event.detail.ctx?.target?.id === 'main' && pop()?.matches(':popover-open')) pop().hidePopover(); });
document.addEventListener('htmx:finally:request', (event) => { // a condition was put in place: the page came anew
  const { ctx } = event.detail;
  if (ctx.target?.id === 'main' && list()) { started(); if (ctx.sourceElement?.closest?.('#list-pop') || opener) { $('#add-filter')?.focus({ preventScroll: true }); opener = null; } }
  if (ctx.response?.status === 204 && ctx.sourceElement?.closest?.('[data-bulk-form]')) { pop()?.hidePopover(); choose([]); }
});
function narrow(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of document.querySelectorAll(`${input.dataset.narrow} [data-n]`)) item.hidden = !words.every((w) => item.dataset.n.includes(w));
  for (const group of document.querySelectorAll(`${input.dataset.narrow} .pop-g`)) group.hidden = !group.querySelector('[data-n]:not([hidden])');
}
function moveItem(button) {
  const item = button.closest('li'), by = Number(button.dataset.move), other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (other) other[by < 0 ? 'before' : 'after'](item);
  button.focus();
  say(`${item.textContent.trim()}: ${[...item.parentElement.children].indexOf(item) + 1}`);
}
document.addEventListener('keydown', (event) => { // arrows walk through the lines of the popover
  const box = event.target.closest?.('#list-pop');
  if (!box || !['ArrowDown', 'ArrowUp'].includes(event.key) || event.target.matches('select, textarea, [role=combobox]')) return;
  const lines = [...box.querySelectorAll('.pop-list :is(button.pop-i, a.pop-i, .pop-i input)')].filter((n) => n.offsetParent);
  const at = lines.indexOf(event.target), next = lines[event.key === 'ArrowDown' ? at + 1 : at - 1];
  if (next) { event.preventDefault(); next.focus(); }
});

// ---- choosing rows -----------------------------------------------------------------------------------------------------------
const chosen = new Set();
let everything = false, anchor = null;
const boxes = () => [...document.querySelectorAll('#list tbody input[name=id]')];
function choose(ids, { all = false } = {}) {
  chosen.clear(); everything = all;
  for (const id of ids) chosen.add(id);
  drawChosen();
}
async function drawChosen() {
  for (const box of boxes()) { box.checked = everything || chosen.has(box.value); box.closest('tr').toggleAttribute('aria-selected', false); box.closest('tr').setAttribute('aria-selected', String(box.checked)); }
  const head = $('#list [data-all-rows]'), shown = boxes();
  if (head) { head.checked = shown.length > 0 && shown.every((b) => b.checked); head.indeterminate = !head.checked && shown.some((b) => b.checked); }
  const bar = $('#list-bulk'), some = everything || chosen.size > 0;
  if (!bar) return;
  if (some && !bar.childElementCount && !bar.dataset.asked) {
    bar.dataset.asked = '1';
    const url = new URL(list().dataset.bulk, location.href);
    url.searchParams.set('said', list().dataset.all);
    const answer = await fetch(url, { headers: PARTIAL });
    if (answer.ok) { bar.innerHTML = parsed(await answer.text()).body.innerHTML; htmx.process(bar); }
  }
  bar.hidden = !(everything || chosen.size > 0);
  const count = $('[data-chosen]', bar);
  if (!count) return;
  const said = count.dataset.chosen.replace('{count}', everything ? list().dataset.all : String(chosen.size));
  if (count.textContent !== said) { count.textContent = said; if (some) say(said); }
  $('[data-choose-all]', bar).hidden = everything || !(head?.checked && $('#list .more-rows'));
  const file = $('[data-export]', bar);
  if (file) {
    const url = new URL(file.href);
    everything ? url.searchParams.delete('ids') : url.searchParams.set('ids', [...chosen].join(','));
    file.href = url.href;
  }
}
document.addEventListener('click', (event) => {
  const box = event.target.closest('#list tbody input[name=id]');
  if (box) {
    if (everything) { everything = false; for (const b of boxes()) chosen.add(b.value); }
    const all = boxes(), from = event.shiftKey && anchor ? all.findIndex((b) => b.value === anchor) : -1, to = all.indexOf(box);
    for (const one of from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked ? chosen.add(one.value) : chosen.delete(one.value);
    anchor = box.value;
    drawChosen();
  } else if (event.target.matches('#list [data-all-rows]')) choose(event.target.checked ? boxes().map((b) => b.value) : []);
  else if (event.target.closest('[data-choose-all]')) choose([], { all: true });
  else if (event.target.closest('[data-choose-none]')) { choose([]); $('#list .grid [tabindex="0"]')?.focus(); }
  const act = event.target.closest('#list-bulk [data-do]');
  if (act) {
    const values = { do: act.dataset.do, ids: everything ? '' : [...chosen].join(','), all: everything ? '1' : '' };
    const url = new URL(list().dataset.bulk, location.href);
    for (const [name, value] of url.searchParams) values[name] ??= value;
    htmx.ajax('POST', `${url.pathname}/form`, { values, target: '#list-pop', swap: 'innerHTML' });
  }
});

// ---- the keyboard: one stop for Tab, arrows within ------------------------------------------------------------------------
const cellsOf = (row) => [...row.children];
const focusable = (cell) => { for (const n of cell.querySelectorAll('a, input, button')) n.tabIndex = -1; };
function started() {
  const table = $('#list .grid');
  chosen.clear(); everything = false; anchor = null;
  if (!table) return;
  ready(table);
  listen(list().dataset.kind);
}
function ready(root) {
  if (matchMedia('(max-width:760px)').matches) return; // fingers: links stay links
  for (const cell of root.querySelectorAll('tbody tr[data-id] > *')) focusable(cell);
  if (!$('#list .grid [tabindex="0"]')) $('#list .grid tbody tr[data-id] > th')?.setAttribute('tabindex', '0');
}
function stand(cell, { focus = true } = {}) {
  for (const old of document.querySelectorAll('#list .grid :is(td, th)[tabindex]')) old.removeAttribute('tabindex');
  cell.tabIndex = 0;
  if (focus) { cell.focus(); cell.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }
}
const headOf = (cell) => $('#list .grid thead tr').children[cell.cellIndex];
document.addEventListener('keydown', (event) => {
  const cell = event.target.closest?.('#list .grid tbody :is(td, th)');
  if (!cell || event.target !== cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = cell.parentElement, at = cell.cellIndex, rows = [...row.parentElement.querySelectorAll('tr[data-id]')], line = rows.indexOf(row);
  const to = (r, c) => { const found = rows[r] && cellsOf(rows[r])[c]; if (found) { event.preventDefault(); stand(found); } };
  const { key } = event;
  if (key === 'ArrowDown') { if (line === rows.length - 1) $('#list .more-rows')?.scrollIntoView({ block: 'nearest' }); to(line + 1, at); }
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
  } else if (key === 'Escape' && (chosen.size || everything)) choose([]);
});
document.addEventListener('mousedown', (event) => {
  const cell = event.target.closest?.('#list .grid tbody :is(td, th)');
  if (cell && cell.closest('tr[data-id]') && !event.target.closest('a, input, button, [data-cell]')) stand(cell, { focus: false });
});
document.addEventListener('dblclick', (event) => {
  const cell = event.target.closest?.('#list .grid tbody :is(td, th)');
  if (cell && !event.target.closest('[data-cell], input')) { getSelection()?.removeAllRanges(); edit(cell); }
});

// ---- editing in a cell ---------------------------------------------------------------------------------------------------------
const address = (row, verb) => `${new URL(list().dataset.rows, location.href).pathname.replace(/rows$/, '')}${row.dataset.id}/${verb}`;
async function edit(cell) {
  const head = headOf(cell), row = cell.closest('tr[data-id]');
  if (!row || !head || !('edit' in head.dataset) || cell.querySelector('[data-cell]')) return;
  const answer = await fetch(`${address(row, 'cell')}?field=${encodeURIComponent(head.dataset.f)}`, { headers: PARTIAL });
  if (!answer.ok) return told(answer);
  cell.dataset.was = '1';
  showForm(cell, await answer.text(), false);
}
function showForm(cell, html, bad) {
  const form = parsed(html).querySelector('[data-cell]');
  if (!form) return;
  cell.kept ??= [...cell.childNodes];
  cell.classList.add('editing');
  cell.replaceChildren(form);
  htmx.process(form);
  const control = form.querySelector('select, textarea, input:not([type=hidden])');
  control?.focus();
  if (control?.matches('input[type=text], textarea') && !bad) control.select?.();
}
function stop(cell, focus = true) {
  if (!cell?.kept) return;
  cell.replaceChildren(...cell.kept);
  delete cell.kept;
  cell.classList.remove('editing');
  if (focus) stand(cell);
}
async function told(answer) {
  try {
    const problem = await answer.json();
    toast([problem.detail || problem.title, ...(problem.problems ?? []).map((p) => p.message).filter((m) => m !== problem.detail)].join(' · '), { bad: true });
  } catch { toast(word('lost_page'), { bad: true }); }
}
async function saveCell(form, onward) {
  const cell = form.closest('td, th'), row = cell.closest('tr'), at = cell.cellIndex;
  if (form.dataset.busy) return;
  form.dataset.busy = '1';
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of new URL(list().dataset.rows, location.href).searchParams) if (!body.has(name)) body.append(name, value);
  const answer = await fetch(form.action, { method: 'POST', headers: PARTIAL, body }).catch(() => null);
  if (!answer) { delete form.dataset.busy; return toast(word('lost_page'), { bad: true }); }
  if (answer.status === 422) return showForm(cell, await answer.text(), true);
  if (!answer.ok) { stop(cell); await told(answer); return refresh([row.dataset.id]); }
  const [fresh] = rowsOf(await answer.text());
  if (!fresh) return stop(cell);
  exchange(row, fresh);
  const next = cellsOf(fresh)[at + onward] ?? cellsOf(fresh)[at];
  stand(next);
  if (onward) edit(next);
}
document.addEventListener('keydown', (event) => {
  const form = event.target.closest?.('[data-cell]');
  if (!form) return;
  const cell = form.closest('td, th');
  if (event.key === 'Escape' && !event.defaultPrevented) { event.preventDefault(); event.stopPropagation(); stop(cell); }
  else if (event.key === 'Tab') { event.preventDefault(); saveCell(form, event.shiftKey ? -1 : 1); }
  else if (event.key === 'Enter' && !event.defaultPrevented && (!event.target.matches('textarea') || event.ctrlKey)) { event.preventDefault(); saveCell(form, 0); }
});
document.addEventListener('focusout', (event) => {
  const form = event.target.closest?.('[data-cell]');
  if (!form) return;
  setTimeout(() => { if (form.isConnected && !form.dataset.busy && !form.contains(document.activeElement) && document.hasFocus()) saveCell(form, 0); });
});

// ---- live rows -------------------------------------------------------------------------------------------------------------------
const bound = new Set();
let asked = new Set(), soon = 0;
function listen(kind) {
  if (bound.has(kind)) return;
  bound.add(kind);
  document.body.addEventListener(`crm:${kind}`, (event) => {
    if (list()?.dataset.kind !== kind) return;
    if (event.detail?.id) asked.add(String(event.detail.id));
    else for (const box of boxes()) asked.add(box.value);
    clearTimeout(soon);
    soon = setTimeout(() => { const ids = [...asked]; asked = new Set(); refresh(ids); }, 120);
  });
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
  ready(fresh.parentElement);
  for (const cell of cellsOf(fresh)) focusable(cell);
  if (stop >= 0 && cellsOf(fresh)[stop]) stand(cellsOf(fresh)[stop], { focus: held >= 0 });
  fresh.classList.add('fresh');
  const box = $('input[name=id]', fresh);
  if (box && (everything || chosen.has(box.value))) { box.checked = true; fresh.setAttribute('aria-selected', 'true'); }
}
async function refresh(ids) {
  const here = list();
  if (!here || !ids.length) return;
  const url = new URL(here.dataset.rows, location.href);
  url.searchParams.set('ids', ids.slice(0, 200).join(','));
  const answer = await fetch(url, { headers: PARTIAL }).catch(() => null);
  if (!answer?.ok || list() !== here) return;
  const found = new Map(rowsOf(await answer.text()).map((row) => [row.dataset.id, row]));
  for (const id of ids) {
    const old = $(`#row-${id}`, here), fresh = found.get(id);
    if (old && fresh) exchange(old, fresh);
    else if (old) { old.classList.add('gone'); old.setAttribute('aria-disabled', 'true'); }
    else if (fresh && here.dataset.newest && $('tbody', here)) { $('tbody', here).prepend(fresh); htmx.process(fresh); fresh.classList.add('fresh'); ready(fresh.parentElement); }
    else if (fresh) { const more = $('[data-newer]', here); if (more) more.hidden = false; }
  }
}
document.addEventListener('htmx:after:swap', () => { const table = $('#list .grid'); if (table) { ready(table); if (everything || chosen.size) drawChosen(); } });
if (list()) started();

// ---- calendars: arrows from day to day ------------------------------------------------------------------------------------------
document.addEventListener('change', (event) => { if (event.target.matches('[data-go]')) event.target.form.requestSubmit(); });
document.addEventListener('keydown', (event) => {
  const link = event.target.closest?.('.cal-grid .cal-d');
  if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
  if (!by) return;
  const days = [...document.querySelectorAll('.cal-grid .cal-d')].filter((n) => n.offsetParent), next = days[days.indexOf(link) + by];
  if (next) { event.preventDefault(); next.focus(); }
});
