"""E-mail addresses."""

from __future__ import annotations

import re

# The same mailbox under several names, by the providers' own help pages (Google and Yandex, 2026).
SAME = {"googlemail.com": "gmail.com", "ya.ru": "yandex.ru", "yandex.com": "yandex.ru", "yandex.by": "yandex.ru",
    "yandex.kz": "yandex.ru", "yandex.ua": "yandex.ru"}  # fmt: skip
_FORM = re.compile(r"[^@\s<>]+@[^@\s<>]+")


def read_email(value: str, mailboxes: bool = True) -> str | None:
    """Return an address in lower case, out of ``Name <address>`` too. None where there is none.

    With `mailboxes`, addresses that reach the same mailbox become one: dots in Gmail's names mean nothing, ``+word`` after
    a name neither, ``ya.ru`` is ``yandex.ru``.
    """
    found = _FORM.search(value.strip().lower())
    if found is None:
        return None
    name, _at, domain = found[0].rpartition("@")
    domain = domain.strip(".")
    if not mailboxes:
        return f"{name}@{domain}"
    domain = SAME.get(domain, domain)
    bare = name.partition("+")[0]
    if domain == "gmail.com":
        bare = bare.replace(".", "")
    if domain == "yandex.ru":
        bare = bare.replace(".", "-")
    return f"{bare or name}@{domain}"
