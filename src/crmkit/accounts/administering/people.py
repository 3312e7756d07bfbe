"""The page of people, and inviting somebody."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Invalid, ListRequest, Refusal, Text, Uow, _
from crmkit.ui import Menu, View, Visit, page

from ..entities import Membership, Session, StoredRole, User, UserRole
from ..guard import excess, own_hands
from ..links import INVITATION, Invitation, add_person, can_send, pass_on
from ..people import as_role
from ..permissions import INVITE
from . import words
from .needs import Needs, fillable, sees_all, tree, whole_number

PER_PAGE = 50
MOST = 5000
STATES = ("active", "closed", "all")
SHOWN = ("id", "name", "login", "position", "phone", "team_id", "active")
ORGANISATION = words.organisation
Json = dict[str, t.Any]


@attrs.frozen
class Asked:
    """What was asked for, as it was typed."""

    q: str
    state: str
    role: str
    team: str

    @classmethod
    def of(cls, visit: Visit) -> Asked:
        """Read the query; what makes no sense is as if it had not been asked."""
        found = {a.name: visit.query.get(a.name, "").strip()[:200] for a in attrs.fields(cls)}
        found["state"] = found["state"] if found["state"] in STATES else "active"
        return cls(**found)


@page("/people", label=_("People", ru="Сотрудники"), permission=Needs.PEOPLE, menu=Menu(icon="users-round", section=ORGANISATION, order=10))
def people(visit: Visit, uow: Uow) -> View:
    """GET /accounts/people?q=&state=&role=&team=&after=: people with their teams and roles."""
    asked, lines = Asked.of(visit), tree(uow)
    knows_roles = sees_all(uow, "accounts.user_role.read")
    tests = _tests(uow, asked, knows_roles)
    hidden = uow.crm.access.hidden(uow.actor, uow.crm.kind(User))
    request = ListRequest(
        filter={"and": tests} if tests else None, sort=["name", "id"], fields=[n for n in SHOWN if n not in hidden],
        limit=PER_PAGE, after=visit.query.get("after") or None,
        search=asked.q or None, count=1000)  # fmt: skip
    try:
        found = uow.page(User, request)
    except Invalid:  # a cursor of another list
        found = uow.page(User, attrs.evolve(request, after=None))
    rows: list[Json] = [{**dict.fromkeys(SHOWN), **row} for row in found.rows]  # what is hidden from the reader is nothing
    keys = [row["id"] for row in rows]
    names = {line.id: line.name for line in lines}
    more = visit.url("/accounts/people", **_kept(asked), after=found.next) if found.next else ""
    return View(
        "admin/people.html", a=words, asked=asked, rows=rows, total=found.total, more=more, first=not visit.query.get("after"),
        roles=roles_of(uow, keys) if knows_roles else None, teams=teams_of(uow, keys, rows, names), seen=_seen(uow, keys), lines=lines,
        all_roles=_roles(visit, uow) if knows_roles else [], waiting=_waiting(uow, keys),
        may_invite=uow.may(INVITE) and uow.may("accounts.user.create"),
    )  # fmt: skip


def _kept(asked: Asked) -> Json:
    return {k: v for k, v in attrs.asdict(asked).items() if v and (k, v) != ("state", "active")}


def _tests(uow: Uow, asked: Asked, knows_roles: bool) -> list[Json]:
    tests: list[Json] = []
    if asked.state != "all":
        tests.append({"active": asked.state == "active"})
    role, team = whole_number(asked.role), whole_number(asked.team)
    if role is not None and knows_roles:
        c = UserRole.__table__.c
        tests.append({"id": {"in": _keys(uow, sa.select(c.user_id).where(c.role_id == role, c.archived_at.is_(None)))}})
    if team is not None and uow.may("accounts.team.read"):
        reach = list(uow.crm.teams_below((team,)))
        m = Membership.__table__.c
        members = sa.select(m.user_id).where(m.team_id.in_(reach), m.archived_at.is_(None), m.id.in_(uow.visible(Membership)))
        inside: list[Json] = [{"team_id": {"in": reach}}]
        if uow.may("accounts.membership.read"):
            inside.append({"id": {"in": _keys(uow, members)}})
        tests.append({"or": inside})
    return tests


def _keys(uow: Uow, statement: t.Any) -> list[int]:
    return [*uow.connection.execute(statement.limit(MOST)).scalars()] or [0]


def _roles(visit: Visit, uow: Uow) -> list[tuple[int, str]]:
    return [(row.id, label_of(visit, row)) for row in stored_roles(uow)]


def stored_roles(uow: Uow) -> Sequence[t.Any]:
    """Return the rows of all roles that are kept as data, by name."""
    c = StoredRole.__table__.c
    shown = sa.select(c.id, c.name, c.grants, c.hidden, c.read_only, c.label, c.label_ru).where(c.archived_at.is_(None))
    return uow.connection.execute(shown.order_by(c.name)).all()


def label_of(visit: Visit, row: t.Any) -> str:
    """Return a role's name in the reader's language."""
    english = row.label or row.name.replace("_", " ").capitalize()
    return visit.say(_(english, ru=row.label_ru or english))


def roles_of(uow: Uow, keys: Sequence[int]) -> Mapping[int, list[tuple[int, Text]]]:
    """Return the roles of people, each with its number: one statement for all of them."""
    c, h = StoredRole.__table__.c, UserRole.__table__.c
    held = sa.select(h.user_id, c.id, c.name, c.label, c.label_ru).join(StoredRole.__table__, c.id == h.role_id)
    found: dict[int, list[tuple[int, Text]]] = {}
    for row in uow.connection.execute(held.where(h.user_id.in_(keys), h.archived_at.is_(None), c.archived_at.is_(None)).order_by(c.name)):
        english = row.label or row.name.replace("_", " ").capitalize()
        found.setdefault(row.user_id, []).append((row.id, _(english, ru=row.label_ru or english)))
    return found


def teams_of(uow: Uow, keys: Sequence[int], rows: Sequence[Json], names: Mapping[int, str]) -> Mapping[int, list[tuple[int, str, bool]]]:
    """Return the teams of people: number, name, and whether they lead it; the main one first. Teams nobody may see are left out."""
    m = Membership.__table__.c
    further = sa.select(m.user_id, m.team_id, m.lead).where(m.user_id.in_(keys), m.archived_at.is_(None), m.id.in_(uow.visible(Membership)))
    found = {row["id"]: {row["team_id"]: False} for row in rows}
    if uow.may("accounts.membership.read"):
        for user, team, lead in uow.connection.execute(further.order_by(m.id)):
            found[user][team] = found[user].get(team, False) or lead
    return {user: [(team, names[team], lead) for team, lead in teams.items() if team in names] for user, teams in found.items()}


def _seen(uow: Uow, keys: Sequence[int]) -> Mapping[int, dt.datetime] | None:
    """Return when people were here last; None for readers who may not know."""
    if not sees_all(uow, "accounts.session.read"):
        return None
    c = Session.__table__.c
    return dict(uow.connection.execute(sa.select(c.user_id, sa.func.max(c.seen_at)).where(c.user_id.in_(keys)).group_by(c.user_id)).all())


def _waiting(uow: Uow, keys: Sequence[int]) -> frozenset[int]:
    """Return who has not set a password yet, for those who invite."""
    if not uow.may(INVITE):
        return frozenset()
    c = User.__table__.c
    return frozenset(uow.connection.execute(sa.select(c.id).where(c.id.in_(keys), c.password_hash.is_(None))).scalars())


# ---- inviting ---------------------------------------------------------------------------------------------------------------
@attrs.frozen
class RoleChoice:
    """A role one may give, or one that reaches further than one's own."""

    name: str
    label: str
    within: bool


