"""Filters mean the same in SQL on both databases as in plain Python, and wrong ones are named by their place."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Mapping
from typing import Any

import hypothesis.strategies as some
import pytest
from hypothesis import HealthCheck, given, settings

from crmkit import Crm, Invalid, NotFound
from crmkit.core.filter import EVERYTHING, both, read_filter

from .probe import NARROWED, SOMEBODY, TEAMS, Card, Company, Kind, Person, Seal, Visit, compose, months_later

Row = dict[str, Any]
Tree = Mapping[str, Any]


# ---- the evaluator in plain Python -----------------------------------------------------------------------------------
class Plain:
    """What a filter means, said without SQL: rows are dicts, links and extensions are dicts within them or None."""

    def __init__(self, crm: Crm, companies: dict[int, Row]) -> None:
        self.now, self.zone, self.companies = crm.clock.now(), crm.zone, companies
        self.today = self.now.astimezone(self.zone).date()

    def holds(self, tree: Tree, row: Row) -> bool:
        return all(self.entry(key, asked, row) for key, asked in tree.items())

    def entry(self, key: str, asked: Any, row: Row) -> bool:
        if key == "and":
            return all(self.holds(t, row) for t in asked)
        if key == "or":
            return any(self.holds(t, row) for t in asked)
        if key == "not":
            return not self.holds(asked, row)
        value: Any = row
        for step in key.split("."):
            value = None if value is None else value[step]
        if not isinstance(asked, Mapping) or "relative" in asked:
            asked = {"eq": asked}
        return all(self.compare(value, operator, operand, key) for operator, operand in asked.items())

    def compare(self, value: Any, operator: str, operand: Any, key: str) -> Any:
        if operator == "empty":
            return (value is None or value == "") == operand
        if operand is None:
            return (value is None or value == "") == (operator == "eq")
        if operator == "within":
            return value is not None and self.within(operand, self.day(value))
        if operator in ("contains", "starts"):
            text = (value or "").lower()
            found = operand.lower() in text if operator == "contains" else text.startswith(operand.lower())
            return bool(value is not None and found)
        if operator in ("in", "not_in", "below"):
            known = operand if isinstance(operand, Mapping) else [self.read(o, key) for o in operand]
            if operator == "below":
                return value is not None and self.below(value, known, key)
            members = SOMEBODY.teams if known == {"relative": "my_teams"} else known
            return bool((value in members) == (operator == "in") if value is not None else operator == "not_in")
        operand = self.read(operand, key)
        if value is None:
            return operator == "ne"
        compared = {"eq": value == operand, "ne": value != operand}
        if operator in compared:
            return compared[operator]
        return {"lt": value < operand, "gt": value > operand, "lte": value <= operand, "gte": value >= operand}[
            operator
        ]

    def read(self, operand: Any, key: str) -> Any:
        name = key.rpartition(".")[2]
        if isinstance(operand, Mapping):
            return self.relative(operand["relative"], name)
        readers: dict[str, Callable[[Any], Any]] = {
            "balance": decimal.Decimal,
            "kind": Kind,
            "born": dt.date.fromisoformat,
            "since": dt.date.fromisoformat,
            "seen_at": dt.datetime.fromisoformat,
        }
        return readers.get(name, lambda same: same)(operand)

    def relative(self, word: str, name: str) -> Any:
        if word == "me":
            return SOMEBODY.id
        midnight = dt.datetime.combine(self.today, dt.time(), self.zone)
        if word in ("today", "now"):
            moment = midnight if word == "today" else self.now
        else:
            number, unit = int(word[:-1].rstrip("m")), word.lstrip("+-0123456789")
            moment = self.now + dt.timedelta(days=number) if unit == "d" else self.now + dt.timedelta(hours=number)
            if unit == "mo":
                moment = months_later(self.now.astimezone(self.zone), number)
        return moment if name == "seen_at" else moment.astimezone(self.zone).date()

    def day(self, value: Any) -> dt.date:
        return value.astimezone(self.zone).date() if isinstance(value, dt.datetime) else value

    def within(self, period: str, day: dt.date) -> bool:
        first, days = self.today.replace(day=1), (self.today - day).days
        month = {"last": first - dt.timedelta(days=1), "this": first, "next": first + dt.timedelta(days=32)}
        week = {"last": -7, "this": 0, "next": 7}
        which, _, unit = period.partition("_")
        if unit.endswith("days"):
            return 0 <= days < int(unit.split("_")[0])
        if unit == "week":
            return day.isocalendar()[:2] == (self.today + dt.timedelta(days=week[which])).isocalendar()[:2]
        if unit == "month":
            return (day.year, day.month) == (month[which].year, month[which].month)
        if unit == "quarter":
            return (day.year, (day.month - 1) // 3) == (self.today.year, (self.today.month - 1) // 3)
        if unit == "year":
            return day.year == self.today.year - (which == "last")
        return days == {"today": 0, "yesterday": 1, "tomorrow": -1}[period]

    def below(self, value: int, tops: Any, key: str) -> bool:
        parents = TEAMS if key == "team_id" else {k: c["parent_id"] for k, c in self.companies.items()}
        here: int | None = value
        seen: set[int] = set()
        while here is not None and here not in seen:
            if here in tops:
                return True
            seen.add(here)
            here = parents.get(here)
        return False


# ---- random rows -----------------------------------------------------------------------------------------------------
TEXTS = some.text("aAbBяЯёЁ%_\\ '", max_size=4)
NUMBERS = some.integers(-2, 3)
MONEY = some.integers(-3, 3).map(lambda n: decimal.Decimal(n) / 100)
DAYS = some.one_of(some.integers(-70, 70), some.integers(-500, 500)).map(
    lambda n: dt.date(2026, 3, 9) + dt.timedelta(days=n)
)
MOMENTS = some.one_of(
    some.integers(-200, 200).map(
        lambda n: dt.datetime(2026, 3, 10, 2, 30, tzinfo=dt.UTC) + dt.timedelta(minutes=30 * n)
    ),
    some.integers(-900, 900).map(lambda n: dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC) + dt.timedelta(hours=12 * n)),
)


def maybe(strategy: Any) -> Any:
    return some.none() | strategy


PEOPLE = some.fixed_dictionaries(
    {
        "name": TEXTS.map(str.strip),
        "note": maybe(TEXTS),
        "age": maybe(NUMBERS),
        "height": maybe(NUMBERS.map(lambda n: n / 2)),
        "balance": maybe(MONEY),
        "kind": maybe(some.sampled_from(Kind)),
        "active": maybe(some.booleans()),
        "born": maybe(DAYS),
        "seen_at": maybe(MOMENTS),
        "extra": maybe(some.just({"a": 1})),
        "owner_id": maybe(some.integers(6, 8)),
        "team_id": maybe(some.integers(1, 5)),
        "company": maybe(some.integers(0, 2)),
        "card": maybe(some.fixed_dictionaries({"points": maybe(NUMBERS), "since": maybe(DAYS)})),
    }
)
COMPANIES = some.fixed_dictionaries(
    {
        "name": TEXTS.map(str.strip),
        "rank": maybe(NUMBERS),
        "parent": maybe(some.integers(0, 2)),
        "seal": maybe(some.fixed_dictionaries({"colour": maybe(TEXTS)})),
    }
)


# ---- random trees ----------------------------------------------------------------------------------------------------
def one_of(operators: str, operand: Any) -> Any:
    return some.tuples(some.sampled_from(operators.split()), operand).map(lambda pair: {pair[0]: pair[1]})


def asked(operators: str, operand: Any, *more: Any) -> Any:
    """Conditions on a field: comparisons, lists, emptiness, a bare value, null."""
    lists = one_of("in not_in", some.lists(operand, max_size=3))
    rest = [one_of("empty", some.booleans()), one_of("eq ne", some.none()), operand]
    return some.one_of(one_of(operators, operand), lists, *more, *rest)


ORDER = "eq ne lt lte gt gte"
SHIFTS = some.sampled_from(["now", "today", "-1d", "+3d", "-40d", "-1mo", "+1mo", "-5h"]).map(lambda w: {"relative": w})
PERIODS = one_of(
    "within",
    some.sampled_from(
        [
            "today",
            "yesterday",
            "tomorrow",
            "this_week",
            "last_week",
            "next_week",
            "this_month",
            "last_month",
            "next_month",
            "this_quarter",
            "this_year",
            "last_year",
            "last_1_days",
            "last_30_days",
        ]
    ),
)
TEXT = asked("eq ne", TEXTS, one_of("contains starts", TEXTS))
WHOLE = asked(ORDER, NUMBERS)
DAY = some.one_of(asked(ORDER, DAYS.map(str), PERIODS), one_of(ORDER, SHIFTS), SHIFTS)
MOMENT = some.one_of(asked(ORDER, MOMENTS.map(dt.datetime.isoformat), PERIODS), one_of(ORDER, SHIFTS))
ME = some.one_of(asked(ORDER, some.integers(6, 8)), some.just({"relative": "me"}))
TEAM = some.one_of(
    asked(ORDER, some.integers(1, 5)),
    some.just({"in": {"relative": "my_teams"}}),
    one_of("below", some.lists(some.integers(1, 5), max_size=2)),
)
FIELDS = {
    "name": TEXT,
    "note": TEXT,
    "age": WHOLE,
    "height": asked(ORDER, NUMBERS.map(lambda n: n / 2)),
    "balance": asked(ORDER, MONEY.map(str)),
    "kind": asked("eq ne", some.sampled_from(["retail", "wholesale"])),
    "active": asked("eq ne", some.booleans()),
    "born": DAY,
    "seen_at": MOMENT,
    "extra": one_of("empty", some.booleans()),
    "owner_id": ME,
    "team_id": TEAM,
    "card.points": WHOLE,
    "card.since": DAY,
    "company.name": TEXT,
    "company.rank": WHOLE,
    "company.seal.colour": TEXT,
    "company.parent.rank": WHOLE,
    "company.parent.parent.name": TEXT,
}
BELOW = one_of("below", some.lists(some.integers(1, 3), max_size=2))
COMPANY_FIELDS = {"name": TEXT, "rank": WHOLE, "seal.colour": TEXT, "parent.rank": WHOLE, "parent_id": BELOW}


def trees(fields: dict[str, Any]) -> Any:
    leaf = some.one_of([conditions.map(lambda c, f=field: {f: c}) for field, conditions in fields.items()])
    several = some.lists(leaf, max_size=3).map(lambda leaves: {k: v for one in leaves for k, v in one.items()})
    return some.recursive(
        leaf | several,
        lambda inner: some.one_of(
            some.lists(inner, max_size=3).map(lambda nodes: {"and": nodes}),
            some.lists(inner, max_size=3).map(lambda nodes: {"or": nodes}),
            inner.map(lambda node: {"not": node}),
        ),
        max_leaves=6,
    )


class Undo(Exception):
    """Ends a unit of work without leaving anything behind."""


def fill(uow: Any, companies: list[Row], people: list[Row]) -> tuple[dict[int, Row], list[tuple[Row, Person]]]:
    """Save the rows, and return them as the evaluator wants them."""
    made = [uow.add(Company(name=c["name"], rank=c["rank"])) for c in companies]
    uow.flush()
    links: dict[int, Row] = {}
    for company, row in zip(made, companies, strict=True):
        if row["parent"] is not None:
            company.parent_id = made[row["parent"]].id
        if row["seal"] is not None:
            company.attach(Seal(**row["seal"]))
        links[company.id] = {
            "id": company.id,
            "parent_id": company.parent_id,
            **{k: row[k] for k in ("name", "rank", "seal")},
        }
    for link in links.values():
        link["parent"] = links.get(link["parent_id"])
    rows = []
    for row in people:
        company = made[row["company"]] if row["company"] is not None else None
        given_to = {k: v for k, v in row.items() if k not in ("company", "card")}
        person = uow.add(Person(**given_to, company_id=company.id if company else None))
        if row["card"] is not None:
            person.attach(Card(**row["card"]))
        rows.append((row | {"company": links[company.id] if company else None}, person))
    uow.flush()
    return links, rows


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    companies=some.lists(COMPANIES, min_size=3, max_size=3),
    people=some.lists(PEOPLE, min_size=1, max_size=6),
    asked=some.lists(trees(FIELDS), min_size=1, max_size=4),
    seen=maybe(trees(FIELDS)),
    seen_companies=maybe(trees(COMPANY_FIELDS)),
)
def test_sql_and_plain_python_agree(
    crm: Crm, companies: list[Row], people: list[Row], asked: list[Tree], seen: Tree | None, seen_companies: Tree | None
):
    """Also under row rules: what may not be seen is not found, and what is reached over a link looks empty."""
    NARROWED.clear()
    NARROWED.update(
        {k: tree for k, tree in (("probe.person", seen), ("probe.company", seen_companies)) if tree is not None}
    )
    with pytest.raises(Undo), crm.uow(SOMEBODY) as uow:  # noqa: PT012 - it always ends so, to leave nothing behind
        with uow.as_system():
            links, rows = fill(uow, companies, people)
        plain = Plain(crm, links)
        every = [(row, person.id) for row, person in rows]
        for tree in asked:
            with uow.as_system():
                found = sorted(uow.find(Person).where(tree).ids())
                one = rows[0][1]
                matches = uow.matches(one, read_filter(tree, crm.kind(Person), crm.kinds))
            expected = [key for row, key in every if plain.holds(tree, row)]
            assert found == expected, tree
            assert matches == (one.id in expected), tree
        hidden = {k for k, c in links.items() if seen_companies is not None and not plain.holds(seen_companies, c)}
        shown = [(veiled(row, hidden), key) for row, key in every if seen is None or plain.holds(seen, row)]
        for tree in asked:
            found = sorted(uow.find(Person).where(tree).ids())
            assert found == [key for row, key in shown if plain.holds(tree, row)], (tree, seen, seen_companies)
        raise Undo


def veiled(row: Row, hidden: set[int]) -> Row:
    """The row as somebody sees it who may not see some companies."""

    def lift(company: Row | None, depth: int) -> Row | None:
        if company is None or company["id"] in hidden:
            return None
        return company | {"parent": lift(company["parent"], depth - 1) if depth else None}

    return row | {"company": lift(row["company"], 3)}


# ---- what is refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "tree, path, words",
    [
        (["name"], "filter", "expected an object"),
        ({"nmae": "x"}, "filter.nmae", "'name'"),
        ({"company.nmae": "x"}, "filter.company.nmae", "'name'"),
        ({"compani.name": "x"}, "filter.compani.name", "'company'"),
        ({"company.name.length": 1}, "filter.company.name.length", "no link"),
        ({"password": "x"}, "filter.password", "no field"),
        ({"name": {"gtee": "x"}}, "filter.name.gtee", "'gte'"),
        ({"and": {"name": "x"}}, "filter.and", "list"),
        ({"and": [{"name": "x"}, {"or": [{"age": "5"}]}]}, "filter.and.1.or.0.age", "a whole number"),
        ({"not": {"age": {"lt": True}}}, "filter.not.age.lt", "a whole number"),
        ({"age": {"in": 5}}, "filter.age.in", "list"),
        ({"age": {"in": [1, "2"]}}, "filter.age.in", "a whole number"),
        ({"age": {"in": [1, None]}}, "filter.age.in", "empty"),
        ({"age": {"in": [2**63]}}, "filter.age.in", "too large"),
        ({"age": 2**63}, "filter.age", "too large"),
        ({"age": {"below": [1.5]}}, "filter.age.below", "a whole number"),
        ({"name": {"below": ["x"]}}, "filter.name.below", "links"),
        ({"age": {"contains": "1"}}, "filter.age.contains", "text only"),
        ({"name": {"contains": 1}}, "filter.name.contains", "text only"),
        ({"name": {"contains": "\0"}}, "filter.name.contains", "NUL"),
        ({"name": {"in": ["\0"]}}, "filter.name.in", "NUL"),
        ({"age": {"empty": "yes"}}, "filter.age.empty", "true or false"),
        ({"age": {"gt": None}}, "filter.age.gt", "use empty"),
        ({"active": {"gt": True}}, "filter.active.gt", "no order"),
        ({"kind": {"gt": "retail"}}, "filter.kind.gt", "no order"),
        ({"kind": "retial"}, "filter.kind", "retail, wholesale"),
        ({"extra": {"eq": {"a": 1}}}, "filter.extra.eq", "only empty"),
        ({"tags": {"in": [["a"]]}}, "filter.tags.in", "links"),
        ({"balance": 5.5}, "filter.balance", '"5.5"'),
        ({"balance": "5.555"}, "filter.balance", "2 digits"),
        ({"balance": {"in": ["5.555"]}}, "filter.balance.in", "2 digits"),
        ({"balance": "1e30"}, "filter.balance", "too large"),
        ({"balance": {"in": ["NaN"]}}, "filter.balance.in", "too large"),
        ({"rate": {"lt": "1e13"}}, "filter.rate.lt", "too large"),
        ({"born": "2026-02-30"}, "filter.born", "a date"),
        ({"born": "2026-02-03T00:00:00Z"}, "filter.born", "a date"),
        ({"seen_at": "2026-02-03T00:00:00"}, "filter.seen_at", "time zone"),
        ({"seen_at": "2026-02-03"}, "filter.seen_at", "a moment"),
        ({"born": {"within": "this_fortnight"}}, "filter.born.within", "this_week"),
        ({"age": {"within": "today"}}, "filter.age.within", "dates only"),
        ({"born": {"relative": "-7x"}}, "filter.born", "-7d"),
        ({"born": {"relative": "me"}}, "filter.born", "does not fit"),
        ({"owner_id": {"relative": "today"}}, "filter.owner_id", "does not fit"),
        ({"team_id": {"in": {"relative": "me"}}}, "filter.team_id.in", "list"),
        ({"rotten": True}, "filter.rotten", "no field"),
    ],
)
def test_what_cannot_be_asked_is_named_by_its_place(tmp_path, tree, path, words):
    crm = compose(f"sqlite:///{tmp_path / 'crm.db'}")
    with pytest.raises(Invalid) as caught:
        read_filter(tree, crm.kind(Person), crm.kinds)
    crm.engine.dispose()
    [problem] = caught.value.problems
    assert problem.path == path
    assert words in problem.message


def test_every_wrong_place_is_named_at_once(crm):
    with pytest.raises(Invalid) as caught:
        read_filter({"nmae": 1, "age": "x", "or": [{"born": 1}]}, crm.kind(Person), crm.kinds)
    assert [p.path for p in caught.value.problems] == ["filter.nmae", "filter.age", "filter.or.0.born"]


def test_too_deep_and_too_long_is_refused(crm):
    deep: dict[str, Any] = {"age": 1}
    for _number in range(20):
        deep = {"not": deep}
    for tree, words in [(deep, "deeply"), ({"or": [{"age": n} for n in range(101)]}, "100")]:
        with pytest.raises(Invalid, match=words):
            read_filter(tree, crm.kind(Person), crm.kinds)


def test_nothing_asked_is_everything(crm):
    assert read_filter(None, crm.kind(Person), crm.kinds) is EVERYTHING
    assert both(None, EVERYTHING) is EVERYTHING
    node = read_filter({"age": 1}, crm.kind(Person), crm.kinds)
    assert both(None, node, EVERYTHING) is node


def test_the_shape_of_a_tree_does_not_depend_on_its_values(crm):
    def shape(tree: Tree) -> Any:
        return read_filter(tree, crm.kind(Person), crm.kinds).shape

    assert shape({"age": {"in": [1]}, "name": "a"}) == shape({"age": {"in": [1, 2, 3]}, "name": "b"})
    assert shape({"age": {"empty": True}}) != shape({"age": {"empty": False}})
    assert shape({"age": {"lt": 1}}) != shape({"age": {"gt": 1}})


def test_records_that_stayed_too_long_are_rotten(crm, clock):
    with crm.uow() as uow:
        old = uow.add(Visit(topic="old"))
    clock.forward(days=3)
    with crm.uow() as uow:
        new = uow.add(Visit(topic="new"))
        uow.flush()
        assert uow.find(Visit).where({"rotten": True}).ids() == [old.id]
        assert uow.find(Visit).where({"rotten": False}).ids() == [new.id]


def test_rules_that_lead_in_circles_come_to_an_end(crm):
    """A company is seen when its parent's rank is 1: the parent need not be seen itself."""
    NARROWED["probe.company"] = {"parent.rank": 1}
    NARROWED["probe.person"] = {"company.parent.rank": 1}
    with crm.uow() as uow:
        top = uow.add(Company(name="top", rank=1))
        uow.flush()
        below = uow.add(Company(name="below", parent_id=top.id))
        uow.flush()
        person = uow.add(Person(name="Ann", company_id=below.id))
        stranger = uow.add(Person(name="Bob", company_id=top.id))
    with crm.read(SOMEBODY) as uow:
        assert uow.find(Company).ids() == [below.id]
        assert uow.get(Person, person.id).name == "Ann"
        assert uow.find(Person).where({"company.name": "below", "company.parent.name": {"empty": True}}).ids() == [
            person.id
        ]
        with pytest.raises(NotFound):
            uow.get(Person, stranger.id)
