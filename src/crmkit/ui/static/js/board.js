// <crm-board>: pointer + touch (long press) + keyboard drag, auto-scroll, optimistic move with rollback. No per-card listeners.
import { toast, say } from './core.js';
const ru = document.documentElement.lang !== 'en';
const EDGE = 56, MAXV = 18;

class Board extends HTMLElement {
  connectedCallback() {
    this.lists = [...this.querySelectorAll('[data-list]')];
    this.querySelector('.card')?.setAttribute('tabindex', '0');
    this.addEventListener('pointerdown', (e) => this.down(e));
    this.addEventListener('keydown', (e) => this.key(e));
    this.addEventListener('click', (e) => this.click(e));
    this.addEventListener('focusin', (e) => { const c = e.target.closest('.card'); if (c) { this.querySelector('.card[tabindex="0"]')?.setAttribute('tabindex', '-1'); c.tabIndex = 0; } });
    this.addEventListener('dragstart', (e) => e.preventDefault());
    this.menu = document.getElementById('card-menu');
    this.menu?.addEventListener('click', (e) => this.pick(e));
    this.offLive = (e) => this.remote(e.detail);
    document.body.addEventListener('crm:board.moved', this.offLive);
  }
  disconnectedCallback() { document.body.removeEventListener('crm:board.moved', this.offLive); this.cancel?.(); }

  click(e) {
    if (this.justDragged) { e.preventDefault(); e.stopPropagation(); return; }
    const m = e.target.closest('.card-m');
    if (m) return this.openMenu(m);
    const card = e.target.closest('.card');
    if (card && !e.target.closest('a,button')) card.querySelector('a').click();
  }
  openMenu(btn) {
    this.menuCard = btn.closest('.card'); this.menu.showPopover();
    const r = btn.getBoundingClientRect();
    this.menu.style.left = `${Math.min(innerWidth - this.menu.offsetWidth - 8, r.right - this.menu.offsetWidth + 4)}px`;
    this.menu.style.top = `${Math.min(innerHeight - this.menu.offsetHeight - 8, r.bottom + 4)}px`;
    this.menu.querySelector('button').focus();
  }
  pick(e) {
    const b = e.target.closest('button'); if (!b) return;
    this.menu.hidePopover();
    const card = this.menuCard, a = card.querySelector('a');
    if ('win' in b.dataset) return document.getElementById('desk').open({ url: `${a.pathname}?view=window`, title: a.textContent, kind: 'record' });
    const list = this.querySelector(`[data-col="${b.dataset.to}"] [data-list]`);
    this.commit(card, { list: card.parentNode, next: card.nextElementSibling }, () => list.prepend(card));
    card.scrollIntoView({ block: 'nearest' }); card.focus();
  }

