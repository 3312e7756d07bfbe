"""Links, personal tokens and second factors: each secret is shown once, good once, and nobody's but its owner's."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from crmkit.accounts import UserRole
from crmkit.accounts.entities import Link
from tests.accounts import shop
from tests.accounts.conftest import PASSWORD

NEW = "совсем другой пароль"


@pytest.fixture
def boss(company, browser):
    company.person("boss", company.admin_role)
    return browser("boss")


# ---- links ------------------------------------------------------------------------------------------------------------------
def test_an_invitation_lets_somebody_in_once(company, browser, boss):
    made = boss.post("/x/accounts/invite", json={"login": "New@Example.com", "name": "Нина", "roles": ["seller"], "team_id": company.north.id})
    assert made.status_code == 201, made.text
    url, token = made.json()["url"], made.json()["token"]
    assert url == f"https://crm.example/accounts/enter#{token}"
    assert made.headers["cache-control"] == "no-store"
    page = browser()
    assert page.sign_in("new", NEW).status_code == 401
    assert page.post("/x/accounts/links/look", json={"token": token}).json()["login"] == "new@example.com"
    weak = page.post("/x/accounts/links/use", json={"token": token, "password": "short"})
    assert weak.status_code == 422
    assert weak.json()["problems"][0]["path"] == "password"
    assert page.post("/x/accounts/links/use", json={"token": token, "password": NEW}).status_code == 200
    assert page.post("/x/accounts/links/use", json={"token": token, "password": NEW + "!"}).status_code == 404
    assert page.sign_in("new", NEW).status_code == 200
    assert page.get("/api/me").json()["roles"] == ["seller"]


def test_of_two_who_use_a_link_at_once_one_is_refused(company, browser, boss, crm_kit):
    ann = company.person("ann")
    token = boss.post(f"/x/accounts/users/{ann.id}/link", json={}).json()["token"]
    page, codes, gate = browser(), [], threading.Barrier(4)
    crm_kit.pause()

    def use(number):
        gate.wait()
        body = {"token": token, "password": f"{NEW} {number}"}
        codes.append(super(type(page), page).request("POST", "/x/accounts/links/use", json=body).status_code)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 404, 404, 404]


def test_links_expire_and_give_way_to_newer_ones(company, browser, boss, clock):
    ann = company.person("ann")
    first = boss.post(f"/x/accounts/users/{ann.id}/link", json={}).json()["token"]
    second = boss.post(f"/x/accounts/users/{ann.id}/link", json={}).json()["token"]
    page = browser()
    assert page.post("/x/accounts/links/use", json={"token": first, "password": NEW}).status_code == 404
    clock.forward(hours=3)
    assert page.post("/x/accounts/links/use", json={"token": second, "password": NEW}).status_code == 404


def test_a_reset_ends_every_session(company, browser, boss):
    ann = company.person("ann")
    page = browser("ann")
    token = boss.post(f"/x/accounts/users/{ann.id}/link", json={}).json()["token"]
    assert browser().post("/x/accounts/links/use", json={"token": token, "password": NEW}).status_code == 200
    assert page.get("/api/me").json()["signed_in"] is False


def test_a_forgotten_password_tells_nobody_who_exists(company, browser, deliver, crm, queries):
    ann = company.person("ann")
    company.person("bob").active = False
    shop.SENT.clear()
    page = browser()
    answers, work = [], []
    for login in ("ann@example.com", "nobody@example.com", "bob@example.com"):
        page.kit.pause()
        queries.clear()
        answer = page.post("/x/accounts/forgot", json={"login": login})
        answers.append((answer.status_code, answer.content))
        work.append([q for q in queries.statements if "accounts_" in q or "crm_job" in q])
    assert answers == [answers[0]] * 3
    assert answers[0][0] == 202
    assert work == [work[0]] * 3
    deliver()
    assert [(user, purpose) for user, _url, purpose in shop.SENT] == [(ann.id, "reset")]
    token = shop.SENT[0][1].partition("#")[2]
    assert page.post("/x/accounts/links/use", json={"token": token, "password": NEW}).status_code == 200
    assert page.sign_in("ann", NEW).status_code == 200


def test_asking_for_resets_has_its_limits(company, browser):
    page = browser()
    codes = [page.post("/x/accounts/forgot", json={"login": "ann@example.com"}).status_code for _time in range(8)]
    assert codes == [202] * 6 + [429] * 2


def test_a_link_is_sent_when_asked(company, boss, deliver):
    ann = company.person("ann", password=False)
    shop.SENT.clear()
    answer = boss.post(f"/x/accounts/users/{ann.id}/link", json={"send": True})
    assert answer.json() == {"id": ann.id, "sent": True}
    deliver()
    assert [(user, purpose) for user, _url, purpose in shop.SENT] == [(ann.id, "invite")]


# ---- tokens -----------------------------------------------------------------------------------------------------------------
def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_token_works_as_its_owner_for_as_long_as_they_may(company, browser, uow, clock):
    user = company.person("ann", company.seller_role, company.lead_role, team=company.north)
    ann, program = browser("ann"), browser()
    made = ann.post("/x/accounts/tokens", json={"name": "report", "days": 30})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    token = made.json()["token"]
    me = program.get("/api/me", headers=bearer(token)).json()
    assert (me["id"], me["roles"], me["teams"]) == (user.id, ["lead", "seller"], [company.north.id])
    narrow = ann.post("/x/accounts/tokens", json={"name": "narrow", "roles": ["seller"]}).json()["token"]
    assert program.get("/api/me", headers=bearer(narrow)).json()["roles"] == ["seller"]
    uow.archive(uow.find(UserRole).where(UserRole.role_id == company.seller_role.id).one())
    assert program.get("/api/me", headers=bearer(token)).json()["roles"] == ["lead"]
    assert program.get("/api/me", headers=bearer(narrow)).json()["roles"] == []
    listed = ann.get("/x/accounts/tokens").json()["tokens"]
    assert [t["name"] for t in listed] == ["report", "narrow"]
    assert token not in str(listed)
    assert "digest" not in str(listed)
    user.active = False
    assert program.get("/api/me", headers=bearer(token)).status_code == 401
    user.active = True
    assert program.get("/api/me", headers=bearer(token)).status_code == 200
    clock.forward(days=31)
    assert program.get("/api/me", headers=bearer(token)).status_code == 401
    assert program.get("/api/me", headers=bearer(narrow)).status_code == 200


def test_a_revoked_token_is_refused_at_once(company, browser):
    company.person("ann", company.seller_role)
    company.person("bob", company.seller_role)
    ann, bob, program = browser("ann"), browser("bob"), browser()
    made = ann.post("/x/accounts/tokens", json={"name": "report"}).json()
    assert bob.post(f"/x/accounts/tokens/{made['id']}/revoke", json={}).status_code == 404
    assert program.get("/api/me", headers=bearer(made["token"])).status_code == 200
    assert ann.post(f"/x/accounts/tokens/{made['id']}/revoke", json={}).json() == {"revoked": 1}
    assert program.get("/api/me", headers=bearer(made["token"])).status_code == 401


def test_a_token_makes_no_tokens_and_changes_no_password(company, browser):
    company.person("ann", company.seller_role)
    token = browser("ann").post("/x/accounts/tokens", json={"name": "report"}).json()["token"]
    program = browser()
    assert program.post("/x/accounts/tokens", json={"name": "more"}, headers=bearer(token)).status_code == 403
    assert program.post("/x/accounts/password", json={"password": PASSWORD, "new": NEW}, headers=bearer(token)).status_code == 403
    assert program.post("/x/accounts/second-factor/begin", json={"password": PASSWORD}, headers=bearer(token)).status_code == 403


@pytest.mark.parametrize("body, path", [({"name": " "}, "name"), ({"name": "x", "days": 0}, "days"), ({"name": "x", "days": 999}, "days"),
    ({"name": "x", "roles": ["administrator"]}, "roles"), ({}, "name"),
    ({"name": 5}, "name"), ({"name": "x", "nonsense": 1}, "nonsense")])  # fmt: skip
def test_a_token_is_asked_for_properly(body, path, company, browser):
    company.person("ann", company.seller_role)
    answer = browser("ann").post("/x/accounts/tokens", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["problems"][0]["path"] == path, answer.text


# ---- second factor ------------------------------------------------------------------------------------------------------------
def enrol(page: Any, clock: Any) -> Any:
    begun = page.post("/x/accounts/second-factor/begin", json={"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    app = pyotp.TOTP(begun.json()["secret"])
    assert begun.json()["uri"].startswith("otpauth://totp/")
    done = page.post("/x/accounts/second-factor/confirm", json={"code": app.at(clock.now())})
    assert done.status_code == 200, done.text
    return app, done.json()["recovery_codes"]


def test_a_second_factor_is_asked_for_and_each_code_is_good_once(company, browser, clock):
    company.person("ann")
    app, _codes = enrol(browser("ann"), clock)
    page = browser()
    assert page.sign_in("ann").json()["code"] == "second-factor"
    assert page.sign_in("ann", code=app.at(clock.now())).status_code == 401  # that one was used to enrol
    clock.forward(seconds=30)
    code = app.at(clock.now())
    assert page.sign_in("ann", "wrong", code=code).status_code == 401
    assert page.sign_in("ann", code=code).status_code == 200
    assert browser().sign_in("ann", code=code).status_code == 401
    clock.forward(seconds=30)
    assert browser().sign_in("ann", code=app.at(clock.now() - dt.timedelta(seconds=30))).status_code == 401
    assert browser().sign_in("ann", code=app.at(clock.now())).status_code == 200


def test_one_code_of_two_at_once(company, browser, clock, crm_kit):
    company.person("ann")
    app, _codes = enrol(browser("ann"), clock)
    clock.forward(seconds=30)
    page, codes, code = browser(), [], app.at(clock.now())
    crm_kit.pause()

    def enter():
        body = {"login": "ann@example.com", "password": PASSWORD, "code": code}
        codes.append(super(type(page), page).request("POST", "/x/accounts/login", json=body).status_code)

    threads = [threading.Thread(target=enter) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 401, 401]


def test_codes_are_guessed_no_faster_than_passwords(company, browser, clock):
    company.person("ann")
    enrol(browser("ann"), clock)
    page = browser()
    assert [page.sign_in("ann", code=f"{number:06}").status_code for number in range(8)] == [401] * 6 + [429] * 2


def test_recovery_codes_help_once_each(company, browser, clock):
    company.person("ann")
    _app, codes = enrol(browser("ann"), clock)
    assert len(set(codes)) == 10
    assert browser().sign_in("ann", code=codes[3].lower()).status_code == 200
    assert browser().sign_in("ann", code=codes[3]).status_code == 401
    assert browser().sign_in("ann", code=codes[4].replace("-", "")).status_code == 200


def test_it_is_turned_off_by_password_or_by_an_administrator(company, browser, clock, boss):
    ann = company.person("ann")
    page = browser("ann")
    enrol(page, clock)
    assert page.post("/x/accounts/second-factor/begin", json={"password": PASSWORD}).status_code == 409
    assert page.post("/x/accounts/second-factor/off", json={"password": "wrong"}).status_code == 403
    assert page.post("/x/accounts/second-factor/off", json={"password": PASSWORD}).status_code == 200
    assert browser().sign_in("ann").status_code == 200
    enrol(page, clock)
    assert boss.post(f"/x/accounts/users/{ann.id}/second-factor/off", json={}).status_code == 200
    assert browser().sign_in("ann").status_code == 200


def test_old_things_go_by_themselves(company, boss, clock, deliver, crm):
    ann = company.person("ann")
    boss.post(f"/x/accounts/users/{ann.id}/link", json={})
    deliver(until=dt.timedelta(days=120))
    with crm.read() as uow:
        assert uow.connection.execute(sa.select(sa.func.count()).select_from(Link.__table__)).scalar_one() == 0
