"""Moving every record at once leaves what moving them one by one leaves, in a number of statements that does not grow."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import String

from crmkit import (
    Actor,
    Changed,
    Crm,
    Entity,
    Forbidden,
    Invalid,
    Kind,
    Mapped,
    Misuse,
    Money,
    MovableClock,
    Moved,
    Owned,
    Pipeline,
    Plugin,
    Role,
    Stage,
    Staged,
    Uow,
    UtcDateTime,
    Written,
    column,
    hookimpl,
    on,
    undo,
    while_in,
)
from crmkit.core import ledger, together, totals
from crmkit.core.live import Message
from crmkit.core.tables import search

from .shop import create_tables, module_of


class Reason(enum.Enum):
    LATE = "late"
    LOST = "lost"


class Parcel(Owned, Staged, table="post_parcel"):
    due_on: Mapped[dt.date]
    weight: Mapped[int] = column(default=0, total=True)
    price: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True)
    reason: Mapped[Reason | None] = column(default=None, init=False, generated=True)
    asked_on: Mapped[dt.date | None] = column(default=None)
    urgent: Mapped[bool | None] = column(default=None)
    note: Mapped[str | None] = column(String(40), default=None, search=True)
    seen_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None)


class Stamp(Entity, table="post_stamp"):
    parcel_id: Mapped[int] = column(to=Parcel)


PARCELS = Pipeline("parcels", of=Parcel, stages=[Stage(n) for n in ("later", "soon", "overdue", "gone")])
TODAY = dt.date(2026, 3, 10)
EDGES = {
    "gone": Parcel.due_on < TODAY - dt.timedelta(days=60), "overdue": Parcel.due_on < TODAY, "soon": Parcel.due_on < TODAY + dt.timedelta(days=30),
    "later": sa.true(),
}  # fmt: skip
VALUES: dict[str, dict[str, Any]] = {
    "gone": {"reason": Reason.LOST, "note": "it's \"gone\""}, "overdue": {"urgent": True, "asked_on": TODAY}, "soon": {"urgent": False, "note": None},
}  # fmt: skip
Post = Callable[..., Crm]


def compose(url: Any, *things: Any, **more: Any) -> Crm:
    plugin = Plugin("post", modules=[module_of([Parcel, Stamp, PARCELS, *things])])
    return Crm(plugin, database=url, clock=MovableClock(dt.datetime(2026, 3, 10, 2, 30, tzinfo=dt.UTC)), **more)


def prepare(url: str) -> None:
    crm = compose(url)
    create_tables(crm)
    crm.engine.dispose()


@pytest.fixture
def post(copy_of: Callable[..., str]) -> Iterator[Post]:
    """`post(handler, …)`: a post office with these things in it, on a database of its own."""
    made: list[Crm] = []

    def new(*things: Any, **more: Any) -> Crm:
        made.append(compose(more.pop("url", None) or copy_of("the post office", prepare), *things, **more))
        return made[-1]

    yield new
    for crm in made:
        crm.engine.dispose()


def fill(crm: Crm, count: int = 60) -> None:
    """Put parcels of every sort into every stage, some of them archived."""
    with crm.uow() as uow:
        for number in range(count):
            stage = PARCELS[("later", "soon", "overdue", "gone")[number % 4]]
            given: dict[str, Any] = {"weight": number, "price": decimal.Decimal(number) / 4 if number % 3 else None}
            given |= {"urgent": (None, True, False)[number % 3], "asked_on": (None, TODAY, dt.date(2025, 2, 28))[number % 3]}
            given |= {"note": (None, "it's \"gone\"", "ждёт «до»")[number % 3], "owner_id": (None, 1, 2)[number % 3]}
            given["team_id"] = (5, None)[number % 2]
            uow.add(Parcel(due_on=TODAY + dt.timedelta(days=(number * 7) % 160 - 90), **given), into=stage)
            if number % 11 == 0:
                uow.flush()
        uow.flush()
        for parcel in uow.find(Parcel).where(Parcel.id % 13 == 0):
            uow.archive(parcel)
    clock_of(crm).forward(days=1, microseconds=1234)


def clock_of(crm: Crm) -> MovableClock:
    assert isinstance(crm.clock, MovableClock)
    return crm.clock


def books(crm: Crm) -> list[Any]:
    """Everything that is kept of parcels: rows, journal, history, totals, search. Transactions have numbers of their own."""
    with crm.read() as uow:
        rows = [dict(r) for r in uow.connection.execute(sa.select(Parcel.__table__).order_by(Parcel.id)).mappings()]
        told = []
        for table in (ledger.journal, ledger.history):
            c, own = table.c, [x for x in table.c if x.name not in ("id", "tx")]
            told.append(list(uow.connection.execute(sa.select(*own).where(c.kind == "post.parcel").order_by(c.record_id, c.id))))
        assert totals.differences(uow) == []
        documents = uow.connection.execute(sa.select(search.c.record_id, search.c.body).order_by(search.c.record_id)).all()
        return [rows, *told, totals.kept(uow, crm.kind(Parcel)), documents]


@on(Moved[Parcel])
def listen(event: Moved[Parcel], uow: Uow) -> None:
    """Be told of every record, which makes them move one by one."""


@pytest.mark.parametrize("values", [None, VALUES], ids=["stages", "fields too"])
def test_all_at_once_is_one_by_one(post: Post, values: Any) -> None:
    left, answers = [], []
    for things in ((), (listen,)):
        crm = post(*things)
        fill(crm)
        with crm.uow(Actor(7, "Ann", system=True), cause="test:sweep") as uow:
            answers.append(uow.move_all(PARCELS, EDGES, values=values))
        left.append(books(crm))
        clock_of(crm).forward(hours=1)
        with crm.uow() as uow:
            assert uow.move_all(PARCELS, EDGES, values=values) == {}, "the second time there is nothing to do"
        assert books(crm) == left[-1]
    assert left[0] == left[1]
    assert answers[0] == answers[1]
    assert sum(answers[0].values()) > 20
    assert any(row["stage"] == "gone" for row in left[0][0])


def test_the_number_of_statements_does_not_grow(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    monkeypatch.setattr(together, "CHUNK", 20)
    for size in (12, 200):
        crm = post(settle_looks_at_the_kind, refuse_stamps)
        fill(crm, size)
        statements: list[str] = []
        sa.event.listen(crm.engine, "before_cursor_execute", lambda _c, _cur, text, *_r, to=statements: to.append(text))
        with crm.uow() as uow:
            moved = uow.move_all(PARCELS, EDGES)
        assert sum(moved.values()) > size / 3
        counts.append(len(statements))
        assert len(statements) <= (3 if crm.database.postgres else 12), statements
    assert counts[0] == counts[1]


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    if kind.cls is Parcel:
        for row in rows:
            assert row.values is not None
            if row.changed is not None and row.values["stage"] == "gone":
                uow.add(Stamp(parcel_id=row.id))


settle_looks_at_the_kind = hookimpl(lambda kind, rows, uow: None)
settle_looks_at_the_kind.__name__ = "crm_settle"


def _refuse(record: Stamp, stage: Any, uow: Uow) -> None:
    """Look at stamps alone: that parcels are moved it need not hear."""


refuse_stamps = hookimpl(_refuse)
_refuse.__name__ = "crm_can_move"


def test_plugins_that_react_to_sets_see_every_record(post: Post) -> None:
    crm = post(crm_settle)
    fill(crm)
    with crm.uow() as uow:
        parcel = uow.find(Parcel).where(Parcel.stage == "gone", Parcel.due_on > TODAY).first()
        assert parcel is not None
        before = parcel.version
        uow.connection.execute(Stamp.__table__.delete())
        moved = uow.move_all(PARCELS, EDGES)
        assert (parcel.stage, parcel.version) == ("soon", before + 1), "what is held shows the present"
        parcel.note = "found"
    with crm.read() as uow:
        stamped = {s.parcel_id for s in uow.find(Stamp)}
        assert len(stamped) == sum(n for (_from, to), n in moved.items() if to == "gone") > 0
        assert stamped <= {p.id for p in uow.find(Parcel).where(Parcel.stage == "gone")}


def test_some_are_looked_at_and_edited_afterwards_and_undone(post: Post) -> None:
    crm = post()
    fill(crm)
    before = books(crm)
    with crm.uow() as uow:
        tx = uow.tx
        gone = uow.move_all(PARCELS, {"gone": sa.true()}, where=Parcel.weight < 8)
        assert gone == {("later", "gone"): 2, ("soon", "gone"): 2, ("overdue", "gone"): 2}
        assert uow.move_all(PARCELS, {"later": Parcel.weight < 4, "soon": sa.false()}, where=Parcel.weight < 8) == {("gone", "later"): 4}
    assert books(crm)[0] != before[0]
    with crm.uow() as uow:
        undo(uow, tx=tx)
    after = books(crm)
    stays = [{n: v for n, v in row.items() if n not in ("version", "updated_at")} for row in after[0]]
    assert stays == [{n: v for n, v in row.items() if n not in ("version", "updated_at")} for row in before[0]]
    assert after[2:] == before[2:]


def guarded(parcel: Parcel, uow: Uow) -> str | None:
    return "too heavy" if parcel.weight > 50 else None


@while_in(PARCELS["soon"], longer_than=dt.timedelta(days=3))
def wait(parcel: Parcel, uow: Uow) -> None:
    parcel.note = "waited"


@on(Changed[Parcel])
def changed(event: Changed[Parcel], uow: Uow) -> None:
    uow.add(Stamp(parcel_id=event.record.id))


def test_who_listens_hears_of_each_record(post: Post) -> None:
    crm = post(wait, changed)
    fill(crm, 20)
    with crm.uow() as uow:
        moved = uow.move_all(PARCELS, EDGES, values=VALUES)
    assert sum(moved.values())
    crm.deliver(until=clock_of(crm).now() + dt.timedelta(days=4))
    with crm.read() as uow:
        assert uow.find(Stamp).exists()
        assert {p.note for p in uow.find(Parcel).where(Parcel.stage == "soon")} == {"waited"}


def test_a_stage_that_refuses_one_refuses_all(post: Post, copy_of: Callable[..., str]) -> None:
    url = copy_of("the post office", prepare)
    fill(plain := compose(url))
    plain.engine.dispose()
    crm = post(url=url, settings={"pipelines": {"parcels": {"stages": {"gone": {"needs": ["price"]}}}}})
    before = books(crm)
    with pytest.raises(Invalid) as refused, crm.uow() as uow:
        uow.move_all(PARCELS, EDGES)
    assert {p.code for p in refused.value.problems} == {"required"}
    assert all(p.path.endswith(".price") for p in refused.value.problems)
    assert books(crm) == before


def test_only_what_the_actor_may_move_is_moved(post: Post) -> None:
    crm = post(roles=[Role("clerk", {"post.parcel.read": "all", "post.parcel.move": "own"}), Role("guest", {"post.parcel.read": "all"})])
    fill(crm)
    with crm.uow(Actor(1, "Ann", roles=["clerk"])) as uow:
        moved = uow.move_all(PARCELS, EDGES)
    with crm.read() as uow:
        told = uow.connection.execute(sa.select(ledger.journal.c.record_id).where(ledger.journal.c.action == "moved")).scalars()
        assert {uow.get(Parcel, key).owner_id for key in told} == {1}
    assert sum(moved.values())
    with pytest.raises(Forbidden, match=r"post\.parcel\.move"), crm.uow(Actor(3, "Bob", roles=["guest"])) as uow:
        uow.move_all(PARCELS, EDGES)


def test_wrong_names_are_told(post: Post) -> None:
    crm = post()
    with crm.uow() as uow:
        with pytest.raises(Misuse, match="overdue"):
            uow.move_all(PARCELS, {"overdu": sa.true()})
        with pytest.raises(Misuse, match="nothing is moved to"):
            uow.move_all(PARCELS, {"soon": sa.true()}, values={"later": {}})
        for name in ("stage", "version", "colour"):
            with pytest.raises(Misuse, match=name):
                uow.move_all(PARCELS, {"soon": sa.true()}, values={"soon": {name: "x"}})
        assert uow.move_all(PARCELS, {}) == {}


def test_live_pages_are_told_once(post: Post) -> None:
    crm = post()
    fill(crm, 20)
    heard: list[Message] = []
    crm.live.subscribe(heard.extend)
    with crm.uow() as uow:
        uow.move_all(PARCELS, EDGES)
    assert heard == [Message("post.parcel", None)]
