"""One person's access: roles, teams, sessions, the second factor, who stands in for them, and what all of it lets them do."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Callable, Mapping

import attrs
import sqlalchemy as sa

from crmkit import Forbidden, Invalid, NotFound, Problem, Refusal, Uow, _
from crmkit.ui import Redirect, Result, View, Visit, page, panel

from ..asked import NOBODY
from ..asked import person as visible_person
from ..entities import Delegation, Membership, User
from ..guard import role_names, stronger
from ..links import can_send, link_for, pass_on
from ..pages_profile import BROWSERS, SYSTEMS
from ..permissions import INVITE, may_administer, require_administrator
from ..roles import hand_out
from ..second_factor import take_from, wanted
from ..sessions import current, end, end_one, open_sessions
from . import words
from .needs import Needs, demand_fields, fillable, sees_all, tree, whole_number
from .people import role_choices, roles_of, root_of, teams_of
from .rights import named_scopes, rights_of

WHEN = _("expected a day", ru="ожидается дата")
NO_PERSON = _("choose somebody", ru="выберите сотрудника")
NO_TEAM = _("choose a team", ru="выберите команду")
Json = dict[str, t.Any]


def asked_person(visit: Visit, uow: Uow) -> User:
    """Return the person an address is about."""
    key = whole_number(visit.path["id"])
    if key is None:
        raise NotFound(NOBODY)
    return visible_person(uow, key)


@page("/people/{id}", label=_("Access of a person", ru="Доступ сотрудника"), permission=Needs.PEOPLE, methods=("GET", "POST"))
def person_page(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> Result:
    """GET and POST /accounts/people/7: what the person may do and why, and everything an administrator does about it."""
    user = asked_person(visit, uow)
    if visit.method == "POST" and refusal is None:
        doing = DOINGS.get(visit.form.get("do", ""))
        if doing is None:
            raise NotFound()
        return Redirect(f"/accounts/people/{user.id}", say=doing(visit, uow, user))
    problems = {p.path.partition(".")[0]: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    failed = visit.form.get("do", "") if refusal is not None else ""
    return View("admin/person.html", a=words, user=user, problems=problems, failed=failed, form=visit.form, **_facts(visit, uow, user))


def _facts(visit: Visit, uow: Uow, user: User) -> Json:
    administers, weaker = may_administer(uow), stronger(uow, user.id) is None
    lines = tree(uow)
    names = {line.id: line.name for line in lines}
    own, hidden = user.id == uow.actor.id, uow.crm.access.hidden(uow.actor, uow.crm.kind(User))
    may_link = user.active and weaker and uow.may(INVITE, user)
    may_close = _may_write(uow, user, "active") and weaker and not own
    return {
        "administers": administers and weaker, "may_link": may_link, "may_close": may_close, "own": own, "sends": can_send(uow.crm),
        "may_edit": uow.may("accounts.user.change", user), "may_ask_why": uow.may("crmkit.explain"), "names": names,
        "held": _held(uow, user), "choices": role_choices(visit, uow) if administers and weaker else [], "holds": role_names(uow, user.id),
        "team_lines": fillable(uow, lines) if uow.may("accounts.membership.create") else [], "lines": lines,
        "main_lines": fillable(uow, lines) if _may_write(uow, user, "team_id") else [], "memberships": _memberships(uow, user, names),
        "manager": _named(uow, user.manager_id) if "manager_id" not in hidden else None,
        "beneath": " · ".join(str(v) for n in ("position", "login") if n not in hidden and (v := getattr(user, n))),
        "sessions": [_named_session(one) for one in open_sessions(uow, user.id, current(visit.request, uow))] if administers or own else None,
        "factor": wanted(user) if administers or own else None, "has_password": user.password_hash is not None,
        "delegations": _delegations(uow, user),
        "may_delegate": uow.may("accounts.delegation.create"), "rights": rights_of(visit, uow, user) if _may_know(uow, user) else None,
        "named": named_scopes(visit), "may_archive_membership": uow.may("accounts.membership.archive"),
    }  # fmt: skip


def _named_session(one: Json) -> Json:
    """Return a session with the browser and the system as people call them."""
    agent = one["agent"] or ""
    names = [next((said for part, said in known if part in agent), "") for known in (BROWSERS, SYSTEMS)]
    return {**one, "browser": ", ".join(filter(None, names)), "phone": "Mobile" in agent}


def _held(uow: Uow, user: User) -> list[t.Any] | None:
    """Return a person's roles for readers who may know them: everybody knows their own."""
    return roles_of(uow, [user.id]).get(user.id, []) if _may_know(uow, user) else None


