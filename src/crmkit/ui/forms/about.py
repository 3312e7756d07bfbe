"""What a note, a file or an activity is about: one chooser over records of every kind, in place of a kind and a number."""

from __future__ import annotations

import typing as t

import attrs

from ...core.errors import Problem
from ...core.text import _, translate
from ...web.call import as_id
from ..cells import Names
from ..controls import CLEAR, Control

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..visit import Visit

NAME = "_about"
ABOUT = _("About", ru="О чём")


def fields_of(kind: Kind) -> tuple[str, str] | None:
    """Return the two fields that say what a record is about; None for kinds that are about nothing, or about several things."""
    if len(kind.abouts) != 1:
        return None
    return t.cast(str, kind.abouts[0].about), kind.abouts[0].name


def chosen(kind: Kind, source: Mapping[str, str]) -> str:
    """Return what a form or an address says: ``sales.deal:5``."""
    names = fields_of(kind)
    if names is None:
        return ""
    return source.get(NAME) or (f"{source[names[0]]}:{source[names[1]]}" if all(source.get(n) for n in names) else "")


def values(kind: Kind, source: Mapping[str, str]) -> dict[str, t.Any]:
    """Return the two fields as the API takes them."""
    names, (of, _colon, key) = fields_of(kind), chosen(kind, source).partition(":")
    if names is None or not of:
        return {}
    return {names[0]: of, names[1]: as_id(key) or 0}


def control(visit: Visit, uow: Uow, kind: Kind, source: Mapping[str, str], problems: Iterable[Problem], prefix: str) -> Control | None:
    """Return the chooser; None for kinds that are about nothing."""
    names = fields_of(kind)
    if names is None:
        return None
    value = chosen(kind, source)
    of, _colon, key = value.partition(":")
    number, target = as_id(key), uow.crm.kinds.get(of)
    shown = ""
    if target is not None and number is not None:
        shown = f"{translate(target.label, visit.language)}: {Names(visit, uow).text(of, number)}"
    problem = next((translate(p.message, visit.language) for p in problems if p.path in names), "")
    return Control(
        name=NAME, how="record", label=visit.say(ABOUT), id=f"{prefix}-about", value=value if shown else "", shown=shown, required=True,
        problem=problem, source=visit.url("/_/pick/any"), say_clear=visit.say(CLEAR.format(label=ABOUT)),
    )  # fmt: skip


def renamed(kind: Kind, problems: Iterable[Problem]) -> list[Problem]:
    """Return problems of the two fields as those of the chooser, said once."""
    names = fields_of(kind) or ()
    found: list[Problem] = []
    for problem in problems:
        if problem.path not in names:
            found.append(problem)
        elif not any(p.path == NAME for p in found):
            found.append(attrs.evolve(problem, path=NAME))
    return found


__all__ = ["NAME", "chosen", "control", "fields_of", "renamed", "values"]
