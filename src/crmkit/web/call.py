"""One request: what it says, who makes it, and the unit of work it runs in."""

from __future__ import annotations

import contextlib
import re
import typing as t
from collections.abc import Iterator
from urllib.parse import parse_qsl

import orjson

from ..core.access import ANONYMOUS, Actor
from ..core.errors import Invalid, PreconditionRequired, Problem, closest
from ..core.kind import Kind
from ..core.nesting import TOO_DEEP, too_deep
from ..core.text import _
from .problems import BadRequest, UnsupportedMedia

if t.TYPE_CHECKING:
    import sqlalchemy as sa

    from ..core.uow import Uow
    from .app import Edge
    from .uploads import Spooled

LANGUAGES = ("en", "ru")
LANGUAGE_COOKIE = "crmkit_language"
BIGGEST = 2**63 - 1
ETAG = r'(W/)?"[!#-~\x80-\xff]*"'
ETAGS = re.compile(rf"\"?[0-9]+\"?|{ETAG}(\s*,\s*{ETAG})*")
UNKNOWN = _("unknown parameter.{near}", ru="неизвестный параметр.{near}")
NUL = _("contains a NUL character", ru="содержит символ NUL")
EXPECTED_OBJECT = _("expected a JSON object", ru="ожидается объект JSON")


class Call:
    """A request on its way through the edge. `body` is read before the handler runs; the handler runs in a thread."""

    __slots__ = ("_cookies", "_headers", "actor", "body", "caller", "crm", "edge", "key", "kind", "method", "path", "root", "scope", "upload", "verb")

    def __init__(self, edge: Edge, scope: t.Any) -> None:
        self.edge, self.crm, self.scope = edge, edge.crm, scope
        self.method: str = scope["method"]
        self.root: str = scope.get("root_path", "").rstrip("/")
        path: str = scope["path"]
        if self.root and path.startswith(self.root) and path[len(self.root) : len(self.root) + 1] in ("", "/"):
            path = path[len(self.root) :]
        self.path: str = path or "/"
        self._headers: dict[bytes, bytes] | None = None
        self._cookies: dict[str, str] | None = None
        self.body = b""
        self.upload: Spooled | None = None
        self.actor: Actor = ANONYMOUS
        self.caller = ""
        self.kind: Kind = None  # type: ignore[assignment]  # set by the routes that have one
        self.key = 0
        self.verb = ""

    # ---- what it says ------------------------------------------------------------------------------------------
    def header(self, name: bytes) -> str | None:
        """Return a request header (lower-case name), or None."""
        if self._headers is None:
            self._headers = dict(self.scope["headers"])
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies of the caller's browser."""
        if self._cookies is None:
            self._cookies = {}
            for part in (self.header(b"cookie") or "").split(";"):
                key, equals, value = part.strip().partition("=")
                if equals:
                    self._cookies.setdefault(key, value)
        return self._cookies

    @property
    def language(self) -> str:
        """The caller's language: chosen in the browser, else the actor's own, the one the browser asks for, the settings'."""
        chosen = self.cookies.get(LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return chosen
        return self.actor.language or accepted_language(self.header(b"accept-language")) or self.crm.settings.language

    def query(self, *known: str) -> dict[str, str]:
        """Return the query parameters; anything but `known`, and anything twice, is refused by name."""
        raw: bytes = self.scope.get("query_string", b"")
        if not raw:
            return {}
        try:
            pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=False, errors="strict", max_num_fields=100)
        except (UnicodeDecodeError, ValueError) as error:
            raise BadRequest(problems=[Problem("query", "encoding", _("not UTF-8, or too long", ru="не UTF-8 или слишком длинно"))]) from error
        problems, found = [], dict[str, str]()
        for name, value in pairs:
            if name not in known:
                problems.append(Problem(name.replace("\x00", "�"), "unknown", UNKNOWN.format(near=closest(name, known))))
            elif name in found:
                problems.append(Problem(name, "repeated", _("given twice", ru="указан дважды")))
            elif "\x00" in value:
                problems.append(Problem(name, "invalid", NUL))
            found[name] = value
        if problems:
            raise Invalid(problems=problems)
        return found

    def json(self) -> t.Any:
        """Return the body's JSON value, read strictly."""
        check_media(self.header(b"content-type"), self.body)
        return parse_json(self.body, "")

    def object(self, *, optional: bool = False) -> dict[str, t.Any]:
        """Return the body's JSON object; with `optional` no body means an empty one."""
        if optional and not self.body:
            return {}
        value = self.json()
        if type(value) is not dict:
            raise Invalid(problems=[Problem("", "type", EXPECTED_OBJECT)])
        return value

    # ---- versions ----------------------------------------------------------------------------------------------
    def wanted_version(self, *, required: bool = False) -> int | None:
        """Return the version ``If-Match`` names; None for ``*`` (and for none at all, unless it is required)."""
        given = self.header(b"if-match")
        if given is None:
            if required:
                say = _('send If-Match: "<version>" as the ETag gave it, or If-Match: *', ru='отправьте If-Match: "<версия>" из ETag или If-Match: *')
                raise PreconditionRequired(problems=[Problem("If-Match", "required", say)])
            return None
        if given.strip() == "*":
            return None
        tag = given.strip()
        if not ETAGS.fullmatch(tag):
            say = _('expected "<version>" or *', ru='ожидается "<версия>" или *')
            raise BadRequest(problems=[Problem("If-Match", "invalid", say)])
        return as_id(tag.strip('"')) or 0  # a tag that is not ours, or a weak one, matches no version (RFC 9110, 13.1.1)

    def seen(self, etag: str) -> bool:
        """True when ``If-None-Match`` says that the caller has this very version."""
        given = self.header(b"if-none-match")
        return given is not None and (given.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in given.split(",")])

    # ---- working -----------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def writing(self) -> Iterator[Uow]:
        """Open the unit of work of a call that changes something; inside the host's transaction when there is one."""
        with self.edge.joined(self) as connection, self.crm.uow(self.actor, connection=connection) as uow:
            yield uow

    @contextlib.contextmanager
    def reading(self) -> Iterator[Uow]:
        """Open the unit of work of a call that reads."""
        if self.edge.connection is None:
            with self.crm.read(self.actor) as uow:
                yield uow
            return
        from ..core.uow import Uow

        with self.edge.joined(self) as connection, self.crm.database.join(t.cast("sa.Connection", connection)) as db:
            yield Uow(self.crm, db, self.actor, writable=False)


