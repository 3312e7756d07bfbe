"""Reports on feedback: the figures, whose rows count, the files, the page with its tiles, the recall list."""

from __future__ import annotations

import csv
import datetime as dt
import io

import openpyxl
import pytest

from crmkit import Actor, Forbidden, Invalid, Role
from crmkit_prosthesis_feedback import ROLES, Feedback, close_incident, collect, issue_device, open_incident
from crmkit_prosthesis_feedback.reports import Ask, devices, incidents, recall, red_flags, response, use

from .people import answers_to, cards_of, won

HEAD = Actor(5, "Olga", roles=["service_head"])
DIRECTOR = Actor(9, "Vera", roles=["director"])
CALLER = Actor(6, "Ivan", roles=["service_caller"], teams=(7,))
SELLER = Actor(8, "Boris", roles=["manager"])
REPORTS = ("response", "use", "incidents", "red_flags", "devices")
TILES = ("results", "responses", "response_months", "uses", "reasons", "resolving", "flags", "complaints")
ALL = {"from": "2026-01-01", "to": "2026-12-31"}


@pytest.fixture
def crm_roles() -> list[Role]:
    own = {"prosthesis_feedback.reports.read": "team", "prosthesis_feedback.service.read": "team"}
    return [*ROLES, Role("reader", own)]


@pytest.fixture
def year(uow, clock):
    """Anna answers and has her broken hand repaired in four days, Boris has a red flag, =Clara is never reached."""
    anna, boris, clara = won(uow), won(uow, name="Boris", born_on=dt.date(2015, 5, 1)), won(uow, name="=Clara")
    for service, model, batch in ((anna, "M1", "B-7"), (boris, "M1", "B-8")):
        issue_device(uow, service, model=model, serial=f"S-{service.id}", batch=batch, issued_on=dt.date(2026, 3, 1))
    clara.owner_id, clara.team_id = 6, 7
    clock.set(dt.datetime(2026, 3, 16, 9, tzinfo=dt.UTC))
    with uow.as_system():
        for service, other in ((anna, {"wears": "no"}), (boris, {"skin": "sore"})):
            card = cards_of(uow, service)[0]
            collect(uow, card, answers_to(uow, card, **other), finish=True)
    found = cards_of(uow, anna)[0]
    incident = open_incident(uow, anna, reason="repair", device=uow.peek(type(found.device), found.device_id), feedback=found)
    clock.forward(days=4)
    close_incident(uow, incident, resolution="A new wrist")
    open_incident(uow, boris, reason="visit")
    clock.set(dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC))
    return anna, boris, clara


def asked(crm, who, make, **ask):
    with crm.read(who) as uow:
        return make(uow, Ask(**ask))


def test_the_figures(crm, uow, year):
    span = {"since": dt.date(2026, 3, 1), "until": dt.date(2026, 5, 31)}
    (all_,) = asked(crm, HEAD, response, **span).rows
    cards = [c for c in uow.find(Feedback) if span["since"] <= c.ideal <= span["until"]]
    assert (all_.cards, all_.done) == (len(cards), 2)
    assert all_.cards == all_.due + all_.waiting + all_.frozen + all_.left_out
    assert all_.due == all_.done + all_.overdue + all_.missed
    assert all_.rate == all_.done / all_.due
    assert all_.overdue == sum(c.done_on is None and c.skipped is None and c.stage != "incident" and c.latest < dt.date(2026, 5, 4) for c in cards)
    periods = asked(crm, HEAD, response, by=("period", "group", "month"), **span).rows
    assert sum(row.cards for row in periods) == all_.cards
    assert [str(row.by[0].label) for row in periods[:2]] == ["1 week", "2 weeks"]

    (used,) = asked(crm, HEAD, use, **span).rows
    assert (used.told, used.used, used.unused, used.rate) == (2, 1, 1, 0.5)
    (why,) = asked(crm, HEAD, use, by=("reason", "model"), **span).rows
    assert ([k.value for k in why.by], why.unused) == (["repair", why.by[1].value], 1)

    took = {row.by[0].value: row for row in asked(crm, HEAD, incidents, by=("reason",), **span).rows}
    assert (took["repair"].solved, took["repair"].median, took["repair"].still_open) == (1, 4.0, 0)
    assert (took["visit"].solved, took["visit"].median, took["visit"].still_open) == (0, None, 1)
    assert took["visit"].oldest > 40

    flagged = {row.by[0].value: row for row in asked(crm, HEAD, red_flags, by=("question",), **span).rows}
    assert sum(row.flags for row in flagged.values()) == sum(c.red_flags for c in cards)
    assert flagged["skin"].flags == flagged["skin"].people == 1

    made = {tuple(k.value for k in row.by): row for row in asked(crm, HEAD, devices, by=("model", "batch")).rows}
    assert made["M1", "B-7"].devices == made["M1", "B-8"].devices == 1
    assert sum(row.complaints for row in made.values()) == 1
    (bad,) = [row for row in made.values() if row.complaints]
    assert bad.rate == bad.complained / bad.devices


