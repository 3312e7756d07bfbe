"""The CRM as an ASGI application: the API's edge with the pages beside it."""

from __future__ import annotations

import typing as t

from ..core.settings import fill
from ..web.app import embedded as web_embedded
from ..web.app import standalone as web_standalone
from .settings import UiSettings
from .site import Site

if t.TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp

    from ..core.compose import Crm
    from ..web.actors import WhoIs
    from ..web.app import HostConnection


def site_of(crm: Crm, login: str | None = None) -> Site | None:
    """Return the pages of a CRM, or None where ``[ui] enabled = false``."""
    made, _problems = fill(UiSettings, crm.raw_settings.get("ui", {}), "ui")
    return Site(crm, login) if made is None or made.enabled else None


def standalone(crm: Crm) -> Starlette:
    """Return the CRM as an application of its own: ``uvicorn.run(crm.app)``.

    Callers are known by API tokens or by what `crm_actor` says; people who are not signed in are sent to the page `crm_sign_in_page` names.
    """
    return web_standalone(crm, site_of(crm))


def embedded(crm: Crm, actor: WhoIs | None = None, connection: HostConnection | None = None, login: str | None = None) -> ASGIApp:
    """Return the CRM to be mounted in a host: ``Mount("/crm", crm.embedded(actor=who, login="/login"))``.

    `actor` says who is calling, from the host's own session (a plain function, run in a thread, or a coroutine function);
    None leaves it to API tokens. `connection` returns the SQLAlchemy connection of the host's open transaction, which the
    CRM's work then joins as a savepoint: it is kept when the host commits. The host's lifespan must be
    ``crm.lifespan(its_own)``. `login` is the host's own sign-in page, an absolute path or URL: pages send people there who
    are nobody yet, with the way back as ``next``. Where the host knows its users by cookies, it guards against forged requests
    as for its own pages; changes a browser sends from another site are refused here too.
    """
    return web_embedded(crm, actor, connection, site_of(crm, login))


__all__ = ["embedded", "site_of", "standalone"]
