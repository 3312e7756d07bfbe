"""What comes next, rule by rule; the audit looks over each of them."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Actor, Conflict, Plugin, hookimpl
from crmkit_sales import Contact
from crmkit_taskqueue import Choice, OldClient, Retry, Task, TaskState, Turn, complete, next_turn, plugin, start, why
from crmkit_taskqueue.audit import audit

ANN, BOB = Actor(1, "Ann", roles=["manager"], teams=(7,)), Actor(2, "Bob", roles=["manager"], teams=(7,))
LONER = Actor(3, "Cy", roles=["manager"])
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
VLADIVOSTOK, KALININGRAD = "+74232222222", "+74012555555"
ENDS = {"task": "done", "call": "reached", "call_back": "reached", "new_lead": "interested", "old_client": "revived"}


class Skilled:
    """A strategy of another plugin, which answers what the test tells it to."""

    answers: list[object] = []
    retries: list[Retry] = []


@hookimpl
def taskqueue_decide(question):
    return Skilled.answers.pop(0) if Skilled.answers else None


@hookimpl
def taskqueue_retry(task):
    return Skilled.retries.pop(0) if Skilled.retries else None


def set_to(**values):
    return pytest.mark.parametrize("crm_settings", [{"taskqueue": values}])


@pytest.fixture
def crm_plugins():
    return [plugin, Plugin("skills", modules=[__name__], requires=["taskqueue"])]


@pytest.fixture
def ask(crm):
    """Ask for the next task as somebody who works."""

    def next_of(who=ANN):
        with crm.uow(who) as uow:
            start(uow)
            return next_turn(uow)

    return next_of


@pytest.fixture
def end(crm):
    def complete_it(turn, who=ANN):
        with crm.uow(who) as uow:
            return complete(uow, turn.id, ENDS[turn.kind])

    return complete_it


@pytest.fixture
def told(crm):
    def words(found, language="en"):
        with crm.uow(Actor(1, "Ann", roles=["manager"], language=language)) as uow:
            return why(uow, found)

    return words


@pytest.fixture(autouse=True)
def nothing_went_wrong(crm, uow):
    Skilled.answers = []
    yield
    uow.commit()
    with crm.read() as reading:
        assert audit(reading) == []


def test_class_then_due_and_at_the_same_time_the_class(make, ask, end, clock):
    now = clock.now()
    slot = now + 5 * MINUTE
    later_task, later_call = (make(Task, kind=k, owner_id=1, due_at=slot).id for k in ("task", "call"))
    old = make(Task, kind="task", owner_id=1, due_at=now - 9 * HOUR).id
    lead = make(Task, kind="new_lead", owner_id=1, due_at=now).id
    call = make(Task, kind="call", owner_id=1, due_at=now - MINUTE).id
    turn, got = ask(), []
    for _task in range(5):
        got.append((turn.task_id, turn.why["rule"]))
        turn = end(turn)
    assert got == [(lead, "due"), (call, "due"), (old, "due"), (later_call, "planned"), (later_task, "planned")]


@set_to(wait="count_down")
def test_the_break_rule_counts_down_or_fills(make, ask, told, clock):
    planned = make(Task, kind="task", owner_id=1, due_at=clock.now() + 10 * MINUTE)
    make(OldClient, title="Old", owner_id=1, team_id=7)
    waiting = ask()
    assert (waiting.rule, waiting.opens_at, waiting.task_id) == ("soon", planned.due_at, None)
    assert [told(waiting, language).count("09:10") for language in ("en", "ru")] == [1, 1]
    lead = make(Task, kind="new_lead", owner_id=1)
    assert ask().task_id == lead.id  # what is due meanwhile does not wait
    make(Task, kind="task", owner_id=2, due_at=clock.now() + 11 * MINUTE)
    filled = ask(BOB)
    assert isinstance(filled, Turn)
    assert filled.why["rule"] == "old_client"


def test_own_first_then_the_teams_after_a_while(make, ask, end, clock):
    now = clock.now()
    fresh = make(Task, kind="new_lead", owner_id=2, team_id=7, due_at=now - 4 * HOUR + MINUTE)
    late = make(Task, kind="task", owner_id=2, team_id=7, due_at=now - 4 * HOUR)
    other_teams = make(Task, kind="new_lead", owner_id=9, team_id=8, due_at=now - 9 * HOUR)
    nobodys = make(Task, kind="task", team_id=7, due_at=now)
    own = make(Task, kind="task", owner_id=1, due_at=now)
    turn, got = ask(), []
    for _task in range(3):
        got.append((turn.task_id, turn.why["rule"]))
        turn = end(turn)
    assert got == [(own.id, "due"), (late.id, "team"), (nobodys.id, "team")]
    assert isinstance(turn, Choice)
    clock.forward(minutes=1)
    assert ask().task_id == fresh.id
    anybodys = make(Task, kind="task", due_at=now)
    assert ask(LONER).task_id == anybodys.id  # nobody's, of no team
    assert ask(Actor(9, "Di", roles=["manager"], teams=(8,))).task_id == other_teams.id


def test_whoever_stands_in_has_the_absent_colleagues_tasks_as_their_own(make, ask, told, clock):
    make(Task, kind="task", owner_id=1)
    lead = make(Task, kind="new_lead", owner_id=5, team_id=8)
    turn = ask(Actor(1, "Ann", roles=["manager"], teams=(7,), acts_for=(5,)))
    assert (turn.task_id, turn.why["rule"]) == (lead.id, "due")
    assert "colleague" in told(turn)
    assert "замещаете" in told(turn, "ru")


@set_to(starving_after="2h", min_share={"3": 20})
def test_starvation_guard_and_least_share(make, ask, end, clock, told):
    now = clock.now()
    for n in range(12):
        make(Task, kind="new_lead", owner_id=1, due_at=now - n * MINUTE)
    shared = [make(Task, kind="task", owner_id=1, due_at=now - n * MINUTE).id for n in (50, 40, 30)]
    starving = make(Task, kind="call", owner_id=1, due_at=now - 2 * HOUR).id
    turn, got = ask(), []
    for _task in range(11):
        got.append((turn.task_id, turn.why["rule"]))
        turn = end(turn)
    assert got[0] == (starving, "starving")
    done = [task in shared for task, _rule in got]
    assert [task for task, rule in got if rule == "share"] == shared[:2]
    assert all(sum(done[:n]) >= n // 5 for n in range(12))  # never behind its share


def test_clients_are_called_by_their_own_clocks(make, ask, end, clock, told):
    east = make(Contact, name="Vera", phone=VLADIVOSTOK)
    west = make(Contact, name="Kai", phone=KALININGRAD)
    clock.forward(hours=1)  # 20:00 in Vladivostok, noon in Kaliningrad
    now = clock.now()
    asleep = make(Task, kind="call", owner_id=1, contact_id=east.id, due_at=now - HOUR)
    paper = make(Task, kind="task", owner_id=1, contact_id=east.id, due_at=now - MINUTE)  # nobody is called for it
    awake = make(Task, kind="call", owner_id=1, contact_id=west.id, due_at=now - MINUTE)
    make(OldClient, title="Vera", owner_id=1, contact_id=east.id)
    assert (asleep.zone, awake.zone) == ("Asia/Vladivostok", "Europe/Kaliningrad")
    turn = ask()
    assert turn.task_id == awake.id
    turn = end(turn)
    assert turn.task_id == paper.id
    nothing = end(turn)
    assert (nothing.rule, nothing.facts["asleep"]) == ("nothing", 1)
    assert nothing.opens_at == dt.datetime(2026, 3, 16, 23, 0, tzinfo=dt.UTC)  # nine in the morning there
    assert "sleep" in told(nothing)
    assert "звонить" in told(nothing, "ru")
    east.phone = KALININGRAD  # it was written down wrongly
    assert ask().task_id == asleep.id


def test_a_holiday_is_to_clients_what_a_sunday_is(make, ask, clock):
    east = make(Contact, name="Vera", phone=VLADIVOSTOK)
    clock.set(dt.datetime(2026, 5, 31, 23, 30, tzinfo=dt.UTC))  # Monday, 09:30 there
    make(Task, kind="call", owner_id=1, contact_id=east.id)
    assert isinstance(ask(), Turn)
    clock.set(dt.datetime(2026, 6, 11, 23, 30, tzinfo=dt.UTC))  # the same time on Russia's day, a Friday
    make(Task, kind="call", owner_id=2, contact_id=east.id)
    waiting = ask(BOB)
    assert (waiting.rule, waiting.opens_at) == ("nothing", dt.datetime(2026, 6, 12, 0, 0, tzinfo=dt.UTC))


def test_a_client_who_wakes_within_the_break_is_waited_for(make, ask, clock):
    east = make(Contact, name="Vera", phone=VLADIVOSTOK)
    clock.set(dt.datetime(2026, 3, 16, 22, 52, tzinfo=dt.UTC))  # 08:52 there
    make(OldClient, title="Old", owner_id=1)
    make(Task, kind="call", owner_id=1, contact_id=east.id)
    waiting = ask()
    assert (waiting.rule, waiting.opens_at) == ("soon", dt.datetime(2026, 3, 16, 23, 0, tzinfo=dt.UTC))
    clock.forward(minutes=8)
    assert ask().why["rule"] == "due"


def test_paused_kinds_stand_still(crm, make, ask, end, clock):
    make(Task, kind="call", owner_id=1)
    open_one = ask()
    make(Task, kind="call", owner_id=1)
    make(OldClient, title="Old", owner_id=1)
    boss = Actor(8, "Eve", roles=["director"])
    with crm.uow(boss) as uow:
        for kind in ("call", "old_client", "call"):
            crm.commands["taskqueue.pause_kind"].run(uow, None, {"kind": kind})
    assert isinstance(end(open_one), Choice)  # what is open stays open, and no more comes
    with crm.uow(boss) as uow:
        crm.commands["taskqueue.resume_kind"].run(uow, None, {"kind": "call"})
    assert ask().kind == "call"


def test_another_plugins_strategy(crm, make, ask, end, clock, told, uow):
    first = make(Task, kind="new_lead", owner_id=1)
    chosen = make(Task, kind="task", owner_id=1)
    Skilled.answers = [Choice(rule="skills", task_id=chosen.id, words="You speak French.", facts={"skill": "fr"})]
    turn = ask()
    assert (turn.task_id, turn.why["skill"], told(turn)) == (chosen.id, "fr", "You speak French.")
    wrong = Choice(rule="skills", task_id=999)
    Skilled.answers = [wrong]
    trouble = end(turn)  # the task is done all the same
    assert (trouble.rule, "999" in told(trouble), "999" in told(trouble, "ru")) == ("trouble", True, True)
    uow.refresh()
    assert chosen.state is TaskState.DONE
    nonsense = {
        "999": [wrong], "instead of a Choice": [{"task": 1}], "Done": [Choice(rule="skills", task_id=chosen.id)] * 2,
        "both": [Choice(rule="skills", task_id=first.id, old_client_id=1)], "old client 77": [Choice(rule="skills", old_client_id=77)],
    }  # fmt: skip
    for words, answers in nonsense.items():
        Skilled.answers = list(answers)
        with pytest.raises(Conflict) as refused:
            ask()
        assert words in str(refused.value)
        assert "taskqueue_decide" in str(refused.value)
    assert ask().task_id == first.id


def test_a_plugin_says_when_to_try_again(crm, make, clock, ask):
    Skilled.retries = [Retry(2 * HOUR), Retry(None)]
    make(Task, kind="call", owner_id=1)
    turn = ask()
    with crm.uow(ANN) as uow:
        complete(uow, turn.id, "no_answer")
        again = uow.find(Task).where(Task.state == TaskState.WAITING).one()
        assert (again.attempt, again.due_at) == (2, clock.now() + 2 * HOUR)
    clock.forward(hours=2)
    turn = ask()
    with crm.uow(ANN) as uow:
        assert isinstance(complete(uow, turn.id, "no_answer"), Choice)
    with crm.read() as uow:
        assert audit(uow) == []
