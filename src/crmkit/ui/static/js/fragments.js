// Parts of a page that fetch themselves again: <section data-live="sales.deal:5 calls.ringing" data-src="/…">. One request at a
// time each, not while somebody edits inside, and the morph keeps focus, scroll and open windows.
import { word } from './core.js';
import { dirty } from './dirty.js';

const PAUSE = 300, LOOK = 400;
const states = new WeakMap(), waiting = new Set();
let timer = 0;
const TYPED = 'input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea,select,[contenteditable=true]';

function wants(el, { topic, ids, gone, all }) {
  return el.dataset.live.split(/\s+/).some((name) => {
    const [of, id] = name.split(':');
    return of === topic && (!id || all || ids.includes(+id) || gone.includes(+id));
  });
}

/** Why a fragment must not be touched now: `dirty`, `busy` or nothing. */
function reason(el) {
  if (dirty(el).length) return 'dirty';
  const at = document.activeElement;
  if (el.contains(at) && at !== el && at.matches(TYPED) && at.closest('form')?.matches('[method=post],[method=POST],[hx-post]')) return 'busy';
  if (el.matches('[data-hold]') || el.querySelector('[data-hold],:popover-open,dialog[open]')) return 'busy';
  return '';
}

function show(el) {
  if (el.querySelector(':scope > .stale')) return;
  const line = Object.assign(document.createElement('p'), { className: 'stale' });
  line.setAttribute('role', 'status');
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'btn xs', textContent: word('show_changed') });
  button.onclick = () => { for (const form of dirty(el)) form.removeAttribute('data-dirty'); fetch(el, true); };
  line.append(Object.assign(document.createElement('span'), { textContent: word('changed_meanwhile') }), button);
  el.prepend(line);
}

function wait(el, why) {
  el.setAttribute('data-stale', '');
  if (why === 'dirty') show(el);
  waiting.add(el);
  timer ||= setInterval(look, LOOK);
}

function look() {
  for (const el of waiting) {
    if (el.isConnected && reason(el)) continue;
    waiting.delete(el);
    if (el.isConnected) fetch(el);
  }
  if (!waiting.size) { clearInterval(timer); timer = 0; }
}

async function fetch(el, anyway = false) {
  const state = states.get(el) ?? states.set(el, { at: -1e9 }).get(el);
  if (state.running) { state.again = true; return; }
  const rest = state.at + PAUSE - performance.now();
  if (rest > 0 && !anyway) { state.timer ??= setTimeout(() => { state.timer = null; if (el.isConnected) fetch(el); }, rest); return; }
  const why = !anyway && reason(el);
  if (why) return wait(el, why);
  state.running = true;
  state.again = false;
  el.removeAttribute('data-stale');
  const { src, swap = 'outerMorph' } = el.dataset;
  const whole = src ? {} : { select: `#${CSS.escape(el.id.replace(/^win-\d+-/, ''))}` };
  const from = src ?? el.closest('.win')?.s.url ?? location.pathname + location.search;
  try {
    if (src || el.id) await htmx.ajax('GET', from, { source: el, target: el, swap, push: 'false', background: true, ...whole });
  } finally {
    state.running = false;
    state.at = performance.now();
    if (state.again && el.isConnected) fetch(el);
  }
}

document.body.addEventListener('crm:told', ({ detail }) => {
  for (const el of document.querySelectorAll('body [data-live]')) if (wants(el, detail)) fetch(el);
});

// Between the request and its answer somebody may have begun to edit: then it is fetched once more when they are done.
document.addEventListener('htmx:before:swap', (event) => {
  const { ctx } = event.detail;
  if (!ctx.background || !ctx.target?.isConnected) return;
  const why = reason(ctx.target);
  if (why) { event.preventDefault(); wait(ctx.target, why); }
});
// Nobody asked for these: what goes wrong with them is no news, and they send nobody to the login page.
for (const name of ['htmx:response:error', 'htmx:error']) {
  addEventListener(name, (event) => { if (event.detail?.ctx?.background) event.stopImmediatePropagation(); }, true);
}
document.addEventListener('htmx:before:response', ({ detail: { ctx } }) => {
  if (!ctx.background) return;
  delete ctx.hx.redirect;
  delete ctx.hx.refresh;
  delete ctx.hx.location;
});
