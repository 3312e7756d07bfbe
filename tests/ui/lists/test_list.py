"""A list as a page: what stands in it, for whom, in which order, and what it costs."""

from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
from decimal import Decimal

import openpyxl
import pytest

from crmkit import Crm
from crmkit.activities import Activity
from crmkit_sales import Company, Deal
from tests.ui.lists import extras
from tests.ui.lists.conftest import ANN, BEN, BOSS, PART, As


def titles(page: str) -> list[str]:
    return re.findall(r'class="row-a"[^>]*>([^<]+)</a>', page)


def test_a_list_shows_rows_with_their_values(deals: list[int], visiting: As):
    page = visiting(BOSS).get("/crm/sales/deal?sort=amount").text
    assert titles(page) == [f"Deal {n:02}" for n in range(1, 13)]
    assert "12,000" in page
    assert "Oak &lt;b&gt;" in page
    assert 'aria-sort="ascending"' in page
    assert f'href="/crm/sales/deal/{deals[0]}"' in page


@pytest.mark.parametrize(("sort", "first"), [("-amount", "Deal 12"), ("company_id,-amount", "Deal 12"), ("no_such_field", None), ("", None)])
def test_the_address_sorts_and_what_it_cannot_sort_by_is_left_out(sort: str, first: str | None, deals: list[int], visiting: As):
    answer = visiting(BOSS).get("/crm/sales/deal", params={"sort": sort})
    assert answer.status_code == 200
    assert len(titles(answer.text)) == 12
    assert first is None or titles(answer.text)[0] == first


