"""Whether providers still tell us of calls: what was heard last, what went wrong last, and the alarm that webhooks do not arrive."""

from __future__ import annotations

import datetime as dt
import threading
import typing as t
import weakref

import attrs
import sqlalchemy as sa

from crmkit import Crm, Tick, Topic, Uow, _, every
from crmkit.ui import Result, View, Visit, strip

from .entities import Call
from .provider import Capability, Provider, providers
from .roles import REPORTS, SET_UP
from .tables import events, links, orders

HEALTH = Topic("telephony.health", permission=REPORTS)
"""Webhooks of a provider have stopped to arrive, or arrive again."""
SINCE, GRACE = dt.timedelta(minutes=20), dt.timedelta(minutes=1)
SILENT_CALLS = 2
"""After so many calls in a row of which a provider told nothing by itself, its webhooks are said not to arrive."""
BELIEVED_FOR = dt.timedelta(seconds=45)
ERRORS_FOR = dt.timedelta(days=7)
ALARM = _(
    "{provider} does not tell of calls: cards open late or not at all. Whoever looks after the CRM should check the connection.",
    ru="{provider} не сообщает о звонках: карточки открываются с опозданием или не открываются. Сообщите тому, кто обслуживает CRM.",
)
LOOK = _("Look at the connection", ru="Проверить подключение")
_OURS = "crm:"  # keys of events we found out ourselves, by asking
_Known = dict[str, t.Any]
_KNOWN: weakref.WeakKeyDictionary[Crm, _Known] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


@attrs.frozen(kw_only=True)
class Health:
    """How the connection to a provider is."""

    heard_at: dt.datetime | None
    """When it last told something by itself."""
    silent: bool
    """Calls went on, and it told nothing of them."""
    error: str | None
    """What it last refused or failed to do, of the last days."""
    error_at: dt.datetime | None
    waits_until: dt.datetime | None
    """Until then it is not asked: its limit is used up."""


def health_of(uow: Uow, provider: Provider) -> Health:
    """Return how the connection to a provider is."""
    c = events.c
    told = sa.select(c.received_at).where(c.provider == provider.name, ~c.key.startswith(_OURS)).order_by(c.id.desc()).limit(1)
    o, call = orders.c, Call.__table__.c
    wrong = (
        sa.select(o.error, o.asked_at).join(call.id.table, call.id == o.call_id)
        .where(call.provider == provider.name, o.state.in_(("failed", "unsure")), o.error.is_not(None), o.asked_at >= uow.now - ERRORS_FOR)
        .order_by(o.id.desc()).limit(1)
    )  # fmt: skip
    last = uow.connection.execute(wrong).first()
    wait = uow.connection.execute(sa.select(links.c.ask_after).where(links.c.provider == provider.name)).scalar()
    return Health(
        heard_at=uow.connection.execute(told).scalar(), silent=is_silent(uow, provider), error=last.error if last is not None else None,
        error_at=last.asked_at if last is not None else None, waits_until=wait if wait is not None and wait > uow.now else None,
    )  # fmt: skip


def is_silent(uow: Uow, provider: Provider) -> bool:
    """True when the last calls are known only because the provider was asked about them: its webhooks do not arrive."""
    if not provider.can(Capability.WEBHOOKS):
        return False
    c = events.c
    told = sa.func.count(sa.case((~c.key.startswith(_OURS), 1)))
    lately = (
        sa.select(told.label("told"), sa.func.max(c.id).label("last"))
        .where(c.provider == provider.name, c.received_at >= uow.now - SINCE, c.call_id.is_not(None))
        .group_by(c.call_key).having(sa.func.min(c.received_at) < uow.now - GRACE).order_by(sa.desc("last")).limit(SILENT_CALLS)
    )  # fmt: skip
    found = uow.connection.execute(lately).all()
    return len(found) == SILENT_CALLS and not any(row.told for row in found)


def silent_ones(uow: Uow) -> list[Provider]:
    """Return the providers whose webhooks do not arrive, as it was found out within the last minute."""
    crm = uow.crm
    with _LOCK:
        known = _KNOWN.setdefault(crm, {})
        fresh = known.get("at") is not None and dt.timedelta(0) <= uow.now - known["at"] < BELIEVED_FOR
        names: set[str] = known.get("names", set())
    if not fresh:
        names = {p.name for p in providers(crm).values() if is_silent(uow, p)}
        with _LOCK:
            known.update(at=uow.now, names=names)
    return [p for p in providers(crm).values() if p.name in names]


@every(cron="* * * * *")
def watch_over(tick: Tick, uow: Uow) -> None:
    """Let the screens of supervisors know when webhooks stop to arrive, and when they arrive again."""
    before = set(_KNOWN.get(uow.crm, {}).get("told", ()))
    now = {p.name for p in providers(uow.crm).values() if is_silent(uow, p)}
    with _LOCK:
        _KNOWN.setdefault(uow.crm, {}).update(at=uow.now, names=now, told=now)
    if now or before:
        uow.publish(HEALTH.name, 0)


@strip(label=_("Telephony", ru="Телефония"), permission=REPORTS, order=5, live=[HEALTH])
def alarm(visit: Visit, uow: Uow) -> Result:
    """The alarm, above every page of those who see reports; whoever may set telephony up gets the way to it."""
    silent = silent_ones(uow)
    if not silent:
        return None
    text = visit.say(ALARM, provider=", ".join(visit.say(p.label) for p in silent))
    return View("alarm.html", text=text, look=LOOK, may_set_up=uow.may(SET_UP))


__all__ = ["HEALTH", "Health", "health_of", "is_silent", "silent_ones"]
