"""The suite every telephone provider passes.

Subclass `Conformance` in a test of your plugin and give it a fixture ``bench``: your provider, in front of a PBX that does what
the suite says people do::

    class TestTelfin(Conformance):
        @pytest.fixture
        def bench(self, crm, clock):
            return MyBench(provider_named(crm, "telfin"), clock)

What the provider does not declare is skipped.
"""

from __future__ import annotations

import abc
import datetime as dt
import random
import typing as t
from collections.abc import Sequence

import pytest

from crmkit import Crm, Forbidden, Uow

from ..carrying import LOOK_FOR
from ..entities import Call, CallState, Direction, Line
from ..events import CallEvent, EventType, Outcome
from ..numbers import e164
from ..ordering import call as place
from ..ordering import hang_up, hold, resume, transfer
from ..provider import Capability, Leg, NotThere, Provider, Received
from ..settings import TelephonySettings
from ..taking import parties, take

AGENT, COLLEAGUE = 7, 8
A_WHILE = dt.timedelta(seconds=60)
NEEDS = {
    Capability.ORIGINATE: ("originate",), Capability.HANG_UP: ("hang_up",), Capability.HOLD: ("hold", "resume"),
    Capability.TRANSFER: ("transfer",), Capability.ATTENDED_TRANSFER: ("transfer",), Capability.ACTIVE_CALLS: ("active_calls",),
    Capability.HISTORY: ("past", "history"), Capability.RECORDINGS: ("recording",), Capability.PRESENCE: ("present",),
    Capability.WEBHOOKS: ("receive",), Capability.LISTENER: ("listen",),
}  # fmt: skip
RUBBISH = (
    b"", b"{}", b"[]", b"null", b"\x00\xff\xfe", b"a=1&b=%ff%00&=&&", b"json=%7B%7D", b"{" * 500, "Ж=ё".encode("cp1251"), b"EventType=nonsense",
    b'{"event": {"deep": [[[[1e999]]]]}}', b"x" * 10_000,
)  # fmt: skip


class Bench(abc.ABC):
    """A provider before a PBX that does as it is told. There is one call at a time.

    `extension` and `device` name a telephone as a `Line` does, `other` another colleague's.
    """

    provider: Provider
    extension: str
    device: str | None = None
    other: str
    client = "+79123456789"
    our_number = "+74950000001"

    @abc.abstractmethod
    def wait(self, seconds: float) -> None:
        """Let time pass, for the CRM and the PBX."""

    @abc.abstractmethod
    def told(self) -> Sequence[Received | CallEvent]:
        """Return what the PBX has sent since it was last asked: requests as they came, or what a listener told."""

    @abc.abstractmethod
    def client_calls(self) -> None:
        """Let `client` call `our_number`: the telephone `extension` rings."""

    @abc.abstractmethod
    def agent_picks_up(self) -> None:
        """Let the colleague at `extension` pick up what rings there."""

    @abc.abstractmethod
    def client_picks_up(self) -> None:
        """Let the client take a call of ours."""

    @abc.abstractmethod
    def client_hangs_up(self) -> None:
        """Let the client end the call, answered or not."""

    def nobody_picks_up(self) -> None:
        """Let whatever rings ring out, until the PBX gives up."""
        pytest.skip("the bench cannot let it ring out")

    def client_is_busy(self) -> None:
        """Let the client's line be busy, when a call of ours reaches it."""
        pytest.skip("the bench cannot be busy")

    def lose_the_next_answer(self) -> None:
        """Break the connection after the next request to place a call arrived."""
        pytest.skip("the bench cannot break connections")

    def dialled(self) -> int:
        """Return how often the PBX was asked to place a call and did: the truth."""
        pytest.skip("the bench does not count")


