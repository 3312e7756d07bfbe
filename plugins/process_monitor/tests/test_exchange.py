"""Event logs taken in and given out: figures, undo, mappings, rights, and every fact of the file."""

from __future__ import annotations

import datetime as dt
import io
import typing as t
from collections.abc import Iterable
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit import Actor, Conflict, Crm, Forbidden, Invalid, Uow, undo
from crmkit_process_monitor import Case, Log, Step, Worker
from crmkit_process_monitor.exchange import Imported, Mapping, export_log, export_own, figures, import_log
from crmkit_process_monitor.rollups import differences
from crmkit_process_monitor.tables import days, events, spans, traces, work
from crmkit_process_monitor.xes import LogReader, Trace

DIRECTOR = Actor(1, "Dora", roles=["director"])


@pytest.fixture
def crm_settings() -> dict[str, t.Any]:
    return {"crmkit": {"timezone": "Europe/Moscow"}}


def take_in(crm: Crm, file: Path | str, actor: Actor = DIRECTOR, **mapping: t.Any) -> Imported:
    content = file.read_bytes() if isinstance(file, Path) else file.encode()
    with crm.uow(actor) as uow:
        return import_log(uow, io.BytesIO(content), file.name if isinstance(file, Path) else "log.csv", mapping=Mapping(**mapping))


def given(crm: Crm, log: int, form: str = "xes", actor: Actor = DIRECTOR) -> bytes:
    with crm.read(actor) as uow:
        return b"".join(export_log(uow, log, form))


def facts(traces: Iterable[Trace]) -> list[tuple[list[str], list[list[str]]]]:
    """What a log says, in whatever order an element's attributes are."""
    return [(sorted(map(str, x.attributes)), [sorted(map(str, e)) for e in x.events]) for x in traces]


def rows(uow: Uow, table: sa.Table) -> list[tuple[t.Any, ...]]:
    return [tuple(row) for row in uow.connection.execute(sa.select(table).order_by(*table.primary_key))]


def took(uow: Uow) -> dict[tuple[str, str, str | None], tuple[float, int, dt.date]]:
    """What each case's steps took whom: seconds, visits, day."""
    c, s, w = Case.__table__.c, Step.__table__.c, Worker.__table__.c
    joined = work.join(Case.__table__, c.id == work.c.case_id).join(Step.__table__, s.id == work.c.step_id)
    found = sa.select(c.key, s.name, w.name, work.c.took, work.c.visits, work.c.day).select_from(
        joined.outerjoin(Worker.__table__, w.id == work.c.worker_id))
    return {(row[0], row[1], row[2]): (row[3] / 1000, row[4], row[5]) for row in uow.connection.execute(found)}


def test_a_log_comes_in_and_goes_out(crm: Crm, rich: Path, uow: Uow):
    made = take_in(crm, rich, kind="sort")
    assert (made.cases, made.events, made.steps, made.workers, made.work) == (3, 12, 3, 2, 5)
    log = uow.get(Log, made.log)
    assert (log.title, log.file, log.cases, log.events) == ("rich", "rich.xes", 3, 12)
    assert [(c.key, c.kind) for c in uow.find(Case).order_by(Case.id)] == [("first", "new"), ("second", "repeat"), (None, "")]
    second = dt.date(2026, 3, 2)
    assert took(uow) == {
        ("first", "Call", "Ben"): (180.5, 1, second),  # begun by Ann, who was first to begin
        ("first", "Call", "Ann"): (180.0, 1, second),
        ("first", "Offer", "Ann"): (0.0, 1, second),
        ("first", "Offer, again", None): (0.0, 1, second),
        ("second", "Offer", "Ann"): (660.0, 2, second),  # 23:30 in Moscow, on to midnight
    }
    told = figures(uow, made.log)["steps"]["Offer"]
    assert told == {"n": 3, "mean_s": 220.0, "median_s": 60.0, "cases": 2, "mean_case_s": 330.0, "median_case_s": 330.0}
    original = LogReader(io.BytesIO(rich.read_bytes()))
    back = LogReader(io.BytesIO(given(crm, made.log)))
    assert facts(back) == facts(original)
    assert back.head == original.head


