// <crm-desk>: windows that float beside the page, outside of <main>, so that they outlive navigation. A form is filled in one
// while another shows the card of a call. Addresses, titles and places are kept for this tab (sessionStorage), never data.
import { $, base, iconOf, word } from './core.js';
import { mayLeave } from './dirty.js';
import { own } from './windowed.js';
import './pop.js';

const KEY = `crm.desk ${base} ${document.documentElement.dataset.who ?? ''}`;
const PREFIX = `crm.desk ${base} `; // this CRM's, and nobody else's at this address
const WIDTH = { record: 520, form: 480, call: 400 }, LEAST_W = 300, LEAST_H = 180, GAP = 12, STEP = 24, EDGE = 10;
const phone = matchMedia('(max-width:760px)');
const make = (name, props = {}, ...inside) => { const el = Object.assign(document.createElement(name), props); el.append(...inside); return el; };
let count = 0, top = 50;

/** The address of a page, whoever asks for it: the window says itself that it is one. */
function clean(address) {
  const url = new URL(address, location.href);
  if (url.searchParams.get('view') === 'window') url.searchParams.delete('view');
  return url.pathname + url.search;
}

// Somebody signed out: which windows were open, here and in the other tabs of this browser, is nobody's business any more.
let gone = false;
const tabs = new BroadcastChannel(PREFIX);
function forget() {
  gone = true;
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}
tabs.onmessage = forget;
if ($('[data-signed-out]')) { forget(); tabs.postMessage('out'); }

class Desk extends HTMLElement {
  connectedCallback() {
    if (this.dock) return;
    this.dock = make('nav', { className: 'dock' });
    this.dock.setAttribute('aria-label', word('windows'));
    this.hint = make('div', { className: 'snap', hidden: true });
    this.append(this.dock, this.hint);
    this.restore();
    addEventListener('resize', () => this.placeAll());
    addEventListener('keydown', (event) => { if (event.key === 'F6' && !event.ctrlKey && !event.altKey) this.cycle(event); });
    document.addEventListener('click', (event) => this.clicked(event), true);
    $('#win-menu')?.addEventListener('click', (event) => { const b = event.target.closest('[data-lay]'); if (b) this.lay(b.dataset.lay); });
    this.addEventListener('crm:close', (event) => event.target.closest('.win')?.close());
  }

  get wins() { return [...this.querySelectorAll(':scope > .win')].sort((a, b) => a.s.z - b.s.z); }
  /** How high a window may be: those at the dock stay in sight. */
  get height() { return innerHeight - GAP * 2 - (this.dock.childElementCount ? this.dock.offsetHeight + 4 : 0); }
  get visible() { return this.wins.filter((w) => !w.hidden); }

  // ---- opening and closing ---------------------------------------------------------------------------------------------------
  /** Open a window: `{url, title, kind, pop, quiet}`; one that shows the same comes to the front. */
  open(o) {
    const address = clean(o.url);
    const old = this.wins.find((w) => w.s.url === address || (o.pop && w.s.pop === o.pop));
    if (old) { if (old.s.min) this.show(old); this.front(old); if (!o.quiet) this.focusIn(old); return old; }
    const kind = o.kind || 'record', W = o.w ?? Math.min(WIDTH[kind] ?? WIDTH.record, innerWidth - 32), [x, y] = this.free(W);
    const w = make('section', { className: 'win' }), n = ++count;
    w.s = {
      url: address, title: o.title || '…', kind, w: W, h: o.h ?? 0, x: o.x ?? x, y: o.y ?? y, z: ++top, lay: o.lay ?? '', min: false, pop: o.pop ?? '',
    };
    w.id = `win-at-${n}`;
    w.name = `win-${n}`;
    w.opener = document.activeElement;
    w.dataset.kind = kind;
    w.dataset.url = address;
    w.classList.toggle('urgent', !!o.urgent);
    w.setAttribute('role', 'dialog');
    w.setAttribute('aria-labelledby', `win-title-${n}`);
    w.append(this.header(w, n), this.body(w, n));
    for (const edge of ['e', 's', 'w', 'se', 'sw']) w.append(this.edge(w, edge));
    w.close = (how) => this.close(w, how);
    w.addEventListener('pointerdown', () => this.front(w), true);
    w.addEventListener('focusin', () => this.front(w));
    w.addEventListener('keydown', (event) => this.escape(event, w));
    this.append(w);
    htmx.process(w.inside);
    this.place(w);
    this.front(w);
    if (o.min) this.minimise(w, true);
    this.load(w, address).then(() => { if (!o.quiet && w.isConnected) this.focusIn(w, true); });
    this.save();
    return w;
  }

