"""Fields that are hidden from somebody are hidden on every page, in every part of a plugin, and in what may be asked of lists."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal

import pytest

from crmkit.accounts import User
from crmkit.activities import Activity
from crmkit.webhooks import Endpoint
from crmkit_sales import Contact, Deal

from .conftest import ANN, BLIND, BOSS, PART, Enter

SECRETS = ("Zecretdeal", "Zecretcontact", "Zecretcall", "31337", "+79161234567", "u1@secret.example", "Pozition", "hooks.secret")


@pytest.fixture
def things(crm) -> dict[str, int]:
    with crm.uow(BOSS) as uow:
        user = uow.add(User(login="u1@secret.example", name="Person 1", position="Pozition"))
        contact = uow.add(Contact(name="Zecret contact", phone="+79161234567", owner_id=3))
        uow.flush()
        deal = uow.add(Deal(title="Zecret deal", amount=Decimal(31337), owner_id=3, contact_id=contact.id, closes_on=dt.date(2026, 3, 3)))
        hook = uow.add(Endpoint(url="https://hooks.secret.example/", events=["sales.deal.*"], owner_id=1, secret="x" * 40))
        uow.flush()
        step = uow.add(Activity(kind="call", subject="Zecret call", due_at=uow.now, owner_id=3, **uow.about(deal)))
        uow.flush()
        return {"user": user.id, "contact": contact.id, "deal": deal.id, "step": step.id, "hook": hook.id}


def filters() -> list[str]:
    asked = [{"amount": {"gt": 1}}, {"title": {"starts": "Z"}}, {"contact.phone": {"starts": "+7916"}}, {"contact.name": {"contains": "Zecret"}}]
    return [json.dumps(tree) for tree in asked]


def test_no_page_shows_them(enter: Enter, things):
    browser, deal, contact = enter(BLIND), things["deal"], things["contact"]
    at = f"/sales/deal/{deal}"
    paths = (
        at, f"{at}?part=head", f"{at}?part=props", f"{at}/timeline", f"{at}/history", f"{at}/edit", f"{at}/cell?field=closes_on",
        f"{at}/field?name=closes_on", f"{at}/merge", "/sales/deal", "/sales/deal/board", "/sales/deal/board/changes", "/sales/deal/calendar",
        "/sales/deal/calendar?month=2026-03", f"/sales/deal/rows?ids={deal}", "/sales/deal/board/more?stage=new", "/sales/deal/pick",
        "/sales/deal/pick?q=Zecret", "/sales/contact/pick", "/sales/deal?columns=title,amount,contact.name,contact.phone", "/sales/deal?q=Zecret",
        "/sales/deal/export?format=csv&columns=title,amount,contact.phone", f"/sales/deal/export?format=jsonl&ids={deal}",
        f"/sales/contact/{contact}", f"/sales/contact/{contact}/related?of=sales.deal.contact_id", f"/sales/contact/{contact}/history",
        "/search?q=Zecret", "/_/palette?q=Zecret", "/_/pick/any?q=Zecret", "/operations?whose=all", "/admin/journal", "/admin/journal?text=Zecret",
        f"/admin/why?person=1&kind=sales.deal&id={deal}", "/", "/_/widget/activities/my_steps", "/_/widget/sales/my_deals", "/sales/dashboard",
        f"/_/panel/activities/next_step_bar/sales.deal/{deal}", f"/_/panel/activities/activities_of/sales.deal/{deal}",
        f"/_/panel/duplicates/beside_record/sales.contact/{contact}", "/duplicates/review", f"/activities/activity/{things['step']}",
        "/activities/activity", f"/accounts/people/{things['user']}", "/accounts/people", f"/accounts/user/{things['user']}",
        "/webhooks/endpoints", f"/webhooks/endpoints/{things['hook']}", f"/sales/deal?columns=sales:next_step&filter={{\"id\":{deal}}}",
        f"/sales/deal/new?contact_id={contact}", f"/sales/deal/bulk?do=change&ids={deal}",
    )  # fmt: skip
    for path in paths:
        for headers in ({}, PART):
            answer = browser.get(path, headers=headers)
            assert answer.status_code < 500, path
            text = re.sub(r"[\s\u00a0\u202f,]|</?mark>", "", answer.text)
            found = [secret for secret in SECRETS if secret in text]
            assert not found, (path, found)
    assert browser.get("/accounts/people").status_code == 200


def test_they_are_no_oracle(enter: Enter, things):
    """A filter, an order or a search by a hidden field answers the same whether it would match or not: it is refused."""
    browser, deal = enter(BLIND), things["deal"]
    for tree in filters():
        for verb in ("", "/board", "/calendar?month=2026-03"):
            text = browser.get(f"/sales/deal{verb}", params={"filter": tree}).text
            assert f'/sales/deal/{deal}"' not in text, (verb, tree)
        assert browser.get("/sales/deal/export", params={"filter": tree}).status_code == 422
        assert browser.get("/sales/deal/filter/apply", params={"do": "json", "json": tree}, headers=PART).status_code == 422
        chosen = browser.post("/sales/deal/bulk", data={"do": "archive", "all": "1", "filter": tree}, headers=PART)
        assert chosen.status_code == 422
        saved = browser.post("/sales/deal/views", data={"do": "save", "name": "x", "filter": tree}, headers=PART)
        assert saved.status_code == 422, saved.text
    for name in ("amount", "-title", "contact.name"):
        answer = browser.get(f"/sales/deal?sort={name}")
        assert 'aria-sort="ascending"' not in answer.text
    for name in ("amount", "title", "contact.phone", "contact.name"):
        assert browser.get(f"/sales/deal/filter?field={name}&way=contains&v=x").text.count('name="v"') == 0


def test_they_are_not_written_either(enter: Enter, crm, things):
    browser, at = enter(BLIND), f"/sales/deal/{things['deal']}"
    browser.post(f"{at}/cell", data={"field": "title", "title": "mine", "version": "1"}, headers=PART)
    browser.post(f"{at}/field?name=title", data={"title": "mine", "_version": "1"}, headers=PART)
    browser.post(f"{at}/edit", data={"title": "mine", "amount": "1", "_version": "1", "_was": "{}"}, headers=PART)
    browser.post("/sales/deal/bulk", data={"do": "change", "ids": things["deal"], "field": "title", "title": "mine"}, headers=PART)
    browser.post(f"{at}/move", data={"stage": "new", "title": "mine", "amount": "1"}, headers=PART)
    with crm.read() as uow:
        kept = uow.get(Deal, things["deal"])
        assert (kept.title, kept.amount) == ("Zecret deal", Decimal(31337))


def test_names_of_people_one_may_not_see(enter: Enter, crm, make, things):
    """Whoever may not read people learns no name by naming a number: in choosers, filters, forms and commands."""
    mine = make(Deal, title="Mine", owner_id=2)
    who = things["user"]
    browser = enter(ANN)
    paths = (
        f"/_/pick/person?recent={who}", f'/sales/deal?filter={{"owner_id":{who}}}', f"/sales/deal/new?owner_id={who}",
        f"/sales/deal/filter?field=owner_id&way=in&v={who}", f"/sales/deal/{mine.id}/do/win?owner_id={who}", "/_/pick/team?recent=1",
        f"/activities/compose/activity/sales.deal/{mine.id}?owner_id={who}",
    )  # fmt: skip
    for path in paths:
        assert "Person 1" not in browser.get(path, headers=PART).text, path
    for path, data in (
        ("/sales/deal/new", {"title": "", "owner_id": who}), (f"/sales/deal/{mine.id}/field?name=owner_id", {"owner_id": who, "_version": "0"}),
        (f"/sales/deal/{mine.id}/edit", {"title": "", "owner_id": who, "_version": "0", "_was": json.dumps({"owner_id": str(who), "title": "x"})}),
        (f"/sales/deal/{mine.id}/cell", {"field": "owner_id", "owner_id": who, "version": "0"}),
        ("/sales/deal/bulk/form", {"do": "owner", "ids": mine.id, "owner_id": who}),
    ):  # fmt: skip
        assert "Person 1" not in browser.post(path, data=data, headers=PART).text, path
    boss = enter(BOSS)
    for path in paths[:4]:
        assert "Person 1" in boss.get(path, headers=PART).text, path