def test_sums_are_those_of_the_work(crm: Crm, rich: Path, uow: Uow):
    log = take_in(crm, rich).log
    assert rows(uow, days)
    assert not differences(uow, log)


def test_an_import_is_undone_and_done_again(crm: Crm, rich: Path, uow: Uow, deliver, clock):
    made = take_in(crm, rich, kind="sort", since_previous=True)
    before = [rows(uow, table) for table in (work, days)]
    assert all(before)
    with crm.uow(DIRECTOR) as theirs:
        back = undo(theirs, operation=made.operation)
    assert not any(rows(uow, table) for table in (work, days))
    assert not uow.find(Case).exists()
    assert not uow.find(Step).exists()
    with crm.uow(DIRECTOR) as theirs:
        again = undo(theirs, operation=back.operation)
    assert [rows(uow, table) for table in (work, days)] == before
    clock.forward(days=31)
    deliver()
    assert len(rows(uow, events)) == made.events  # what came back is kept
    with crm.uow(DIRECTOR) as theirs:
        gone = undo(theirs, operation=again.operation)
    clock.forward(days=31)
    deliver()
    assert not rows(uow, events)
    assert not rows(uow, traces)
    with pytest.raises(Conflict, match="rich"), crm.uow(DIRECTOR) as theirs:
        undo(theirs, operation=gone.operation)


def test_steps_and_people_are_called_otherwise(crm: Crm, rich: Path, uow: Uow):
    made = take_in(crm, rich, since_previous=True, steps={"Offer, again": "Offer"}, workers={"Ben": "Ann"})
    assert (made.steps, made.workers) == (2, 1)
    found = {key: value[:2] for key, value in took(uow).items()}
    assert found == {
        ("first", "Call", "Ann"): (360.5, 2),
        ("first", "Offer", "Ann"): (600.0, 1),  # since the call ended
        ("first", "Offer", None): (60.0, 1),
        ("second", "Offer", "Ann"): (660.0, 2),
    }
    assert facts(LogReader(io.BytesIO(given(crm, made.log)))) == facts(LogReader(io.BytesIO(rich.read_bytes())))


def test_another_attribute_is_the_step(crm: Crm, rich: Path, uow: Uow):
    made = take_in(crm, rich, activity="org:resource", resource="concept:name")
    assert {s.name for s in uow.find(Step)} == {"Ann", "Ben"}
    assert facts(LogReader(io.BytesIO(given(crm, made.log)))) == facts(LogReader(io.BytesIO(rich.read_bytes())))


TABLE = """case id;activity;start;end;employee;amount
7;Call;02.03.2026 09:00;02.03.2026 09:05;Анна;10
8;Call;02.03.2026 09:00;02.03.2026 09:30;Борис;
7;Call;02.03.2026 09:01;02.03.2026 09:02;Анна;"с ""кавычками"" и всё"
"""


