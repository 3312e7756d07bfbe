// What all modules share: where the CRM is, words in the person's language, toasts and what screen readers hear.
export const base = document.documentElement.dataset.base;
export const $ = (selector, root = document) => root.querySelector(selector);
export const word = (name) => $(`[data-w=${name}]`, $('#words').content)?.textContent ?? name;
export const iconOf = (name) => $(`[data-i=${name}]`, $('#icons').content)?.firstElementChild.cloneNode(true) ?? document.createElement('i');

/** Show a line of text for a while; `undo` is the number of a transaction that a button takes back. It stays while it is pointed at. */
export function toast(text, { bad = false, undo = null, link = '' } = {}) {
  const box = document.createElement('div');
  box.className = `toast ${bad ? 'bad' : 'ok'}`;
  box.append(iconOf(bad ? 'bad' : 'ok'), Object.assign(document.createElement('span'), { textContent: text }));
  const leave = () => { const held = box.contains(document.activeElement); box.remove(); if (held) $('#main')?.focus(); };
  const go = () => { box.classList.add('out'); setTimeout(leave, 200); };
  if (undo) {
    const button = Object.assign(document.createElement('button'), { className: 'btn sm undo', textContent: word('undo') });
    button.setAttribute('aria-keyshortcuts', 'Control+Z');
    button.onclick = () => { leave(); htmx.ajax('POST', `${base}/_/undo`, { values: { tx: undo }, swap: 'none' }); };
    box.append(button);
  }
  if (link) box.append(Object.assign(document.createElement('a'), { className: 'btn sm', href: link, target: '_blank', textContent: word('sign_in') }));
  const close = Object.assign(document.createElement('button'), { className: 'btn icon ghost xs' });
  close.setAttribute('aria-label', word('close'));
  close.append(iconOf('close'));
  close.onclick = go;
  box.append(close);
  const long = bad || undo ? 9000 : 4200;
  let timer = setTimeout(go, long);
  const wait = () => clearTimeout(timer), again = () => { clearTimeout(timer); timer = setTimeout(go, long / 2); };
  box.addEventListener('pointerenter', wait);
  box.addEventListener('focusin', wait);
  box.addEventListener('pointerleave', again);
  box.addEventListener('focusout', again);
  const all = $('#toasts');
  while (all.children.length > 3) all.firstElementChild.remove();
  all.append(box);
}

// What was done last is taken back by the keys everybody knows; in a field they are the field's own.
document.addEventListener('keydown', (event) => {
  if (event.code !== 'KeyZ' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest('input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]')) return;
  const last = [...document.querySelectorAll('#toasts .toast:not(.out) .undo')].at(-1);
  if (last) { event.preventDefault(); last.click(); }
});

// What the page before this one had to say stands there for those without scripts; here it goes as it came.
const said = $('#toasts [data-said]');
if (said) { said.remove(); toast(said.textContent, { undo: Number(said.dataset.said) || null }); }

/** Fetch a part of a page for the person it was shown to. A session that ended leads to the sign-in page, somebody else's loads the page anew;
    with `background` (nobody asked for it) neither happens. */
export async function part(url, { background = false, headers, ...options } = {}) {
  const { who } = document.documentElement.dataset;
  const answer = await fetch(url, { ...options, credentials: 'same-origin',
    headers: { 'HX-Request': 'true', 'HX-Request-Type': 'partial', Accept: 'text/html', ...(who && { 'CRM-Who': who }), ...headers } });
  const away = answer.headers.get('HX-Redirect') ?? answer.headers.get('CRM-Login'), anew = answer.headers.get('HX-Refresh') === 'true';
  if (background || !(away || anew)) return answer;
  if (away) location.assign(away); else location.reload();
  return new Promise(() => {});
}

/** Let a screen reader say something. */
export function say(text) {
  const live = $('#live-say');
  live.textContent = '';
  requestAnimationFrame(() => { live.textContent = text; });
}

document.body.addEventListener('crm:toast', (event) => toast(event.detail.text || word('saved'), event.detail));

// What was refused is told in the person's own words: scripts get the API's problem document.
document.addEventListener('htmx:response:error', (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status === 422 && /html/.test(ctx.response.headers.get('content-type') ?? '')) return; // the form comes back with what is wrong
  if (ctx.hx?.redirect) return; // the session ended: the browser is on its way to sign in
  const login = ctx.response.status === 401 && ctx.response.headers.get('CRM-Login');
  if (login) { // what was typed stays; somebody with nothing to lose goes there at once
    if (!ctx.sourceElement?.closest?.('form[data-dirty]')) location.assign(login); else toast(word('signed_out'), { bad: true, link: login });
    return;
  }
  let said = word('lost_page');
  try {
    const problem = JSON.parse(ctx.text);
    said = [problem.detail || problem.title, ...problem.problems.map((p) => p.message).filter((m) => m !== problem.detail)].join(' · ');
  } catch { /* not ours: a proxy's page */ }
  toast(said, { bad: true });
});
document.addEventListener('htmx:error', (event) => { if (event.detail?.error?.name !== 'AbortError') toast(word('lost_page'), { bad: true }); });