  // ---------- pointer
  down(e) {
    const card = e.target.closest('.card');
    if (!card || e.button || e.target.closest('button')) return;
    const touch = e.pointerType === 'touch', x0 = e.clientX, y0 = e.clientY;
    let timer = touch ? setTimeout(() => { off(); this.start(card, e, x0, y0); }, 260) : 0;
    const move = (m) => { if (Math.hypot(m.clientX - x0, m.clientY - y0) > 5) { off(); if (!touch) this.start(card, m, x0, y0); } };
    const off = () => { clearTimeout(timer); removeEventListener('pointermove', move); removeEventListener('pointerup', off); removeEventListener('pointercancel', off); };
    addEventListener('pointermove', move); addEventListener('pointerup', off); addEventListener('pointercancel', off);
  }
  start(card, ev, x0, y0) {
    const r = card.getBoundingClientRect(), dx = x0 - r.left, dy = y0 - r.top;
    const fly = card.cloneNode(true); fly.classList.add('fly'); fly.removeAttribute('data-id'); fly.setAttribute('aria-hidden', 'true');
    fly.style.width = `${r.width}px`; document.body.append(fly);
    const from = { list: card.parentNode, next: card.nextElementSibling, index: [...card.parentNode.children].indexOf(card) };
    card.classList.add('ghost'); document.body.classList.add('dragging');
    let x = ev.clientX, y = ev.clientY, raf = 0, cur = null, done = false;
    const cols = this.lists.map((l) => { const c = l.closest('.col'), b = c.getBoundingClientRect(); return { l, c, left: b.left + this.scrollLeft, right: b.right + this.scrollLeft, top: l.getBoundingClientRect().top }; });
    // card mid-points are measured once per column entered; afterwards the hot path is arithmetic only
    const measure = (col) => { const kids = []; for (const k of col.l.children) if (k !== card) kids.push(k); col.kids = kids; const lt = col.l.getBoundingClientRect().top - col.l.scrollTop; col.mid = kids.map((k) => { const b = k.getBoundingClientRect(); return b.top + b.height / 2 - lt; }); const at = [...col.l.children].indexOf(card); col.h = at >= 0 ? r.height + 7 : 0; col.at = at; };
    const frame = () => {
      raf = 0; if (done) return;
      fly.style.transform = `translate3d(${x - dx}px,${y - dy}px,0) rotate(1.6deg)`;
      const bx = x + this.scrollLeft;
      let col = cols.find((c) => bx >= c.left - 5 && bx < c.right + 5) ?? cur;
      if (!col) return;
      if (col !== cur) { cur?.c.classList.remove('over'); col.c.classList.add('over'); measure(col); cur = col; }
      const py = y - dy + r.height / 2 - col.top + col.l.scrollTop;
      let lo = 0, hi = col.mid.length;
      while (lo < hi) { const m = (lo + hi) >> 1; const mid = col.mid[m] - (col.at >= 0 && m >= col.at ? col.h : 0); mid < py ? (lo = m + 1) : (hi = m); }
      const ref = col.kids[lo] ?? null;
      if (card.parentNode !== col.l || card.nextElementSibling !== ref) { col.l.insertBefore(card, ref); }
      // auto-scroll
      const vr = innerHeight, v = y < col.top + EDGE ? -(col.top + EDGE - y) : y > vr - 90 ? y - (vr - 90) : 0;
      const bl = this.getBoundingClientRect(), h = x < bl.left + EDGE ? x - bl.left - EDGE : x > bl.right - EDGE ? x - bl.right + EDGE : 0;
      if (v) col.l.scrollTop += Math.max(-MAXV, Math.min(MAXV, v / 3));
      if (h) this.scrollLeft += Math.max(-MAXV, Math.min(MAXV, h / 3));
      if (v || h) raf = requestAnimationFrame(frame);
    };
    const move = (m) => { x = m.clientX; y = m.clientY; raf ||= requestAnimationFrame(frame); };
    const noscroll = (t) => t.preventDefault();
    const end = (ok) => {
      if (done) return; done = true; cancelAnimationFrame(raf); cur?.c.classList.remove('over');
      removeEventListener('pointermove', move); removeEventListener('pointerup', up); removeEventListener('pointercancel', can); removeEventListener('keydown', esc, true); document.removeEventListener('touchmove', noscroll);
      document.body.classList.remove('dragging'); this.cancel = null;
      if (!ok) from.list.insertBefore(card, from.next);
      const t = card.getBoundingClientRect(); fly.classList.add('drop'); fly.style.transform = `translate3d(${t.left}px,${t.top}px,0)`;
      const fin = () => { fly.remove(); card.classList.remove('ghost'); };
      fly.addEventListener('transitionend', fin, { once: true }); setTimeout(fin, 260);
      this.justDragged = true; setTimeout(() => { this.justDragged = false; }, 50);
      if (ok && (card.parentNode !== from.list || card.nextElementSibling !== from.next)) this.commit(card, from);
    };
    const up = () => end(true), can = () => end(false), esc = (k) => { if (k.key === 'Escape') { k.preventDefault(); end(false); } };
    this.cancel = can;
    addEventListener('pointermove', move); addEventListener('pointerup', up); addEventListener('pointercancel', can); addEventListener('keydown', esc, true);
    document.addEventListener('touchmove', noscroll, { passive: false });
    frame();
  }

