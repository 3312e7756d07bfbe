"""Cards as the calendar says: read the facts, calculate, compare, write the difference. A preview is the same without writing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow
from crmkit_sales import Contact

from .days import call_day, call_moment, today
from .entities import FOLLOW_UP, SERVICE, Device, DeviceProtocol, DeviceState, Feedback, Group, Pause, Service, Skipped
from .planning import Applied, DeviceFacts, Known, PauseFacts, PersonFacts, Slot, begins, calendar_of
from .publish import body_of, period_label
from .settings import FeedbackSettings
from .stages import service_stage, stage_of

DATES = ("earliest", "ideal", "latest", "planned_at", "skipped", "number")


@attrs.frozen
class Replanned:
    """The cards of a service card, or when it may be called, may have changed: calls are brought in line."""

    service_id: int


@attrs.frozen
class Facts:
    """Everything the calendars of one person follow from."""

    person: PersonFacts
    devices: dict[int, DeviceFacts]
    zone: str | None
    frozen: bool
    unreachable: bool


@attrs.frozen
class State:
    """What a card shows."""

    earliest: dt.date
    ideal: dt.date
    latest: dt.date
    planned_at: dt.datetime
    skipped: Skipped | None
    number: int
    stage: str


@attrs.frozen
class Change:
    """One difference between the cards and the calendar; `before` is None for a card that is to be made, `card_id` too."""

    card_id: int | None
    device_id: int
    version_id: int
    group: Group
    period: str
    title: str
    before: State | None
    after: State

    @property
    def days(self) -> int:
        """By how many days it moves."""
        return 0 if self.before is None else (self.after.ideal - self.before.ideal).days


# ---- the facts -------------------------------------------------------------------------------------------------------
def facts_of(uow: Uow, service: Service) -> Facts:
    """Return everything the calendars of a person follow from, as it is stored."""
    uow.flush()
    settings, c, d, a, p = uow.crm[FeedbackSettings], Feedback.__table__.c, Device.__table__.c, DeviceProtocol.__table__.c, Pause.__table__.c
    known: dict[int, dict[tuple[int, str], Known]] = {}
    cards = sa.select(c.device_id, c.protocol_version_id, c.period, c.done_on, c.given_up_on, c.wanted_on).where(c.service_id == service.id)
    for device_id, version, period, *days in uow.connection.execute(cards):
        known.setdefault(device_id, {})[version, period] = Known(*days)
    applied: dict[int, list[Applied]] = {}
    mine = sa.select(a.device_id, a.protocol_version_id, a.group, a.since).join(Device.__table__, d.id == a.device_id)
    for device_id, version, group, since in uow.connection.execute(
        mine.where(d.service_id == service.id, a.archived_at.is_(None)).order_by(a.since, a.id)
    ):
        applied.setdefault(device_id, []).append(Applied(version, group, since, body_of(uow, version)))
    devices = {}
    rows = sa.select(d.id, d.issued_on, d.state, d.ended_on, d.begun_on, d.archived_at).where(d.service_id == service.id).order_by(d.id)
    for row in uow.connection.execute(rows):
        gone_on = row.ended_on if row.state is not DeviceState.IN_USE else None
        if row.archived_at is not None:
            gone_on = gone_on or row.issued_on
        devices[row.id] = DeviceFacts(
            row.issued_on, tuple(applied.get(row.id, ())), known.get(row.id, {}), gone_on, row.begun_on is not None
        )  # fmt: skip
    ends = sa.select(p.began_on, p.ended_on, p.policy, p.catch_up_days).where(p.service_id == service.id, p.archived_at.is_(None))
    pauses = [
        PauseFacts(began, ended, policy or settings.policy, settings.catch_up_in if days is None else dt.timedelta(days))
        for began, ended, policy, days in uow.connection.execute(ends.order_by(p.began_on, p.id))
    ]
    unreachable = service.try_again_on is not None and service.try_again_on > today(uow)
    person = PersonFacts(service.crossed_on, service.ended is not None, tuple(pauses))
    return Facts(person, devices, service.zone, any(pause.ended_on is None for pause in pauses), unreachable)


# ---- the comparison --------------------------------------------------------------------------------------------------
def wanted(uow: Uow, facts: Facts) -> list[tuple[int, Slot, State]]:
    """Return every period of every device, and what its card is to show."""
    crm, day, found = uow.crm, today(uow), []
    for device_id, device in facts.devices.items():
        for slot in calendar_of(device, facts.person):
            on = call_day(crm, slot.wanted_on or slot.ideal, slot.earliest, slot.latest, wanted=slot.wanted_on is not None)
            at = call_moment(crm, on, facts.zone)
            latest = slot.latest if slot.wanted_on is None else max(slot.latest, on)  # the day the person wants is none too late
            stage = stage_of(
                at.astimezone(crm.zone).date(), latest, day, done=slot.done, skipped=slot.skipped is not None, frozen=facts.frozen,
                unreachable=facts.unreachable,
            )  # fmt: skip
            found.append((device_id, slot, State(slot.earliest, slot.ideal, latest, at, slot.skipped, slot.number, stage)))
    return found


def _cards(uow: Uow, service: Service) -> dict[tuple[int, int, str], Feedback]:
    with uow.as_system():
        found = uow.find(Feedback).archived(only=False).where(Feedback.service_id == service.id).all()
    return {(card.device_id, card.protocol_version_id, card.period): card for card in found}


def state_of(card: Feedback) -> State:
    """Return what a card shows now."""
    return State(card.earliest, card.ideal, card.latest, card.planned_at, card.skipped, card.number, card.stage)


def difference(uow: Uow, service: Service, facts: Facts) -> list[Change]:
    """Return what would change if these were the facts."""
    cards, name, found = _cards(uow, service), _name(uow, service), []
    for device_id, slot, after in wanted(uow, facts):
        card = cards.pop((device_id, slot.version, slot.period), None)
        if (card is None and not slot.made) or (card is not None and card.archived_at is not None):
            continue
        before = None if card is None else state_of(card)
        if before != after:
            title = title_of(uow, slot, name)
            found.append(Change(card.id if card else None, device_id, slot.version, slot.group, slot.period, title, before, after))
    for card in cards.values():  # of a calendar that was taken back
        if card.done_on is None and card.archived_at is None and card.skipped is not Skipped.VERSION:
            before = state_of(card)
            after = attrs.evolve(before, skipped=Skipped.VERSION, stage="skipped")
            found.append(Change(card.id, card.device_id, card.protocol_version_id, card.group, card.period, card.title, before, after))
    return found


def preview(uow: Uow, service: Service, facts: Facts | None = None) -> list[Change]:
    """Return the difference that other facts would make, without writing anything."""
    return difference(uow, service, facts if facts is not None else facts_of(uow, service))


def title_of(uow: Uow, slot: Slot, name: str) -> str:
    """Return the title of a card: the sign of the group, the person, the period."""
    return f"{slot.group.sign} {name} · {period_label(uow, slot.version, slot.period)}"[:200]


def retitle(uow: Uow, service: Service) -> None:
    """Let cards that wait, and open incidents, name the person as they are called now."""
    name = _name(uow, service)
    with uow.as_system():
        for card in uow.find(Feedback).where(Feedback.service_id == service.id, Feedback.done_on.is_(None), Feedback.skipped.is_(None)):
            title = f"{card.group.sign} {name} · {period_label(uow, card.protocol_version_id, card.period)}"[:200]
            if card.title != title:
                uow.keep(card, title=title)
        uow.flush()


def _name(uow: Uow, service: Service) -> str:
    contact = uow.peek(Contact, service.contact_id)
    return contact.name if contact is not None else ""


# ---- writing ---------------------------------------------------------------------------------------------------------
def locked(uow: Uow, service: Service | int) -> Service:
    """Hold a service card until the end of the transaction: what changes a person's cards happens one after the other."""
    with uow.as_system():
        return uow.get(Service, service if isinstance(service, int) else service.id, lock=True)


