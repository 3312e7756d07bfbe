"""Input nobody types: deep, long, broken, and addresses of other hosts. Each is refused in words; none is an error of ours."""

from __future__ import annotations

import pytest

from crmkit.core.nesting import DEEPEST, too_deep
from crmkit_sales import Deal

from .conftest import BOSS, PART, SAME, Enter

DEEP = {
    "and": '{"and":[' * 900 + '{"id":1}' + "]}" * 900,
    "not": '{"not":' * 900 + '{"id":1}' + "}" * 900,
    "or": '{"or":[{"id":1},' * 400 + '{"id":1}' + "]}" * 400,
}


@pytest.fixture
def deal(make):
    return make(Deal, title="Roof", owner_id=1)


def test_depth_is_measured_and_never_fallen_into():
    flat: object = 1
    for _level in range(DEEPEST):
        flat = [flat]
    assert not too_deep(flat)
    assert too_deep([flat])
    assert not too_deep("[[[")


@pytest.mark.parametrize("tree", DEEP.values(), ids=DEEP)
def test_filters_deeper_than_anybody_writes_are_told_to_be_wrong(enter, deal, tree, caplog):
    browser = enter(BOSS)
    for verb in ("", "/board", "/calendar", "/filter", "/columns"):
        answer = browser.get(f"/sales/deal{verb}", params={"filter": tree})
        assert answer.status_code == 200, verb
        assert f"/sales/deal/{deal.id}" not in answer.text
    assert browser.get("/sales/deal/export", params={"filter": tree}).status_code == 422
    assert browser.get("/sales/deal/filter/apply", params={"do": "json", "json": tree}, headers=PART).status_code == 422
    saved = browser.post("/sales/deal/views", data={"do": "save", "name": "x", "filter": tree}, headers=PART)
    assert saved.status_code in (200, 422)
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("tree", DEEP.values(), ids=DEEP)
def test_the_api_refuses_them_as_well(enter, tree):
    body = f'{{"kind": "sales.deal", "name": "x", "filter": {tree}}}'
    answer = enter(BOSS).post("/api/views/view", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert "levels deep" in answer.text or "depth limit" in answer.text


def test_forms_with_deep_values_come_back(enter, deal, caplog):
    browser, nested = enter(BOSS), "[" * 100_000
    was = '{"title": ' + "[" * 1000 + "]" * 1000 + "}"
    at = f"/sales/deal/{deal.id}"
    assert browser.post(f"{at}/edit", data={"title": "y", "_version": "0", "_was": was}, headers=PART).status_code < 500
    new_view = {"kind": "sales.deal", "name": "x", "filter": nested, "columns": '["\\ud800"]', "sort": "[NaN]"}
    assert browser.post("/views/view/new", data=new_view, headers=PART).status_code == 422
    role = {"name": "odd", "do": "review", "pattern": "*", "pattern-scope": nested, "g:sales.deal.read": DEEP["and"]}
    assert browser.post("/accounts/roles/new", data=role, headers=PART).status_code < 500
    assert "Traceback" not in caplog.text


def test_too_many_fields_are_refused_with_a_page(enter, caplog):
    browser, many = enter(BOSS), "&".join(f"a{n}=1" for n in range(3000))
    answer = browser.get(f"/sales/deal?{many}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/html; charset=utf-8")
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.post("/sales/deal/new", content=many, headers=SAME | form)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert browser.post("/sales/deal/new", content=many, headers=PART | form).status_code == 422
    assert browser.get("/sales/deal?filter=%ff").status_code == 422
    assert "Traceback" not in caplog.text


def test_numbers_that_are_none_or_too_large(enter, caplog):
    browser = enter(BOSS)
    large = "9" * 30
    for path, status in (
        ("/admin/jobs?after=%C2%B2", 200), (f"/operations/{large}", 404), (f"/_/pop/sales.deal/{large}", 404), (f"/sales/deal/{large}", 404),
        (f"/_/panel/activities/composer/sales.deal/{large}", 404), (f"/undo?tx={large}", 422), ("/operations?before=%C2%B2", 200),
        (f"/sales/deal/new?owner_id={large}", 200), ("/sales/deal/new?amount=1e999999", 200), (f"/accounts/people/{large}", 404),
    ):  # fmt: skip
        assert browser.get(path).status_code == status, path
    assert "Traceback" not in caplog.text


def test_more_rows_than_are_worked_on_at_once(enter, deal):
    keys = ",".join(str(n) for n in range(1, 100_000))
    answer = enter(BOSS).post("/sales/deal/bulk", data={"do": "command:win", "ids": keys}, headers=PART)
    assert answer.status_code in (404, 422)
    answer = enter(BOSS).post("/sales/deal/bulk", data={"do": "archive", "ids": keys}, headers=PART)
    assert answer.status_code == 422


def test_no_address_leads_to_another_host(enter: Enter, deal):
    browser = enter(BOSS)
    evil = "//evil.example/x"
    for given in (evil, "https://evil.example/x", "/\\evil.example", "/\t/evil.example", "\\\\evil.example", "javascript:alert(1)"):
        at = f"/sales/deal/{deal.id}"
        saved = browser.post(f"{at}/edit", data={"title": "Roof", "_version": "1", "_was": "{}", "_next": given})
        assert saved.status_code == 303, saved.text
        assert saved.headers["location"].startswith("/"), given
        assert not saved.headers["location"].startswith(("//", "/\\", "/\t")), given
        for path, name in (("/sales/deal/new", "_next"), ("/undo?tx=1", "back"), ("/operations", "back")):
            text = browser.get(path, params={**({"tx": 1} if "tx" in path else {}), name: given}).text
            assert 'href="//' not in text
            assert 'href="javascript' not in text
        moved = browser.post("/_/prefs", data={"theme": "dark"}, headers={**SAME, "referer": f"https://crm.example{evil}"})
        assert moved.headers["location"].startswith("/evil.example")
    assert browser.get("/accounts/login", params={"next": evil}).headers["location"] == "/"
    assert "//evil" not in enter(None).get(evil).headers.get("location", "")
    sent = enter(None).post("/sales/deal/new", headers={**PART, "hx-current-url": f"https://crm.example{evil}"})
    assert "%2F%2Fevil" not in sent.headers.get("hx-redirect", "")
