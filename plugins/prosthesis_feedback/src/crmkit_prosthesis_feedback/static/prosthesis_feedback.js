// Screens of the follow-up: a photo goes to the server as soon as it is chosen; a wrong line of a protocol is jumped to.

/** <pf-photo>: sends the chosen picture, then keeps its number as the answer. */
customElements.define('pf-photo', class extends HTMLElement {
  connectedCallback() { this.addEventListener('change', this); }
  async handleEvent(event) {
    const file = event.target.files?.[0];
    if (!file) return;
    event.stopPropagation(); // the form is kept once the picture is there
    const { to, kind, id, lWait, lSent, lBad } = this.dataset, said = this.querySelector('.pf-photo-s'), held = this.querySelector('[type=hidden]');
    said.textContent = lWait;
    const body = new FormData();
    for (const [name, value] of [['about_kind', kind], ['about_id', id], ['name', file.name], ['file', file]]) body.append(name, value);
    try {
      const answer = await fetch(to, { method: 'POST', body, headers: { accept: 'application/json' } });
      if (!answer.ok) throw new Error(answer.status);
      held.value = String((await answer.json()).id);
      said.textContent = lSent;
      event.target.value = '';
      held.dispatchEvent(new Event('change', { bubbles: true }));
    } catch { said.textContent = lBad; }
  }
});

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-pf-line]');
  if (!link) return;
  event.preventDefault();
  const area = link.closest('form').querySelector('textarea.code'), number = Number(link.dataset.pfLine);
  const lines = area.value.split('\n'), start = lines.slice(0, number - 1).join('\n').length + (number > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[number - 1] ?? '').length);
  area.scrollTop = Math.max(0, (number - 4) * 19);
});
