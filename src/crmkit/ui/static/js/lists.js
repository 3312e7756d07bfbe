// Lists: sorting, search and filters without losing one's place, and the popover their tools share. Rows are in grid.js.
import { $, part, say, toast, word } from './core.js';
import { chosenOf, none, started } from './grid.js';
import { asks, at, inWindow, list, parsed, pop, scopeOf } from './where.js';

const PIECES = ['list', 'list-count', 'list-layouts', 'list-views', 'list-tools', 'list-add', 'list-chips'];

// ---- going to another state of the same list: only what differs is exchanged ---------------------------------------------
const going = new WeakMap();
const away = (scope, url) => { if (inWindow(scope)) $('#desk').load(scope, url); else location.assign(url); };
async function go(scope, url, { replace = false, focus = null } = {}) {
  const here = list(scope);
  if (!here) return away(scope, url);
  going.get(scope)?.abort();
  const stop = new AbortController();
  going.set(scope, stop);
  here.setAttribute('aria-busy', 'true');
  const left = $('.list-scroll', here)?.scrollLeft ?? 0;
  try {
    const answer = await part(url, { headers: asks(scope), signal: stop.signal });
    const page = parsed(await answer.text(), scope), named = (id) => (inWindow(scope) ? `${scope.name}-${id}` : id);
    if (!answer.ok || !page.getElementById(named('list'))) return away(scope, url);
    if (inWindow(scope)) $('#desk').loaded(scope, { request: { method: 'GET' }, response: { raw: { url } } });
    else history[replace ? 'replaceState' : 'pushState']({ htmx: true }, '', url);
    for (const id of PIECES) {
      const old = at(scope, id), fresh = page.getElementById(named(id));
      if (!old || !fresh) continue;
      old.replaceWith(fresh);
      htmx.process(fresh);
    }
    for (const input of page.querySelectorAll('[data-list-q] [type=hidden]')) {
      const own = $(`[data-list-q] [name="${CSS.escape(input.name)}"]`, scope);
      if (own) own.value = input.value; else $('[data-list-q]', scope)?.prepend(input);
    }
    const scroll = $('.list-scroll', list(scope));
    if (scroll) scroll.scrollLeft = left;
    started(scope);
    if (focus) focus()?.focus();
    say(at(scope, 'list-count')?.textContent ?? '');
  } catch (error) {
    if (error.name !== 'AbortError') { here.removeAttribute('aria-busy'); toast(word('lost_page'), { bad: true }); }
  }
}

document.addEventListener('click', (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.altKey) return;
  const link = event.target.closest('[data-list] thead a[href], .list .empty a[href], .chips a[href]'), scope = scopeOf(link);
  if (!link || link.hasAttribute('data-window') || !list(scope) || (link.closest('.chips') && link.closest('.chips') !== at(scope, 'list-chips'))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const id = link.closest('th')?.id ?? link.id, inner = link.closest('th') ? ' a' : '';
  const focus = () => (id && document.querySelector(`#${CSS.escape(id)}${inner}`)) || at(scope, 'add-filter');
  go(scope, event.shiftKey && link.dataset.second ? link.dataset.second : link.href, { focus });
}, true);

