"""Norms: typed in, taken over from a table, proposed; and the sums of their days made anew."""

from __future__ import annotations

import datetime as dt
import random

import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm, Invalid, Uow
from crmkit.core import undo
from crmkit_process_monitor import Norm, NormFrom, Step
from crmkit_process_monitor.norming.entering import Wanted
from crmkit_process_monitor.norming.entering import put as put_norms
from crmkit_process_monitor.norming.recomputing import waiting
from crmkit_process_monitor.norming.table import decoded, read, written
from crmkit_process_monitor.rollups import WORK, differences, put, rebuild
from crmkit_process_monitor.sets import insert
from crmkit_process_monitor.tables import days
from crmkit_process_monitor.tables import work as work_table
from crmkit_process_monitor.times import clock, seconds_of

TODAY = dt.date(2026, 3, 16)
DIRECTOR = Actor(1, "Dora", roles=["director"])
NORMS = "/process_monitor/norms"


@pytest.fixture
def steps(crm: Crm) -> list[int]:
    with crm.uow() as uow:
        found = [uow.add(Step(name=name, title=title, position=n)) for n, (name, title) in enumerate((("offer", "Offer"), ("papers", "Papers")))]
        uow.flush()
        return [step.id for step in found]


def work(case: int, step: int, took: float, *, worker: int = 1, day: dt.date = TODAY, kind: str = "new"):
    ms = round(took * 1000)
    return (case, step, worker, 0, day, kind, None, None, ms, ms, 0, 0, 1)


def lost(uow: Uow) -> int:
    uow.flush()
    return int(uow.connection.execute(sa.select(sa.func.coalesce(sa.func.sum(days.c.lost), 0))).scalar_one()) // 1000


@pytest.mark.parametrize(("text", "seconds"), [
    ("185", 185), ("3:05", 185), ("1:02:10", 3730), ("3 мин 5 с", 185), ("1,5 мин", 90), ("2 h 10 min", 7800), (" 0:40 ", 40), ("90 сек", 90),
])  # fmt: skip
def test_times_as_people_write_them(text: str, seconds: int):
    assert seconds_of(text) == seconds
    assert seconds_of(clock(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "soon", "3:65", "-5", "1:2:3", "5 лет"])
def test_what_is_no_time(text: str):
    with pytest.raises(ValueError, match="3:05"):
        seconds_of(text)


def test_a_norm_is_typed_in_and_its_days_are_judged_anew(client, crm: Crm, steps, uow, deliver):
    february = dt.date(2026, 2, 10)
    with crm.uow() as writing:
        put(writing, [1, 2], [work(1, steps[0], 300), work(2, steps[0], 300, day=february)])
    client.act_as(DIRECTOR)
    page = client.get(NORMS).text
    assert "no norm yet" in page
    assert "5:00" in page
    form = {"step": str(steps[0]), "case_kind": "", "since": "2026-03-01", "reference": "1:40", "least": "0:20", "most": "4:00", "note": "first"}
    for field, value, problem in (
        ("reference", "soon", "as in 3:05"), ("least", "2:00", "above the reference"), ("most", "1:00", "below the reference"),
        ("since", "never", "choose a day"), ("step", "", "choose a step"), ("case_kind", "odd", "there is no kind"),
        ("reference", "0", "more than 0"),
    ):  # fmt: skip
        wrong = client.post(f"{NORMS}/new", data={**form, field: value})
        assert wrong.status_code == 422, (field, wrong.text)
        assert problem in wrong.text
        assert 'value="4:00"' in wrong.text or field == "most"
    made = client.post(f"{NORMS}/new", data=form, follow_redirects=False)
    assert (made.status_code, made.headers["location"]) == (303, NORMS)
    assert (waiting(uow, 0), lost(uow)) == (1, 0)
    assert "are being made anew" in client.get(NORMS).text
    deliver()
    assert (waiting(uow, 0), lost(uow)) == (0, 200)  # March, not February
    assert "1:40" in client.get(f"{NORMS}/new?step={steps[0]}").text
    # The same day again is the same norm; an earlier day reaches February; undone, the sums are what they were.
    client.post(f"{NORMS}/new", data={**form, "reference": "3:20"})
    deliver()
    assert [(n.reference, n.came_from) for n in uow.find(Norm)] == [(200, NormFrom.TYPED)]
    assert lost(uow) == 100
    client.post(f"{NORMS}/new", data={**form, "since": "2026-02-01"})
    deliver()
    assert lost(uow) == 300
    with crm.uow() as writing:
        last = undo.last(writing)
        undo.undo(writing, tx=last.tx)
    deliver()
    assert lost(uow) == 100
    assert differences(uow) == []
    client.act_as(Actor(7, "Max", roles=["manager"]))
    assert client.get(NORMS).status_code == 403


TABLE = (
    "Шаг;Вид;Действует с;Эталон;Минимум;Максимум;Заметка\n"
    "Offer;;01.03.2026;3:05;1:00;6:00;по опыту\n"
    "papers;Новый клиент;2026-03-02;90;;4:00;\n"
)