def test_a_row_one_may_not_see_is_not_there(deals: list[int], crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        uow.add(Deal(title="Of somebody else", owner_id=1))
    assert "Of somebody else" in visiting(BOSS).get("/crm/sales/deal").text
    page = visiting(ANN).get("/crm/sales/deal").text
    assert "Of somebody else" not in page
    assert len(titles(page)) == 12


def test_a_hidden_field_is_no_column_no_filter_and_no_order(deals: list[int], visiting: As):
    client = visiting(ANN)
    asked = {"columns": "title,probability", "sort": "probability", "filter": '{"probability":{"gt":5}}'}
    page = client.get("/crm/sales/deal", params=asked).text
    assert 'data-f="probability"' not in page
    assert titles(page) == []  # a filter that does not hold shows nothing rather than everything
    assert "no such field" in page
    for tool in ("filter", "columns", "bulk?do=change"):
        assert "Probability" not in client.get(f"/crm/sales/deal/{tool}", headers=PART).text
    assert "Probability" in visiting(BOSS).get("/crm/sales/deal/filter", headers=PART).text


def test_who_may_not_read_gets_no_list(visiting: As):
    assert visiting(BEN).get("/crm/sales/company").status_code == 403


def test_pages_follow_each_other_without_a_gap(crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        uow.add_many(Deal, [{"title": f"Many {n:03}", "amount": Decimal(n % 7), "owner_id": 1} for n in range(130)])
    client = visiting(BOSS)
    page = client.get("/crm/sales/deal?sort=-amount").text
    found = titles(page)
    assert '<span class="count num" id="list-count">130</span>' in page
    while onward := re.search(r'hx-get="([^"]*rows[^"]*)"', page):
        page = client.get(onward[1].replace("&amp;", "&"), headers=PART).text
        assert "<html" not in page
        found += titles(page)
    assert sorted(found) == [f"Many {n:03}" for n in range(130)]


def test_the_next_page_is_a_plain_link_too(crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        uow.add_many(Deal, [{"title": f"Many {n:03}", "owner_id": 1} for n in range(60)])
    client = visiting(BOSS)
    href = re.search(r'<a class="btn ghost sm" href="([^"]*after=[^"]*)"', client.get("/crm/sales/deal?sort=title").text)
    assert href is not None
    assert titles(client.get(href[1].replace("&amp;", "&")).text) == [f"Many {n:03}" for n in range(50, 60)]


def test_a_list_costs_the_same_however_many_rows_there_are(crm: Crm, visiting: As, queries):
    client = visiting(BOSS)
    address = "/crm/sales/deal?columns=title,amount,company_id,owner_id,sales:next_step,extras:mark"
    counted = []
    for more in (60, 100):
        with crm.uow(BOSS) as uow:
            uow.add_many(Deal, [{"title": f"Some {n}", "owner_id": 1} for n in range(more)])
        client.get(address)
        queries.clear()
        client.get(address)
        counted.append(queries.count)
    assert counted[0] == counted[1] <= 6


def test_rows_by_number_are_those_of_the_list(deals: list[int], visiting: As):
    ids = ",".join(map(str, deals[:4]))
    page = visiting(BOSS).get("/crm/sales/deal/rows", params={"ids": ids, "filter": '{"amount":{"gt":"2000"}}'}, headers=PART).text
    assert titles(page) == ["Deal 04", "Deal 03"]


def test_search_narrows_the_list(deals: list[int], visiting: As):
    assert titles(visiting(BOSS).get("/crm/sales/deal?q=07").text) == ["Deal 07"]


def test_empty_and_unmatched_lists_say_what_to_do(deals: list[int], visiting: As):
    client = visiting(BOSS)
    assert "Nothing here yet" in client.get("/crm/sales/lead").text
    page = client.get('/crm/sales/deal?filter={"amount":{"gt":"99999"}}').text
    assert "Nothing matches" in page
    assert 'href="/crm/sales/deal?view=0"' in page


def test_a_list_begins_with_what_its_look_leaves_in_until_the_chip_is_taken_off(crm: Crm, visiting: As):
    now = crm.clock.now()
    assert "This list begins with a filter" in visiting(BOSS).get("/crm/activities/activity").text
    with crm.uow(BOSS) as uow:
        about = uow.about(uow.add(Company(name="+79123456789", owner_id=1)))
        for name, days, done in (("Long done", -9, now), ("Soon", 2, None), ("Late", -2, None), ("Some day", None, None)):
            due = now + dt.timedelta(days=days) if days is not None else None
            uow.add(Activity(kind="todo", subject=name, due_at=due, done_at=done, owner_id=1, **about))
    client, address = visiting(BOSS), "/crm/activities/activity"
    page = client.get(address).text
    assert titles(page) == ["Late", "Soon", "Some day"]
    chip = html.unescape(re.findall(r'class="fchip-x" href="([^"]+)"', page)[0])
    assert sorted(titles(client.get(chip).text)) == ["Late", "Long done", "Some day", "Soon"]
    assert len(titles(client.get(f"{address}?view=0").text)) == 4
    assert titles(client.get(address, params={"filter": '{"done_at":{"empty":false}}'}).text) == ["Long done"]
    assert "Long done" not in client.get(f"{address}/export?format=csv&columns=subject").text
    assert "fchip-x" not in client.get(f"{address}/calendar").text
    said = client.get("/crm/sales/company").text
    assert "+7 912 345-67-89" in said


def test_archived_records_are_shown_when_asked_for(deals: list[int], crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        uow.archive(uow.get(Deal, deals[4]))
    client = visiting(BOSS)
    assert "Deal 05" not in titles(client.get("/crm/sales/deal").text)
    assert titles(client.get("/crm/sales/deal?archived=true").text) == ["Deal 05"]
    assert len(titles(client.get("/crm/sales/deal?archived=all").text)) == 12


# ---- columns -------------------------------------------------------------------------------------------------------------
def test_columns_are_chosen_in_the_address(deals: list[int], visiting: As):
    page = visiting(BOSS).get("/crm/sales/deal?columns=amount,company.name,title,nonsense,company.nonsense").text
    assert re.findall(r'data-f="([^"]+)"', page) == ["amount", "company.name", "title"]


def test_a_plugin_s_column_is_asked_once_for_a_page(deals: list[int], visiting: As):
    page = visiting(BOSS).get("/crm/sales/deal?columns=title,extras:mark&sort=title").text
    assert "the &lt;first&gt;" in page
    assert extras.asked == [deals]


def test_a_plugin_s_column_that_fails_costs_its_cells_only(deals: list[int], visiting: As, caplog: pytest.LogCaptureFixture):
    page = visiting(BOSS).get("/crm/sales/deal?columns=title,extras:broken,amount").text
    assert len(titles(page)) == 12
    assert "12,000" in page


def test_a_plugin_s_column_asks_for_its_permission(deals: list[int], visiting: As):
    assert "secret mark" in visiting(BOSS).get("/crm/sales/deal?columns=title,extras:kept").text
    assert "secret mark" not in visiting(ANN).get("/crm/sales/deal?columns=title,extras:kept").text


def test_the_column_picker_leads_back_to_the_list(deals: list[int], visiting: As):
    client = visiting(BOSS)
    page = client.get("/crm/sales/deal/columns?columns=title,amount", headers=PART).text
    assert re.findall(r'name="c" value="([^"]+)" checked', page) == ["title", "amount"]
    answer = client.get("/crm/sales/deal/columns/apply?c=amount&c=title&sort=title", headers=PART)
    assert json.loads(answer.headers["hx-location"])["path"] == "/crm/sales/deal?sort=title&columns=amount%2Ctitle"


# ---- export --------------------------------------------------------------------------------------------------------------
def test_an_export_is_what_the_list_shows(deals: list[int], visiting: As):
    asked = {"filter": '{"amount":{"gt":"10000"}}', "columns": "title,amount", "sort": "-amount", "format": "csv"}
    answer = visiting(BOSS).get("/crm/sales/deal/export", params=asked)
    assert answer.headers["content-disposition"] == 'attachment; filename="sales.deal.csv"'
    lines = answer.text.lstrip("\ufeff").split()
    assert lines[0] == "id,title,amount"
    assert [line.split(",")[-1] for line in lines if line[-3:] == ".00"] == ["12000.00", "11000.00"]


def test_an_export_has_plugins_columns_where_they_stand_and_says_which_failed(
    deals: list[int], visiting: As, caplog: pytest.LogCaptureFixture,
):  # fmt: skip
    asked = {"columns": "title,extras:mark,amount,extras:broken", "sort": "title"}
    boss = visiting(BOSS)
    lines = boss.get("/crm/sales/deal/export", params=asked | {"format": "csv"}).text.lstrip("\ufeff").splitlines()
    assert lines[0] == "id,title,extras:mark,amount,extras:broken"
    assert lines[1] == f"{deals[0]},Deal 01,the <first>,1000.00,no data"
    assert lines[2].endswith("Deal 02,,2000.00,no data")
    assert len(extras.asked) == 1
    assert "no such thing" in caplog.text
    book = openpyxl.load_workbook(io.BytesIO(boss.get("/crm/sales/deal/export", params=asked | {"format": "xlsx"}).content))
    assert [cell.value for cell in next(book.active.iter_rows(min_row=2))] == [deals[0], "Deal 01", "the <first>", 1000, "no data"]
    seen = visiting(ANN).get("/crm/sales/deal", params={"columns": "title,extras:kept"}).text
    assert "secret mark" not in seen


def test_chosen_rows_are_exported_alone(deals: list[int], visiting: As):
    answer = visiting(BOSS).get("/crm/sales/deal/export", params={"ids": f"{deals[0]},{deals[1]}", "format": "jsonl", "columns": "title"})
    assert {json.loads(line)["title"] for line in answer.text.splitlines()} == {"Deal 01", "Deal 02"}


def test_an_export_asks_for_its_permission(deals: list[int], visiting: As):
    client = visiting(ANN)
    assert client.get("/crm/sales/deal/export").status_code == 403
    assert "export" not in client.get("/crm/sales/deal/more", headers=PART).text
    assert "format=xlsx" in visiting(BOSS).get("/crm/sales/deal/more", headers=PART).text
