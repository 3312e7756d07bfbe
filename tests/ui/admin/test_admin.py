"""Pages for those who run the CRM: who may open them, what they show, and what they never show."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest

from crmkit import Actor, Crm, MovableClock
from crmkit.testing import Queries
from crmkit_sales import SALES, Deal
from tests.ui.admin.conftest import ANN, BOSS, As
from tests.ui.admin.shelf_plugin import Dropped

PAGES = ["/admin/jobs", "/admin/plugins", "/admin/journal", "/admin/why", "/settings/general"]


@pytest.fixture
def deal(crm: Crm) -> Deal:
    with crm.uow(BOSS) as uow:
        made = uow.add(Deal(title="Kitchen <b>", amount=Decimal(100), owner_id=2))
    with crm.uow(BOSS) as uow:
        uow.get(Deal, made.id).amount = Decimal(250)
    return made


@pytest.mark.parametrize("path", PAGES)
def test_pages_open_for_those_who_may(path: str, visiting: As):
    answer = visiting(BOSS).get(f"/crm{path}")
    assert answer.status_code == 200
    assert "<h1>" in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_closed_to_others(path: str, visiting: As):
    answer = visiting(ANN).get(f"/crm{path}")
    assert (answer.status_code, "You need the permission “" in answer.text and "crmkit." not in answer.text.partition("<main")[2]) == (403, True)


def test_the_menu_shows_only_what_opens(visiting: As):
    assert "/crm/admin/jobs" in visiting(BOSS).get("/crm/admin/plugins").text
    assert "/crm/admin/jobs" not in visiting(ANN).get("/crm/admin/plugins").text


# ---- jobs -----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def dead(crm: Crm, clock: MovableClock) -> int:
    with crm.uow() as uow:
        uow.schedule(Dropped("a plate of somebody's"), at=uow.now)
    crm.deliver()  # the delivery hands the call over, which fails and is tried again later
    for _round in range(60):
        if crm.jobs.find("dead"):
            break
        clock.forward(days=1)
        crm.deliver()
    return crm.jobs.find("dead")[0].id


def test_a_stopped_job_is_shown_with_its_error_and_tried_again(crm: Crm, dead: int, visiting: As):
    client = visiting(BOSS)
    page = client.get("/crm/admin/jobs").text
    assert f"№ {dead}" in page
    assert re.search(r"<summary>[^<]*it broke", page)  # what went wrong, not where the traceback begins
    assert "a plate of somebody" not in page
    assert "<b>Call to another system</b>" in page
    assert "<b>Обращение к другой системе</b>" in client.get("/crm/admin/jobs", headers={"accept-language": "ru"}).text
    answer = client.post("/crm/admin/jobs/replay", data={"id": str(dead)}, headers={"hx-request": "true"})
    assert "Will be tried again: 1" in answer.headers["hx-trigger"]
    assert [j.id for j in crm.jobs.find("pending") if j.id == dead] == [dead]


def test_what_a_job_is_about_is_named_as_far_as_one_may_see_it(crm: Crm, deal: Deal, visiting: As):
    with crm.uow() as uow:
        offer = uow.add(Deal(title="Hall", owner_id=2))
        uow.settle()
        uow.move(offer, SALES["offer"], {"amount": Decimal(10)})
    path = f"/crm/sales/deal/{offer.id}"
    page = visiting(BOSS).get("/crm/admin/jobs?state=pending").text
    assert "<b>Long in a stage</b>" in page
    assert f'<a class="ref" href="{path}">Hall</a>' in page
    keeper = visiting(Actor(5, "Keeper", ("keeper",))).get("/crm/admin/jobs?state=pending").text
    assert f"№ {offer.id}" in keeper
    assert path not in keeper
    assert "Hall" not in keeper


def test_what_cannot_be_tried_again_is_told(crm: Crm, visiting: As):
    answer = visiting(BOSS).post("/crm/admin/jobs/replay", data={"id": "77"}, headers={"hx-request": "true"})
    assert (answer.status_code, "None of them can run again" in answer.headers["hx-trigger"]) == (204, True)


def test_replay_asks_for_the_permission(dead: int, crm: Crm, visiting: As):
    assert visiting(ANN).post("/crm/admin/jobs/replay", data={"id": str(dead)}).status_code == 403
    assert crm.jobs.find("dead")


# ---- the journal ----------------------------------------------------------------------------------------------------------
def test_the_journal_is_told_in_words(deal: Deal, visiting: As):
    page = visiting(BOSS).get("/crm/admin/journal?kind=sales.deal").text
    for words in ("Boss", "changed", f"/crm/sales/deal/{deal.id}", "<del>100</del>", "<ins>250</ins>", "Kitchen &lt;b&gt;", "person &lt;2&gt;"):
        assert words in page


def test_the_journal_is_filtered_by_everything_it_offers(deal: Deal, visiting: As):
    client, nothing = visiting(BOSS), "Ask for less"
    day = (deal.created_at - dt.timedelta(days=1)).date().isoformat()
    for query, found in {
        "actor=1": True, "actor=9": False, "action=moved": False, "action=changed": True, "text=kitchen": True, "text=nowhere": False,
        f"since={day}": True, f"until={day}": False, "since=nonsense": True, "kind=nonsense": True, f"kind=sales.deal&record={deal.id}": True,
    }.items():  # fmt: skip
        assert (nothing not in client.get(f"/crm/admin/journal?{query}").text) is found, query


def test_the_journal_asks_the_same_number_of_questions_however_long_it_is(crm: Crm, queries: Queries, visiting: As):
    def asked() -> int:
        queries.clear()
        client.get("/crm/admin/journal")
        return queries.count

    client = visiting(BOSS)
    with crm.uow(BOSS) as uow:
        uow.add(Deal(title="One", owner_id=2))
    client.get("/crm/admin/journal")
    few = asked()
    with crm.uow(BOSS) as uow:
        for number in range(30):
            uow.add(Deal(title=f"Deal {number}", owner_id=number))
    assert asked() <= few + 1


# ---- why ------------------------------------------------------------------------------------------------------------------
def test_why_names_the_role_the_rule_and_the_hidden_fields(deal: Deal, visiting: As):
    page = visiting(BOSS).get(f"/crm/admin/why?person=2&kind=sales.deal&id={deal.id}").text
    for words in ("May see: role «seller» grants it for own", "Probability", "Kitchen &lt;b&gt;"):
        assert words in page


def test_why_not_is_said_in_words_too(crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        other = uow.add(Deal(title="Not hers", owner_id=9))
    asked = f"/crm/admin/why?person=2&kind=sales.deal&id={other.id}"
    assert "May not see: it is granted for own records only, and the record is outside" in visiting(BOSS).get(asked).text
    russian = visiting(BOSS).get(asked, headers={"accept-language": "ru"}).text
    assert "Не может видеть: право дано только на свои записи, эта к ним не относится" in russian


def test_why_says_who_or_what_is_not_there(deal: Deal, visiting: As):
    client = visiting(BOSS)
    assert "There is no such person" in client.get(f"/crm/admin/why?person=5&kind=sales.deal&id={deal.id}").text
    assert "There is no Deal 999" in client.get("/crm/admin/why?person=2&kind=sales.deal&id=999").text


# ---- settings -------------------------------------------------------------------------------------------------------------
def test_settings_show_what_is_in_force_and_no_secret(crm: Crm, visiting: As):
    page = visiting(BOSS).get("/crm/settings/general").text
    for words in ("[shelf]", "How long it takes to fill.", "2h", "kept secret"):
        assert words in page
    assert "do-not-show-me" not in page
    assert str(crm.engine.url.database) not in page


def test_a_plugin_has_a_tab_whose_form_comes_back_with_what_is_wrong(visiting: As):
    client = visiting(BOSS)
    place = "/crm/settings/shelf.shelf_tab"
    assert "<p id='shelf'>fine</p>" in client.get(place).text
    refused = client.post(place, data={"height": ""})
    assert (refused.status_code, "<p id='shelf'>say how high</p>" in refused.text) == (422, True)
    assert "Arranged" in client.post(place, data={"height": "3"}, headers={"hx-request": "true"}).headers["hx-trigger"]


def test_a_tab_is_there_for_those_who_may(visiting: As):
    client = visiting(ANN)
    assert client.get("/crm/settings/shelf.shelf_tab").status_code == 403
    assert client.post("/crm/settings/shelf.shelf_tab", data={"height": "3"}).status_code == 403
    assert client.get("/crm/settings/nobody.nothing").status_code == 404
    assert client.get("/crm/settings").status_code == 403


def test_plugins_tell_what_they_add(visiting: As):
    page = visiting(BOSS).get("/crm/admin/plugins").text
    for words in ("Sales", "Deals", "up to date", "Shelf", "<dt>Needs</dt><dd>Activities</dd>"):
        assert words in page


RUSSIAN = {"/admin/jobs": "Задания", "/admin/journal": "Журнал", "/settings/general": "Настройки", "/admin/plugins": "таблицы актуальны"}


@pytest.mark.parametrize(("path", "words"), RUSSIAN.items())
def test_everything_is_in_russian_too(path: str, words: str, deal: Deal, visiting: As):
    assert words in visiting(BOSS).get(f"/crm{path}", headers={"accept-language": "ru"}).text


def test_the_menu_of_a_record_leads_to_why_with_the_record_filled_in(deal: Deal, visiting: As):
    client, link = visiting(BOSS), f"/crm/admin/why?kind=sales.deal&amp;id={deal.id}"
    assert link in client.get(f"/crm/sales/deal/{deal.id}").text
    assert link not in visiting(ANN).get(f"/crm/sales/deal/{deal.id}").text
    page = client.get(link.replace("&amp;", "&")).text
    assert "Kitchen &lt;b&gt;" in page
    assert f'value="{deal.id}"' in page


def test_the_journal_calls_records_and_the_system_by_name(crm: Crm, visiting: As):
    with crm.uow() as uow:
        uow.add(Deal(title="By itself", owner_id=2))
    page = visiting(BOSS).get("/crm/admin/journal?kind=sales.deal").text
    assert "<b>The system</b>" in page
    assert 'class="av' not in page.partition('class="adm-log"')[2], "the system has no face"
    assert ">By itself</a>" in page
