"""A process that dies in the middle loses nothing and doubles nothing; neither does one that is refused half way, or comes second."""

from __future__ import annotations

import datetime as dt
import functools
import os
import signal
import threading

import pytest

from crmkit import Actor
from crmkit_prosthesis_feedback import (
    Device,
    Feedback,
    Incident,
    Pause,
    Protocol,
    Service,
    cards,
    close_incident,
    collect,
    open_incident,
    replan,
)  # fmt: skip
from crmkit_sales import SALES, Contact, Deal
from tests.suite import forked

from .people import answers_to, astray, cards_of, won


def offered(uow, name="Anna Petrova"):
    """Return a deal that is about to be won."""
    anna = uow.add(Contact(name=name))
    uow.flush()
    deal = uow.add(Deal(title="Hand M1", contact_id=anna.id, amount=100, closes_on=dt.date(2026, 3, 1)), into=SALES["negotiation"])
    uow.flush()
    return deal


def in_an_incident(uow, clock):
    """Return an open incident of somebody whose calendar has begun."""
    service = won(uow)
    (card,) = cards_of(uow, service)
    clock.forward(days=14)
    collect(uow, card, answers_to(uow, card), finish=True)
    incident = open_incident(uow, service, reason="repair")
    clock.forward(days=20)
    return incident


def everything(uow):
    """Return all there is, as it can be compared."""
    uow.refresh()
    kinds = (Service, Device, Feedback, Incident, Pause, Protocol)
    rows = {cls.__name__: [r.__dict__ for r in uow.find(cls).archived(only=False)] for cls in kinds}
    return {name: [{n: v for n, v in row.items() if not n.startswith("_")} for row in found] for name, found in rows.items()}


def killed(crm, uow, clock, what, key, after):
    """Let another process do something and be killed in the middle."""
    uow.commit()
    database = crm.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    script = os.path.join(os.path.dirname(__file__), "process_to_kill.py")
    done = forked.run([script, database, clock.now().isoformat(), what, str(key), str(after)])
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_killed_while_a_service_is_opened(crm, uow, clock):
    deal = offered(uow)
    uow.commit()
    for after in (1, 0):
        killed(crm, uow, clock, "open", deal.id, after)
        uow.refresh()
        assert deal.stage == "negotiation"
        assert {name: rows for name, rows in everything(uow).items() if rows} == {}
    uow.move(deal, SALES["won"])
    uow.settle()
    assert [uow.find(cls).count() for cls in (Service, Device, Feedback)] == [1, 1, 1]
    assert astray(crm, uow) == []


def test_killed_while_the_following_cards_are_made(crm, uow, clock):
    service = won(uow)
    (card,) = cards_of(uow, service)
    before = everything(uow)
    killed(crm, uow, clock, "collect", card.id, 4)
    assert everything(uow) == before
    collect(uow, card, answers_to(uow, card), finish=True)
    assert len(cards_of(uow, service)) == 11
    assert astray(crm, uow) == []


def test_killed_while_an_incident_is_opened(crm, uow, clock):
    service = won(uow)
    (card,) = cards_of(uow, service)
    clock.forward(days=14)
    collect(uow, card, answers_to(uow, card), finish=True)
    before = everything(uow)
    for after in (4, 0):  # some cards have stopped; all have, the pause has begun, and the commit does not come
        killed(crm, uow, clock, "stop", service.id, after)
        assert everything(uow) == before
    assert astray(crm, uow) == []
    open_incident(uow, service, reason="repair")
    assert {c.stage for c in cards_of(uow, service)} == {"done", "incident"}
    assert (uow.find(Incident).count(), uow.find(Pause).count()) == (1, 1)
    assert astray(crm, uow) == []


def test_killed_while_the_last_incident_is_closed(crm, uow, clock):
    incident = in_an_incident(uow, clock)
    before = everything(uow)
    for after in (3, 0):
        killed(crm, uow, clock, "close", incident.id, after)
        assert everything(uow) == before
    assert astray(crm, uow) == []
    close_incident(uow, incident, resolution="mended")
    assert astray(crm, uow) == []
    assert uow.find(Pause).one().ended_on == dt.date(2026, 4, 5)


@pytest.mark.parametrize("at", [5])
def test_an_error_half_way_undoes_everything(crm, uow, clock, monkeypatch, at):
    incident = in_an_incident(uow, clock)
    before = everything(uow)
    uow.commit()
    written, left = cards._write, [at]

    def write(*args):
        left[0] -= 1
        if not left[0]:
            raise OSError("the disk is full")
        written(*args)

    monkeypatch.setattr(cards, "_write", write)
    with pytest.raises(OSError, match="full"), crm.uow() as other:
        close_incident(other, other.get(Incident, incident.id), resolution="mended")
    monkeypatch.undo()
    assert everything(uow) == before
    assert replan(uow, incident.service_id) == []


def test_two_at_once(crm, uow, clock):
    """Two deals of one person are won, two people close the last two incidents, one card is finished twice: in transactions at once."""
    deal = offered(uow)
    second = uow.add(Deal(title="Hand M2", contact_id=deal.contact_id, amount=100, closes_on=dt.date(2026, 3, 1)), into=SALES["negotiation"])
    uow.flush()
    together(crm, *(lambda inner, key=key: inner.move(inner.get(Deal, key), SALES["won"]) for key in (deal.id, second.id)), uow=uow)
    service = uow.find(Service).one()
    assert uow.find(Device).count() == 2
    first = cards_of(uow, service)[0]
    clock.forward(days=14)
    given = answers_to(uow, first)
    together(crm, *[lambda inner: collect(inner, inner.get(Feedback, first.id), given, finish=True)] * 2, uow=uow)
    assert len(cards_of(uow, service)) == 12
    opened = [open_incident(uow, service, reason=reason).id for reason in ("repair", "visit")]
    clock.forward(days=5)
    stage = {key: uow.get(Incident, key).pipeline for key in opened}

    def solve(inner, key):
        inner.move(inner.get(Incident, key), crm.pipelines[stage[key]]["solved"], {"resolution": "done"})

    together(crm, *(functools.partial(solve, key=key) for key in opened), uow=uow)
    assert uow.find(Pause).one().ended_on is not None
    assert astray(crm, uow) == []


def together(crm, *deeds, uow):
    """Do things in transactions that begin at once, each in a thread of its own."""
    uow.commit()
    start, errors = threading.Barrier(len(deeds)), []

    def one(deed):
        try:
            start.wait(10)
            with crm.uow(Actor(7, "Olga", system=True)) as inner:
                deed(inner)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    uow.refresh()
