"""From the cell of a slow colleague to a course that is done, a meeting that is noted, and whether either helped."""

from __future__ import annotations

import datetime as dt
import random
import re

import attrs
import pytest

from crmkit import Actor, Conflict, Crm, Forbidden, Invalid, Role, Uow
from crmkit.activities import Activity, Note
from crmkit_process_monitor import ASSIGNMENTS, ROLES, Assignment, Case, Course, Mentor, Norm, Step, Worker
from crmkit_process_monitor.coaching.calendar_file import calendar, escaped, folded
from crmkit_process_monitor.coaching.giving import call_off, finish_learning, give
from crmkit_process_monitor.rollups import WORK, rebuild
from crmkit_process_monitor.sets import insert
from crmkit_process_monitor.tables import pages, work
from crmkit_sales import Contact

DIRECTOR = Actor(1, "Dora", roles=["director"])
LEAD = Actor(2, "Lena", roles=["team_lead"], teams=[5])
SLOW = Actor(11, "Sven", roles=["manager"], teams=[5])
OTHER = Actor(12, "Otto", roles=["manager"], teams=[6])
MENTOR = Actor(13, "Mona", roles=["manager"], teams=[5])
TODAY = dt.date(2026, 3, 16)
MINE = "/process_monitor/mine"
SAID = {"activities.*.read": "all", "activities.note.create": "own", "sales.contact.read": "own"}


@pytest.fixture
def crm_roles() -> list[Role]:
    """Those of the monitor, with what activities offers everybody."""
    return [attrs.evolve(role, grants={**role.grants, **SAID}) for role in ROLES]


@attrs.frozen
class World:
    """Twelve colleagues at two steps; Sven needs twice the time for offers."""

    step: int
    papers: int
    workers: dict[int, int]
    course: int
    mentor: int


@pytest.fixture
def world(crm: Crm) -> World:
    with crm.uow() as uow:
        step, papers = (uow.add(Step(name=name, title=name.title(), position=n)) for n, name in enumerate(("offer", "papers")))
        workers = [uow.add(Worker(name=f"Colleague {user}", user_id=user, team_id=6 if user == 12 else 5)) for user in range(10, 22)]
        uow.flush()
        for one in (step, papers):
            uow.add(Norm(step_id=one.id, since=dt.date(2026, 1, 1), reference=100, least=20, most=300))
        course = uow.add(Course(title="Offers, quickly", step_id=step.id, minutes=45, link="https://learn.example/offers", text="Templates."))
        mentor = uow.add(Mentor(owner_id=13, step_id=step.id))
        uow.flush()
        chance, rows, case = random.Random(5), [], 0
        for worker in workers:
            for day in range(1, 29):
                for each in (step, papers):
                    for _time in range(2):
                        case += 1
                        pace = 200 if worker.user_id == 11 and each is step else 100
                        took = round(1000 * pace * chance.lognormvariate(0, 0.3))
                        when = TODAY - dt.timedelta(days=day)
                        rows.append((case, each.id, worker.id, 0, when, "new", worker.team_id, None, took, took, 0, 0, 1))
        insert(uow, work, WORK, rows)
        rebuild(uow)
        return World(step.id, papers.id, {w.user_id or 0: w.id for w in workers}, course.id, mentor.id)


def cell(world: World, user: int = 11) -> str:
    return f"/process_monitor/coach?worker={world.workers[user]}&step={world.step}"


def told(uow: Uow, actor: int) -> list[Activity]:
    return uow.find(Activity).where(Activity.owner_id == actor, Activity.done_at.is_(None)).all()


