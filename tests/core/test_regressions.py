"""Mistakes that were made once: each test names what must not come back."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import enum
import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from sqlalchemy import String

from crmkit import (
    Actor,
    Choice,
    CompositionError,
    Created,
    Crm,
    Exact,
    Extension,
    Forbidden,
    Invalid,
    Mapped,
    Misuse,
    Money,
    Moved,
    Owned,
    Pipeline,
    Plugin,
    Role,
    Stage,
    Uow,
    after,
    column,
    every,
    hookimpl,
    on,
    on_enter,
    relation,
    while_in,
)
from crmkit.core import board, lists, operations, timeline
from crmkit.core.filter import Context, Relative
from crmkit.core.lists import ListRequest
from crmkit.core.relative import resolve
from crmkit.core.settings import fill

from .kit import Shop, clock_of, journal
from .shop import ORDERS, Client, Gift, Order, Task, create_tables

DAYS = dt.timedelta(days=1)
PRICE: dict[str, Any] = {"amount": decimal.Decimal(5)}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Number(enum.Enum):
    ONE = 1


class Profile(Extension[Client], table="shop_profile"):
    tags: Mapped[list[str]] = column(factory=list)
    extra: Mapped[dict[str, Any] | None] = column(default=None)
    mentor_id: Mapped[int | None] = column(to=Client, default=None)
    mentor: Mapped[Client | None] = relation()


class Item(Owned, table="shop_item"):
    name: Mapped[str] = column(String(50), clean=str.strip, default="  nameless ")
    colour: Mapped[Colour] = column(default=Colour.RED)
    price: Mapped[decimal.Decimal] = column(Money, default=decimal.Decimal(5))
    huge: Mapped[decimal.Decimal | None] = column(Exact(20, 6), default=None)
    facts: Mapped[dict[str, Any] | None] = column(default=None)
    tags: Mapped[list[str]] = column(factory=list)
    seen_at: Mapped[dt.datetime | None] = column(default=None)
    client_id: Mapped[int | None] = column(to=Client, default=None)


def wide(shop: Shop, *things: Any, **more: Any) -> Crm:
    """The shop with a profile and items."""
    crm = shop(Profile, Item, *things, **more)
    create_tables(crm)
    return crm


def actor(*roles: str, id: int | None = 1, teams: tuple[int, ...] = ()) -> Actor:
    return Actor(id, "Ann", roles=roles, teams=teams)


# Rights ---------------------------------------------------------------------------------------------------------------


def test_a_record_that_was_seen_is_not_thereby_one_that_may_be_changed(shop: Shop):
    crm = shop(roles=[Role("clerk", {"shop.order.read": "all", "shop.order.change": "own"})])
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe", owner_id=2))
    with crm.uow(actor("clerk")) as uow:
        uow.get(Order, order.id)
        with pytest.raises(Forbidden):
            uow.get(Order, order.id, action="change")


def test_what_stands_behind_a_hidden_link_is_hidden_too(shop: Shop):
    roles = [Role("clerk", {"shop.*": "all"}, hidden=["shop.order.client_id"])]
    crm = shop(roles=roles)
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        uow.flush()
        uow.add(Order(title="A pipe", client_id=client.id))
    kind = crm.kind(Order)
    for request in (
        ListRequest(fields=["client.name"]),
        ListRequest(sort=["client.name"]),
        ListRequest(filter={"client.name": "Holmes"}),
        ListRequest(filter={"client.sponsor.name": {"empty": True}}),
    ):
        with crm.read(actor("clerk")) as uow, pytest.raises(Invalid):
            lists.page(uow, kind, request)
    with crm.read(actor("clerk")) as uow, pytest.raises(Invalid):
        board.board(uow, kind, filter={"client.name": "Holmes"})


def test_the_journal_cannot_be_searched_for_what_is_hidden(shop: Shop):
    roles = [Role("clerk", {"shop.*": "all", "crmkit.journal": "all"}, hidden=["shop.client.code"])]
    crm = shop(roles=roles)
    with crm.uow(attrs.evolve(actor(), system=True)) as uow:
        uow.add(Client(name="Holmes", code="221B"))
        uow.flush()
        uow.add(Order(title="221B pipes"))
    with crm.read(actor("clerk")) as uow:
        assert [e["kind"] for e in timeline.search_journal(uow, text="221b")] == ["shop.order"]
        assert [e["kind"] for e in timeline.search_journal(uow, text="ANN")] == ["shop.order", "shop.client"], "who"
    with crm.read() as uow:
        assert len(timeline.search_journal(uow, text="221b")) == 2


def test_nobody_s_records_are_not_those_of_owner_nought(shop: Shop):
    """The running totals keep 0 for nobody; no filter and no rule may take that for an owner."""
    crm = shop(roles=[Role("own", {"shop.order.*": "own"}), Role("all", {"shop.order.*": "all"})])
    kind = crm.kind(Order)
    with crm.uow() as uow:
        uow.add(Order(title="Nobody's"))
        uow.add(Order(title="Seven's", owner_id=7))

    def count(who: Actor, asked: Any = None) -> int:
        with crm.read(who) as uow:
            shown = board.board(uow, kind, filter=asked)["columns"][0]
            assert shown["count"] == len(shown["cards"]), "the count is that of the cards"
            return int(shown["count"])

    assert count(actor("own", id=0)) == 0
    assert count(actor("own", id=7)) == 1
    for asked, expected in [
        ({"owner_id": {"lt": 9}}, 1), ({"owner_id": 0}, 0), ({"owner_id": {"lte": 7}}, 1), ({"owner_id": {"gte": -1}}, 1),
        ({"owner_id": {"in": [0, 7]}}, 1), ({"owner_id": {"not_in": [0]}}, 2), ({"owner_id": {"ne": 7}}, 1),
        ({"owner_id": {"empty": True}}, 1), ({"owner_id": {"empty": False}}, 1), ({"not": {"owner_id": 7}}, 1),
        ({"team_id": {"below": [0]}}, 0),
    ]:  # fmt: skip
        assert count(actor("all"), asked) == expected, asked


def test_fields_are_read_only_for_those_who_may_only_create(shop: Shop):
    roles = [
        Role("intake", {"shop.order.create": "all", "shop.order.read": "all"}, read_only=["shop.order.amount"]),
        Role("blind", {"shop.order.create": "all"}, hidden=["shop.order.amount"]),
    ]
    crm = shop(roles=roles)
    for role in ("intake", "blind"):
        with crm.uow(actor(role)) as uow, pytest.raises(Invalid) as refused:
            operations.create(uow, crm.kind(Order), {"title": "A pipe", "amount": "5"})
        assert [p.path for p in refused.value.problems] == ["amount"]


def test_a_rule_a_plugin_misspelt_shows_nothing_and_says_so(shop: Shop):
    @hookimpl
    def crm_visible(actor: Actor, kind: Any) -> Mapping[str, Any] | None:
        return {"not": {"onwer_id": 5}} if kind.key == "shop.order" else None

    crm = shop(crm_visible, roles=[Role("clerk", {"shop.*": "all"})])
    with crm.uow() as uow:
        uow.add(Order(title="A pipe", owner_id=5))
    with crm.read(actor("clerk")) as uow, pytest.raises(Misuse, match="owner_id"):
        uow.find(Order).all()


def test_everything_may_be_hidden_but_what_names_a_record(shop: Shop):
    crm = shop(roles=[Role("clerk", {"shop.*": "all"}, hidden=["shop.order.*"])])
    with crm.uow() as uow:
        uow.add(Order(title="A pipe"))
    with crm.read(actor("clerk")) as uow:
        assert lists.page(uow, crm.kind(Order), ListRequest()).rows == [{"id": 1, "version": 1}]
        with pytest.raises(Forbidden):
            board.board(uow, crm.kind(Order))


def test_adding_by_the_thousand_asks_for_the_same_rights_whoever_listens(shop: Shop):
    @on(Created[Order])
    def heard(created: Created[Order], uow: Uow) -> None: ...

    roles = [
        Role("reader", {"shop.order.read": "all"}),
        Role("maker", {"shop.order.*": "own", "shop.client.*": "own"}),
    ]
    for things in ((), (heard,)):
        crm = shop(*things, roles=roles)
        with crm.uow() as uow:
            hidden = uow.add(Client(name="Moriarty", owner_id=9))
        with pytest.raises(Forbidden), crm.uow(actor("reader")) as uow:
            uow.add_many(Order, [{"title": "A pipe"}])
        with pytest.raises(Forbidden), crm.uow(actor("maker")) as uow:
            uow.add_many(Order, [{"title": "A pipe", "owner_id": 1}, {"title": "A pipe", "owner_id": 2}])
        with pytest.raises(Invalid) as refused, crm.uow(actor("maker")) as uow:
            uow.add_many(Order, [{"title": "A"}, {"title": "B", "owner_id": 1, "client_id": hidden.id}])
        assert [p.path for p in refused.value.problems] == ["1.client_id"]
        with crm.uow(actor("maker")) as uow:
            assert len(uow.add_many(Order, [{"title": "A pipe", "owner_id": 1}])) == 1
    with shop().read() as uow:
        assert uow.find(Order).count() == 2


# Lists ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, values",
    [
        (["id-"], {}), (["id-"], [2**70]), (["id-"], [True]), (["title+", "id+"], ["\x00", 1]),
        (["amount+", "id+"], ["NaN", 1]), (["amount+", "id+"], ["1e60", 1]), (["amount+", "id+"], ["0.001", 1]),
        (["id-"], []), ("id-", "5"), (["id-"], 5),
    ],
)  # fmt: skip
def test_a_forged_cursor_is_refused(shop: Shop, words: Any, values: Any):
    crm = shop()
    sort = [w.rstrip("+-") for w in words if w != "id+"] if isinstance(words, list) and len(words) > 1 else ()
    cursor = base64.urlsafe_b64encode(json.dumps([words, values]).encode()).decode()
    with crm.read() as uow, pytest.raises(Invalid):
        lists.page(uow, crm.kind(Order), ListRequest(sort=sort, after=cursor))


@pytest.mark.parametrize("patience", [dt.timedelta(days=8), dt.timedelta(days=400)])
def test_patience_of_more_than_a_week_is_patience_too(shop: Shop, patience: dt.timedelta):
    slow = Pipeline("slow", of=Order, stages=[Stage("asked", rots_after=patience)])
    crm = shop(slow)
    with crm.uow() as uow:
        uow.add(Order(title="Old"), into=slow["asked"])
    clock_of(crm).forward(days=patience.days + 1)
    with crm.uow() as uow:
        uow.add(Order(title="New"), into=slow["asked"])
    with crm.read() as uow:
        rotten = lists.page(uow, crm.kind(Order), ListRequest(filter={"rotten": True}, fields=["title"]))
    assert [row["title"] for row in rotten.rows] == ["Old"]


# Records --------------------------------------------------------------------------------------------------------------


def test_links_of_more_than_a_thousand_records_are_all_followed(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        keys = uow.add_many(Client, [{"name": f"Client {n}"} for n in range(2100)])
        uow.add_many(Order, [{"title": "A pipe", "client_id": key} for key in keys])
    with crm.read() as uow:
        for order in uow.find(Order).order_by(Order.id.desc()):
            assert order.client is not None
            assert order.client.id == order.client_id


def test_lists_of_an_extension_may_be_edited_in_place(shop: Shop):
    crm = wide(shop)
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        client.attach(Profile(tags=["a"]))
        uow.flush()
        client[Profile].tags.append("b")
    with crm.uow() as uow:
        profile = uow.get(Client, client.id)[Profile]
        assert profile.tags == ["a", "b"]
        profile.tags.append("c")
    with crm.read() as uow:
        assert uow.get(Client, client.id)[Profile].tags == ["a", "b", "c"]


def test_an_extension_may_point_to_what_is_new(shop: Shop):
    crm = wide(shop)
    with crm.uow() as uow:
        mentor, pupil = uow.add(Client(name="Holmes")), Client(name="Wiggins")
        profile = pupil.attach(Profile())
        profile.mentor = mentor
        uow.add(pupil)
    with crm.uow() as uow:
        assert uow.get(Client, pupil.id)[Profile].mentor_id == mentor.id
        other = uow.add(Client(name="Mycroft"))
        uow.get(Client, pupil.id)[Profile].mentor = other
    with crm.read() as uow:
        assert uow.get(Client, pupil.id)[Profile].mentor_id == other.id


def test_json_that_is_emptied_is_empty_for_filters_too(shop: Shop):
    crm = wide(shop)
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        client.attach(Profile(extra={"a": 1}))
    with crm.uow() as uow:
        uow.get(Client, client.id)[Profile].extra = None
    with crm.read() as uow:
        assert uow.get(Client, client.id)[Profile].extra is None
        assert uow.find(Client).where({"profile.extra": {"empty": True}}).count() == 1


def test_the_journal_tells_of_a_list_as_it_was_at_the_time(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes", wishes=["a"]))
        uow.flush()
        client.wishes.append("b")
        uow.flush()
        client.wishes.append("c")
    told = [row.changes["wishes"] for row in journal(crm)]
    assert told == [[None, ["a"]], [["a"], ["a", "b"]], [["a", "b"], ["a", "b", "c"]]]


def test_a_nul_inside_json_is_refused(shop: Shop):
    given: list[Any] = [["a\x00b"], [{"a": ["\x00"]}], [{"\x00": 1}]]
    for wishes in given:
        with pytest.raises(Invalid, match="NUL"):
            Client(name="Holmes", wishes=wishes)


def test_saving_twice_is_refused(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe"))
        assert uow.add(order) is order, "nothing is saved yet"
        uow.flush()
        with pytest.raises(Misuse, match="saved already"):
            uow.add(order)
    with crm.read() as uow:
        assert uow.find(Order).count() == 1


def test_what_is_edited_after_the_end_is_not_lost_in_silence(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe"))
    assert order.title == "A pipe"
    with pytest.raises(Misuse, match="over"):
        order.title = "Two pipes"
    with pytest.raises(Misuse, match="over"):
        uow.add(Order(title="A pipe"))
    with pytest.raises(Misuse, match="over"):
        order.get(Gift)


def test_records_of_another_unit_of_work_are_refused(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe"))
    with crm.uow() as uow:
        with pytest.raises(Misuse, match="unit of work"):
            uow.archive(order)
        with pytest.raises(Misuse, match="unit of work"):
            uow.move(order, ORDERS["paid"], PRICE)
        with pytest.raises(Misuse, match="not added"):
            uow.archive(Order(title="A pipe"))


def test_what_another_changed_is_seen_in_extensions_too(shop: Shop, database: str):
    if database == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    crm, other = shop(), shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe"))
        order.attach(Gift(wrapping="red", ribbons=1))
    with crm.uow() as uow:
        order = uow.get(Order, order.id)
        gift = order[Gift]
        with other.uow() as outside:
            outside.get(Order, order.id)[Gift].ribbons = 2
        uow.get(Order, order.id, lock=True)
        assert order[Gift].ribbons == 2
        assert order[Gift] is gift
        gift.ribbons = 1
    with crm.read() as uow:
        assert uow.get(Order, order.id)[Gift].ribbons == 1


def test_nobody_is_told_of_what_is_not_committed_yet(shop: Shop):
    crm = shop()
    heard: list[Any] = []
    crm.live.subscribe(heard.extend)
    with crm.uow() as uow:
        with crm.uow(connection=uow.connection) as inner:
            inner.add(Order(title="A pipe"))
        with pytest.raises(KeyError), crm.uow(connection=uow.connection) as inner:  # noqa: PT012 - what fails is leaving the block
            inner.add(Client(name="Moriarty"))
            raise KeyError
        assert not heard
    assert [message.topic for message in heard] == ["shop.order"]


def test_a_link_to_a_new_record_fills_what_a_stage_needs(shop: Shop):
    met = Pipeline("met", of=Order, stages=[Stage("open"), Stage("known", needs=["client_id"])])
    with shop(met).uow() as uow:
        order = Order(title="A pipe")
        order.client = uow.add(Client(name="Holmes"))
        uow.add(order, into=met["known"])
    assert order.client_id is not None


def test_adding_by_the_thousand_is_adding_one_by_one(shop: Shop):
    crm = wide(shop)
    moscow = dt.timezone(dt.timedelta(hours=3))
    values: list[dict[str, Any]] = [
        {}, {"name": " x ", "colour": Colour.BLUE, "facts": {"a": [1, None]}, "tags": ["a", "b"]},
        {"price": decimal.Decimal("1.5"), "seen_at": dt.datetime(2026, 1, 1, 12, tzinfo=moscow)}, {"facts": {}, "tags": []},
    ]  # fmt: skip
    with crm.uow() as uow:
        for given in values:
            uow.add(Item(**given))
    with crm.uow() as uow:
        uow.add_many(Item, values)
    with crm.read() as uow:
        rows = lists.page(uow, crm.kind(Item), ListRequest(sort=["id"])).rows
        told = [{n: c for n, c in e.changes.items() if n != "id"} for e in journal(crm)]
    bare = [{n: v for n, v in row.items() if n != "id"} for row in rows]
    half = len(values)
    assert bare[half:] == bare[:half]
    assert told[half:] == told[:half]


def test_a_decimal_that_one_database_could_not_keep_is_refused(shop: Shop):
    crm = wide(shop)
    with pytest.raises(Invalid, match="too large"):
        Item(huge=decimal.Decimal(10**13))
    with crm.uow() as uow:
        item = uow.add(Item(huge=decimal.Decimal("999999999999.999999")))
    with crm.read() as uow:
        assert uow.get(Item, item.id).huge == decimal.Decimal("999999999999.999999")


def test_an_enum_that_cannot_be_kept_is_refused_when_its_column_is_made():
    with pytest.raises(TypeError, match="text"):
        Choice(Number)


def test_days_before_a_date_are_counted_by_the_calendar():
    """Half past midnight after the clocks went forward: twenty-four hours ago it was the day before yesterday."""
    zone = ZoneInfo("America/New_York")
    here = Context(dt.datetime(2026, 3, 9, 4, 30, tzinfo=dt.UTC), zone, 1, (), lambda teams: teams)
    assert resolve(Relative("-1d"), here, dt.date) == dt.date(2026, 3, 8)
    assert resolve(Relative("-1w"), here, dt.date) == dt.date(2026, 3, 2)
    assert resolve(Relative("-24h"), here, dt.date) == dt.date(2026, 3, 7)


# Automations ----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Rang:
    number: str


@attrs.frozen
class Knocked:
    door: int


def test_one_function_may_hear_of_two_events_of_a_plugin_s_own(shop: Shop):
    heard: list[object] = []

    @after(Rang)
    @after(Knocked)
    def note(event: Any, uow: Uow) -> None:
        heard.append(event)

    crm = shop(note)
    with crm.uow() as uow:
        uow.emit(Rang("221"))
        uow.emit(Knocked(2))
    crm.deliver(reraise=True)
    assert sorted(heard, key=repr) == [Knocked(2), Rang("221")]


def test_one_function_may_wait_in_two_stages(shop: Shop):
    late: list[tuple[str, dt.datetime]] = []

    @while_in(ORDERS["new"], longer_than=2 * DAYS)
    @while_in(ORDERS["paid"], longer_than=5 * DAYS)
    def remind(order: Order, uow: Uow) -> None:
        late.append((order.stage, uow.now))

    crm = shop(remind)
    start = clock_of(crm).now()
    with crm.uow() as uow:
        uow.add(Order(title="A pipe"))
        uow.add(Order(title="Two pipes", **PRICE), into=ORDERS["paid"])
    crm.deliver(until=start + 9 * DAYS, reraise=True)
    assert late == [("new", start + 2 * DAYS), ("paid", start + 5 * DAYS)]


def test_two_set_times_on_one_function_are_refused(shop: Shop):
    @every(cron="0 9 * * *")
    @every(DAYS)
    def tick(tick: Any, uow: Uow) -> None: ...

    with pytest.raises(CompositionError, match="tick"):
        shop(tick)


@pytest.mark.parametrize("micro", [1, 400, 499, 500, 501, 999, 123_456])
def test_a_timer_is_not_lost_between_two_milliseconds(shop: Shop, micro: int):
    late: list[dt.datetime] = []

    @while_in(ORDERS["new"], longer_than=DAYS)
    def remind(order: Order, uow: Uow) -> None:
        late.append(uow.now)

    crm = shop(remind)
    clock = clock_of(crm)
    clock.set(clock.now().replace(microsecond=micro))
    with crm.uow() as uow:
        uow.add(Order(title="A pipe"))
    crm.deliver(until=clock.now() + 2 * DAYS, reraise=True)
    assert len(late) == 1


def test_a_timer_that_repeats_does_not_repeat_its_cause(shop: Shop):
    @while_in(ORDERS["new"], longer_than=DAYS, repeat=True)
    def remind(order: Order, uow: Uow) -> None:
        uow.add(Task(what="call"))

    crm = shop(remind)
    with crm.uow() as uow:
        uow.add(Order(title="A pipe"))
    crm.deliver(until=clock_of(crm).now() + 100 * DAYS, reraise=True)
    causes = {row.cause for row in journal(crm, kind="shop.task")}
    assert len(causes) <= 2
    assert all(len(cause) < 200 for cause in causes)


def test_variants_of_variants_are_variants(shop: Shop):
    seen: list[str] = []

    @on_enter(ORDERS["paid"])
    def enter(moved: Moved[Order], uow: Uow) -> None:
        seen.append(moved.pipeline)

    crm = shop(enter, settings={"pipelines": {"abroad": {"like": "orders"}, "islands": {"like": "abroad"}}})
    with crm.uow() as uow:
        uow.add(Order(title="A pipe", **PRICE), into=crm.pipelines["islands"]["paid"])
    assert seen == ["islands"]


# Settings -------------------------------------------------------------------------------------------------------------


@attrs.frozen
class Rates:
    rate: decimal.Decimal = decimal.Decimal(1)
    wait: dt.timedelta = DAYS
    names: tuple[str, ...] = ()
    low: int = attrs.field(default=1, validator=attrs.validators.ge(1))


@pytest.mark.parametrize(
    "settings",
    [
        {"crmkit": 5}, {"pipelines": 5}, {"roles": 5}, {"teams": "x"}, {"shop": 5},
        {"roles": {"a": 5}}, {"roles": {"a": {"hidden": 5}}}, {"roles": {"a": {"hidden": "shop.order.title"}}},
        {"roles": {"a": {"grants": 5}}}, {"roles": {"a": {"label": 5}}}, {"roles": {"a": {"grants": {"shop.*": 5}}}},
        {"roles": {"a": {"hidden": [5]}}}, {"roles": {"a": {"label": {}}}},
        {"pipelines": {"x": {"like": ["orders"]}}}, {"pipelines": {"x": {"of": ["shop.order"]}}},
        {"pipelines": {"orders": {"label": 5}}}, {"pipelines": {"orders": {"stages": 5}}},
        {"pipelines": {"orders": {"stages": {"new": 5}}}}, {"pipelines": {"orders": {"moves": 5}}},
        {"pipelines": {"orders": {"moves": {"new": 5}}}}, {"pipelines": {"orders": {"moves": {"new": "paid"}}}},
        {"pipelines": {"orders": {"stages": {"new": {"needs": "amount"}}}}},
        {"pipelines": {"orders": {"stages": {"new": {"label": {}}}}}},
        {"pipelines": {"orders": {"stages": {"mid": {"after": "nwe"}}}}},
        {"pipelines": {"orders": {"stages": {"new": {"rots_after": "99999999999999d"}}}}},
        {"pipelines": {"orders": {"stages": {"new": {"outcome": ["won"]}}}}},
        {"pipelines": {"orders": {"stages": {"new": {"needs": ["client.name"]}}}}},
    ],
)  # fmt: skip
def test_settings_of_the_wrong_shape_are_told_in_sentences(shop: Shop, settings: Any):
    with pytest.raises(CompositionError) as refused:
        shop(settings=settings)
    assert len(refused.value.problems) <= 2, refused.value.problems


@pytest.mark.parametrize("table", [{"rate": "abc"}, {"wait": "99999999999999d"}, {"wait": float("inf")}, {"low": 0}, {"rate": []}, {"names": 5}])
def test_settings_of_a_plugin_never_end_in_a_traceback(table: Any):
    made, problems = fill(Rates, table, "rates")
    assert made is None
    assert len(problems) == 1


def test_a_plugin_that_cannot_be_imported_is_told_with_everything_else(shop: Shop, tmp_path: Any, monkeypatch: Any):
    (tmp_path / "broken_plugin_module.py").write_text("x = 1\ny = nonsense\n")
    monkeypatch.syspath_prepend(tmp_path)
    broken = Plugin("broken", modules=["broken_plugin_module"])
    with pytest.raises(CompositionError) as refused:
        shop(plugins=[broken], settings={"nonsens": {}})
    told = str(refused.value)
    assert "nonsense" in told
    assert "broken_plugin_module.py" in told
    assert "[nonsens]" in told
