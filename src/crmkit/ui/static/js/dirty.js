// Forms that hold what nobody has saved yet: marked `data-dirty`, and nobody leaves them without being asked.
import { word } from './core.js';

const POSTS = '[method=post],[method=POST],[hx-post],[hx-put],[hx-patch]';
export const counts = (form) => !!form?.matches?.(POSTS) && !form.matches('[data-no-dirty],[role=search],[data-no-dirty] *');

/** The forms in `within` that hold unsaved work. */
export const dirty = (within = document) => [...within.querySelectorAll('form[data-dirty]')];

/** True when what is in `within` may go: nothing is unsaved there, or the person says so. */
export const mayLeave = (within) => !dirty(within).length || window.confirm(word('leave'));

function typed({ target, isTrusted }) {
  const form = target.form ?? target.closest?.('form');
  if (isTrusted && counts(form)) form.setAttribute('data-dirty', '');
}
document.addEventListener('input', typed);
document.addEventListener('change', typed);
document.addEventListener('reset', ({ target }) => target.removeAttribute('data-dirty'));
addEventListener('submit', (event) => { if (!event.defaultPrevented) event.target.removeAttribute('data-dirty'); });
document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
  const { form, method, submitter } = ctx.request;
  if (form && method !== 'GET' && ctx.response.status < 400 && (ctx.sourceElement === form || submitter)) form.removeAttribute('data-dirty');
});
// What comes back with words at its fields holds the same unsaved work.
document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
  if (ctx.response?.status !== 422 || !(ctx.target instanceof Element)) return;
  for (const form of document.querySelectorAll('form')) if (counts(form) && form.querySelector('[aria-invalid=true]')) form.setAttribute('data-dirty', '');
});
addEventListener('beforeunload', (event) => { if (dirty().length) event.preventDefault(); });