def role_choices(visit: Visit, uow: Uow) -> list[RoleChoice]:
    """Return the roles with whether the actor may give them: they must reach no further than the actor's own."""
    actor, free = own_hands(uow), uow.actor.system
    rows = stored_roles(uow)
    return [RoleChoice(row.name, label_of(visit, row), free or not excess(uow.crm, actor, as_role(*row[1:]))) for row in rows]


@page("/people/invite", label=_("Invite somebody", ru="Пригласить сотрудника"), permission=INVITE, methods=("GET", "POST"))
def invite_page(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> View:
    """Invite somebody: the form, then the link, which is shown this once."""
    uow.require("accounts.user.create")
    if visit.method == "POST" and refusal is None:
        return _invited(visit, uow)
    problems = {p.path.partition(".")[0]: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    form = visit.form if visit.method == "POST" else visit.query
    manager = whole_number(form.get("manager_id", ""))
    gives = uow.may("accounts.user_role.create")
    return View(
        "admin/invite.html", a=words, form=form, chosen=form.all("roles"), problems=problems, roles=role_choices(visit, uow) if gives else [],
        lines=fillable(uow, tree(uow)), manager=_name(uow, manager), can_send=can_send(uow.crm), plain="team_id" not in form,
        own_team=uow.actor.teams[0] if uow.actor.teams else "",
    )  # fmt: skip


def root_of(visit: Visit) -> str:
    """Return where this CRM is as the reader's browser has it, for links that are passed on."""
    at = visit.request.url
    return f"{at.scheme}://{at.netloc}{visit.url('').rstrip('/')}"


def _name(uow: Uow, key: int | None) -> tuple[int, str] | None:
    rows = uow.page(User, ListRequest(filter={"id": key}, fields=["name"], limit=1)).rows if key is not None else []
    return (key, rows[0]["name"]) if rows and key is not None else None


def _invited(visit: Visit, uow: Uow) -> View:
    form = visit.form
    texts = {n: form.get(n, "").strip() or None for n in ("language", "position", "phone")}
    send = form.get("send") == "true" and can_send(uow.crm)
    asked = Invitation(
        login=form.get("login", "").strip(), name=form.get("name", "").strip(), **texts, team_id=whole_number(form.get("team_id", "")),
        manager_id=whole_number(form.get("manager_id", "")), roles=form.all("roles"), send=send)  # fmt: skip
    user = add_person(uow, asked)
    url, _made = pass_on(uow, user, INVITATION, send, root_of(visit))
    return View("admin/link.html", a=words, user=user, link=url)
