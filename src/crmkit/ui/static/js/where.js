// Which list somebody is at: that of the page, or one of a window. In a window ids begin with the window's name.
import { $ } from './core.js';
import { rename } from './windowed.js';

/** What an element belongs to: its window, else the page. */
export const scopeOf = (el) => el?.closest?.('.win') ?? $('#main');
/** The element of a scope that has this id in its template. */
export const at = (scope, id) => scope?.querySelector(`#${CSS.escape(scope.matches('.win') ? `${scope.name}-${id}` : id)}`) ?? null;
export const list = (scope) => { const found = at(scope, 'list'); return found?.matches('[data-list]') ? found : null; };
export const pop = (scope) => at(scope, 'list-pop');
export const inWindow = (scope) => !!scope?.matches('.win');
/** What tells the server that a window asks. */
export const asks = (scope) => (inWindow(scope) ? { 'CRM-Window': scope.name } : {});

/** HTML as a document; for a window with the ids it has there. */
export function parsed(html, scope) {
  const page = new DOMParser().parseFromString(html, 'text/html');
  if (inWindow(scope)) rename(page, scope);
  return page;
}
