"""One visit to a page: who comes, what is asked, and how it is answered."""

from __future__ import annotations

import functools
import json
import re
import secrets
import typing as t
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, quote, urlencode

from markupsafe import escape

from ..core.errors import Invalid, Problem
from ..core.text import _, translate
from ..web.actors import who_of
from ..web.call import LANGUAGE_COOKIE, LANGUAGES
from .results import Redirect, Result, Toast, View
from .security import HTML, headers

if t.TYPE_CHECKING:
    import datetime as dt
    from zoneinfo import ZoneInfo

    from starlette.requests import HTTPConnection

    from ..core.access import Actor
    from ..core.compose import Crm
    from ..core.errors import Refusal
    from ..core.kind import Kind
    from ..core.uow import Uow
    from ..web.answer import Answer
    from ..web.call import Call
    from .declared import PhoneButton
    from .site import Site

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "crmkit_theme"
NOT_A_FORM = _("the form cannot be read", ru="форму не удаётся прочитать")
SAID_COOKIE, SAID_FOR, LONGEST_SAID = "crmkit_said", 1 / 1440, 500
MOST_FIELDS = 2000
SWAP_MAIN = {"target": "#main", "select": "#main", "swap": "outerHTML show:none"}
WINDOW = re.compile(r"win-[0-9]{1,6}")


