"""Every hook is called when it should be, with what its specification says."""

from __future__ import annotations

import contextlib
import random
import types
from typing import Any

import pytest

from crmkit import ANONYMOUS, Actor, Forbidden, Invalid, Plugin, Problem, Role, hookimpl
from crmkit.core.plugin import Plugin as PluginClass
from crmkit_sales import SALES, Company, Contact, Deal
from crmkit_sales import plugin as sales

CALLED: list[str] = []


def module() -> types.ModuleType:
    """A module with an implementation of every hook; what it answers can be told from the outside."""
    made = types.ModuleType("crmkit_hooked")

    def crm_composed(crm: Any) -> None:
        CALLED.append("crm_composed")

    def crm_lifespan(crm: Any) -> Any:
        @contextlib.asynccontextmanager
        async def life() -> Any:
            CALLED.append("crm_lifespan in")
            yield
            CALLED.append("crm_lifespan out")

        return life()

    def crm_commands(group: Any) -> None:
        CALLED.append("crm_commands")

    def crm_actor(crm: Any, connection: Any) -> Any:
        name = connection.headers.get("x-user")
        return Actor(7, name, roles=["manager"]) if name else None

    def crm_teams(crm: Any) -> Any:
        return {2: 1, 1: None}

    def crm_may(actor: Any, permission: str, record: Any) -> Any:
        return False if permission == "sales.register_call" else None

    def crm_visible(actor: Any, kind: Any) -> Any:
        return {"city": "Perm"} if kind.key == "sales.company" else None

    def crm_check(record: Any, changes: Any, uow: Any) -> Any:
        return [Problem("name", "joke", "nobody is called that")] if getattr(record, "name", "") == "Nobody" else None

    def crm_can_move(record: Any, stage: Any, uow: Any) -> Any:
        return [Problem("", "friday", "not on a Friday")] if stage.name == "qualified" else None

    def crm_timeline(record: Any, uow: Any) -> Any:
        return [{"at": uow.now, "kind": "note", "text": "from the hook"}]

    def crm_deliver(job: Any) -> Any:
        CALLED.append(f"crm_deliver {job.kind}")
        return contextlib.nullcontext()

    def crm_publish(messages: Any) -> None:
        CALLED.append("crm_publish")

    def crm_error(error: Any, where: str) -> None:
        CALLED.append(f"crm_error {type(error).__name__}")

    def crm_describe(kind: Any) -> Any:
        return {"x-colour": "green"} if kind.key == "sales.deal" else None

    def crm_transport(crm: Any) -> Any:
        CALLED.append("crm_transport")

    def crm_demo(uow: Any, random: Any, size: int) -> None:
        CALLED.append(f"crm_demo {size}")

    def crm_simulate(crm: Any, plugin: str, clock: Any, options: Any) -> Any:
        return {"violations": 0} if plugin == "hooked" else None

    for name, function in list(locals().items()):
        if name.startswith("crm_"):
            function.__module__ = made.__name__
            setattr(made, name, hookimpl(function))
    return made


@pytest.fixture
def crm_plugins() -> list[PluginClass]:
    CALLED.clear()
    return [sales, Plugin("hooked", modules=[module()], requires=["sales"])]


@pytest.fixture
def crm_roles() -> list[Role]:
    return [Role("manager", {"sales.*": "all"})]


MANAGER = Actor(7, "Olga", roles=("manager",))


def test_composed(crm):
    assert CALLED[-1] == "crm_composed"


def test_actor_lifespan_and_describe(make, crm, crm_kit):
    from starlette.testclient import TestClient

    make(Deal)
    with TestClient(crm.app) as client:
        assert "crm_lifespan in" in CALLED
        assert client.get("/api/me", headers={"x-user": "Olga"}).json()["name"] == "Olga"
        assert client.get("/api/sales/deal").status_code == 401
        document = client.get("/api/openapi.json").text
    assert "x-colour" in document
    assert "crm_lifespan out" in CALLED


def test_rights(crm, make):
    make(Company, name="Near", city="Perm")
    make(Company, name="Far", city="Omsk")
    with crm.read(MANAGER) as uow:
        assert [c.name for c in uow.find(Company)] == ["Near"]
        assert not uow.may("sales.register_call")
        with pytest.raises(Forbidden):
            uow.require("sales.register_call")
    assert crm.teams_below((1,)) == (1, 2)
    assert not crm.access.may(ANONYMOUS, "sales.deal.read")


def test_checks_and_moves(uow, make):
    with pytest.raises(Invalid, match="nobody is called that"):
        make(Contact, name="Nobody")
    deal = make(Deal)
    assert [p.code for p in uow.can_move(deal, SALES["qualified"]).problems] == ["friday"]


def test_timeline(client, make):
    deal = make(Deal)
    assert "from the hook" in client.get(f"/api/sales/deal/{deal.id}/timeline").text


def test_deliveries_and_messages(make, deliver, clock):
    make(Deal, into=SALES["offer"])
    assert "crm_publish" in CALLED
    clock.forward(days=5)
    assert deliver() >= 1
    assert "crm_deliver while:sales:nudge" in CALLED


def test_an_unexpected_error_is_told(crm, make, monkeypatch):
    from starlette.testclient import TestClient

    deal = make(Deal)

    def broken(*args: Any, **kw: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("crmkit.core.operations.show", broken)
    with TestClient(crm.app, raise_server_exceptions=False) as client:
        assert client.get(f"/api/sales/deal/{deal.id}", headers={"x-user": "Olga"}).status_code == 500
    assert "crm_error ZeroDivisionError" in CALLED


def test_transport_demo_simulation_and_verbs(crm, crm_kit):
    import click

    from crmkit.core.work import runner

    runner(crm)
    assert "crm_transport" in CALLED
    with crm.uow() as uow:
        crm.hook.crm_demo(uow=uow, random=random.Random(1), size=3)
    assert "crm_demo 3" in CALLED
    report = crm.hook.crm_simulate(crm=crm, plugin="hooked", clock=crm.clock, options={})
    assert report == {"violations": 0}
    crm.hook.crm_commands(group=click.Group(), crm=lambda: crm)
    assert CALLED[-1] == "crm_commands"