def _may_know(uow: Uow, user: User) -> bool:
    return user.id == uow.actor.id or sees_all(uow, "accounts.user_role.read")


def _may_write(uow: Uow, user: User, field: str) -> bool:
    access, kind = uow.crm.access, uow.crm.kind(User)
    closed = access.read_only(uow.actor, kind) | access.hidden(uow.actor, kind)
    return field not in closed and uow.may("accounts.user.change", user)


def _memberships(uow: Uow, user: User, names: Mapping[int, str]) -> list[Json]:
    found: list[Json] = []
    if user.team_id is not None and user.team_id in names:
        found.append({"id": None, "team": user.team_id, "name": names[user.team_id], "lead": False})
    if uow.may("accounts.membership.read"):
        for one in uow.find(Membership).where(Membership.user_id == user.id).all():
            if one.team_id is not None and one.team_id in names:
                found.append({"id": one.id, "team": one.team_id, "name": names[one.team_id], "lead": one.lead})
    return found


def _named(uow: Uow, key: int | None) -> tuple[int, str] | None:
    rows = uow.find(User).where(User.id == key).all() if key is not None else []
    return (rows[0].id, rows[0].name) if rows else None


def _delegations(uow: Uow, user: User) -> list[Json]:
    """Return who stands in for a person, and for whom they do, now or later."""
    if not uow.may("accounts.delegation.read"):
        return []
    today = uow.now.astimezone(uow.crm.zone).date()
    mine = sa.or_(Delegation.from_user_id == user.id, Delegation.to_user_id == user.id)
    found = uow.find(Delegation).where(mine, Delegation.ends_on >= today).all()
    u = User.__table__.c
    others = {one.to_user_id if one.from_user_id == user.id else one.from_user_id for one in found}
    names = dict(uow.connection.execute(sa.select(u.id, u.name).where(u.id.in_(others), u.id.in_(uow.visible(User)))).all())
    return [
        {"id": d.id, "away": d.from_user_id == user.id, "name": names.get(key, f"№ {key}"), "key": key, "from": d.starts_on, "to": d.ends_on,
         "with_roles": d.with_roles, "now": d.starts_on <= today, "may_end": uow.may("accounts.delegation.archive", d)}
        for d in found for key in [d.to_user_id if d.from_user_id == user.id else d.from_user_id]
    ]  # fmt: skip


# ---- doing ------------------------------------------------------------------------------------------------------------------
def _roles(visit: Visit, uow: Uow, user: User) -> str:
    kept = [choice.name for choice in role_choices(visit, uow) if not choice.within and choice.name in role_names(uow, user.id)]
    hand_out(uow, user.id, [*visit.form.all("roles"), *kept])  # a role out of reach is neither given nor taken here
    return words.saved


def _active(visit: Visit, uow: Uow, user: User) -> str:
    demand_fields(uow, User, "active")
    held = uow.get(User, user.id, lock=True, action="change")
    held.active = visit.form.get("open") == "true"
    uow.flush()
    return words.opened_now if held.active else words.closed_now


def _main_team(visit: Visit, uow: Uow, user: User) -> str:
    demand_fields(uow, User, "team_id")
    uow.get(User, user.id, lock=True, action="change").team_id = whole_number(visit.form.get("team_id", ""))
    uow.flush()
    return words.saved


def _join(visit: Visit, uow: Uow, user: User) -> str:
    uow.require("accounts.membership.create")
    team = whole_number(visit.form.get("team", ""))
    if team is None:
        raise Invalid(problems=[Problem("team_id", "required", NO_TEAM)])
    made = uow.add(Membership(user_id=user.id, team_id=team, lead=visit.form.get("lead") == "true"))
    uow.flush()
    uow.require("accounts.membership.create", made)
    return words.saved


