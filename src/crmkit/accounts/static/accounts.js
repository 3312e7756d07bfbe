// Passwords that can be looked at, links that are taken out of the address, secrets that are copied.
import { say, toast } from 'crm';

document.addEventListener('change', (event) => {
  const of = event.target.dataset?.showPassword;
  if (of) document.getElementById(of).type = event.target.checked ? 'text' : 'password';
});

// The secret of an invitation stands behind the #: it leaves the address, and with it the history, before anything else happens.
const form = document.querySelector('[data-link-form]');
if (form && location.hash.length > 1) {
  form.elements.token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
  document.querySelector('[data-link-reading]').hidden = false;
  document.querySelector('[data-link-pasting]').hidden = true;
  form.hidden = true;
  form.submit();
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy-of]');
  if (!button) return;
  const text = document.getElementById(button.dataset.copyOf).textContent;
  try {
    await navigator.clipboard.writeText(text);
    toast(button.dataset.copied);
  } catch { // plain http: the text is chosen, so that Ctrl+C takes it
    getSelection().selectAllChildren(document.getElementById(button.dataset.copyOf));
    say(button.dataset.chosen);
  }
});
