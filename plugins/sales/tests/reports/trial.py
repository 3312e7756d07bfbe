"""A small world to count: cases that walk through stages for a year, and what a person with paper and pencil knows of them."""

from __future__ import annotations

import datetime as dt
import decimal
import random
from collections.abc import Callable

import attrs
from sqlalchemy import String

from crmkit import LOST, WON, Actor, Crm, Entity, Mapped, Money, Owned, Pipeline, Plugin, Role, Stage, Staged, column, relation

ZONE = "Asia/Vladivostok"
START = dt.datetime(2025, 1, 3, 7, 12, 5, 250_001, tzinfo=dt.UTC)
END = dt.datetime(2026, 1, 20, 3, tzinfo=dt.UTC)
TEAMS = {1: None, 2: 1, 3: 1, 4: 2}


class Source(Entity, table="trial_source"):
    name: Mapped[str] = column(String(50))


class Dealer(Owned, table="trial_dealer"):
    name: Mapped[str] = column(String(50))
    city: Mapped[str | None] = column(String(50), default=None)
    parent_id: Mapped[int | None] = column(to="self", default=None)


class Case(Owned, Staged, table="trial_case"):
    title: Mapped[str] = column(String(50))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True)
    source_id: Mapped[int | None] = column(to=Source, default=None)
    source: Mapped[Source | None] = relation()
    dealer_id: Mapped[int | None] = column(to=Dealer, default=None)
    dealer: Mapped[Dealer | None] = relation()
    lost_reason: Mapped[str | None] = column(String(50), default=None)


STAGES = [Stage("new"), Stage("talk"), Stage("offer"), Stage("won", outcome=WON), Stage("lost", outcome=LOST), Stage("pay"),
    Stage("gift", outcome=WON), Stage("spam", outcome=LOST)]  # fmt: skip
CASES = Pipeline("cases", of=Case, stages=STAGES)
OTHER = Pipeline("other", of=Case, stages=[Stage("one"), Stage("two"), Stage("done", outcome=WON)])
OPEN_STAGES, WON_STAGES, LOST_STAGES = ("new", "talk", "offer", "pay"), ("won", "gift"), ("lost", "spam")
plugin = Plugin("trial", modules=[__name__], requires=["sales"])

SCOPED = ("trial.case", "sales.inquiry", "sales.lead", "sales.deal")
READ = {"sales.reports.read": "all", "sales.source.read": "all", "trial.source.read": "all", "trial.dealer.read": "all"}
ROLES = [
    *(Role(scope, {f"{kind}.read": scope for kind in SCOPED} | READ) for scope in ("own", "team", "below", "all")),
    Role("named", {"sales.inquiry.read": "all", "sales.assignee.read": "all", "sales.reports.read": "all"}),
    Role("blind", {"trial.case.read": "all", **READ}, hidden=("trial.case.amount", "trial.case.owner_id", "trial.dealer.city")),
    Role("everything", {"*": "all"}),
    Role("clerk", {"trial.case.read": "all"}),
    Role("guest", {"sales.reports.read": "all"}),
    Role("stageless", {"trial.case.read": "all", **READ}, hidden=("trial.case.stage_since",)),
    Role("local", {"trial.case.read": "all", "sales.reports.read": "all", "trial.dealer.read": "own", "trial.source.read": "all"}),
]
ACTORS = [
    Actor(1, "Owner", roles=["own"], teams=[4]), Actor(2, "Teammate", roles=["team"], teams=[3]), Actor(3, "Chief", roles=["below"], teams=[2]),
    Actor(9, "Director", roles=["all"]), Actor(7, "Both", roles=["own", "team"], teams=[2], acts_for=[3]),
]  # fmt: skip


