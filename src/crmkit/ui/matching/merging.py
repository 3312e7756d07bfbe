"""Merging two records on one page: both values of every field side by side, what moves over, and the button."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

import attrs
from markupsafe import Markup

from ...core import merge as core
from ...core.errors import Invalid, Problem, Refusal
from ...core.lists import ListRequest
from ...core.text import translate
from ...web.call import as_id
from ..cells import NO_VALUE, Cells, Names
from ..controls import Control
from ..results import Redirect, View
from ..shown import path_of
from . import words

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

SIDES = ("winner", "loser")
PREFIX = "take."


@attrs.frozen(kw_only=True)
class Choice:
    """One field of both records. `fixed` cannot be chosen: it settles itself, or may not be written."""

    name: str
    label: str
    winner: Markup
    loser: Markup
    taken: str
    fixed: bool
    problem: str


@attrs.frozen(kw_only=True)
class Side:
    """One of the two records."""

    id: int
    name: str
    address: str
    created: str


def page(visit: Visit, uow: Uow) -> Result:
    """GET /<plugin>/<entity>/<id>/merge?with=7: both side by side; without `with`, the question which other one."""
    uow.get(visit.kind.cls, visit.key)
    uow.require(visit.kind.permission("change"))
    given = visit.query.get("with", "")
    if not given:
        return _ask(visit, uow)
    return _compare(visit, uow, _other(given), {}, ())


def _other(given: str) -> int:
    key = as_id(given)
    if key is None:
        raise Invalid(problems=[Problem("with", "invalid", words.with_which)])
    return key


def _ask(visit: Visit, uow: Uow) -> View:
    here = path_of(visit.kind, visit.key)
    control = Control(
        name="with", how="record", id="merge-with", label=visit.say(words.other), required=True, source=visit.url(f"{path_of(visit.kind)}/pick"),
    )  # fmt: skip
    name = Names(visit, uow).text(visit.kind.key, visit.key)
    return View("ui/matching/ask.html", m=words, kind=visit.kind, name=name, here=here, listed=path_of(visit.kind), control=control)


def _compare(visit: Visit, uow: Uow, other: int, chosen: Mapping[str, str], problems: Iterable[Problem], *, again: bool = False) -> View:
    kind = visit.kind
    planned = core.plan(uow, kind, visit.key, other)
    said = {p.path.removeprefix("choose."): visit.say(p.message) for p in problems}
    choices = _choices(visit, uow, kind, planned, chosen, said)
    differ = [c for c in choices if c.winner != c.loser or c.problem]
    one_sided = [c for c in differ if NO_VALUE in (c.winner, c.loser) and not c.problem]
    empty = [c for c in choices if c not in differ and c.winner == NO_VALUE]
    return View(
        "ui/matching/merge.html", m=words, kind=kind, here=path_of(kind, visit.key), listed=path_of(kind), other=other,
        sides=_sides(visit, uow, kind, (visit.key, other)), differ=[c for c in differ if c not in one_sided], one_sided=one_sided,
        same=[c for c in choices if c not in differ and c not in empty],
        moves=_moves(visit, uow, planned), swap=visit.url(f"{path_of(kind, other)}/merge", **{"with": visit.key}),
        problems=[words_ for path, words_ in said.items() if path not in {c.name for c in choices}] if again else [],
    )  # fmt: skip


def _choices(
    visit: Visit, uow: Uow, kind: Kind, planned: core.Merged, chosen: Mapping[str, str], said: Mapping[str, str]
) -> list[Choice]:  # fmt: skip
    cells = Cells(visit, uow, kind, [c.name for c in planned.choices])
    rows: list[dict[str, t.Any]] = [{c.name: getattr(c, side) for c in planned.choices} for side in SIDES]
    cells.look_up(rows)
    read_only = frozenset[str]() if uow.elevated else uow.crm.access.read_only(uow.actor, kind)
    found = []
    for choice in planned.choices:
        if choice.name not in cells.fields:
            continue
        fixed = cells.fields[choice.name].to is kind.cls or choice.name in read_only
        winner, loser = (NO_VALUE if row.get(choice.name) in (None, "", [], {}) else cells.html(choice.name, row, link=False) for row in rows)
        found.append(Choice(
            name=choice.name, label=translate(choice.label, visit.language), winner=winner, loser=loser, fixed=fixed,
            taken=choice.taken if fixed else chosen.get(choice.name, choice.taken), problem=said.get(choice.name, ""),
        ))  # fmt: skip
    return found


def _sides(visit: Visit, uow: Uow, kind: Kind, keys: tuple[int, int]) -> list[Side]:
    names = Names(visit, uow)
    names.want(kind.key, keys)
    rows = uow.page(kind.cls, ListRequest(filter={"id": {"in": list(keys)}}, fields=["id", "created_at"], limit=2, archived=None)).rows
    made = {row["id"]: row["created_at"] for row in rows}
    return [
        Side(id=key, name=names.text(kind.key, key), address=visit.url(path_of(kind, key)), created=str(made.get(key) or "")) for key in keys
    ]


def _moves(visit: Visit, uow: Uow, planned: core.Merged) -> list[tuple[str, str, list[str]]]:
    """Return what will point to the winner, and what stays: by kind, with counts."""
    from ..formats import number

    told = []
    for key in dict.fromkeys([*planned.repointed, *planned.kept]):
        kind = uow.crm.kinds[key]
        some = [(words.moved, planned.repointed.get(key, 0)), (words.kept, len(planned.kept.get(key, ())))]
        said = [visit.say(text, count=number(count, visit.language)) for text, count in some if count]
        told.append((visit.say(kind.plural), visit.site.shown(kind).icon, said))
    return told


# ---- doing it ---------------------------------------------------------------------------------------------------------
def merge(visit: Visit, uow: Uow) -> Result:
    """POST /<plugin>/<entity>/<id>/merge: the other becomes part of this one."""
    other = _other(visit.form.get("with", ""))
    done = core.merge(uow, visit.kind, visit.key, other, _asked(visit, uow, other))
    uow.settle()
    return Redirect(path_of(visit.kind, done.winner), say=words.merged, undo=done.operation and uow.tx)


def _asked(visit: Visit, uow: Uow, other: int) -> dict[str, str]:
    """Return what was chosen otherwise than it would be by itself: only that needs a say."""
    chosen = {n.removeprefix(PREFIX): v for n, v in visit.form.items() if n.startswith(PREFIX)}
    usual = {c.name: c.taken for c in core.plan(uow, visit.kind, visit.key, other).choices}
    return {name: side for name, side in chosen.items() if usual.get(name) != side}


def once_more(visit: Visit, uow: Uow, refusal: Refusal) -> Result:
    """Show both again with what is wrong at its field."""
    given = as_id(visit.form.get("with", ""))
    if not isinstance(refusal, Invalid) or given is None or given == visit.key:
        raise refusal
    chosen = {n.removeprefix(PREFIX): v for n, v in visit.form.items() if n.startswith(PREFIX) and v in SIDES}
    return _compare(visit, uow, given, chosen, refusal.problems, again=True)
