// The person at this page is everybody who has a telephone. The state is asked for twice a second; nothing is kept here.

const WORDS = {
  en: {
    title: 'Fake PBX', lead: 'Telephones that exist only here: pick up as the client or as a colleague, and see what the CRM does.',
    live: 'Calls', none: 'No telephone rings. Call from the CRM, or call in from here.', in_title: 'A client calls', number: 'From number',
    to: 'To', did: 'Company number', call: 'Call', over: 'Ended', language: 'По-русски',
    out: 'Outgoing call', in: 'Incoming call', internal: 'Internal call',
    client: 'Client', agent: 'Colleague', other: 'Third party', queue: 'Queue', ivr: 'Voice menu',
    ringing: 'rings', waits: 'waits', talking: 'talks', held: 'on hold', ended: 'hung up',
    pick_up: 'Answer', ignore: 'Ignore', rejects: 'Reject', busy: 'Busy', unavailable: 'Switched off', hang_up: 'Hang up',
    answered: 'answered', voicemail: 'voicemail', rejected: 'rejected', invalid_number: 'no such number', no_answer: 'no answer',
    agent_no_answer: 'colleague did not answer', gone: 'The fake PBX does not answer. Is it still running?', failed: 'That is not possible any more.',
  },
  ru: {
    title: 'Учебная АТС', lead: 'Телефоны, которые есть только здесь: отвечайте за клиента или за сотрудника и смотрите, что делает CRM.',
    live: 'Звонки', none: 'Ни один телефон не звонит. Позвоните из CRM или отсюда — за клиента.', in_title: 'Звонит клиент', number: 'С номера',
    to: 'Кому', did: 'Номер компании', call: 'Позвонить', over: 'Завершённые', language: 'In English',
    out: 'Исходящий звонок', in: 'Входящий звонок', internal: 'Внутренний звонок',
    client: 'Клиент', agent: 'Сотрудник', other: 'Третье лицо', queue: 'Очередь', ivr: 'Голосовое меню',
    ringing: 'звонит', waits: 'ждёт ответа', talking: 'разговор', held: 'на удержании', ended: 'трубка положена',
    pick_up: 'Ответить', ignore: 'Не брать', rejects: 'Сбросить', busy: 'Занято', unavailable: 'Недоступен', hang_up: 'Положить трубку',
    answered: 'разговор состоялся', voicemail: 'автоответчик', rejected: 'сброшен', invalid_number: 'нет такого номера', no_answer: 'нет ответа',
    agent_no_answer: 'не ответил сотрудник', gone: 'Учебная АТС не отвечает. Она ещё запущена?', failed: 'Это уже невозможно.',
  },
};
const OUTCOME_BUSY = { en: 'busy', ru: 'занято' }, OUTCOME_UNAVAILABLE = { en: 'unavailable', ru: 'недоступен' };

const asked = new URLSearchParams(location.search).get('lang') || navigator.language;
let language = asked.startsWith('ru') ? 'ru' : 'en';
let last = null;
let seen = '';
const ignored = new Set();
const $ = (selector) => document.querySelector(selector);
const w = (key) => WORDS[language][key] ?? key;
const outcome = (key) => ({ busy: OUTCOME_BUSY[language], unavailable: OUTCOME_UNAVAILABLE[language] })[key] ?? w(key);

function el(name, options = {}, ...children) {
  const { data = {}, ...rest } = options;
  const made = Object.assign(document.createElement(name), rest);
  Object.assign(made.dataset, data);
  made.append(...children.filter(Boolean));
  return made;
}

const say = (text) => { $('#said').textContent = text; };

async function tell(deed) {
  try {
    const answer = await fetch('do', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(deed) });
    say(answer.ok ? '' : w('failed'));
  } catch { say(w('gone')); }
  await look();
}

const button = (leg, deed, look = '') =>
  el('button', { type: 'button', className: look, textContent: w(deed), data: { leg: leg.id, deed, key: `${leg.id}/${deed}` } });

