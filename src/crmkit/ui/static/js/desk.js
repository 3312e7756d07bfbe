// <crm-desk>: floating, non-modal record windows that live outside <main>, so they survive navigation.
const KEY = 'crm.desk';
let z = 50;
class Desk extends HTMLElement {
  connectedCallback() {
    this.dock = Object.assign(document.createElement('div'), { className: 'dock' }); this.append(this.dock);
    try { for (const s of JSON.parse(sessionStorage.getItem(KEY) || '[]')) this.open(s, true); } catch { /* corrupt state is dropped */ }
    addEventListener('keydown', (e) => { if (e.key === 'F6') { const w = this.wins.filter((v) => !v.hidden); if (w.length) { e.preventDefault(); this.front(w[0]).querySelector('.win-h').focus(); } } });
    addEventListener('resize', () => this.wins.forEach((w) => this.place(w)));
    document.addEventListener('htmx:after:request', (e) => { const el = e.detail?.ctx?.sourceElement; if (el?.dataset?.alsoWindow) this.openBeside(el.closest('.win'), el.dataset.alsoWindow); });
  }
  get wins() { return [...this.querySelectorAll(':scope > .win')].sort((a, b) => a.s.z - b.s.z); }
  icon(n) { return document.getElementById('icons').content.querySelector(`[data-i=${n}]`).firstElementChild.cloneNode(true); }
  open(o, restored) {
    const id = o.id ?? o.url, old = this.wins.find((w) => w.s.id === id);
    if (old) { old.hidden = false; this.front(old); this.save(); return old; }
    const w = document.createElement('section'); w.className = 'win'; w.setAttribute('role', 'dialog'); w.dataset.kind = o.kind ?? 'record';
    const k = this.wins.length, W = o.w ?? 440;
    w.s = { id, url: o.url, title: o.title, kind: o.kind ?? 'record', w: W, h: o.h ?? 0, x: o.x ?? (o.place === 'right' ? innerWidth - W - 24 : Math.max(16, innerWidth - W - 40 - k * 34)), y: o.y ?? (72 + k * 30), z: ++z, min: !!o.min };
    const h = document.createElement('div'); h.className = 'win-h'; h.setAttribute('role', 'group'); h.tabIndex = 0; h.setAttribute('aria-label', `${o.title}. ←↑→↓`);
    const t = Object.assign(document.createElement('h2'), { textContent: o.title, id: `win-${z}` }); w.setAttribute('aria-labelledby', t.id);
    const btn = (n, l, f) => { const b = document.createElement('button'); b.className = `btn icon ghost xs b-${n}`; b.setAttribute('aria-label', l); b.title = l; b.append(this.icon(n)); b.onclick = f; return b; };
    h.append(this.icon(w.s.kind), t, btn('tile', this.dataset.lTile, () => this.tile()), btn('min', this.dataset.lMin, () => this.minimise(w)));
    if (w.s.kind === 'record') h.append(btn('full', this.dataset.lFull, () => { const u = new URL(w.s.url, location.href); w.close(); htmx.ajax('GET', u.pathname, { target: '#main', select: '#main', swap: 'outerHTML', push: u.pathname }); }));
    h.append(btn('close', this.dataset.lClose, () => w.close()));
    const b = document.createElement('div'); b.className = 'win-b'; b.tabIndex = -1;
    const rs = document.createElement('i'); rs.className = 'win-rs';
    w.append(h, b, rs); this.append(w);
    w.close = () => { const f = this.contains(document.activeElement); w.remove(); this.dockFor(w)?.remove(); this.save(); if (f) (this.wins.at(-1)?.querySelector('.win-h') ?? document.getElementById('main')).focus(); };
    w.addEventListener('pointerdown', () => this.front(w), true);
    w.addEventListener('keydown', (e) => { if (e.key === 'Escape' && w.s.kind !== 'call') w.close(); });
    h.addEventListener('keydown', (e) => { if (e.target !== h) return; const d = { ArrowLeft: [-24, 0], ArrowRight: [24, 0], ArrowUp: [0, -24], ArrowDown: [0, 24] }[e.key]; if (d) { e.preventDefault(); e.shiftKey ? (w.s.w += d[0], w.s.h = (w.s.h || w.offsetHeight) + d[1]) : (w.s.x += d[0], w.s.y += d[1]); this.place(w); this.save(); } });
    this.drag(h, (dx, dy, s0) => { w.s.x = s0.x + dx; w.s.y = s0.y + dy; }, w);
    this.drag(rs, (dx, dy, s0) => { w.s.w = Math.max(300, s0.w + dx); w.s.h = Math.max(180, s0.h + dy); }, w);
    this.place(w); this.front(w);
    htmx.ajax('GET', o.url, { target: b, swap: 'innerHTML' }).then(() => { this.place(w); if (!restored) (w.querySelector('[autofocus]') ?? h).focus({ preventScroll: true }); });
    if (w.s.min) this.minimise(w);
    this.save(); return w;
  }
  drag(el, fn, w) {
    el.addEventListener('pointerdown', (e) => {
      if (e.target.closest('button') || e.button) return;
      el.setPointerCapture(e.pointerId);
      const x = e.clientX, y = e.clientY, s0 = { ...w.s, h: w.offsetHeight };
      const mv = (m) => { fn(m.clientX - x, m.clientY - y, s0); this.place(w); };
      el.addEventListener('pointermove', mv);
      el.addEventListener('lostpointercapture', () => { el.removeEventListener('pointermove', mv); this.save(); }, { once: true });
    });
  }
  place(w) {
    const s = w.s, max = innerHeight - 24; const h = Math.min(s.h || w.scrollHeight || 300, max);
    s.x = Math.max(40 - s.w, Math.min(innerWidth - 60, s.x)); s.y = Math.max(8, Math.min(innerHeight - 60, s.y));
    const y = s.h ? s.y : Math.max(8, Math.min(s.y, innerHeight - w.offsetHeight - 12));
    w.style.width = `${Math.min(s.w, innerWidth - 16)}px`; w.style.height = s.h ? `${h}px` : 'auto'; w.style.maxHeight = `${max}px`;
    w.style.transform = `translate3d(${s.x}px,${y}px,0)`;
  }
  front(w) { w.s.z = ++z; w.style.zIndex = z; this.wins.forEach((v) => v.classList.toggle('front', v === w)); return w; }
  dockFor(w) { return [...this.dock.children].find((b) => b.w === w); }
  minimise(w) { w.hidden = true; w.s.min = true; const b = document.createElement('button'); b.w = w; b.append(this.icon(w.s.kind), Object.assign(document.createElement('span'), { textContent: w.s.title })); b.onclick = () => { w.hidden = false; w.s.min = false; b.remove(); this.front(w); w.querySelector('.win-h').focus(); this.save(); }; this.dockFor(w)?.remove(); this.dock.append(b); b.focus(); this.save(); }
  openBeside(win, url) {
    const gap = 12, W = Math.min(500, innerWidth - 32);
    const x = win.s.x - W - gap; const o = this.open({ url, title: this.dataset.form, kind: 'form', w: W, x: x > 8 ? x : 8, y: win.s.y });
    const sync = () => { win.s.y = o.s.y = 64; this.place(win); this.place(o); };
    setTimeout(sync, 30);
  }
  tile() { const w = this.wins.filter((v) => !v.hidden), n = w.length, g = 12, W = Math.floor((innerWidth - g * (n + 1)) / n); w.forEach((v, i) => { Object.assign(v.s, { x: g + i * (W + g), y: 56, w: W, h: innerHeight - 72 }); this.place(v); }); this.save(); }
  save() { sessionStorage.setItem(KEY, JSON.stringify(this.wins.filter((w) => w.s.kind === 'record').map((w) => w.s))); }
}
customElements.define('crm-desk', Desk);
