"""The pages of one CRM: addresses, rendering, refusals. Built with the ASGI application, beside the API."""

from __future__ import annotations

import hashlib
import logging
import typing as t
from collections.abc import Iterator, Sequence
from pathlib import Path

from markupsafe import Markup
from starlette.routing import Match

from ..core.errors import CompositionError, Forbidden, Refusal, Unauthenticated
from ..core.settings import fill
from ..web.answer import Answer
from ..web.call import BIGGEST, as_id
from ..web.problems import NoSuchPath, failed, problem_body, refused
from ..web.routes import Endpoint, Methods, matching
from ..web.running import running
from . import formats
from .boundary import Boundary
from .here import HERE, Here
from .menu import Section, Shell, menu_of, shell_of
from .refusals import why
from .registry import Registry, gather, package_of
from .results import Redirect, View
from .rooms import Address, Handler, Room
from .settings import UiSettings
from .shell.strips import Strip, strips_of
from .shown import Shown
from .statics import Folder, core_folder, plugin_folder
from .templates import environment
from .visit import Visit

if t.TYPE_CHECKING:
    from ..core.compose import Crm
    from ..core.kind import Kind
    from ..core.plugin import RouteMark
    from ..core.uow import Uow
    from ..web.call import Call

log = logging.getLogger("crmkit.ui")
FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")
DRAWING = (b"content-security-policy", b"sandbox; default-src 'none'; style-src 'unsafe-inline'")
"""A drawing opened by itself is a document: it runs nothing, whoever drew it."""
API = frozenset({"api", "x", "healthz"})


