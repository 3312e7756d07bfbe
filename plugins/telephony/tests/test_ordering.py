"""What is asked of a telephone is done once, or told in words why not."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading

import pytest

from crmkit import Conflict, Invalid
from crmkit_sales import Contact
from crmkit_telephony import (
    Call,
    CallEvent,
    CallState,
    Capability,
    DoNotCall,
    EventType,
    Line,
    NotThere,
    Outcome,
    ProviderError,
    Unknown,
    call,
    hang_up,
    hold,
    my_calls,
    resume,
    take,
    transfer,
)
from crmkit_telephony.testing import PaperCall

ANN, BEN = 7, 8
ANNA = "+79123456789"
pytestmark = pytest.mark.usefixtures("lines")


def place(uow, deliver, **more):
    placed = call(uow, "8 (912) 345-67-89", user=ANN, **more)
    deliver()
    return placed


def test_a_call_is_placed_once_and_followed(uow, make, pbx, clock, deliver, published):
    contact = make(Contact, name="Anna", phone=ANNA)
    placed = call(uow, "8 (912) 345-67-89", contact=contact, user=ANN)
    again = call(uow, ANNA, user=ANN)
    assert (again.id, placed.state, placed.number, placed.contact_id) == (placed.id, CallState.INITIATED, ANNA, contact.id)
    assert [c.id for c in my_calls(uow, ANN)] == [placed.id]
    deliver()
    assert pbx.dialled == [ANNA]
    assert placed.key == "paper:c1"
    real = pbx.calls["c1"]
    pbx.pick_up(real)
    take(uow, "paper", pbx.heard())
    assert (placed.state, placed.owner_id) == (CallState.RINGING, ANN)
    assert ("telephony.phone", ANN) in [(m.topic, m.id) for m in published]
    pbx.answer(real)
    pbx.end(real)
    take(uow, "paper", pbx.heard())
    assert (placed.state, placed.outcome) == (CallState.ENDED, Outcome.ANSWERED)
    assert uow.find(Call).count() == 1


def test_events_before_the_answer_join_the_call(uow, pbx, deliver):
    """By the reference, by extension and number, or, where neither was told, once the answer names the call."""
    for number, strip in ((1, {}), (2, {"reference": None}), (3, {"reference": None, "number": None})):
        to = f"+7912000000{number}"

        def early(strip=strip):
            import attrs

            with uow.crm.uow() as other:
                take(other, "paper", [attrs.evolve(e, **strip) for e in pbx.heard()])

        pbx.faults["originate"] = [early]
        placed = call(uow, to, user=ANN)
        deliver()
        uow.refresh()
        assert (placed.key, placed.state) == (f"paper:c{number}", CallState.AGENT_RINGING)
        assert uow.find(Call).count() == number
        pbx.end(pbx.calls[f"c{number}"])
        take(uow, "paper", pbx.heard())


def test_an_answer_and_webhooks_at_the_same_moment_are_one_call(uow, pbx, deliver):
    """Both hold what they need in the same order: neither waits for the other for ever."""
    threads, errors = [], []

    def bring(told):
        try:
            for event in told:
                with uow.crm.uow() as other:
                    take(other, "paper", [event])
        except BaseException as error:
            errors.append(error)

    def meanwhile():
        real = list(pbx.calls.values())[-1]
        pbx.pick_up(real)
        pbx.end(real, Outcome.BUSY)
        threads.append(threading.Thread(target=bring, args=(pbx.heard(),)))
        threads[-1].start()

    numbers = [f"+7912000000{n}" for n in range(6)]
    pbx.faults["originate"] = [meanwhile] * len(numbers)
    placed = [call(uow, number, user=ANN) for number in numbers]
    deliver()
    for thread in threads:
        thread.join()
    uow.refresh()
    assert errors == []
    assert [(p.state, p.outcome, p.number) for p in placed] == [(CallState.ENDED, Outcome.BUSY, n) for n in numbers]
    assert uow.find(Call).count() == len(numbers)
    assert pbx.dialled == numbers


@pytest.mark.parametrize("found", ["active", "past", "nowhere"])
def test_an_answer_that_is_lost_is_looked_for(uow, pbx, clock, deliver, found):
    pbx.faults["originate"] = [Unknown("the connection broke")]
    placed = place(uow, deliver)
    if found == "past":
        pbx.end(pbx.calls["c1"], Outcome.BUSY)
    elif found == "nowhere":
        pbx.calls.clear()
    pbx.told.clear()
    deliver(until=dt.timedelta(minutes=3))
    uow.refresh()
    assert pbx.dialled == [ANNA]
    if found == "nowhere":
        assert (placed.state, placed.outcome) == (CallState.ENDED, Outcome.FAILED)
        assert "not dialled again" in placed.trouble
    else:
        assert placed.key == "paper:c1"
        assert (placed.outcome, placed.trouble) == (Outcome.BUSY if found == "past" else None, None)


def test_a_call_that_turns_up_after_it_was_given_up_lives(uow, pbx, deliver):
    pbx.faults["originate"] = [Unknown("the connection broke")]
    placed = place(uow, deliver)
    kept = dict(pbx.calls)
    pbx.calls.clear()
    deliver(until=dt.timedelta(minutes=3))
    uow.refresh()
    assert placed.outcome is Outcome.FAILED
    pbx.pick_up(kept["c1"])
    take(uow, "paper", pbx.heard())
    assert (placed.key, placed.state, placed.outcome, placed.trouble) == ("paper:c1", CallState.RINGING, None, None)


def test_what_is_refused_is_told_at_the_call(uow, pbx, deliver):
    pbx.faults["originate"] = [ProviderError("The telephone is not connected.")]
    placed = place(uow, deliver)
    uow.refresh()
    assert (placed.state, placed.outcome, placed.trouble) == (CallState.ENDED, Outcome.FAILED, "The telephone is not connected.")
    pbx.faults["originate"] = [ProviderError("Too many requests.", again=True, after=dt.timedelta(seconds=3)), ValueError("a bug")]
    second = place(uow, deliver)
    uow.refresh()
    assert (second.id != placed.id, second.state) == (True, CallState.INITIATED)
    deliver(until=dt.timedelta(seconds=5))
    uow.refresh()
    assert second.key == "paper:c1"  # found: it had been placed before the plugin failed


def test_a_call_is_controlled(uow, pbx, deliver):
    placed = place(uow, deliver)
    with pytest.raises(Conflict, match="nobody talks yet"):
        hold(uow, placed)
    pbx.pick_up(pbx.calls["c1"])
    pbx.answer(pbx.calls["c1"])
    take(uow, "paper", pbx.heard())
    hold(uow, placed)
    hold(uow, placed)
    deliver()
    uow.refresh()
    assert (placed.state, pbx.calls["c1"].held) == (CallState.HELD, True)
    resume(uow, placed)
    deliver()
    uow.refresh()
    assert (placed.state, pbx.calls["c1"].held) == (CallState.TALKING, False)
    pbx.faults["transfer"] = [ProviderError("There is no such extension.")]
    transfer(uow, placed, "999")
    deliver()
    uow.refresh()
    assert placed.trouble == "There is no such extension."
    transfer(uow, placed, "102")
    assert placed.trouble is None
    deliver()
    assert pbx.calls["c1"].extension == "102"
    assert pbx.asked.count("hold") == 1


def test_hanging_up_gets_through(uow, pbx, clock, deliver):
    placed = place(uow, deliver)
    pbx.faults["hang_up"] = [Unknown("broken"), ProviderError("busy", again=True), ProviderError("busy", again=True, after=dt.timedelta(minutes=1))]
    hang_up(uow, placed)
    deliver(until=dt.timedelta(minutes=2))
    assert pbx.calls["c1"].ended_at is not None
    assert (uow.get(Call, placed.id).state, uow.get(Call, placed.id).trouble) == (CallState.ENDED, None)
    hang_up(uow, placed)  # over already: what was wanted
    assert uow.get(Call, placed.id).outcome is Outcome.NO_ANSWER


def test_a_call_that_is_over_already_was_hung_up(uow, pbx, deliver):
    placed = place(uow, deliver)
    pbx.end(pbx.calls["c1"], Outcome.BUSY)
    pbx.told.clear()  # the webhook is lost
    hang_up(uow, placed)
    deliver()
    uow.refresh()
    assert (placed.state, placed.outcome, placed.trouble) == (CallState.ENDED, Outcome.BUSY, None)


def test_what_was_not_dialled_yet_never_is(uow, pbx, deliver):
    placed = call(uow, ANNA, user=ANN)
    hang_up(uow, placed)
    deliver()
    uow.refresh()
    assert (placed.state, placed.outcome, pbx.dialled) == (CallState.ENDED, Outcome.CANCELLED, [])


def test_hanging_up_waits_until_the_call_has_a_name(uow, pbx, deliver):
    placed = call(uow, ANNA, user=ANN)

    def hang_up_meanwhile():
        with uow.crm.uow() as other:
            hang_up(other, other.get(Call, placed.id))

    pbx.faults["originate"] = [hang_up_meanwhile]
    deliver(until=dt.timedelta(seconds=10))
    assert pbx.calls["c1"].ended_at is not None
    assert uow.get(Call, placed.id).state is CallState.ENDED


def test_what_cannot_be_is_refused_in_words(uow, make, pbx):
    make(DoNotCall, number=ANNA)
    with pytest.raises(Conflict, match="do-not-call list"):
        call(uow, ANNA, user=ANN)
    assert call(uow, ANNA, user=ANN, anyway=True).number == ANNA
    with pytest.raises(Invalid, match="number"):
        call(uow, "soon", user=ANN)
    with pytest.raises(Conflict, match="no telephone"):
        call(uow, ANNA, user=99)
    with pytest.raises(Conflict, match="whose telephone"):
        call(uow, ANNA)
    make(Line, provider="gone", extension="1", owner_id=9)
    with pytest.raises(Conflict, match="'gone' is not set up"):
        call(uow, ANNA, user=9)
    pbx.capabilities = frozenset({Capability.WEBHOOKS})
    with pytest.raises(Conflict, match="cannot place calls"):
        call(uow, ANNA, user=BEN, anyway=True)


def test_somebody_elses_call_to_the_same_number_is_not_ours(uow, pbx, clock, deliver):
    placed = place(uow, deliver)
    other = CallEvent(type=EventType.CLIENT_RINGING, call="z", at=clock.now(), key="z1", leg="z", incoming=False, extension="102", number=ANNA)
    (found,) = take(uow, "paper", [other])
    assert found.id != placed.id


def test_a_process_killed_while_it_waits_for_the_answer_never_dials_twice(uow, crm, pbx, clock, deliver, tmp_path):
    placed_there = uow.connection.dialect.name == "postgresql"  # each costs a process: one of the two on each database
    asked = call(uow, ANNA, user=ANN)
    uow.commit()
    database = crm.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    ledger = tmp_path / "ledger"
    script = os.path.join(os.path.dirname(__file__), "worker_to_kill.py")
    with subprocess.Popen([sys.executable, script, database, clock.now().isoformat(), str(ledger)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "dialled\n"
        process.send_signal(signal.SIGKILL)
    if placed_there:
        reference = ledger.read_text().split()[1]
        pbx.calls["k1"] = PaperCall(key="k1", number=ANNA, extension="101", incoming=False, began_at=clock.now(), reference=reference)
    deliver(until=dt.timedelta(minutes=3))
    uow.refresh()
    assert (len(ledger.read_text().splitlines()), pbx.dialled) == (1, [])
    if placed_there:
        assert (asked.key, asked.state, asked.trouble) == ("paper:k1", CallState.INITIATED, None)
    else:
        assert (asked.state, asked.outcome) == (CallState.ENDED, Outcome.FAILED)
        assert "not dialled again" in asked.trouble


def test_hanging_up_what_the_provider_no_longer_has(uow, pbx, clock, deliver):
    placed = place(uow, deliver)
    pbx.faults["hang_up"] = [NotThere("gone")]
    pbx.calls.clear()
    hang_up(uow, placed)
    for _again in range(5):
        clock.forward(minutes=3)
        deliver()
    uow.refresh()
    assert (placed.state, placed.outcome) == (CallState.ENDED, Outcome.UNKNOWN)
