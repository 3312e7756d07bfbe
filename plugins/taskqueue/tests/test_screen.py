"""The manager's screen: what it shows at each step, what it keeps, and what it costs."""

from __future__ import annotations

import datetime as dt
import re

import pytest

import crmkit_taskqueue
from crmkit import Actor, Plugin, Role, _
from crmkit.ui import Slot, panel
from crmkit_sales import Contact, Deal
from crmkit_taskqueue import ROLES, OldClient, Task, TaskState, current

ANN = Actor(1, "Ann", roles=["manager"], teams=(7,))
BOB = Actor(2, "Bob", roles=["manager"], teams=(7,))
PART = {"hx-request": "true", "hx-request-type": "partial", "origin": "http://testserver"}
SELLS = {"sales.*": "all", "activities.*": "all"}


@panel(Task, label=_("Offer", ru="Предложение"), slot=Slot.TOP)
def offer(task: Task, uow) -> str:
    return f"offer of task {task.id}"


@panel(Contact, label=_("Debt", ru="Долг"))
def debt(contact: Contact, uow) -> str:
    return f"debt of contact {contact.id}"


@panel(Deal, label=_("Invoice", ru="Счёт"))
def invoice(deal: Deal, uow) -> str:
    raise RuntimeError("the bank is closed")


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_taskqueue.plugin, Plugin("money", modules=[__name__], requires=["taskqueue"])]


@pytest.fixture
def crm_roles() -> list[Role]:
    return [Role(role.name, {**role.grants, **SELLS}) for role in ROLES]


@pytest.fixture
def do(client):
    """Do something on the screen, as its scripts do."""
    client.act_as(ANN)

    def post(what, **form):
        return client.post(f"/taskqueue/do/{what}", headers=PART, data={n.replace("__", "."): v for n, v in form.items()})

    return post


def turn_of(crm) -> int:
    with crm.read(ANN) as uow:
        return current(uow).id


@pytest.fixture
def deal(make) -> Deal:
    ann = make(Contact, name="Анна Светлова", phone="+74951234567", owner_id=1)
    return make(Deal, title="Шкаф", amount=700, contact_id=ann.id, owner_id=1)


def test_a_day_from_start_to_end(client, do, deal, make, uow, crm):
    call = make(Task, kind="call", title="Позвонить Анне", deal_id=deal.id, owner_id=1)
    task = make(Task, kind="task", title="Отправить смету", contact_id=deal.contact_id, owner_id=1)
    assert "Start work" in client.get("/taskqueue/").text
    assert "You have not started work yet" in client.get("/dashboards/home").text
    page = do("start")
    assert "<html" not in page.text
    for said in ("Позвонить Анне", "Анна Светлова", "Шкаф", 'data-key="1"', "Class 2", f"/sales/contact/{deal.contact_id}/field?name=phone"):
        assert said in page.text
    assert client.get("/taskqueue").text.count("Позвонить Анне") > 1  # without the slash, with the shell
    assert "You have not started work yet" not in client.get("/dashboards/home").text
    planned = do("break", reason="lunch")  # of the task itself nothing is touched: somebody types there
    assert (planned.headers["hx-retarget"], "Позвонить" in planned.text, "After this task: Lunch" in planned.text) == ("#tq-bar", False, True)
    assert "Отправить смету" not in (pause := do("done", turn=turn_of(crm), outcome="reached", note="Ждёт смету").text)
    assert "Break: Lunch" in pause
    assert "Отправить смету" in do("resume").text
    assert "There is nothing to do" in do("done", turn=turn_of(crm), outcome="done").text
    assert "Start work" in do("stop").text
    uow.refresh()
    assert (call.state, call.note, task.state) == (TaskState.DONE, "Ждёт смету", TaskState.DONE)
    assert 'data-closed="2"' in client.get("/taskqueue/").text


def test_what_plugins_add_appears(client, do, deal, make, crm):
    task = make(Task, kind="call", deal_id=deal.id, owner_id=1)
    do("start")
    main = client.get(f"/taskqueue/around/main/{turn_of(crm)}", headers=PART).text
    side = client.get(f"/taskqueue/around/side/{turn_of(crm)}", headers=PART).text
    assert f"offer of task {task.id}" in main
    assert main.count('class="composer"') == 1  # the note is written about the client, once
    assert f"debt of contact {deal.contact_id}" in side
    assert "This part did not work" in side  # and nothing else is the worse for it
    assert client.get("/taskqueue/around/main/99", headers=PART).text.strip() == ""


def test_what_is_wrong_stands_at_its_field(do, make, uow, crm):
    task = make(Task, kind="new_lead", owner_id=1)
    do("start")
    turn = turn_of(crm)
    wrong = do("done", turn=turn, outcome="not_interested", note="drops the receiver")
    assert wrong.status_code == 422
    assert wrong.headers["hx-retarget"] == "#tq-dock"
    assert re.search(r'name="not_interested.reason"[^>]*aria-invalid="true"', wrong.text)
    assert "drops the receiver" in wrong.text
    assert "aria-invalid" in do("done", turn=turn, outcome="later").text
    assert "aria-invalid" in do("done", turn=turn, outcome="later", later__at="2020-01-01T10:00").text
    assert "Choose how it ended" in do("done", turn=turn).text
    exit_ = do("done", turn=turn, outcome="exit")
    assert "say why, in a few words" in exit_.text
    assert do("done", turn=turn, outcome="exit", exit__reason="not_mine", note="Bob's").status_code == 200
    uow.refresh()
    assert task.state is TaskState.HELD
    make(Task, kind="task", owner_id=1)
    do("next")
    assert do("done", turn=turn_of(crm), outcome="later", later__quick="2026-03-18T11:00").status_code == 200