class Site:
    """What serves the pages. `login` is the address people are sent to who are not signed in: the host's, or a plugin's."""

    def __init__(self, crm: Crm, login: str | None = None) -> None:
        self.crm = crm
        made, problems = fill(UiSettings, crm.raw_settings.get("ui", {}), "ui")
        self.registry: Registry = gather(crm)
        if problems or self.registry.problems:
            raise CompositionError([*problems, *self.registry.problems])
        self.settings: UiSettings = made or UiSettings()
        self.environment = environment(crm, self.settings)
        self.folders: dict[str, Folder] = {"": core_folder()}
        taken: set[Path] = set()
        for plugin in crm.plugins:
            package = package_of(plugin)
            if package is not None and (package / "static").is_dir() and package not in taken:  # a plugin for tests within another's package
                taken.add(package)
                self.folders[plugin.name] = plugin_folder(plugin, package)
        self.boundary = Boundary(self)
        self._shown: dict[str, Shown] = {}
        self.login = login
        self.rooms = list(_rooms(self))
        self.fixed = {path: self._methods(a) for room in self.rooms for path, a in room.fixed.items()}
        self.below = [(matching(path), self._methods(a)) for room in self.rooms for path, a in room.below.items()]
        self.of_kind = {verb: self._methods(a) for room in self.rooms for verb, a in room.of_kind.items()}
        self.of_record = {verb: self._methods(a) for room in self.rooms for verb, a in room.of_record.items()}
        self.kinds = {(kind.plugin, key.partition(".")[2]): kind for key, kind in crm.kinds.items()}
        self.lost = self._methods(Address(get=_lost, post=_lost, open=True))
        self.logo = self._logo()
        self.logo_path = f"/static/brand-{hashlib.sha256(self.logo[0]).hexdigest()[:12]}/logo" if self.logo else ""

    # ---- addresses ---------------------------------------------------------------------------------------------
    def find(self, call: Call) -> Methods | None:
        """Return what answers at the call's path; None for the API's addresses."""
        path = call.path
        found: Methods | None = self.fixed.get(path)
        if found is not None:
            return found
        parts = path.split("/")
        if parts[1] in API:
            return None
        if parts[1] == "static":
            return {"GET": Endpoint(self._static, open=True)}
        kind = self.kinds.get((parts[1], parts[2])) if len(parts) > 2 else None
        if kind is not None:
            call.kind = kind
            found = self._of_kind(call, parts[3:])
            if found is not None:
                return found
        for route, methods in self.below:
            match, scope = route.matches({"type": "http", "method": "GET", "path": path, "root_path": ""})
            if match is not Match.NONE and not any(isinstance(v, int) and v > BIGGEST for v in scope["path_params"].values()):
                call.scope.setdefault("state", {})["crm_path"] = scope["path_params"]
                return methods
        return self.lost

    def _of_kind(self, call: Call, rest: list[str]) -> Methods | None:
        if not rest:
            return self.of_kind.get("")
        key = as_id(rest[0])
        if key is None:
            return self.of_kind.get("/".join(rest))
        call.key = key
        return self.of_record.get("/".join(rest[1:]))

    def _methods(self, address: Address) -> dict[str, Endpoint]:
        found = {}
        if address.get is not None:
            found["GET"] = Endpoint(self._endpoint(address, address.get), open=True, refused=self._turned_away)
        if address.post is not None:
            needed = self.crm.permissions.get(address.permission)
            mark = t.cast("RouteMark", _UploadMark(address.upload, needed)) if address.upload is not None else None
            found["POST"] = Endpoint(self._endpoint(address, address.post), body=True, open=True, mark=mark, refused=self._turned_away)
        return found

    def _endpoint(self, address: Address, handler: Handler) -> t.Callable[[Call], Answer]:
        def run(call: Call) -> Answer:
            visit = Visit(self, call)
            visit.path = call.scope.get("state", {}).get("crm_path", {})
            visit.plugin = address.plugin
            HERE.set(Here(visit.language, call.root))
            try:
                if not address.open and not visit.signed_in:
                    raise Unauthenticated()
                if _somebody_else(visit):
                    return Answer(b"", 409, [(b"hx-refresh", b"true")], None)
                return self._work(visit, address, handler)
            except Refusal as refusal:
                return self.refusal(visit, refusal)
            except Exception as error:
                return self._oops(visit, error)

        return run

    def _work(self, visit: Visit, address: Address, handler: Handler) -> Answer:
        call = visit.call
        if address.outside:
            return visit.answer(handler(visit, t.cast("Uow", None)))
        visit.mark = str(running(self.crm).live.mark())  # before anything is read: what comes after it is told by the stream
        if visit.method == "GET":
            with call.reading() as uow:
                visit.uow = uow
                return visit.answer(handler(visit, uow))
        try:
            with call.writing() as uow:
                visit.uow = uow
                result = handler(visit, uow)
                uow.settle()
                answer = visit.answer(result)
        except Refusal as refusal:
            if address.again is None:
                raise
            with call.reading() as uow:
                visit.uow = uow
                return visit.answer(address.again(visit, uow, refusal), refusal.status)
        return answer

    # ---- refusals ----------------------------------------------------------------------------------------------
    def refusal(self, visit: Visit, refusal: Refusal) -> Answer:
        """Answer a visit that was refused: a page for people, a problem document for scripts (which show it as a toast)."""
        if isinstance(refusal, Unauthenticated) and (login := self.login_url(visit)) is not None:
            if visit.htmx:  # what was typed into a form is kept: one signs in beside it, and sends it again
                return Answer(b"", 401, [(b"hx-redirect" if visit.method == "GET" else b"crm-login", login.encode())], None)
            return Answer(b"", 303, [(b"location", login.encode())], None)
        if visit.htmx and not (visit.method == "GET" and visit.whole):
            answer = refused(visit.call, refusal)
            answer.body = _dumps(problem_body(refusal, visit.language, visit.call.root) | {"detail": why(visit, refusal)})
            return answer
        with visit.call.reading() as uow:  # the menu stays
            visit.uow = uow
            return visit.answer(View("ui/refused.html", refusal=refusal, message=why(visit, refusal), status=refusal.status), refusal.status)

    def _turned_away(self, call: Call, refusal: Refusal) -> Answer:
        """Answer a call that was refused before anybody was known: a page where a browser asks for one."""
        visit = Visit(self, call)
        if not isinstance(refusal, Forbidden) or visit.htmx or "text/html" not in (call.header(b"accept") or ""):
            return refused(call, refusal)
        HERE.set(Here(visit.language, call.root))
        return self.refusal(visit, refusal)

    def _oops(self, visit: Visit, error: Exception) -> Answer:
        answer = failed(visit.call, error)
        if visit.htmx and not (visit.method == "GET" and visit.whole):
            return answer
        visit.uow = None
        try:
            return visit.answer(View("ui/oops.html", status=500), 500)
        except Exception:
            log.exception("the page for errors failed too")
            return answer

    def login_url(self, visit: Visit) -> str | None:
        """Return where a visitor signs in, with the way back; None when nobody says."""
        from urllib.parse import urlencode

        place = self.login
        if place is None and "crm_sign_in_page" in self.crm.hooked:
            place = self.crm.hook.crm_sign_in_page(crm=self.crm)
            place = visit.url(place) if place is not None else None
        if place is None:
            return None
        here = visit.method == "GET" and visit.whole and not visit.window and not visit.call.path.startswith("/_/")
        query = visit.call.scope.get("query_string", b"").decode("ascii", "ignore")
        back = visit.url(visit.call.path) + (f"?{query}" if query else "") if here else visit.call.root + visit.came_from
        return f"{place}{'&' if '?' in place else '?'}{urlencode({'next': back})}"

    # ---- rendering ---------------------------------------------------------------------------------------------
    def render(self, visit: Visit, view: View) -> str:
        """Return a view as HTML."""
        name = view.template
        if visit.plugin and not name.startswith("ui/"):
            name = f"{visit.plugin}/{name}"
        return self.environment.get_template(name).render(self.context(visit, visit.plugin) | dict(view.context))

    def fragment(self, visit: Visit, view: View, plugin: str) -> Markup:
        """Return a view of a plugin as a part of a page."""
        name = f"{plugin}/{view.template}" if plugin and not view.template.startswith("ui/") else view.template
        return Markup(self.environment.get_template(name).render(self.context(visit, plugin) | dict(view.context)))

    def context(self, visit: Visit, plugin: str) -> dict[str, t.Any]:
        """Return what every template has: the visit, words, addresses, formats, and the CRM's look."""
        return {
            "visit": visit, "site": self, "crm": self.crm, "_": visit.say, "url": visit.url, "lang": visit.language, "theme": visit.theme,
            "nonce": visit.nonce, "static": visit.url(f"/static/{self.folders[''].digest}"), "plugin": plugin, "fmt": Formats(visit),
            "brand": self.settings.name, "asset": lambda name: self.asset(visit, plugin, name), "may": lambda p: self.may(visit, p),
        }  # fmt: skip

    def asset(self, visit: Visit, plugin: str, name: str) -> str:
        """Return the address of a plugin's static file."""
        folder = self.folders.get(plugin)
        if folder is None or name not in folder.files:
            log.warning("plugin %s has no static file %r", plugin, name)
            return visit.url(f"/static/missing/{name}")
        return visit.url(f"/static/{plugin}-{folder.digest}/{name}" if plugin else f"/static/{folder.digest}/{name}")

    def may(self, visit: Visit, permission: t.Any) -> bool:
        """True when the visitor holds a permission."""
        return bool(visit.uow is not None and visit.uow.may(permission))

    def shown(self, kind: Kind) -> Shown:
        """Return how an entity is shown."""
        found = self._shown.get(kind.key)
        if found is None:
            found = self._shown[kind.key] = Shown(kind, self.registry.looks.get(kind.cls), self.crm.kinds)
        return found

    def menu(self, visit: Visit) -> list[Section]:
        """Return the sidebar's sections, as far as the visitor may see them."""
        return menu_of(self, visit)

    def shell(self, visit: Visit) -> Shell:
        """Return what stands around a visitor's page: the sidebar, workspaces, the bottom bar of phones."""
        return shell_of(self, visit)

    def strips(self, visit: Visit) -> Sequence[Strip]:
        """Return what plugins put above a visitor's pages."""
        return strips_of(self, visit)

    def plugin_sheets(self, visit: Visit) -> list[tuple[str, str]]:
        """Return the style sheets of plugins."""
        return [(p, self.asset(visit, p, name)) for p, f in self.folders.items() if p for name in f.files if name.endswith(".css")]

    def plugin_modules(self, visit: Visit) -> list[str]:
        """Return the modules of plugins: files directly in ``static`` that end in ``.js``."""
        return [self.asset(visit, p, name) for p, f in self.folders.items() if p for name in f.files if name.endswith(".js") and "/" not in name]

    # ---- static files ------------------------------------------------------------------------------------------
    def _static(self, call: Call) -> Answer:
        parts = call.path.split("/", 3)
        if len(parts) < 4:
            return refused(call, NoSuchPath())
        owner, _dash, digest = parts[2].rpartition("-")
        if owner == "brand":
            found = self.logo
        else:
            folder = self.folders.get(owner)
            found = folder.find(parts[3]) if folder is not None and folder.digest == digest else None
        if found is None:
            return refused(call, NoSuchPath())
        own = [DRAWING] if found[1].startswith("image/svg") else []
        return Answer(found[0], 200, [FOR_EVER, (b"content-type", found[1].encode()), *own], None)

    def _logo(self) -> tuple[bytes, str] | None:
        from .statics import media_type

        if not self.settings.logo:
            return None
        path = Path(self.settings.logo)
        if not path.is_file():
            raise CompositionError([f"[ui] logo: there is no file {path}"])
        return path.read_bytes(), media_type(path.name)


