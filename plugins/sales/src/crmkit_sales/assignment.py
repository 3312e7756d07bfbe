"""Giving out leads and inquiries: the first rule that fits, its people by turns of weight, nobody above their limit.

Turns are smooth weighted round robin: at each turn everybody who can take it gains their weight, the one who is furthest
ahead gets it and pays the sum of the weights. Any run of turns with the same people splits by weight, within one of the
exact share; who was away or full does not catch up afterwards. Everything happens with the rule and its people locked, so
that it is exact however many transactions give out at once.
"""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Archived, Changed, Created, Invalid, Moved, Permission, Problem, Tick, Uow, _, command, every, on, on_enter
from crmkit.ui import button

from .entities import Absence, Assignee, AssignmentRule, Assigns, Inquiry, Lead
from .opened import is_open
from .pipelines import INQUIRIES, LEADS
from .settings import SalesSettings

ASSIGN = Permission("sales.assign", _("Give out leads and inquiries", ru="Распределять лиды и обращения"))
TURN = _(
    "Rule «{rule}»: the turn of {name}, weight {weight} of {total}, open: {open}",
    ru="Правило «{rule}»: очередь {name}, вес {weight} из {total}, открыто: {open}",
)
NOBODY = _("Rule «{rule}»: nobody can take it. {why}", ru="Правило «{rule}»: взять некому. {why}")
FULL = _("{name}: open {open} of {max}", ru="{name}: открыто {open} из {max}")
AWAY = _("{name}: away", ru="{name}: отсутствует")
NO_ONE = _("It names nobody who takes leads", ru="В нём нет никого, кто принимает лиды")
BY_HAND = _("Assigned by {name}", ru="Назначено: {name}")
NOT_THERE = _("{user} takes no leads: add a recipient of leads first", ru="{user} не принимает лиды: сначала добавьте получателя")
BATCH = 200
Given = Lead | Inquiry


@attrs.frozen
class HandOut:
    """Somebody may be able to take what waits without an owner."""


@attrs.frozen
class Person:
    """Somebody a rule names, at this moment."""

    id: int
    user_id: int
    team_id: int | None
    name: str
    weight: int
    max_active: int | None
    open: int
    away: bool

    @property
    def can(self) -> bool:
        """True when they can take one more."""
        return not self.away and (self.max_active is None or self.open < self.max_active)


def turn(people: Sequence[Person], credits: dict[str, int]) -> tuple[Person | None, dict[str, int]]:
    """Return whose turn it is, of those who can, and the credits after it."""
    able = [p for p in people if p.can]
    if not able:
        return None, credits
    after = credits | {str(p.id): credits.get(str(p.id), 0) + p.weight for p in able}
    chosen = max(able, key=lambda p: (after[str(p.id)], -p.id))
    after[str(chosen.id)] -= sum(p.weight for p in able)
    return chosen, after


def assign(record: Given, uow: Uow) -> bool:
    """Give a record to somebody, by the first rule that fits; False when nobody can take it, or no rule fits."""
    uow.flush()
    rule = _rule(record, uow)
    if rule is None:
        return False
    c = AssignmentRule.__table__.c
    credits = uow.connection.execute(sa.select(c.turns).where(c.id == rule.id).with_for_update()).scalar_one()
    people = _people(type(record), rule, uow)
    chosen, after = turn(people, credits)
    language = uow.crm.settings.language
    if chosen is None:
        told = [FULL.format(name=p.name, open=p.open, max=p.max_active) if not p.away else AWAY.format(name=p.name) for p in people]
        why = NOBODY.format(rule=rule.name, why=_("; ".join(told), ru="; ".join(x.to("ru") for x in told)) if told else NO_ONE)
        record.team_id = rule.team_id if record.team_id is None else record.team_id
        uow.keep(record, assigned_why=why.to(language)[:400])
        return False
    uow.connection.execute(AssignmentRule.__table__.update().where(c.id == rule.id).values(turns=after))
    total = sum(p.weight for p in people if p.can)
    why = TURN.format(rule=rule.name, name=chosen.name, weight=chosen.weight, total=total, open=chosen.open + 1)
    record.owner_id, record.team_id = chosen.user_id, chosen.team_id if chosen.team_id is not None else rule.team_id
    uow.keep(record, assigned_why=why.to(language)[:400])
    uow.flush()
    return True


def _rule(record: Given, uow: Uow) -> t.Any:
    cls = type(record)
    what = Assigns.LEADS if cls is Lead else Assigns.INQUIRIES
    r = AssignmentRule
    rules = uow.find(r).where(r.active.is_(True), r.assigns == what).order_by(r.position, r.id).columns(r.id, r.name, r.fits, r.team_id, r.people)
    for rule in rules:
        if not rule.fits or uow.find(cls).where(rule.fits, cls.id == record.id).exists():
            return rule
    return None


def _people(cls: type[Given], rule: t.Any, uow: Uow) -> list[Person]:
    """Return those a rule names, their rows locked in one order until the end of the transaction."""
    c = Assignee.__table__.c
    named = c.user_id.in_(rule.people) if rule.people else c.team_id == rule.team_id
    found = sa.select(c.id, c.user_id, c.team_id, c.name, c.weight, c.max_active).where(named, c.active, c.archived_at.is_(None))
    rows = uow.connection.execute(found.order_by(c.id).with_for_update()).all()
    if not rows:
        return []
    owned = cls.__table__.c
    users = [r.user_id for r in rows]
    counted = sa.select(owned.owner_id, sa.func.count()).where(owned.owner_id.in_(users), is_open(uow.crm, cls)).group_by(owned.owner_id)
    open_ones = {row[0]: row[1] for row in uow.connection.execute(counted)}
    away = absent(uow, [r.id for r in rows])
    return [Person(*r, open=open_ones.get(r.user_id, 0), away=r.id in away) for r in rows]


