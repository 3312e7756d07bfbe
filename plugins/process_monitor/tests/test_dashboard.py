"""The dashboard: who is slow where, what it costs, who sees whom, and what is taken from it as files."""

from __future__ import annotations

import datetime as dt
import io
import math

import openpyxl
import pytest

from crmkit import Actor, Crm
from crmkit_process_monitor import Case, Norm, Step, Worker
from crmkit_process_monitor.dashboard.counted import Tally
from crmkit_process_monitor.dashboard.gathered import gather
from crmkit_process_monitor.exchange import import_log
from crmkit_process_monitor.judging import Verdict
from crmkit_process_monitor.reading import Chosen
from crmkit_process_monitor.rollups import bucket, put
from crmkit_process_monitor.tables import pages, spans

DIRECTOR = Actor(1, "Dora", roles=["director"])
MANAGER = Actor(10, "Max", roles=["manager"])
TODAY = dt.date(2026, 3, 16)
PATH, FILE = "/process_monitor/dashboard", "/x/process_monitor/monitor"


@pytest.fixture
def worked(crm: Crm) -> dict[str, int]:
    """Twenty days, four clients a day each: the second manager takes three times as long for the offer, the third does not do it properly."""
    with crm.uow() as uow:
        steps = [uow.add(Step(name=name, title=name.title(), position=n)) for n, name in enumerate(("offer", "papers"))]
        workers = [uow.add(Worker(name=f"Manager {n}", user_id=9 + n, team_id=n)) for n in (1, 2, 3)]
        uow.flush()
        offer, papers = (step.id for step in steps)
        uow.add(Norm(step_id=offer, since=TODAY - dt.timedelta(90), reference=100, least=40, most=200))
        rows = []
        for place in range(240):
            worker, day = workers[place % 3], TODAY - dt.timedelta(place // 12)
            times = (1.0, 3.0, 0.2)[place % 3] * (80 + place * 7 % 40)
            rows += [(1000 + place, step, worker.id, 0, day, "new", worker.team_id, None, took, took, 0, 0, 1)
                     for step, took in ((offer, int(times * 1000)), (papers, 60_000))]  # fmt: skip
        put(uow, {row[0] for row in rows}, rows)
        return {"offer": offer, "papers": papers, **{f"w{n}": worker.id for n, worker in enumerate(workers, 1)}}


def test_what_is_slow_and_what_closing_it_would_bring(crm: Crm, worked: dict[str, int]):
    with crm.read(DIRECTOR) as uow:
        found = gather(uow, Chosen.last("month", TODAY))
    cells = {(one.worker, step): cell.verdict for one in found.colleagues for step, cell in one.cells.items()}
    assert cells[worked["w1"], worked["offer"]] is Verdict.WITHIN
    assert cells[worked["w2"], worked["offer"]] is Verdict.SLOW
    assert cells[worked["w3"], worked["offer"]] is Verdict.FAST
    assert cells[worked["w2"], worked["papers"]] is Verdict.NO_NORM
    second = found.colleagues[0]
    assert (second.worker, second.served.days, second.served.cases, second.per_day) == (worked["w2"], 20, 80, 4.0)
    ratio = second.cells[worked["offer"]].ratio
    assert ratio == pytest.approx(3, rel=0.05)
    left = second.served.took - second.saved
    assert second.gain == pytest.approx(4 * second.saved / left)
    assert found.gain == pytest.approx(second.gain)


def test_pages_for_a_director(client, worked: dict[str, int]):
    client.act_as(DIRECTOR)
    text = client.get(PATH).text
    for part in (
        "Manager 2", f"/process_monitor/people/{worked['w2']}?period=month&amp;step={worked['offer']}",
        f"/process_monitor/coach?period=month&amp;worker={worked['w2']}&amp;step={worked['offer']}", 'data-live="process_monitor.case ',
        "#i-snail", "#i-rabbit", "How it is calculated", "of all such alarms 1% at most are false. Cells judged: 3",
    ):  # fmt: skip
        assert part in text, part
    assert "Fewer than" not in text
    few = client.get(f"{PATH}?period=week", headers={"accept-language": "ru"}).text
    assert "Слишком мало случаев" not in few  # 28 in seven days
    few = client.get(f"{PATH}?since={TODAY}&until={TODAY}", headers={"accept-language": "ru"}).text
    assert "Слишком мало случаев" in few
    assert "Просадки по потерянным за день минутам" in few
    assert "Nobody has been measured" in client.get(f"{PATH}?since=2020-01-01&until=2020-02-01").text
    for query in ("sort=name", "sort=clients&page=99", "team=2&kind=new&point=7", "all=1", "period=nonsense&team=x", "since=2026-13-01&until=1"):
        assert client.get(f"{PATH}?{query}").status_code == 200
    assert client.get(f"{PATH}?log=77").status_code == 404
    profile = client.get(f"/process_monitor/people/{worked['w2']}?step={worked['offer']}").text
    for part in ("Manager 2", "Offer: usual time", "Slow", "Percentiles are right to 2 %"):
        assert part in profile, part
    assert client.get("/process_monitor/people/999").status_code == 404
    assert "Manager 2 · Offer" in client.get("/_/widget/process_monitor/lost_time").text


def test_each_sees_their_own(client, worked: dict[str, int]):
    client.act_as(MANAGER)
    text = client.get(PATH).text
    assert f"/process_monitor/people/{worked['w1']}" in text
    assert f"/process_monitor/people/{worked['w2']}" not in text
    assert "/process_monitor/coach" not in text
    assert client.get(f"/process_monitor/people/{worked['w1']}").status_code == 200
    assert client.get(f"/process_monitor/people/{worked['w2']}").status_code == 404
    assert {row["worker"] for row in client.get(FILE).json()["clients"]} == {"Manager 1"}
    client.act_as(Actor(5, roles=["nobody"]))
    for path in (PATH, f"/process_monitor/people/{worked['w1']}", FILE):
        assert client.get(path).status_code == 403


def test_files(client, worked: dict[str, int]):
    client.act_as(DIRECTOR)
    told = client.get(f"{FILE}?period=month").json()
    row = next(r for r in told["steps"] if r["worker"] == "Manager 2" and r["step"] == "Offer")
    assert (row["n"], row["reference_s"], row["verdict"]) == (80, 100.0, "Slow")
    text = client.get(f"{FILE}?format=csv", headers={"accept-language": "ru"}).text
    assert text.startswith("\ufeffМенеджер,Шаг,Случаев,")
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{FILE}?format=xlsx&worker={worked['w2']}").content))
    assert book.sheetnames == ["Managers and steps", "Clients a day"]
    assert [cell.value for cell in book["Clients a day"][2]][:4] == ["Manager 2", 20, 80, 4]
    ends = "until=2020-01-01&since=2021-01-01"
    for bad, path in (("since=soon", "since"), (ends, "until"), ("format=pdf", "format"), ("team=-1", "team"), ("x=1", "x")):
        answer = client.get(f"{FILE}?{bad}")
        assert (answer.status_code, answer.json()["problems"][0]["path"]) == (422, path)
    assert client.get(f"{FILE}?log=9").status_code == 404


def test_a_case_is_drawn(client, crm: Crm, worked: dict[str, int], make):
    client.act_as(DIRECTOR)
    case = make(Case, began_at=dt.datetime(2026, 3, 16, 8, tzinfo=dt.UTC), worker_id=worked["w1"], kind="new")
    path = f"/process_monitor/case/{case.id}"
    assert "Nothing was measured in this case" in client.get(path).text
    with crm.uow() as uow:
        uow.connection.execute(pages.insert().values(id=1, path="/sales/deal/*", step_id=worked["offer"], seen_at=uow.now))
        took = {"active": 30_000, "idle": 20_000}
        one = {"case_id": case.id, "worker_id": worked["w1"], "page_id": 1, "tab": "t", "hidden": 0, "called": 0}
        uow.connection.execute(spans.insert(), [
            one | {"id": n, "seq": n, "step_id": step, "told": told, "began_at": case.began_at + dt.timedelta(minutes=n)} | took
            for n, step, told in ((1, worked["offer"], None), (2, None, [1, 20_000, 0, 30_000]))
        ])  # fmt: skip
    text = client.get(path).text
    for part in ("/sales/deal/*", "Every stay on a page: 2", "Other pages", 'class="pt-i"'):
        assert part in text, part
    drawn = text[text.index("Other pages") :]
    assert drawn.index('class="pt-i"') < drawn.index('class="pt-a"')  # as it was told


def test_a_log_of_another_system(client, crm: Crm, rich):
    with crm.uow() as uow, rich.open("rb") as file:
        log = import_log(uow, file, "rich.xes").log
    client.act_as(DIRECTOR)
    text = client.get(f"{PATH}?log={log}").text
    assert "/process_monitor/people/" in text
    assert "/process_monitor/coach" not in text
    with crm.read(DIRECTOR) as uow:
        case, worker = uow.find(Case).where(Case.log_id == log).first(), uow.find(Worker).where(Worker.log_id == log).first()
    assert "Every stay at a step" in client.get(f"/process_monitor/case/{case.id}").text
    assert client.get(f"/process_monitor/people/{worker.id}").status_code == 200


def test_percentiles_are_right_to_two_hundredths():
    times = [1000 + 137 * n for n in range(1000)]
    tally = Tally()
    for took in times:
        tally.counts[bucket(took)] += 1
        tally.n += 1
    for share in (0.1, 0.5, 0.9):
        true = times[math.ceil(share * len(times)) - 1] / 1000
        assert tally.percentile(share) == pytest.approx(true, rel=0.02)
    assert Tally().percentile(0.5) is None
