"""Pages of people, teams and roles: who may do what by them, and that no form is a way round the checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Crm
from crmkit.accounts import Delegation, Membership, StoredRole, Team, User, UserRole, seed
from crmkit.accounts.entities import Session
from crmkit.accounts.guard import role_names
from crmkit.testing import Queries
from crmkit.ui import View
from tests.accounts.conftest import PASSWORD, Browser, Company
from tests.accounts.shop import SENT

PAGES = ("/accounts/people", "/accounts/people/invite", "/accounts/teams", "/accounts/roles", "/accounts/roles/new")
OPEN: dict[str, tuple[int, ...]] = {
    "admin": (200, 200, 200, 200, 200), "director": (200, 403, 200, 200, 403), "lead": (200, 200, 200, 403, 403), "seller": (200, 403, 403, 403, 403),
}  # fmt: skip
ENGLISH = {"accept-language": "en"}


class Firm:
    """The usual roles, and somebody in each: an administrator, a director, a team lead in the north, a seller of theirs, one in the south."""

    def __init__(self, crm: Crm, company: Company) -> None:
        self.crm, self.company = crm, company
        with crm.uow() as uow:
            seed(uow)
            stored = {role.name: role for role in uow.find(StoredRole).all()}
        self.roles = stored
        self.admin = company.person("admin", stored["administrator"], team=company.head)
        self.director = company.person("director", stored["director"], team=company.head)
        self.lead = company.person("lead", stored["team_lead"], team=company.north)
        self.seller = company.person("seller", stored["seller"], team=company.north)
        self.other = company.person("other", stored["seller"], team=company.south)

    def read(self, cls: type[Any], key: int) -> Any:
        with self.crm.read() as uow:
            return uow.get(cls, key)

    def names(self, user: User) -> list[str]:
        with self.crm.read() as uow:
            return sorted(role_names(uow, user.id))


@pytest.fixture
def firm(crm: Crm, company: Company) -> Firm:
    return Firm(crm, company)


Open = Callable[..., Browser]


def by(visitor: Browser, path: str, /, **fields: Any) -> Any:
    """Send a form as the page does."""
    return visitor.post(path, data=fields, headers=ENGLISH, follow_redirects=False)


def link_in(page: str) -> str:
    found = re.search(r"/accounts/enter#([\w-]+)|/accounts/link#([\w-]+)", page)
    assert found, page
    return found[1] or found[2]


# ---- who may open what ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", OPEN)
def test_pages_open_for_those_who_may(name: str, firm: Firm, browser: Open):
    visitor = browser(name)
    assert tuple(visitor.get(path, headers=ENGLISH).status_code for path in PAGES) == OPEN[name]


@pytest.mark.parametrize("name", OPEN)
def test_a_person_is_shown_with_what_the_reader_may_know(name: str, firm: Firm, browser: Open):
    page = browser(name).get(f"/accounts/people/{firm.other.id}", headers=ENGLISH)
    assert page.status_code == 200
    knows, manages = name in ("admin", "director"), name == "admin"
    assert ("What they may do" in page.text) is knows
    assert [words in page.text for words in ("Sessions", "Close access", 'name="roles"', "Link to a new password")] == [manages] * 4


def test_one_sees_one_s_own_rights_and_sessions(firm: Firm, browser: Open):
    page = browser("seller").get(f"/accounts/people/{firm.seller.id}", headers=ENGLISH).text
    assert "What they may do" in page
    assert "this one" in page
    assert 'name="roles"' not in page


def test_nobody_signed_in_sees_nothing(firm: Firm, browser: Open):
    for path in PAGES:
        assert browser().get(path, follow_redirects=False).status_code in (303, 401)


def test_the_list_is_asked_by_name_role_team_and_access(firm: Firm, browser: Open, make: Any):
    make(User, login="gone@example.com", name="Gone", active=False)
    make(Membership, user_id=firm.other.id, team_id=firm.company.north.id, lead=True)
    page, seller = browser("admin"), firm.roles["seller"].id
    north = firm.company.north.id
    for query, found in {
        "q=dir": {"Director"}, "state=closed": {"Gone"}, f"role={seller}": {"Seller", "Other"}, f"team={north}": {"Lead", "Seller", "Other"},
        f"team={firm.company.south.id}&role={seller}": {"Other"}, "role=999": set(), "after=nonsense&q=dir": {"Director"},
    }.items():  # fmt: skip
        text = page.get(f"/accounts/people?{query}", headers=ENGLISH).text
        assert set(re.findall(r'<span><b>(\w+)</b>', text)) == found, query


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(firm: Firm, browser: Open, queries: Queries):
    page = browser("admin")

    def asked() -> int:
        queries.clear()
        assert page.get("/accounts/people").status_code == 200
        return queries.count

    asked()
    few = asked()
    for number in range(20):
        firm.company.person(f"worker{number}", firm.roles["seller"], team=firm.company.south, password=False)
    page.get("/accounts/people")
    assert asked() <= few


# ---- inviting ---------------------------------------------------------------------------------------------------------------
def test_somebody_invited_gets_roles_a_team_and_a_link_shown_once(firm: Firm, browser: Open):
    page = browser("admin")
    answer = by(page, "/accounts/people/invite", name="Nina", login="Nina@Example.com", roles=["seller"], team_id=str(firm.company.south.id))
    assert (answer.status_code, "no-store" in answer.headers["cache-control"]) == (200, True)
    with firm.crm.read() as uow:
        nina = uow.find(User).where(User.login == "nina@example.com").one()
    assert (nina.name, nina.team_id, firm.names(nina)) == ("Nina", firm.company.south.id, ["seller"])
    stranger = browser()
    used = stranger.post("/x/accounts/links/use", json={"token": link_in(answer.text), "password": PASSWORD})
    assert used.json() == {"login": "nina@example.com"}


def test_a_link_can_be_sent_instead(firm: Firm, browser: Open, deliver: Any):
    SENT.clear()
    answer = by(browser("admin"), "/accounts/people/invite", name="Nina", login="nina@example.com", send="true")
    assert "on its way" in answer.text
    assert "enter#" not in answer.text
    deliver()
    assert [purpose for _user, _url, purpose in SENT] == ["invite"]


def test_a_lead_invites_into_the_own_team_with_no_more_than_the_own_rights(firm: Firm, browser: Open, crm: Crm):
    page = browser("lead")
    form = page.get("/accounts/people/invite", headers=ENGLISH).text
    assert "Reaches further than your own rights" in form
    assert f'<option value="{firm.company.south.id}"' not in form
    north = str(firm.company.north.id)
    south = str(firm.company.south.id)
    for fields in ({"roles": ["administrator"], "team_id": north}, {"roles": ["director"], "team_id": north}, {"team_id": south}):
        answer = by(page, "/accounts/people/invite", name="Nina", login="nina@example.com", **fields)
        assert answer.status_code in (403, 422), fields
        with crm.read() as uow:
            assert not uow.find(User).where(User.login == "nina@example.com").exists(), fields


def test_what_is_wrong_with_an_invitation_stands_at_its_field(firm: Firm, browser: Open):
    page = browser("admin")
    for fields, words in {
        (("name", "Nina"), ("login", "nina")): "not an e-mail address", (("name", "Nina"), ("login", "lead@example.com")): "",
        (("name", "N"), ("login", "n@e.com"), ("phone", "12")): "not a telephone number",
    }.items():  # fmt: skip
        answer = by(page, "/accounts/people/invite", **dict(fields))
        assert (answer.status_code, 'aria-invalid="true"' in answer.text, words in answer.text) == (422, True, True), fields
        assert f'value="{dict(fields)["name"]}"' in answer.text  # what was typed is still there


# ---- one person -------------------------------------------------------------------------------------------------------------
def test_an_administrator_gives_and_takes_roles(firm: Firm, browser: Open):
    page, path = browser("admin"), f"/accounts/people/{firm.seller.id}"
    assert by(page, path, do="roles", roles=["seller", "team_lead"]).status_code == 303
    assert firm.names(firm.seller) == ["seller", "team_lead"]
    by(page, path, do="roles")
    assert firm.names(firm.seller) == []


@pytest.mark.parametrize("name", ["director", "lead", "seller"])
@pytest.mark.parametrize("form", [
    {"do": "roles", "roles": ["administrator"]}, {"do": "active", "open": "false"}, {"do": "sessions"}, {"do": "factor"}, {"do": "nonsense"},
    {"do": "main-team"}, {"do": "delegate", "to_user_id": "SELF", "starts_on": "2026-01-01", "ends_on": "2030-01-01", "with_roles": "true"},
])  # fmt: skip
def test_nobody_else_does_it_by_a_form(name: str, form: dict[str, Any], firm: Firm, browser: Open, crm: Crm):
    me: User = getattr(firm, name)
    sent = {k: str(me.id) if v == "SELF" else v for k, v in form.items()}
    answer = by(browser(name), f"/accounts/people/{firm.admin.id}", **sent)
    assert answer.status_code in (403, 404, 422), answer.text
    admin = firm.read(User, firm.admin.id)
    assert (admin.active, admin.team_id, firm.names(firm.admin)) == (True, firm.company.head.id, ["administrator"])
    with crm.read() as uow:
        assert not uow.find(Delegation).exists()


def test_nobody_makes_themselves_more_by_a_form(firm: Firm, browser: Open):
    page, path = browser("lead"), f"/accounts/people/{firm.lead.id}"
    for form in ({"do": "roles", "roles": ["administrator"]}, {"do": "main-team", "team_id": str(firm.company.head.id)},
                 {"do": "join", "team": str(firm.company.head.id), "lead": "true"}, {"do": "active", "open": "false"}):  # fmt: skip
        assert by(page, path, **form).status_code in (403, 422), form
    assert firm.names(firm.lead) == ["team_lead"]
    assert firm.read(User, firm.lead.id).team_id == firm.company.north.id


def test_access_is_closed_and_opened_and_the_last_administrator_stays(firm: Firm, browser: Open):
    page, theirs = browser("admin"), browser("seller")
    path = f"/accounts/people/{firm.seller.id}"
    assert by(page, path, do="active", open="false").status_code == 303
    assert theirs.get("/x/accounts/me").status_code == 401
    by(page, path, do="active", open="true")
    assert firm.read(User, firm.seller.id).active
    refused = by(page, f"/accounts/people/{firm.admin.id}", do="active", open="false")
    assert (refused.status_code, "Nobody would be left" in refused.text) == (422, True)


def test_teams_of_a_person(firm: Firm, browser: Open, crm: Crm):
    page, path = browser("admin"), f"/accounts/people/{firm.seller.id}"
    by(page, path, do="join", team=str(firm.company.south.id), lead="true")
    with crm.read() as uow:
        made = uow.find(Membership).where(Membership.user_id == firm.seller.id).one()
    assert (made.team_id, made.lead) == (firm.company.south.id, True)
    assert by(page, path, do="join", team=str(firm.company.south.id)).status_code == 422  # once is enough
    assert by(page, path, do="join").status_code == 422
    assert by(page, f"/accounts/people/{firm.other.id}", do="leave", membership=str(made.id)).status_code == 404
    by(page, path, do="leave", membership=str(made.id))
    by(page, path, do="main-team", team_id=str(firm.company.south.id))
    assert firm.read(Membership, made.id).archived_at is not None
    assert firm.read(User, firm.seller.id).team_id == firm.company.south.id


def test_a_lead_takes_people_into_the_own_team_only(firm: Firm, browser: Open, crm: Crm):
    page = browser("lead")
    assert by(page, f"/accounts/people/{firm.other.id}", do="join", team=str(firm.company.north.id)).status_code == 303
    assert by(page, f"/accounts/people/{firm.seller.id}", do="join", team=str(firm.company.south.id)).status_code in (403, 422)


def test_sessions_are_ended(firm: Firm, browser: Open, crm: Crm):
    page, one, two = browser("admin"), browser("seller"), browser("seller", address="10.0.0.2")
    path = f"/accounts/people/{firm.seller.id}"
    with crm.read() as uow:
        keys = list(uow.connection.execute(sa.select(Session.id).where(Session.user_id == firm.seller.id)).scalars())
    assert by(page, f"/accounts/people/{firm.other.id}", do="session", session=str(keys[0])).status_code == 404
    by(page, path, do="session", session=str(keys[0]))
    assert sorted(b.get("/x/accounts/me").status_code for b in (one, two)) == [200, 401]
    by(page, path, do="sessions")
    assert [b.get("/x/accounts/me").status_code for b in (one, two)] == [401, 401]


def test_a_second_factor_is_taken_away(firm: Firm, browser: Open, crm: Crm):
    with crm.uow() as uow:
        uow.get(User, firm.seller.id).totp_secret = "JBSWY3DPEHPK3PXP"
    page, path = browser("admin"), f"/accounts/people/{firm.seller.id}"
    assert "Take it away" in page.get(path, headers=ENGLISH).text
    by(page, path, do="factor")
    assert firm.read(User, firm.seller.id).totp_secret is None


def test_a_link_to_a_new_password(firm: Firm, browser: Open):
    page = browser("admin")
    answer = by(page, f"/accounts/people/{firm.seller.id}/link")
    assert (answer.status_code, "no-store" in answer.headers["cache-control"]) == (200, True)
    assert browser().post("/x/accounts/links/look", json={"token": link_in(answer.text)}).json()["purpose"] == "reset"
    assert by(browser("lead"), f"/accounts/people/{firm.admin.id}/link").status_code == 403
    assert by(browser("lead"), f"/accounts/people/{firm.other.id}/link").status_code == 403  # of another team
    assert by(page, f"/accounts/people/{firm.admin.id}/link").status_code == 403  # one's own password is changed in the profile


def test_somebody_stands_in_and_stops(firm: Firm, browser: Open, crm: Crm):
    page, path = browser("seller"), f"/accounts/people/{firm.seller.id}"
    good = {"do": "delegate", "to_user_id": str(firm.other.id), "starts_on": "2026-01-01", "ends_on": "2036-01-10"}
    for wrong in ({"to_user_id": ""}, {"starts_on": "soon"}, {"ends_on": "2025-01-01"}, {"to_user_id": str(firm.seller.id)}):
        assert by(page, path, **{**good, **wrong}).status_code == 422, wrong
    assert by(page, path, **good).status_code == 303
    with crm.read() as uow:
        made = uow.find(Delegation).one()
    assert "Replaced by Other" in page.get(path, headers=ENGLISH).text
    by(page, path, do="undelegate", delegation=str(made.id))
    assert firm.read(Delegation, made.id).archived_at is not None


def test_the_panel_of_a_person_s_record(firm: Firm, browser: Open, crm: Crm):
    from crmkit.accounts.administering.person import access_panel

    with crm.read() as uow:
        view = access_panel(uow.get(User, firm.seller.id), uow)
    assert isinstance(view, View)
    assert [name for _key, name, _lead in view.context["beside"].teams] == ["North"]


# ---- teams ------------------------------------------------------------------------------------------------------------------
def test_the_tree_with_the_people_in_it(firm: Firm, browser: Open):
    page = browser("admin").get(f"/accounts/teams?team={firm.company.north.id}", headers=ENGLISH).text
    assert [page.index(f"<b>{name}</b>") for name in ("Head office", "North", "South")] == sorted(
        page.index(f"<b>{name}</b>") for name in ("Head office", "North", "South"))  # fmt: skip
    assert "<b>Lead</b>" in page
    assert "<b>Other</b>" not in page
    assert "5" in re.findall(r'with those below: (\d+)', page)  # of the head office


def test_teams_are_added_moved_and_archived(firm: Firm, browser: Open, crm: Crm):
    page, company = browser("admin"), firm.company
    assert by(page, "/accounts/teams", do="add", name="", kind="dealer").status_code == 422
    assert by(page, "/accounts/teams", do="add", name="Shop", kind="nonsense").status_code == 422
    by(page, "/accounts/teams", do="add", name="Shop", kind="point_of_sale", parent_id=str(company.north.id), city="Perm")
    with crm.read() as uow:
        shop = uow.find(Team).where(Team.name == "Shop").one()
    assert (shop.parent_id, shop.city) == (company.north.id, "Perm")
    by(page, "/accounts/teams", do="move", team=str(shop.id), parent_id=str(company.south.id))
    assert firm.read(Team, shop.id).parent_id == company.south.id
    circle = by(page, "/accounts/teams", do="move", team=str(company.head.id), parent_id=str(company.north.id))
    assert (circle.status_code, "would stand above itself" in circle.text) == (422, True)
    by(page, "/accounts/teams", do="archive", team=str(shop.id))
    assert firm.read(Team, shop.id).archived_at is not None


@pytest.mark.parametrize("name", ["director", "lead", "seller"])
def test_nobody_else_changes_teams(name: str, firm: Firm, browser: Open, crm: Crm):
    page, north = browser(name), firm.company.north
    for form in ({"do": "add", "name": "Shop", "kind": "dealer"}, {"do": "move", "team": str(north.id)}, {"do": "archive", "team": str(north.id)}):
        assert by(page, "/accounts/teams", **form).status_code == 403, form
    assert (firm.read(Team, north.id).parent_id, firm.read(Team, north.id).archived_at) == (firm.company.head.id, None)
    assert 'value="move"' not in page.get(f"/accounts/teams?team={north.id}").text


# ---- roles ------------------------------------------------------------------------------------------------------------------
def form_of(role: StoredRole | None, **grants: Any) -> dict[str, Any]:
    """Return a role's form as the page would send it."""
    held = role.grants if role is not None else {}
    given = {f"g:{p}": s for p, s in held.items() if isinstance(s, str)} | {f"g:{p.replace('__', '.')}": s for p, s in grants.items()}
    return {"version": str(role.version) if role is not None else "", "label": role.label if role else "", "label_ru": "", **given}