def replan(uow: Uow, service: Service | int) -> list[Change]:
    """Make the cards of a person what the calendar says, and the service card's stage with them; return what was changed."""
    service = locked(uow, service)
    with uow.as_system():
        facts = facts_of(uow, service)
        fresh = _begun(uow, facts)
        changes = difference(uow, service, fresh)
        for change in changes:
            _write(uow, service, change)
        uow.flush()
        _stage(uow, service, fresh)
    uow.emit(Replanned(service.id))
    return changes


def _begun(uow: Uow, facts: Facts) -> Facts:
    """Lay out the calendars of devices whose first period is over."""
    devices = dict(facts.devices)
    for key, device in devices.items():
        if not device.begun and begins(calendar_of(device, facts.person)):
            uow.keep(uow.get(Device, key), begun_on=today(uow))
            devices[key] = attrs.evolve(device, begun=True)
    return attrs.evolve(facts, devices=devices)


def _write(uow: Uow, service: Service, change: Change) -> None:
    after = change.after
    if change.card_id is None:
        card = Feedback(
            service_id=service.id, contact_id=service.contact_id, device_id=change.device_id, protocol_version_id=change.version_id,
            group=change.group, period=change.period, number=after.number, earliest=after.earliest, ideal=after.ideal, latest=after.latest,
            planned_at=after.planned_at, owner_id=service.owner_id, team_id=service.team_id,
        )  # fmt: skip
        uow.add(card, into=FOLLOW_UP[after.stage])
        uow.keep(card, title=change.title, skipped=after.skipped)
        return
    card = uow.get(Feedback, change.card_id)
    uow.keep(card, **{name: getattr(after, name) for name in DATES})
    if card.stage != after.stage:
        uow.move(card, FOLLOW_UP[after.stage])


def _stage(uow: Uow, service: Service, facts: Facts) -> None:
    c = Feedback.__table__.c
    open_ = sa.select(c.id).where(c.service_id == service.id, c.done_on.is_(None), c.skipped.is_(None), c.archived_at.is_(None)).limit(1)
    undone = uow.connection.execute(open_).first() is not None
    stage = service_stage(ended=service.ended, frozen=facts.frozen, unreachable=facts.unreachable, undone=undone)
    if service.stage != stage and service.archived_at is None:
        uow.move(service, SERVICE[stage])


def due(uow: Uow, service: Service, until: dt.datetime) -> Sequence[Feedback]:
    """Return the cards of a person whose time has come by a moment, of all devices, the earliest first: what one call asks."""
    with uow.as_system():
        waiting = uow.find(Feedback).where(Feedback.service_id == service.id, Feedback.done_on.is_(None), Feedback.skipped.is_(None))
        return waiting.where(Feedback.planned_at <= until).order_by(Feedback.planned_at, Feedback.id).all()


__all__ = [
    "Change", "Facts", "Replanned", "State", "difference", "due", "facts_of", "locked", "preview", "replan", "retitle", "state_of",
    "title_of", "wanted",
]  # fmt: skip