def absent(uow: Uow, assignees: Iterable[int]) -> set[int]:
    """Return which of these people are away today, by their absences and by what plugins know."""
    keys, day = list(assignees), uow.now.astimezone(uow.crm.zone).date()
    c = Absence.__table__.c
    mine = c.assignee_id.in_(keys) & (c.first_day <= day) & (c.last_day >= day) & c.archived_at.is_(None)
    away = {row[0] for row in uow.connection.execute(sa.select(c.assignee_id).where(mine))}
    if uow.crm.hook.sales_absent.get_hookimpls():
        for key in keys:
            person = uow.peek(Assignee, key)
            if person is not None and any(uow.crm.hook.sales_absent(assignee=person, day=day, uow=uow)):
                away.add(key)
    return away


# ---- when -------------------------------------------------------------------------------------------------------
@on(Created[Lead])
def assign_lead(event: Created[Lead], uow: Uow) -> None:
    """A new lead without an owner is given out."""
    _give(event.record, uow)


def _give(record: Given, uow: Uow) -> None:
    if record.owner_id is None and uow.crm[SalesSettings].assign:
        assign(record, uow)


def waiting(uow: Uow, cls: type[Lead] | type[Inquiry]) -> list[int]:
    """Return what waits without an owner because nobody could take it, oldest first."""
    found = uow.find(cls).where(cls.owner_id.is_(None), cls.assigned_why.is_not(None), is_open(uow.crm, cls))
    return found.order_by(cls.created_at, cls.id).limit(BATCH).ids()


def hand_out_later(uow: Uow) -> None:
    """Look again, after this transaction, who can take what waits."""
    if uow.crm[SalesSettings].assign and (waiting(uow, Lead) or waiting(uow, Inquiry)):
        uow.schedule(HandOut(), key="sales.hand_out", delay=dt.timedelta(0))


@on_enter(LEADS["converted"])
@on_enter(LEADS["lost"])
def lead_closed(moved: Moved[Lead], uow: Uow) -> None:
    """Somebody has room for one more."""
    hand_out_later(uow)


@on_enter(INQUIRIES["converted"])
@on_enter(INQUIRIES["rejected"])
@on_enter(INQUIRIES["spam"])
def inquiry_closed(moved: Moved[Inquiry], uow: Uow) -> None:
    """Somebody has room for one more."""
    hand_out_later(uow)


@on(Archived[Lead])
def lead_archived(event: Archived[Lead], uow: Uow) -> None:
    """Somebody has room for one more."""
    hand_out_later(uow)


@on(Created[Assignee])
@on(Changed[Assignee])
def people_changed(event: Created[Assignee] | Changed[Assignee], uow: Uow) -> None:
    """Somebody new can take leads, or somebody more of them."""
    hand_out_later(uow)


@on(Archived[Absence])
@on(Changed[Absence])
def absences_changed(event: Archived[Absence] | Changed[Absence], uow: Uow) -> None:
    """Somebody is back earlier."""
    hand_out_later(uow)


@every(cron="5 0 * * *")
def back_to_work(tick: Tick, uow: Uow) -> None:
    """Whoever was away until yesterday can take leads again."""
    hand_out_later(uow)


@on(HandOut)
def hand_out(event: HandOut, uow: Uow) -> None:
    """Give out what waits, oldest first; the rest stays where nobody can take it."""
    given = 0
    kinds: tuple[type[Lead] | type[Inquiry], ...] = (Lead, Inquiry)
    for cls in kinds:
        keys = waiting(uow, cls)
        for key in keys:
            record = uow.get(cls, key, lock=True)
            given += record.owner_id is None and assign(record, uow)
        if len(keys) == BATCH and given:
            uow.schedule(HandOut(), key="sales.hand_out", delay=dt.timedelta(seconds=1))


@button(icon="shuffle", menu=True, order=30)
@command(_("Give out by the rules", ru="Распределить по правилам"), of=Lead, permission=ASSIGN)
def assign_by_rules(lead: Lead, uow: Uow) -> Lead:
    """Give a lead to whose turn it is, also when it has an owner already."""
    with uow.as_system():
        assign(lead, uow)
    return lead


@button(icon="user-round-check", order=20)
@command(_("Hand over", ru="Передать"), of=Lead, permission=ASSIGN)
def hand_over(lead: Lead, uow: Uow, *, user_id: t.Annotated[int, _("To whom", ru="Кому")]) -> Lead:
    """Give a lead to somebody by hand; limits are not asked."""
    with uow.as_system():
        person = uow.find(Assignee).where(Assignee.user_id == user_id).first()
        if person is None:
            raise Invalid(problems=[Problem("user_id", "reference", NOT_THERE.format(user=user_id))])
        lead.owner_id, lead.team_id = person.user_id, person.team_id if person.team_id is not None else lead.team_id
        uow.keep(lead, assigned_why=BY_HAND.format(name=uow.actor.name or uow.actor.id or "").to(uow.crm.settings.language)[:400])
        uow.flush()
    return lead
