"""Roles as data: they hold at once and everywhere, give nobody more than the giver has, and somebody can always administer."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from crmkit import Actor, Crm, Forbidden, Invalid, NotFound
from crmkit.accounts import Delegation, Membership, StoredRole, Team, User, UserRole, actor_of, give, matrix, seed
from tests.accounts.shop import Order


def as_person(crm: Any, user: Any) -> Any:
    return actor_of(crm, user.id)


def problems(error: Any) -> dict[str, str]:
    return {p.path: p.code for p in error.value.problems}


# ---- roles as data ----------------------------------------------------------------------------------------------------------
def test_a_role_changed_here_holds_at_once(company, browser, make, uow):
    ann = company.person("ann", company.seller_role)
    order = make(Order, title="A", owner_id=ann.id)
    page = browser("ann")
    assert page.get(f"/api/shop/order/{order.id}").status_code == 200
    company.seller_role.grants = {"accounts.user.read": "all"}
    assert page.get(f"/api/shop/order/{order.id}").status_code == 403
    company.seller_role.grants = {"shop.order.*": "all"}
    assert page.get(f"/api/shop/order/{order.id}").status_code == 200


def test_and_in_another_process_on_the_same_database(company, browser, make, uow, crm, crm_kit, crm_plugins, crm_settings, clock):
    ann = company.person("ann", company.seller_role, team=company.north)
    mine, team = make(Order, title="A", owner_id=ann.id), make(Order, title="B", team_id=company.south.id)
    other = Crm(*crm_plugins, database=crm_kit.url, settings={**crm_settings, "crmkit": {"jobs": False}}, clock=clock)
    try:
        page = browser("ann", crm=other)
        assert page.get(f"/api/shop/order/{mine.id}").status_code == 200
        assert page.get(f"/api/shop/order/{team.id}").status_code == 404
        company.seller_role.grants = {"shop.order.*": "below"}
        assert page.get(f"/api/shop/order/{team.id}").status_code == 404
        company.south.parent_id = company.north.id
        assert page.get(f"/api/shop/order/{team.id}").status_code == 200  # the tree was read anew too
        uow.archive(company.seller_role)
        assert page.get(f"/api/shop/order/{mine.id}").status_code == 403
    finally:
        other.engine.dispose()


@pytest.mark.parametrize(
    "grants, hidden, path",
    [
        ({"shop.ordr.*": "own"}, [], "grants.shop.ordr.*"),
        ({"shop.order.*": "mine"}, [], "grants.shop.order.*"),
        ({"shop.order.*": ["own", "mine"]}, [], "grants.shop.order.*"),
        ({"shop.order.*": {"titel": "A"}}, [], "grants.shop.order.*"),
        ({"shop.order.*": 7}, [], "grants.shop.order.*"),
        ({"shop.order.*": []}, [], "grants.shop.order.*"),
        ({}, ["shop.order.price"], "hidden.0"),
    ],
)
def test_roles_grant_what_exists(grants, hidden, path, company, make):
    with pytest.raises(Invalid) as error:
        make(StoredRole, name="odd", grants=grants, hidden=hidden)
    assert path in problems(error), error.value.problems


def test_roles_of_this_crm_to_start_from(company, crm):
    with crm.uow() as uow:
        made = seed(uow)
    assert {"director", "team_lead", "manager"} <= set(made)
    assert "administrator" not in made
    with crm.uow() as uow:
        assert seed(uow) == []
    for name in made:
        assert crm.access.problems(crm.permissions, [crm.access.roles[name]]) == []


def test_the_matrix_shows_every_role_and_permission(company, browser, crm):
    company.person("boss", company.admin_role)
    company.person("ann", company.seller_role)
    found = browser("boss").get("/x/accounts/matrix", headers={"accept-language": "ru"}).json()
    group = next(g for g in found["groups"] if g["key"] == "shop.order")
    read = next(p for p in group["permissions"] if p["name"] == "shop.order.read")
    assert group["label"] == "Заказ"
    assert read["scopes"] == {"administrator": ["all"], "lead": ["team"], "seller": ["own"]}
    assert [p["name"] for g in matrix(crm)["groups"] for p in g["permissions"]].sort() == sorted(crm.permissions).sort()
    assert browser("ann").get("/x/accounts/matrix").status_code == 403


def test_why_somebody_sees_a_record(company, browser, make):
    ann, bob = company.person("ann", company.seller_role), company.person("bob", company.seller_role)
    company.person("boss", company.admin_role)
    order = make(Order, title="A", owner_id=ann.id)
    boss = browser("boss")
    assert boss.get(f"/x/accounts/why?user={ann.id}&kind=shop.order&id={order.id}").json()["may"]["read"] is True
    no = boss.get(f"/x/accounts/why?user={bob.id}&kind=shop.order&id={order.id}").json()
    assert no["may"]["read"] is False
    assert "outside" in " ".join(no["sentences"])
    assert boss.get("/x/accounts/why?user=1").status_code == 422
    assert browser("ann").get(f"/x/accounts/why?user={bob.id}&kind=shop.order&id={order.id}").status_code == 403


# ---- nobody gives what they do not hold ---------------------------------------------------------------------------------------
@pytest.fixture
def clerk(company):
    """Somebody who looks after people and roles, and may do little else."""
    role = company.role("clerk", {
        "accounts.*": "all", "shop.order.read": "team", "shop.order.create": "own", "accounts.membership.create": "below"},
        hidden=["shop.order.cost"])  # fmt: skip
    limited = {k: v for k, v in role.grants.items() if k != "accounts.*"} | {
        f"accounts.{kind}.*": "all" for kind in ("user", "role", "user_role", "team", "delegation")} | {"accounts.administer": "all"}  # fmt: skip
    role.grants = limited | {"accounts.invite": "all", "accounts.membership.create": "below", "accounts.membership.read": "all"}
    return company.person("clerk", role, team=company.north)


@pytest.mark.parametrize(
    "grants, fine",
    [
        ({"shop.order.read": "own"}, True),
        ({"shop.order.read": "team"}, True),
        ({"shop.order.read": "below"}, False),
        ({"shop.order.read": "all"}, False),
        ({"shop.order.change": "own"}, False),
        ({"shop.refund": "own"}, False),
        ({"shop.order.*": "own"}, False),
        ({"*": "own"}, False),
        ({"shop.order.read": {"title": "A"}}, False),
        ({"shop.order.read": ["own", "all"]}, False),
    ],
)
def test_a_role_gives_no_more_than_its_author_holds(grants, fine, clerk, company, crm):
    actor = as_person(crm, clerk)

    def attempt() -> None:
        with crm.uow(actor) as uow:
            uow.add(StoredRole(name="made", grants=grants, hidden=["shop.order.cost"]))

    if fine:
        attempt()
    else:
        with pytest.raises(Invalid) as error:
            attempt()
        assert set(problems(error).values()) == {"escalation"}
        assert all(path.startswith("grants.") for path in problems(error))  # each names the permission, or the pattern, it is about


def test_a_role_shows_no_field_its_author_does_not_see(clerk, crm):
    with pytest.raises(Invalid) as error, crm.uow(as_person(crm, clerk)) as uow:
        uow.add(StoredRole(name="made", grants={"shop.order.read": "own"}))
    assert problems(error) == {"hidden": "escalation"}


def test_every_way_to_more_is_closed(clerk, company, crm, browser, make):
    boss = company.person("boss", company.admin_role)
    page = browser("clerk")
    match = {"headers": {"if-match": "*"}}

    def post(path: str, body: Any) -> Any:
        return page.post(path, json=body)

    with crm.read() as uow:
        role_id = uow.find(StoredRole).where(StoredRole.name == "clerk").one().id
    tries = {
        "give oneself a role": post("/api/accounts/user_role", {"user_id": clerk.id, "role_id": company.admin_role.id}),
        "give another one": post("/api/accounts/user_role", {"user_id": boss.id, "role_id": company.admin_role.id}),
        "set roles": page.put(f"/x/accounts/users/{clerk.id}/roles", json={"roles": ["administrator"]}),
        "widen one's own role": page.patch(f"/api/accounts/role/{role_id}", json={"grants": {"*": "all"}}, **match),
        "show a hidden field": page.patch(f"/api/accounts/role/{role_id}", json={"hidden": []}, **match),
        "stand in for the boss": post("/api/accounts/delegation", {
            "from_user_id": boss.id, "to_user_id": clerk.id, "starts_on": "2026-01-01", "ends_on": "2026-12-31", "with_roles": True}),
        "take the boss's login": page.patch(f"/api/accounts/user/{boss.id}", json={"login": "clerk2@example.com"}, **match),
        "lock the boss out": page.patch(f"/api/accounts/user/{boss.id}", json={"active": False}, **match),
        "a link to the boss's password": post(f"/x/accounts/users/{boss.id}/link", {}),
        "the boss's second factor": post(f"/x/accounts/users/{boss.id}/second-factor/off", {}),
        "invite a boss": post("/x/accounts/invite", {"login": "new@example.com", "name": "New", "roles": ["administrator"]}),
        "join another team": page.patch(f"/api/accounts/user/{clerk.id}", json={"team_id": company.south.id}, **match),
        "join it as a member": post("/api/accounts/membership", {"user_id": clerk.id, "team_id": company.south.id}),
        "write a session": post("/api/accounts/session", {"user_id": boss.id}),
        "write a password": page.patch(f"/api/accounts/user/{boss.id}", json={"password_hash": "x"}, **match),
        "a token with more": post("/x/accounts/tokens", {"name": "x", "roles": ["administrator"]}),
    }  # fmt: skip
    done = {name: answer.status_code for name, answer in tries.items() if answer.status_code not in (403, 404, 422)}
    assert not done, {name: (code, tries[name].text) for name, code in done.items()}
    assert as_person(crm, clerk).roles == ("clerk",)


def test_taking_over_a_session_by_rewriting_it(clerk, company, browser, crm):
    boss = company.person("boss", company.admin_role)
    role = company.role("sessions", {"accounts.session.*": "all", "accounts.token.*": "all", "accounts.link.*": "all"})
    company.make(UserRole, user_id=clerk.id, role_id=role.id)
    page = browser("clerk")
    mine = page.get("/x/accounts/sessions").json()["sessions"][0]["id"]
    assert page.get(f"/api/accounts/session/{mine}").status_code == 200
    assert page.patch(f"/api/accounts/session/{mine}", json={"user_id": boss.id}, headers={"if-match": "*"}).status_code == 422
    assert page.post(f"/api/accounts/session/{mine}/archive", json={}, headers={"if-match": "*"}).status_code == 422


def test_rights_that_were_lent_cannot_be_given_away(company, crm, clock, make):
    boss, ann = company.person("boss", company.admin_role), company.person("ann", company.seller_role)
    day = clock.now().date()
    make(Delegation, from_user_id=boss.id, to_user_id=ann.id, starts_on=day, ends_on=day, with_roles=True)
    actor = as_person(crm, ann)
    assert actor.roles == ("administrator", "seller")
    with pytest.raises(Invalid), crm.uow(actor) as uow:
        give(uow, ann.id, ["administrator"])


def test_a_lead_invites_their_own_people_and_nobody_else(company, browser, crm):
    with crm.uow() as uow:
        seed(uow)
    with crm.read() as uow:
        lead_role = uow.find(StoredRole).where(StoredRole.name == "team_lead").one()
    company.person("lena", lead_role, team=company.north)
    lena = browser("lena")

    def invite(login: str, **more: Any) -> Any:
        return lena.post("/x/accounts/invite", json={"login": f"{login}@example.com", "name": login, **more})

    made = invite("one", team_id=company.north.id, roles=["manager"])
    assert made.status_code == 201, made.text
    assert lena.post(f"/x/accounts/users/{made.json()['id']}/link", json={}).status_code == 200
    assert invite("two", team_id=company.south.id).json()["problems"][0]["path"] == "team_id"
    assert invite("three", team_id=company.north.id, roles=["director"]).status_code == 422
    assert invite("four", team_id=company.north.id, roles=["nonsense"]).json()["problems"][0]["path"] == "roles.0"
    stranger = company.person("bob", company.seller_role, team=company.south)
    assert lena.post(f"/x/accounts/users/{stranger.id}/link", json={}).status_code == 403


# ---- somebody can always administer ---------------------------------------------------------------------------------------------
def last(error: Any) -> bool:
    return {p.code for p in error.value.problems} == {"last-administrator"}


def test_the_last_administrator_stays(company, crm, uow):
    boss, ann = company.person("boss", company.admin_role), company.person("ann", company.seller_role)
    held = next(h for h in uow.find(UserRole) if h.user_id == boss.id)

    def lock_out(inner: Any) -> None:
        inner.get(User, boss.id).active = False

    ways: dict[str, Any] = {
        "deactivate": lock_out,
        "archive": lambda inner: inner.archive(inner.get(User, boss.id)),
        "take the role": lambda inner: inner.archive(inner.get(UserRole, held.id)),
        "give it nobody's": lambda inner: setattr(inner.get(StoredRole, company.admin_role.id), "grants", {"shop.order.*": "all"}),
        "archive the role": lambda inner: inner.archive(inner.get(StoredRole, company.admin_role.id)),
        "set roles": lambda inner: give(inner, boss.id, ["seller"]),
    }
    for name, way in ways.items():
        with pytest.raises(Invalid) as error, crm.uow() as inner:
            way(inner)
        assert last(error), name
    with crm.uow() as inner:
        give(inner, ann.id, ["administrator"])
        way = lock_out
        way(inner)
    assert actor_of(crm, boss.id) is None
    assert actor_of(crm, ann.id) is not None


def test_two_administrators_cannot_lock_each_other_out_at_once(company, crm, crm_kit):
    people = [company.person("ann", company.admin_role), company.person("bob", company.admin_role)]
    keys, errors, gate = [p.id for p in people], [], threading.Barrier(2)
    crm_kit.pause()

    def lock_out(key):
        gate.wait()
        try:
            with crm.uow() as uow:
                uow.get(User, key).active = False
        except Invalid as error:
            errors.append(error)

    threads = [threading.Thread(target=lock_out, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 1
    assert sum(actor_of(crm, key) is not None for key in keys) == 1


# ---- teams, delegations -----------------------------------------------------------------------------------------------------
def test_a_tree_has_no_circles(company, crm):
    with pytest.raises(Invalid) as error, crm.uow() as uow:
        uow.get(Team, company.head.id).parent_id = company.north.id
    assert problems(error) == {"parent_id": "circle"}


def test_memberships_add_teams(company, crm, make):
    ann = company.person("ann", company.lead_role, team=company.north)
    order = make(Order, title="A", team_id=company.south.id)
    with pytest.raises(NotFound), crm.read(as_person(crm, ann)) as uow:
        uow.get(Order, order.id)
    make(Membership, user_id=ann.id, team_id=company.south.id, lead=True)
    actor = as_person(crm, ann)
    assert actor.teams == (company.north.id, company.south.id)
    with crm.read(actor) as uow:
        assert uow.get(Order, order.id).title == "A"
    with pytest.raises(Invalid):
        make(Membership, user_id=ann.id, team_id=company.south.id)


def test_somebody_stands_in_from_the_first_day_to_the_last(company, crm, make, clock, browser):
    ann, bob = company.person("ann", company.seller_role), company.person("bob", company.seller_role)
    order = make(Order, title="A", owner_id=ann.id)
    today = clock.now().date()
    page = browser("ann")
    days = {"starts_on": str(today + dt.timedelta(days=2)), "ends_on": str(today + dt.timedelta(days=3))}
    made = page.post("/api/accounts/delegation", json={"from_user_id": ann.id, "to_user_id": bob.id, **days})
    assert made.status_code == 201, made.text
    seen = []
    for _day in range(6):
        page = browser("bob")
        seen.append(page.get(f"/api/shop/order/{order.id}").status_code)
        clock.forward(days=1)
    assert seen == [404, 404, 200, 200, 404, 404]
    assert as_person(crm, bob).acts_for == ()


@pytest.mark.parametrize("values, path", [({"ends_on": dt.date(2025, 1, 1)}, "ends_on"), ({"to_user_id": 1}, "to_user_id")])
def test_a_delegation_makes_sense(values, path, company, make):
    ann = company.person("ann")
    bob = company.person("bob")
    given = {"from_user_id": ann.id, "to_user_id": bob.id, "starts_on": dt.date(2026, 1, 1), "ends_on": dt.date(2026, 1, 1), **values}
    if path == "to_user_id":
        given["to_user_id"] = ann.id
    with pytest.raises(Invalid) as error:
        make(Delegation, **given)
    assert path in problems(error)


def test_an_actor_of_nobody(crm, company, uow):
    ann = company.person("ann")
    ann.active = False
    uow.settle()
    assert actor_of(crm, ann.id) is None
    assert actor_of(crm, 10**6) is None


def test_a_stranger_administers_nothing(company, crm):
    ann = company.person("ann", company.seller_role)
    with pytest.raises(Forbidden), crm.uow(Actor(ann.id, "Ann", ["seller"])) as uow:
        uow.require("accounts.administer")
