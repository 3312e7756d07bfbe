"""Reports over HTTP: as JSON and CSV, in both languages, with every wrong parameter named, for those with the right only."""

from __future__ import annotations

import csv
import io
import itertools
import json
from typing import Any

import pytest

from crmkit import Actor, Crm

from .trial import ACTORS, World, build

DIRECTOR = next(a for a in ACTORS if a.name == "Director")
NAMES = ("funnel", "stages", "outcomes")
SALES = ("cohorts", "forecast", "responses")
ASKED = {"from": "2025-04-10", "to": "2025-10-05", "pipeline": "cases"}


@pytest.fixture
def world(crm: Crm) -> World:
    return build(crm, 40, seed=3)


def paths(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [p["path"] for p in answer.json()["problems"]]


def test_a_report_and_the_lists_behind_it(client: Any, world: World) -> None:
    client.act_as(DIRECTOR)
    for name in NAMES:
        _has_its_lists(client, name)


def _has_its_lists(client: Any, name: str) -> None:
    found = client.get(f"/x/sales/reports/{name}", params={**ASKED, "by": "source"}).json()
    assert found["rows"]
    assert found["from"] == "2025-04-10"
    assert [c["name"] for c in found["columns"]][-1] in found["rows"][0]
    for row in found["rows"]:
        for figure, tree in row["drill"].items():
            asked = {"filter": json.dumps(tree), "archived": found["archived"], "count": 1000}
            listed = client.get(f"/api/{found['kind'].replace('.', '/')}", params=asked)
            assert listed.json()["total"] == row[figure], (figure, tree)


def test_a_report_for_a_spreadsheet(client: Any, world: World) -> None:
    client.act_as(DIRECTOR)
    asked = {**ASKED, "by": "source,month", "format": "csv"}
    russian = client.get("/x/sales/reports/outcomes", params=asked, headers={"accept-language": "ru-RU,ru;q=0.9"})
    assert russian.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(russian.content.decode("utf-8-sig"))))
    assert rows[0] == ["Источник", "Месяц", "Выиграно", "Выиграно, сумма", "Потеряно", "Потеряно, сумма", "Доля выигранных"]
    english = client.get("/x/sales/reports/stages", params={**ASKED, "format": "csv"}, headers={"accept-language": "en"})
    head = next(csv.reader(io.StringIO(english.content.decode("utf-8-sig"))))
    assert "Median, h" in head
    assert client.get("/x/sales/reports/outcomes", params=asked).text != russian.text


def test_what_is_hidden_stays_hidden(client: Any, world: World) -> None:
    client.act_as(Actor(5, "Blind", roles=["blind"]))
    found = client.get("/x/sales/reports/outcomes", params=ASKED).json()
    assert "won" in found["rows"][0]
    assert not {"won_amount", "lost_amount"} & ({c["name"] for c in found["columns"]} | set(found["rows"][0]))
    assert "amount" not in client.get("/x/sales/reports/outcomes", params={**ASKED, "format": "csv"}).text
    assert paths(client.get("/x/sales/reports/outcomes", params={**ASKED, "by": "owner"})) == ["by"]
    assert paths(client.get("/x/sales/reports/funnel", params={**ASKED, "by": "city"})) == ["by"]
    assert paths(client.get("/x/sales/reports/outcomes", params={**ASKED, "owner": "1"})) == ["owner"]
    assert paths(client.get("/x/sales/reports/outcomes", params={**ASKED, "filter": '{"amount": {"gt": "5"}}'})) == ["filter.and.0.amount"]
    client.act_as(Actor(5, "Stageless", roles=["stageless"]))
    for name in NAMES:
        assert client.get(f"/x/sales/reports/{name}", params=ASKED).status_code == 403
    client.act_as(Actor(2, "Local", roles=["local"]))
    cities = {r["by"]["city"]["label"] for r in client.get("/x/sales/reports/funnel", params={**ASKED, "by": "city"}).json()["rows"]}
    assert cities == {None, "Пермь"}


def test_only_those_with_the_right(client: Any, world: World) -> None:
    for actor, code in ((Actor(5, roles=["clerk"]), 403), (Actor(5, roles=["guest"]), 403), (Actor(), 401)):
        client.act_as(actor)
        for name in NAMES:
            assert client.get(f"/x/sales/reports/{name}", params=ASKED).status_code == code


WRONG = [
    ({"from": "2025-13-01"}, "from"), ({"from": "20250101"}, "from"), ({"to": "yesterday"}, "to"), ({"from": "2025-02-02", "to": "2025-02-01"}, "to"),
    ({"from": "1960-01-01"}, "from"), ({"from": "1990-01-01", "to": "2020-01-01"}, "from"), ({"by": "colour"}, "by"), ({"by": ""}, "by"),
    ({"by": "source,source"}, "by"), ({"by": "source,team,owner,city"}, "by"), ({"pipeline": "cats"}, "pipeline"), ({"owner": "me"}, "owner"),
    ({"owner": "99999999999999999999"}, "owner"), ({"team": "-1"}, "team"), ({"filter": "{"}, "filter"), ({"filter": "[]"}, "filter"),
    ({"filter": '{"colour": 1}'}, "filter.and.0.colour"), ({"archived": "maybe"}, "archived"), ({"format": "xlsx"}, "format"),
    ({"until": "1"}, "until"),
]  # fmt: skip


def test_what_is_wrong_is_named(client: Any) -> None:
    client.act_as(DIRECTOR)
    for name, (given, path) in itertools.product(NAMES, WRONG):
        assert paths(client.get(f"/x/sales/reports/{name}", params={"pipeline": "cases", **given})) == [path]


def test_without_anything_asked(client: Any, world: World) -> None:
    client.act_as(Actor(1, roles=["everything"]))
    for name in (*NAMES, *SALES):
        found = client.get(f"/x/sales/reports/{name}")
        assert found.status_code == 200, found.text
        assert client.get(f"/x/sales/reports/{name}", params={"format": "csv"}).status_code == 200
        if name == "forecast":
            assert (found.json()["from"], found.json()["to"]) == ("2026-01-01", "2026-06-30")
            continue
        assert (found.json()["from"], found.json()["to"]) == ("2025-02-01", "2026-01-20")
