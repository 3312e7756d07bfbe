"""The daily cap: exact by every door, with the next free days named."""

from __future__ import annotations

import datetime as dt
import threading

import attrs
import pytest

import crmkit_taskqueue
from crmkit import Actor, Created, Invalid, Plugin, Uow, change_many, on, undo
from crmkit_sales import Absence, Assignee, Deal
from crmkit_taskqueue import Task, TaskqueueSettings, days_of, free_days
from crmkit_taskqueue.commands import give
from crmkit_taskqueue.load import active_leads

ANN = Actor(1, "Ann", roles=["manager"], teams=(7,))
TUESDAY, WEDNESDAY = dt.date(2026, 3, 17), dt.date(2026, 3, 18)
CAP = 3


@on(Created[Deal])
def remind(event: Created[Deal], uow: Uow) -> None:
    """An automation of a company: ask in five days, which is a Saturday."""
    uow.add(Task(kind="task", deal_id=event.record.id, due_at=uow.now + dt.timedelta(days=5)))


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_taskqueue.plugin, Plugin("reminders", modules=[__name__], requires=["taskqueue"])]


@pytest.fixture
def crm_settings() -> dict[str, object]:
    return {"taskqueue": {"daily_cap": CAP}, "crmkit": {"timezone": "Europe/Moscow"}}