class Conformance:
    """What the CRM expects of a provider."""

    @pytest.fixture
    def bench(self) -> Bench:
        """Override it."""
        raise NotImplementedError("a fixture `bench` returns your provider before its PBX")

    @pytest.fixture
    def people(self, make: t.Any, bench: Bench) -> None:
        """Two colleagues with a telephone each."""
        make(Line, provider=bench.provider.name, extension=bench.extension, device=bench.device, owner_id=AGENT)
        make(Line, provider=bench.provider.name, extension=bench.other, owner_id=COLLEAGUE)

    # ---- what it says it can do ----------------------------------------------------------------------------------
    def test_it_has_what_it_declares_and_declares_what_it_has(self, bench: Bench) -> None:
        """A capability without its method is a promise that fails on the line; a method without one is never used."""
        provider = bench.provider
        own = {name for name in set().union(*NEEDS.values()) if getattr(type(provider), name) is not getattr(Provider, name)}
        wanted = {name for capability in provider.capabilities for name in NEEDS[capability]}
        assert wanted <= own, f"declared and not written: {sorted(wanted - own)}"
        assert own <= wanted, f"written and not declared: {sorted(own - wanted)}"
        assert Capability.WEBHOOKS in provider.capabilities or Capability.LISTENER in provider.capabilities
        assert provider.name.replace("_", "").isalnum()
        assert provider.name == provider.name.lower()
        assert provider.label

    def test_its_check_speaks_in_words(self, bench: Bench) -> None:
        """Findings are for people."""
        assert all(str(finding.what).strip() for finding in bench.provider.check())

    # ---- calls that come in --------------------------------------------------------------------------------------
    def test_a_client_calls_and_is_answered(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """The telephone rings, they talk, it is over: told with numbers, people and durations."""
        bench.client_calls()
        call = _one(crm, uow, bench)
        assert (call.direction, call.state, call.number) == (Direction.IN, CallState.AGENT_RINGING, bench.client)
        assert call.owner_id == AGENT, "the telephone that rings is told as the Line has it"
        assert e164(call.our_number, crm) == bench.our_number
        bench.wait(5)
        bench.agent_picks_up()
        assert _one(crm, uow, bench).state is CallState.TALKING
        bench.wait(30)
        bench.client_hangs_up()
        call = _over(crm, uow, bench, deliver)
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.ANSWERED)
        assert call.talked is not None
        assert 28 <= call.talked <= 32, "durations are in seconds"
        assert call.rang is not None
        assert 4 <= call.rang <= 6
        assert all(p.ended_at is not None for p in parties(uow, call))

    def test_a_client_gives_up_before_an_answer(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """A call nobody took is over, and not answered."""
        bench.client_calls()
        bench.wait(8)
        bench.client_hangs_up()
        call = _over(crm, uow, bench, deliver)
        assert call.state is CallState.ENDED
        assert call.outcome in (Outcome.CANCELLED, Outcome.NO_ANSWER)
        assert call.answered_at is None

    # ---- calls of ours -------------------------------------------------------------------------------------------
    def test_a_call_is_placed_and_answered(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """The colleague's telephone first, then the client's; all of it is one call, the one that was asked for."""
        placed = self._placed(crm, uow, bench, deliver)
        bench.wait(2)
        bench.agent_picks_up()
        call = _one(crm, uow, bench)
        assert call.id == placed.id
        assert (call.direction, call.number) == (Direction.OUT, bench.client)
        assert call.state is CallState.RINGING, "the ring time counts from client_ringing"
        assert call.ringing_at is not None
        bench.wait(6)
        bench.client_picks_up()
        assert _one(crm, uow, bench).state is CallState.TALKING
        bench.wait(20)
        bench.client_hangs_up()
        call = _over(crm, uow, bench, deliver)
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.ANSWERED)
        assert call.talked is not None
        assert 18 <= call.talked <= 22

    def test_a_client_is_busy(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """Busy is not the same as no answer."""
        bench.client_is_busy()
        self._placed(crm, uow, bench, deliver)
        bench.agent_picks_up()
        bench.wait(3)
        assert _one(crm, uow, bench).outcome is Outcome.BUSY

    def test_the_own_telephone_is_not_picked_up(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """That is not the client's doing: the client never rang."""
        self._placed(crm, uow, bench, deliver)
        bench.nobody_picks_up()
        call = _over(crm, uow, bench, deliver)
        assert (call.state, call.ringing_at) == (CallState.ENDED, None)
        assert call.outcome in (Outcome.AGENT_NO_ANSWER, Outcome.UNAVAILABLE)

    def test_a_lost_answer_never_dials_twice(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """Where nobody knows whether a call was placed, it is looked for."""
        _needs(bench, Capability.ORIGINATE)
        bench.lose_the_next_answer()
        placed = place(uow, bench.client, user=AGENT)
        deliver()
        before = bench.dialled()
        deliver(until=LOOK_FOR * 2)
        assert bench.dialled() == before <= 1
        t.cast(t.Any, uow).refresh()
        found = uow.get(Call, placed.id)
        assert found.key is not None or found.outcome is Outcome.FAILED

    def _placed(self, crm: Crm, uow: Uow, bench: Bench, deliver: t.Any) -> Call:
        _needs(bench, Capability.ORIGINATE)
        placed = place(uow, bench.client, user=AGENT)
        deliver()
        _hear(crm, uow, bench)
        assert placed.state is not CallState.ENDED, placed.trouble
        return placed

    # ---- call control --------------------------------------------------------------------------------------------
    def test_a_call_is_hung_up_held_and_handed_over(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """What is declared works on a call that is there, and says so of one that is not."""
        bench.client_calls()
        bench.agent_picks_up()
        call = _one(crm, uow, bench)
        if bench.provider.can(Capability.HOLD):
            for do, state in ((hold, CallState.HELD), (resume, CallState.TALKING)):
                do(uow, uow.get(Call, call.id))
                deliver()
                assert _one(crm, uow, bench).state is state
        if bench.provider.can(Capability.TRANSFER):
            transfer(uow, uow.get(Call, call.id), bench.other)
            deliver()
            assert _one(crm, uow, bench).trouble is None
        if bench.provider.can(Capability.HANG_UP) and _one(crm, uow, bench).state is not CallState.ENDED:
            hang_up(uow, uow.get(Call, call.id))
            deliver(until=A_WHILE)
            assert _one(crm, uow, bench).state is CallState.ENDED
            assert _one(crm, uow, bench).trouble is None

    def test_what_is_gone_is_not_there(self, crm: Crm, uow: Uow, bench: Bench, people: None) -> None:
        """`NotThere`, not success and not another error: whoever asked to hang up has what they wanted."""
        bench.client_calls()
        bench.agent_picks_up()
        call = _one(crm, uow, bench)
        leg = parties(uow, call)[0]
        bench.client_hangs_up()
        _hear(crm, uow, bench)
        gone = Leg(call_key=_key(call), leg_key=leg.key, control=leg.control, extension=leg.extension, device=leg.device)
        for capability, do in ((Capability.HANG_UP, bench.provider.hang_up), (Capability.HOLD, bench.provider.hold)):
            if bench.provider.can(capability):
                with pytest.raises(NotThere):
                    do(gone)

    # ---- asking --------------------------------------------------------------------------------------------------
    def test_what_goes_on_is_listed(self, crm: Crm, uow: Uow, bench: Bench, people: None) -> None:
        """Active calls carry the keys their events have."""
        _needs(bench, Capability.ACTIVE_CALLS)
        assert list(bench.provider.active_calls()) == []
        bench.client_calls()
        bench.wait(2)
        bench.agent_picks_up()
        call = _one(crm, uow, bench)
        listed = [a for a in bench.provider.active_calls() if a.call_key == _key(call)]
        assert listed
        assert e164(listed[0].number, crm) == bench.client
        bench.client_hangs_up()
        assert list(bench.provider.active_calls()) == []

    def test_how_it_went_is_told_afterwards(self, crm: Crm, uow: Uow, bench: Bench, people: None) -> None:
        """History carries the keys events have, and durations in seconds."""
        _needs(bench, Capability.HISTORY)
        began = crm.clock.now()
        bench.client_calls()
        bench.wait(4)
        bench.agent_picks_up()
        bench.wait(20)
        bench.client_hangs_up()
        call = _one(crm, uow, bench)
        bench.wait(120)
        past = bench.provider.past(_key(call))
        assert past is not None
        assert (past.call_key, past.incoming, past.outcome) == (_key(call), True, Outcome.ANSWERED)
        assert past.answered_at is not None
        assert 18 <= (past.ended_at - past.answered_at).total_seconds() <= 22
        assert bench.provider.past("0" * 32) is None
        known = [p.call_key for p in bench.provider.history(began - A_WHILE, crm.clock.now() + A_WHILE)]
        assert known == [_key(call)]

    def test_lost_webhooks_leave_no_call_alive(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """Where the end was not told, asking tells."""
        if not bench.provider.capabilities & {Capability.HISTORY, Capability.ACTIVE_CALLS}:
            pytest.skip("the provider cannot be asked")
        bench.client_calls()
        bench.agent_picks_up()
        _one(crm, uow, bench)
        bench.wait(30)
        bench.client_hangs_up()
        bench.told()  # lost
        deliver(until=crm[TelephonySettings].believed_for * 2 + A_WHILE * 10)
        assert _one(crm, uow, bench).state is CallState.ENDED

    def test_a_recording_that_is_not_there_is_not_there(self, bench: Bench) -> None:
        """`NotThere`: it may come later."""
        _needs(bench, Capability.RECORDINGS)
        with pytest.raises(NotThere):
            bench.provider.recording("1-" + "0" * 32)

    # ---- hearing -------------------------------------------------------------------------------------------------
    def test_any_order_and_repetition_make_the_same_call(self, crm: Crm, uow: Uow, bench: Bench, people: None, deliver: t.Any) -> None:
        """Deliveries are unordered and may be repeated: keys of events say what is the same."""
        requests: list[Received | CallEvent] = []
        events: list[CallEvent] = []
        for step, seconds in ((bench.client_calls, 5), (bench.agent_picks_up, 20), (bench.client_hangs_up, 0)):
            step()
            new = bench.told()  # read as it comes: the only moment some providers' events have is that
            requests += new
            events += [e for r in new for e in _events(bench, r)]
            bench.wait(seconds)
        repeated = [e for r in requests for e in _events(bench, r)]
        assert [e.key for e in events] == [e.key for e in repeated], "the same request tells the same events"
        assert len({e.key for e in events}) == len(events)
        chance = random.Random(1)
        shuffled = events + events
        chance.shuffle(shuffled)
        for event in shuffled:
            with crm.uow() as other:
                take(other, bench.provider.name, [event])
        call = _over(crm, uow, bench, deliver)
        assert (call.state, call.outcome, call.number) == (CallState.ENDED, Outcome.ANSWERED, bench.client)
        assert call.talked is not None
        assert 18 <= call.talked <= 22

    def test_rubbish_is_no_error(self, crm: Crm, uow: Uow, bench: Bench) -> None:
        """What cannot be read is unknown; it is refused only for a wrong signature or network."""
        _needs(bench, Capability.WEBHOOKS)
        for method in ("GET", "POST"):
            for body in RUBBISH:
                for media in ("application/x-www-form-urlencoded", "application/json", "", "text/\xff"):
                    given = Received(
                        method=method, path="events/any", query=body.decode("latin-1") if method == "GET" else "", headers={"content-type": media},
                        body=b"" if method == "GET" else body, peer="127.0.0.1")  # fmt: skip
                    try:
                        heard = bench.provider.receive(given)
                    except Forbidden:
                        continue
                    assert heard.status < 500
                    assert all(e.type is EventType.UNKNOWN for e in heard.events)
                    with crm.uow() as other:
                        take(other, bench.provider.name, heard.events)
        assert uow.find(Call).count() == 0


def _needs(bench: Bench, capability: Capability) -> None:
    if not bench.provider.can(capability):
        pytest.skip(f"{bench.provider.label} does not declare {capability.value}")


def _events(bench: Bench, told: Received | CallEvent) -> Sequence[CallEvent]:
    return [told] if isinstance(told, CallEvent) else bench.provider.receive(told).events


def _hear(crm: Crm, uow: Uow, bench: Bench) -> None:
    """Take in what the PBX has sent since."""
    for told in bench.told():
        with crm.uow() as other:
            take(other, bench.provider.name, list(_events(bench, told)))
    t.cast(t.Any, uow).refresh()


def _one(crm: Crm, uow: Uow, bench: Bench) -> Call:
    _hear(crm, uow, bench)
    return uow.find(Call).one()


def _over(crm: Crm, uow: Uow, bench: Bench, deliver: t.Any) -> Call:
    """Return the call once it is known to be over: not every provider says so."""
    _one(crm, uow, bench)
    deliver(until=A_WHILE)
    return _one(crm, uow, bench)


def _key(call: Call) -> str:
    return (call.key or "").partition(":")[2]


__all__ = ["AGENT", "COLLEAGUE", "Bench", "Conformance"]
