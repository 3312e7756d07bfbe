// Files for an import: dropped or chosen, sent one after the other as they are, with how far each is.
import { $, word } from './core.js';

class Drop extends HTMLElement {
  connectedCallback() {
    this.input = $('input[type=file]', this);
    this.addEventListener('change', (event) => { event.stopPropagation(); this.send([...this.input.files]); });
    this.addEventListener('dragover', (event) => { event.preventDefault(); this.classList.add('over'); });
    this.addEventListener('dragleave', (event) => { if (!this.contains(event.relatedTarget)) this.classList.remove('over'); });
    this.addEventListener('drop', (event) => { event.preventDefault(); this.classList.remove('over'); this.send([...event.dataTransfer.files]); });
  }

  async send(files) {
    if (!files.length || this.busy) return;
    this.busy = true;
    this.tell('');
    let to = this.dataset.to ?? '', path = '';
    try {
      // A mapping file names the others: it goes last.
      for (const file of files.sort((a, b) => a.name.endsWith('.toml') - b.name.endsWith('.toml'))) {
        const made = await this.one(file, to);
        to = made.id; path = made.path;
      }
      if (path === location.pathname) location.reload(); else location.assign(path);
    } catch (problem) {
      this.tell(problem.message);
    }
    this.busy = false;
    this.input.value = '';
  }

  one(file, to) {
    return new Promise((done, fail) => {
      const asked = new URLSearchParams({ name: file.name, kind: this.dataset.kind ?? '', to });
      const request = new XMLHttpRequest(), part = $('.drop-p', this), bar = $('progress', this);
      request.open('POST', `${this.dataset.send}?${asked}`);
      request.setRequestHeader('Content-Type', 'application/octet-stream');
      request.setRequestHeader('HX-Request', 'true');
      if (part) { part.hidden = false; $('.drop-n', this).textContent = file.name; bar.value = 0; }
      request.upload.onprogress = (event) => { if (bar && event.lengthComputable) bar.value = (event.loaded / event.total) * 100; };
      request.onload = () => {
        let told = {};
        try { told = JSON.parse(request.responseText); } catch { /* a proxy's page */ }
        if (request.status === 201) return done(told);
        if (part) part.hidden = true;
        fail(new Error([...new Set([told.detail || told.title, ...(told.problems ?? []).map((p) => p.message)])].filter(Boolean).join(' · ') || word('lost_page')));
      };
      request.onerror = () => { if (part) part.hidden = true; fail(new Error(word('lost_page'))); };
      request.send(file);
    });
  }

  tell(words) {
    const place = $('.drop-e', this);
    place.textContent = words;
    place.hidden = !words;
  }
}
customElements.define('crm-drop', Drop);

// How far an import is, is asked every second, but only while somebody looks.
document.addEventListener('htmx:config:request', (event) => {
  if (document.hidden && event.detail.ctx.sourceElement?.matches?.('.wiz-run')) event.preventDefault();
});
