// Running clocks of the supervisor's board: the server says since when, by its own clock; nothing is asked for while they run.
const seen = new WeakMap();

function tick() {
  for (const board of document.querySelectorAll('[data-tqb-now]')) {
    const now = Number(board.dataset.tqbNow);
    let at = seen.get(board);
    if (at?.now !== now) seen.set(board, at = { now, here: performance.now() });
    const moment = now + performance.now() - at.here;
    for (const clock of board.querySelectorAll('[data-tqb-since]')) {
      const seconds = Math.max(0, Math.floor((moment - Number(clock.dataset.tqbSince)) / 1000));
      const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds % 3600 / 60), seconds % 60].map(String);
      const said = hours === '0' ? `${minutes}:${rest.padStart(2, '0')}` : `${hours}:${minutes.padStart(2, '0')}:${rest.padStart(2, '0')}`;
      if (clock.textContent !== said) clock.textContent = said;
      const { tqbNorm } = clock.dataset;
      if (tqbNorm) clock.classList.toggle('late', seconds > Number(tqbNorm));
    }
  }
}
setInterval(() => { if (!document.hidden) tick(); }, 1000);
document.addEventListener('visibilitychange', () => { if (!document.hidden) tick(); });
