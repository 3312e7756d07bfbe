"""The document, and the page that shows it."""

from __future__ import annotations

import re
import typing as t
import weakref

from .answer import Answer, dumps
from .call import LANGUAGES, Call
from .openapi import document
from .page import HERE, page_html, page_style
from .parameters import choice

if t.TYPE_CHECKING:
    from ..core.compose import Crm

POLICY = b"default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
PAGE = [(b"content-security-policy", POLICY), (b"referrer-policy", b"no-referrer"), (b"x-frame-options", b"DENY")]
_MADE: weakref.WeakKeyDictionary[Crm, dict[tuple[str, str, str], bytes]] = weakref.WeakKeyDictionary()


def home(call: Call) -> Answer:
    """GET /: there is no page yet but the documentation."""
    call.query()
    return Answer(b"", 302, [(b"location", f"{call.root}/api/docs".encode())], None)


def openapi(call: Call) -> Answer:
    """GET /api/openapi.json."""
    language = _language(call)
    return Answer(_made(call, "json", language, lambda: dumps(document(call.crm, language, call.root))))


def docs(call: Call) -> Answer:
    """GET /api/docs."""
    language = _language(call)
    body = _made(call, "html", language, lambda: page_html(document(call.crm, language, call.root), language, call.root).encode())
    body = body.replace(HERE.encode(), _here(call).encode())
    return Answer(body, 200, [*PAGE, (b"content-language", language.encode())], b"text/html; charset=utf-8")


def _here(call: Call) -> str:
    """Return the address the page was asked at, as far as it is one: ``https://crm.example``."""
    host = call.header(b"host") or ""
    return f"{call.scope.get('scheme', 'http')}://{host}" if HOST.fullmatch(host) else ""


def style(call: Call) -> Answer:
    """GET /api/docs.css, with `v` for whoever wants the newest."""
    call.query("v")
    return Answer(page_style(), 200, [(b"cache-control", b"public, max-age=3600")], b"text/css; charset=utf-8")


def _language(call: Call) -> str:
    asked = choice(call.query("lang"), "lang", "", *LANGUAGES)
    return asked or (call.language if call.language in LANGUAGES else "en")


def _made(call: Call, form: str, language: str, make: t.Callable[[], bytes]) -> bytes:
    """Make it once for each language and place: composition does not change."""
    known = _MADE.setdefault(call.crm, {})
    key = (form, language, call.root)
    if key not in known:
        if len(known) > 20:  # root_path comes from outside
            known.clear()
        known[key] = make()
    return known[key]
