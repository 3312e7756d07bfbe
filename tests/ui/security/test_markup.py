"""What people type stays text: in every value, title, name and label, wherever it is shown or handed to scripts."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from httpx2 import Response

from crmkit import Crm
from crmkit.accounts import Team, TeamKind, User
from crmkit.activities import Activity, Note
from crmkit.views import View
from crmkit.webhooks import Endpoint
from crmkit_sales import Company, Contact, Deal, Source

from .conftest import BOSS, PART, SAME, Enter

EVIL = (
    "'\"></textarea></title></script><script>alert(1)</script><img src=x onerror=alert(2) "
    "hx-get=/x hx-trigger=load data-window=//e data-evil=1>{{7*7}}${7*7}"
)


class Found(HTMLParser):
    """Gathers what a page has that no template of ours writes: elements and attributes that came out of a value."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "data-evil" in given or any(name.startswith("on") for name in given) or (tag == "img" and given.get("src") == "x"):
            self.bad.append(f"{tag} {attrs}")
        if tag == "script" and not given.get("src") and given.get("type") != "importmap":
            self.bad.append(f"inline script {attrs}")
        for name in ("href", "src", "action", "hx-get", "hx-post", "data-src", "data-window"):
            value = (given.get(name) or "").strip().lower()
            if value.startswith(("javascript:", "data:text", "vbscript:", "//")):
                self.bad.append(f"{tag} {name}={value}")


def wrong_in(answer: Response) -> list[str]:
    text, found = answer.text, Found()
    if not answer.headers.get("content-type", "text/html").startswith("text/html"):
        return []  # a problem document, sent as what it is: scripts take its words as text
    found.feed(text)
    if "alert(1)</script>" in text and "&lt;/script&gt;" not in text and "\\u003c" not in text:
        found.bad.append("unescaped")
    return found.bad


@pytest.fixture
def things(crm) -> dict[str, int]:
    with crm.uow(BOSS) as uow:
        team = uow.add(Team(name=EVIL[:100], kind=TeamKind.COMPANY))
        uow.flush()
        user = uow.add(User(login="one@example.com", name=EVIL[:190], position=EVIL[:100], team_id=team.id))
        company = uow.add(Company(name=EVIL[:190], owner_id=1))
        source = uow.add(Source(name=EVIL[:100], code="evil"))
        uow.flush()
        contact = uow.add(Contact(name=EVIL[:190], owner_id=1, company_id=company.id, phone="+79161234567", email="a@example.com"))
        twin = uow.add(Contact(name=EVIL[:190], owner_id=1, company_id=company.id, phone="+79161234567"))
        uow.flush()
        deal = uow.add(Deal(title=EVIL[:190], owner_id=user.id, contact_id=contact.id, company_id=company.id, source_id=source.id,
            closes_on=dt.date(2026, 3, 3)))  # fmt: skip
        uow.flush()
        about = uow.about(deal)
        uow.add(Note(text=EVIL, pinned=True, owner_id=1, **about))
        uow.add(Activity(kind="call", subject=EVIL[:190], text=EVIL, due_at=uow.now, owner_id=1, **about))
        view = uow.add(View(name=EVIL[:100], kind="sales.deal", owner_id=1, filter={"title": {"contains": EVIL[:100]}}))
        hook = uow.add(Endpoint(url="https://hooks.example/%22%3E", description=EVIL[:100], events=["sales.deal.*"], owner_id=1, secret="x" * 40))
        uow.flush()
        return {"team": team.id, "user": user.id, "company": company.id, "contact": contact.id, "twin": twin.id, "deal": deal.id, "view": view.id,
            "hook": hook.id, "source": source.id}  # fmt: skip


def share(of: Sequence[str], crm: Crm) -> Sequence[str]:
    """Return what is tried on this database: what escapes a value knows of none, so each half is tried on one of the two.

    CRMKIT_TEST_LONG=1 tries all on both.
    """
    return of if os.environ.get("CRMKIT_TEST_LONG") else of[crm.engine.dialect.name == "sqlite" :: 2]


