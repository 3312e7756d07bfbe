"""Whom to dial: which of a client's numbers, and whether it may be dialled now."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Text, Uow, _
from crmkit_sales import Contact, ContactPoint, Deal, Lead, Way
from crmkit_taskqueue import Task, in_client_hours, is_awake, zone_of_number
from crmkit_telephony import Call, CallState, do_not_call, e164

from . import policy, store
from .policy import Tried
from .settings import DialerSettings


class Refused(enum.Enum):
    """Why a task that dials is not dialled."""

    NO_LINE = "no_line"
    NO_NUMBER = "no_number"
    DO_NOT_CALL = "do_not_call"
    EXHAUSTED = "exhausted"
    HOURS = "hours"
    LIMIT = "limit"
    IN_USE = "in_use"
    LINE = "line"

    @property
    def words(self) -> Text:
        """What a person reads."""
        return WORDS[self]


WORDS: dict[Refused, Text] = {
    Refused.NO_LINE: _("You have no telephone in the CRM: dial yourself", ru="У вас нет телефона в CRM: наберите сами"),
    Refused.NO_NUMBER: _("The client has no telephone number", ru="У клиента нет номера телефона"),
    Refused.DO_NOT_CALL: _("The client asked not to be called", ru="Клиент просил не звонить"),
    Refused.EXHAUSTED: _("None of the client's numbers is to be dialled any more", ru="Номера клиента исчерпаны"),
    Refused.HOURS: _("It is too early or too late for the client", ru="У клиента слишком рано или поздно"),
    Refused.LIMIT: _("The client was called as often as is allowed", ru="Лимит звонков клиенту исчерпан"),
    Refused.IN_USE: _("Somebody is calling this client just now", ru="Этому клиенту сейчас звонят"),
    Refused.LINE: _("The call could not be placed", ru="Не удалось позвонить"),
}  # fmt: skip
_P, _C = ContactPoint.__table__.c, Call.__table__.c
_POINTS = sa.select(_P.value).where(
    _P.contact_id == sa.bindparam("contact"), _P.way == Way.PHONE, _P.archived_at.is_(None)).order_by(_P.primary.desc(), _P.id)  # fmt: skip
_AT_NUMBER = sa.select(_C.id).where(_C.number == sa.bindparam("number"), _C.state != CallState.ENDED, _C.archived_at.is_(None)).limit(1)
IN_USE_FOR = dt.timedelta(minutes=2)


@attrs.frozen
class Client:
    """Whom a task is about, as far as dialling goes."""

    contact_id: int | None
    numbers: tuple[str, ...]
    tried: tuple[Tried, ...]


@attrs.frozen
class Found:
    """The number to dial; or why none is, and from when on one may be."""

    number: str | None = None
    refused: Refused | None = None
    until: dt.datetime | None = None


def client_of(uow: Uow, task: Task) -> Client:
    """Return the client of a task with all their numbers, the primary one first."""
    contact_id = task.contact_id
    given: list[str | None] = []
    for cls, key in ((Lead, task.lead_id), (Deal, task.deal_id)):
        record = None if key is None else uow.peek(t.cast("type[Lead]", cls), key)
        if record is not None:
            contact_id = contact_id or record.contact_id
            given.append(getattr(record, "phone", None))
    if contact_id is not None:
        contact = uow.peek(Contact, contact_id)
        uow.flush(wait=False)
        rest = [value for (value,) in uow.run(_POINTS, {"contact": contact_id})]
        given = [contact.phone if contact is not None else None, *rest, *given]
    numbers = tuple(dict.fromkeys(n for n in (e164(x, uow.crm) for x in given if x) if n is not None))
    return Client(contact_id, numbers, tuple(store.tried(uow, numbers, contact_id)))


def pick(uow: Uow, client: Client, *, by_hand: bool = False) -> Found:
    """Choose the number to dial now. What a person asks for by hand may go past the limits, never past hours and the do-not-call list."""
    settings = uow.crm[DialerSettings]
    if not client.numbers:
        return Found(refused=Refused.NO_NUMBER)
    stopped = _stopped(uow, client.numbers)
    allowed = [number for number in client.numbers if number not in stopped]
    if not allowed:
        return Found(refused=Refused.DO_NOT_CALL)
    number = policy.choose(allowed, client.tried, settings) or (allowed[0] if by_hand else None)
    if number is None:
        return Found(refused=Refused.EXHAUSTED)
    zone = zone_of_number(number)
    if not by_hand:
        there = store.zone_named(zone) if zone else uow.crm.zone
        at = policy.allowed_from(client.tried, settings.limits, uow.now, there)
        if at > uow.now:
            return Found(refused=Refused.LIMIT, until=in_client_hours(uow, at, zone))
    name = zone or str(uow.crm.zone)
    if not is_awake(uow, name, uow.now):
        return Found(refused=Refused.HOURS, until=in_client_hours(uow, uow.now, zone))
    if not is_awake(uow, name, uow.now + settings.longest):  # it would ring when they are over
        return Found(refused=Refused.HOURS, until=in_client_hours(uow, uow.now + settings.longest, zone))
    if _in_use(uow, number):
        return Found(refused=Refused.IN_USE, until=uow.now + IN_USE_FOR)
    return Found(number=number)


def _stopped(uow: Uow, numbers: t.Sequence[str]) -> frozenset[str]:
    return frozenset(number for number in numbers if do_not_call(uow, number))


def _in_use(uow: Uow, number: str) -> bool:
    """True while there is a call with a client, in whatever direction and at whomever."""
    uow.flush(wait=False)
    return bool(uow.run(_AT_NUMBER, {"number": number}))


def left(client: Client, settings: DialerSettings) -> int:
    """Return how many numbers of a client may still be dialled."""
    return int(policy.choose(client.numbers, client.tried, settings) is not None)