let typing = 0;
const search = (form) => {
  const url = new URL(form.action), fields = new FormData(form);
  url.search = '';
  for (const [name, value] of fields) if (value) url.searchParams.set(name, value);
  go(scopeOf(form), url.href, { replace: true });
};
document.addEventListener('input', (event) => {
  const form = event.target.closest('[data-list-q]');
  if (form && list(scopeOf(form))) { clearTimeout(typing); typing = setTimeout(() => search(form), 300); }
  if ('narrow' in event.target.dataset) narrow(event.target);
});
document.addEventListener('submit', (event) => {
  if (!event.target.matches('[data-list-q]') || !list(scopeOf(event.target))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  clearTimeout(typing);
  search(event.target);
}, true);

// ---- the popover all tools of a list share ---------------------------------------------------------------------------------
let opener = null;
const spot = new CSSStyleSheet(); // not a style attribute: htmx would copy that to the page that comes, which the policy refuses
document.adoptedStyleSheets = [...document.adoptedStyleSheets, spot];
function place() {
  const box = $('.list-pop:popover-open');
  if (!box) return;
  const by = (opener?.isConnected ? opener : at(scopeOf(box), 'list-tools') ?? document.body).getBoundingClientRect(), { offsetWidth: w, offsetHeight: h } = box;
  const below = by.bottom + 6, up = below + h > innerHeight - 8 && by.top - 6 - h > 8;
  const left = Math.max(8, Math.min(by.left, innerWidth - w - 8)), top = up ? by.top - 6 - h : Math.max(8, Math.min(below, innerHeight - h - 8));
  spot.replaceSync(`#${CSS.escape(box.id)}{left:${left}px;top:${top}px}`);
}
document.addEventListener('click', (event) => {
  const button = event.target.closest('[popovertarget$=list-pop]');
  if (button) { opener = button; pop(scopeOf(button))?.replaceChildren(); }
  const order = event.target.closest('.list-pop [data-move]');
  if (order) moveItem(order);
}, true);
document.addEventListener('toggle', (event) => { if (event.target.matches?.('.list-pop') && event.newState === 'open') place(); }, true);
addEventListener('resize', place);
document.addEventListener('htmx:after:swap', ({ detail: { ctx: { target: box } } }) => {
  if (!box?.matches?.('.list-pop')) return;
  place();
  ($('[aria-invalid]', box) ?? $('[autofocus]', box) ?? $('.pop-list', box))?.focus();
});
const filled = (target) => target?.id === 'main' || target?.matches?.('.win-b'); // a page, or a window, came anew
document.addEventListener('htmx:before:swap', ({ detail: { ctx } }) => { if (filled(ctx?.target)) pop(scopeOf(ctx.target))?.hidePopover?.(); });
document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
  const scope = scopeOf(ctx.target), by = ctx.sourceElement;
  if (filled(ctx.target) && list(scope)) { // a condition was put in place
    started(scope);
    if (by?.closest?.('.list-pop') || opener) { at(scope, 'add-filter')?.focus({ preventScroll: true }); opener = null; }
  }
  if (ctx.response?.status === 204 && by?.closest?.('[data-bulk-form]')) { const own = scopeOf(by); pop(own)?.hidePopover(); none(own); }
});
function narrow(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const box = input.closest('.list-pop') ?? document;
  for (const item of box.querySelectorAll('[data-n]')) item.hidden = !words.every((w) => item.dataset.n.includes(w));
  for (const group of box.querySelectorAll('.pop-g')) group.hidden = !group.querySelector('[data-n]:not([hidden])');
}
function moveItem(button) {
  const item = button.closest('li'), by = Number(button.dataset.move), other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (other) other[by < 0 ? 'before' : 'after'](item);
  button.focus();
  say(`${item.textContent.trim()}: ${[...item.parentElement.children].indexOf(item) + 1}`);
}
document.addEventListener('keydown', (event) => { // arrows walk through the lines of the popover
  const box = event.target.closest?.('.list-pop');
  if (!box || !['ArrowDown', 'ArrowUp'].includes(event.key) || event.target.matches('select, textarea, [role=combobox]')) return;
  const lines = [...box.querySelectorAll('.pop-list :is(button.pop-i, a.pop-i, .pop-i input)')].filter((n) => n.offsetParent);
  const at = lines.indexOf(event.target), next = lines[event.key === 'ArrowDown' ? at + 1 : at - 1];
  if (next) { event.preventDefault(); next.focus(); }
});

// What is chosen goes with the request of the tool that was pressed.
document.addEventListener('click', (event) => {
  const act = event.target.closest('.list-bulk [data-do]'), scope = scopeOf(act);
  if (!act || !list(scope)) return;
  const values = { do: act.dataset.do, ...chosenOf(scope) }, url = new URL(list(scope).dataset.bulk, location.href);
  for (const [name, value] of url.searchParams) values[name] ??= value;
  htmx.ajax('POST', `${url.pathname}/form`, { values, source: act, target: pop(scope), swap: 'innerHTML' });
});

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
