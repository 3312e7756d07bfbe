// The page of a record: tabs, properties that are changed in their place, dialogs that ask, small things about links.
import { $, toast, word } from './core.js';

// ---- tabs: the ARIA pattern; what is in a tab is fetched when it is first chosen ---------------------------------------------
customElements.define('crm-tabs', class extends HTMLElement {
  connectedCallback() {
    if (this.bound) return;
    this.bound = true;
    this.addEventListener('click', (event) => { const tab = this.own(event); if (tab) this.choose(tab); });
    this.addEventListener('keydown', (event) => this.keyed(event));
    if (this.querySelector(':scope > [data-side]')) new ResizeObserver(() => this.fit()).observe(this);
  }

  /** The column beside the tabs. Where there is no room for it, what it holds has a tab of its own. */
  get side() { return this.closest('.rec')?.querySelector(':scope > .rec-side'); }

  fit() {
    const { side } = this, panel = this.querySelector(':scope > [data-side]');
    if (!side || !panel.firstElementChild || getComputedStyle(side).display === 'none') return;
    side.append(panel.firstElementChild); // it became wide enough
    if (!panel.hidden) this.choose(this.tabs[0]);
  }

  /** The tab an event is about; null where it is one of tabs that stand within ours. */
  own(event) { const tab = event.target.closest('[role=tab]'); return tab?.closest('crm-tabs') === this ? tab : null; }

  get tabs() { return [...this.querySelectorAll(':scope > [role=tablist] > [role=tab]')].filter((tab) => tab.offsetParent); }

  keyed(event) {
    const tab = this.own(event), all = this.tabs, at = all.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (!tab || to === undefined) return;
    event.preventDefault();
    const next = all.at(to % all.length);
    this.choose(next);
    next.focus();
  }

  choose(tab) {
    for (const other of this.querySelectorAll(':scope > [role=tablist] > [role=tab]')) {
      const on = other === tab, panel = document.getElementById(other.getAttribute('aria-controls'));
      other.setAttribute('aria-selected', String(on));
      other.tabIndex = on ? 0 : -1;
      if (!panel) continue;
      panel.hidden = !on;
      if (!on) continue;
      const side = 'side' in panel.dataset && this.side;
      if (side?.firstElementChild && getComputedStyle(side).display === 'none') panel.append(side.firstElementChild); // a phone has one column
      const lazy = panel.querySelector(':scope > [hx-trigger=crm-show]');
      if (lazy) htmx.trigger(lazy, 'crm-show');
    }
    tab.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
});

// ---- properties ---------------------------------------------------------------------------------------------------------------
document.addEventListener('click', (event) => {
  const value = event.target.closest('.prop.may > dd');
  if (value && !event.target.closest('a,button,input,select,textarea,form') && !String(getSelection())) $('.prop-e', value)?.click();
});
document.addEventListener('keydown', (event) => {
  const form = event.target.closest?.('form[data-inline]');
  if (!form || event.defaultPrevented) return;
  if (event.key === 'Escape') {
    event.preventDefault();
    event.stopPropagation();
    form.removeAttribute('data-dirty');
    $('[data-cancel]', form)?.click();
  } else if (event.key === 'Enter' && event.target.matches('textarea') && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});
// What is chosen or ticked needs no second press.
document.addEventListener('change', (event) => {
  const form = event.target.closest?.('.prop form[data-inline]');
  if (form && event.target.matches('crm-pick, input[type=checkbox]')) form.requestSubmit();
});
// Where something was put in the place of what had the focus, the focus goes on from there.
document.addEventListener('htmx:after:swap', () => {
  const lost = document.activeElement === document.body || !document.activeElement?.isConnected;
  const to = document.querySelector('[data-focus]');
  to?.removeAttribute('data-focus');
  if (to && (lost || to.matches('[role=alert]'))) to.focus({ preventScroll: !to.matches('[role=alert]') });
});
// What is typed takes the place of the value that was there, as in a cell of a list. At once, when the field gets the focus for the first
// time: a moment later somebody is typing already.
document.addEventListener('focusin', ({ target: box }) => {
  if (!box.matches?.('.prop form[data-inline] input:not([type=checkbox],[role=combobox])') || box.dataset.taken === '') return;
  box.dataset.taken = '';
  box.select();
});

// ---- what is fetched again keeps what was unfolded ----------------------------------------------------------------------------
const unfolded = new WeakMap();
document.addEventListener('htmx:before:swap', ({ detail: { ctx } }) => {
  if (ctx.target instanceof Element) unfolded.set(ctx, [...ctx.target.querySelectorAll('details[data-keep-open][open]')].map((d) => d.id));
});
document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
  for (const id of unfolded.get(ctx) ?? []) document.getElementById(id)?.setAttribute('open', '');
});