  // ---------- keyboard (WAI-ARIA style grab; arrows also walk between cards)
  key(e) {
    const card = e.target.closest('.card'); if (!card || e.target.closest('button,a')) return;
    const list = card.parentNode, li = this.lists.indexOf(list), i = [...list.children].indexOf(card), held = this.held === card;
    const where = () => { const l = card.parentNode; return `${l.closest('.col').querySelector('h2').textContent}, ${[...l.children].indexOf(card) + 1} ${ru ? 'из' : 'of'} ${l.children.length}`; };
    if (e.key === 'Enter' && !held) { card.querySelector('a').click(); return; }
    if (e.key === ' ') { e.preventDefault();
      if (!held) { this.held = card; this.from = { list, next: card.nextElementSibling }; card.classList.add('lift'); say(`${ru ? 'Взято' : 'Picked up'}: ${where()}`); }
      else { this.held = null; card.classList.remove('lift'); this.commit(card, this.from); say(`${ru ? 'Отпущено' : 'Dropped'}: ${where()}`); }
      return; }
    if (e.key === 'Escape' && held) { this.held = null; card.classList.remove('lift'); this.from.list.insertBefore(card, this.from.next); card.focus(); say(ru ? 'Отменено' : 'Cancelled'); return; }
    const d = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[e.key]; if (!d) return;
    e.preventDefault();
    if (d[0]) { let n = li + d[0]; while (!held && this.lists[n] && !this.lists[n].children.length) n += d[0];
      const to = this.lists[n]; if (!to) return;
      if (held) { to.insertBefore(card, to.children[Math.min(i, to.children.length)] ?? null); card.focus(); say(where()); }
      else to.children[Math.min(i, to.children.length - 1)]?.focus();
    } else if (held) { const s = d[1] < 0 ? card.previousElementSibling : card.nextElementSibling; if (s) { d[1] < 0 ? s.before(card) : s.after(card); card.focus(); say(where()); } }
    else (d[1] < 0 ? card.previousElementSibling : card.nextElementSibling)?.focus();
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  // ---------- data
  async commit(card, from, apply) {
    apply?.();
    const to = card.parentNode, back = () => { from.list.insertBefore(card, from.next?.parentNode === from.list ? from.next : null); this.totals(); };
    this.totals();
    const body = new URLSearchParams({ id: card.dataset.id, to: to.closest('.col').dataset.col, index: [...to.children].indexOf(card) });
    try {
      const r = await fetch(this.dataset.move, { method: 'POST', body });
      if (!r.ok) { back(); toast(await r.text(), 'bad'); say(ru ? 'Перемещение отклонено' : 'Move refused'); }
    } catch { back(); toast(ru ? 'Нет связи с сервером' : 'No connection', 'bad'); }
  }
  totals() {
    const nf = (v) => v >= 1e6 ? `${(v / 1e6).toFixed(1).replace('.', ru ? ',' : '.')} ${ru ? 'млн' : 'M'}` : `${Math.round(v / 1e3)} ${ru ? 'тыс' : 'K'}`;
    for (const l of this.lists) { let s = 0; for (const c of l.children) s += +c.dataset.amount; const col = l.closest('.col'); col.querySelector('[data-count]').textContent = l.children.length; col.querySelector('[data-sum]').textContent = nf(s); }
  }
  remote(d) { // someone else moved a card
    const card = this.querySelector(`.card[data-id="${d.id}"]`), list = this.querySelector(`[data-col="${d.to}"] [data-list]`);
    if (!card || !list || card.classList.contains('ghost') || this.held === card) return;
    if (card.parentNode === list && [...list.children].indexOf(card) === +d.index) return;
    list.insertBefore(card, list.children[+d.index] ?? null); this.totals();
  }
}
customElements.define('crm-board', Board);
