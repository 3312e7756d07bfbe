"""The suite for providers, passed by the one on paper."""

import pytest

from crmkit_telephony import Outcome, Received, Unknown
from crmkit_telephony.testing import Bench, Conformance


class PaperBench(Bench):
    extension, other = "101", "102"

    def __init__(self, provider, clock):
        self.provider, self.clock, self.busy = provider, clock, False

    @property
    def call(self):
        return list(self.provider.calls.values())[-1]

    def wait(self, seconds):
        self.clock.forward(seconds=seconds)

    def told(self):
        return [Received(method="POST", path="", query="", headers={}, body=self.provider.webhook([e]), peer=None) for e in self.provider.heard()]

    def client_calls(self):
        self.provider.ring(self.client, self.extension, our_number=self.our_number)

    def agent_picks_up(self):
        if self.call.incoming:
            self.provider.answer(self.call)
        else:
            self.provider.pick_up(self.call)
            if self.busy:
                self.provider.end(self.call, Outcome.BUSY)

    def client_picks_up(self):
        self.provider.answer(self.call)

    def client_hangs_up(self):
        self.provider.end(self.call)

    def nobody_picks_up(self):
        self.provider.end(self.call, Outcome.AGENT_NO_ANSWER)

    def client_is_busy(self):
        self.busy = True

    def lose_the_next_answer(self):
        self.provider.faults["originate"] = [Unknown("the line broke")]

    def dialled(self):
        return len(self.provider.dialled)


class TestPaper(Conformance):
    @pytest.fixture
    def crm_database(self):
        return "sqlite"  # the intake has its own tests on both

    @pytest.fixture
    def bench(self, pbx, clock):
        return PaperBench(pbx, clock)
