"""What a browser sends for somebody else's page changes nothing, whatever it says or leaves out; programs are not in the way."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit import PUBLIC, Actor, Crm, MovableClock, Plugin, route
from crmkit.core.tables import idempotency
from tests.web.world import PLUGINS

COMES_ALONG = Actor(1, "somebody", ["boss"], system=True)


@pytest.fixture
def cookied(crm_url):
    """A CRM whose host knows its users by something browsers send by themselves."""
    crm = Crm(*PLUGINS, database=crm_url, clock=MovableClock(), settings={"crmkit": {"jobs": False, "origins": ["https://shop.example"]}})
    app = Starlette(routes=[Mount("/crm", crm.embedded(actor=lambda connection: COMES_ALONG))], lifespan=crm.lifespan())
    with TestClient(app, base_url="https://crm.example") as client:
        yield client
    crm.engine.dispose()


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"sec-fetch-site": "same-origin"}, 201),
        ({"sec-fetch-site": "none"}, 201),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "authorization": "Basic YTpi"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "https://shop.example"}, 201),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, 201),  # a proxy hid the host; Sec-Fetch-Site cannot be forged
        ({"origin": "https://crm.example"}, 201),
        ({"origin": "https://crm.example:443"}, 201),
        ({"origin": "https://crm.example:8443"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "https://crm.example.evil.example"}, 403),
        ({"origin": "https://shop.example"}, 201),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({}, 201),
    ],
)
def test_a_change_comes_from_our_own_pages(cookied, headers, status):
    answer = cookied.post("/crm/api/sales/company", json={"name": "Ромашка"}, headers=headers)
    assert answer.status_code == status, answer.text


def test_looking_is_for_everybody_the_browser_knows(cookied):
    assert cookied.get("/crm/api/sales/company", headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"}).status_code == 200


@route("/secret", permission=PUBLIC, methods=["POST"])
def give_secret(request, uow):
    return Response(b'{"secret": "s3cret-shown-once"}', headers={"cache-control": "no-store"}, media_type="application/json")


@route("/plain", permission=PUBLIC, methods=["POST"])
def give_plain(request, uow):
    return JSONResponse({"plain": 1})


def test_an_answer_with_a_secret_is_not_remembered_for_its_key(crm_url):
    crm = Crm(*PLUGINS, Plugin("vault", modules=[__name__]), database=crm_url, settings={"crmkit": {"jobs": False}})
    with TestClient(crm.app) as client:
        for path, times in (("secret", 0), ("plain", 1)):
            for _time in range(2):
                assert client.post(f"/x/vault/{path}", headers={"idempotency-key": path}).status_code == 200
            with crm.read() as uow:
                assert uow.connection.execute(sa.select(sa.func.count()).where(idempotency.c.key == path)).scalar_one() == times
    crm.engine.dispose()