def _leave(visit: Visit, uow: Uow, user: User) -> str:
    key = whole_number(visit.form.get("membership", ""))
    held = uow.get(Membership, key or 0, lock=True, action="archive")
    if held.user_id != user.id:
        raise NotFound()
    uow.require("accounts.membership.archive", held)
    uow.archive(held)
    return words.saved


def _session(visit: Visit, uow: Uow, user: User) -> str:
    key = whole_number(visit.form.get("session", ""))
    known = {row["id"] for row in open_sessions(uow, user.id, None)}
    if key is None or key not in known:
        raise NotFound()
    end_one(uow, uow.actor.id or 0, key)
    return words.ended.format(count=1)


def _sessions(visit: Visit, uow: Uow, user: User) -> str:
    if user.id != uow.actor.id:
        require_administrator(uow)
    return words.ended.format(count=end(uow, user.id, but=current(visit.request, uow)))


def _factor(visit: Visit, uow: Uow, user: User) -> str:
    take_from(uow, user.id)
    return words.factor_gone


def _day(visit: Visit, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(visit.form.get(name, ""))
    except ValueError:
        raise Invalid(problems=[Problem(name, "invalid", WHEN)]) from None


def _delegate(visit: Visit, uow: Uow, user: User) -> str:
    uow.require("accounts.delegation.create")
    other = whole_number(visit.form.get("to_user_id", ""))
    if other is None:
        raise Invalid(problems=[Problem("to_user_id", "required", NO_PERSON)])
    visible_person(uow, other)
    made = uow.add(Delegation(
        from_user_id=user.id, to_user_id=other, starts_on=_day(visit, "starts_on"), ends_on=_day(visit, "ends_on"),
        with_roles=visit.form.get("with_roles") == "true", owner_id=user.id, team_id=user.team_id))  # fmt: skip
    uow.flush()
    uow.require("accounts.delegation.create", made)
    return words.saved


def _undelegate(visit: Visit, uow: Uow, user: User) -> str:
    held = uow.get(Delegation, whole_number(visit.form.get("delegation", "")) or 0, lock=True, action="archive")
    if user.id not in (held.from_user_id, held.to_user_id):
        raise NotFound()
    uow.require("accounts.delegation.archive", held)
    uow.archive(held)
    return words.saved


DOINGS: Mapping[str, Callable[[Visit, Uow, User], str]] = {
    "roles": _roles, "active": _active, "main-team": _main_team, "join": _join, "leave": _leave, "session": _session, "sessions": _sessions,
    "factor": _factor, "delegate": _delegate, "undelegate": _undelegate,
}  # fmt: skip


@page("/people/{id}/link", label=_("Link for a person", ru="Ссылка для сотрудника"), permission=INVITE, methods=("POST",))
def person_link(visit: Visit, uow: Uow) -> View:
    """POST /accounts/people/7/link: an invitation, or a way to a new password, shown this once or sent."""
    user = asked_person(visit, uow)
    if user.id == uow.actor.id:
        raise Forbidden()
    send = visit.form.get("send") == "true" and can_send(uow.crm)
    url, _made = pass_on(uow, user, link_for(uow, user), send, root_of(visit))
    return View("admin/link.html", a=words, user=user, link=url)


# ---- on the person's record -----------------------------------------------------------------------------------------------------
@attrs.frozen
class Beside:
    """What the panel of a person's record shows."""

    roles: list[t.Any] | None
    teams: list[tuple[int, str, bool]]


@panel(User, label=_("Access", ru="Доступ"), icon="key-round", order=10, live=["accounts.user", "accounts.user_role", "accounts.membership"])
def access_panel(user: User, uow: Uow) -> View:
    """Roles and teams of a person, with the way to all of their access."""
    lines = tree(uow)
    rows = [{"id": user.id, "team_id": user.team_id}]
    teams = teams_of(uow, [user.id], rows, {line.id: line.name for line in lines})
    return View("admin/panel.html", a=words, user=user, beside=Beside(_held(uow, user), teams.get(user.id, [])))


__all__ = ["access_panel", "person_link", "person_page"]