function acts(leg) {
  if (door(leg) || leg.state === 'ended') return null;
  if (leg.state === 'talking' || leg.waits) return el('div', { className: 'acts' }, button(leg, 'hang_up', 'no'));
  const buttons = [button(leg, 'pick_up', 'yes'), ignored.has(leg.id) ? null : button(leg, 'ignore'), button(leg, 'rejects', 'no'), button(leg, 'busy')];
  if (leg.role !== 'agent') buttons.push(button(leg, 'unavailable'));
  return el('div', { className: 'acts' }, ...buttons);
}

const door = (leg) => leg.role === 'queue' || leg.role === 'ivr';
const state = (leg) => leg.held ? 'held' : leg.waits ? 'waits' : leg.state;

function legRow(leg) {
  const name = leg.label ? `${leg.label} · ${leg.party}` : leg.party;
  return el('div', { className: `leg${ignored.has(leg.id) ? ' ignored' : ''}`, data: { state: leg.state } },
    el('div', { className: 'who' }, el('b', { textContent: w(leg.role) }), ` ${name}`),
    door(leg) ? null : el('div', { className: 'state' }, w(state(leg)), leg.state === 'ended' ? '' : ' ', leg.state === 'ended' ? null : el('time', { data: { since: leg.since } })),
    acts(leg));
}

const card = (call) => el('article', { className: 'card' },
  el('h3', { textContent: call.number ?? call.legs.map((leg) => leg.party).join(' → ') }),
  el('p', { textContent: w(call.direction) + (call.did ? ` · ${call.did}` : '') }),
  ...call.legs.filter((leg) => leg.state !== 'ended' || call.legs.length < 4).map(legRow));

function clocks() {
  if (!last) return;
  const now = Date.parse(last.now) + (performance.now() - last.at);
  for (const time of document.querySelectorAll('time[data-since]')) {
    const seconds = Math.max(0, Math.round((now - Date.parse(time.dataset.since)) / 1000));
    const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    if (time.textContent !== text) time.textContent = text;
  }
}

function choices(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => el('option', { value, textContent: text })));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

function draw() {
  const focused = document.activeElement?.dataset?.key;
  $('#calls').replaceChildren(...last.calls.map(card));
  $('#none').hidden = last.calls.length > 0;
  $('#ended').replaceChildren(...last.ended.map((call) => el('li', {},
    el('span', { textContent: call.number ?? call.legs[0]?.party }), el('span', { textContent: outcome(call.outcome) }))));
  $('#over').hidden = last.ended.length === 0;
  const order = { queue: 0, ivr: 1, phone: 2 };
  const places = last.extensions.filter((e) => e.type in order).sort((a, b) => order[a.type] - order[b.type]);
  choices($('select[name=to]'), places.map((e) => [e.name, `${e.name} · ${e.label}`]));
  choices($('select[name=did]'), last.dids.map((did) => [did, did]));
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  clocks();
}

function speak() {
  document.documentElement.lang = language;
  document.title = w('title');
  for (const place of document.querySelectorAll('[data-word]')) place.textContent = w(place.dataset.word);
  $('#language').textContent = w('language');
  if (last) draw();
}

async function look() {
  try {
    const answer = await fetch('state', { cache: 'no-store' });
    const found = await answer.json();
    if ($('#said').textContent === w('gone')) say('');
    last = { ...found, at: performance.now() };
    const { now, ...rest } = found;
    const text = JSON.stringify(rest);
    if (text !== seen) { seen = text; draw(); }
  } catch { say(w('gone')); }
}

document.addEventListener('click', (event) => {
  const pressed = event.target.closest('button[data-deed]');
  if (!pressed) return;
  const { leg, deed } = pressed.dataset;
  if (deed === 'ignore') { ignored.add(leg); draw(); } else tell({ leg, deed });
});
$('#in').addEventListener('submit', (event) => {
  event.preventDefault();
  tell({ deed: 'call', ...Object.fromEntries(new FormData(event.target)) });
});
$('#language').addEventListener('click', () => { language = language === 'ru' ? 'en' : 'ru'; speak(); });

speak();
await look();
setInterval(() => { if (!document.hidden) look(); }, 500);
setInterval(clocks, 250);