def test_a_course_is_given_from_the_cell_done_and_undone(client, world: World, uow, deliver, clock):
    client.act_as(DIRECTOR)
    page = client.get(cell(world))
    assert page.status_code == 200, page.text
    for part in ("Slow", "“Offer” usually takes 3:", "the reference is 1:40", "Offers, quickly", "45 min", "its effect is not known yet", "56"):
        assert part in page.text, part
    for form, problem in (
        ({}, "choose a course or a mentor"), ({"what": "course:99"}, "not offered"), ({"what": f"mentor:{world.mentor}"}, "say when the meeting is"),
        ({"what": f"course:{world.course}", "due_on": "soon"}, "choose a day"),
        ({"what": f"course:{world.course}", "due_on": "2026-03-01"}, "in the past"),
        ({"what": f"mentor:{world.mentor}", "meets_at": "2026-03-01T10:00"}, "in the past"),
    ):  # fmt: skip
        wrong = client.post(cell(world), data={"why": "Because", **form})
        assert wrong.status_code == 422, (form, wrong.text)
        assert problem in wrong.text, form
        assert "Because" in wrong.text
    made = client.post(cell(world), data={"what": f"course:{world.course}", "due_on": "2026-03-20", "why": "Too slow"}, follow_redirects=False)
    given = uow.find(Assignment).one()
    assert made.headers["location"] == f"/process_monitor/assignment/{given.id}"
    assert (given.owner_id, given.team_id, given.given_by, given.stage, given.why) == (11, 5, 1, "given", "Too slow")
    assert given.figures["verdict"] == "slow"
    assert given.figures["ratio"] == pytest.approx(2, rel=0.2)
    again = client.post(cell(world), data={"what": f"course:{world.course}"})
    assert (again.status_code, "is learning this step already" in again.text) == (422, True)
    assert "Already learning this step" in client.get(cell(world)).text
    # The colleague sees it, with its reason, and is reminded a day before.
    client.act_as(SLOW)
    page = client.get(MINE).text
    for part in ("Offers, quickly", "Too slow", "https://learn.example/offers", "My steps against the norm", "Offer", "Papers", "Clients served"):
        assert part in page, part
    assert "Mona" not in page
    deliver()
    assert told(uow, 11) == []
    clock.forward(days=3)
    deliver()
    assert [(a.subject, a.kind) for a in told(uow, 11)] == [("Course: Offers, quickly", "todo")]
    client.post(f"{MINE}/{given.id}/begin")
    client.post(f"{MINE}/{given.id}/finish")
    assert (given.stage, given.done_at is not None, told(uow, 11)) == ("done", True, [])
    assert client.post(f"{MINE}/{given.id}/finish").status_code == 409
    assert client.post(f"{MINE}/{given.id}/dance").status_code == 404
    client.act_as(DIRECTOR)
    page = client.get("/process_monitor/works").text
    assert "Offers, quickly" in page
    assert "not measured yet" in page
    # Weeks later it is measured once, and kept: nothing was done since, which is too few to say anything.
    clock.forward(days=31)
    deliver()
    uow.refresh()
    assert given.figures["effect"] == {"verdict": "too_few"}
    assert "not measured yet" in client.get("/process_monitor/works").text
    effect = client.get(f"/process_monitor/effect/{given.id}").text
    assert "before" in effect.lower()
    assert "3:" in effect
    assert "Did it help?" in client.get(f"/process_monitor/assignment/{given.id}").text or client.get(f"/process_monitor/effect/{given.id}")


def test_what_a_course_did_is_measured_when_the_weeks_are_over(client, crm: Crm, world: World, uow, deliver, clock):
    with crm.uow(DIRECTOR) as giving:
        made = give(giving, giving.peek(Worker, world.workers[11]), giving.get(Step, world.step), course=giving.get(Course, world.course))
    with crm.uow() as doing:
        finish_learning(doing.get(Assignment, made.id), doing)
    chance, rows, case = random.Random(6), [], 100_000
    for worker in world.workers.values():
        for day in range(1, 29):
            case += 1
            took = round(100_000 * chance.lognormvariate(0, 0.3))
            rows.append((case, world.step, worker, 0, TODAY + dt.timedelta(days=day), "new", 5, None, took, took, 0, 0, 1))
    with crm.uow() as writing:
        insert(writing, work, WORK, rows)
        rebuild(writing)
    deliver()
    assert "effect" not in uow.get(Assignment, made.id).figures
    clock.forward(days=30)
    client.act_as(DIRECTOR)
    before = client.get("/process_monitor/works").text  # nobody has measured it yet: it is done at once
    deliver()
    kept = uow.get(Assignment, made.id).figures["effect"]
    assert kept["verdict"] == "helped"
    assert -0.9 < kept["change"] < -0.3
    page = client.get("/process_monitor/works").text
    for part in ("\u2212", "co-ci good", "95 of 100"):
        assert part in page, part
        assert part in before, part
    assert "It helped" in client.get(f"/process_monitor/effect/{made.id}").text
    assert "changed the time by" in client.get(cell(world, 12)).text
    with crm.uow() as back:
        back.move(back.get(Assignment, made.id), ASSIGNMENTS["begun"])
    uow.refresh()
    assert "effect" not in uow.get(Assignment, made.id).figures