def test_the_matrix_says_who_may_do_what(firm: Firm, browser: Open):
    page = browser("director").get("/accounts/roles?plugin=shop", headers=ENGLISH).text
    row = page[page.index('title="shop.order.read"') :]
    row = row[: row.index("</tr>")]
    heads = [re.sub(r"<.*?>", "", h) for h in re.findall(r"<th scope=\"col\".*?<b>(.*?)</b>", page)]
    cells = [re.sub(r"\s+", "", re.sub(r"<.*?>", "", c)) for c in re.findall(r"<td.*?</td>", row)]
    found = dict(zip(heads, cells, strict=True))
    assert (found["Administrator"], found["Seller"], found["Lead"]) == ("all", "own", "team")


def test_a_role_is_looked_at_before_it_is_saved(firm: Firm, browser: Open):
    page, role = browser("admin"), firm.roles["seller"]
    path, form = f"/accounts/roles/{role.id}", form_of(role, shop__order__read="all")
    review = by(page, path, **form, do="review")
    assert review.status_code == 200
    assert "Rights change for: 2" in review.text
    wide = by(page, path, **form_of(role, **{"shop__order__*": "team"}), do="review").text
    assert re.search(r"<li><span>Orders: everything\s*<code>shop\.order\.\*</code>", wide)
    assert firm.read(StoredRole, role.id).grants == role.grants  # nothing is saved yet
    assert by(page, path, **form, do="save").status_code == 303
    assert firm.read(StoredRole, role.id).grants == {**role.grants, "shop.order.read": "all"}
    unchanged = form_of(firm.read(StoredRole, role.id))
    assert "Nothing would change" in by(page, path, **unchanged, do="review").text


