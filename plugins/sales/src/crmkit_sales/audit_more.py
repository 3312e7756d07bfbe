"""Further promises: sums of lines, contact points, the clock of answers, conversion, limits, protection."""

from __future__ import annotations

import typing as t
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from crmkit import OPEN, Uow

from .entities import ATTRIBUTION, Assignee, Contact, ContactPoint, Deal, DealLine, Inquiry, Lead, Registration, Way
from .pipelines import LEADS


def _rows(uow: Uow, *columns: t.Any, where: t.Any = True) -> t.Any:
    return uow.connection.execute(sa.select(*columns).where(where)).all()


def lines(uow: Uow) -> Iterator[str]:
    """The amount of a deal with lines is their sum."""
    sums: defaultdict[int, t.Any] = defaultdict(int)
    for deal, amount in _rows(uow, DealLine.deal_id, DealLine.amount, where=DealLine.archived_at.is_(None)):
        sums[deal] += amount
    for key, amount in _rows(uow, Deal.id, Deal.amount):
        if key in sums and sums[key] != amount:
            yield f"deal {key} has the amount {amount}, its lines come to {sums[key]}"


def points(uow: Uow) -> Iterator[str]:
    """A contact shows its primary number and address, and has at most one of each."""
    shown: dict[tuple[int, Way], list[str]] = defaultdict(list)
    live = ContactPoint.archived_at.is_(None) & ContactPoint.primary
    for contact, way, value in _rows(uow, ContactPoint.contact_id, ContactPoint.way, ContactPoint.value, where=live):
        shown[contact, way].append(value)
    for key, phone, email in _rows(uow, Contact.id, Contact.phone, Contact.email):
        for way, value in ((Way.PHONE, phone), (Way.EMAIL, email)):
            if shown.get((key, way), []) != ([value] if value else []):
                yield f"contact {key} shows {value}, its points say {shown.get((key, way))}"


def clocks(uow: Uow) -> Iterator[str]:
    """An inquiry is late exactly if nobody answered it in time."""
    shown = Inquiry.id, Inquiry.stage, Inquiry.respond_by, Inquiry.first_response_at, Inquiry.response_late
    for key, stage, by, answered, late in _rows(uow, *shown):
        waited = answered is None and stage == "new" and by <= uow.now
        if (answered is not None and late != (answered > by)) or (waited and not late):
            yield f"inquiry {key} was to be answered by {by}, was at {answered}, and is {'' if late else 'not '}marked as late"


def conversion(uow: Uow) -> Iterator[str]:
    """What was converted leads on, and took along where it came from."""
    for cls, target, link in ((Inquiry, Lead, "lead_id"), (Lead, Deal, "deal_id")):
        there = {row.id: row for row in _rows(uow, target.__table__)}
        for row in _rows(uow, cls.__table__, where=cls.__table__.c.stage == "converted"):
            after = there.get(getattr(row, link))
            if after is None:
                yield f"{cls.__name__} {row.id} was converted into nothing"
            elif any(getattr(row, name) != getattr(after, name) for name in (*ATTRIBUTION, "contact_id")):
                yield f"{cls.__name__} {row.id} lost on the way where it came from"


def limits(uow: Uow) -> Iterator[str]:
    """Nobody has more open leads than they may have."""
    stages = [s.name for s in LEADS.stages.values() if s.outcome is OPEN]
    held = Counter(row[0] for row in _rows(uow, Lead.owner_id, where=Lead.stage.in_(stages) & Lead.archived_at.is_(None)))
    for user, most in _rows(uow, Assignee.user_id, Assignee.max_active):
        if most is not None and held[user] > most:
            yield f"user {user} has {held[user]} open leads and may have {most}"


def protection(uow: Uow) -> Iterator[str]:
    """A registration is approved for as long as it protects."""
    for key, until in _rows(uow, Registration.id, Registration.protected_until, where=Registration.stage == "approved"):
        if until is None or until <= uow.now:
            yield f"registration {key} is approved, and protected until {until}"


MORE: tuple[Callable[[Uow], Iterator[str]], ...] = (lines, points, clocks, conversion, limits, protection)