def test_no_value_becomes_markup(crm, enter: Enter, things):
    browser = enter(BOSS)
    deal, contact = f"/sales/deal/{things['deal']}", f"/sales/contact/{things['contact']}"
    tree = json.dumps({"title": {"contains": EVIL[:100]}, "owner_id": things["user"], EVIL[:60]: 1})
    paths = (
        deal, f"{deal}/history", f"{deal}/timeline", f"{deal}/edit", f"{deal}/cell?field=title", f"{deal}/field?name=title", f"{deal}/merge",
        f"{deal}?part=head", f"{contact}", f"{contact}/merge?with={things['twin']}", f"{contact}/related?of=sales.deal.contact_id",
        "/sales/deal", "/sales/deal/board", "/sales/deal/calendar?month=2026-03", "/sales/deal/pick", f"/sales/deal?view={things['view']}",
        "/sales/deal?columns=title,contact.name,company.name,source.name,sales:next_step", "/sales/deal/columns", "/sales/deal/more",
        "/_/palette?q=script", "/search?q=script", "/_/pick/person", "/_/pick/team", "/_/pick/any?q=script", "/operations?whose=all",
        "/operations?whose=all&show=changes", "/admin/journal", f"/admin/why?person={things['user']}&kind=sales.deal&id={things['deal']}",
        "/admin/jobs", "/accounts/people", f"/accounts/people/{things['user']}", "/accounts/teams", f"/accounts/teams?team={things['team']}",
        "/accounts/roles", "/accounts/roles/new", "/webhooks/endpoints", f"/webhooks/endpoints/{things['hook']}", "/", "/sales/dashboard",
        "/_/widget/sales/by_source", "/_/widget/sales/by_manager", "/_/widget/sales/my_deals", "/_/widget/activities/my_steps",
        "/duplicates/review", "/activities/note", "/activities/activity", "/views/view", f"{deal}/do/win", "/settings", "/undo?tx=1",
    )  # fmt: skip
    asked = ("q", "filter", "sort", "columns", "view", "pipeline", "month", "by", "scale", "stage", "at", "field", "way", "v", "json", "do", "ids",
        "after", "period", "kind", "title", "_next", "_pick", "_name", "back", "next", "problem", "login", "recent", "edit", "only", "part", "with",
        "whose", "show", "text", "state", "role", "team", "layout", "archived", "stage")  # fmt: skip
    for path in share(paths, crm):
        for headers in ({}, PART):
            answer = browser.get(path, headers=headers)
            assert answer.status_code < 500, path
            assert not wrong_in(answer), (path, wrong_in(answer))
            assert "49" not in answer.text.partition("${")[0][-60:], path
        for given in (EVIL, "javascript:alert(1)", "//evil.example"):
            answer = browser.get(path.partition("?")[0], params=dict.fromkeys(asked, given), headers=PART)
            assert answer.status_code < 500, path
            assert not wrong_in(answer), (path, wrong_in(answer))
    for verb in ("", "/board", "/calendar", "/filter", "/new", "/pick"):
        for name in share(asked, crm):
            answer = browser.get(f"/sales/deal{verb}", params={name: EVIL})
            assert answer.status_code < 500, (verb, name)
            assert not wrong_in(answer), (verb, name, wrong_in(answer))
    for verb in ("", "/board", "/calendar", "/filter", "/columns", "/bulk", "/views", "/more"):
        answer = browser.get(f"/sales/deal{verb}", params={"filter": tree})
        assert not wrong_in(answer), verb


def test_nor_what_was_typed_and_refused(enter: Enter, things):
    browser, deal = enter(BOSS), f"/sales/deal/{things['deal']}"
    names = ("title", "amount", "closes_on", "owner_id", "contact_id", "stage", "pipeline", "probability", "_next", "_pick", "_key", "_was",
        "_version",
        "field", "version", "do", "name", "ids", "filter", "login", "password", "next", "kind", "with", "take.title", "text", "subject", "due_at",
        "label", "g:sales.deal.read", "pattern", "pattern-scope", "url", "description", "conditions", "events", "what", "to", "back")  # fmt: skip
    sent = dict.fromkeys(names, EVIL)
    for path in (
        "/sales/deal/new", f"{deal}/edit", f"{deal}/cell", f"{deal}/field?name=title", f"{deal}/move", f"{deal}/merge", "/sales/deal/bulk",
        "/sales/deal/bulk/form", "/sales/deal/views", f"{deal}/do/win", "/accounts/login", "/accounts/forgot", "/accounts/enter",
        "/accounts/roles/new", "/accounts/people/invite",
        "/webhooks/endpoints/new", f"/activities/compose/note/sales.deal/{things['deal']}", "/accounts/profile",
        f"/activities/compose/activity/sales.deal/{things['deal']}", "/undo", "/_/undo", "/_/prefs", f"/accounts/people/{things['user']}",
        "/_/beside/duplicates/while_typing/sales.contact", "/duplicates/review",
    ):  # fmt: skip
        for given in (sent, {n: v for n, v in sent.items() if n != "do"}, sent | {"do": "save"}, sent | {"do": "change", "ids": things["deal"]}):
            for headers in (PART, SAME):
                answer = browser.post(path, data=given, headers=headers)
                assert answer.status_code < 500, path
                if "html" in answer.headers.get("content-type", ""):
                    assert not wrong_in(answer), (path, wrong_in(answer))
                for value in (answer.headers.get("hx-trigger", ""), answer.headers.get("hx-location", "")):
                    assert "\n" not in value
                    assert not value or json.loads(value)