class Form(Mapping[str, str]):
    """The fields of a form, or of a query: the last value of each, `all` of them where there are several."""

    def __init__(self, pairs: t.Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._values[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in order."""
        return list(self._values.get(name, ()))

    def pairs(self) -> list[tuple[str, str]]:
        """Return all names and values, for passing them on."""
        return [(name, value) for name, values in self._values.items() for value in values]


class Visit:
    """A request for a page, as page functions get it."""

    def __init__(self, site: Site, call: Call) -> None:
        self.site, self.call = site, call
        self.crm: Crm = call.crm
        self.nonce = secrets.token_urlsafe(12)
        self.path: Mapping[str, str] = {}
        """What ``{names}`` in the page's address stand for."""
        self.key: int = call.key
        self.uow: Uow | None = None
        """The unit of work the page is made in."""
        self.plugin = ""
        """Whose page it is: templates are looked for there, and its style sheets apply."""
        self._query: Form | None = None
        self._form: Form | None = None
        self.cookies_to_set: list[tuple[bytes, bytes]] = []
        self.mark = ""
        self.refusal: Refusal | None = None
        """Why a form that was sent is shown once more."""

    # ---- who and where -----------------------------------------------------------------------------------------
    @property
    def actor(self) -> Actor:
        """Who is visiting."""
        return self.call.actor

    @property
    def signed_in(self) -> bool:
        """False for a visitor nobody knows."""
        return self.actor.id is not None or bool(self.actor.roles) or self.actor.system

    @property
    def who(self) -> str:
        """What tells visitors of one browser apart, for scripts; nothing for one nobody knows."""
        return who_of(self.actor) if self.signed_in else ""

    @property
    def kind(self) -> Kind:
        """The entity the address is about."""
        return self.call.kind

    @property
    def method(self) -> str:
        """GET or POST (HEAD is answered as GET)."""
        return "GET" if self.call.method == "HEAD" else self.call.method

    @property
    def language(self) -> str:
        """``ru`` or ``en``: chosen in this browser, else the person's own, the browser's, the settings'."""
        return self.call.language if self.call.language in LANGUAGES else "en"

    @property
    def theme(self) -> str:
        """``auto``, ``light`` or ``dark``."""
        found = self.cookie(THEME_COOKIE)
        return found if found in THEMES else self.site.settings.theme

    @property
    def now(self) -> dt.datetime:
        """The moment of the CRM's clock."""
        return self.crm.clock.now()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which moments are shown."""
        return self.crm.zone

    def say(self, text: str, /, **values: object) -> str:
        """Return a text in the visitor's language."""
        said = text.format(**values) if values else text
        return translate(said, self.language)

    def url(self, path: str = "/", /, **query: object) -> str:
        """Return an address within this CRM, wherever it is mounted: ``visit.url("/sales/deal", view=5)``."""
        asked = urlencode({k: v for k, v in query.items() if v is not None})
        path = f"/{path.lstrip('/')}" if path.startswith("//") else path  # two of them would name another host
        return self.call.root + quote(path, safe="/?&=%,:~+-._!$'()*;@#") + (("&" if "?" in path else "?") + asked if asked else "")

    @functools.cached_property
    def phone_buttons(self) -> Sequence[PhoneButton]:
        """What plugins put beside telephone numbers for this visitor."""
        uow = self.uow
        if uow is None:
            return ()
        found = [b for b in self.site.registry.phones if uow.may(b.permission)]
        return [b for b in found if b.shown is None or b.shown(uow)]

    # ---- what is asked ------------------------------------------------------------------------------------------
    @property
    def query(self) -> Form:
        """What stands behind the question mark."""
        if self._query is None:
            self._query = Form(())  # what cannot be read is refused once: the page that says so has an empty one
            self._query = _pairs(self.call.scope.get("query_string", b""))
        return self._query

    @property
    def form(self) -> Form:
        """The fields of a form that was sent; empty for other methods than POST."""
        if self._form is None:
            media = (self.call.header(b"content-type") or "").partition(";")[0].strip().lower()
            if not self.call.body:
                self._form = Form(())
            elif media == "application/x-www-form-urlencoded":
                self._form = Form(())
                self._form = _pairs(self.call.body)
            else:
                raise Invalid(problems=[Problem("", "form", NOT_A_FORM)])
        return self._form

    def cookie(self, name: str) -> str | None:
        """Return a cookie of the visitor's browser."""
        return self.call.cookies.get(name)

    def set_cookie(self, name: str, value: str, *, days: float = 365, hidden: bool = False, path: str = "/", secure: bool | None = None) -> None:
        """Keep something in the visitor's browser, for this CRM only; with no `days` it is taken away.

        Preferences may be read by scripts; what is secret is `hidden` from them. `path` narrows it to some pages; `secure`
        follows the request where it is left out.
        """
        over_tls = self.call.scope.get("scheme") == "https" if secure is None else secure
        ends = f"Path={self.call.root}{path}; Max-Age={int(days * 86400)}; SameSite=Lax"
        text = f"{name}={value}; {ends}{'; HttpOnly' if hidden else ''}{'; Secure' if over_tls else ''}"
        self.cookies_to_set.append((b"set-cookie", text.encode("ascii")))
        self.call.cookies[name] = value

    def keep_language(self, language: str) -> None:
        """Show this browser the pages in a language from now on."""
        if language in LANGUAGES:
            self.set_cookie(LANGUAGE_COOKIE, language)

    @property
    def request(self) -> HTTPConnection:
        """The request as Starlette has it: headers, the client's address, the session of a host."""
        from starlette.requests import HTTPConnection

        return HTTPConnection(self.call.scope)

    @property
    def came_from(self) -> str:
        """The page of this CRM the visitor was at when this was asked, as an address within it; ``/`` when the browser does not say."""
        from urllib.parse import urlsplit

        told = urlsplit(self.call.header(b"hx-current-url") or self.call.header(b"referer") or "")
        root = self.call.root
        if told.netloc != (self.call.header(b"host") or "") or not told.path.startswith(f"{root}/"):
            return "/"
        path = told.path[len(root) :]
        return f"/{path.lstrip('/')}" + (f"?{told.query}" if told.query else "")

    @property
    def htmx(self) -> bool:
        """True when a script asks, not the address bar."""
        return self.call.header(b"hx-request") == "true"

    @property
    def fragment(self) -> bool:
        """True when a part of the page is asked for: the answer comes without the shell."""
        return self.htmx and self.call.header(b"hx-request-type") == "partial"

    @property
    def window(self) -> bool:
        """True when the page is shown in a floating window (which says so, or ``?view=window``): its template leaves out the shell."""
        return self.window_id != "" or self.query.get("view") == "window"

    @property
    def window_id(self) -> str:
        """The window that asks (``win-3``), or nothing."""
        given = self.call.header(b"crm-window") or ""
        return given if WINDOW.fullmatch(given) else ""

    @property
    def whole(self) -> bool:
        """True when a whole page is asked for, be it for a window; False for a part of one."""
        if not self.htmx or self.call.header(b"hx-request-type") == "full":
            return True
        return self.window_id != "" and (self.call.header(b"hx-target") or "").endswith(f"#{self.window_id}")

    # ---- the answer ---------------------------------------------------------------------------------------------
    def answer(self, result: Result | Answer, status: int = 200) -> Answer:
        """Turn what a page's function returned into an HTTP answer."""
        from ..web.answer import Answer, Stream

        if isinstance(result, Answer | Stream):
            result.headers.extend(self.cookies_to_set)
            return result
        if isinstance(result, Redirect):
            return self._redirect(result)
        if isinstance(result, Toast):
            return self._toast(result)
        if isinstance(result, View):
            body, own = self.site.render(self, result), [(n.encode(), v.encode("latin-1")) for n, v in result.headers]
            status = result.status if result.status != 200 else status
        else:
            body, own = str(escape(result or "")), []
        found = [*headers(self.nonce), *own, *self.cookies_to_set, (b"content-language", self.language.encode())]
        return Answer(body.encode(), status, found, HTML)

    def _redirect(self, result: Redirect) -> Answer:
        from ..web.answer import Answer

        place = result.path if result.path.startswith(("http://", "https://")) else self.url(result.path)
        if not self.htmx:
            self._say_there(result)
            return Answer(b"", 303, [(b"location", place.encode("ascii", "ignore")), *self.cookies_to_set], None)
        told = [_trigger({"crm:toast": {"text": self.say(result.say), "undo": result.undo}})] if result.say else []
        onward = json.dumps({"path": place, **(_swap_window(self.window_id) if self.window_id else SWAP_MAIN)})
        return Answer(b"", 200, [(b"hx-location", onward.encode("ascii", "backslashreplace")), *told, *self.cookies_to_set], HTML)

    def _say_there(self, result: Redirect) -> None:
        """Leave what is to be said for the page the browser goes on to: a minute, for this person, out of reach of scripts and addresses."""
        text = self.say(result.say)
        if text and not result.path.startswith(("http://", "https://")):
            kept = json.dumps([self.who, text[:LONGEST_SAID], result.undo]).encode()
            self.set_cookie(SAID_COOKIE, urlsafe_b64encode(kept).decode().rstrip("="), days=SAID_FOR, hidden=True)

    def said(self) -> tuple[str, int | None] | None:
        """Return what the page before this one had to say, once: the text, and the number of a transaction to take back."""
        given = self.cookie(SAID_COOKIE)
        if not given:
            return None
        self.set_cookie(SAID_COOKIE, "", days=0, hidden=True)
        try:
            who, text, undo = json.loads(urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        except (ValueError, TypeError):
            return None
        if who != self.who or not isinstance(text, str):
            return None
        return text[:LONGEST_SAID], undo if isinstance(undo, int) else None

    def _toast(self, result: Toast) -> Answer:
        from ..web.answer import Answer

        told: dict[str, t.Any] = {"crm:toast": {"text": self.say(result.text), "bad": result.bad, "undo": result.undo}}
        told |= {f"crm:{topic}": {"own": True} for topic in result.topics}
        return Answer(b"", 204, [_trigger(told), *self.cookies_to_set], None)


def _swap_window(name: str) -> dict[str, t.Any]:
    """Return how a window goes on: in itself, asking for itself, and without a line in the browser's history."""
    return {"target": f"#{name}", "source": f"#{name}", "swap": "innerHTML", "push": "false", "headers": {"CRM-Window": name}}


def _trigger(events: Mapping[str, t.Any]) -> tuple[bytes, bytes]:
    return (b"hx-trigger", json.dumps(events).encode("ascii"))


def _pairs(raw: bytes) -> Form:
    try:
        found = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise Invalid(problems=[Problem("", "form", NOT_A_FORM)]) from error
    if any("\x00" in name or "\x00" in value for name, value in found):
        raise Invalid(problems=[Problem("", "form", NOT_A_FORM)])
    return Form(found)