def test_a_mentor_meets_and_notes(client, world: World, uow, deliver, clock):
    client.act_as(LEAD)
    form = {"what": f"mentor:{world.mentor}", "meets_at": "2026-03-18T15:00", "why": "; one, two\nthree"}
    assert client.post(cell(world), data=form, follow_redirects=False).status_code == 303
    given = uow.find(Assignment).one()
    assert given.meets_at == dt.datetime(2026, 3, 18, 15, tzinfo=uow.crm.zone)
    clock.forward(days=1, hours=7)
    deliver()
    deliver()
    assert [[a.subject for a in told(uow, who)] for who in (11, 13)] == [["Meeting about “Offer”"]] * 2
    # Put off: the reminder goes along.
    given.meets_at += dt.timedelta(days=1)
    uow.flush()
    uow.settle()
    assert [told(uow, who)[0].due_at for who in (11, 13)] == [given.meets_at] * 2
    client.act_as(OTHER)
    for path in (f"/process_monitor/assignment/{given.id}", f"/x/process_monitor/meetings/{given.id}"):
        assert client.get(path).status_code == 404
    client.act_as(MENTOR)
    file = client.get(f"/x/process_monitor/meetings/{given.id}")
    assert file.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = file.text.replace("\r\n ", "").split("\r\n")
    for line in ("BEGIN:VEVENT", "SUMMARY:Meeting: Offer", "DESCRIPTION:\\; one\\, two\\nthree", "STATUS:CONFIRMED", "TRIGGER:-PT30M"):
        assert line in lines, line
    page = client.get(MINE).text
    assert "Whom I mentor" in page
    assert "Employee " in page  # a manager does not see names: the mentor is told whom by a pseudonym unless they may
    empty = client.post(f"{MINE}/{given.id}/meet", data={"note": " "})
    assert (empty.status_code, "write what came of it" in empty.text) == (422, True)
    assert client.post(f"{MINE}/{given.id}/begin").status_code == 403
    done = client.post(f"{MINE}/{given.id}/meet", data={"note": "Showed the templates."}, follow_redirects=False)
    assert done.headers["location"] == MINE
    assert (given.stage, given.note, told(uow, 11), told(uow, 13)) == ("done", "Showed the templates.", [], [])
    client.act_as(SLOW)
    assert "Showed the templates." in client.get(MINE).text
    assert client.post(f"{MINE}/{given.id}/meet", data={"note": "no"}).status_code == 403


def test_who_may_give_what_to_whom(client, crm: Crm, world: World, uow):
    for actor, user, status in ((SLOW, 11, 403), (LEAD, 11, 200), (LEAD, 12, 403), (DIRECTOR, 12, 200)):
        assert client.act_as(actor).get(cell(world, user)).status_code == status, (actor.name, user)
    client.act_as(DIRECTOR)
    for query in ("", "?worker=1", f"?worker=999&step={world.step}", "?worker=x&step=y"):
        assert client.get(f"/process_monitor/coach{query}").status_code == 404, query
    assert f"mentor:{world.mentor}" not in client.get(cell(world, 13)).text  # nobody mentors oneself
    with crm.uow(LEAD) as lead, pytest.raises(Forbidden):
        give(lead, lead.peek(Worker, world.workers[12]), lead.get(Step, world.step), course=lead.get(Course, world.course))
    with crm.uow() as system:
        stranger = system.add(Worker(name="Resource 7"))
        system.flush()
        with pytest.raises(Invalid):
            give(system, stranger, system.get(Step, world.step), course=system.get(Course, world.course))
        made = give(system, system.get(Worker, world.workers[11]), system.get(Step, world.step), course=system.get(Course, world.course))
        key = made.id
    # Who was told to learn does not strike it out; who gave it does, once.
    api = f"/api/process_monitor/assignment/{key}"
    client.act_as(SLOW)
    assert client.post(f"{api}/move", json={"stage": "cancelled", "version": 1}).status_code in (403, 422)
    client.act_as(LEAD)
    assert client.post(f"{api}/do/call_off", json={}).status_code == 200
    assert uow.get(Assignment, key).stage == "cancelled"
    with pytest.raises(Conflict):
        call_off(uow.get(Assignment, key), uow)
    with pytest.raises(Conflict):
        uow.crm.commands["process_monitor.assignment.note_meeting"].run(uow, uow.get(Assignment, key), {"note": "x"})


def test_who_learns_is_named_only_to_those_who_may_see_names(client, crm: Crm, world: World, uow):
    with crm.uow(DIRECTOR) as giving:
        learns = giving.peek(Worker, world.workers[11])
        made = give(giving, learns, giving.get(Step, world.step), mentor=giving.get(Mentor, world.mentor), meets_at=giving.now + dt.timedelta(1))
        key = made.id
    for actor, named in ((SLOW, True), (DIRECTOR, True), (MENTOR, False)):
        client.act_as(actor)
        page = client.get(f"/process_monitor/assignment/{key}").text
        assert ("Colleague 11" in page, "Employee " in page) == (named, not named), actor.name
    client.act_as(DIRECTOR)
    assert "Colleague 11" in client.get("/process_monitor/assignment").text
    refused = client.post("/api/process_monitor/assignment", json={"step_id": world.step, "course_id": world.course})
    assert "heat map" in refused.text


