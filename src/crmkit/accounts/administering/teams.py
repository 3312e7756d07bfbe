"""The tree of teams: regions, dealers, points of sale, who is in each, and moving one below another."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Invalid, NotFound, Problem, Refusal, Uow, _
from crmkit.ui import Menu, Redirect, Result, View, Visit, page

from ..entities import TEAM_KINDS, Membership, Team, TeamKind, User
from . import words
from .needs import Needs, TeamLine, demand_fields, tree, whole_number
from .people import ORGANISATION

MOST_PEOPLE = 200
ICONS = {
    TeamKind.COMPANY: "building-2", TeamKind.REGION: "map", TeamKind.DEALER: "store", TeamKind.POINT_OF_SALE: "map-pin",
    TeamKind.DEPARTMENT: "users",
}  # fmt: skip
UNKNOWN_KIND = _("choose what it is", ru="выберите вид")
REQUIRED = _("required", ru="обязательное поле")
Json = dict[str, t.Any]


@page(
    "/teams", label=_("Teams", ru="Команды"), permission=Needs.TEAMS, methods=("GET", "POST"),
    menu=Menu(icon="network", section=ORGANISATION, order=20),
)  # fmt: skip
def teams(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> Result:
    """GET /accounts/teams?team=4: the tree, and one team with its people; POST adds, moves and archives."""
    if visit.method == "POST" and refusal is None:
        return _done(visit, uow)
    lines = tree(uow)
    form = visit.form
    key = whole_number(form.get("team", "") or visit.query.get("team", ""))
    chosen = next((line for line in lines if line.id == key), None)
    sets = _sets(uow, lines)
    problems = {p.path.partition(".")[0]: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    return View(
        "admin/teams.html", a=words, lines=lines, chosen=chosen, counts={k: len(v) for k, v in sets.items()}, whole=_with_below(lines, sets),
        icons=ICONS, problems=problems,
        people=_people(uow, chosen.id) if chosen is not None and uow.may("accounts.user.read") else [], kinds=TEAM_KINDS, form=form,
        failed=form.get("do", "") if refusal is not None else "", may_add=uow.may("accounts.team.create"), may_change=uow.may("accounts.team.change"),
        may_archive=uow.may("accounts.team.archive"), places=_places(uow, chosen, lines), path=_path(lines, chosen), limit=MOST_PEOPLE,
        adding="add" in visit.query,
    )  # fmt: skip


def _path(lines: Sequence[TeamLine], chosen: TeamLine | None) -> list[TeamLine]:
    """Return what stands above a team, the top first."""
    by_key, found = {line.id: line for line in lines}, []
    above = by_key.get(chosen.parent) if chosen is not None and chosen.parent is not None else None
    while above is not None:
        found.append(above)
        above = by_key.get(above.parent) if above.parent is not None else None
    return found[::-1]


def _places(uow: Uow, chosen: TeamLine | None, lines: Sequence[TeamLine]) -> list[TeamLine]:
    """Return below what a team may be put: anything but itself and what is below it."""
    taken = set(uow.crm.teams_below((chosen.id,))) if chosen is not None else set()
    return [line for line in lines if line.id not in taken]


def _sets(uow: Uow, lines: Sequence[TeamLine]) -> dict[int, set[int]]:
    """Return who is in each team, as far as the reader may see them: two statements for the whole tree."""
    if not uow.may("accounts.user.read"):
        return {}
    found: dict[int, set[int]] = {line.id: set() for line in lines}
    for team, user in _members(uow):
        if team in found:
            found[team].add(user)
    return found


def _members(uow: Uow) -> list[tuple[int, int]]:
    u, m = User.__table__.c, Membership.__table__.c
    seen = sa.select(u.team_id, u.id).where(u.team_id.is_not(None), u.active, u.archived_at.is_(None), u.id.in_(uow.visible(User)))
    pairs = [(row[0], row[1]) for row in uow.connection.execute(seen)]
    if uow.may("accounts.membership.read"):
        further = sa.select(m.team_id, m.user_id).join(User.__table__, u.id == m.user_id)
        good = (m.archived_at.is_(None), u.active, u.archived_at.is_(None), m.id.in_(uow.visible(Membership)), u.id.in_(uow.visible(User)))
        pairs += [(row[0], row[1]) for row in uow.connection.execute(further.where(*good))]
    return pairs


def _with_below(lines: Sequence[TeamLine], sets: Mapping[int, set[int]]) -> dict[int, int]:
    """Return how many people each team has together with the teams below it; somebody in two of them counts once."""
    found = {key: set(users) for key, users in sets.items()}
    for line in reversed(lines):
        if line.parent is not None and line.parent in found:
            found[line.parent] |= found.get(line.id, set())
    return {key: len(users) for key, users in found.items()}


def _people(uow: Uow, team: int) -> list[Json]:
    u, m = User.__table__.c, Membership.__table__.c
    mine = sa.select(u.id, u.name, u.position, sa.false().label("lead"), sa.true().label("main"))
    mine = mine.where(u.team_id == team, u.active, u.archived_at.is_(None), u.id.in_(uow.visible(User)))
    rows = [dict(row._mapping) for row in uow.connection.execute(mine.order_by(u.name).limit(MOST_PEOPLE))]
    if uow.may("accounts.membership.read"):
        further = sa.select(u.id, u.name, u.position, m.lead, sa.false().label("main")).join(Membership.__table__, m.user_id == u.id)
        good = (m.team_id == team, m.archived_at.is_(None), u.active, u.archived_at.is_(None), m.id.in_(uow.visible(Membership)))
        for row in uow.connection.execute(further.where(*good, u.id.in_(uow.visible(User))).order_by(u.name).limit(MOST_PEOPLE)):
            known = next((r for r in rows if r["id"] == row.id), None)
            if known is None:
                rows.append(dict(row._mapping))
            else:
                known["lead"] = bool(known["lead"] or row.lead)
    return sorted(rows, key=lambda r: (not r["lead"], r["name"].casefold()))


# ---- doing ------------------------------------------------------------------------------------------------------------------
def _done(visit: Visit, uow: Uow) -> Redirect:
    doing = {"add": _add, "move": _move, "archive": _archive}.get(visit.form.get("do", ""))
    if doing is None:
        raise NotFound()
    return doing(visit, uow)


def _add(visit: Visit, uow: Uow) -> Redirect:
    uow.require("accounts.team.create")
    form = visit.form
    name = form.get("name", "").strip()
    kind = next((k for k in TeamKind if k.value == form.get("kind", "")), None)
    problems = [Problem("name", "required", REQUIRED)] if not name else []
    if kind is None:
        problems.append(Problem("kind", "unknown", UNKNOWN_KIND))
    if problems or kind is None:
        raise Invalid(problems=problems)
    above = whole_number(form.get("parent_id", ""))
    if above is not None:
        uow.get(Team, above)
    made = uow.add(Team(name=name, kind=kind, parent_id=above, city=form.get("city", "").strip() or None))
    uow.flush()
    uow.require("accounts.team.create", made)
    return Redirect(f"/accounts/teams?team={made.id}", say=words.saved)


def _held(visit: Visit, uow: Uow, action: str) -> Team:
    return uow.get(Team, whole_number(visit.form.get("team", "")) or 0, lock=True, action=action)


def _move(visit: Visit, uow: Uow) -> Redirect:
    demand_fields(uow, Team, "parent_id")
    team = _held(visit, uow, "change")
    uow.require("accounts.team.change", team)
    above = whole_number(visit.form.get("parent_id", ""))
    if above is not None:
        uow.get(Team, above)
    team.parent_id = above
    uow.flush()
    return Redirect(f"/accounts/teams?team={team.id}", say=words.moved)


def _archive(visit: Visit, uow: Uow) -> Redirect:
    team = _held(visit, uow, "archive")
    uow.require("accounts.team.archive", team)
    uow.archive(team)
    return Redirect("/accounts/teams", say=words.saved)
