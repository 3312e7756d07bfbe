// <crm-board>: drag by mouse, touch (long press) and keyboard, a menu for each card, live changes. No listeners on cards.
import { part, say, toast } from './core.js';
import { drag } from './drag.js';
import { live } from './live.js';
import { move } from './moves.js';

const SOON = 20, LATER = 400, MOST = 150;

class Board extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const on = (target, name, run, options = {}) => target.addEventListener(name, run, { signal: this.stop.signal, ...options });
    this.free = 'free' in this.dataset;
    this.fixed = JSON.parse(this.dataset.fixed || '{}');
    this.moves = this.dataset.moves ? JSON.parse(this.dataset.moves) : null;
    this.pending = 0;
    this.ids = new Set();
    this.menu = this.parentNode.querySelector(':scope > .card-menu'); // in a window it has another id
    on(this, 'pointerdown', (e) => this.down(e));
    on(this, 'keydown', (e) => this.key(e));
    on(this, 'click', (e) => this.click(e));
    on(this, 'focusin', (e) => this.reach(e.target.closest('.card')));
    on(this, 'focusout', (e) => { if (this.held && !this.contains(e.relatedTarget) && !this.moving) this.putBack(); });
    on(this, 'dragstart', (e) => e.preventDefault());
    on(this, 'contextmenu', (e) => { if (this.pressed || this.cancel) e.preventDefault(); });
    on(this, 'touchmove', (e) => { if (this.cancel) e.preventDefault(); }, { passive: false });
    on(this, 'htmx:after:swap', () => this.tidy());
    if (this.menu) { on(this.menu, 'click', (e) => this.pick(e)); on(this.menu, 'keydown', (e) => this.menuKey(e)); }
    const hear = (names, run) => { for (const topic of names.split(' ').filter(Boolean)) { this.ends.push(live.on(topic, () => {})); on(document.body, `crm:${topic}`, run); } };
    this.ends = []; // `on` says what this page waits for; the events on the body come no faster than they can be shown
    hear(this.dataset.topics, (e) => this.heard(e.detail));
    hear(this.dataset.fresh, (e) => this.heardOfMarks(e.detail));
    this.tidy();
  }
  disconnectedCallback() { for (const end of this.ends) end(); this.stop.abort(); clearTimeout(this.timer); this.cancel?.(); }

  get lists() { return [...this.querySelectorAll('[data-list]')]; }
  get busy() { return !!(this.held || this.cancel || this.pending); }
  col(key) { return this.querySelector(`.col[data-col="${CSS.escape(key)}"]`); }
  card(id) { return this.querySelector(`.card[data-id="${id}"]`); }
  cards(list) { return [...list.querySelectorAll(':scope > .card')]; }
  label(col) { return col.querySelector('h2').textContent; }
  said(name, values = {}) { return (this.dataset[`l${name}`] ?? '').replace(/\{(\w+)\}/g, (_, key) => values[key] ?? ''); }
  where(card) {
    const list = card.parentNode, col = list.closest('.col'), all = this.cards(list);
    return this.said('Where', { column: this.label(col), n: all.indexOf(card) + 1, all: Math.max(all.length, parseInt(col.querySelector('[data-count]').textContent, 10) || 0) });
  }
  /** Whether a card of the column `from` may be put into `to`. */
  may(from, to) { return from === to || !this.moves || (this.moves[from] ?? []).includes(to); }
  columnOf(card) { return card.closest('.col').dataset.col; }

  // One card can be reached by Tab: the one that had the focus last.
  reach(card) {
    if (!card) return;
    for (const other of this.querySelectorAll('.card[tabindex="0"]')) if (other !== card) other.tabIndex = -1;
    card.tabIndex = 0;
  }
  tidy() {
    const seen = new Map();
    for (const card of this.querySelectorAll('.card')) {
      seen.get(card.dataset.id)?.remove(); // what came with further cards is newer
      seen.set(card.dataset.id, card);
    }
    if (!this.querySelector('.card[tabindex="0"]')) this.reach(this.querySelector('.col:not(.folded) .card'));
  }

  // ---------- clicks and the card's menu
  click(e) {
    if (this.justDragged) { e.preventDefault(); e.stopPropagation(); return; }
    const button = e.target.closest('.card-m'), fold = e.target.closest('.col-fold');
    if (button) return this.openMenu(button.closest('.card'), button);
    if (fold || e.target.closest('.col.folded')) return this.fold((fold ?? e.target).closest('.col'));
    const card = e.target.closest('.card');
    if (card && !e.target.closest('a,button,input,label')) card.querySelector('a')?.click();
  }
  fold(col, to = !col.classList.contains('folded')) {
    const button = col.querySelector('.col-fold');
    if (!button) return;
    col.classList.toggle('folded', to);
    button.setAttribute('aria-expanded', String(!to));
    button.setAttribute('aria-label', this.said(to ? 'Unfold' : 'Fold', { column: this.label(col) }));
    part(this.dataset.fold, { method: 'POST', body: new URLSearchParams({ ...this.fixed, stage: col.dataset.col, folded: to ? '1' : '0' }), background: true }).catch(() => {});
    if (!to) { col.scrollIntoView({ block: 'nearest', inline: 'nearest' }); this.tidy(); }
  }
  openMenu(card, by = card) {
    this.menuCard = card;
    const own = this.columnOf(card);
    for (const item of this.menu.querySelectorAll('[data-to]')) {
      item.setAttribute('aria-disabled', String(item.dataset.to === own || !this.may(own, item.dataset.to)));
      item.dataset.to === own ? item.setAttribute('aria-current', 'true') : item.removeAttribute('aria-current');
    }
    for (const item of this.menu.querySelectorAll('[data-open],[data-win]')) item.hidden = !card.querySelector('.card-t a');
    this.menu.showPopover();
    const at = by.getBoundingClientRect(), left = by === card ? at.left + 12 : at.right - this.menu.offsetWidth + 4;
    this.menu.style.left = `${Math.max(8, Math.min(innerWidth - this.menu.offsetWidth - 8, left))}px`;
    this.menu.style.top = `${Math.max(8, Math.min(innerHeight - this.menu.offsetHeight - 8, by === card ? at.top + 28 : at.bottom + 4))}px`;
    this.menu.querySelector('button:not([hidden])').focus();
  }
  menuKey(e) {
    const items = [...this.menu.querySelectorAll('button:not([hidden])')], at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[e.key];
    if (to !== undefined) { e.preventDefault(); items.at(to % items.length).focus(); }
    if (e.key === 'Tab' || e.key === 'Escape') { e.preventDefault(); this.menu.hidePopover(); this.menuCard?.focus(); }
  }
  pick(e) {
    const item = e.target.closest('button'), card = this.menuCard;
    if (!item || !card || item.ariaDisabled === 'true') return;
    this.menu.hidePopover();
    card.focus({ preventScroll: true });
    const link = card.querySelector('.card-t a');
    if ('open' in item.dataset) return link?.click();
    if ('win' in item.dataset) return document.getElementById('desk').open({ url: `${link.pathname}?view=window`, title: link.textContent, kind: 'record' });
    this.send(card, this.col(item.dataset.to));
  }
  /** Put a card into a column at once, as the menu does. */
  send(card, col) {
    const from = this.place(card), list = col.querySelector('[data-list]');
    list.prepend(card);
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    this.commit(card, from);
  }
  place(card) { return { list: card.parentNode, next: card.nextElementSibling, col: this.columnOf(card) }; }
  back(card, from) { from.list.insertBefore(card, from.next?.parentNode === from.list ? from.next : null); }

  // ---------- pointer
  down(e) {
    const card = e.target.closest('.card');
    if (!card || e.button || this.cancel || this.held || !this.dataset.move || e.target.closest('button,input,select,textarea,summary')) return;
    const touch = e.pointerType === 'touch', { clientX: x0, clientY: y0 } = e, press = new AbortController();
    const off = () => { clearTimeout(timer); press.abort(); this.pressed = false; };
    const begin = (at) => { off(); drag(this, card, at, x0, y0); };
    const timer = touch ? setTimeout(() => { navigator.vibrate?.(8); begin(e); }, 280) : 0;
    this.pressed = touch;
    addEventListener('pointermove', (m) => {
      if (Math.hypot(m.clientX - x0, m.clientY - y0) <= (touch ? 9 : 5)) return;
      touch ? off() : begin(m);
    }, { signal: press.signal });
    for (const name of ['pointerup', 'pointercancel']) addEventListener(name, off, { signal: press.signal });
  }

  // ---------- keyboard
  key(e) {
    const card = e.target.closest('.card');
    if (!card || e.target !== card || e.ctrlKey || e.metaKey || e.altKey) return;
    const held = this.held === card;
    if (e.key === 'Enter' && !held) { e.preventDefault(); return card.querySelector('.card-t a')?.click(); }
    if (!held && (e.code === 'KeyM' || e.key === 'ContextMenu' || (e.key === 'F10' && e.shiftKey))) { e.preventDefault(); return this.openMenu(card); }
    if (e.key === ' ') { e.preventDefault(); return held ? this.putDown(card) : this.take(card); }
    if (e.key === 'Escape' && held) { e.preventDefault(); e.stopPropagation(); return this.putBack(); }
    const way = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], Home: [0, -1e6], End: [0, 1e6] }[e.key];
    if (!way) return;
    e.preventDefault();
    held ? this.carry(card, way) : this.walk(card, way);
  }
  take(card) {
    if (!this.dataset.move) return;
    this.held = card;
    this.from = this.place(card);
    card.classList.add('lift');
    this.shade(this.from.col);
    say(this.said('Picked', { name: card.querySelector('.card-t').textContent.trim(), where: this.where(card) }));
  }
  /** Show which columns a card may go to. */
  shade(own) { for (const col of this.querySelectorAll('.col')) col.classList.toggle('off', own !== null && !this.may(own, col.dataset.col)); }
  letGo(card) { this.held = null; card.classList.remove('lift'); this.shade(null); }
  putDown(card) {
    this.letGo(card);
    say(this.said('Dropped', { where: this.where(card) }));
    if (card.parentNode !== this.from.list || (this.free && card.nextElementSibling !== this.from.next)) this.commit(card, this.from);
  }
  putBack() {
    const card = this.held;
    if (!card) return;
    this.letGo(card);
    this.back(card, this.from);
    card.focus();
    say(this.said('TakenBack', { where: this.where(card) }));
    this.later(SOON);
  }
  carry(card, [dx, dy]) {
    this.moving = true;
    const lists = this.lists, at = lists.indexOf(card.parentNode);
    if (dx) {
      let n = at + dx;
      while (lists[n] && !this.may(this.from.col, lists[n].closest('.col').dataset.col)) n += dx;
      if (!lists[n]) { this.moving = false; return say(this.said('NoFurther')); }
      const same = this.cards(card.parentNode).indexOf(card);
      if (lists[n] === this.from.list && !this.free) this.back(card, this.from);
      else lists[n].insertBefore(card, this.free ? lists[n].children[same] ?? null : lists[n].firstElementChild);
    } else if (this.free) {
      const other = dy < 0 ? card.previousElementSibling : card.nextElementSibling;
      if (other) dy < 0 ? other.before(card) : other.after(card);
    }
    card.focus();
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    this.moving = false;
    say(this.where(card));
  }
  walk(card, [dx, dy]) {
    const lists = this.lists, at = lists.indexOf(card.parentNode), own = this.cards(card.parentNode), index = own.indexOf(card);
    let to = own[Math.max(0, Math.min(own.length - 1, index + dy))];
    if (dx) {
      let n = at + dx;
      while (lists[n] && (lists[n].closest('.folded') || !this.cards(lists[n]).length)) n += dx;
      const there = lists[n] ? this.cards(lists[n]) : [];
      to = there[Math.min(index, there.length - 1)];
    }
    to?.focus();
    to?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  // ---------- moves
  async commit(card, from) {
    const to = this.columnOf(card), focused = card === document.activeElement || this.contains(document.activeElement);
    const body = { ...this.fixed, [this.dataset.param]: to };
    if (card.dataset.v) body.version = card.dataset.v;
    if (this.free && card.nextElementSibling?.dataset.id) body.before = card.nextElementSibling.dataset.id;
    this.pending += 1;
    this.count(from.col, -1);
    this.count(to, 1);
    card.classList.add('waiting');
    const outcome = await move(this.dataset.move.replace('ID', card.dataset.id), body, { anchor: card.closest('.folded') ?? card });
    this.pending -= 1;
    card.classList.remove('waiting');
    if (outcome !== 'done') {
      this.count(to, -1);
      this.count(from.col, 1);
      this.back(card, from);
      say(this.said(outcome === 'cancelled' ? 'TakenBack' : 'Refused', { where: this.where(card) }));
    }
    if (focused && this.isConnected) (card.closest('.folded')?.querySelector('.col-fold') ?? card).focus();
    this.free ? (this.all = true) : this.ids.add(card.dataset.id);
    this.later(0);
  }
  notAllowed(from, to) { toast(this.said('NotAllowed', { source: this.label(this.col(from)), target: this.label(to) }), { bad: true }); }
  count(key, by) {
    const text = this.col(key)?.querySelector('[data-count]')?.firstChild, n = Number(text?.data);
    if (text && Number.isInteger(n)) text.data = String(n + by);
  }

  // ---------- what others do
  heard({ ids = [], gone = [], all }) {
    if (this.free || all) this.all = true; else for (const id of [...ids, ...gone]) this.ids.add(String(id));
    this.later(SOON);
  }
  heardOfMarks({ own }) {
    for (const card of this.querySelectorAll('.card')) this.ids.add(card.dataset.id);
    this.later(own ? SOON : LATER);
  }
  later(ms) { clearTimeout(this.timer); this.timer = setTimeout(() => this.refresh(), ms); }
  async refresh() {
    if (this.busy || this.fetching || !this.isConnected || !(this.all || this.ids.size)) return;
    const ids = this.all || this.ids.size > MOST ? null : [...this.ids];
    this.all = false;
    this.ids.clear();
    this.fetching = true;
    try {
      const url = this.dataset.changes, answer = await part(ids ? `${url}${url.includes('?') ? '&' : '?'}ids=${ids.join()}` : url, { background: true });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = document.createElement('template');
      fresh.innerHTML = await answer.text();
      if (this.busy) { ids ? ids.forEach((id) => this.ids.add(id)) : (this.all = true); } else if (this.isConnected) this.show(fresh.content, ids);
    } catch { /* without a connection the stream says so, and asks again when it is back */ } finally { this.fetching = false; }
    if (this.all || this.ids.size) this.later(SOON);
  }
  show(fresh, ids) {
    const focus = document.activeElement?.closest?.('.card')?.dataset.id, open = this.menu?.matches(':popover-open');
    for (const part of fresh.querySelectorAll('[data-col]')) {
      const col = this.col(part.dataset.col);
      if (!col) return htmx.ajax('GET', location.href, { target: '#main', select: '#main', swap: 'outerHTML' }); // the columns are others now
      for (const name of ['[data-count]', '[data-sum]']) {
        const now = part.querySelector(name), old = col.querySelector(name);
        if (now && old) old.replaceWith(now); else if (now) col.querySelector('[data-count]').after(now); else old?.remove();
      }
      if (ids) for (const card of part.querySelectorAll('.card')) this.put(card, col);
      else {
        const list = col.querySelector('[data-list]');
        list.replaceChildren(...part.querySelector('ol').children);
        htmx.process(list);
      }
    }
    if (ids) for (const id of ids) { const card = this.card(id); if (card && !card.fresh) card.remove(); else if (card) card.fresh = false; }
    this.tidy();
    if (focus) { const card = this.card(focus); if (card) { if (!card.contains(document.activeElement) && !open) card.focus({ preventScroll: true }); } }
    if (open && !this.menuCard.isConnected) { const again = this.card(this.menuCard.dataset.id); again ? (this.menuCard = again) : this.menu.hidePopover(); }
  }
  put(card, col) {
    const list = col.querySelector('[data-list]'), old = this.card(card.dataset.id), more = list.querySelector(':scope > .more');
    const here = old?.parentNode === list, after = this.cards(list).find((c) => c !== old && this.earlier(c, card));
    if (!after && more && !(here && old.dataset.s === card.dataset.s)) { old?.remove(); return; } // it comes when the column is scrolled to it
    card.fresh = true;
    if (!here) card.classList.add('came');
    old?.remove();
    list.insertBefore(card, after ?? more ?? null);
  }
  earlier(one, other) {
    if ('up' in this.dataset) [one, other] = [other, one]; // the first comes first: what is planned soonest
    const a = Date.parse(one.dataset.s), b = Date.parse(other.dataset.s);
    return a < b || (a === b && +one.dataset.id < +other.dataset.id);
  }
}
customElements.define('crm-board', Board);