  /** Where a new window finds room: at the right, else beside those that are open, else a little off the last. */
  free(W) {
    const open = this.visible, right = innerWidth - W - 24;
    if (!open.length) return [Math.max(8, right), 64];
    const edge = Math.min(...open.map((w) => w.s.x)) - W - GAP;
    return edge >= ($('#main')?.getBoundingClientRect().left ?? 8) ? [edge, 64] : [Math.max(16, right - open.length * 34), 64 + open.length * 30];
  }

  header(w, n) {
    const { kind, title } = w.s, h = make('div', { className: 'win-h', tabIndex: 0 });
    h.setAttribute('role', 'group');
    h.setAttribute('aria-labelledby', `win-title-${n}`);
    h.setAttribute('aria-describedby', 'win-keys');
    const button = (icon, name, act) => {
      const b = make('button', { type: 'button', className: `btn icon ghost xs b-${icon}`, title: word(name) }, iconOf(icon));
      b.setAttribute('aria-label', word(name));
      b.onclick = act;
      return b;
    };
    const menu = button('lay', 'layout', () => this.menu(w, menu));
    menu.setAttribute('aria-haspopup', 'true');
    w.heading = make('h2', { id: `win-title-${n}`, textContent: title });
    h.append(iconOf(kind), w.heading, menu, button('page', 'full_page', () => this.asPage(w)),
      button('min', 'minimise', () => this.minimise(w)), button('close', 'close', () => w.close()));
    h.addEventListener('keydown', (event) => { if (event.target === h) this.keyed(event, w); });
    h.addEventListener('dblclick', (event) => { if (!event.target.closest('button')) this.lay(w.s.lay ? '' : 'full', w); });
    this.drag(h, w, (dx, dy, s) => { w.s.x = s.x + dx; w.s.y = s.y + dy; }, true);
    return h;
  }

  body(w, n) {
    w.inside = make('div', { className: 'win-b', id: w.name, tabIndex: -1 });
    w.inside.setAttribute('hx-boost:inherited', JSON.stringify({ target: `#${w.name}`, swap: 'innerHTML show:none scroll:top', push: 'false' }));
    return w.inside;
  }

  edge(w, where) {
    const grip = make('i', { className: `win-rs ${where}` });
    this.drag(grip, w, (dx, dy, s) => {
      if (where.includes('e')) w.s.w = Math.max(LEAST_W, s.w + dx);
      if (where.includes('w')) { w.s.w = Math.max(LEAST_W, s.w - dx); w.s.x = s.x + s.w - w.s.w; }
      if (where.includes('s')) w.s.h = Math.max(LEAST_H, s.h + dy);
    });
    return grip;
  }

  async load(w, address) {
    w.setAttribute('aria-busy', 'true');
    w.inside.replaceChildren(make('div', { className: 'skeleton win-wait' }));
    await htmx.ajax('GET', address, { source: w.inside, target: w.inside, swap: 'innerHTML show:none', push: 'false', headers: { 'CRM-Window': w.name } });
    w.removeAttribute('aria-busy');
    if (w.inside.querySelector(':scope > .win-wait')) w.inside.replaceChildren(make('p', { className: 'broken', textContent: word('lost_page') }));
    this.place(w);
  }

  /** What is in a window changed: its name and address with it. */
  loaded(w, ctx) {
    const title = w.inside.querySelector(':scope > .in-win')?.dataset.title;
    if (title) { w.s.title = w.heading.textContent = title; const chip = this.chip(w); if (chip) chip.lastElementChild.textContent = title; }
    if (ctx.request.method === 'GET' && ctx.response?.raw.url) {
      w.dataset.url = w.s.url = clean(ctx.response.raw.url);
    }
    this.place(w);
    this.save();
  }

  close(w, how) {
    if (how !== 'done' && !mayLeave(w)) return false;
    const back = w.contains(document.activeElement), opener = w.opener;
    this.chip(w)?.remove();
    htmx.swap({ sourceElement: document.body, target: w.inside, swap: 'delete', text: '' }); // lets go of what it listened to
    w.remove();
    this.save();
    this.dispatchEvent(new CustomEvent('crm:closed', { detail: { url: w.s.url, pop: w.s.pop }, bubbles: true }));
    const next = this.visible.at(-1);
    if (next) this.front(next);
    if (back) (opener?.isConnected && opener !== document.body && opener.checkVisibility() ? opener : next?.firstElementChild ?? $('#main'))?.focus({ preventScroll: true });
    return true;
  }

