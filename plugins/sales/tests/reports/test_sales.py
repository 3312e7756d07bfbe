"""Cohorts, forecast and first response over the records of sales themselves, beside the same with paper and pencil."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import random
from typing import Any

import attrs
import pytest

from crmkit import SYSTEM, Actor, Crm
from crmkit_sales import INQUIRIES, SALES, Assignee, Channel, Deal, Dealer, Inquiry, Lead, Source
from crmkit_sales.reports import Ask, cohorts, first_response, forecast, office

from . import paper
from .trial import ACTORS, END, START, sees

ROLES = ("own", "team", "below", "all")
SINCE, UNTIL = dt.date(2025, 4, 10), dt.date(2025, 12, 31)
WITHIN = paper.inside(SINCE, UNTIL)


@attrs.define
class Story:
    owner: int
    team: int
    received: dt.datetime
    answered: dt.datetime | None
    channel: Channel | None
    source: str | None
    stage: str = "new"
    late: bool = False
    became: dict[str, dt.datetime] = attrs.Factory(dict)


@pytest.fixture
def stories(crm: Crm) -> list[Story]:
    dice, found = random.Random(11), []
    with crm.uow() as uow:
        sources = {name: uow.add(Source(name=name)) for name in ("Site", "Fair")}
        uow.add(Dealer(name="D", city="Омск"))
        uow.add(Assignee(name="Ольга", user_id=1))
        uow.flush()
        for _number in range(70):
            found.append(_tell(uow, dice, {n: s.id for n, s in sources.items()}))
    return found


def _later(dice: random.Random, since: dt.datetime, days: float) -> dt.datetime:
    return since + dt.timedelta(seconds=int(dice.random() * dice.choice((0.02, 0.3, 1)) * days * 86400) + 60)


def _tell(uow: Any, dice: random.Random, sources: dict[str, int]) -> Story:
    at = _later(dice, START, 380)
    channel, source = dice.choice((None, Channel.CALL, Channel.SITE)), dice.choice((None, *sources))
    story = Story(dice.choice((1, 2, 3)), dice.choice((2, 3, 4)), at, None, channel, source)
    answered = _later(dice, at, 3) if dice.random() < 0.7 else None
    story.answered = answered if answered is not None and answered < END else None
    uow.at(at)
    mine = {"owner_id": story.owner, "team_id": story.team}
    inquiry = Inquiry(name="x", first_response_at=story.answered, channel=story.channel, source_id=sources.get(story.source or ""), **mine)
    uow.add(inquiry)
    uow.flush()
    story.late = bool(inquiry.response_late)
    if story.answered is None and dice.random() < 0.5:
        story.stage = "spam"
        uow.move(inquiry, INQUIRIES["spam"])
    elif dice.random() < 0.8:
        _become(uow, dice, story, inquiry, mine)
    return story


def _become(uow: Any, dice: random.Random, story: Story, inquiry: Inquiry, mine: dict[str, Any]) -> None:
    at = _later(dice, story.received, 90)
    if at > END:
        return
    uow.at(at)
    lead = uow.add(Lead(title="x", **mine))
    uow.flush()
    inquiry.lead_id = lead.id
    story.became["lead"] = at
    at = _later(dice, at, 60)
    if dice.random() < 0.7 and at < END:
        uow.at(at)
        deal = uow.add(Deal(title="x", amount=5, **mine))
        uow.flush()
        lead.deal_id = deal.id
        story.became["deal"] = at
        at = _later(dice, at, 60)
        if dice.random() < 0.6 and at < END:
            uow.at(at)
            uow.move(deal, SALES["offer"])
            uow.move(deal, SALES["won"])
            story.became["won"] = at


def month_number(moment: dt.datetime) -> int:
    local = moment.astimezone(paper.ZoneInfo(paper.ZONE))
    return local.year * 12 + local.month


def count(uow: Any, of: type, tree: Any) -> int:
    found = set(uow.connection.execute(uow.visible(of, filter=tree)).scalars())
    return len(found & set(uow.find(of).ids()))


def test_cohorts(crm: Crm, stories: list[Story]) -> None:
    for actor in (SYSTEM, *ACTORS):
        with crm.read(actor) as uow:
            rows = cohorts(uow, Ask(since=SINCE, until=UNTIL)).rows
            mine = [s for s in stories if WITHIN(s.received) and sees(actor)(s)]  # type: ignore[arg-type]
            sizes = collections.Counter(paper.month(s.received) for s in mine)
            assert {r.month: r.size for r in rows} == sizes
            for row in rows:
                own = [s for s in mine if paper.month(s.received) == row.month]
                lags = [month_number(s.became[row.step]) - month_number(s.received) for s in own if row.step in s.became]
                assert row.converted == sum(lag <= row.months for lag in lags), row
                assert row.share == row.converted / row.size
            for row in rows[:: max(1, len(rows) // 25)]:
                assert {n: count(uow, Inquiry, tree) for n, tree in row.drill.items()} == {"size": row.size, "converted": row.converted}
    assert {r.step for r in rows} == {"lead", "deal", "won"}


def test_first_response(crm: Crm, stories: list[Story]) -> None:
    for actor, by in ((a, b) for a in (SYSTEM, *ACTORS) for b in ((), ("channel",), ("owner", "source"))):
        with crm.read(actor) as uow:
            rows = first_response(uow, Ask(since=SINCE, until=UNTIL, by=by)).rows
            keys = {"channel": lambda s: s.channel and s.channel.value, "source": lambda s: s.source, "owner": lambda s: s.owner}
            groups: dict[Any, list[Story]] = {}
            for s in stories:
                if WITHIN(s.received) and sees(actor)(s):  # type: ignore[arg-type]
                    groups.setdefault(tuple(keys[b](s) for b in by), []).append(s)
            named = {tuple(k.label if k.name == "source" else k.value for k in r.by): r for r in rows}
            assert named.keys() == groups.keys()
            for key, row in named.items():
                _one_response(uow, groups[key], row)


def _one_response(uow: Any, own: list[Story], row: Any) -> None:
    answered = [s for s in own if s.answered is not None]
    open_ = [s for s in own if s.answered is None]
    missed = [s for s in open_ if s.stage == "new" or s.late]  # all of them came in long before the end
    waited = [office_time(uow, s.received, s.answered) for s in answered]  # type: ignore[arg-type]
    assert (row.received, row.in_time, row.late) == (len(own), sum(not s.late for s in answered), sum(s.late for s in answered))
    assert (row.missed, row.waiting, row.aside) == (len(missed), 0, len(open_) - len(missed))
    expected = paper.spread([dt.timedelta(minutes=w // dt.timedelta(minutes=1)) for w in waited], "")
    for name in ("median", "p90"):
        found = getattr(row, name)
        assert (None if found is None else found / dt.timedelta(microseconds=1)) == pytest.approx(expected[name]), name
    for name, tree in row.drill.items():
        assert count(uow, Inquiry, tree) == getattr(row, name), name


def office_time(uow: Any, since: dt.datetime, until: dt.datetime) -> dt.timedelta:
    found, day, shifts = dt.timedelta(), since.date() - dt.timedelta(days=1), office(uow).shifts
    while day <= until.date() + dt.timedelta(days=1):
        found += sum((max(dt.timedelta(), min(until, b) - max(since, a)) for a, b in shifts(day)), dt.timedelta())
        day += dt.timedelta(days=1)
    return found


def test_a_forecast(crm: Crm) -> None:
    dice, deals = random.Random(5), []
    today = END.astimezone(paper.ZoneInfo(paper.ZONE)).date()
    with crm.uow() as uow:
        for number in range(60):
            day = dice.choice((None, today + dt.timedelta(days=dice.randrange(-60, 300))))
            amount, chance = decimal.Decimal(dice.randrange(1, 10**6)) / 100, dice.choice((None, 0, 35, 100))
            deal = Deal(title="x", owner_id=number % 3 + 1, team_id=number % 3 + 2, amount=amount, closes_on=day, probability=chance)
            at = END - dt.timedelta(days=dice.randrange(40))
            uow.at(at)
            uow.add(deal, into=SALES[dice.choice(("new", "offer"))])
            if dice.random() < 0.4:
                if deal.stage == "new":
                    uow.move(deal, SALES["offer"])
                uow.move(deal, SALES["won"])
            percent = 100 if deal.stage == "won" else chance if chance is not None else {"new": 10, "offer": 50}[deal.stage]
            weighted = (amount * percent / 100).quantize(decimal.Decimal("0.01"), decimal.ROUND_HALF_UP)
            deals.append((deal, at, weighted))
    for actor in (SYSTEM, *ACTORS):
        with crm.read(actor) as uow:
            made = forecast(uow)
            for row in made.rows:
                own = [(d, at, w) for d, at, w in deals if sees(actor)(Owner(d.owner_id, d.team_id))]  # type: ignore[arg-type]
                here = [(d, w) for d, at, w in own if d.stage != "won" and _place(d.closes_on, today) == row.month]
                won = [d for d, at, w in own if d.stage == "won" and paper.month(at) == row.month]
                assert (row.open, row.amount, row.weighted) == (len(here), sum(d.amount for d, w in here), sum(w for d, w in here)), row.month
                assert (row.won, row.won_amount) == (len(won), sum(d.amount for d in won))
                assert row.expected == row.won_amount + row.weighted
                for name, tree in row.drill.items():
                    assert count(uow, Deal, tree) == getattr(row, name)
    assert [r.month for r in made.rows][:2] == ["before", "2026-01"]
    assert {"later", "undated"} <= {r.month for r in made.rows}


@attrs.frozen
class Owner:
    owner: int
    team: int


def _place(day: dt.date | None, today: dt.date) -> str:
    if day is None:
        return "undated"
    months = (day.year - today.year) * 12 + day.month - today.month
    return "before" if months < 0 else "later" if months > 5 else f"{day:%Y-%m}"


def test_nothing_yet_and_who_may_not_see_enough(crm: Crm, stories: list[Story]) -> None:
    with crm.read(Actor(77, roles=["own"])) as uow:
        for made in (cohorts(uow), first_response(uow)):
            assert made.rows == ()
    with crm.read(Actor(77, roles=["named"])) as uow:
        labels = {r.by[0].label for r in first_response(uow, Ask(since=SINCE, by=("owner",))).rows}
        assert labels == {"Ольга", "2", "3"}
        steps = {r.step for r in cohorts(uow, Ask(since=SINCE)).rows}
        assert steps == set()
