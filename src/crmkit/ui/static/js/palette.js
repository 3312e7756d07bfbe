// The command palette: a combobox over what the server finds. Everything in it can be done by keyboard; a phone gets it full-screen.
import { $, base, part, toast, word } from './core.js';

const dialog = $('#palette'), input = $('#pal-q'), list = $('#pal-list');
let asked = null, timer = 0, shown = null;

const options = () => [...list.querySelectorAll('[role=option]')];
const chosen = () => list.querySelector('[aria-selected=true]');

function choose(option) {
  chosen()?.setAttribute('aria-selected', 'false');
  option?.setAttribute('aria-selected', 'true');
  option?.scrollIntoView({ block: 'nearest' });
  if (option) input.setAttribute('aria-activedescendant', option.id); else input.removeAttribute('aria-activedescendant');
}

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const question = input.value.trim();
  input.form.classList.add('busy');
  try {
    const answer = await part(`${base}/_/palette?q=${encodeURIComponent(question)}`, { signal: asked.signal });
    if (!answer.ok) throw new Error(answer.status);
    list.innerHTML = await answer.text();
    shown = question;
    list.scrollTop = 0;
    choose(options()[0]);
  } catch (error) {
    if (error.name === 'AbortError') return;
    toast(word('lost_page'), { bad: true });
  }
  input.form.classList.remove('busy');
}

export function open(question = '') {
  if (!dialog || dialog.open) return;
  for (const other of document.querySelectorAll(':popover-open')) other.hidePopover();
  input.value = question;
  dialog.showModal();
  input.focus();
  ask();
}

/** Do what an option stands for: go there, open it in a window, run the command, or send a preference. */
function act(option, beside) {
  const { go, title, kind, post, name, value } = option.dataset;
  dialog.close();
  if (post) {
    htmx.ajax('POST', post, { values: name ? { [name]: value } : {}, swap: 'none' });
  } else if ((beside || kind === 'form') && option.dataset.window && $('#desk')?.open) {
    $('#desk').open({ url: option.dataset.window, title, kind: kind || 'record' });
  } else {
    const link = Object.assign(document.createElement('a'), { href: go });
    link.hidden = true;
    $('#nav').append(link);
    htmx.process(link);
    link.click();
    link.remove();
  }
}

if (dialog) {
  document.addEventListener('keydown', (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.code === 'KeyK') {
      event.preventDefault();
      if (dialog.open) dialog.close(); else open();
    }
  });
  document.addEventListener('click', (event) => { if (event.target.closest('[data-palette]')) open(); });
  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, 110); });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') { event.preventDefault(); dialog.close(); return; } // a search field would only empty itself
    const all = options(), at = all.indexOf(chosen());
    const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, PageDown: Math.min(at + 8, all.length - 1), PageUp: Math.max(at - 8, 0) }[event.key];
    if (to !== undefined && all.length) { event.preventDefault(); choose(all[to]); }
  });
  input.form.addEventListener('submit', (event) => { event.preventDefault(); });
  input.addEventListener('keydown', async (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    clearTimeout(timer);
    if (input.value.trim() !== shown) await ask(); // a fast typist means what was typed, not what was found before
    if (chosen()) act(chosen(), event.ctrlKey || event.metaKey);
  });
  list.addEventListener('pointermove', (event) => { const option = event.target.closest('[role=option]'); if (option && option !== chosen()) choose(option); });
  list.addEventListener('click', (event) => { const option = event.target.closest('[role=option]'); if (option) act(option, event.ctrlKey || event.metaKey); });
  dialog.addEventListener('click', (event) => { if (event.target === dialog || event.target.closest('[data-palette-close]')) dialog.close(); });
  dialog.addEventListener('close', () => { asked?.abort(); clearTimeout(timer); });
}
