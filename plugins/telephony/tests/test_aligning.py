"""Providers are kept in step: subscriptions follow the telephones, who is connected is noted, connections of our own are held."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest

from crmkit_telephony import Call, CallEvent, EventType, Line, ProviderError, align_soon
from crmkit_telephony.aligning import LookWhoIsThere, align_daily, listen, look_who_is_there


@pytest.fixture
def aligned(pbx) -> list[list[tuple[str, str | None]]]:
    found: list[list[tuple[str, str | None]]] = []
    pbx.align = lambda lines: found.append(list(lines)) or ()
    return found


def test_subscriptions_follow_the_telephones_once_for_many_changes(crm, uow, lines, deliver, clock, aligned):
    uow.commit()
    deliver(until=clock.now() + dt.timedelta(seconds=15))
    assert aligned == [[("101", None), ("102", None)]]
    with crm.uow() as changing:
        changing.get(Line, lines[0].id).in_use = False
        changing.get(Line, lines[1].id).device = "7"
    with crm.uow() as changing:
        changing.add(Line(provider="paper", extension="103", owner_id=9))
        changing.add(Line(provider="nobody", extension="1", owner_id=9))  # whose provider is not installed
    deliver(until=clock.now() + dt.timedelta(seconds=15))
    assert aligned[1:] == [[("102", "7"), ("103", None)]]
    with crm.uow() as daily:
        align_soon(daily, "paper")
        align_daily(None, daily)  # type: ignore[arg-type]
    deliver(until=clock.now() + dt.timedelta(seconds=15))
    assert len(aligned) == 3


def test_who_is_connected_is_noted_at_the_telephone(crm, uow, lines, pbx, deliver, clock):
    uow.commit()

    def look() -> list[bool | None]:
        with crm.uow() as asking:
            look_who_is_there(None, asking)  # type: ignore[arg-type]
        deliver()
        with crm.read() as seen:
            return [line.present for line in seen.find(Line).order_by(Line.__table__.c.id)]

    pbx.present = lambda: {"101": True}
    assert look() == [True, None]
    pbx.present = lambda: {"101": False, "102": True, "555": True}
    assert look() == [False, True]

    def refused():
        raise ProviderError("its limit is used up", again=True)

    pbx.present = refused
    assert look() == [False, True]  # what was known stays
    with crm.uow() as asking:
        asking.emit(LookWhoIsThere("gone"))
    deliver()


def test_a_connection_of_our_own_is_taken_up_again_until_the_crm_stops(crm, lines, uow, pbx, monkeypatch):
    uow.commit()
    monkeypatch.setattr("crmkit_telephony.aligning.PAUSES", (0.0,))
    stop, told = threading.Event(), iter(range(9))

    def stays(tell, over) -> Iterator[None]:
        number = next(told)
        assert over() is stop.is_set() is False
        if number == 0:
            raise OSError("the line is cut")
        at = crm.clock.now()
        tell([CallEvent(type=EventType.AGENT_RINGING, call="7", at=at, key="7:rings", incoming=True, extension="101", number="+79123456789")])
        if number == 2:  # the same, told by another process too
            stop.set()

    pbx.listen = stays
    listen(crm, pbx, stop)
    assert next(told) == 3
    with crm.read() as seen:
        assert seen.find(Call).count() == 1