def at(day: dt.date, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


def tasks(count: int, day: dt.date = TUESDAY, **values: object) -> list[dict[str, object]]:
    return [{"kind": "task", "owner_id": 1, "due_at": at(day), **values} for _number in range(count)]


def planned(crm, day: dt.date = TUESDAY, user: int = 1) -> int:
    with crm.read() as uow:
        return days_of(uow, user, day, day)[0].planned


def refused(crm, who: Actor, work) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as found, crm.uow(who) as uow:
        work(uow)
    return [(p.path, p.code) for p in found.value.problems]


def test_as_many_as_fit_however_many_plan_at_once(crm):
    start, ends = threading.Barrier(8), list[str]()

    def plan(number: int) -> None:
        start.wait()
        try:
            with crm.uow(*([ANN] if number % 2 else [])) as uow:
                uow.add(Task(kind="task", owner_id=1, due_at=at(TUESDAY)))
            ends.append("planned")
        except Invalid:
            ends.append("refused")

    threads = [threading.Thread(target=plan, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert planned(crm) == CAP
    # Half of them were automations', which went on to the next days; nobody else was planned past the cap there either.
    assert len(ends) == 8
    assert ends.count("planned") == planned(crm) + planned(crm, WEDNESDAY) + planned(crm, dt.date(2026, 3, 19))
    assert planned(crm, WEDNESDAY) <= CAP


def test_every_door_of_one_record(crm, make, clock):
    for values in tasks(CAP):
        make(Task, **values)
    free, other = make(Task, **tasks(1, WEDNESDAY)[0]), make(Task, **(tasks(1)[0] | {"owner_id": 2}))
    uncapped = make(Task, kind="new_lead", owner_id=1, due_at=at(TUESDAY))
    gone = make(Task, **tasks(1, WEDNESDAY)[0])
    boss = Actor(9, roles=["director"])
    assert refused(crm, ANN, lambda uow: uow.add(Task(kind="task", owner_id=1, due_at=at(TUESDAY)))) == [("due_at", "full_day")]
    assert refused(crm, ANN, lambda uow: setattr(uow.get(Task, free.id), "due_at", at(TUESDAY))) == [("due_at", "full_day")]
    assert refused(crm, boss, lambda uow: setattr(uow.get(Task, other.id), "owner_id", 1)) == [("owner_id", "full_day")]
    assert refused(crm, ANN, lambda uow: setattr(uow.get(Task, uncapped.id), "kind", "task")) == [("kind", "full_day")]
    assert refused(crm, boss, lambda uow: change_many(uow, crm.kind(Task), "change", ids=[free.id, gone.id], values={
        "due_at": at(TUESDAY).isoformat()})) == [(f"{free.id}.due_at", "full_day")]  # fmt: skip
    with crm.uow() as uow:
        moved = uow.get(Task, gone.id)
        moved.due_at = at(dt.date(2026, 3, 19))
        uow.flush()
        uow.archive(moved)
    with crm.uow() as uow:
        uow.add_many(Task, tasks(CAP, dt.date(2026, 3, 19)))
    assert refused(crm, ANN, lambda uow: uow.restore(uow.get(Task, gone.id))) == [("due_at", "full_day")]
    with crm.uow(ANN) as uow:  # other fields, and another time of the same day, are nobody's business
        task = uow.find(Task).where(Task.day == TUESDAY, Task.owner_id == 1, Task.kind == "task").first()
        task.due_at, task.text = at(TUESDAY, 12), "later"
    assert planned(crm) == CAP


def test_a_supervisor_gives_nobody_more_than_a_day_takes(crm, make):
    for values in tasks(CAP):
        make(Task, **values)
    other, boss = make(Task, **(tasks(1)[0] | {"owner_id": 2})), Actor(9, "Boss", roles=["director"])
    assert refused(crm, boss, lambda uow: give(uow.get(Task, other.id), uow, user_id=1)) == [("user_id", "full_day")]
    with crm.uow(boss) as uow:
        give(uow.get(Task, other.id), uow, user_id=3)
    assert planned(crm, user=3) == 1
    picked = at(dt.date(2026, 3, 18))
    with crm.uow(boss) as uow:  # another day is picked from those that are offered
        given = give(uow.get(Task, other.id), uow, user_id=1, due_at=picked)
        uow.flush()
        assert (given.owner_id, given.due_at, given.day) == (1, picked, dt.date(2026, 3, 18))
    full = at(TUESDAY)
    assert refused(crm, boss, lambda uow: give(uow.get(Task, other.id), uow, user_id=1, due_at=full)) == [("due_at", "full_day")]


def test_over_http_the_free_days_are_told_as_data(client, make):
    for values in tasks(CAP):
        make(Task, **values)
    client.act_as(ANN)
    answer = client.post("/api/taskqueue/task", json={"kind": "task", "due_at": "2026-03-17T09:00:00Z"})
    assert answer.status_code == 422
    told = answer.json()["problems"][0]
    assert (told["path"], told["code"]) == ("due_at", "full_day")
    assert told["extra"]["free"][0] == {"day": "2026-03-18", "planned": 0, "cap": CAP}


def test_in_bulk_a_row_is_named(crm, make):
    assert refused(crm, Actor(9, roles=["director"]), lambda uow: uow.add_many(Task, tasks(CAP + 2))) == [
        (f"{CAP}.due_at", "full_day"), (f"{CAP + 1}.due_at", "full_day")]  # fmt: skip
    with crm.uow() as uow:  # an automation's go on to the days that take them
        uow.add_many(Task, tasks(CAP * 2 + 1))
    assert [planned(crm, TUESDAY + dt.timedelta(days=n)) for n in range(3)] == [CAP, CAP, 1]


def test_an_import_leaves_out_the_rows_that_do_not_fit(crm, tmp_path):
    from crmkit.transfer.mapping import read_mapping
    from crmkit.transfer.run import Import

    rows = "".join(f"{n};2026-03-17 10:00;Call {n};{n % 2 + 1}\n" for n in range(CAP * 2 + 2))
    (tmp_path / "tasks.csv").write_text("no;when;what;who\n" + rows, encoding="utf-8")
    (tmp_path / "tasks.toml").write_text(
        'name = "old"\n[import.tasks]\nfrom = {file = "tasks.csv"}\ninto = "taskqueue.task"\nid = "no"\n'
        '[import.tasks.fields]\nkind = {value = "call"}\ntitle = "what"\ndue_at = "when"\nowner_id = "who"\n', encoding="utf-8",
    )  # fmt: skip
    work = Import(crm=crm, mapping=read_mapping(tmp_path / "tasks.toml", crm, {}))
    work.begin()
    report = work.run()
    assert (report.total("created"), report.total("wrong")) == (CAP * 2, 2)
    assert "занят" in report.troubles[0].reason or "is full" in report.troubles[0].reason
    assert (planned(crm), planned(crm, user=2)) == (CAP, CAP)


def test_an_undo_brings_nothing_back_to_a_day_that_was_filled(crm, make):
    task = make(Task, **tasks(1)[0])
    with crm.uow() as uow:
        uow.get(Task, task.id).due_at = at(WEDNESDAY)
        moved = uow.tx
    with crm.uow() as uow:
        uow.add_many(Task, tasks(CAP))
    with pytest.raises(Invalid, match=r"is full|занят"), crm.uow() as uow:
        undo(uow, tx=moved)
    with crm.uow() as uow:  # other changes of a task on a full day are undone
        other = uow.find(Task).where(Task.day == TUESDAY).first()
        other.text = "something else"
        told = uow.tx
    with crm.uow() as uow:
        undo(uow, tx=told)
    assert planned(crm) == CAP


def test_what_counts(crm, make, clock):
    made = [make(Task, **values) for values in tasks(CAP)]
    with crm.uow() as uow:
        uow.keep(uow.get(Task, made[0].id), state=crmkit_taskqueue.TaskState.DONE)
    assert planned(crm) == CAP
    with crm.uow() as uow:
        uow.keep(uow.get(Task, made[0].id), state=crmkit_taskqueue.TaskState.CANCELLED)
    assert planned(crm) == CAP - 1
    with crm.uow(ANN) as uow:
        uow.add(Task(kind="task", owner_id=1, due_at=at(TUESDAY)))
    # The day is the company's, not Greenwich's: 21:30 UTC is Wednesday in Moscow.
    assert make(Task, kind="task", owner_id=1, due_at=dt.datetime(2026, 3, 17, 21, 30, tzinfo=dt.UTC)).day == WEDNESDAY


def test_moments_that_cannot_be(crm):
    for moment in (dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC), dt.datetime(1, 1, 1, tzinfo=dt.UTC)):
        assert refused(crm, ANN, lambda uow, moment=moment: uow.add(Task(kind="task", owner_id=1, due_at=moment))) == [("due_at", "invalid")]


def test_free_days_leave_out_days_off_and_who_is_away(crm, make, uow):
    person = make(Assignee, user_id=1, max_active=40)
    make(Absence, assignee_id=person.id, first_day=WEDNESDAY, last_day=dt.date(2026, 3, 20))
    assert [d.day.day for d in free_days(uow, 1, TUESDAY, 3)] == [17, 23, 24]  # 21 and 22 are a weekend
    assert free_days(uow, 1, dt.date(2020, 1, 1), 1)[0].day == dt.date(2026, 3, 16)  # never a day that is over
    assert active_leads(uow, 1) == (0, 40)


def test_an_automations_task_lands_in_working_time(crm, make, uow):
    deal = make(Deal, owner_id=1)
    assert uow.find(Task).where(Task.deal_id == deal.id).one().day == dt.date(2026, 3, 23)
    assert attrs.asdict(uow.crm[TaskqueueSettings])["daily_cap"] == CAP


@pytest.mark.parametrize("crm_settings", [{"crmkit": {"timezone": "Europe/London"}, "taskqueue": {"daily_cap": 1}}])
def test_the_day_the_clocks_change(make):
    """On 29 March 2026 01:30 is no time in London; a task that has to go there goes to the hour after, on that day or the next working one."""
    make(Task, kind="task", owner_id=1, due_at=dt.datetime(2026, 3, 27, 1, 30, tzinfo=dt.UTC))
    moved = make(Task, kind="task", owner_id=1, due_at=dt.datetime(2026, 3, 27, 1, 30, tzinfo=dt.UTC))
    assert (moved.day, moved.due_at) == (dt.date(2026, 3, 30), dt.datetime(2026, 3, 30, 0, 30, tzinfo=dt.UTC))
