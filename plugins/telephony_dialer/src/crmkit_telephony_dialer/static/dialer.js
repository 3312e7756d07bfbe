// Keys of the dialer on the manager's screen: V for a machine that answered, L to call.
const TYPING = 'input:not([type=radio],[type=checkbox],[type=button],[type=submit]),textarea,select,[contenteditable=true]';

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches?.(TYPING) || document.querySelector('dialog[open]')) return;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1], key = letter && document.querySelector(`#main [data-dial-key="${letter}"]`);
  if (!key || key.disabled) return;
  event.preventDefault();
  key.click();
});