def test_the_catalogue_and_pages_of_nothing(client, crm: Crm, uow):
    client.act_as(DIRECTOR)
    assert "Any step" in client.get("/process_monitor/catalogue").text
    assert "No course and no meeting" in client.get("/process_monitor/works").text
    assert "Nothing has been measured" in client.get(MINE).text
    assert "There are no steps yet" in client.get("/process_monitor/norms").text
    with crm.uow() as making:
        step = making.add(Step(name="offer", title="Offer"))
        worker = making.add(Worker(name="", user_id=11))
        making.flush()
        where = f"/process_monitor/coach?worker={worker.id}&step={step.id}"
    page = client.get(where).text
    assert "There is no course and no mentor" in page
    assert "too few to judge by" in page
    with crm.uow() as making:
        making.add(Course(title="Old", step_id=step.id, in_use=False))
        making.add(Mentor(owner_id=13))
    page = client.get("/process_monitor/catalogue").text
    for part in ("Old", "not in use", "№ 13", "given 0 times"):
        assert part in page
    form = client.get(f"/process_monitor/course/new?step_id={step.id}").text
    assert re.search(r'name="in_use"[^>]* checked', form)
    assert client.post("/api/process_monitor/mentor", json={"step_id": step.id, "owner_id": None}).status_code == 422
    assert client.act_as(SLOW).get("/process_monitor/catalogue").status_code == 403


def test_what_is_measured_is_told_from_the_settings(client, crm: Crm, uow):
    client.act_as(SLOW)
    page = client.get("/process_monitor/measured").text
    for part in ("Your work is measured", "2\u00a0h", "30\u00a0min", "365\u00a0days", "30\u00a0s", "less than 20 times", "1%", "Sales director",
                 "their teams’ and those below", "everybody’s", "Team lead", "counts against the norm", "Others see a pseudonym"):  # fmt: skip
        assert part in page, part
    assert "Sales manager" not in page  # they see their own only
    client.act_as(LEAD)
    assert "Your work is not measured" in client.get("/process_monitor/measured").text


def test_a_comment_on_a_case_is_read_by_those_who_see_its_figures(client, crm: Crm, world: World, uow):
    with crm.uow() as making:
        hidden, own = making.add(Contact(name="Not mine", owner_id=12)), making.add(Contact(name="My client", owner_id=11))
        making.flush()
        for client_ in (hidden, own):
            case = making.add(Case(owner_id=11, team_id=5, worker_id=world.workers[11], kind="new", began_at=making.now, contact_id=client_.id))
            making.flush()
            making.keep(case, ended_at=making.now)
            making.flush()
        key = case.id
    said = {"about_kind": "process_monitor.case", "about_id": key, "text": "The client called twice in between"}
    client.act_as(SLOW)
    assert client.post("/api/activities/note", json=said).status_code == 201
    mine = client.get(MINE).text
    assert f"/process_monitor/case/{key}" in mine
    assert ("My client" in mine, "Not mine" in mine) == (True, False)
    note = uow.find(Note).one()
    for actor, status in ((SLOW, 200), (LEAD, 200), (DIRECTOR, 200), (OTHER, 404)):
        assert client.act_as(actor).get(f"/api/activities/note/{note.id}").status_code == status, actor.name


def test_the_settings_tab_lists_steps_and_pages_without_one(client, crm: Crm, uow):
    uow.connection.execute(pages.insert().values(path="/sales/deal/{id}", seen_at=uow.now))
    uow.connection.execute(pages.insert().values(path="/warehouse/till", seen_at=uow.now))
    client.act_as(Actor(1, "Dora", roles=["director"]))
    tab = "/settings/process_monitor.monitor_steps"
    page = client.get(tab).text
    assert "/sales/deal/{id}" in page
    moved = client.post(tab, headers={"HX-Request": "true"})
    assert moved.status_code < 400, moved.text
    page = client.get(tab).text
    assert "Deal" in page
    assert "pages = [&#34;/warehouse/till&#34;]" in page
    assert client.act_as(SLOW).get(tab).status_code == 403


def test_the_calendar_file_escapes_and_folds():
    assert escaped("a,b;c\\d\r\ne\x07") == "a\\,b\\;c\\\\d\\ne"
    line = folded("SUMMARY:" + "Встреча с наставником " * 8)
    pieces = line.split("\r\n")
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert "".join([pieces[0], *(piece[1:] for piece in pieces[1:])]) == "SUMMARY:" + "Встреча с наставником " * 8
    at = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)
    text = calendar(uid="5@x", version=3, changed=at, begins=at, minutes=45, title="A", text="", url="https://x/5", cancelled=True)
    assert "DTEND:20260318T124500Z\r\n" in text
    assert "STATUS:CANCELLED" in text
    assert text.endswith("END:VCALENDAR\r\n")


def test_the_pipeline_has_its_moves():
    assert list(ASSIGNMENTS.stages) == ["given", "begun", "done", "cancelled"]
