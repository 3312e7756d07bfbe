"""What went wrong with a message, in the reader's language: it is kept in English, as the log and the API have it."""

from __future__ import annotations

import re
from functools import cache

from crmkit import Text, _

from .address import NO_HTTP, NO_PORT, NO_USER, NOT_A_URL, PRIVATE, UNKNOWN
from .attempt import OFF
from .sender import REDIRECTED, TIMED_OUT

KNOWN = {
    TIMED_OUT: _("no answer in time", ru="нет ответа вовремя"),
    REDIRECTED: _("it redirects, which is not followed", ru="перенаправления не выполняются"),
    OFF: _("the webhook is switched off", ru="вебхук выключен"),
}  # fmt: skip
BEGIN = {
    "ConnectionRefusedError": _("the connection was refused", ru="в соединении отказано"),
    "ConnectionResetError": _("the connection was broken off", ru="соединение оборвано"),
    "RemoteDisconnected": _("it hung up without an answer", ru="соединение закрыто без ответа"),
    "SSLCertVerificationError": _("its certificate cannot be trusted", ru="сертификату нельзя доверять"),
    "SSLError": _("no secure connection could be made", ru="не удалось установить защищённое соединение"),
}


def in_words(error: str) -> str:
    """Return an error as people read it; what is not known stays as it was kept."""
    known = KNOWN.get(error) or BEGIN.get(error.partition(":")[0])
    if known is not None:
        return known
    for template, pattern in _patterns():
        found = pattern.fullmatch(error)
        if found is not None:
            return template.format(**found.groupdict())
    return error


@cache
def _patterns() -> list[tuple[Text, re.Pattern[str]]]:
    """Return the texts about addresses, each with what finds it and its values again."""
    texts = (UNKNOWN, PRIVATE, NO_PORT, NO_HTTP, NO_USER, NOT_A_URL)
    return [(text, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(text)))) for text in texts]
