"""One role: its rights and fields in a form, what a change would change, and saving it."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import sqlalchemy as sa

from crmkit import NotFound, Problem, Refusal, Uow, _
from crmkit.ui import Redirect, Result, View, Visit, page

from ..entities import NAME_OF_ROLE, ROLE_NAME, StoredRole, User, UserRole
from ..guard import excess, own_hands
from ..permissions import MATRIX
from ..rules import problems_of
from . import words
from .needs import demand_fields, whole_number
from .rights import named_scopes
from .role_effect import effect_of
from .role_form import Values, sheet_of, values_of

TAKEN = _("there is such a role already", ru="такая роль уже есть")
FIELDS = ("label", "label_ru", "grants", "hidden", "read_only")


@page("/roles/new", label=_("New role", ru="Новая роль"), permission=MATRIX, methods=("GET", "POST"))
def new_role(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> Result:
    """GET and POST /accounts/roles/new?like=7: a role from nothing, or like another one."""
    uow.require("accounts.role.create")
    like = whole_number(visit.query.get("like", ""))
    start = _values(uow.get(StoredRole, like)) if like is not None else Values()
    return _page(visit, uow, None, Values(grants=start.grants, hidden=start.hidden, read_only=start.read_only), refusal)


@page("/roles/{id}", label=_("Role", ru="Роль"), permission=MATRIX, methods=("GET", "POST"))
def one_role(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> Result:
    """GET and POST /accounts/roles/7: look at it, change it, see what that changes, save it."""
    key = whole_number(visit.path["id"])
    writing = visit.method == "POST" and refusal is None and visit.form.get("do") in ("save", "archive")
    if key is None:
        raise NotFound()
    action = "archive" if visit.form.get("do") == "archive" else "change"
    role = uow.get(StoredRole, key, lock=True, action=action) if writing else uow.get(StoredRole, key)
    if writing and action == "archive":
        uow.require("accounts.role.archive", role)
        uow.archive(role)
        return Redirect("/accounts/roles", say=words.role_archived)
    return _page(visit, uow, role, _values(role), refusal)


def _values(role: StoredRole) -> Values:
    return Values(role.name, role.label, role.label_ru, role.grants, role.hidden, role.read_only)


def _page(visit: Visit, uow: Uow, role: StoredRole | None, old: Values, refusal: Refusal | None) -> Result:
    may = uow.may("accounts.role.create") if role is None else uow.may("accounts.role.change", role) and role.archived_at is None
    if visit.method != "POST":
        return _editor(visit, uow, role, old, {}, may)
    uow.require("accounts.role.create" if role is None else "accounts.role.change", role)
    new = values_of(visit, uow, visit.form, old)
    doing = visit.form.get("do", "")
    problems = refusal.problems if refusal is not None else () if doing == "edit" else _wrong(uow, role, old, new)
    if role is not None and refusal is None and visit.form.get("version", "") != str(role.version):
        problems = [Problem("", "stale", words.stale)]
    if problems or doing == "edit":
        return _editor(visit, uow, role, new, _told(visit, new, problems), may, status=422 if problems else 200)
    if doing == "save":
        return _saved(uow, role, new)
    effect = effect_of(visit, uow, role.id if role is not None else None, old, new)
    form = [(name, value) for name, value in visit.form.pairs() if name != "do"]
    return View("admin/role_review.html", a=words, role=role, new=new, effect=effect, form=form, title=_title(visit, new),
        named=named_scopes(visit))


def _wrong(uow: Uow, role: StoredRole | None, old: Values, new: Values) -> list[Problem]:
    """Return what saving would be refused for, without saving."""
    found = problems_of(uow.crm, new.grants, new.hidden, new.read_only)
    if not found and not uow.actor.system:
        found = excess(uow.crm, own_hands(uow), new.role(), old.role() if role is not None else None)
    if role is None:
        c = StoredRole.__table__.c
        if not ROLE_NAME.fullmatch(new.name):
            found.append(Problem("name", "invalid", NAME_OF_ROLE))
        elif uow.connection.execute(sa.select(c.id).where(c.name == new.name)).first() is not None:
            found.append(Problem("name", "taken", TAKEN))
    return found


def _told(visit: Visit, new: Values, problems: t.Iterable[Problem]) -> Mapping[str, str]:
    """Return what is wrong by its place in the form: places in lists of fields become the fields themselves."""
    found: dict[str, str] = {}
    for problem in problems:
        which, _dot, place = problem.path.partition(".")
        listed = getattr(new, which) if which in ("hidden", "read_only") else ()
        path = f"{which}.{listed[int(place)]}" if place.isdigit() and int(place) < len(listed) else problem.path
        found.setdefault(path, visit.say(problem.message))
    return found


def _saved(uow: Uow, role: StoredRole | None, new: Values) -> Redirect:
    limits = {"hidden": list(new.hidden), "read_only": list(new.read_only)}
    facts: dict[str, t.Any] = {"label": new.label, "label_ru": new.label_ru, "grants": dict(new.grants), **limits}
    if role is None:
        role = uow.add(StoredRole(name=new.name, **facts))
        uow.flush()
        uow.require("accounts.role.create", role)
        return Redirect(f"/accounts/roles/{role.id}", say=words.role_added)
    demand_fields(uow, StoredRole, *(name for name, value in facts.items() if getattr(role, name) != value))
    for name, value in facts.items():
        if getattr(role, name) != value:
            setattr(role, name, value)
    uow.flush()
    return Redirect(f"/accounts/roles/{role.id}", say=words.role_saved)


def _editor(
    visit: Visit, uow: Uow, role: StoredRole | None, values: Values, problems: Mapping[str, str], may: bool, status: int = 200,
) -> View:  # fmt: skip
    own = {n: problems.get(n, "") for n in ("name", "label", "label_ru")}
    rest = {path: words_ for path, words_ in problems.items() if path not in own}
    return View(
        "admin/role.html", status=status, a=words, role=role, values=values, sheet=sheet_of(visit, uow, values, rest), problems=own,
        any_wrong=bool(problems), may=may, may_archive=role is not None and uow.may("accounts.role.archive", role),
        holders=_holders(uow, role.id) if role is not None else [], title=_title(visit, values) if role is not None else visit.say(words.new_role),
        named=named_scopes(visit),
        version=visit.form.get("version", "") or (role.version if role is not None else ""), may_add=uow.may("accounts.role.create"),
    )  # fmt: skip


def _title(visit: Visit, values: Values) -> str:
    return visit.say(values.role().label) if values.name else visit.say(words.new_role)


def _holders(uow: Uow, key: int) -> list[tuple[int, str]]:
    h, u = UserRole.__table__.c, User.__table__.c
    mine = sa.select(h.user_id).where(h.role_id == key, h.archived_at.is_(None))
    shown = sa.select(u.id, u.name).where(u.id.in_(mine), u.active, u.archived_at.is_(None), u.id.in_(uow.visible(User)))
    return [(row[0], row[1]) for row in uow.connection.execute(shown.order_by(u.name))]


__all__ = ["new_role", "one_role"]
