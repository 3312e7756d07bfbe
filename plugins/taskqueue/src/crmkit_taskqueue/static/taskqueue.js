// The manager's screen by keyboard, and nothing typed on it lost: drafts go to the server, the lease is renewed while somebody looks.
import { desk, say, toast } from 'crm';

const TYPING = 'input:not([type=radio],[type=checkbox],[type=button],[type=submit]),textarea,select,[contenteditable=true]';
const PAUSE = 1500, POLL = 30_000, ECHO = 2000;
const $ = (selector, root = document) => root?.querySelector(selector) ?? null;
const screen = () => $('#main > .tq');
const dock = () => $('.tq-dock', screen());
let beat = Date.now(), typed = 0, echo = 0, sent = '', checking = null, asking = Promise.resolve();

// ---- to the server -----------------------------------------------------------------------------------------------------------
const written = () => (dock() ? new URLSearchParams([...new FormData(dock())].filter(([, value]) => typeof value === 'string')) : new URLSearchParams());

/** Say that somebody is still there, with what was typed since; find out whether this screen is still the right one. One after the
    other: an older draft never comes after a newer one. */
const still = ({ always = true } = {}) => { asking = asking.then(() => ask(always)).catch(() => {}); return asking; };
async function ask(always) {
  const at = screen();
  if (!at || at.dataset.state === 'start' && !always) return;
  clearTimeout(typed);
  typed = 0;
  const body = written(), draft = String(body), fresh = draft !== sent;
  if (!fresh && !always) return;
  body.set('turn', at.dataset.turn);
  body.set('mark', at.dataset.mark);
  if (!fresh) body.set('silent', '1');
  const { who } = document.documentElement.dataset;
  const answer = await fetch(`${at.dataset.url}still`, {
    method: 'POST', body, keepalive: draft.length < 50_000, credentials: 'same-origin',
    headers: { 'HX-Request': 'true', 'HX-Request-Type': 'partial', ...(who && { 'CRM-Who': who }) },
  }).catch(() => null);
  if (!answer?.ok) return;
  if (fresh) sent = draft;
  if (await answer.text() === 'gone' && at.isConnected && at.dataset.mark === screen()?.dataset.mark) anew(at);
}

/** Another screen is due: this one was overtaken in another tab, or the task went back to the queue. Its words go with it. */
function anew(at, what = 'look') {
  if (at.matches('.htmx-request') || $('.tq-dock.htmx-request,.tq-start .htmx-request,.tq-bar .htmx-request', at)) {
    setTimeout(check, 1000); // its own answer is on the way
    return undefined;
  }
  const values = { turn: at.dataset.turn, note: $('#tq-note', at)?.value ?? '' };
  return htmx.ajax('POST', `${at.dataset.url}${what}`, { source: at, target: at, swap: 'outerHTML', push: 'false', values });
}

const check = () => { checking ??= still().finally(() => { checking = null; }); };
document.body.addEventListener('crm:taskqueue.desk', ({ detail }) => {
  if (!detail.all && !detail.ids.includes(Number(screen()?.dataset.me))) return;
  clearTimeout(echo); // what this screen has just done is told to it as well: that needs no question while the next task arrives
  if (Date.now() - beat < ECHO) echo = setTimeout(check, ECHO); else check();
});
document.addEventListener('visibilitychange', () => { if (document.hidden) ask(false); else check(); }); // away at once: no time to wait
addEventListener('pageshow', (event) => { if (event.persisted) check(); });
addEventListener('focus', check);
setInterval(() => {
  const at = screen();
  if (!at || document.hidden) return;
  const every = Math.max(5, Math.min(30, Number(at.dataset.lease) / 4)) * 1000;
  if (at.dataset.turn !== '0' && Date.now() - beat > every) { beat = Date.now(); check(); }
  if ($('[data-poll]', at) && Date.now() - beat > POLL) { beat = Date.now(); anew(at, 'next'); }
}, 1000);

// ---- what is typed -----------------------------------------------------------------------------------------------------------
document.addEventListener('input', ({ target }) => {
  if (!target.closest?.('.tq-dock')) return;
  clearTimeout(typed);
  typed = setTimeout(() => still({ always: false }), PAUSE);
});
document.addEventListener('focusout', ({ target, relatedTarget: to }) => { // what closes the task brings the words along itself
  if (typed && target.closest?.('.tq-dock') && !to?.closest?.('[data-finish]')) still({ always: false });
});

// ---- choosing and closing ------------------------------------------------------------------------------------------------------
const asked = (radio) => $(`.tq-ask[data-for="${radio.dataset.key}"]`, dock());

/** Say on the big button what it will do. */
function named() {
  const button = $('[data-finish]', dock()), radio = $('[data-key]:checked', dock());
  if (!button) return;
  button.firstElementChild.textContent = radio ? button.dataset.lAs.replace('{outcome}', radio.dataset.label) : button.dataset.l;
  button.classList.toggle('ready', !!radio);
}

function choose(key) {
  const radio = $(`[data-key="${key}"]`, dock());
  if (!radio) return false;
  radio.checked = true;
  radio.dispatchEvent(new Event('change', { bubbles: true }));
  radio.dispatchEvent(new Event('input', { bubbles: true }));
  const first = $('.fld input,.fld textarea,.fld select', asked(radio));
  const quick = $('input[type=radio]:checked', asked(radio)) ?? $('input[type=radio]', asked(radio));
  (quick ?? first ?? $('[data-finish]', dock())).focus();
  return true;
}

