"""Wherever it is served: at the root, below a path, behind a proxy, several in one host, inside the host's transaction."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from crmkit import Actor, Crm, MovableClock, NotRunning, Plugin, hookimpl
from tests.web.conftest import make_tables
from tests.web.world import PLUGINS, ROLES, Api

BOSS = Actor(1, "boss", ("boss",))


def who(connection: HTTPConnection) -> Actor | None:
    return BOSS if connection.headers.get("x-user") == "boss" else None


async def who_async(connection: HTTPConnection) -> Actor | None:
    return who(connection)


@pytest.mark.parametrize("actor", [who, who_async])
def test_mounted_below_a_path(crm: Crm, actor: Callable[..., Any]):
    crm.raw_settings = {**crm.raw_settings, "ui": {"enabled": False}}  # with pages, the root is one of them
    app = Starlette(routes=[Mount("/crm", crm.embedded(actor=actor))], lifespan=crm.lifespan())
    with TestClient(app) as client:
        api = Api(client)
        made = api("POST", "/crm/api/sales/deal", {"title": "x"}, 201, X_User="boss")
        assert made.headers["location"] == "/crm/api/sales/deal/1"
        api("GET", made.headers["location"], status=200, X_User="boss")
        refused = api("GET", made.headers["location"], status=401)
        assert refused.json()["type"] == "/crm/api/docs#unauthenticated"
        assert client.get("/crm/", follow_redirects=False).headers["location"] == "/crm/api/docs"
        assert client.get("/crm/api/openapi.json").json()["servers"] == [{"url": "/crm"}]
        page = client.get("/crm/api/docs")
        assert 'href="/crm/api/docs.css?v=' in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert '<link rel="icon" href="data:image/svg+xml,' in page.text, "a browser asks the host's /favicon.ico otherwise"
        assert "img-src data:" in page.headers["content-security-policy"]
        assert client.get("/api/docs").status_code == 404


def test_behind_a_proxy_that_strips_the_prefix(crm: Crm):
    """Servers tell by root_path (uvicorn --root-path /crm); some leave the prefix in the path, some do not."""
    crm.raw_settings = {**crm.raw_settings, "ui": {"enabled": False}}
    with TestClient(crm.app, root_path="/crm") as client:
        assert client.get("/", follow_redirects=False).headers["location"] == "/crm/api/docs"
        assert client.get("/crm/api/docs").status_code == 200
        assert client.get("/api/docs").status_code == 200


def test_a_forgotten_lifespan_says_which_line_to_add(crm: Crm):
    app = Starlette(routes=[Mount("/crm", crm.embedded(actor=who))])
    with pytest.raises(NotRunning, match=r"lifespan=crm\.lifespan\(\)"), TestClient(app) as client:
        client.get("/crm/healthz")

    @contextlib.asynccontextmanager
    async def my_lifespan(app: Starlette) -> AsyncIterator[None]:
        yield

    app = Starlette(routes=[Mount("/crm", crm.embedded(actor=who))], lifespan=my_lifespan)
    with pytest.raises(NotRunning, match=r"lifespan=crm\.lifespan\(my_lifespan\)"), TestClient(app) as client:
        client.get("/crm/healthz")


def test_the_hosts_lifespan_runs_inside_ours(crm: Crm):
    order: list[str] = []

    @contextlib.asynccontextmanager
    async def host(app: Starlette) -> AsyncIterator[dict[str, str]]:
        order.append("host up")
        yield {"shared": "state"}
        order.append("host down")

    async def state(request: Any) -> JSONResponse:
        return JSONResponse({"shared": request.state.shared})

    app = Starlette(routes=[Route("/state", state), Mount("/crm", crm.embedded(actor=who))], lifespan=crm.lifespan(host))
    with TestClient(app) as client:
        assert client.get("/state").json() == {"shared": "state"}
        assert client.get("/crm/healthz").json() == {"status": "ok"}
    assert order == ["host up", "host down"]
    with pytest.raises(NotRunning), TestClient(Starlette(routes=[Mount("/crm", crm.embedded())])) as client:
        client.get("/crm/healthz")


def test_two_crms_in_one_host(crm: Crm, fresh_database: Callable[[str], str], database: str):
    url = fresh_database(database)
    make_tables(url)
    second = Crm(*PLUGINS[:-1], database=url, roles=ROLES[:0], settings={"crmkit": {"jobs": False}})
    app = Starlette(
        routes=[Mount("/one", crm.embedded(actor=who)), Mount("/two", second.embedded(actor=lambda c: Actor(9, system=True)))],
        lifespan=crm.lifespan(second.lifespan()),
    )
    with TestClient(app) as client:
        api = Api(client)
        api("POST", "/one/api/sales/company", {"name": "first"}, 201, X_User="boss")
        assert api("GET", "/two/api/sales/company", status=200).json()["rows"] == []
        assert "/api/loyalty/do/tell" in client.get("/one/api/openapi.json").json()["paths"]
        assert "/api/loyalty/do/tell" not in client.get("/two/api/openapi.json").json()["paths"]
    second.engine.dispose()


def test_inside_the_hosts_transaction(crm: Crm):
    """What the CRM did is kept when the host commits, and undone with it."""
    with (
        crm.engine.connect() as connection,
        TestClient(
            Starlette(routes=[Mount("/crm", crm.embedded(actor=who, connection=lambda request: connection))], lifespan=crm.lifespan())
        ) as client,
    ):
        api = Api(client)
        for keep in (False, True):
            with connection.begin() as host:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                api("POST", "/crm/api/sales/company", {"name": "x"}, 201, X_User="boss")
                api("POST", "/crm/api/sales/company", {"name": 5}, 422, X_User="boss")
                assert len(api("GET", "/crm/api/sales/company", status=200, X_User="boss").json()["rows"]) == 1
                if not keep:
                    host.rollback()
            table = crm.kind("sales.company").table
            with crm.engine.connect() as look:
                assert look.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == int(keep)


ENTERED: list[str] = []


@contextlib.asynccontextmanager
async def _service(name: str) -> AsyncIterator[None]:
    ENTERED.append(name)
    yield
    ENTERED.append(f"{name} left")


def test_plugins_services_are_entered_in_order(crm_url: str):
    import types

    def module(name: str, requires: str = "") -> types.ModuleType:
        made = types.ModuleType(name)

        def crm_lifespan(crm: Crm) -> Any:
            return _service(name)

        def crm_actor(crm: Crm, connection: HTTPConnection) -> Actor | None:
            return BOSS if connection.headers.get("x-plugin") == name else None

        for function in (crm_lifespan, crm_actor):
            function.__module__ = name
            setattr(made, function.__name__, hookimpl(function))
        return made

    one, two = Plugin("one", modules=[module("one_module")]), Plugin("two", modules=[module("two_module")], requires=["one"])
    crm = Crm(*PLUGINS, two, one, database=crm_url, roles=ROLES, clock=MovableClock())
    ENTERED.clear()
    with TestClient(crm.app) as client:
        assert ENTERED == ["one_module", "two_module"]
        assert client.get("/api/me", headers={"x-plugin": "two_module"}).json()["name"] == "boss"
        assert client.get("/api/me").json()["signed_in"] is False
    assert ENTERED[2:] == ["two_module left", "one_module left"]
    crm.engine.dispose()


def test_a_database_that_is_gone_is_said_to_be(crm: Crm, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    def gone(*_args: object, **_more: object) -> Any:
        raise sa.exc.TimeoutError("no connection")

    monkeypatch.setattr(crm.engine, "connect", gone)
    monkeypatch.setattr(crm.database, "_autocommit", crm.engine)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["code"] == "unavailable"


def test_the_page_in_both_languages(client: TestClient):
    russian = client.get("/api/docs?lang=ru").text
    assert 'lang="ru"' in russian
    assert "Сделки" in russian
    english = client.get("/api/docs", headers={"Accept-Language": "de, en;q=0.5"}).text
    assert 'lang="en"' in english
    assert "Deals" in english
    assert "http" not in english.replace("http-equiv", "").replace("xmlns='http://www.w3.org/2000/svg'", "").split("<main")[0]
    assert client.get("/api/docs?lang=xx").status_code == 422
    asked = [html.unescape(client.get("/api/docs", headers={"host": host}).text) for host in ("crm.example:8443", "a'><b")]
    assert ["'http://crm.example:8443/api/" in asked[0], "'/api/" in asked[1], "a'><b" in asked[1]] == [True, True, False]
    style = client.get(re.findall(r'href="(/api/docs\.css\?v=\w+)"', client.get("/api/docs").text)[0])
    assert "light dark" in style.text


def test_a_path_with_a_line_break_is_refused_like_any_other(client, boss):
    for path in ("/api/sales/deal/1%0A2", "/x/%0A/%0D%0A"):
        answer = boss("GET", path, status=404)
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/%0A").status_code == 404
