"""What every answer says: a policy on each page, nothing kept, nothing changed by looking, and nothing sent from other sites."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from crmkit.activities import Note
from crmkit.core.ledger import journal
from crmkit_sales import Contact, Deal

from .conftest import ANN, BOSS, PART, SAME, SITE, Enter

EVIL = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
NEW = re.compile(r'(?:href|action|src|hx-get|hx-post|data-src|data-source|data-new|data-move)="(/[^"#]*)"')


@pytest.fixture
def deal(make):
    contact = make(Contact, name="Anna", phone="+79161234567", owner_id=1)
    made = make(Deal, title="Roof", owner_id=1, contact_id=contact.id)
    make(Note, text="a note", about_kind="sales.deal", about_id=made.id, owner_id=1)
    return made


def addresses(crm, deal) -> list[str]:
    """Return every address of the pages, with something put in its braces."""
    site = crm.app.router.default.pages
    words = {"plugin": "activities", "key": "composer", "kind": "sales.deal", "id": str(deal.id), "number": "1", "topic": "sales.deal",
        "of": "person", "name": "home", "tab": "general", "card": "1"}  # fmt: skip
    found = [*site.fixed]
    for route, _methods in site.below:
        found.append(re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: words.get(m[1], "1"), route.path))
    found += [f"/sales/deal/{verb}".rstrip("/") for verb in site.of_kind]
    found += [f"/sales/deal/{deal.id}/{verb}".rstrip("/") for verb in site.of_record]
    return found


def written(crm) -> int:
    with crm.read() as uow:
        return uow.connection.execute(sa.select(sa.func.count()).select_from(journal)).scalar_one()


def test_every_page_has_a_policy_and_is_kept_nowhere(enter: Enter, crm, deal):
    for browser in (enter(BOSS), enter(ANN), enter(None)):
        for path in addresses(crm, deal):
            for headers in ({}, PART):
                answer = browser.get(path, headers=headers)
                assert answer.status_code < 500, (path, answer.text[:300])
                assert answer.headers["x-content-type-options"] == "nosniff"
                if answer.headers.get("content-type", "").startswith("text/html") and answer.content:
                    policy = answer.headers["content-security-policy"]
                    assert "default-src 'none'" in policy, path
                    assert "unsafe" not in policy
                    assert "frame-ancestors 'none'" in policy
                    assert answer.headers["cache-control"].startswith("private, no-store"), path
                    assert "Cookie" in answer.headers["vary"]
                    assert not re.search(r"<[^>]+\s(style|on\w+|hx-on[\w:-]*)=", answer.text), path
                    assert "<style" not in answer.text
                elif answer.status_code == 200 and not path.startswith("/_/brand"):
                    assert "public" not in answer.headers.get("cache-control", "private"), path


def test_looking_changes_nothing(enter: Enter, crm, deal):
    browser, before = enter(BOSS), written(crm)
    for path in addresses(crm, deal):
        browser.get(path)
        browser.get(path, headers=PART, params={"do": "archive", "ids": deal.id, "all": "1", "title": "x", "stage": "won", "tx": 1, "what": "run"})
        browser.request("HEAD", path)
    assert written(crm) == before


def test_pages_of_other_sites_change_nothing(enter: Enter, crm, deal):
    browser, before = enter(BOSS), written(crm)
    for path in addresses(crm, deal):
        for headers in (EVIL, {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "https://crm.example.evil.example"},
            {"origin": SITE, "sec-fetch-site": "same-site"}, {"origin": "http://crm.example:8080"}):  # fmt: skip
            answer = browser.post(path, headers=headers, data={"title": "forged", "stage": "won", "do": "archive", "tx": "1"})
            assert answer.status_code in (403, 405, 404), (path, headers, answer.status_code)
            assert "set-cookie" not in answer.headers
    assert written(crm) == before


def test_nobody_gets_anything_but_the_doors(enter: Enter, crm, deal):
    """Without a session every page leads to the sign-in page; nothing is read, nothing taken in."""
    browser = enter(None)
    for path in addresses(crm, deal):
        answer = browser.get(path)
        open_ones = path.startswith(("/accounts/login", "/accounts/code", "/accounts/forgot", "/accounts/enter", "/accounts/password", "/_/brand"))
        if not open_ones:
            assert answer.status_code in (303, 401, 403, 404, 405), (path, answer.status_code)
            assert "Roof" not in answer.text
        sent = browser.post(path, data={"title": "x"}, headers=SAME)
        assert sent.status_code < 500, path
        if not open_ones and not path.startswith(("/_/prefs", "/accounts/sign-out")):
            assert sent.status_code in (303, 401, 403, 404, 405), (path, sent.status_code)


def test_a_file_is_not_even_read_from_those_who_may_not_send_one(enter: Enter, crm):
    seen = []

    def body():
        seen.append(1)
        yield b"a;b\n" * 1000

    for actor in (None, ANN.__class__(9, "Reader", ())):
        browser = enter(actor)
        answer = browser.post("/_/import?name=people.csv", content=body(), headers={**SAME, "content-type": "application/octet-stream"})
        assert answer.status_code in (401, 403)
    answer = enter(BOSS).post("/_/import?name=people.csv", content=b"x" * 200_000, headers=SAME)
    assert answer.status_code == 413
    answer = enter(BOSS).post("/_/import?name=people.csv", content=b"name\nAnna\n", headers={**EVIL})
    assert answer.status_code == 403


def test_an_import_is_nobody_else_s(enter: Enter):
    boss, ann = enter(BOSS), enter(ANN)
    sent = boss.post("/_/import?name=people.csv&kind=sales.contact", content=b"name,phone\nSecretperson,+79160000000\n", headers=SAME)
    path = sent.json()["path"]
    assert "Secretperson" in boss.get(path).text
    for verb in ("", "/progress", "/mapping.toml", "/errors/rows.csv", "/errors/..%2fstate.json"):
        answer = ann.get(f"{path}{verb}")
        assert answer.status_code == 404, verb
    for verb in ("", "/act"):
        assert ann.post(f"{path}{verb}", data={"what": "remove", "go": "1"}, headers=PART).status_code == 404
    more = ann.post(f"/_/import?name=x.csv&to={path.rpartition('/')[2]}", content=b"a\n1\n", headers=SAME)
    assert more.status_code == 404
    assert "people.csv" not in ann.get("/import").text
    for name in ("../../x.csv", "..\\..\\x.csv", "/etc/x.csv", "\u202egnp.csv"):
        got = boss.post("/_/import", params={"name": name, "kind": "sales.contact"}, content=b"name\nx\n", headers=SAME)
        assert got.status_code == 201
    assert boss.get("/import").status_code == 200


def test_cookies_take_nothing_but_what_is_known(enter: Enter):
    browser = enter(BOSS)
    for name in ("theme", "language"):
        for value in ("dark; Domain=example", "x\r\nSet-Cookie: a=b", "<script>"):
            answer = browser.post("/_/prefs", data={name: value}, headers=PART)
            assert answer.status_code == 422
            assert "set-cookie" not in answer.headers
    for stage in ("won; Path=/", "x\r\nb"):
        fold = browser.post("/sales/deal/board/fold", data={"stage": stage, "pipeline": "sales"}, headers=PART)
        assert fold.status_code == 422
        assert "set-cookie" not in fold.headers
    odd = {"cookie": "crmkit_theme=\"><script>; crmkit_language=xx; crmkit_workspace=<b>; crmkit_folds=%22%3E~%3Cb%3E~x!~!~~"}
    answer = browser.get("/sales/deal/board", headers=odd)
    assert answer.status_code == 200
    assert "<script>" not in answer.text.partition("<body")[0].replace('<script type="importmap"', "")


def test_static_files_are_those_there_are_and_no_others(enter: Enter, crm):
    site = crm.app.router.default.pages
    digest, browser = site.folders[""].digest, enter(None)
    assert browser.get(f"/static/{digest}/crm.css").status_code == 200
    for name in ("../site.py", "..%2fsite.py", "%2e%2e/site.py", "css/../../site.py", "/etc/passwd", "", ".", "crm.css/", "crm.css%00", "js"):
        assert browser.get(f"/static/{digest}/{name}").status_code in (404, 401, 303), name
    assert browser.get("/static/000000000000/crm.css").status_code == 404


def test_headers_of_answers_hold_no_lines_of_others(enter: Enter, make):
    deal = make(Deal, title="Roof\r\nSet-Cookie: a=b", owner_id=1)
    browser = enter(BOSS)
    for path, data in (
        (f"/sales/deal/{deal.id}/field?name=title", {"title": "x\r\nSet-Cookie: a=b \u202e<script>", "_version": str(deal.version), "_was": "{}"}),
        (f"/sales/deal/{deal.id}/archive", {}), ("/sales/deal/new", {"title": "y\r\nX: y", "_next": "/sales/deal\r\nSet-Cookie: a=b"}),
    ):  # fmt: skip
        answer = browser.post(path, data=data, headers=PART)
        assert answer.status_code in (200, 204), answer.text
        assert "set-cookie" not in answer.headers
        for value in answer.headers.values():
            assert "\n" not in value
            assert "\r" not in value