def test_people_whose_other_roles_give_it_anyway_are_not_counted(firm: Firm, browser: Open, make: Any):
    make(UserRole, user_id=firm.other.id, role_id=firm.roles["administrator"].id)
    role = firm.roles["seller"]
    review = by(browser("admin"), f"/accounts/roles/{role.id}", **form_of(role, shop__order__read="all"), do="review").text
    assert "Rights change for: 1" in review
    assert "Hold the role: 2" in review


def test_fields_are_hidden_and_locked(firm: Firm, browser: Open, crm: Crm):
    page, role = browser("admin"), firm.roles["seller"]
    form = {**form_of(role), "f:shop.order.cost": "hidden", "f:shop.order.title": "read_only", "hidden-patterns": "shop.order.c*"}
    by(page, f"/accounts/roles/{role.id}", **form, do="save")
    saved = firm.read(StoredRole, role.id)
    assert (sorted(saved.hidden), saved.read_only) == (["shop.order.c*", "shop.order.cost"], ["shop.order.title"])


def test_what_a_form_does_not_show_stays(firm: Firm, browser: Open, make: Any):
    special = {"or": [{"owner_id": {"eq": {"relative": "me"}}}]}
    role = make(StoredRole, name="odd", grants={"shop.order.read": special, "shop.*": ["own", "team"]}, hidden=["shop.order.c*"])
    page = browser("admin")
    text = page.get(f"/accounts/roles/{role.id}", headers=ENGLISH).text
    form = {f"g:{name}": value.replace("&#34;", '"') for name, value in re.findall(r'name="g:([^"]+)".*?<option value="([^"]*)" selected', text)}
    again = {"version": str(role.version), **form, "hidden-patterns": "shop.order.c*", "label": "Odd"}
    by(page, f"/accounts/roles/{role.id}", **again, do="save")
    saved = firm.read(StoredRole, role.id)
    assert (saved.grants, saved.hidden, saved.label) == (role.grants, ["shop.order.c*"], "Odd")


