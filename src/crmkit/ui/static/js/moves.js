// Sends a move. Where a stage asks for more, the server answers with a small form: it opens beside what was moved, and
// filling it in completes the move. Boards use this, and any element with data-move="ADDRESS" data-stage="STAGE".
import { part, toast, word } from './core.js';
import { changed } from './live.js';

function tell(answer, id) {
  let events = {};
  try { events = JSON.parse(answer.headers.get('HX-Trigger') ?? '{}'); } catch { /* a single name */ }
  for (const [name, detail] of Object.entries(events)) {
    if (detail?.own && name.startsWith('crm:')) changed(name.slice(4), id);
    else document.body.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

async function refusal(answer) {
  try {
    const problem = await answer.json();
    return [...new Set([problem.detail || problem.title, ...(problem.problems ?? []).map((p) => p.message)])].join(' · ');
  } catch { return word('lost_page'); }
}

/** Move, asking for what is missing. Resolves to 'done', 'cancelled', or 'refused' (it has been told why). */
export async function move(url, values, { anchor } = {}) {
  let body = new URLSearchParams(values), dialog = null, outcome = '';
  try {
    while (!outcome) {
      let answer;
      try { answer = await part(url, { method: 'POST', body }); } catch { toast(word('lost_page'), { bad: true }); outcome = dialog ? '' : 'refused'; if (!dialog) break; answer = null; }
      if (answer?.ok) { tell(answer, Number(/(\d+)\/move$/.exec(url)?.[1])); outcome = 'done'; break; }
      const form = answer?.status === 422 && /html/.test(answer.headers.get('content-type') ?? '');
      if (answer && !form) { toast(await refusal(answer), { bad: true }); outcome = 'refused'; break; }
      dialog ??= open(anchor);
      if (form) fill(dialog, await answer.text(), anchor);
      body = await filled(dialog);
      if (!body) outcome = 'cancelled';
    }
  } finally { dialog?.close(); dialog?.remove(); }
  return outcome;
}

function open() {
  const dialog = Object.assign(document.createElement('dialog'), { className: 'needs-dialog' });
  dialog.setAttribute('aria-labelledby', 'needs-title');
  document.body.append(dialog);
  return dialog;
}

function fill(dialog, html, anchor) {
  dialog.innerHTML = html;
  htmx.process(dialog);
  if (!dialog.open) dialog.showModal();
  place(dialog, anchor);
  (dialog.querySelector('[autofocus]') ?? dialog.querySelector('input:not([type=hidden]),select,textarea'))?.focus();
}

// Beside the card, on the side that has room; CSS makes it a sheet on a phone.
function place(dialog, anchor) {
  const at = anchor?.getBoundingClientRect(), w = dialog.offsetWidth, h = dialog.offsetHeight, gap = 10;
  if (!at || innerWidth <= 760) { dialog.style.left = dialog.style.top = ''; return; }
  const left = at.right + gap + w < innerWidth ? at.right + gap : at.left - gap - w > 0 ? at.left - gap - w : (innerWidth - w) / 2;
  dialog.style.left = `${left}px`;
  dialog.style.top = `${Math.max(12, Math.min(at.top - 8, innerHeight - h - 12))}px`;
}

/** What was filled in; null when it was given up. */
function filled(dialog) {
  const form = dialog.querySelector('form');
  return new Promise((resolve) => {
    const stop = new AbortController(), { signal } = stop;
    const end = (value) => { stop.abort(); resolve(value); };
    form.addEventListener('submit', (event) => { event.preventDefault(); end(new URLSearchParams(new FormData(form))); }, { signal });
    dialog.addEventListener('click', (event) => { if (event.target.closest('[data-cancel]')) end(null); }, { signal });
    dialog.addEventListener('cancel', (event) => { if (event.target === dialog) { event.preventDefault(); end(null); } }, { signal });
    addEventListener('popstate', () => end(null), { signal });
  });
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-move][data-stage]');
  if (!button || button.disabled || button.ariaDisabled === 'true' || button.dataset.busy) return;
  event.preventDefault();
  const { stage, pipeline, version } = button.dataset;
  button.dataset.busy = '1';
  const values = Object.fromEntries(Object.entries({ stage, pipeline, version }).filter(([, value]) => value));
  move(button.dataset.move, values, { anchor: button }).then((outcome) => {
    delete button.dataset.busy;
    button.dispatchEvent(new CustomEvent(`crm-move:${outcome}`, { bubbles: true }));
    if (outcome !== 'done') button.focus();
  });
});
