// Charts are drawn by the server and read without this. It adds the tip, by pointer and by focus, and moving with the arrows:
// a chart is one stop of the Tab key, Home and End go to its ends, Escape puts the tip away.
let tip;
const hide = () => tip?.remove();

function show(mark, x, y) {
  tip ??= Object.assign(document.createElement('div'), { className: 'tip' });
  tip.setAttribute('aria-hidden', 'true'); // the mark's own name says the same
  const [head, ...rows] = mark.dataset.tip.split('\n');
  const line = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  tip.replaceChildren(line('b', head), ...rows.map((text) => line('div', text)));
  document.body.append(tip);
  const box = mark.getBoundingClientRect(), w = tip.offsetWidth, h = tip.offsetHeight;
  const left = x === undefined ? box.left + box.width / 2 - w / 2 : x + 14;
  let top = y === undefined ? box.top - h - 8 : y - h - 12;
  if (top < 6) top = y === undefined ? box.bottom + 8 : y + 18;
  tip.style.transform = `translate(${Math.max(6, Math.min(innerWidth - w - 6, left))}px,${Math.max(6, Math.min(innerHeight - h - 6, top))}px)`;
}

// Marks that stand on a sheet know their row and column ("1,4"); those of a list follow one another.
function next(marks, mark, key) {
  if (key === 'Home') return marks[0];
  if (key === 'End') return marks.at(-1);
  const step = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1;
  if (!mark.dataset.at) return marks[marks.indexOf(mark) + step];
  const along = key === 'ArrowRight' || key === 'ArrowLeft' ? 1 : 0;
  const place = (m) => m.dataset.at.split(',').map(Number), here = place(mark);
  return marks
    .filter((m) => m.dataset.at && place(m)[1 - along] === here[1 - along] && (place(m)[along] - here[along]) * step > 0)
    .sort((a, b) => Math.abs(place(a)[along] - here[along]) - Math.abs(place(b)[along] - here[along]))[0];
}

customElements.define('crm-chart', class extends HTMLElement {
  connectedCallback() {
    if (this.listening) return;
    this.listening = true;
    for (const name of ['pointermove', 'pointerleave', 'focusin', 'focusout', 'keydown']) this.addEventListener(name, this);
  }

  disconnectedCallback() { hide(); }

  handleEvent(event) {
    const mark = event.target.closest?.('[data-tip]');
    if (event.type === 'pointerleave' || event.type === 'focusout') return hide();
    if (event.type === 'keydown') return this.move(event, mark);
    if (!mark) return hide();
    if (event.type === 'pointermove') show(mark, event.clientX, event.clientY);
    else if (mark.matches(':focus-visible')) show(mark);
  }

  move(event, mark) {
    if (event.key === 'Escape') return hide();
    if (!mark || event.altKey || event.ctrlKey || event.metaKey || !/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) return;
    const to = next([...this.querySelectorAll('[data-tip][tabindex]')], mark, event.key);
    event.preventDefault();
    if (!to) return;
    if (!mark.matches('a.row, a.slice')) mark.setAttribute('tabindex', '-1');
    to.setAttribute('tabindex', '0');
    to.focus();
    if (to.isConnected) show(to);
  }
});
