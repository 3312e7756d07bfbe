"""Keeping providers in step with the telephones in use: subscriptions, who is connected, connections of our own."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
import time
from collections.abc import AsyncIterator

import attrs
import sqlalchemy as sa

from crmkit import Changed, Created, Crm, Tick, Uow, _, command, every, hookimpl, on, outside

from .entities import Line
from .hooking import take_or_keep
from .ordering import known_provider
from .provider import Capability, Provider, ProviderError, provider_named, providers
from .roles import SET_UP

log = logging.getLogger("crmkit.telephony")
A_MOMENT = dt.timedelta(seconds=10)
PAUSES = (1.0, 5.0, 15.0, 30.0)


@attrs.frozen
class Align:
    """A provider's subscriptions are to be brought into step with the telephones in use."""

    provider: str


@attrs.frozen
class LookWhoIsThere:
    """A provider is to be asked whose telephone is connected."""

    provider: str


def align_soon(uow: Uow, provider: str) -> None:
    """Have subscriptions brought into step, once for many changes."""
    uow.schedule(Align(provider), delay=A_MOMENT, key=f"telephony:align:{provider}")


@on(Created[Line])
@on(Changed[Line], fields=("provider", "extension", "device", "in_use"))
def telephones_changed(event: Created[Line] | Changed[Line], uow: Uow) -> None:
    """Subscriptions follow the telephones in use."""
    names = {event.record.provider}
    if isinstance(event, Changed) and "provider" in event.changes:
        names.add(str(event.changes["provider"][0]))
    for name in sorted(names & set(providers(uow.crm))):
        align_soon(uow, name)


@every(cron="41 4 * * *")
def align_daily(tick: Tick, uow: Uow) -> None:
    """What was lost or changed at a provider's comes back once a day."""
    for name in _in_use(uow):
        align_soon(uow, name)


@every(cron="*/15 * * * *")
def look_who_is_there(tick: Tick, uow: Uow) -> None:
    """Ask who is connected: seldom, for the hourly limits of providers are small."""
    for name in _in_use(uow):
        found = provider_named(uow.crm, name)
        if found is not None and found.can(Capability.PRESENCE):
            uow.schedule(LookWhoIsThere(name), key=f"telephony:present:{name}")


def _in_use(uow: Uow) -> list[str]:
    wanted = sa.select(Line.provider).where(Line.in_use.is_(True), Line.archived_at.is_(None)).distinct()
    return sorted(set(uow.connection.execute(wanted).scalars()) & set(providers(uow.crm)))


@outside(Align)
def align(event: Align, crm: Crm) -> None:
    """Bring a provider's subscriptions into step; what is not well is told in the log and by its check."""
    provider = provider_named(crm, event.provider)
    if provider is None:
        return
    with crm.read() as uow:
        lines = [(x.extension, x.device) for x in uow.find(Line).where(Line.provider == provider.name, Line.in_use.is_(True)).order_by(Line.id)]
    for finding in provider.align(lines):
        if not finding.ok:
            log.warning("%s: %s", provider.name, finding.what)


@outside(LookWhoIsThere)
def note_who_is_there(event: LookWhoIsThere, crm: Crm) -> None:
    """Note at each telephone whether it is connected."""
    provider = provider_named(crm, event.provider)
    if provider is None:
        return
    try:
        present = provider.present()
    except ProviderError as error:
        log.info("%s cannot say who is connected: %s", provider.name, error)
        return
    with crm.uow() as uow:
        for line in uow.find(Line).where(Line.provider == provider.name, Line.in_use.is_(True)):
            there = present.get(line.extension)
            if there is not None and line.present is not there:
                uow.keep(line, present=there, present_at=uow.now)


@command(_("Bring subscriptions into step", ru="Обновить подписки"), permission=SET_UP)
def align_now(uow: Uow, *, provider: str) -> None:
    """Bring a provider's subscriptions into step with the telephones in use."""
    known_provider(uow.crm, provider)
    uow.emit(Align(provider))


# ---- providers that are listened to ---------------------------------------------------------------------------
@contextlib.asynccontextmanager
async def _listening(crm: Crm) -> AsyncIterator[None]:
    stop = threading.Event()
    for provider in providers(crm).values():
        if provider.can(Capability.LISTENER):
            threading.Thread(target=listen, args=(crm, provider, stop), name=f"telephony-{provider.name}", daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def listen(crm: Crm, provider: Provider, stop: threading.Event) -> None:
    """Stay connected to a provider until `stop` is set; what it tells in several processes is one thing."""
    lost = 0
    while not stop.is_set():
        began = time.monotonic()
        try:
            provider.listen(lambda events: take_or_keep(crm, provider.name, events), stop.is_set)
        except Exception:
            log.exception("the connection to %s was lost", provider.name)
        lost = 0 if time.monotonic() - began > PAUSES[-1] else lost + 1
        stop.wait(PAUSES[min(lost, len(PAUSES) - 1)])


@hookimpl
def crm_lifespan(crm: Crm) -> contextlib.AbstractAsyncContextManager[None]:
    """Listen to providers while the CRM serves."""
    return _listening(crm)


__all__ = ["Align", "align_soon", "listen"]
