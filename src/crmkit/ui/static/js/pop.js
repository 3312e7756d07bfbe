// Windows that open by themselves: a call rings. The tab somebody looks at asks which windows there are for them; when the topic is
// told again and one is not among them any more, it goes, unless somebody has begun to work in it.
import { $, base, say, word } from './core.js';
import { eachMessage } from './live.js';
import { dirty } from './dirty.js';
import { own } from './windowed.js';

const desk = () => $('#desk'), asking = new Map();
let title = '', blink = 0;

function attract(text) {
  say(text);
  if (document.hasFocus() || blink) return;
  title = document.title;
  const still = matchMedia('(prefers-reduced-motion:reduce)').matches;
  let on = false;
  const flip = () => { on = !on; document.title = on ? `● ${text}` : title; };
  flip();
  blink = still ? -1 : setInterval(flip, 1000);
}

function calm() {
  if (!blink) return;
  clearInterval(blink);
  blink = 0;
  if (document.title.startsWith('● ')) document.title = title;
}
addEventListener('focus', calm);
document.addEventListener('pointerdown', calm, true);
document.addEventListener('keydown', calm, true);

const open = (key) => desk().wins.filter((w) => w.s.pop?.startsWith(key));
const sent = new Set(); // those their person has closed: they are not opened again while they are still meant

/** What is not meant any more goes; `left` are the windows that are. */
function closed(key, left = []) {
  for (const pop of sent) if (pop.startsWith(key) && !left.includes(pop)) sent.delete(pop);
  const over = open(key).filter((w) => !left.includes(w.s.pop));
  for (const w of over) {
    if (w.touched || dirty(w).length) continue;
    w.close('done');
    sent.delete(w.s.pop);
    say(word('pop_over'));
  }
  if (over.length || !left.length) calm();
}
document.addEventListener('crm:closed', ({ detail }) => { if (detail.pop) sent.add(detail.pop); });

async function ask(topic, id, chosen) {
  const key = `${topic}:${id ?? ''}:`;
  if (!chosen && !open(key).length) return;
  asking.get(key)?.abort();
  const stop = new AbortController();
  asking.set(key, stop);
  let answer;
  try {
    answer = await fetch(`${base}/_/pop/${encodeURIComponent(topic)}${id === null ? '' : `/${id}`}`, {
      signal: stop.signal, headers: { 'HX-Request': 'true', 'CRM-Who': document.documentElement.dataset.who },
    });
  } catch { return; }
  if (asking.get(key) !== stop) return;
  asking.delete(key);
  if (answer.status !== 200) return closed(key);
  const { windows } = await answer.json();
  closed(key, windows.map(({ url }) => key + url));
  if (!chosen) return;
  for (const { url, title: name, kind, urgent, opens } of windows) {
    const pop = key + url;
    if (opens === false || sent.has(pop) || open(key).some((w) => w.s.pop === pop)) continue;
    const at = document.activeElement, free = !at || at === document.body || at.id === 'main';
    desk().open({ url, title: name, kind, urgent, pop, quiet: !free });
    if (urgent) attract(`${name}. ${word('pop_said')}`); else say(`${name}. ${word('pop_said')}`);
  }
}

document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
  const w = own(ctx);
  if (w && ctx.request.method !== 'GET') w.touched = true;
});
const topics = new Set((desk()?.dataset.pops ?? '').split(' ').filter(Boolean));
if (topics.size) eachMessage(({ topic, id, chosen }) => { if (topics.has(topic)) ask(topic, id, chosen); });
