"""Whoever is locked out hears no more of what happens, in streams that are open too."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from crmkit.web.live import stream as live_stream
from tests.web.served import Stream, serve


@pytest.mark.parametrize("way", ["revoked", "locked out"])
def test_a_stream_ends_with_what_it_was_opened_by(way, company, browser, crm, monkeypatch):
    monkeypatch.setattr(live_stream, "BEAT_SECONDS", 0.05)
    ann = company.person("ann", company.seller_role)
    company.person("boss", company.admin_role)
    page, boss = browser("ann"), browser("boss")
    made = page.post("/x/accounts/tokens", json={"name": "listener"}).json()
    app = Starlette(routes=[Mount("/", app=crm.embedded())], lifespan=crm.lifespan())
    with serve(app) as base, Stream(base, made["token"], "shop.order") as stream:
        assert stream.until(("ready", None))
        if way == "revoked":
            assert page.post(f"/x/accounts/tokens/{made['id']}/revoke").status_code == 200
        else:
            assert boss.patch(f"/api/accounts/user/{ann.id}", json={"active": False}, headers={"if-match": "*"}).status_code == 200
        assert stream.next() == ("closed", None)
