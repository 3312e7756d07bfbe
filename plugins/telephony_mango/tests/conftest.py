"""What every test of Mango Office starts from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlencode

import pytest

import crmkit_telephony_mango
from crmkit import Crm, MovableClock, Plugin, Role
from crmkit_telephony import ROLES, CallEvent, Received
from crmkit_telephony_mango import MangoProvider
from crmkit_telephony_mango.signing import sign
from crmkit_telephony_mango.simulator import MangoSimulator

MONDAY = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)


def form(text: str) -> bytes:
    """Return a JSON text as they send it."""
    return urlencode({"vpbx_api_key": "mango-key", "sign": sign("mango-key", text, "mango-salt"), "json": text}).encode()


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_telephony_mango.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    return [*ROLES, Role("setter", {"telephony.set_up": "all"})]


@pytest.fixture
def crm_settings() -> dict[str, object]:
    return {"telephony_mango": {"key": "mango-key", "salt": "mango-salt"}, "telephony": {"public_url": "https://crm.example.com/"}}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MONDAY)


@pytest.fixture
def mango() -> MangoSimulator:
    return MangoSimulator()


@pytest.fixture
def provider(crm: Crm, mango: MangoSimulator) -> Iterator[MangoProvider]:
    made = MangoProvider(crm, mango.transport())
    yield made
    made.client.close()


@pytest.fixture
def hear(provider: MangoProvider) -> Callable[..., Sequence[CallEvent]]:
    """Hand a webhook to the provider, as a body or as what it says."""

    def heard(told: object, path: str = "events/call") -> Sequence[CallEvent]:
        body = told if isinstance(told, bytes) else form(json.dumps(told))
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = provider.receive(Received(method="POST", path=path, query="", headers=headers, body=body, peer="127.0.0.1"))
        assert (answer.status, answer.answer) == (200, "")
        return answer.events

    return heard
