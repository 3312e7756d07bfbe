"""What nobody needs any more goes by itself."""

from __future__ import annotations

import datetime as dt

from crmkit import Tick, Uow, every

from . import links, throttle
from .entities import Handshake, Session

KEPT_FOR = dt.timedelta(days=90)


@every(cron="40 3 * * *")
def tidy(tick: Tick, uow: Uow) -> None:
    """Remove sessions and links that ended months ago, sign-ins nobody came back from, and failures that no longer count."""
    c, h = Session.__table__.c, Handshake.__table__.c
    uow.connection.execute(Session.__table__.delete().where(c.expires_at < uow.now - KEPT_FOR))
    uow.connection.execute(Handshake.__table__.delete().where(h.expires_at < uow.now))
    links.tidy(uow, uow.now - KEPT_FOR)
    throttle.forget_old(uow)
