"""Signing in: nobody learns who exists, guessing takes ever longer, and a session ends when it should."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from crmkit.accounts.entities import Session, User
from crmkit.accounts.passwords import Passwords, passwords_of
from crmkit.accounts.settings import AccountsSettings
from tests.accounts.conftest import PASSWORD


def test_a_person_signs_in_and_out(company, browser):
    company.person("ann", company.seller_role, team=company.north)
    ann = browser()
    assert ann.get("/api/me").json()["signed_in"] is False
    answer = ann.sign_in("ann")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    me = ann.get("/api/me").json()
    assert (me["name"], me["roles"], me["teams"]) == ("Ann", ["seller"], [company.north.id])
    assert ann.get("/x/accounts/me").json()["login"] == "ann@example.com"
    assert ann.post("/x/accounts/logout", json={}).status_code == 200
    assert ann.get("/api/me").json()["signed_in"] is False


def test_the_login_is_found_however_it_is_typed(company, browser):
    company.person("ann")
    assert browser().post("/x/accounts/login", json={"login": " ANN@Example.com ", "password": PASSWORD}).status_code == 200


def test_the_cookie_belongs_to_the_path_of_the_crm(company, browser):
    company.person("ann")
    ann = browser(root="/crm")
    assert "Path=/crm/;" in ann.sign_in("ann").headers["set-cookie"]
    assert ann.get("/api/me").json()["signed_in"] is True


def test_a_stolen_look_at_the_database_signs_nobody_in(company, browser, crm):
    company.person("ann")
    ann = browser("ann")
    cookie = ann.cookies["crmkit_session"]
    with crm.read() as uow:
        (digest,) = uow.connection.execute(sa.select(Session.__table__.c.digest)).one()
    assert cookie != digest
    ann.cookies.set("crmkit_session", digest, domain="crm.example", path="/")
    other = browser()
    other.cookies.set("crmkit_session", digest)
    assert other.get("/api/me").json()["signed_in"] is False


@pytest.mark.parametrize("case", ["unknown", "wrong", "inactive", "archived", "without"])
def test_every_refusal_looks_the_same_and_costs_the_same(case, company, browser, uow, queries, monkeypatch):
    ann = company.person("ann", password=case != "without")
    if case == "inactive":
        ann.active = False
    if case == "archived":
        uow.archive(ann)
    verified = []
    real = Passwords.verify

    def verify(self: Passwords, stored: str | None, given: str) -> bool:
        verified.append(1)
        return real(self, stored, given)

    monkeypatch.setattr(Passwords, "verify", verify)
    page = browser()
    page.get("/healthz")
    page.kit.pause()
    queries.clear()
    answer = page.sign_in("nobody" if case == "unknown" else "ann", "not the password" if case == "wrong" else PASSWORD)
    statements = [q.partition(" FROM ")[0][:40] for q in queries.statements if "attempt" in q or "accounts_user" in q]
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Login or password is wrong"
    assert len(verified) == 1  # argon2 ran once, with somebody there or without
    assert statements == STATEMENTS.setdefault(page.kit.crm.engine.dialect.name, statements)


STATEMENTS: dict[str, list[str]] = {}


def test_hashes_follow_the_settings(company, browser, crm, crm_kit):
    ann = company.person("ann")
    old = ann.password_hash
    browser("ann")
    assert ann.password_hash == old
    company.hash = None
    from crmkit.accounts.state import state_of

    state_of(crm).passwords = Passwords(AccountsSettings(argon2_time=2, argon2_memory=64, argon2_lanes=1))
    browser("ann")
    crm_kit.refresh()
    assert ann.password_hash != old
    assert "t=2" in ann.password_hash
    assert passwords_of(crm).verify(ann.password_hash, PASSWORD)


def test_guessing_takes_ever_longer(company, browser, clock):
    company.person("ann")
    page = browser()
    for _try in range(5):
        assert page.sign_in("ann", "wrong").status_code == 401
    assert page.sign_in("ann", "wrong").status_code == 401  # from now on each costs twice the time
    for seconds in (1, 2, 4, 8):
        slow = page.sign_in("ann")
        assert slow.status_code == 429, slow.text
        assert 0 < int(slow.headers["retry-after"]) <= seconds, slow.text
        clock.forward(seconds=seconds)
        assert page.sign_in("ann", "wrong").status_code == 401
    clock.forward(seconds=16)
    assert page.sign_in("ann").status_code == 200
    assert page.sign_in("ann", "wrong").status_code == 401  # and the count began anew
    assert page.sign_in("ann").status_code == 200


def test_waiting_has_an_end_and_failures_are_forgotten(company, browser, clock):
    company.person("ann")
    page = browser()
    for _try in range(40):
        page.sign_in("ann", "wrong")
        clock.forward(minutes=15)
    assert page.sign_in("ann", "wrong").status_code == 401
    clock.forward(hours=25)
    for _try in range(5):
        assert page.sign_in("ann", "wrong").status_code == 401
    assert page.sign_in("ann").status_code == 200


def test_a_stranger_is_slowed_down_just_like_somebody(company, browser):
    company.person("ann")
    page = browser()
    known = [page.sign_in("ann", "wrong").status_code for _try in range(8)]
    assert [page.sign_in("nobody", "wrong").status_code for _try in range(8)] == known


def test_one_address_cannot_try_everybody(company, browser):
    company.person("ann")
    page = browser(address="10.9.9.9")
    codes = [page.sign_in(f"person{number}", "Winter2026").status_code for number in range(25)]
    assert codes[:21] == [401] * 21
    assert codes[21:] == [429] * 4
    assert page.sign_in("ann").status_code == 429
    assert browser(address="10.1.1.1").sign_in("ann").status_code == 200


def test_a_hundred_at_once_are_counted_one_by_one(company, browser, crm):
    company.person("ann")
    page, codes = browser(), []

    def guess() -> None:
        codes.append(super(type(page), page).request("POST", "/x/accounts/login", json={"login": "ann@example.com", "password": "wrong"}).status_code)

    page.kit.pause()
    threads = [threading.Thread(target=guess) for _number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [401] * 6 + [429] * 6


def test_sessions_end_idle_or_old(company, browser, clock):
    company.person("ann")
    ann = browser("ann")
    for _hour in range(20):
        clock.forward(hours=11)
        assert ann.get("/api/me").json()["signed_in"] is True
    clock.forward(hours=13)
    assert ann.get("/api/me").json()["signed_in"] is False
    ann, last = browser("ann"), True
    for _day in range(32):
        clock.forward(hours=11)
        last = ann.get("/api/me").json()["signed_in"]
    assert last is False  # two weeks are over, however busy


def test_whoever_is_locked_out_is_out_at_once(company, browser, uow):
    user = company.person("ann")
    company.person("boss", company.admin_role)
    ann = browser("ann")
    boss = browser("boss")
    assert boss.patch(f"/api/accounts/user/{user.id}", json={"active": False}, headers={"if-match": "*"}).status_code == 200
    assert ann.get("/api/me").json()["signed_in"] is False
    assert boss.patch(f"/api/accounts/user/{user.id}", json={"active": True}, headers={"if-match": "*"}).status_code == 200
    assert ann.get("/api/me").json()["signed_in"] is False  # back in by the door


def test_a_new_password_ends_the_other_sessions(company, browser):
    company.person("ann")
    here, there = browser("ann"), browser("ann")
    wrong = here.post("/x/accounts/password", json={"password": "not mine", "new": "quite another thing"})
    assert wrong.status_code == 403
    done = here.post("/x/accounts/password", json={"password": PASSWORD, "new": "quite another thing"})
    assert done.status_code == 200, done.text
    assert here.get("/api/me").json()["signed_in"] is True
    assert there.get("/api/me").json()["signed_in"] is False
    assert there.sign_in("ann").status_code == 401
    assert there.sign_in("ann", "quite another thing").status_code == 200


@pytest.mark.parametrize("new", ["short", "qwertyuiop", "password123", "aaaaaaaaaaaa", "ANN@example.com!", "ANNabelle12", "йцукенгшщз"])
def test_a_password_anybody_would_try_is_refused(new, company, browser):
    company.person("anna")
    anna = browser("anna")
    answer = anna.post("/x/accounts/password", json={"password": PASSWORD, "new": new.replace("ANN", "anna")})
    assert answer.status_code == 422, answer.text
    assert answer.json()["problems"][0]["path"] == "new", answer.text


def test_sessions_are_listed_and_ended(company, browser):
    company.person("ann")
    company.person("bob")
    company.person("boss", company.admin_role)
    ann, elsewhere, bob, boss = browser("ann"), browser("ann"), browser("bob"), browser("boss")
    listed = ann.get("/x/accounts/sessions").json()["sessions"]
    assert sorted(s["current"] for s in listed) == [False, True]
    assert "digest" not in str(listed)
    other = next(s["id"] for s in listed if not s["current"])
    assert bob.post(f"/x/accounts/sessions/{other}/end", json={}).status_code == 404
    assert bob.get(f"/x/accounts/sessions?user={company.crm and 1}").status_code in (401, 403)
    assert ann.post(f"/x/accounts/sessions/{other}/end", json={}).json() == {"ended": 1}
    assert elsewhere.get("/api/me").json()["signed_in"] is False
    elsewhere.sign_in("ann")
    assert ann.post("/x/accounts/sessions/end", json={}).json() == {"ended": 1}
    assert ann.get("/api/me").json()["signed_in"] is True
    number = ann.get("/api/me").json()["id"]
    assert len(boss.get(f"/x/accounts/sessions?user={number}").json()["sessions"]) == 1
    assert boss.post(f"/x/accounts/sessions/end?user={number}", json={}).json() == {"ended": 1}
    assert ann.get("/api/me").json()["signed_in"] is False


def test_another_site_cannot_use_the_cookie(company, browser, make):
    company.person("ann", company.seller_role)
    ann = browser("ann")
    assert ann.post("/api/shop/order", json={"title": "A"}).status_code == 201
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        assert ann.post("/api/shop/order", json={"title": "A"}, headers=headers).status_code == 403, headers
        assert ann.post("/x/accounts/logout", json={}, headers=headers).status_code == 403, headers
    del ann.headers["origin"]
    assert ann.post("/api/shop/order", json={"title": "A"}).status_code == 403  # says nothing: a cookie alone will not do
    assert ann.get("/api/shop/order").status_code == 200


def test_who_calls_is_one_statement(company, browser, queries):
    company.person("ann", company.seller_role)
    ann = browser("ann")
    ann.get("/x/accounts/me")
    queries.clear()
    ann.get("/api/me")
    asked = [q for q in queries.statements if "accounts_" in q]
    assert len(asked) == 1, asked


def test_a_login_belongs_to_one_person(company, make):
    from crmkit import Conflict

    company.person("ann")
    with pytest.raises(Conflict):
        make(User, login="ANN@example.com", name="Another")
