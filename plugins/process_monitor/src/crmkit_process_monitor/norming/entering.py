"""Putting norms in force, and what every norm must hold."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Problem, Text, Uow, _, hookimpl

from ..entities import Norm, NormFrom, Step
from ..settings import MonitorSettings

LOW = _("the minimum is above the reference", ru="минимум больше эталона")
HIGH = _("the maximum is below the reference", ru="максимум меньше эталона")
NOTHING = _("more than 0", ru="больше 0")
NO_KIND = _("there is no kind of case {name!r}; there are: {known}", ru="нет вида случаев {name!r}; есть: {known}")
NORMS_SET = _("Norms", ru="Нормы")
FIRST_DAY = dt.date(2000, 1, 1)
TOO_EARLY = _("not before 2000", ru="не раньше 2000 года")


@attrs.frozen(kw_only=True)
class Wanted:
    """A norm somebody wants. Seconds."""

    step: int
    kind: str | None
    since: dt.date
    reference: int
    least: int
    most: int
    note: str | None = None


def put(uow: Uow, wanted: Sequence[Wanted], came_from: NormFrom, *, label: str | None = None) -> list[int]:
    """Put norms in force, each from its day on; one that begins on the same day is replaced. Several are one operation, undone as one."""
    if len(wanted) > 1 or label is not None:
        uow.operation("norms", str(label or NORMS_SET))
    held = {(n.step_id, n.case_kind or None, n.since): n for n in uow.find(Norm).archived(only=False).where(
        Norm.step_id.in_(sorted({w.step for w in wanted})))}  # fmt: skip
    made: list[Norm] = []
    for one in wanted:
        norm = held.get((one.step, one.kind, one.since))
        if norm is None:
            norm = uow.add(Norm(step_id=one.step, case_kind=one.kind, since=one.since, reference=one.reference, least=one.least, most=one.most,
                                came_from=came_from, note=one.note))  # fmt: skip
            held[one.step, one.kind, one.since] = norm
        else:
            norm.reference, norm.least, norm.most, norm.came_from, norm.note = one.reference, one.least, one.most, came_from, one.note
            uow.restore(norm)
        made.append(norm)
    uow.flush()
    if uow.operation_id is not None:
        uow.finish(norms=len(made))
    return [norm.id for norm in made]


@hookimpl
def crm_check(record: Norm, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> Iterable[Problem]:
    """Find norms that cannot be."""
    if type(record) is not Norm:  # another plugin looks at it
        return ()
    return list(faults(uow, record.reference, record.least, record.most, record.since, record.case_kind or None, record.step_id))


def faults(uow: Uow, reference: int, least: int, most: int, since: dt.date, kind: str | None, step: int) -> Iterable[Problem]:
    """Find fault with what a norm says, each at its field."""
    if reference <= 0:
        yield Problem("reference", "invalid", NOTHING)
    if least > reference:
        yield Problem("least", "invalid", LOW)
    if most < reference:
        yield Problem("most", "invalid", HIGH)
    if since < FIRST_DAY:
        yield Problem("since", "invalid", TOO_EARLY)
    known = uow.crm[MonitorSettings].case_kinds
    if kind and kind not in known and log_of(uow, step) is None:
        yield Problem("case_kind", "unknown", NO_KIND.format(name=kind, known=", ".join(known)))


def log_of(uow: Uow, step: int) -> int | None:
    """Return the log a step belongs to, or None for one of our own."""
    s = Step.__table__.c
    return t.cast("int | None", uow.connection.execute(sa.select(s.log_id).where(s.id == step)).scalar_one_or_none())


def kinds_of(uow: Uow, log: int | None) -> dict[str, Text | str]:
    """Return the kinds of cases norms may be for, with what they are called: those of the settings, or those a log has."""
    if log is None:
        return dict(uow.crm[MonitorSettings].case_kinds)
    from ..tables import days

    found = uow.connection.execute(sa.select(days.c.kind).where(days.c.log_id == log, days.c.kind != "").distinct().limit(200))
    return {row[0]: row[0] for row in sorted(found)}


__all__ = ["Wanted", "crm_check", "faults", "kinds_of", "log_of", "put"]
