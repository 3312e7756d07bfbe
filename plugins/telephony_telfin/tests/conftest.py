"""What every test of the provider starts from: a CRM, and a PBX that behaves like Telfin's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

import crmkit_telephony_telfin
from crmkit import Crm, MovableClock, Plugin, Role
from crmkit_telephony import ROLES, CallEvent, Heard, Originate, Received, providers
from crmkit_telephony_telfin import TelfinProvider
from crmkit_telephony_telfin.fake import Extension, FakePbx

MONDAY = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)
CLIENT = "+79990000001"
HOOK = "https://crm.example/hook/s3cret"
SETTINGS = {"app_id": "fake-app", "app_secret": "fake-secret", "base_url": "http://pbx.fake"}


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_telephony_telfin.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    return list(ROLES)


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"telephony_telfin": SETTINGS, "telephony": {"public_url": "https://crm.example"}, "sales": {"country": "RU"}}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MONDAY)


@pytest.fixture
def pbx(clock: MovableClock) -> FakePbx:
    queue = Extension("900", type="queue", members=("101", "102"))
    return FakePbx(clock, extensions=["101", "102", "103", queue])


@pytest.fixture
def telfin(crm: Crm, pbx: FakePbx) -> TelfinProvider:
    """The provider, connected to the PBX."""
    found = providers(crm)["telfin"]
    assert isinstance(found, TelfinProvider)
    found.client.through(pbx.transport())
    return found


@attrs.define
class Post:
    """Takes the webhooks of a PBX and reads them."""

    telfin: TelfinProvider
    events: list[CallEvent] = attrs.field(factory=list)
    raw: list[tuple[str, bytes]] = attrs.field(factory=list)
    heard: list[Heard] = attrs.field(factory=list)

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(url)
        self.raw.append((url, body))
        answer = self.telfin.receive(received(body, rest=parts.path.rpartition("/")[2], query=parts.query))
        self.heard.append(answer)
        self.events += answer.events
        return answer.status

    def kinds(self, call: str | None = None) -> list[str]:
        """The kinds of events, in the order in which they came."""
        return [e.type.value for e in self.events if call in (None, e.call)]


def received(body: bytes, rest: str = "phone", query: str = "", peer: str | None = "192.0.2.1") -> Received:
    """A webhook as it comes in."""
    method = "POST" if body else "GET"
    return Received(method=method, path=rest, query=query, headers={"content-type": "application/x-www-form-urlencoded"}, body=body, peer=peer)


@pytest.fixture
def post(pbx: FakePbx, telfin: TelfinProvider) -> Post:
    """Webhooks of phones and of the queue come here."""
    found = Post(telfin)
    pbx.deliver_to(found)
    for extension in pbx.extensions:
        rest, kinds = ("entrance", ("dial-in", "hangup")) if extension.type == "queue" else ("phone", ("dial-in", "dial-out", "answer", "hangup"))
        for kind in kinds:
            pbx.subscribe(extension.name, f"{HOOK}/{rest}", kind)
    return found


@pytest.fixture
def place(telfin: TelfinProvider) -> Callable[..., str]:
    """Place a call and return its key."""

    def placed(number: str = CLIENT, extension: str = "1111*101", **more: Any) -> str:
        found = telfin.originate(Originate(extension=extension, device=more.pop("device", "85001"), number=number, **more)).call_key
        assert found
        return found

    return placed
