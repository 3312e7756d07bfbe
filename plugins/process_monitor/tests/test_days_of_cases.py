"""Days are those of the CRM's time zone, for whoever bounds cases by them."""

import datetime as dt
import io

import pytest

from crmkit import Actor
from crmkit_process_monitor import Case, Step, Worker
from crmkit_process_monitor.exchange import export_own
from crmkit_process_monitor.retention import check
from crmkit_process_monitor.tables import spans
from crmkit_process_monitor.xes import LogReader

DIRECTOR = Actor(1, "Dina", roles=["director"])
SIXTEENTH, SEVENTEENTH = dt.date(2026, 3, 16), dt.date(2026, 3, 17)


@pytest.fixture
def crm_settings():
    return {"crmkit": {"timezone": "Asia/Vladivostok"}}


@pytest.fixture
def early(make, uow, clock):
    """A case of six in the morning of the seventeenth, over there: in Greenwich it is the sixteenth still."""
    step, worker = make(Step, name="offer", title="Offer"), make(Worker, name="", user_id=7)
    at = dt.datetime(2026, 3, 16, 20, 0, tzinfo=dt.UTC)
    clock.set(at + dt.timedelta(hours=3))
    case = make(Case, owner_id=7, worker_id=worker.id, kind="new", began_at=at)
    uow.connection.execute(Case.__table__.update().values(ended_at=at + dt.timedelta(minutes=5)))
    values = {"case_id": case.id, "worker_id": worker.id, "step_id": step.id, "tab": "t", "seq": 0, "hidden": 0, "called": 0}
    uow.connection.execute(spans.insert().values(values | {"began_at": at, "active": 50_000, "idle": 0}))
    uow.commit()
    return case


@pytest.mark.parametrize(("day", "there"), [(SIXTEENTH, 0), (SEVENTEENTH, 1)])
def test_what_is_exported(crm, early, day, there):
    with crm.read(DIRECTOR) as theirs:
        assert len(list(LogReader(io.BytesIO(b"".join(export_own(theirs, since=day, until=day)))))) == there


@pytest.mark.parametrize(("day", "there"), [(SIXTEENTH, 0), (SEVENTEENTH, 1)])
def test_what_is_checked(crm, early, day, there, uow):
    assert len([one for one in check(uow, day, day) if one.what == "work"]) == there  # its work was never summed up