def as_id(text: str) -> int | None:
    """Return a positive key within 64 bits, or None."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or text[0] == "0":
        return None
    number = int(text)
    return number if number <= BIGGEST else None


def check_media(given: str | None, body: bytes) -> None:
    """Refuse a body that says it is something else than JSON in UTF-8."""
    if given is None:
        if body:
            raise UnsupportedMedia()
        return
    media, *parameters = [part.strip().lower() for part in given.split(";")]
    charsets = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    if (media != "application/json" and not (media.startswith("application/") and media.endswith("+json"))) or charsets not in ([], ["utf-8"]):
        raise UnsupportedMedia()


def parse_json(raw: bytes | str, path: str) -> t.Any:
    """Return a JSON value; bad JSON, lone surrogates and NUL are refused with the place they are at."""
    try:
        value = orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError) as error:
        words = str(error).encode("utf-8", "replace").decode()
        say = _("not valid JSON: {why}", ru="это не JSON: {why}").format(why=words)
        problem = Problem(path, "json", say)
        raise (Invalid(problems=[problem]) if path else BadRequest(problems=[problem])) from error
    if too_deep(value):
        raise Invalid(problems=[Problem(path, "json", TOO_DEEP)])
    if (b"\\u0000" if isinstance(raw, bytes) else "\\u0000") in raw:  # type: ignore[operator]
        found = [Problem(where, "invalid", NUL) for where in _nul_paths(value, path)]
        if found:
            raise Invalid(problems=found)
    return value


def _nul_paths(value: t.Any, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if "\x00" in value:
            yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            if "\x00" in key:
                yield here.replace("\x00", "�")
            yield from _nul_paths(inner, here)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nul_paths(inner, f"{path}.{index}" if path else str(index))


def accepted_language(header: str | None) -> str | None:
    """Return the best of our languages an ``Accept-Language`` header asks for, or None."""
    if not header:
        return None
    best, weight = None, 0.0
    for part in header.split(",")[:20]:
        name, _semicolon, rest = part.partition(";")
        language = name.strip().partition("-")[0].lower()
        try:
            quality = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and quality > weight:
            best, weight = language, quality
    return best
