"""The monthly and the daily run: every card in the stage its dates say, whoever has come of age crossed over, calls in line.

Everything is derived from the day it is. Running it twice changes nothing, a missed run is made up for by the next one, and a process
that dies within it leaves everything as it was.
"""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from crmkit import Crm, Tick, Uow, every, on

from .calling import align, astray
from .cards import replan
from .days import today
from .entities import FOLLOW_UP, SERVICE, Device, Feedback, Pause, Service, Skipped
from .settings import FeedbackSettings

BATCH = 100
Condition = t.Any
_card, _service, _pause, _device = (cls.__table__.c for cls in (Feedback, Service, Pause, Device))
OPEN: Condition = _card.done_on.is_(None) & _card.skipped.is_(None) & _card.archived_at.is_(None)


@attrs.frozen
class Corrected:
    """What a run has done: cards and service cards by the stages they left and entered, and periods that were given up."""

    cards: dict[tuple[str, str], int]
    services: dict[tuple[str, str], int]
    given_up: int


@attrs.frozen
class CallsFollow:
    """Calls are brought in line, some at a time: those of service cards after this one."""

    after: int = 0


def _daily(crm: Crm) -> str:
    hour, minute = crm[FeedbackSettings].correct_at.split(":")
    return f"{int(minute)} {int(hour)} * * *"


@every(cron=_daily)
def correct_cards(tick: Tick, uow: Uow) -> None:
    """Put cards where they belong: on the 1st most of them move, on other days those whose day has come."""
    correct(uow)
    uow.schedule(CallsFollow(), key="prosthesis_feedback:calls")


@on(CallsFollow)
def calls_follow(event: CallsFollow, uow: Uow) -> None:
    """Make and cancel the tasks of the next service cards, and leave the rest to the next transaction."""
    found = astray(uow, after=event.after, limit=BATCH)
    for service_id in found:
        align(uow, service_id)
    if len(found) == BATCH:
        uow.schedule(CallsFollow(found[-1]), key="prosthesis_feedback:calls")


def correct(uow: Uow) -> Corrected:
    """Put every card and every service card into the stage of today, in a number of statements that does not depend on how many there are."""
    with uow.as_system():
        uow.flush()
        _hold(uow)
        given_up = _give_up(uow)
        cards = uow.move_all(FOLLOW_UP, stages_of_cards(uow), where=OPEN)
        services = uow.move_all(SERVICE, stages_of_services(uow), where=_service.ended.is_(None))
    return Corrected(cards, services, given_up)


# ---- where everything belongs ----------------------------------------------------------------------------------------
def frozen() -> Condition:
    """Select the service cards with an open pause."""
    return sa.select(_pause.service_id).where(_pause.ended_on.is_(None), _pause.archived_at.is_(None))


def stages_of_cards(uow: Uow) -> dict[str, Condition]:
    """Return what `stage_of` says, as conditions on the columns of undone cards: the first that holds."""
    day = today(uow)
    months = [_begin(uow, day.replace(day=1) + relativedelta(months=n)) for n in range(3)]
    away = sa.select(_service.id).where(_service.try_again_on > day)
    return {
        "incident": _card.service_id.in_(frozen()), "unreachable": _card.service_id.in_(away),
        "overdue": (_card.latest < day) | (_card.planned_at < months[0]), "this_month": _card.planned_at < months[1],
        "next_month": _card.planned_at < months[2], "later": sa.true(),
    }  # fmt: skip


def stages_of_services(uow: Uow) -> dict[str, Condition]:
    """Return what `service_stage` says, as conditions on the columns of service cards that have not ended."""
    asked = sa.select(sa.literal(1)).where(OPEN, _card.service_id == _service.id).correlate(Service.__table__).exists()
    return {
        "incident": _service.id.in_(frozen()), "finished": ~asked, "unreachable": _service.try_again_on > today(uow), "active": sa.true(),
    }  # fmt: skip


def _begin(uow: Uow, day: dt.date) -> dt.datetime:
    """Return the moment a day begins, by the CRM's clocks."""
    return dt.datetime.combine(day, dt.time(), uow.crm.zone).astimezone(dt.UTC)


def _hold(uow: Uow) -> None:
    """Hold the service cards whose cards will move: who opens an incident meanwhile comes first or waits.

    A condition on other tables is not looked at again when a locked row changes; a new statement sees everything that is committed.
    """
    if uow.connection.dialect.name != "postgresql":
        return  # one writer
    goal = sa.case(*((condition, name) for name, condition in stages_of_cards(uow).items()))
    moving = sa.select(_card.service_id).where(OPEN, goal != _card.stage)
    held = sa.select(_service.id).where(_service.id.in_(moving)).order_by(_service.id).with_for_update(key_share=True)
    uow.connection.execute(sa.select(sa.func.count()).select_from(held.cte("held")))


def _give_up(uow: Uow) -> int:
    """Give up periods whose window ended long ago; where that was the first of a device, the following ones are made."""
    day = today(uow)
    missed = (_card.latest < day - uow.crm[FeedbackSettings].missed_after) & _card.service_id.not_in(frozen())
    values = {"skipped": {"skipped": Skipped.MISSED, "given_up_on": day}}
    moved = uow.move_all(FOLLOW_UP, {"skipped": missed}, where=OPEN, values=values)
    if moved:
        first = sa.select(_card.service_id).join(Device.__table__, _device.id == _card.device_id).distinct()
        for key in uow.connection.execute(first.where(_card.given_up_on == day, _device.begun_on.is_(None))).scalars().all():
            replan(uow, key)
    return sum(moved.values())


__all__ = ["CallsFollow", "Corrected", "correct", "frozen", "stages_of_cards", "stages_of_services"]