  async asPage(w) {
    const { url } = w.s;
    if (!this.close(w)) return;
    const link = make('a', { href: url, hidden: true });
    document.body.append(link);
    htmx.process(link);
    link.click();
    link.remove();
  }

  // ---- places ----------------------------------------------------------------------------------------------------------------
  place(w) {
    const { s } = w, wide = innerWidth - 16, high = innerHeight - 24, half = (innerWidth - GAP * 3) / 2;
    w.dataset.lay = s.lay;
    if (phone.matches) { w.removeAttribute('style'); w.style.zIndex = s.z; return; }
    let { x, y } = s, width = Math.min(s.w, wide), height = s.h;
    if (s.lay) {
      [x, y, width, height] = [s.lay === 'right' ? half + GAP * 2 : GAP, GAP, s.lay === 'full' ? innerWidth - GAP * 2 : half, this.height];
    } else {
      s.x = x = Math.max(60 - width, Math.min(innerWidth - 60, x));
      s.y = y = Math.max(8, Math.min(innerHeight - 60, y));
      if (!height) { w.style.height = 'auto'; w.style.maxHeight = `${high}px`; w.style.width = `${width}px`; y = Math.max(8, Math.min(y, innerHeight - w.offsetHeight - GAP)); }
    }
    Object.assign(w.style, {
      width: `${width}px`, height: height ? `${Math.min(height, high)}px` : 'auto', maxHeight: `${high}px`, transform: `translate3d(${Math.round(x)}px,${Math.round(y)}px,0)`,
    });
  }

  placeAll() { for (const w of this.visible) this.place(w); }

  front(w) {
    if (w.s.z !== top) w.s.z = ++top;
    w.style.zIndex = w.s.z;
    for (const v of this.wins) v.classList.toggle('front', v === w);
    return w;
  }

  focusIn(w, first = false) {
    const at = document.activeElement;
    if (first && at && at !== document.body && at !== w.opener && !w.contains(at)) return; // somebody went on elsewhere meanwhile
    if (first && ((w.contains(at) && at !== w.inside && at !== w.firstElementChild) || !w.classList.contains('front'))) return;
    (w.inside.querySelector('[autofocus]') ?? w.firstElementChild).focus({ preventScroll: true });
  }

  lay(how, w = this.menuOf) {
    $('#win-menu')?.hidePopover?.();
    if (!w?.isConnected) return;
    if (how === 'tile') this.tile();
    else { w.s.lay = how === 'float' ? '' : how; this.place(w); this.front(w); }
    this.save();
    w.firstElementChild.focus({ preventScroll: true });
  }

  tile() {
    const all = this.visible.sort((a, b) => a.s.x - b.s.x), W = Math.floor((innerWidth - GAP * (all.length + 1)) / all.length);
    all.forEach((w, i) => { Object.assign(w.s, { lay: '', x: GAP + i * (W + GAP), y: GAP, w: Math.max(LEAST_W, W), h: this.height }); this.place(w); });
  }