def test_a_table_comes_in(crm: Crm, uow: Uow):
    with crm.uow(DIRECTOR) as theirs:
        made = import_log(theirs, io.BytesIO(TABLE.encode("cp1251")), "Выгрузка.csv")
    assert (made.cases, made.events) == (2, 6)
    assert took(uow) == {
        ("7", "Call", "Анна"): (360.0, 2, dt.date(2026, 3, 2)), ("8", "Call", "Борис"): (1800.0, 1, dt.date(2026, 3, 2)),
    }  # fmt: skip
    case = uow.find(Case).where(Case.key == "7").one()
    assert case.began_at == dt.datetime(2026, 3, 2, 6, 0, tzinfo=dt.UTC)  # nine in Moscow
    written = given(crm, made.log, "csv").decode()
    assert written.splitlines()[0] == "case:concept:name,concept:name,time:timestamp,org:resource,lifecycle:transition,concept:instance,amount"
    again = take_in(crm, written)
    assert given(crm, again.log, "csv").decode() == written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "case"),
        ("case,activity,time\n1,Call,2026-03-02T09:00:00\n1,Call,yesterday\n", "line 3: «time»: 'yesterday'"),
        ("case,activity,time\n1,,2026-03-02T09:00:00\n", "line 2: «activity» is empty"),
        ("case,activity,time\n1,Call,2026-03-02,4\n", "line 2: more cells"),
        ("case,activity,time\n", "no cases"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(crm: Crm, text: str, said: str, uow: Uow):
    with pytest.raises(Invalid) as told:
        take_in(crm, text)
    assert said in told.value.problems[0].message
    assert not uow.find(Log).exists()


def test_an_event_without_a_time_is_told_by_its_line(crm: Crm, tmp_path: Path):
    file = tmp_path / "no_time.xes"
    file.write_text('<log>\n<trace>\n<string key="concept:name" value="A"/><event><string key="concept:name" value="B"/></event></trace></log>')
    with pytest.raises(Invalid) as told:
        take_in(crm, file)
    assert told.value.problems[0].message == "line 2: event 1 of case «A» has no time:timestamp"


def test_rights(crm: Crm, rich: Path):
    manager, lead = Actor(7, "Max", roles=["manager"]), Actor(8, "Lea", roles=["team_lead"])
    made = take_in(crm, rich)
    for actor in (manager, lead):
        with pytest.raises(Forbidden):
            take_in(crm, rich, actor)
        with pytest.raises(Forbidden):
            given(crm, made.log, actor=actor)


@pytest.fixture
def own(crm: Crm, make, uow: Uow) -> Case:
    """A case of ours: two pages of one step, another step, and the first again."""
    offer, deal = make(Step, name="offer", title="Offer"), make(Step, name="deal", title="Deal")
    worker = make(Worker, name="", user_id=7)
    at = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)
    case = make(Case, owner_id=7, worker_id=worker.id, kind="new", began_at=at)
    for seq, (step, minute, active, idle) in enumerate(((offer, 0, 50, 10), (offer, 1, 60, 0), (deal, 2, 90, 30), (offer, 4, 30, 0))):
        values = {"case_id": case.id, "worker_id": worker.id, "step_id": step.id, "tab": "t", "seq": seq, "hidden": 0, "called": 0}
        values |= {"began_at": at + dt.timedelta(minutes=minute), "active": active * 1000, "idle": idle * 1000}
        uow.connection.execute(spans.insert().values(values))
    return case


def test_our_own_cases_go_out_and_come_in_elsewhere(crm: Crm, own: Case, uow: Uow, tmp_path: Path):
    uow.commit()
    with crm.read(DIRECTOR) as theirs:
        file = tmp_path / "own.xes"
        file.write_bytes(b"".join(export_own(theirs)))
        assert not list(LogReader(io.BytesIO(b"".join(export_own(theirs, since=dt.date(2026, 3, 17))))))
    made = take_in(crm, file)
    found = {key: value[:2] for key, value in took(uow).items() if key[0] is not None}
    assert found == {(str(own.id), "offer", "7"): (150.0, 2), (str(own.id), "deal", "7"): (120.0, 1)}
    assert figures(uow, made.log)["steps"]["offer"]["n"] == 2


class TestPseudonyms:
    @pytest.fixture
    def crm_settings(self) -> dict[str, t.Any]:
        return {"process_monitor": {"names": False}}

    def test_nobody_is_named(self, crm: Crm, rich: Path, own: Case, uow: Uow):
        uow.commit()
        made = take_in(crm, rich)
        for form in ("xes", "csv"):
            written = given(crm, made.log, form).decode()
            assert "Ann" not in written
            assert "Ben" not in written
        with crm.read(DIRECTOR) as theirs:
            text = b"".join(export_own(theirs)).decode()
        assert f'value="E{own.worker_id}"' in text
