"""What stands around every page: menus, search, preferences, the CRM's colour."""

from __future__ import annotations

import typing as t

import orjson

from ...core.errors import Invalid, Problem
from ...core.text import _
from ...web.call import LANGUAGE_COOKIE, LANGUAGES
from ..menu import WORKSPACE_COOKIE, badges, workspaces_of
from ..results import Redirect, Result
from ..rooms import Address, Room
from ..visit import THEME_COOKIE, THEMES
from . import finding, strips

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ...web.answer import Answer
    from ..site import Site
    from ..visit import Visit

NO_SUCH = _("choose one of: {known}", ru="выберите одно из: {known}")


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(
        fixed={
            "/search": Address(get=finding.page),
            "/_/palette": Address(get=finding.palette),
            "/_/prefs": Address(post=keep_preferences, open=True, outside=True),
            "/_/workspace": Address(post=enter_workspace, outside=True),
            "/_/badges": Address(get=count),
            "/_/brand.css": Address(get=brand, open=True, outside=True),
        },
        below={"/_/strip/{plugin}/{key}": Address(get=strips.one)},
    )


def keep_preferences(visit: Visit, uow: Uow) -> Result | Answer:
    """POST /_/prefs: keep the theme or the language in this browser, and show the page anew."""
    from ...web.answer import Answer

    for name, cookie, known in (("theme", THEME_COOKIE, THEMES), ("language", LANGUAGE_COOKIE, LANGUAGES)):
        if name in visit.form:
            if visit.form[name] not in known:
                raise Invalid(problems=[Problem(name, "invalid", NO_SUCH.format(known=", ".join(known)))])
            visit.set_cookie(cookie, visit.form[name])
    if not visit.htmx:
        return Redirect(visit.came_from)
    return Answer(b"", 204, [(b"hx-refresh", b"true"), *visit.cookies_to_set], None)


def enter_workspace(visit: Visit, uow: Uow) -> Result | Answer:
    """POST /_/workspace: begin anew in another of one's workspaces."""
    mine = {w.name: w for w in workspaces_of(visit.site, visit)}
    chosen = mine.get(visit.form.get("name", ""))
    if chosen is None:
        raise Invalid(problems=[Problem("name", "invalid", NO_SUCH.format(known=", ".join(mine)))])
    visit.set_cookie(WORKSPACE_COOKIE, chosen.name)
    return Redirect(chosen.home)


def count(visit: Visit, uow: Uow) -> Answer:
    """GET /_/badges: the numbers at the menu's lines, by address."""
    from ...web.answer import Answer

    return Answer(orjson.dumps(badges(visit.site, visit, uow)), 200, [(b"cache-control", b"no-store")])


def brand(visit: Visit, uow: Uow) -> Answer:
    """GET /_/brand.css: the hue of the settings."""
    from ...web.answer import Answer

    sheet = f"@layer tokens{{:root{{--hue:{visit.site.settings.hue}}}}}"
    return Answer(sheet.encode(), 200, [(b"cache-control", b"public, max-age=600"), (b"content-type", b"text/css; charset=utf-8")], None)