function finish() {
  const form = dock();
  if (!$('[data-key]:checked', form)) { $('[data-key]', form).focus(); say(form.getAttribute('aria-label')); return; }
  const other = [...screen().querySelectorAll('form[data-dirty]')].find((one) => one !== form);
  if (other && !other.dataset.tqWarned) {
    other.dataset.tqWarned = '1';
    $('input:not([type=hidden]),textarea,select', other)?.focus();
    toast($('[data-unsaved]', screen())?.dataset.unsaved ?? '', { bad: true });
    return;
  }
  form.requestSubmit($('[data-finish]', form));
}
document.addEventListener('click', (event) => {
  if (event.target.closest?.('[data-finish]')) { event.preventDefault(); event.stopPropagation(); finish(); }
  if (event.target.closest?.('[data-tq-help]')) $('#tq-help').showModal();
}, true);
document.addEventListener('change', ({ target }) => {
  if (!target.closest?.('.tq-dock')) return;
  if (target.matches('[data-key]')) named();
  if (target.matches('[data-at]')) {
    const at = $('input[type=datetime-local]', target.closest('.tq-when'));
    const time = 'day' in target.dataset && at.value ? at.value.slice(11) : '';
    at.value = time ? `${target.value.slice(0, 10)}T${time}` : target.value;
  } else if (target.matches('input[type=datetime-local]')) {
    for (const one of target.closest('.tq-when')?.querySelectorAll('[data-at]') ?? []) one.checked = one.value === target.value;
  }
});

// ---- keys ----------------------------------------------------------------------------------------------------------------------
const NAMES = { KeyN: () => $('#tq-note', dock())?.focus(), KeyB: () => $('[data-tq-break]', screen())?.click(),
  KeyC: () => ($('.tq-client .prop-e') ?? $('#tq-client-t'))?.focus() };
document.addEventListener('keydown', (event) => {
  const at = screen(), { target, key, code } = event;
  if (!at || event.defaultPrevented || event.isComposing || event.repeat && key !== 'Escape') return;
  if (target.closest('.win,dialog,[popover],.palette') || $('dialog[open]') && !at.contains(target)) return;
  const typing = target.matches(TYPING), inside = at.contains(target) || target === document.body || target.id === 'main';
  const digit = /^(Digit|Numpad)\d$/.test(code) ? code.at(-1) : '';
  if (!inside) return;
  if (key === 'Escape' && typing && (target.closest('.tq-dock') || !target.closest('form[data-inline]'))) { event.preventDefault(); $('.tq [data-tq-focus], .tq-t, .tq-h')?.focus(); return; }
  if (digit && dock() && (event.altKey || !typing) && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    if (choose(digit)) event.preventDefault();
    return;
  }
  if (key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    if (dock() && (!typing || target.closest('.tq-dock'))) { event.preventDefault(); finish(); }
    return;
  }
  if (key === 'Enter' && dock() && (target.closest('.tq-dock') ? !target.matches('textarea,button') : !target.matches('a,button,summary,input,textarea,select,[role=tab]'))) {
    event.preventDefault();
    finish();
    return;
  }
  if (key === 'Enter' && !dock() && !target.matches('a,button,input,textarea,select')) { $('[data-go]', at)?.click(); event.preventDefault(); return; }
  if (typing || event.altKey || event.ctrlKey || event.metaKey) return;
  if (key === '?') { event.preventDefault(); $('#tq-help').showModal(); return; }
  if (NAMES[code] && !event.shiftKey) { event.preventDefault(); NAMES[code](); }
});

// ---- one screen after the other ------------------------------------------------------------------------------------------------
let told = '';
function arrived() {
  const at = screen();
  if (!at) { told = ''; return; }
  if (at.dataset.mark + at.dataset.state === told) { named(); return; }
  told = at.dataset.mark + at.dataset.state;
  beat = Date.now();
  sent = String(written());
  named();
  if (at.dataset.say) say(at.dataset.say);
  const bad = $('[aria-invalid=true]', at);
  const now = document.activeElement;
  if (!bad && !now?.closest?.('.win,dialog')) $('.tq-t,.tq-h', at)?.focus({ preventScroll: true });
}
document.addEventListener('htmx:after:swap', arrived); // at once: a moment later somebody is typing already
document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
  if (ctx.response?.status === 422) $('.tq [aria-invalid=true]')?.focus();
});
document.body.addEventListener('crm:navigated', arrived);
arrived();

// No other page is needed: what leads away from the task opens in a window beside it.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('.tq-body a[href]');
  if (!link || link.matches('[data-window],[data-ask],[download],[target]') || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || url.hash && url.pathname === location.pathname) return;
  event.preventDefault();
  event.stopPropagation();
  desk.open({ url: url.pathname + url.search, title: link.textContent.trim() || document.title, kind: 'record' });
}, true);

// The time since a moment, or what is left until one; then the next task is asked for by itself. Reckoned from the server's clock.
customElements.define('tq-count', class extends HTMLElement {
  connectedCallback() {
    const { since, to, now } = this.dataset, from = performance.now();
    const ahead = since ? Date.parse(now) - Date.parse(since) : Date.parse(to) - Date.parse(now);
    this.setAttribute('role', 'timer');
    const tick = () => {
      const gone = performance.now() - from;
      const n = Math.max(0, since ? Math.floor((ahead + gone) / 1000) : Math.ceil((ahead - gone) / 1000)), hours = Math.floor(n / 3600);
      const minutes = String(Math.floor(n / 60) % 60).padStart(hours ? 2 : 1, '0');
      this.textContent = `${hours ? `${hours}:` : ''}${minutes}:${String(n % 60).padStart(2, '0')}`;
      const at = this.closest('.tq');
      if (!since && !n && at && !this.asked) { this.asked = true; anew(at, 'next'); }
    };
    tick();
    this.timer = setInterval(tick, 500);
  }

  disconnectedCallback() { clearInterval(this.timer); }
});
