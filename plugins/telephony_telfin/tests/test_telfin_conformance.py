"""Telfin passes the suite of telephony, in front of the fake PBX, whether that tells of first legs or not."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from crmkit import Crm, MovableClock
from crmkit_telephony import CallEvent, Provider, Received
from crmkit_telephony.testing import Bench, Conformance
from crmkit_telephony_telfin import TelfinProvider
from crmkit_telephony_telfin.fake import FakePbx, Faults, busy, by_hand

from .conftest import received


class TelfinBench(Bench):
    """The fake PBX, its people doing what the suite says."""

    extension, device, other = "1111*101", "85001", "1111*102"

    def __init__(self, provider: Provider, pbx: FakePbx) -> None:
        self.provider, self.pbx = provider, pbx
        self.posted: list[Received] = []
        pbx.deliver_to(self._post)
        pbx.behave(self.client, by_hand())
        for name in ("101", "102"):
            pbx.behave(name, by_hand())
            for kind in ("dial-in", "dial-out", "answer", "hangup"):
                pbx.subscribe(name, "https://crm.example/hook/s/phone", kind)

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.posted.append(received(body, rest=urlsplit(url).path.rpartition("/")[2]))
        return 200

    def wait(self, seconds: float) -> None:
        self.pbx.advance(seconds)

    def told(self) -> Sequence[Received | CallEvent]:
        self.pbx.run_due()
        found, self.posted = self.posted, []
        return found

    def client_calls(self) -> None:
        self.pbx.incoming(self.client, "101")

    def agent_picks_up(self) -> None:
        self.wait(0.5)  # people are not that quick: what happens in one microsecond has no order
        self.pbx.pick_up(next(leg for leg in self.pbx.ringing() if leg.extension_id == 85001))
        self.wait(0.5)

    def client_picks_up(self) -> None:
        self.pbx.pick_up(next(leg for leg in self.pbx.ringing() if leg.role == "client"))

    def client_hangs_up(self) -> None:
        self.pbx.run_due()
        self.pbx.hang_up(next(leg for leg in (*self.pbx.ringing(), *self.pbx.talking()) if leg.role == "client"))

    def nobody_picks_up(self) -> None:
        self.wait(180)

    def client_is_busy(self) -> None:
        self.pbx.behave(self.client, busy())

    def lose_the_next_answer(self) -> None:
        self.pbx.trip("callback", "slow")

    def dialled(self) -> int:
        return len([call for call in self.pbx.truth if call.origin == "callback"])


SEEN = Faults(
    upper_call_uuid=True, comma_in_time=True, upper_call_flow=True, missing_rec_id=True, history_delay=2.0, record_delay=5.0, bare_numbers=True,
    literal_plus=True, domain_suffix=True, missing_expires_in=True, dial_in_for_callbacks=True,
)  # fmt: skip


class TestTelfin(Conformance):
    """A polite Telfin on SQLite, and one with what integrators have seen on PostgreSQL: the database is all the same to these faults."""

    @pytest.fixture
    def bench(self, crm: Crm, clock: MovableClock, telfin: TelfinProvider, crm_database: str) -> TelfinBench:
        return TelfinBench(telfin, connected(telfin, clock, SEEN if crm_database == "postgresql" else None))


def connected(telfin: TelfinProvider, clock: MovableClock, faults: Faults | None = None) -> FakePbx:
    """A PBX with the number the suite knows."""
    pbx = FakePbx(clock, dids=("74950000001",), faults=faults)
    telfin.client.through(pbx.transport())
    return pbx