def test_a_table_is_taken_over_whole_or_not_at_all(client, crm: Crm, steps, uow):
    client.act_as(DIRECTOR)
    bad = TABLE.replace("3:05", "скоро").replace("papers", "Pappers").replace("2026-03-02", "2.13.2026") + "Offer;;1.3.2026;10:00;1:00;2:00;\n;\n"
    wrong = client.post(f"{NORMS}/table", data={"table": bad})
    assert wrong.status_code == 422
    for told in ("line 2, column “Эталон”", "line 3, column “Шаг”", "Pappers", "line 3, column “Действует с”", "line 4, column “Максимум”"):
        assert told in wrong.text, told
    assert "line 5" not in wrong.text  # an empty line
    assert uow.find(Norm).count() == 0
    missing = client.post(f"{NORMS}/table", data={"table": "Шаг;Эталон\nOffer;10"})
    assert "no column “since”" in missing.text
    made = client.post(f"{NORMS}/table", data={"table": TABLE.replace(";", "\t")}, follow_redirects=False)
    assert made.status_code == 303
    found = {n.step_id: n for n in uow.find(Norm)}
    assert (found[steps[0]].reference, found[steps[0]].note, found[steps[0]].came_from) == (185, "по опыту", NormFrom.IMPORTED)
    assert (found[steps[1]].case_kind, found[steps[1]].least, found[steps[1]].most) == ("new", 0, 240)
    # As a file: the same again changes nothing; what goes out comes in.
    file = client.get("/x/process_monitor/norms/own")
    assert file.headers["content-disposition"].endswith('"norms.csv"')
    assert file.content.startswith(b"\xef\xbb\xbf")
    sent = client.post("/x/process_monitor/norms/own?name=n.csv", content=file.content)
    assert (sent.status_code, sent.json()["norms"], sent.json()["path"]) == (201, 2, "../norms?made=2")
    assert uow.find(Norm).count() == 2
    assert "Norms put in force: 2" in client.get(f"{NORMS}?made=2").text
    broken = client.post("/x/process_monitor/norms/own", content="Шаг;С;Эталон;Максимум\nНету;1.1.2026;5;9".encode("cp1251"))
    assert broken.status_code == 422
    assert "line 2, column “Шаг”: there is no step 'Нету'" in broken.json()["problems"][0]["message"]
    assert client.post("/x/process_monitor/norms/own", content=b"\xff\x00").status_code == 422
    assert client.get("/x/process_monitor/norms/999").status_code == 404


def test_a_table_names_what_it_has_twice(crm: Crm, steps, uow):
    with pytest.raises(Invalid) as refused:
        read(uow, "step,since,reference,maximum\nOffer,2026-03-01,10,20\noffer,1.3.2026,11,21")
    assert "line 3: the same step, kind and day as in line 2" in refused.value.problems[0].message
    with pytest.raises(Invalid, match=r".*"):
        read(uow, "step,since")
    with pytest.raises(Invalid):
        decoded(b"PK\x03\x04\x00\x98")
    assert written(uow).startswith("Step;Kind;Since")


def test_norms_are_proposed_by_the_best_and_put_in_force(client, crm: Crm, steps, uow, deliver):
    chance, rows = random.Random(3), []
    for worker in range(1, 13):
        pace = 60 * 1.06**worker
        for case in range(40):
            day = TODAY - dt.timedelta(days=1 + case % 20)
            rows.append(work(worker * 1000 + case, steps[0], pace * chance.lognormvariate(0, 0.25), worker=worker, day=day))
    with crm.uow() as writing:
        insert(writing, work_table, WORK, rows)
        rebuild(writing)
    client.act_as(DIRECTOR)
    page = client.get(f"{NORMS}/propose").text
    assert f'value="{steps[0]}:"' in page
    assert "3 colleagues" in page
    assert client.post(f"{NORMS}/propose", data={"since": "2026-03-16"}).status_code == 422
    assert client.post(f"{NORMS}/propose", data={"take": f"{steps[0]}:", "since": "x"}).status_code == 422
    made = client.post(f"{NORMS}/propose", data={"take": f"{steps[0]}:", "since": "2026-02-01"}, follow_redirects=False)
    assert made.status_code == 303
    norm = uow.find(Norm).one()
    assert norm.came_from is NormFrom.PROPOSED
    assert 58 <= norm.reference <= 78
    assert norm.least < norm.reference < norm.most < 150
    deliver()
    assert lost(uow) > 12 * 40 * 10
    assert differences(uow) == []
    assert "as now" in client.get(f"{NORMS}/propose").text
    assert "too little work" in client.get(f"{NORMS}/propose?since=2020-01-01&until=2020-02-01").text


def test_faults_are_found_whoever_writes_a_norm(crm: Crm, steps, uow):
    uow.add(Norm(step_id=steps[0], since=TODAY, reference=60, least=90, most=120))
    with pytest.raises(Invalid):
        uow.flush()
    uow.rollback()
    with crm.uow() as writing:
        put_norms(writing, [Wanted(step=steps[0], kind=None, since=TODAY, reference=60, least=0, most=90)], NormFrom.TYPED)
    with crm.uow() as writing:
        writing.archive(writing.find(Norm).one())
    with crm.uow() as writing:  # what was put away comes back when it is wanted again
        put_norms(writing, [Wanted(step=steps[0], kind=None, since=TODAY, reference=70, least=0, most=90)], NormFrom.TYPED)
    assert [n.reference for n in uow.find(Norm)] == [70]
