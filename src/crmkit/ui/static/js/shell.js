// What stands around the page: the drawer of phones, the current line of the menu, numbers at its lines, the offline notice.
import { $, base, part } from './core.js';

const nav = $('#nav');
const narrow = matchMedia('(max-width:760px)');
const apple = /Mac|iPhone|iPad/.test(navigator.platform);
if (apple) for (const key of document.querySelectorAll('[data-keys]')) key.textContent = key.textContent.replace('Ctrl ', '⌘');

/** Open or close the drawer; the page behind it can neither be reached nor read meanwhile. */
function drawer(open) {
  if (!nav || nav.classList.contains('open') === open) return;
  nav.classList.toggle('open', open);
  for (const other of [$('#main'), $('.tabbar')]) if (other) other.inert = open;
  for (const button of document.querySelectorAll('[data-nav-toggle][aria-expanded]')) button.setAttribute('aria-expanded', open);
  if (open) { drawer.from = document.activeElement; $('.nav-brand .btn', nav).focus(); } else drawer.from?.isConnected && drawer.from.focus();
}

document.addEventListener('click', (event) => {
  if (nav && event.target.closest('[data-nav-toggle]')) { event.preventDefault(); drawer(!nav.classList.contains('open')); }
  const menu = event.target.closest('.pop.menu');
  if (menu && event.target.closest('a')) menu.hidePopover();
});
document.addEventListener('keydown', (event) => { if (event.key === 'Escape' && nav?.classList.contains('open')) drawer(false); });
narrow.addEventListener('change', () => drawer(false));

/** Mark the line of the menu one is at: that with the longest address ours begins with. */
export function markCurrent() {
  const here = decodeURI(location.pathname).slice(base.length) || '/';
  const lines = [...document.querySelectorAll('#nav [data-path], .tabbar [data-path]')];
  const fits = lines.map((line) => line.dataset.path).filter((path) => here === path || (path !== '/' && here.startsWith(`${path}/`)));
  const best = fits.sort((a, b) => b.length - a.length)[0];
  for (const line of lines) if (line.dataset.path === best) line.setAttribute('aria-current', 'page'); else line.removeAttribute('aria-current');
}

let counted = Date.now();
/** Fetch the numbers at the menu's lines anew, at most every few seconds. */
export async function countAgain() {
  if (!$('[data-badge]') || Date.now() - counted < 5000) return;
  counted = Date.now();
  const answer = await part(`${base}/_/badges`, { background: true }).catch(() => null);
  if (!answer?.ok) return;
  const found = await answer.json();
  for (const badge of document.querySelectorAll('[data-badge]')) {
    badge.textContent = found[badge.dataset.badge] || '';
    badge.hidden = !found[badge.dataset.badge];
  }
}

// Tabs that a narrow screen cuts off begin with the one that is chosen.
function showCurrent() {
  for (const tab of document.querySelectorAll('#main .bar .tabs [aria-current]')) tab.scrollIntoView({ block: 'nearest', inline: 'center' });
}
showCurrent();

function moved() { markCurrent(); drawer(false); countAgain(); showCurrent(); }
document.addEventListener('htmx:finally:request', (event) => { if (event.detail.ctx?.target?.id === 'main') moved(); });
addEventListener('popstate', () => setTimeout(moved));
document.addEventListener('visibilitychange', () => { if (!document.hidden) countAgain(); });
document.body.addEventListener('crm:told', countAgain);

// A telephone number is read in groups and copied as it is dialled.
document.addEventListener('copy', (event) => {
  const chosen = getSelection(), said = chosen.toString().trim();
  const phone = [chosen.anchorNode, chosen.focusNode].map((node) => (node?.closest ? node : node?.parentElement)?.closest('[data-phone]')).find(Boolean);
  if (!phone || phone.textContent.trim() !== said) return;
  event.clipboardData.setData('text/plain', phone.dataset.phone);
  event.preventDefault();
});

const offline = () => document.documentElement.toggleAttribute('data-offline', !navigator.onLine);
addEventListener('online', offline);
addEventListener('offline', offline);
offline();
