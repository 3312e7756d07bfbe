"""Composing plugins and settings: in order, frozen, every complaint at once in a sentence that says what to type."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit import (
    LOST,
    CompositionError,
    Created,
    Crm,
    Entity,
    Invalid,
    Mapped,
    Misuse,
    Pipeline,
    Plugin,
    Stage,
    Staged,
    Topic,
    Uow,
    column,
    command,
    every,
    hookimpl,
    hookspec,
    on,
    on_enter,
    route,
    while_in,
)
from crmkit.core.plugin import Permission

from .kit import Shop
from .shop import ORDERS, Client, Order, module_of, plugin

AT = "sqlite:///never-opened.db"


def problems(*plugins: Plugin, **more: Any) -> list[str]:
    """Every sentence of the refusal."""
    with pytest.raises(CompositionError) as caught:
        Crm(*plugins, database=AT, **more)
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


def one(*plugins: Plugin, **more: Any) -> str:
    (problem,) = problems(*plugins, **more)
    return problem


# Plugins


def test_plugins_come_in_the_order_of_what_they_require_and_follow():
    a = Plugin("a", requires=["b"], follows=["c", "nobody"])
    crm = Crm(a, Plugin("b", requires=["c"]), Plugin("c"), database=AT)
    assert [p.name for p in crm.plugins] == ["c", "b", "a"]
    assert crm.plugin("b").requires == ("c",)
    with pytest.raises(Misuse, match="no plugin 'd'"):
        crm.plugin("d")


def test_a_missing_plugin_is_named_with_what_to_add():
    told = one(Plugin("loyalty", requires=["sale"]), Plugin("sales"))
    assert "loyalty requires sale" in told
    assert "add 'sale' to plugins" in told
    assert "Did you mean 'sales'?" in told


def test_a_circle_is_shown():
    told = one(Plugin("a", requires=["b"]), Plugin("b", requires=["c"]), Plugin("c", requires=["a"]))
    assert told.count("→") == 3
    assert "take one of them out" in told


def test_names_that_will_not_do():
    told = problems(Plugin("Sales"), Plugin("my-plugin"), Plugin("crmkit"), Plugin("a"), Plugin("a", version="2"))
    assert len(told) == 4
    assert "two plugins are named 'a'" in "\n".join(told)


def test_a_module_that_cannot_be_imported():
    assert "modules=[…]" in one(Plugin("a", modules=["no_such_module_anywhere"]))


def test_coroutines_are_refused():
    @on(Created[Client])  # type: ignore[arg-type]
    async def handle(event: Any, uow: Uow) -> None: ...

    @hookimpl
    async def crm_may(actor: Any, permission: str, record: Any) -> bool | None: ...

    told = problems(plugin(handle, crm_may))
    assert len(told) == 2
    assert all("`def`, not `async def`" in t for t in told)


def test_a_misspelt_hook_is_refused_with_the_near_one():
    @hookimpl
    def crm_chek(record: Any) -> None: ...

    assert "Did you mean 'crm_check'?" in one(plugin(crm_chek))


def test_everything_wrong_is_told_at_once():
    class Stray(Entity, table="elsewhere_stray"):
        name: Mapped[str]

    class Alien(Entity, table="alien_thing"):
        name: Mapped[str]

    @on(Created[Alien])
    def foreign(event: Any, uow: Uow) -> None: ...

    @on(Created[Client], when={"nam": "x"})
    def wrong_filter(event: Any, uow: Uow) -> None: ...

    @on(int)
    def no_event(event: Any, uow: Uow) -> None: ...

    @on(Created[Client])  # type: ignore[arg-type]
    def too_few(event: Any) -> None: ...

    @every()
    def never(tick: Any, uow: Uow) -> None: ...

    @command("x", permission=Permission("shop.x"))
    def no_star(uow: Uow, note: str) -> None: ...

    @command("y", permission=Permission("shop.y"))
    def untyped(uow: Uow, *, note) -> None: ...

    @route("/r", permission=None)  # type: ignore[arg-type]
    def open_to_all(request: Any, uow: Uow) -> None: ...

    things = [Stray, foreign, wrong_filter, no_event, too_few, never, no_star, untyped, open_to_all, Topic("shop.t")]
    told = problems(
        plugin(*things),
        Plugin("loyalty", requires=["nobody"]),
        settings={"crmkit": {"lang": "en", "timezone": "Mars/Olympus"}, "shopp": {}, "pipelines": {"x": {}}},
    )
    text = "\n".join(told)
    expected = """must start with 'shop_' | Created[Alien] | whose plugin is not required | 'nam' | is no event
        two arguments | either an interval or cron | put a * | annotate 'note' | permission=PUBLIC
        nobody may hear it | requires nobody | [crmkit] has no key 'lang' | Did you mean 'language'? | Mars/Olympus
        [shopp] | [pipelines.x] is new"""
    for words in [words.strip() for line in expected.splitlines() for words in line.split("|")]:
        assert words in text, words


def test_two_handlers_of_one_name_are_refused():
    def one_more() -> Any:
        @on(Created[Client])
        def handle(event: Any, uow: Uow) -> None: ...

        return handle

    extra = [module_of([one_more()]), module_of([one_more()])]
    from . import shop as shop_module

    assert "two marked functions are named 'handle'" in one(Plugin("shop", modules=[shop_module, *extra]))


# Two in one process


def test_two_crms_in_one_process_do_not_know_each_other(shop: Shop, tmp_path: Path):
    seen: list[str] = []

    @on(Created[Client])
    def first_only(event: Any, uow: Uow) -> None:
        seen.append("first")

    @on_enter(ORDERS["paid"])
    def second_only(moved: Any, uow: Uow) -> None:
        seen.append("second")

    one_crm = shop(first_only, settings={"pipelines": {"orders": {"stages": {"paid": {"label": "Settled"}}}}})
    other = shop(second_only, database=f"sqlite:///{tmp_path / 'other.db'}")
    for table in other.tables:
        table.create(other.engine)
    with one_crm.uow() as uow, other.uow() as there:
        uow.add(Client(name="Holmes"))
        there.add(Client(name="Watson"))
    assert seen == ["first"]
    assert one_crm.pipelines["orders"].stages["paid"].label == "Settled"
    assert other.pipelines["orders"].stages["paid"].label == "Paid"
    with other.read() as uow:
        assert [c.name for c in uow.find(Client)] == ["Watson"]


# Pipelines of the settings file


def settings(**pipelines: Any) -> dict[str, Any]:
    return {"pipelines": pipelines}


def test_settings_relabel_extend_and_constrain_a_pipeline(shop: Shop):
    table = {
        "label": {"en": "Sales", "ru": "Продажи"},
        "stages": {
            "paid": {"label": {"en": "Settled", "ru": "Оплачен"}, "rots_after": "2d", "color": "red", "icon": "coins"},
            "checked": {"after": "paid", "needs": ["address"], "outcome": "lost"},
        },
        "moves": {"paid": ["checked"], "checked": ["sent"]},
    }
    pipeline = shop(settings=settings(orders=table)).pipelines["orders"]
    assert list(pipeline.stages)[:4] == ["new", "paid", "checked", "packed"]
    assert pipeline.label.to("ru") == "Продажи"
    paid, checked = pipeline.stages["paid"], pipeline.stages["checked"]
    assert (paid.label.to("ru"), paid.rots_after, paid.needs) == ("Оплачен", dt.timedelta(days=2), ("amount",))
    assert (paid.color, paid.icon, checked.color) == ("red", "coins", "")
    with pytest.raises(CompositionError, match="color = 'purple' is none of red, amber"):
        shop(settings=settings(orders={"stages": {"paid": {"color": "purple"}}}))
    assert (checked.needs, checked.outcome) == (("address",), LOST)
    assert pipeline.targets("paid") == ["checked"]
    assert pipeline.targets("new") == ["paid", "cancelled"], "what the table does not name stays"
    assert ORDERS.stages["paid"].label == "Paid"


def test_what_settings_ask_for_holds_on_a_move(shop: Shop):
    crm = shop(settings=settings(orders={"stages": {"cancelled": {"needs": ["address"]}}}))
    with crm.uow() as uow:
        order = uow.add(Order(title="x"))
        uow.flush()
        assert uow.can_move(order, ORDERS["cancelled"]).missing == ("address",)
        with pytest.raises(Invalid):
            uow.move(order, ORDERS["cancelled"])


def test_settings_copy_a_pipeline_and_make_one_from_nothing(shop: Shop):
    fresh = {"of": "shop.order", "stages": {"asked": {}, "answered": {"outcome": "won"}}}
    crm = shop(settings=settings(abroad={"like": "orders", "label": "Abroad"}, questions=fresh))
    assert crm.pipelines["abroad"].stages.keys() == ORDERS.stages.keys()
    with crm.uow() as uow:
        order = uow.add(Order(title="?"), into=crm.pipelines["questions"]["asked"])
        uow.flush()
        uow.move(order, crm.pipelines["questions"]["answered"])
        uow.move(order, crm.pipelines["abroad"]["new"])
    assert (order.pipeline, order.stage) == ("abroad", "new")


@pytest.mark.parametrize(
    "table, words",
    [
        ({"orders": {"stges": {}}}, "Did you mean 'stages'?"),
        ({"orders": {"stages": {"paid": {"need": []}}}}, "Did you mean 'needs'?"),
        ({"orders": {"stages": {"paid": {"needs": ["amout"]}}}}, "Did you mean 'amount'?"),
        ({"orders": {"stages": {"paid": {"needs": ["client.name"]}}}}, "cannot be filled in"),
        ({"orders": {"stages": {"paid": {"needs": ["version"]}}}}, "cannot be filled in"),
        ({"orders": {"stages": {"paid": {"outcome": "great"}}}}, "great"),
        ({"orders": {"stages": {"paid": {"rots_after": "soon"}}}}, "expected a duration"),
        ({"orders": {"moves": {"paid": ["sendt"]}}}, "Did you mean 'sent'?"),
        ({"more": {"like": "ordrs"}}, "Did you mean 'orders'?"),
        ({"more": {"of": "shop.ordr", "stages": {"a": {}}}}, "Did you mean 'shop.order'?"),
        ({"more": {"of": "shop.client", "stages": {"a": {}}}}, "no such entity with stages"),
        ({"more": {"of": "shop.order"}}, "has no stages"),
        ({"ordes": {"label": "x"}}, "is new"),
        ({"orders": "x"}, "must be a table"),
        ({"orders": {"label": 5}}, "a label is text"),
        ({"orders": {"stages": {"paid": "x"}}}, "[pipelines.orders"),
        ({"orders": {"stages": ["paid"]}}, "[pipelines.orders"),
        ({"orders": {"moves": ["paid"]}}, "[pipelines.orders"),
        ({"orders": {"stages": {"paid": {"needs": "amount"}}}}, "[pipelines.orders"),
    ],
)
def test_pipelines_of_the_settings_that_will_not_do(table: Any, words: str):
    assert words in "\n".join(problems(plugin(), settings={"pipelines": table}))


@pytest.mark.parametrize(
    "table, words",
    [
        ({"roles": {"clerk": "x"}}, "[roles.clerk] must be a table"),
        ({"roles": {"clerk": {"grant": {}}}}, "Did you mean 'grants'?"),
        ({"roles": {"clerk": {"grants": "all"}}}, "grants must be a table"),
        ({"roles": {"clerk": {"hidden": "shop.client.code"}}}, "hidden must be a list"),
        ({"roles": {"clerk": {"label": 5}}}, "a label is text"),
        ({"roles": "x"}, "roles in the settings must be a table"),
        ({"teams": {"one": 2}}, "write the number of a team"),
        ({"teams": [1]}, "teams in the settings must be a table"),
        ({"crmkit": "x"}, "crmkit in the settings must be a table"),
        ({"crmkit": {"workers": "many"}}, "workers: expected int"),
        ({"shop": 5}, "shop in the settings must be a table"),
        ({"pipelines": 5}, "pipelines in the settings must be a table"),
    ],
)
def test_other_settings_that_will_not_do(table: Any, words: str):
    assert words in "\n".join(problems(plugin(), settings=table))


def test_stages_that_will_not_do_are_refused_where_they_are_written():
    with pytest.raises(Misuse, match="Did you mean 'packed'"):
        ORDERS["payed"]
    with pytest.raises(Misuse, match="is listed twice"):
        Pipeline("x", of=Order, stages=[Stage("a"), Stage("a")])
    with pytest.raises(Misuse, match="which is no stage"):
        Pipeline("x", of=Order, stages=[Stage("a")], moves={"a": ["b"]})
    with pytest.raises(Misuse, match="has no stage fields"):
        Pipeline("x", of=Client, stages=[Stage("a")])  # type: ignore[type-var]


def test_a_timer_on_a_pipeline_that_is_not_here_is_refused():
    class Elsewhere(Staged, table="elsewhere_thing"):
        name: Mapped[str] = column()

    other = Pipeline("elsewhere", of=Elsewhere, stages=[Stage("a")])

    @while_in(other["a"], longer_than=dt.timedelta(days=1))
    def wait(record: Any, uow: Uow) -> None: ...

    assert "whose pipeline is not in this CRM" in one(plugin(wait))


# Settings of plugins


@attrs.frozen(kw_only=True)
class Knobs:
    every: dt.timedelta = dt.timedelta(days=1)
    limit: int
    names: tuple[str, ...] = ()


def test_settings_are_handed_out_by_their_class():
    crm = Crm(Plugin("a", settings=Knobs), database=AT, settings={"a": {"limit": 3, "every": "1h 30min", "names": ["x"]}})
    assert crm[Knobs] == Knobs(limit=3, every=dt.timedelta(minutes=90), names=("x",))
    with pytest.raises(Misuse, match="not the settings class"):
        crm[int]


@attrs.frozen
class Racks:
    """Settings with tables in a table."""

    racks: dict[str, dict[str, int]] = attrs.field(factory=dict)
    names: tuple[str, ...] = ()


def test_a_plugin_suggests_settings_of_those_before_it_and_the_file_wins():
    store = Plugin("store", settings=Racks)
    bikes = Plugin("bikes", requires=("store",), suggests={"store": {"racks": {"bike": {"wide": 1, "high": 2}}, "names": ["b"]}})
    cars = Plugin("cars", follows=("store", "bikes"), suggests={"store": {"racks": {"car": {"wide": 9}}}})
    assert Crm(store, bikes, cars, database=AT)[Racks] == Racks({"bike": {"wide": 1, "high": 2}, "car": {"wide": 9}}, ("b",))
    said = {"store": {"racks": {"bike": {"wide": 5}}, "names": []}}
    assert Crm(store, bikes, database=AT, settings=said)[Racks] == Racks({"bike": {"wide": 5, "high": 2}}, ())
    assert Crm(cars, database=AT).plugins, "nothing to suggest to who is not there"
    assert "[store] has no key 'rack'" in one(store, Plugin("x", requires=("store",), suggests={"store": {"rack": 1}}))
    assert "add 'store' to its requires or follows" in one(store, Plugin("x", suggests={"store": {"names": ["x"]}}))
    assert {bikes, cars, store} == {store, cars, bikes}, "it is the key of dictionaries, as every plugin"


def test_settings_that_will_not_do():
    with_knobs = Plugin("a", settings=Knobs)
    assert "limit is missing" in one(with_knobs)
    told = problems(with_knobs, settings={"a": {"limit": "3", "evry": "1h", "names": "x"}})
    assert len(told) == 3
    assert "Did you mean 'every'?" in "\n".join(told)
    assert "has no settings" in one(Plugin("b"), settings={"b": {"x": 1}})


def test_the_environment_comes_over_the_file(tmp_path: Path):
    file = tmp_path / "crmkit.toml"
    file.write_text(f'[crmkit]\nplugins = []\ndatabase = "sqlite:///{tmp_path}/a.db"\nlanguage = "ru"\n', "utf-8")
    crm = Crm.from_file(file, {"CRMKIT_LANGUAGE": "en", "CRMKIT_WORKERS": "2", "HOME": "/"})
    assert (crm.settings.language, crm.settings.workers) == ("en", 2)
    file.write_text('[crmkit]\nplugins = ["slaes"]\n', "utf-8")
    with pytest.raises(CompositionError, match="pip install crmkit-slaes"):
        Crm.from_file(file, {})
    file.write_text("[crmkit\n", "utf-8")
    with pytest.raises(CompositionError, match=r"crmkit\.toml"):
        Crm.from_file(file, {})
    with pytest.raises(CompositionError, match="there is no settings file"):
        Crm.from_file(tmp_path / "none.toml", {})


# Hooks


def test_a_plugin_may_have_hooks_of_its_own():
    class Specs:
        @hookspec
        def shop_greeting(self, name: str) -> str:  # type: ignore[empty-body]
            """Say hello."""

    @hookimpl
    def shop_greeting(name: str) -> str:
        return f"Hello, {name}"

    owner = plugin(specs=Specs)
    crm = Crm(owner, plugin(shop_greeting, name="polite", requires=["shop"]), database=AT)
    assert crm.hook.shop_greeting(name="Ann") == ["Hello, Ann"]


def test_a_finished_crm_may_still_be_refused():
    @hookimpl
    def crm_composed(crm: Crm) -> None:
        raise CompositionError(["not on a Sunday"])

    assert one(plugin(crm_composed)) == "not on a Sunday"


def test_hook_calls_can_be_watched(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    @hookimpl
    def crm_check(record: Any) -> None:
        return None

    monkeypatch.setenv("CRMKIT_TRACE", "1")
    crm = shop(crm_check)
    with crm.uow() as uow:
        uow.add(Client(name="Holmes"))
    shown = capsys.readouterr().err
    assert "crmkit: crm_check(record=" in shown
    assert "[shop:" in shown
    assert "-> []" in shown