def test_what_is_wrong_with_a_role_stands_at_its_place(firm: Firm, browser: Open):
    role = firm.roles["seller"]
    page, path = browser("admin"), f"/accounts/roles/{role.id}"
    for form, words in {
        "g:shop.order.read": ("nonsense", "unknown scope"), "pattern": ("shop.ordre.*", "no plugin declares"),
        "hidden-patterns": ("shop.order.cots", "does not exist"), "g:shop.order.change": ("{broken", "unknown scope"),
        "g:shop.order.create": ('{"not":' * 20 + "{}" + "}" * 20, "nested too deeply"),
        "g:shop.order.archive": ('{"not":' * 300 + "{}" + "}" * 300, "nested"), "g:shop.order.*": ("[" * 100_000, "unknown scope"),
        "g:shop.refund": ('{"not":' * 980 + "{}" + "}" * 980, "unknown scope"),
    }.items():  # fmt: skip
        answer = by(page, path, **{**form_of(role), form: words[0], "pattern-scope": "own"}, do="review")
        assert (answer.status_code, words[1] in answer.text) == (422, True), form
    assert firm.read(StoredRole, role.id).version == role.version


def test_a_role_changed_meanwhile_is_not_overwritten(firm: Firm, browser: Open, crm: Crm):
    role = firm.roles["seller"]
    with crm.uow() as uow:
        uow.get(StoredRole, role.id).label = "Somebody else's"
    answer = by(browser("admin"), f"/accounts/roles/{role.id}", **form_of(role, shop__refund="all"), do="save")
    assert (answer.status_code, "somebody has changed this role" in answer.text) == (422, True)