class Formats:
    """Numbers, money, days and times in a visitor's language and zone, for templates: ``{{ fmt.money(5) }}``."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self.language, self.zone = visit, visit.language, visit.zone

    def number(self, value: t.Any, places: int | None = None) -> str:
        """Return a number."""
        return "" if value is None else formats.number(value, self.language, places)

    def money(self, value: t.Any, currency: str = "") -> str:
        """Return an amount."""
        return "" if value is None else formats.money(value, self.language, currency)

    def short(self, value: t.Any) -> str:
        """Return a large amount in few characters."""
        return "" if value is None else formats.short(value, self.language)

    def day(self, value: t.Any) -> str:
        """Return a day as people say it."""
        return "" if value is None else formats.near_day(value, self._visit.now.astimezone(self.zone).date(), self.language)

    def moment(self, value: t.Any) -> str:
        """Return a moment as people say it; text in ISO form will do."""
        import datetime as dt

        if value is None:
            return ""
        given = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        return formats.near(given, self._visit.now, self.language, self.zone)

    def span(self, seconds: float) -> str:
        """Return a length of time."""
        return formats.span(seconds, self.language)

    def size(self, count: int) -> str:
        """Return a file's size."""
        return formats.size(count, self.language)

    def plural(self, count: int, one: str, few: str, many: str = "") -> str:
        """Return the form of a word that goes with a number."""
        return formats.plural(count, self.language, one, few, many)


class _UploadMark:
    """What the edge asks of a route that takes large bodies."""

    def __init__(self, upload: t.Any, permission: t.Any) -> None:
        self.upload, self.permission = upload, permission


def _rooms(site: Site) -> Iterator[Room]:
    from .all_rooms import rooms

    yield from rooms(site)


def _somebody_else(visit: Visit) -> bool:
    """True when a page of one person asks, but another has signed in in the same browser meanwhile: it must be fetched anew."""
    given = visit.call.header(b"crm-who")
    return bool(given) and visit.signed_in and given != visit.who


def _lost(visit: Visit, uow: Uow) -> t.NoReturn:
    raise NoSuchPath()


def _dumps(value: t.Any) -> bytes:
    import orjson

    return orjson.dumps(value)


__all__ = ["Formats", "Redirect", "Site"]
