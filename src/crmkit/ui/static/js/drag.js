// Dragging a card of a board with a pointer. Columns are measured when the drag begins, the cards of a column when it is
// entered; what runs for every movement is arithmetic and one transform.
const EDGE = 56, MOST = 18;

/** Carry `card` until the pointer is let go; Esc, a second pointer or a lost one take it back. */
export function drag(board, card, event, x0, y0) {
  const home = card.getBoundingClientRect(), dx = x0 - home.left, dy = y0 - home.top, from = board.place(card), hold = new AbortController();
  const fly = lifted(card, home);
  card.classList.add('ghost');
  document.body.classList.add('dragging');
  board.shade(from.col);
  let x = event.clientX, y = event.clientY, waiting = 0, here = null, over = false;
  const columns = board.lists.map((list) => {
    const col = list.closest('.col'), box = col.getBoundingClientRect();
    return { list, col, left: box.left + board.scrollLeft, right: box.right + board.scrollLeft, top: list.getBoundingClientRect().top,
      allowed: board.may(from.col, col.dataset.col), own: list === from.list };
  });
  const edges = board.getBoundingClientRect();

  const enter = (next) => {
    here?.col.classList.remove('over');
    here = next;
    here.col.classList.add('over');
    if (board.free) measure(here, card, home.height);
    else if (here.own) board.back(card, from);
    else if (here.allowed) { here.list.prepend(card); }
  };
  const frame = () => {
    waiting = 0;
    if (over) return;
    fly.style.transform = `translate3d(${x - dx}px,${y - dy}px,0) rotate(1.4deg)`;
    const at = x + board.scrollLeft, next = columns.find((c) => at >= c.left - 5 && at < c.right + 5) ?? here;
    if (next && next !== here) enter(next);
    fly.classList.toggle('no', !!here && !here.allowed);
    if (board.free && here) slot(here, card, y - dy + home.height / 2);
    if (scrolled(board, edges, here, x, y)) waiting = requestAnimationFrame(frame);
  };
  const end = (keep) => {
    if (over) return;
    over = true;
    cancelAnimationFrame(waiting);
    hold.abort();
    here?.col.classList.remove('over');
    document.body.classList.remove('dragging');
    board.cancel = null;
    board.shade(null);
    const refused = keep && here && !here.allowed;
    if (!keep || refused) board.back(card, from);
    land(fly, card);
    board.justDragged = true;
    setTimeout(() => { board.justDragged = false; }, 60);
    if (refused) board.notAllowed(from.col, here.col);
    else if (keep && (card.parentNode !== from.list || (board.free && card.nextElementSibling !== from.next))) return board.commit(card, from);
    board.later(0);
  };
  const listen = (name, run, options = {}) => addEventListener(name, run, { signal: hold.signal, ...options });
  board.cancel = () => end(false);
  listen('pointermove', (m) => { x = m.clientX; y = m.clientY; waiting ||= requestAnimationFrame(frame); });
  listen('pointerup', () => end(true));
  listen('pointercancel', () => end(false));
  listen('keydown', (k) => { if (k.key === 'Escape') { k.preventDefault(); k.stopPropagation(); end(false); } }, { capture: true });
  listen('blur', () => end(false));
  frame();
}

function lifted(card, home) {
  const fly = card.cloneNode(true);
  fly.classList.add('fly');
  fly.removeAttribute('data-id');
  fly.removeAttribute('tabindex');
  fly.inert = true;
  fly.style.width = `${home.width}px`;
  document.body.append(fly);
  return fly;
}

function land(fly, card) {
  const shown = card.closest('.folded') ?? card, at = shown.getBoundingClientRect();
  fly.classList.add('drop');
  fly.style.transform = `translate3d(${at.left}px,${at.top}px,0)`;
  if (shown !== card) fly.style.opacity = '0';
  const done = () => { fly.remove(); card.classList.remove('ghost'); };
  fly.addEventListener('transitionend', done, { once: true });
  setTimeout(done, 240);
}

// Never offsetTop: lists have `contain: layout`. The middle of each card, from the top of the list's content.
function measure(column, card, height) {
  const { list } = column, top = list.getBoundingClientRect().top - list.scrollTop, all = [...list.querySelectorAll(':scope > .card')];
  column.at = all.indexOf(card);
  column.height = column.at >= 0 ? height + 7 : 0;
  column.others = all.filter((c) => c !== card);
  column.middles = column.others.map((c) => { const box = c.getBoundingClientRect(); return box.top + box.height / 2 - top; });
}

function slot(column, card, middle) {
  const wanted = middle - column.top + column.list.scrollTop;
  let low = 0, high = column.middles.length;
  while (low < high) {
    const m = (low + high) >> 1, own = column.at >= 0 && m >= column.at ? column.height : 0;
    if (column.middles[m] - own < wanted) low = m + 1; else high = m;
  }
  const before = column.others[low] ?? null;
  if (card.parentNode !== column.list || card.nextElementSibling !== before) column.list.insertBefore(card, before);
}

function scrolled(board, edges, column, x, y) {
  const down = !board.free || !column ? 0 : y < column.top + EDGE ? y - column.top - EDGE : y > innerHeight - 90 ? y - (innerHeight - 90) : 0;
  const side = x < edges.left + EDGE ? x - edges.left - EDGE : x > edges.right - EDGE ? x - edges.right + EDGE : 0;
  const step = (by) => Math.max(-MOST, Math.min(MOST, by / 3));
  if (down) column.list.scrollTop += step(down);
  if (side) board.scrollLeft += step(side);
  return down || side;
}