def test_who_sees_whose(crm, year):
    assert len(asked(crm, HEAD, recall, model="M1").rows) == 2
    assert asked(crm, DIRECTOR, response).rows[0].done == 2
    for make, ask in ((recall, {"model": "M1"}), (red_flags, {})):
        with pytest.raises(Forbidden):
            asked(crm, DIRECTOR, make, **ask)
    for who in (SELLER, CALLER, Actor(3)):
        for make in (response, use, incidents, red_flags, devices, recall):
            with pytest.raises(Forbidden):
                asked(crm, who, make)
    reader = Actor(6, "Ivan", roles=["reader"], teams=(7,))  # somebody whose report is about their team
    (row,) = asked(crm, reader, response).rows
    assert row.done == 0
    assert [r.wearer for r in asked(crm, reader, recall, model="Hand M1").rows] == ["=Clara"]
    assert not asked(crm, reader, recall, batch="B-7").rows
    for ask in ({"by": ("colour",)}, {"by": ("group", "group")}, {"by": ("group", "month", "model", "batch")}, {"until": dt.date(1, 1, 1)},
                {"since": dt.date(2026, 9, 1), "until": dt.date(2026, 8, 1)}, {"since": dt.date(1999, 1, 1)}):  # fmt: skip
        with pytest.raises(Invalid):
            asked(crm, HEAD, response, **ask)


def test_over_http_as_files_and_on_pages(client, year):
    client.act_as(HEAD)
    for name in REPORTS:
        path = f"/x/prosthesis_feedback/reports/{name}"
        found = client.get(path, params={**ALL, "by": "model"}).json()
        assert found["rows"], name
        text, answer = (client.get(path, params={**ALL, "by": "model", "format": f}, headers={"accept-language": "ru"}) for f in ("csv", "xlsx"))
        table = list(csv.reader(io.StringIO(text.text)))
        assert f'filename="{name}-' in answer.headers["content-disposition"]
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        cells = [["" if c is None else c for c in row] for row in sheet.iter_rows(values_only=True)]
        assert [str(c) for c in cells[0]] == [c.removeprefix("\ufeff") for c in table[0]]
        assert cells[0][0] == "Модель"
        assert len(cells) == len(table) == len(found["rows"]) + 1
        for line, told in zip(cells[1:], table[1:], strict=True):
            assert [float(c) if isinstance(c, int | float) else c for c in line] == [
                float(t) if isinstance(c, int | float) else t for c, t in zip(line, told, strict=True)]  # fmt: skip
    text = client.get("/x/prosthesis_feedback/reports/recall", params={"model": "Hand M1", "format": "csv"}).text
    assert ",'=Clara," in text
    book = client.get("/x/prosthesis_feedback/reports/recall", params={"model": "Hand M1", "format": "xlsx"})
    cells = list(openpyxl.load_workbook(io.BytesIO(book.content)).active.iter_rows(values_only=True))
    (clara,) = [dict(zip(cells[0], row, strict=True)) for row in cells if "=Clara" in row]
    assert clara["Handed over"].date() == dt.date(2026, 3, 2)
    wrong = client.get("/x/prosthesis_feedback/reports/use?from=soon&group=old&colour=red&protocol=x&format=pdf")
    assert wrong.status_code == 422
    assert {p["path"] for p in wrong.json()["problems"]} == {"from", "group", "colour", "protocol", "format"}
    assert client.get("/x/prosthesis_feedback/reports/recall").status_code == 422
    client.act_as(SELLER)
    for name in (*REPORTS, "recall"):
        assert client.get(f"/x/prosthesis_feedback/reports/{name}").status_code == 403
    client.act_as(HEAD)
    page = client.get("/prosthesis_feedback/reports?months=nonsense&group=child&protocol=zz&model=M1").text
    assert "M1" in page
    shown = {name: client.get(f"/_/widget/prosthesis_feedback/{name}").text for name in TILES}
    assert not [name for name, text in shown.items() if "broken" in text]
    assert "format=xlsx" in shown["responses"]
    assert "B-7" in shown["complaints"]
    for name in TILES:
        assert "broken" not in client.get(f"/_/widget/prosthesis_feedback/{name}?months=3&model=none&group=adult").text
    assert "Anna Petrova" not in client.get("/prosthesis_feedback/recall").text
    recalled = client.get("/prosthesis_feedback/recall?batch=B-7").text
    assert "Anna Petrova" in recalled
    assert "Boris" not in recalled
    client.act_as(DIRECTOR)
    assert client.get("/prosthesis_feedback/reports").status_code == 200
    assert client.get("/prosthesis_feedback/recall").status_code == 403
    client.act_as(SELLER)
    assert client.get("/prosthesis_feedback/reports").status_code == 403


def test_incidents_that_name_no_device(crm, uow, client, year):
    """Of who wears one it is about that one; of who wears several nobody knows, and the report says so."""
    _anna, boris, clara = year
    before = asked(crm, HEAD, devices)
    assert before.rows[0].complaints == 1
    assert [note.to("ru").split(": ")[1] for note in before.notes] == ["1. Укажите в инциденте, о каком изделии речь."]  # of Boris, who wears two
    mine = open_incident(uow, clara, reason="repair")
    open_incident(uow, boris, reason="other")
    uow.commit()
    assert mine.device_id is not None
    after = asked(crm, HEAD, devices)
    assert after.rows[0].complaints == 2
    client.act_as(HEAD)
    told = client.get("/x/prosthesis_feedback/reports/devices", headers={"accept-language": "en"}).json()["notes"]
    assert told == ["Incidents that name no device are not counted here: 2. Say in the incident which device it is about."]
    assert told[0] in client.get("/_/widget/prosthesis_feedback/complaints", headers={"accept-language": "en"}).text