// ---- the stages of a record: the one it is in comes into sight ----------------------------------------------------------------
const show = (root) => { for (const now of root.querySelectorAll('[data-stepper] [aria-current]')) {
  const list = now.closest('[data-stepper]'), at = now.parentElement;
  if (list.scrollWidth > list.clientWidth) list.scrollLeft = at.offsetLeft - (list.clientWidth - at.offsetWidth) / 2;
} };
document.addEventListener('htmx:after:swap', () => show(document));
show(document);

// ---- a form in a dialog: data-ask on a link -----------------------------------------------------------------------------------
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-ask]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  event.stopPropagation();
  link.closest('[popover]')?.hidePopover?.();
  ask(link.href, link);
}, true);

export async function ask(url, from) {
  const dialog = Object.assign(document.createElement('dialog'), { className: 'ask-box' });
  dialog.setAttribute('aria-labelledby', 'ask-title');
  (from?.closest('.win') ?? document.body).append(dialog);
  dialog.addEventListener('close', () => { dialog.remove(); if (from?.isConnected) from.focus(); });
  dialog.addEventListener('click', (event) => { if (event.target === dialog || event.target.closest('[data-cancel]')) dialog.close(); });
  dialog.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (ctx.request.method !== 'GET' && ctx.response.status < 400 && !/data-stay/.test(ctx.text ?? '')) dialog.close();
  });
  await htmx.ajax('GET', url, { target: dialog, swap: 'innerHTML', push: 'false' });
  if (!dialog.firstElementChild) return dialog.remove();
  dialog.showModal();
  (dialog.querySelector('[autofocus]') ?? dialog.querySelector('input:not([type=hidden]),select,textarea,button'))?.focus();
}

// ---- menus, links -------------------------------------------------------------------------------------------------------------
// A menu opens where its button is; arrows go through it.
document.addEventListener('toggle', (event) => {
  const menu = event.target;
  if (!menu.matches?.('[data-popmenu]') || event.newState !== 'open') return;
  const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`), at = button.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
  menu.querySelector('a,button')?.focus();
}, true);
document.addEventListener('keydown', (event) => {
  const menu = event.target.closest?.('[data-popmenu]');
  if (!menu || !['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key)) return;
  event.preventDefault();
  const all = [...menu.querySelectorAll('a,button')], at = all.indexOf(document.activeElement);
  ({ ArrowDown: all[(at + 1) % all.length], ArrowUp: all.at(at - 1), Home: all[0], End: all.at(-1) })[event.key]?.focus();
});
document.addEventListener('click', (event) => {
  const menu = event.target.closest?.('[data-popmenu]');
  if (menu && event.target.closest('a,button')) menu.hidePopover?.();
  const copy = event.target.closest?.('[data-copy],[data-copy-text]'); // an address within the CRM, or text as it stands
  if (copy) copied(copy.dataset.copyText ?? new URL(copy.dataset.copy, location.href).href).then((done) => toast(done ? copy.dataset.said : word('lost_page'), { bad: !done }));
});

// Without TLS there is no clipboard in the browser's own terms; a selected text can still be copied.
async function copied(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* an intranet without TLS */ }
  const box = Object.assign(document.createElement('textarea'), { value: text, className: 'vh' });
  document.body.append(box);
  box.select();
  const done = document.execCommand('copy');
  box.remove();
  return done;
}

// ---- forms --------------------------------------------------------------------------------------------------------------------
// The summary of what is wrong leads to its fields, also to those that are folded away.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-to]');
  if (!link) return;
  event.preventDefault();
  event.stopPropagation();
  const id = link.getAttribute('href').slice(1), field = document.getElementById(id) ?? document.getElementById(link.dataset.to);
  field?.closest('details')?.setAttribute('open', '');
  field?.focus();
}, true);
// A composer is empty again once what it held was kept.
document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
  const form = ctx.sourceElement?.closest?.('form[data-reset]');
  if (form && ctx.request.method !== 'GET' && ctx.response.status < 400) form.reset();
});
