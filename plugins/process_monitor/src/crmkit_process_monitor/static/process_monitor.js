// How long one is at which page while a client is served: active, idle, elsewhere. See docs/decisions/0046.
import { base } from 'crm';

const doc = document, { who } = doc.documentElement.dataset, KEY = `crm.pm ${base} ${who} `, EACH = 6e4, GAP = 1e4;
const tab = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => (n % 36).toString(36)).join('');
const tabs = new BroadcastChannel(KEY), box = () => doc.querySelector('[data-pm]')?.dataset, clock = () => performance.now() + slept;
let slept = 0, off = Date.now() - performance.now(), at, since, last, away = true, mine, page, on, seen, sending, wait = 0, seq = 0, parts = [], queue = [];

const where = () => (doc.activeElement?.closest('.win')?.dataset.url ?? location.pathname).slice(base.length).split('?')[0].replace(/[^/]*\d[^/]*/g, '{id}') || '/';

function add(kind, took) {
  if (took <= 0) return;
  if (parts.at(-2) === kind) parts[parts.length - 1] += took; else parts.push(kind, took);
}

// One stay is over, or a minute of it.
function cut() {
  if (parts.length) queue.push({ seq: ++seq, at: Math.round(since), page, parts: parts.map(Math.round) });
  parts = [];
  since = at;
}

// What passed is what it was at the last look; a pause nobody saw (sleep) is nothing.
function mark() {
  const drift = Date.now() - performance.now() - off;
  off += drift;
  if (drift > GAP) slept += drift;
  const now = clock(), gone = now - at, lost = gone > (away ? 9 * GAP : GAP);
  if (mine && away && !lost) add(2, gone);
  else if (mine && !lost) {
    const awake = Math.max(0, Math.min(gone, last + Number(box()?.idle ?? 3e4) - at));
    add(0, awake);
    add(1, gone - awake);
  }
  at = now;
  if (lost) cut();
  away = doc.hidden || !doc.hasFocus();
  if (!away && !mine) { mine = true; since = last = at; }
}

function look() {
  mark();
  seen = false;
  const to = where(), was = on;
  on = box()?.pm;
  if (to !== page || on !== was || at - since > EACH || parts.length > 60) cut();
  page = to;
  if (!on && !was) queue = queue.filter((s) => at - s.at < 2 * EACH); // it may turn out to be the beginning of a case
  else if (on !== was || at > wait && at - queue[0]?.at > EACH) send();
}

async function tell(body) {
  try {
    const { status } = await fetch(`${base}/x/process_monitor/spans`, { method: 'POST', keepalive: true, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    return status < 500 && ![401, 409, 429].includes(status);
  } catch { return false; }
}

// What was not taken yet waits, that of a closed tab too.
function keep() {
  const body = { tab, who, now: Math.round(clock()), spans: queue.slice(0, 400) };
  if (queue.length) localStorage[KEY + tab] = JSON.stringify({ ...body, wall: Date.now() }); else delete localStorage[KEY + tab];
  return body;
}

async function send() {
  const body = keep();
  if (sending || !queue.length) return;
  sending = true;
  if (await tell(body)) queue = queue.filter((s) => !body.spans.includes(s)); else wait = at + EACH;
  sending = false;
  keep();
}

async function left() {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(KEY) || key === KEY + tab) continue;
    const kept = JSON.parse(localStorage[key]);
    kept.now += Math.max(0, Date.now() - kept.wall);
    if (await tell(kept)) delete localStorage[key];
  }
}

function come({ type } = {}) {
  look();
  if (mine && !away) tabs.postMessage(tab);
  if (on && (doc.hidden || type === 'pagehide')) { cut(); send(); }
}

if (doc.querySelector('[id^="strip-process_monitor"]')) {
  at = clock();
  come();
  at = since = last = performance.getEntriesByType('navigation')[0]?.responseStart || at;
  tabs.onmessage = () => { mark(); cut(); mine = false; };
  const touched = () => {
    if (seen) return;
    seen = true;
    if (clock() - last > 5e3) mark();
    last = clock();
  };
  for (const name of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchmove']) addEventListener(name, touched, { capture: true, passive: true });
  for (const name of ['focus', 'pageshow', 'visibilitychange', 'pagehide', 'blur', 'focusin', 'crm:navigated']) addEventListener(name, come);
  addEventListener('online', () => { send(); left(); });
  setInterval(look, 1000);
  left();
}