def test_a_full_day_is_refused_and_another_taken(do, make, crm, clock):
    for number in range(30):
        make(Task, kind="task", owner_id=1, due_at=clock.now() + dt.timedelta(days=1, minutes=number))
    make(Task, kind="call", owner_id=1, title="Сначала это")
    page = do("start").text
    assert "30 of 30" in page
    full = do("done", turn=turn_of(crm), outcome="later", later__at="2026-03-17T12:00")
    assert full.status_code == 422
    assert "17.03.2026 is full" in full.text
    assert do("done", turn=turn_of(crm), outcome="later", later__at="2026-03-18T12:00").status_code == 200


def test_a_draft_is_kept_and_the_lease_renewed(client, do, make, crm, clock, deliver):
    make(Task, kind="new_lead", owner_id=1)
    do("start")
    turn, mark = turn_of(crm), re.search(r'data-mark="([\d.]+)"', client.get("/taskqueue/").text)[1]
    assert do("still", turn=turn, mark=mark, outcome="not_interested", not_interested__reason="dear", note="half a wo").text == "ok"
    page = client.get("/taskqueue/").text
    assert 'value="dear"' in page
    assert "half a wo" in page
    assert re.search(r'value="not_interested"[^>]*checked', page)
    for _minute in range(4):
        clock.forward(minutes=2)
        assert do("still", turn=turn, mark=mark, silent="1").text == "ok"
        deliver()
    assert "half a wo" in client.get("/taskqueue/").text
    clock.forward(minutes=10)
    deliver()
    assert do("still", turn=turn, mark=mark, silent="1").text == "gone"
    page = do("look", turn=turn, note="half a word").text
    assert "no longer open at you" in page
    assert "half a word" in page


def test_a_tab_that_was_overtaken_says_so_and_goes_on(client, do, make, crm):
    make(Task, kind="task", owner_id=1, title="Первая")
    make(Task, kind="task", owner_id=1, title="Вторая")
    do("start")
    turn = turn_of(crm)
    do("done", turn=turn, outcome="done")
    late = do("done", turn=turn, outcome="done", note="typed here")
    assert late.status_code == 422
    for said in ("closed already", "typed here", "Вторая"):
        assert said in late.text
    client.act_as(BOB)
    stranger = do("done", turn=turn, outcome="done", note="mine?")
    assert stranger.status_code == 422
    assert "start work first" in stranger.text.lower()


def test_a_kind_that_was_removed(client, do, make, crm, uow):
    task = make(Task, kind="task", owner_id=1)
    do("start")
    with crm.uow() as other:
        other.connection.exec_driver_sql(f"UPDATE taskqueue_task SET kind = 'gone' WHERE id = {task.id}")
    page = client.get("/taskqueue/").text
    assert "no longer in the settings" in page
    assert 'value="exit"' in page
    assert "no longer in the settings" in do("done", turn=turn_of(crm), outcome="done").text
    assert do("done", turn=turn_of(crm), outcome="exit", exit__reason="escalate", note="What is this?").status_code == 200


def test_it_works_without_scripts(client, make, uow):
    client.act_as(ANN)
    make(Task, kind="task", owner_id=1, title="Без скриптов")
    page = client.post("/taskqueue/do/start", headers={"origin": "http://testserver"})
    assert "Без скриптов" in page.text
    assert str(page.url).endswith("/taskqueue/")
    turn = re.search(r'name="turn" value="(\d+)"', page.text)[1]
    nothing = client.post("/taskqueue/do/done", headers={"origin": "http://testserver"}, data={"turn": turn, "outcome": "done"})
    assert "There is nothing to do" in nothing.text
    assert client.get("/taskqueue/").text.count("Open the next task") == 1


def test_a_planned_task_is_counted_down_to_and_an_old_client_fills_the_gap(do, make, crm, clock):
    make(OldClient, title="Старый", owner_id=1)
    planned = make(Task, kind="task", owner_id=1, due_at=clock.now() + dt.timedelta(minutes=30))
    assert "time for an old client" in do("start").text
    page = do("done", turn=turn_of(crm), outcome="refused", refused__reason="no").text
    assert "There is nothing to do until" in page
    assert f'data-to="{planned.due_at.isoformat()}"' in page


def test_the_next_screen_costs_the_same_however_much_there_is(do, deal, make, crm, queries):
    for number in range(4):
        make(Task, kind="call", deal_id=deal.id, owner_id=1, title=f"Позвонить {number}")
    do("start")

    def closing() -> int:
        turn = turn_of(crm)
        queries.clear()
        assert do("done", turn=turn, outcome="reached", note="ok").status_code == 200
        return queries.count

    closing()
    few = closing()
    for number in range(7):
        make(Deal, title=f"Ещё {number}", amount=5, contact_id=deal.contact_id, owner_id=1)
    assert closing() == few
    assert few <= 30, "\n".join(queries.statements)

