// <crm-upload>: files are dropped or chosen, and go to the server one after another. What comes of it the timeline shows by itself.
import { toast } from 'crm';

customElements.define('crm-upload', class extends HTMLElement {
  connectedCallback() {
    if (this.bound) return;
    this.bound = true;
    this.input = this.querySelector('input[type=file]');
    this.input.addEventListener('change', () => { this.send([...this.input.files]); this.input.value = ''; });
    const area = this.closest('.composer') ?? this;
    area.addEventListener('dragover', (event) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      this.toggleAttribute('data-over', true);
      if (!this.offsetParent) document.getElementById(this.closest('[role=tabpanel]')?.getAttribute('aria-labelledby'))?.click();
    });
    area.addEventListener('dragleave', (event) => { if (!area.contains(event.relatedTarget)) this.removeAttribute('data-over'); });
    area.addEventListener('drop', (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.removeAttribute('data-over');
      this.send([...event.dataTransfer.files]);
    });
  }

  async send(files) {
    for (const file of files) {
      if (file.size > Number(this.dataset.biggest)) toast(this.word('lLarge', file), { bad: true });
      else await this.one(file);
    }
  }

  word(name, file) { return this.dataset[name].replace('{name}', file.name); }

  one(file) {
    const line = document.createElement('li'), bar = document.createElement('progress');
    bar.max = 1;
    bar.setAttribute('aria-label', this.word('lNow', file));
    line.append(this.word('lNow', file), bar);
    this.querySelector('.drop-now').append(line);
    const form = new FormData();
    form.append('about_kind', this.dataset.kind);
    form.append('about_id', this.dataset.id);
    form.append('file', file);
    return new Promise((done) => {
      const request = new XMLHttpRequest(); // fetch does not tell how far an upload is
      request.open('POST', this.dataset.to);
      request.upload.addEventListener('progress', (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
      request.addEventListener('loadend', () => {
        line.remove();
        if (request.status === 201) toast(this.word('lDone', file));
        else toast(`${this.word('lFailed', file)}. ${this.why(request)}`, { bad: true });
        done();
      });
      request.send(form);
    });
  }

  why(request) {
    try {
      const problem = JSON.parse(request.responseText);
      return [...new Set([...problem.problems.map((p) => p.message), problem.problems.length ? '' : problem.detail])].filter(Boolean).join(' · ');
    } catch { return ''; }
  }
});
