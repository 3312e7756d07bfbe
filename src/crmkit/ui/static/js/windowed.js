// The same page may be open in <main> and in windows: in a window its ids are its own, and what it names by id is found in it.
const REFS = ['for', 'form', 'list', 'headers', 'popovertarget', 'commandfor', 'aria-labelledby', 'aria-describedby', 'aria-controls',
  'aria-owns', 'aria-activedescendant', 'aria-details', 'aria-errormessage', 'aria-flowto'];
const NAMED = ['hx-target', 'hx-include', 'hx-indicator', 'hx-disable', 'hx-sync', 'hx-trigger', 'href', 'xlink:href', 'data-target'];
const DRAWN = ['fill', 'stroke', 'clip-path', 'mask', 'filter', 'marker-start', 'marker-end'];
const ALL = [...REFS, ...NAMED, ...DRAWN].map((name) => `[${CSS.escape(name)}]`).join(',');

/** The window a request came from, or undefined. */
export const own = (ctx) => ctx?.crmWin;

/** Give what comes into a window ids of its own. */
export function rename(fragment, w) {
  const mine = new Set([...fragment.querySelectorAll('[id]')].map((el) => el.id).filter((id) => !id.startsWith('win-')));
  const known = (id) => mine.has(id) || !!w.querySelector(`#${CSS.escape(`${w.name}-${id}`)}`);
  const ref = (id) => (id === 'main' ? w.name : known(id) ? `${w.name}-${id}` : id);
  for (const el of fragment.querySelectorAll(ALL)) {
    for (const name of REFS) if (el.hasAttribute(name)) el.setAttribute(name, el.getAttribute(name).split(/\s+/).map(ref).join(' '));
    for (const name of NAMED) {
      const value = el.getAttribute(name);
      if (value?.includes('#') && !(name === 'href' && !value.startsWith('#'))) el.setAttribute(name, value.replace(/#([\w-]+)/g, (all, id) => `#${ref(id)}`));
    }
    for (const name of DRAWN) if (el.getAttribute(name)?.startsWith('url(#')) el.setAttribute(name, el.getAttribute(name).replace(/#([\w-]+)/, (all, id) => `#${ref(id)}`));
  }
  for (const el of fragment.querySelectorAll('[id]')) if (mine.has(el.id)) el.id = `${w.name}-${el.id}`;
  for (const inner of fragment.querySelectorAll('template')) rename(inner.content, w);
}

const at = (el) => (el instanceof Element ? el.closest('.win') : null);

document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
  const w = at(ctx.sourceElement) ?? at(ctx.target);
  if (!w) return;
  ctx.crmWin = w;
  ctx.request.headers['CRM-Window'] = w.name;
});
document.addEventListener('htmx:before:response', ({ detail: { ctx } }) => {
  const w = own(ctx);
  if (!w) return;
  if (!w.isConnected) { delete ctx.hx.location; return; } // closed meanwhile: nowhere to go on
  const id = /^#([\w-]+)$/.exec(ctx.hx.retarget ?? '')?.[1];
  if (id && w.querySelector(`#${CSS.escape(`${w.name}-${id}`)}`)) ctx.hx.retarget = `#${w.name}-${id}`;
  ctx.crmCloses = /(^|[\s,"{])crm:close([\s,"]|$)/.test(ctx.hx.trigger ?? '');
});
document.addEventListener('htmx:before:swap', ({ detail: { ctx, tasks } }) => {
  const w = own(ctx);
  if (!w?.isConnected) return;
  for (const task of tasks) {
    const target = typeof task.target === 'string' ? document.querySelector(task.target) : task.target;
    if (target && !w.contains(target) && task.type !== 'main') {
      const inside = w.querySelector(`#${CSS.escape(`${w.name}-${target.id}`)}`);
      if (inside) task.target = inside;
    }
    const final = typeof task.target === 'string' ? document.querySelector(task.target) : task.target;
    if (w.contains(final)) rename(task.fragment, w);
  }
});
