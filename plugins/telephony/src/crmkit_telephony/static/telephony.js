// The screens of calls: a card that was asked for opens in a window, colleagues to transfer to, and a player for recordings.
import { desk } from 'crm';

document.body.addEventListener('telephony:card', ({ detail }) => desk.open({ url: detail.url, title: detail.title, kind: 'call' }));

document.addEventListener('click', (event) => {
  const when = event.target.closest?.('[data-tel-when]');
  if (when) {
    const form = when.closest('form'), field = form.querySelector('[name=due_at]'), what = form.querySelector('[name=subject]');
    field.value = when.dataset.telWhen;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    if (!what.value) what.focus();
  }
  if (event.target.closest?.('[data-tel-done]')) setTimeout(() => event.target.closest('[popover]')?.hidePopover?.());
});

// The list of colleagues opens at its button, with the field to search in under the cursor.
document.addEventListener('toggle', (event) => {
  const pop = event.target;
  if (!pop.matches?.('[data-telpop]') || event.newState !== 'open') return;
  const button = [...document.querySelectorAll('[popovertarget]')].find((b) => b.getAttribute('popovertarget') === pop.id), at = button?.getBoundingClientRect();
  if (at) {
    pop.style.left = `${Math.max(8, Math.min(innerWidth - pop.offsetWidth - 8, at.left))}px`;
    pop.style.top = `${Math.max(8, Math.min(innerHeight - pop.offsetHeight - 8, at.bottom + 6))}px`;
  }
  pop.querySelector('input').focus();
}, true);

const time = (n) => `${Math.floor(n / 60)}:${String(Math.floor(n % 60)).padStart(2, '0')}`;
const SPEEDS = [1, 1.5, 2, 0.75];
let plays = null;

/** <tel-sound>: a recording in a line: play, where one is in it, how fast. Nothing is fetched before somebody presses play. */
customElements.define('tel-sound', class extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    const { src, length, lPlay, lPause, lSpeed, lAt, lGone } = this.dataset, link = this.querySelector('a');
    this.words = { play: lPlay, pause: lPause, gone: lGone };
    this.length = Number(length) || 0;
    this.button = Object.assign(document.createElement('button'), { type: 'button', className: 'btn icon sm' });
    this.at = Object.assign(document.createElement('input'), { type: 'range', min: 0, max: this.length || 1, step: 1, value: 0 });
    this.at.setAttribute('aria-label', lAt);
    this.at.setAttribute('form', 'tel-none'); // it belongs to no form: nothing is unsaved when it moves
    this.clock = Object.assign(document.createElement('span'), { className: 'num' });
    this.fast = Object.assign(document.createElement('button'), { type: 'button', className: 'btn xs ghost', textContent: '1×' });
    this.fast.setAttribute('aria-label', `${lSpeed}: 1×`);
    if (link) { link.className = 'btn icon xs ghost'; link.title = link.textContent; link.setAttribute('aria-label', link.textContent); link.lastChild.remove(); }
    if ('compact' in this.dataset) this.replaceChildren(this.button, ' ', this.clock); // in a list: the rest is on the call's own page
    else this.prepend(this.button, this.at, this.clock, this.fast);
    this.button.onclick = () => this.toggle(src);
    this.at.oninput = () => { if (this.sound) this.sound.currentTime = Number(this.at.value); this.draw(); };
    this.fast.onclick = () => {
      this.speed = SPEEDS[(SPEEDS.indexOf(this.speed ?? 1) + 1) % SPEEDS.length];
      if (this.sound) this.sound.playbackRate = this.speed;
      this.fast.textContent = `${this.speed}×`;
      this.fast.setAttribute('aria-label', `${lSpeed}: ${this.speed}×`);
    };
    this.draw();
  }

  disconnectedCallback() { setTimeout(() => { if (!this.isConnected) this.sound?.pause(); }); }

  toggle(src) {
    if (!this.sound) {
      const sound = this.sound = new Audio(src);
      sound.playbackRate = this.speed ?? 1;
      for (const name of ['play', 'pause', 'ended', 'timeupdate']) sound.addEventListener(name, () => this.draw());
      sound.addEventListener('loadedmetadata', () => { if (Number.isFinite(sound.duration)) { this.length = sound.duration; this.at.max = Math.ceil(sound.duration); } sound.currentTime = Number(this.at.value); this.draw(); });
      sound.addEventListener('error', () => { this.sound = null; this.classList.add('gone'); this.draw(); });
    }
    if (!this.sound.paused) return this.sound.pause();
    this.classList.remove('gone');
    if (plays && plays !== this.sound) plays.pause();
    plays = this.sound;
    this.sound.play().catch(() => {});
  }

  draw() {
    const on = this.sound && !this.sound.paused, now = this.sound ? this.sound.currentTime : Number(this.at.value);
    const label = on ? this.words.pause : this.words.play;
    if (this.button.title !== label) {
      this.button.title = label;
      this.button.setAttribute('aria-label', label);
      this.button.innerHTML = `<svg class="i" width="15" height="15" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><path d="${on ? 'M6 4h4v16H6zM14 4h4v16h-4z' : 'M7 4l13 8-13 8z'}"/></svg>`;
    }
    if (document.activeElement !== this.at || on) this.at.value = Math.floor(now);
    this.at.setAttribute('aria-valuetext', time(now));
    this.clock.textContent = this.classList.contains('gone') ? this.words.gone : `${time(now)} / ${time(this.length)}`;
  }
});
