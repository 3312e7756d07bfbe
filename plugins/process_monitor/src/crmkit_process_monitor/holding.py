"""What was done, held against the norm of its day: by the database, where norms changed in between."""

from __future__ import annotations

import math
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Uow

from .norms import Held, Norms
from .reading import DAY, FIGURES, FLOATS, Chosen, Sums, summed, sums

KEYS = ("worker", "step", "kind")
NEVER = -1e9
"""Nobody is as much faster than the reference as this logarithm says: there is no minimum."""
TOLERANCE = 0.2
"""Who is slower than the reference by less than this is not alarmed about, however sure it is."""


def limits(norm: Held | None, tolerance: float) -> tuple[float, float, float] | None:
    """Return the logarithm of the reference, and how far from it slow and too fast begin."""
    if norm is None:
        return None
    log = _log(norm.reference)
    most = min(math.log1p(tolerance), max(0.0, _log(norm.most) - log))
    return log, most, min(0.0, _log(norm.least) - log) if norm.least > 0 else NEVER


def _log(took: int) -> float:
    return math.log(max(1.0, took / 1000))


def held_sums(uow: Uow, chosen: Chosen, norms: Norms, tolerance: float) -> list[Sums]:
    """Return the sums of what is chosen for `judge`: each day's logarithms are lessened by those of its norm, if norms changed in between.

    Then there is one row for each worker, step and kind, and not one for each norm as well, of which a year of many colleagues has
    thousands; what was done before there was a norm has a row of its own.
    """
    starts = norms.starts(chosen.since, chosen.until)
    if not starts:
        return sums(uow, chosen, norms=norms)
    firsts = (chosen.since, *starts)
    lasts = (*(day - DAY for day in starts), chosen.until)
    eras = [attrs.evolve(chosen, since=first, until=last) for first, last in zip(firsts, lasts, strict=True)]
    each = sa.union_all(*(_era(uow, era, norms, tolerance, place) for place, era in enumerate(eras))).subquery()
    added = [sa.cast(sa.func.sum(each.c[name]), sa.Float if name in FLOATS else sa.BigInteger) for name in FIGURES]
    held = [sa.func.sum(each.c[name]) for name in ("norm", "most", "least")]
    keys = [each.c[key] for key in KEYS]
    wanted = sa.select(*keys, *added, *held).group_by(*keys, each.c.norm.is_(None))
    return [Sums(worker, step, kind, chosen.since, days, n, *more) for worker, step, kind, days, n, *more in uow.connection.execute(wanted) if n]


def _era(uow: Uow, era: Chosen, norms: Norms, tolerance: float, place: int) -> sa.Select[t.Any]:
    """Return the statement of one era: its sums, lessened, and the sums of what they were held against."""
    one = summed(uow, era, KEYS).subquery()
    known = {key: found for key in norms.keys if (found := limits(norms.of(key[0], key[1] or "", era.since), tolerance)) is not None}
    of_kind, of_all = (_table([(key[0], key[1], *found) for key, found in known.items() if (key[1] is None) is every], f"norm_{place}_{int(every)}")
                       for every in (False, True))  # fmt: skip
    joined = one.outerjoin(of_kind, sa.and_(of_kind.c.step == one.c.step, of_kind.c.kind == one.c.kind))
    joined = joined.outerjoin(of_all, of_all.c.step == one.c.step)
    log, most, least = (sa.func.coalesce(of_kind.c[name], of_all.c[name]) for name in ("log", "most", "least"))
    less, n = sa.func.coalesce(log, 0.0), one.c.n
    lessened: dict[str, t.Any] = {
        "logs": one.c.logs - less * n, "log_squares": one.c.log_squares - 2 * less * one.c.logs + less * less * n,
        "ns_logs": one.c.ns_logs - less * one.c.ns_squared,
        "logs_squared": one.c.logs_squared - 2 * less * one.c.ns_logs + less * less * one.c.ns_squared,
    }  # fmt: skip
    figures = [lessened.get(name, one.c[name]).label(name) for name in FIGURES]
    held = [(n * log).label("norm"), (n * most).label("most"), (n * least).label("least")]
    return sa.select(*(one.c[key] for key in KEYS), *figures, *held).select_from(joined).where(n > 0)


def _table(rows: list[tuple[t.Any, ...]], name: str) -> sa.CTE:
    """Return norms as a table of the statement's own."""
    columns: list[sa.ColumnClause[t.Any]] = [sa.column("step", sa.BigInteger), sa.column("kind", sa.String)]
    columns += [sa.column(name, sa.Float) for name in ("log", "most", "least")]
    if not rows:
        nothing = (sa.cast(sa.null(), c.type).label(c.name) for c in columns)
        return sa.select(*nothing).where(sa.false()).cte(name)
    return sa.values(*columns, name=name).data(rows).cte(name)


__all__ = ["NEVER", "TOLERANCE", "held_sums", "limits"]