  menu(w, button) {
    const menu = $('#win-menu');
    this.menuOf = w;
    for (const b of menu.querySelectorAll('[data-lay]')) b.toggleAttribute('aria-current', b.dataset.lay === (w.s.lay || 'float'));
    menu.showPopover({ source: button });
    const r = button.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(innerWidth - menu.offsetWidth - 8, r.right - menu.offsetWidth))}px`;
    menu.style.top = `${Math.min(innerHeight - menu.offsetHeight - 8, r.bottom + 6)}px`;
    menu.querySelector('button').focus();
  }

  drag(el, w, move, snaps = false) {
    el.addEventListener('pointerdown', (event) => {
      if (event.target.closest('button') || event.button || phone.matches) return;
      el.setPointerCapture(event.pointerId);
      const { clientX: x, clientY: y } = event;
      let start = null, to = '';
      const on = (m) => {
        if (!start) {
          if (Math.hypot(m.clientX - x, m.clientY - y) < 4) return;
          if (w.s.lay) { // taken off its side: it keeps its own size, below the pointer
            const r = w.getBoundingClientRect();
            if (snaps) { w.s.x = x - (x - r.left) * (Math.min(w.s.w, r.width) / r.width); w.s.y = r.top; } else Object.assign(w.s, { x: r.left, y: r.top, w: r.width, h: r.height });
            w.s.lay = '';
          }
          start = { ...w.s, h: w.s.h || w.offsetHeight };
          w.classList.add('moving');
        }
        move(m.clientX - x, m.clientY - y, start);
        this.place(w);
        to = !snaps ? '' : m.clientX <= EDGE ? 'left' : m.clientX >= innerWidth - EDGE ? 'right' : m.clientY <= EDGE / 2 ? 'full' : '';
        this.hint.hidden = !to;
        this.hint.dataset.lay = to;
      };
      const off = () => {
        el.removeEventListener('pointermove', on);
        w.classList.remove('moving');
        this.hint.hidden = true;
        if (to) { w.s.lay = to; this.place(w); }
        this.save();
      };
      el.addEventListener('pointermove', on);
      el.addEventListener('lostpointercapture', off, { once: true });
    });
  }

  // ---- keys ------------------------------------------------------------------------------------------------------------------
  keyed(event, w) {
    const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    const lay = { Home: 'left', End: 'right', Enter: w.s.lay ? 'float' : 'full' }[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || !(by || lay)) return;
    event.preventDefault();
    if (lay) return this.lay(lay, w);
    if (w.s.lay) { const r = w.getBoundingClientRect(); Object.assign(w.s, { lay: '', x: r.left, y: r.top, w: r.width, h: r.height }); }
    if (event.shiftKey) { w.s.w = Math.max(LEAST_W, w.s.w + by[0]); w.s.h = Math.max(LEAST_H, (w.s.h || w.offsetHeight) + by[1]); } else { w.s.x += by[0]; w.s.y += by[1]; }
    this.place(w);
    this.save();
  }

  escape(event, w) {
    if (event.key !== 'Escape' || event.defaultPrevented || w.s.kind === 'call' || w.querySelector(':popover-open,dialog[open],[aria-expanded=true]')) return;
    event.preventDefault();
    w.close();
  }

  cycle(event) {
    const all = [...this.querySelectorAll(':scope > .win')].filter((w) => !w.hidden);
    if (!all.length) return;
    event.preventDefault();
    const stops = [$('#main'), ...all], at = stops.findIndex((el) => el?.contains(document.activeElement));
    const next = stops[(at + (event.shiftKey ? -1 : 1) + stops.length) % stops.length];
    if (next.s) this.front(next).firstElementChild.focus(); else next.focus();
  }

  /** A plain click on data-window opens one; on data-close-window closes its own. With Ctrl a link stays a link. */
  clicked(event) {
    const el = event.target.closest?.('[data-window],[data-close-window]');
    if (!el || event.button || event.defaultPrevented) return;
    if (el.matches('[data-close-window]')) { el.closest('.win')?.close(); return; }
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation(); // htmx has its own plans with links
    const { window: url, title, kind } = el.dataset;
    this.open({ url: url || el.href, title: title || el.textContent.trim(), kind });
  }

  // ---- the dock, and what is kept ----------------------------------------------------------------------------------------------
  chip(w) { return [...this.dock.children].find((b) => b.w === w); }

  minimise(w, quiet = false) {
    w.hidden = true;
    w.s.min = true;
    const b = make('button', { type: 'button', w }, iconOf(w.s.kind), make('span', { textContent: w.s.title }));
    b.onclick = () => { this.show(w); w.firstElementChild.focus({ preventScroll: true }); };
    this.chip(w)?.remove();
    this.dock.append(b);
    this.placeAll();
    if (!quiet) b.focus();
    this.save();
  }

  show(w) {
    w.hidden = false;
    w.s.min = false;
    this.chip(w)?.remove();
    this.placeAll();
    this.front(w);
    this.save();
  }

  save() { if (!gone) sessionStorage.setItem(KEY, JSON.stringify(this.wins.map((w) => w.s))); }

  restore() {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX) && key !== KEY) sessionStorage.removeItem(key); // somebody else's
    let kept = [];
    try { kept = JSON.parse(sessionStorage.getItem(KEY) ?? '[]'); } catch { /* what cannot be read is forgotten */ }
    for (const s of kept) this.open({ ...s, quiet: true });
  }
}
customElements.define('crm-desk', Desk);

// What is asked for in a window stays in it, and tells its name and address.
document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
  const w = ctx.target instanceof Element && ctx.target.matches('.win-b') && ctx.target.closest('.win');
  if (w) $('#desk').loaded(w, ctx);
});
document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
  const w = own(ctx);
  if (w?.isConnected && ctx.crmCloses) w.close('done');
});

customElements.define('crm-timer', class extends HTMLElement {
  connectedCallback() {
    const start = this.dataset.since ? Date.parse(this.dataset.since) : Date.now();
    const tick = () => { const n = Math.max(0, Math.floor((Date.now() - start) / 1000)); this.textContent = `${Math.floor(n / 60)}:${String(n % 60).padStart(2, '0')}`; };
    this.setAttribute('role', 'timer');
    tick();
    this.timer = setInterval(tick, 500);
  }

  disconnectedCallback() { clearInterval(this.timer); }
});
