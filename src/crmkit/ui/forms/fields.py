"""Which fields a form has, and in which order: what is asked first, what follows, and what extensions add."""

from __future__ import annotations

import typing as t

import attrs

from ...core.text import translate
from ..cells import look_of
from ..controls import Control, controls

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...core.errors import Problem
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..visit import Visit

OWNERSHIP = ("owner_id", "team_id")
NOT_ASKED = frozenset({"id", "version", "pipeline", "stage", "stage_since", "created_at", "updated_at", "archived_at"})
MOST_FIRST = 8


@attrs.frozen(kw_only=True)
class Group:
    """Controls that stand together. `label` is empty for those that are asked first, `folded` ones wait to be opened."""

    label: str
    controls: list[Control]
    folded: bool = False

    @property
    def open(self) -> bool:
        """True when something in it needs attention, or it is shown at once."""
        return not self.folded or any(c.problem for c in self.controls)


def names_of_form(visit: Visit, uow: Uow, kind: Kind) -> list[str]:
    """Return every field a form of this kind may ask for, the first ones first."""
    shown = visit.site.shown(kind)
    rest = [n for n, f in shown.fields(uow.crm, uow.actor) if n not in NOT_ASKED and not f.generated and look_of(f) != "none"]
    first = [n for n in shown.form if n in rest]
    return list(dict.fromkeys([*first, *(n for n in rest if n not in OWNERSHIP), *(n for n in rest if n in OWNERSHIP)]))


def grouped(
    visit: Visit, uow: Uow, kind: Kind, values: Mapping[str, t.Any], problems: Iterable[Problem], *, more: str, prefix: str,
    typed: Mapping[str, str] | None = None, fixed: frozenset[str] = frozenset(), open_ones: frozenset[str] = frozenset(),
) -> list[Group]:  # fmt: skip
    """Return the form in its groups: what is asked first, the rest, each extension's. `open_ones` are never folded away."""
    shown = visit.site.shown(kind)
    names = [n for n in names_of_form(visit, uow, kind) if n not in fixed]
    made = {c.name: c for c in controls(visit, uow, kind, names, values, problems, prefix=prefix, typed=typed)}
    given = shown.look is not None and bool(shown.look.form)
    first = [n for n in shown.form if n in made and (given or made[n].required or n == shown.title)]
    if not given:
        first += [n for n in shown.form if n in made and n not in first][: max(0, MOST_FIRST - len(first))]
    first += [n for n in made if n not in first and (n in open_ones or (made[n].required and "." not in n))]
    own = [n for n in made if "." not in n and n not in first]
    groups = [Group(label="", controls=[made[n] for n in first])]
    for name, extension in kind.extensions.items():
        mine = [c for n, c in made.items() if n.startswith(f"{name}.") and n not in first]
        if mine:
            groups.append(Group(label=translate(extension.label, visit.language), controls=mine))
    if own:
        groups.insert(1, Group(label=more, controls=[made[n] for n in own], folded=len(own) > 2 or len(first) > 3))
    return [g for g in groups if g.controls]


__all__ = ["Group", "grouped", "names_of_form"]
