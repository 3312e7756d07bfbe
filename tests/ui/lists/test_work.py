"""Work in lists: a cell, many rows at once, saved views."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from crmkit import Crm
from crmkit.views import View
from crmkit_sales import Deal
from tests.ui.lists.conftest import ANN, BEN, BOSS, PART, As


def toast(answer) -> dict:
    told: dict = json.loads(answer.headers["hx-trigger"])["crm:toast"]
    return told


# ---- one cell ------------------------------------------------------------------------------------------------------------
def test_a_cell_is_saved_and_its_row_comes_back(deals: list[int], crm: Crm, visiting: As):
    client, address = visiting(BOSS), f"/crm/sales/deal/{deals[0]}/cell"
    form = client.get(f"{address}?field=amount", headers=PART).text
    version = re.findall(r'name="version" value="(\d+)"', form)[0]
    answer = client.post(address, data={"field": "amount", "version": version, "amount": "7 500,50", "columns": "title,amount"}, headers=PART)
    assert answer.status_code == 200
    assert f'id="row-{deals[0]}"' in answer.text
    assert "7,500.50" in answer.text
    assert "Oak" not in answer.text


def test_an_amount_stands_in_its_editor_as_a_person_types_it(deals: list[int], visiting: As):
    client, address = visiting(BOSS), f"/crm/sales/deal/{deals[0]}/cell"

    def edited(typed: str, language: str) -> str:
        said = client.post(address, data={"field": "amount", "version": "", "amount": typed}, headers=PART | {"accept-language": language})
        assert said.status_code == 200, said.text
        form = client.get(f"{address}?field=amount", headers=PART | {"accept-language": language}).text
        return re.findall(r'name="amount"[^>]* value="([^"]*)"', form)[0]

    russian = [("257 500,00", "257 500"), ("257500", "257 500"), ("1.257.500,50", "1 257 500,50"), ("257500.5 ₽", "257 500,50"), ("257,5", "257,50")]
    assert [(typed, edited(typed, "ru")) for typed, _shown in russian] == russian
    english = [("257,500", "257500"), ("1,257,500.50", "1257500.5"), ("257 500.00", "257500"), ("0.25", "0.25"), ("12,5", "12.5")]
    assert [(typed, edited(typed, "en")) for typed, _shown in english] == english


def test_what_a_cell_may_not_hold_is_said_in_it(deals: list[int], visiting: As):
    answer = visiting(BOSS).post(f"/crm/sales/deal/{deals[0]}/cell", data={"field": "amount", "version": "", "amount": "much"}, headers=PART)
    assert answer.status_code == 422
    assert 'value="much"' in answer.text
    assert "aria-invalid" in answer.text


def test_somebody_s_newer_value_is_not_overwritten(deals: list[int], crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        version = uow.get(Deal, deals[0]).version
    with crm.uow(BOSS) as uow:
        uow.get(Deal, deals[0]).amount = Decimal(5)
    answer = visiting(BOSS).post(f"/crm/sales/deal/{deals[0]}/cell", data={"field": "amount", "version": str(version), "amount": "9"}, headers=PART)
    assert answer.status_code in (409, 412)
    with crm.read(BOSS) as uow:
        assert uow.get(Deal, deals[0]).amount == 5


@pytest.mark.parametrize("field", ["closes_on", "probability", "created_at", "company.name", "nonsense", "id"])
def test_fields_one_may_not_change_have_no_cell_to_edit(field: str, deals: list[int], visiting: As):
    client = visiting(ANN)
    assert client.get(f"/crm/sales/deal/{deals[0]}/cell", params={"field": field}, headers=PART).status_code == 422
    assert client.post(f"/crm/sales/deal/{deals[0]}/cell", data={"field": field, field: "1"}, headers=PART).status_code == 422
    assert f'data-f="{field}" data-edit' not in client.get(f"/crm/sales/deal?columns=title,{field}").text


def test_who_only_reads_edits_nothing(deals: list[int], visiting: As):
    client = visiting(BEN)
    assert "data-edit" not in client.get("/crm/sales/deal").text
    assert client.post(f"/crm/sales/deal/{deals[0]}/cell", data={"field": "title", "title": "Mine"}, headers=PART).status_code == 422


def test_a_stage_in_a_cell_is_a_move(deals: list[int], crm: Crm, visiting: As):
    client, address = visiting(BOSS), f"/crm/sales/deal/{deals[0]}/cell"
    assert client.post(address, data={"field": "stage", "stage": "qualified"}, headers=PART).status_code in (200, 422)
    answer = client.post(address, data={"field": "stage", "stage": "lost"}, headers=PART)
    assert answer.status_code == 422
    assert "Lost because" in answer.text


# ---- many rows -----------------------------------------------------------------------------------------------------------
def bulk(client, **form: str):
    return client.post("/crm/sales/deal/bulk", data=form, headers=PART)


def test_chosen_rows_are_changed_together_and_taken_back_together(deals: list[int], crm: Crm, visiting: As):
    client = visiting(BOSS)
    answer = bulk(client, do="change", field="amount", amount="5", ids=f"{deals[0]},{deals[1]}")
    assert toast(answer)["text"] == "Done: 2"
    assert "crm:sales.deal" in json.loads(answer.headers["hx-trigger"])
    with crm.read(BOSS) as uow:
        assert [uow.get(Deal, key).amount for key in deals[:3]] == [5, 5, 3000]
    undone = client.post("/crm/_/undo", data={"tx": str(toast(answer)["undo"])}, headers=PART)
    assert undone.status_code < 400
    with crm.read(BOSS) as uow:
        assert [uow.get(Deal, key).amount for key in deals[:3]] == [1000, 2000, 3000]


def test_everything_the_list_shows_is_archived(deals: list[int], crm: Crm, visiting: As):
    answer = bulk(visiting(BOSS), do="archive", all="1", filter='{"amount":{"gt":"6000"}}', q="Deal")
    assert toast(answer)["text"] == "Done: 6"
    with crm.read(BOSS) as uow:
        assert [uow.get(Deal, key).archived_at is None for key in deals] == [True] * 6 + [False] * 6
    assert toast(bulk(visiting(BOSS), do="restore", all="1", archived="true"))["text"] == "Done: 6"


def test_rows_that_will_not_do_are_named_and_nothing_is_changed(deals: list[int], crm: Crm, visiting: As):
    answer = bulk(visiting(BOSS), do="move", stage="lost", ids=f"{deals[0]},{deals[1]}")
    assert answer.status_code == 422
    assert "Nothing was changed: 2 will not do" in answer.text
    assert "Deal 01" in answer.text
    assert 'data-field="lost_reason_id"' in answer.text
    with crm.read(BOSS) as uow:
        assert uow.get(Deal, deals[0]).stage == uow.get(Deal, deals[5]).stage


def test_nobody_changes_rows_of_others(deals: list[int], crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        other = uow.add(Deal(title="Of somebody else", owner_id=1))
        uow.flush()
    answer = bulk(visiting(ANN), do="change", field="amount", amount="5", ids=f"{deals[0]},{other.id}")
    assert answer.status_code == 422
    assert "Of somebody else" not in answer.text
    assert bulk(visiting(BEN), do="archive", ids=str(deals[0])).status_code in (403, 422)
    with crm.read(BOSS) as uow:
        assert uow.get(Deal, deals[0]).amount == 1000
        assert uow.get(Deal, deals[0]).archived_at is None


def test_a_read_only_field_is_not_offered_nor_taken(deals: list[int], visiting: As):
    client = visiting(ANN)
    assert 'value="closes_on"' not in client.get("/crm/sales/deal/bulk?do=change", headers=PART).text
    assert bulk(client, do="change", field="closes_on", closes_on="2026-01-01", ids=str(deals[0])).status_code == 422


def test_a_plugin_s_command_runs_on_all_chosen_rows_or_on_none(deals: list[int], crm: Crm, visiting: As):
    client = visiting(BOSS)
    with crm.uow(BOSS) as uow:
        uow.get(Deal, deals[0]).amount = Decimal(1499)
        uow.get(Deal, deals[2]).amount = None
    assert 'data-do="command:round_off"' in client.get("/crm/sales/deal/bulk", headers=PART).text
    refused = bulk(client, do="command:round_off", ids=f"{deals[0]},{deals[2]}")
    assert refused.status_code == 422
    assert "there is nothing to round" in refused.text
    with crm.read(BOSS) as uow:
        assert uow.get(Deal, deals[0]).amount == 1499
    assert toast(bulk(client, do="command:round_off", ids=str(deals[0])))["text"] == "Done: 1"
    with crm.read(BOSS) as uow:
        assert uow.get(Deal, deals[0]).amount == 1000
    assert "command:" not in visiting(ANN).get("/crm/sales/deal/bulk", headers=PART).text


NONSENSE = [{"do": "nonsense", "ids": "1"}, {"do": "archive"}, {"do": "archive", "ids": "x"}, {"do": "command:gone", "ids": "1"}]


@pytest.mark.parametrize("form", NONSENSE)
def test_bulk_work_that_makes_no_sense_is_refused(form: dict[str, str], deals: list[int], visiting: As):
    assert bulk(visiting(BOSS), **form).status_code in (404, 422)


# ---- saved views ---------------------------------------------------------------------------------------------------------
def views(client, **form: str):
    return client.post("/crm/sales/deal/views", data=form, headers=PART)


def test_a_view_is_saved_opened_updated_and_deleted(deals: list[int], crm: Crm, visiting: As):
    client = visiting(ANN)
    state = {"filter": '{"amount":{"gt":"9000"}}', "sort": "-amount", "columns": "title,amount,extras:mark"}
    answer = views(client, do="save", name="Large ones", **state)
    path = json.loads(answer.headers["hx-location"])["path"]
    key = path.rpartition("=")[2]
    page = client.get(path).text
    assert re.findall(r'class="row-a"[^>]*>([^<]+)<', page) == ["Deal 12", "Deal 11", "Deal 10"]
    assert re.findall(r'data-f="([^"]+)"', page) == ["title", "amount", "extras:mark"]
    assert "changed" in client.get(f"/crm/sales/deal?view={key}&sort=amount").text
    views(client, do="update", view=key, filter='{"amount":{"gt":"11000"}}')
    views(client, do="first", view=key)
    assert re.findall(r'class="row-a"[^>]*>([^<]+)<', client.get("/crm/sales/deal").text) == ["Deal 12"]
    assert "Deal 01" in client.get("/crm/sales/deal?view=0").text
    views(client, do="delete", view=key)
    with crm.read(BOSS) as uow:
        assert uow.get(View, int(key)).archived_at is not None
    assert "Deal 01" in client.get("/crm/sales/deal").text


def test_a_view_needs_a_name(visiting: As):
    answer = views(visiting(ANN), do="save", name=" ")
    assert answer.status_code == 422
    assert "give it a name" in answer.text


def test_only_who_may_share_shares(visiting: As):
    assert views(visiting(ANN), do="save", name="Ours", shared="everybody").status_code == 422
    answer = views(visiting(BOSS), do="save", name="Ours", shared="everybody")
    assert "hx-location" in answer.headers
    assert "Ours" in visiting(ANN).get("/crm/sales/deal/views", headers=PART).text


def test_nobody_changes_somebody_else_s_view(crm: Crm, visiting: As):
    answer = views(visiting(BOSS), do="save", name="Ours", shared="everybody")
    key = json.loads(answer.headers["hx-location"])["path"].rpartition("=")[2]
    assert views(visiting(ANN), do="delete", view=key).status_code == 403
    with crm.read(BOSS) as uow:
        assert uow.get(View, int(key)).archived_at is None


def test_a_view_of_another_kind_or_person_is_not_opened(deals: list[int], visiting: As):
    answer = views(visiting(BOSS), do="save", name="Private", filter='{"amount":{"gt":"11000"}}')
    key = json.loads(answer.headers["hx-location"])["path"].rpartition("=")[2]
    page = visiting(ANN).get(f"/crm/sales/deal?view={key}").text
    assert "Private" not in page
    assert "Deal 01" in page
