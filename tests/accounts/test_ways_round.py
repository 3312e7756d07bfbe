"""Nobody gets more rights by merging, undoing, moving teams or taking over a deputy; nor is everybody locked out by that."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crmkit.accounts import Delegation
from crmkit.accounts.throttle import _network
from tests.accounts.shop import Order

LOOKED_AFTER = ("user", "role", "user_role", "session", "token", "team", "delegation", "membership")
MATCH = {"if-match": "*"}


@pytest.fixture
def boss(company: Any) -> Any:
    return company.person("boss", company.admin_role)


@pytest.fixture
def clerk(company: Any) -> Any:
    """Somebody who looks after all that accounts keep, without being an administrator."""
    grants = {f"accounts.{kind}.{right}": "all" for kind in LOOKED_AFTER for right in ("read", "create", "change", "archive")}
    rest = {"accounts.membership.create": "below", "accounts.invite": "all", "crmkit.journal": "all", "shop.order.*": "below"}
    return company.person("clerk", company.role("clerk", grants | rest), team=company.north)


def roles(page: Any) -> Any:
    return page.get("/x/accounts/me").json()["roles"]


def numbers(page: Any, kind: str) -> dict[int, int]:
    return {row["user_id"]: row["id"] for row in page.get(f"/api/accounts/{kind}").json()["rows"]}


def last_tx(page: Any, kind: str, key: int) -> int:
    found: int = page.get(f"/api/accounts/{kind}/{key}/timeline").json()["entries"][0]["tx"]
    return found


def refusal(answer: Any) -> Any:
    assert answer.status_code == 422, answer.text
    return answer.json()["problems"][0]["code"]


@pytest.mark.parametrize("way", ["me into the boss", "the boss into me", "my role into theirs", "their role onto mine", "their session into mine"])
def test_people_and_what_is_theirs_are_not_merged(way, boss, clerk, company, browser):
    company.person("second", company.admin_role)
    browser("boss")
    page = browser("clerk")
    mine = next(r["id"] for r in page.get("/api/accounts/role").json()["rows"] if r["name"] == "clerk")
    holders, sessions = numbers(page, "user_role"), numbers(page, "session")
    kind, winner, loser, choose = {
        "me into the boss": ("user", boss.id, clerk.id, {}),
        "the boss into me": ("user", clerk.id, boss.id, {}),
        "my role into theirs": ("role", company.admin_role.id, mine, {}),
        "their role onto mine": ("user_role", holders[clerk.id], holders[boss.id], {"role_id": "loser"}),
        "their session into mine": ("session", sessions[clerk.id], sessions[boss.id], {"user_id": "loser"}),
    }[way]  # fmt: skip
    answer = page.post(f"/api/accounts/{kind}/{winner}/merge", json={"with": loser, "choose": choose})
    assert answer.status_code == 409, answer.text
    assert roles(page) == ["clerk"]


@pytest.mark.parametrize("what", ["role", "user_role"])
def test_an_undo_brings_back_no_more_than_one_may_give(what, boss, clerk, company, browser):
    page, other = browser("boss"), browser("clerk")
    values = {"name": "strong", "grants": {"*": "all"}} if what == "role" else {"user_id": clerk.id, "role_id": company.admin_role.id}
    made = page.post(f"/api/accounts/{what}", json=values).json()["id"]
    taken_back = page.post("/api/undo", json={"tx": last_tx(page, what, made)}).json()["operation"]
    answer = other.post("/api/undo", json={"operation": taken_back})
    assert refusal(answer) == "escalation"
    assert roles(other) == ["clerk"]
    assert page.post("/api/undo", json={"operation": taken_back}).status_code == 200


def test_an_undo_leaves_an_administrator(boss, clerk, company, browser):
    page = browser("boss")
    made = page.post("/api/accounts/user_role", json={"user_id": clerk.id, "role_id": company.admin_role.id}).json()["id"]
    tx = last_tx(page, "user_role", made)
    first = next(r["id"] for r in page.get("/api/accounts/user_role").json()["rows"] if r["user_id"] == boss.id)
    assert page.post(f"/api/accounts/user_role/{first}/archive", headers=MATCH).status_code == 200
    answer = browser("clerk").post("/api/undo", json={"tx": tx})
    assert refusal(answer) == "last-administrator"


def test_an_undo_locks_out_no_last_administrator(boss, company, browser):
    second = company.person("second", company.admin_role)
    page = browser("boss")
    for active in (False, True):
        assert page.patch(f"/api/accounts/user/{second.id}", json={"active": active}, headers=MATCH).status_code == 200
    tx = last_tx(page, "user", second.id)
    other = browser("second")
    assert other.patch(f"/api/accounts/user/{boss.id}", json={"active": False}, headers=MATCH).status_code == 200
    answer = other.post("/api/undo", json={"tx": tx})
    assert refusal(answer) == "last-administrator"


def test_whoever_an_undo_locks_out_is_signed_out(boss, clerk, browser):
    page = browser("boss")
    for active in (False, True):
        assert page.patch(f"/api/accounts/user/{clerk.id}", json={"active": active}, headers=MATCH).status_code == 200
    tx = last_tx(page, "user", clerk.id)
    other = browser("clerk")
    undone = page.post("/api/undo", json={"tx": tx}).json()["operation"]
    assert page.post("/api/undo", json={"operation": undone}).status_code == 200
    assert other.get("/x/accounts/me").status_code == 401  # they may sign in again, and have to


def test_a_deputy_is_as_strong_as_what_was_lent_to_them(boss, clerk, company, browser, make, clock):
    ann = company.person("ann", company.role("weak", {"accounts.user.read": "all"}))
    page = browser("clerk")
    assert page.post(f"/x/accounts/users/{ann.id}/link", json={}).status_code == 200
    today, day = clock.now().date(), dt.timedelta(days=1)
    make(Delegation, from_user_id=boss.id, to_user_id=ann.id, starts_on=today + day, ends_on=today + 2 * day, with_roles=True)
    assert page.post(f"/x/accounts/users/{ann.id}/link", json={}).status_code == 403
    answer = page.patch(f"/api/accounts/user/{ann.id}", json={"login": "mine@example.com"}, headers=MATCH)
    assert refusal(answer) == "escalation"


def test_a_team_is_not_moved_below_ones_own(clerk, company, browser, make):
    order = make(Order, title="Theirs", team_id=company.south.id)
    page = browser("clerk")
    answer = page.patch(f"/api/accounts/team/{company.south.id}", json={"parent_id": company.north.id}, headers=MATCH)
    assert refusal(answer) == "escalation"
    assert page.get(f"/api/shop/order/{order.id}").status_code == 404
    assert page.patch(f"/api/accounts/team/{company.south.id}", json={"name": "Renamed"}, headers=MATCH).status_code == 200


def test_rights_over_ones_own_data_make_no_administrator(boss, company, browser):
    bob = company.person("bob", company.role("weak", {"accounts.user.read": "all"}))
    company.person("ann", company.role("selfish", {"accounts.*": "own", "accounts.user.read": "all"}))
    others, page = browser("boss"), browser("ann")
    session = others.get("/x/accounts/sessions").json()["sessions"][0]["id"]
    assert page.get(f"/x/accounts/sessions?user={bob.id}").status_code == 403
    assert page.post(f"/x/accounts/sessions/end?user={boss.id}", json={}).status_code == 403
    assert page.post(f"/x/accounts/sessions/{session}/end").status_code == 404
    assert page.post(f"/x/accounts/users/{bob.id}/second-factor/off").status_code == 403
    assert page.put(f"/x/accounts/users/{bob.id}/roles", json={"roles": []}).status_code == 403
    assert roles(others) == ["administrator"]


@pytest.mark.parametrize("address, network", [
    ("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("2001:db8::1", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), (None, ""),
])  # fmt: skip
def test_addresses_are_counted_by_household(address, network):
    assert _network(address).replace("%eth0", "") == network