def test_a_new_role_also_like_another(firm: Firm, browser: Open, crm: Crm):
    page = browser("admin")
    assert "own" in page.get(f"/accounts/roles/new?like={firm.roles['seller'].id}").text
    for name in ("", "Bad Name", "seller"):
        assert by(page, "/accounts/roles/new", name=name, do="save").status_code == 422, name
    made = by(page, "/accounts/roles/new", **form_of(None, shop__order__read="own"), name="clerk", do="save")
    assert made.status_code == 303
    with crm.read() as uow:
        assert uow.find(StoredRole).where(StoredRole.name == "clerk").one().grants == {"shop.order.read": "own"}


def test_a_role_is_archived_but_not_the_last_administrator_s(firm: Firm, browser: Open):
    page = browser("admin")
    by(page, f"/accounts/roles/{firm.roles['seller'].id}", do="archive")
    assert firm.read(StoredRole, firm.roles["seller"].id).archived_at is not None
    key = firm.roles["administrator"].id
    assert by(page, f"/accounts/roles/{key}", do="archive").status_code == 422
    assert by(page, f"/accounts/roles/{key}", version=str(firm.roles["administrator"].version), do="save").status_code == 422
    assert firm.read(StoredRole, key).grants == {"*": "all"}


@pytest.mark.parametrize("doing", ["review", "save", "archive"])
def test_a_director_reads_roles_and_changes_none(doing: str, firm: Firm, browser: Open):
    page, role = browser("director"), firm.roles["seller"]
    assert "You may look at this role" in page.get(f"/accounts/roles/{role.id}", headers=ENGLISH).text
    assert by(page, f"/accounts/roles/{role.id}", **form_of(role, shop__refund="all"), do=doing).status_code == 403
    assert firm.read(StoredRole, role.id).grants == role.grants


def test_nobody_writes_more_into_a_role_than_they_hold(firm: Firm, browser: Open, make: Any):
    clerk = firm.company.role("clerk", {"accounts.role.*": "all", "accounts.matrix": "all", "shop.order.read": "own"}, hidden=["shop.order.cost"])
    firm.company.person("clerk", clerk)
    page = browser("clerk")
    for name, scope in (("shop.order.read", "all"), ("shop.refund", "all"), ("accounts.administer", "all")):
        answer = by(page, "/accounts/roles/new", name="mine", **{f"g:{name}": scope}, do="save")
        assert (answer.status_code, "which you do not hold yourself" in answer.text) == (422, True), name
    wide = by(page, "/accounts/roles/new", name="mine", **{"pattern": "*", "pattern-scope": "own"}, do="save")
    assert wide.status_code == 422
    shown = by(page, "/accounts/roles/new", name="mine", **{"g:shop.order.read": "own"}, do="save")
    assert (shown.status_code, "which you do not see yourself" in shown.text) == (422, True)
