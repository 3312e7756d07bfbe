// <crm-pick>: choose a record, a person or a team by typing; the ARIA combobox pattern, also by touch.
// It holds an <input type=hidden name=…> with the key and an <input role=combobox> that is typed into. `data-source` answers
// ?q= with options, `data-new` is the form for what is not there yet. With data-many (and data-name) several are chosen.
import { $, say } from './core.js';

let count = 0;
const lately = new Map(); // what was chosen on this page before, by source; kept nowhere else
const waiting = new Map(); // choosers whose "create …" form is open in a window
const make = (tag, attributes = {}, text = '') => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
};

class Pick extends HTMLElement {
  connectedCallback() {
    if (this.box) return this.drawList();
    this.box = this.querySelector('[role=combobox]');
    this.key = this.querySelector(':scope > input[type=hidden]');
    this.many = 'many' in this.dataset;
    this.name = this.box.value;
    this.box.setAttribute('aria-autocomplete', 'list');
    this.box.addEventListener('input', () => this.ask(180));
    this.box.addEventListener('keydown', (event) => this.keyed(event));
    this.box.addEventListener('click', () => (this.open ? 0 : this.ask(0)));
    this.addEventListener('focusout', (event) => { if (!this.contains(event.relatedTarget)) this.leave(); });
    this.addEventListener('click', (event) => {
      const gone = event.target.closest('.pick-x');
      if (gone) this.drop(gone.closest('.pick-one'));
    });
    if (!this.many) {
      this.clear = make('button', { type: 'button', class: 'pick-clear', 'aria-label': this.dataset.lClear ?? '×', tabindex: '-1' });
      this.clear.innerHTML = '<svg class="i" width="14" height="14" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M18 6 6 18M6 6l12 12"/></svg>';
      this.clear.addEventListener('click', () => { this.choose('', ''); this.box.focus(); });
      this.append(this.clear);
    }
    this.drawList();
    this.mark();
  }

  disconnectedCallback() { clearTimeout(this.timer); this.close(); this.list.remove(); }

  drawList() {
    if (this.list) return this.list.isConnected || this.append(this.list);
    this.list = make('ul', { role: 'listbox', id: `pick-${++count}`, class: 'pick-list', popover: 'manual' });
    const label = this.box.getAttribute('aria-label') ?? this.box.labels?.[0]?.textContent ?? '';
    this.list.setAttribute('aria-label', label.replace('*', '').trim());
    this.box.setAttribute('aria-controls', this.list.id);
    this.list.addEventListener('pointerdown', (event) => event.preventDefault()); // the focus stays where it is typed
    this.list.addEventListener('click', (event) => this.take(event.target.closest('[role=option]')));
    this.append(this.list);
  }

  get open() { return this.box.getAttribute('aria-expanded') === 'true'; }
  get options() { return [...this.list.querySelectorAll('[role=option]:not([aria-disabled])')]; }
  get value() { return this.many ? [...this.querySelectorAll('.pick-one input')].map((one) => one.value) : this.key.value; }
  mark() { this.toggleAttribute('data-chosen', !this.many && this.key.value !== ''); }

