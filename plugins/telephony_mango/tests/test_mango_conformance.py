"""The suite for telephone providers, passed by one that tells little."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crmkit import Crm, MovableClock
from crmkit_telephony import Received, provider_named
from crmkit_telephony.testing import Bench, Conformance
from crmkit_telephony_mango import MangoProvider
from crmkit_telephony_mango.simulator import MangoCall, MangoSimulator


class MangoBench(Bench):
    extension, other = "101", "102"

    def __init__(self, provider: MangoProvider, mango: MangoSimulator, clock: MovableClock) -> None:
        self.provider, self.mango, self.clock, self.heard = provider, mango, clock, 0

    @property
    def call(self) -> MangoCall:
        return list(self.mango.calls.values())[-1]

    def wait(self, seconds: float) -> None:
        self.clock.forward(seconds=seconds)

    def told(self) -> Sequence[Received]:
        new, self.heard = self.mango.sent[self.heard :], len(self.mango.sent)
        return [Received(method="POST", path=m.path, query="", headers={}, body=m.body, peer=None) for m in new]

    def client_calls(self) -> None:
        came = self.mango.incoming(self.client.lstrip("+"), self.our_number.lstrip("+"))
        queue = came.machine("queue")
        came.ring(self.extension, taken_from=queue)
        queue.disconnect()

    def agent_picks_up(self) -> None:
        next(leg for leg in self.call.legs if leg.called.get("extension") == self.extension).connect()

    def client_picks_up(self) -> None:
        self.call.legs[-1].connect()

    def client_hangs_up(self) -> None:
        self.call.hang_up()

    def nobody_picks_up(self) -> None:
        self.call.hang_up()

    def lose_the_next_answer(self) -> None:
        self.mango.lose("commands/callback")

    def dialled(self) -> int:
        return sum(call.command_id is not None for call in self.mango.calls.values())


class TestMango(Conformance):
    @pytest.fixture
    def bench(self, crm: Crm, mango: MangoSimulator, provider: MangoProvider, clock: MovableClock) -> MangoBench:
        offered = provider_named(crm, "mango")
        assert isinstance(offered, MangoProvider)
        offered.client = provider.client
        return MangoBench(offered, mango, clock)