def sees(actor: Actor) -> Callable[[Known], bool]:
    """Row rules, said again in plain Python."""
    below = {2: {2, 4}, 3: {3}, 4: {4}}

    def one(case: Known) -> bool:
        found = []
        for role in actor.roles:
            found.append({
                "all": True, "own": case.owner == actor.id or case.owner in actor.acts_for, "team": case.team in actor.teams,
                "below": case.team in {b for t in actor.teams for b in below[t]},
            }[role] or (role != "own" and case.owner in (actor.id, *actor.acts_for)))  # fmt: skip
        return any(found)

    return lambda case: actor.system or one(case)


@attrs.define
class Known:
    """What happened to a case: its stays in order, as (pipeline, stage, since)."""

    created: dt.datetime
    owner: int
    team: int | None
    source: str | None
    dealer: int | None
    city: str | None
    amount: decimal.Decimal | None
    id: int = 0
    archived: bool = False
    stays: list[tuple[str, str, dt.datetime]] = attrs.Factory(list)

    @property
    def now(self) -> tuple[str, str, dt.datetime]:
        return self.stays[-1]


@attrs.define
class World:
    sources: dict[str, int]
    dealers: dict[int, tuple[str, str | None, int | None]]
    cases: list[Known] = attrs.Factory(list)


def build(crm: Crm, count: int, seed: int) -> World:
    """Let `count` cases walk for a year."""
    dice = random.Random(seed)
    with crm.uow() as uow:
        sources = {name: uow.add(Source(name=name)) for name in ("Site", "Radio", "Выставка")}
        dealers = [uow.add(Dealer(name=f"D{n}", city=city, owner_id=n)) for n, city in enumerate(("Омск", "Пермь", "Омск", None), 1)]
        uow.flush()
        dealers[2].parent_id = dealers[0].id
    world = World({n: s.id for n, s in sources.items()}, {d.id: (d.name, d.city, d.parent_id) for d in dealers})
    for _number in range(count):
        world.cases.append(_walk(crm, world, dice))
    return world


def _moment(dice: random.Random, since: dt.datetime, longest: float) -> dt.datetime:
    return since + dt.timedelta(microseconds=int(dice.choice((0.01, 0.1, 0.3, 1)) * dice.random() * longest * 86_400_000_000))


def _walk(crm: Crm, world: World, dice: random.Random) -> Known:
    dealer = dice.choice([None, *world.dealers])
    source = dice.choice([None, *world.sources])
    at = _moment(dice, START, 370)
    known = Known(at, dice.choice((1, 2, 3)), dice.choice((2, 3, 4, None)), source, dealer, world.dealers[dealer][1] if dealer else None,
        dice.choice((None, decimal.Decimal(dice.randrange(1, 10**7)) / 100)))  # fmt: skip
    with crm.uow() as uow:
        uow.at(at)
        pipeline, stage = dice.choices((("cases", "new"), ("cases", "offer"), ("cases", "lost"), ("other", "one")), (20, 3, 1, 2))[0]
        case = Case(title="x", owner_id=known.owner, team_id=known.team, source_id=world.sources[source] if source else None, dealer_id=dealer,
            amount=known.amount)  # fmt: skip
        uow.add(case, into=(CASES if pipeline == "cases" else OTHER)[stage])
        known.stays.append((pipeline, stage, at))
        for _step in range(dice.randrange(7)):
            at = _moment(dice, at, 60)
            if at > END:
                break
            uow.at(at)
            pipeline, stage = _next(dice, case)
            uow.move(case, (CASES if pipeline == "cases" else OTHER)[stage])
            known.stays.append((pipeline, stage, at))
        known.archived = dice.random() < 0.1
        if known.archived:
            uow.archive(case)
    known.id = case.id
    return known


def _next(dice: random.Random, case: Case) -> tuple[str, str]:
    if case.pipeline == "other":
        return "cases", dice.choice(("new", "talk", "won"))
    names = [s.name for s in STAGES if s.name != case.stage]
    weights = [{"talk": 5, "offer": 5, "pay": 4, "won": 3, "lost": 3}.get(n, 1) for n in names]
    if dice.random() < 0.04:
        return "other", "one"
    return "cases", dice.choices(names, weights)[0]