  // ---- asking ---------------------------------------------------------------------------------------------------------
  ask(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), after);
  }

  async fetch() {
    const typed = this.box.value.trim(), question = typed === this.name && !this.many ? '' : typed;
    const asked = new URL(this.dataset.source, location.href);
    asked.searchParams.set('q', question);
    if (!question && lately.has(this.dataset.source)) asked.searchParams.set('recent', [...lately.get(this.dataset.source).keys()].join(','));
    this.running?.abort();
    this.running = new AbortController();
    try {
      const answer = await fetch(asked, { headers: { 'HX-Request': 'true', 'HX-Request-Type': 'partial' }, signal: this.running.signal });
      if (!answer.ok || !this.isConnected || document.activeElement !== this.box) return;
      this.list.innerHTML = await answer.text();
    } catch { return; } // somebody typed on, or there is no connection: what is listed stays
    if (this.many) for (const key of this.value) this.list.querySelector(`[data-id="${CSS.escape(key)}"]`)?.remove();
    if (this.dataset.new && question) this.offerNew(question);
    this.options.forEach((option, i) => { option.id = `${this.list.id}-${i}`; });
    this.show();
    this.go(question ? this.options[0] : this.options.find((o) => o.dataset.id === this.key?.value) ?? null);
  }

  offerNew(typed) {
    const line = make('li', { role: 'option', 'aria-selected': 'false', class: 'opt-new', 'data-new': typed });
    line.append(make('span', { class: 'opt-plus', 'aria-hidden': 'true' }, '+'), make('span', { class: 'opt-n' }, (this.dataset.lNew ?? '{name}').replace('{name}', typed)));
    this.list.append(line);
  }

  // ---- the list -------------------------------------------------------------------------------------------------------
  show() {
    if (!this.open) {
      this.list.showPopover?.();
      this.box.setAttribute('aria-expanded', 'true');
      this.follow = () => this.place();
      addEventListener('scroll', this.follow, true);
      addEventListener('resize', this.follow);
    }
    this.place();
  }

  place() {
    const at = (this.many ? this : this.box).getBoundingClientRect(), style = this.list.style;
    const below = innerHeight - at.bottom - 12, above = at.top - 12, up = below < 180 && above > below;
    style.left = `${Math.max(8, Math.min(at.left, innerWidth - Math.max(at.width, 240) - 8))}px`;
    style.minWidth = `${Math.min(Math.max(at.width, 240), innerWidth - 16)}px`;
    style.maxHeight = `${Math.max(120, Math.min(320, up ? above : below))}px`;
    style.top = up ? 'auto' : `${at.bottom + 4}px`;
    style.bottom = up ? `${innerHeight - at.top + 4}px` : 'auto';
  }

  close() {
    if (!this.box || !this.open) return;
    this.running?.abort();
    this.list.hidePopover?.();
    this.box.setAttribute('aria-expanded', 'false');
    this.box.removeAttribute('aria-activedescendant');
    removeEventListener('scroll', this.follow, true);
    removeEventListener('resize', this.follow);
  }

  go(option) {
    this.list.querySelector('[aria-selected=true]')?.setAttribute('aria-selected', 'false');
    if (!option) return this.box.removeAttribute('aria-activedescendant');
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    this.box.setAttribute('aria-activedescendant', option.id);
  }

  keyed(event) {
    const { key } = event, all = this.options, at = all.findIndex((o) => o.getAttribute('aria-selected') === 'true');
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault();
      if (!this.open) return this.ask(0);
      this.go(all.at(key === 'ArrowDown' ? (at + 1) % all.length : at <= 0 ? -1 : at - 1));
    } else if (key === 'Enter' && this.open && at >= 0) {
      event.preventDefault();
      this.take(all[at]);
    } else if (key === 'Escape' && this.open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (key === 'Tab' && this.open && at >= 0 && this.box.value.trim() !== this.name && this.box.value.trim()) {
      this.take(all[at]);
    } else if (key === 'Backspace' && this.many && !this.box.value) {
      this.drop([...this.querySelectorAll('.pick-one')].at(-1));
    }
  }

  // ---- choosing -------------------------------------------------------------------------------------------------------
  take(option) {
    if (!option || option.hasAttribute('aria-disabled')) return;
    if (option.dataset.new) return this.create(option.dataset.new);
    this.choose(option.dataset.id, option.dataset.name);
  }

  choose(key, name) {
    clearTimeout(this.timer);
    this.close();
    if (key) {
      const known = lately.get(this.dataset.source) ?? new Map();
      known.delete(key);
      lately.set(this.dataset.source, new Map([[key, name], ...known].slice(0, 5)));
    }
    if (this.many) {
      if (key && !this.value.includes(key)) this.add(key, name);
      this.box.value = '';
    } else {
      this.key.value = key;
      this.box.value = this.name = name;
      this.mark();
    }
    if (name) say(name);
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }

  add(key, name) {
    const one = make('span', { class: 'pick-one chip' }, name);
    one.prepend(make('input', { type: 'hidden', name: this.dataset.name ?? '', value: key }));
    one.append(make('button', { type: 'button', class: 'pick-x', 'aria-label': `${this.dataset.lClear ?? '×'} ${name}` }, '×'));
    this.box.before(one);
  }

  drop(one) {
    if (!one) return;
    one.remove();
    this.box.focus();
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }

  leave() {
    clearTimeout(this.timer);
    this.close();
    if (this.many) { this.box.value = ''; return; }
    if (this.box.value.trim() === this.name) return;
    if (this.box.value.trim() === '') return this.choose('', '');
    this.box.value = this.name; // what was typed and not chosen says nothing
  }

  create(typed) {
    const token = `pick${++count}`;
    waiting.set(token, this);
    this.close();
    const address = new URL(this.dataset.new, location.href);
    address.searchParams.set('view', 'window');
    address.searchParams.set('_pick', token);
    address.searchParams.set('_name', typed);
    $('#desk').open({ url: address.pathname + address.search, title: (this.dataset.lNew ?? '{name}').replace('{name}', typed), kind: 'form' });
  }
}
customElements.define('crm-pick', Pick);

// The form that a chooser opened for something new comes back with what was made: it is chosen, and its window closes.
customElements.define('crm-picked', class extends HTMLElement {
  connectedCallback() {
    const { for: token, id, name } = this.dataset, pick = waiting.get(token), frame = this.closest('.win');
    waiting.delete(token);
    queueMicrotask(() => { // the window is still being filled
      frame?.close?.();
      if (!pick?.isConnected) return;
      pick.choose(id, name);
      pick.box.focus();
    });
  }
});
