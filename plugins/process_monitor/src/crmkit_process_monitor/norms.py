"""Which norm held for a step on a day: what was done is judged by the norm of its day, whatever came later."""

from __future__ import annotations

import datetime as dt
import typing as t
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from crmkit import Uow

from .entities import Norm, Step


@attrs.frozen
class Held:
    """A norm that held from a day on. Milliseconds, as work is measured in."""

    id: int
    step: int
    kind: str | None
    since: dt.date
    reference: int
    least: int
    most: int


class Norms:
    """All norms of a log (none: our own steps), by step, kind of case and day."""

    def __init__(self, held: Iterable[Held]) -> None:
        self._by: dict[tuple[int, str | None], list[Held]] = defaultdict(list)
        for norm in sorted(held, key=lambda one: one.since):
            self._by[norm.step, norm.kind].append(norm)
        self._days = {key: [norm.since for norm in norms] for key, norms in self._by.items()}

    @classmethod
    def load(cls, uow: Uow, log: int | None = None) -> t.Self:
        """Return the norms of our own steps, or of an imported log's, as this unit of work sees them."""
        norm, step = Norm.__table__.c, Step.__table__.c
        uow.flush()
        wanted = sa.select(norm.id, norm.step_id, norm.case_kind, norm.since, norm.reference, norm.least, norm.most)
        wanted = wanted.join(Step.__table__, step.id == norm.step_id).where(norm.archived_at.is_(None), step.log_id.is_not_distinct_from(log))
        return cls(Held(r[0], r[1], r[2] or None, r[3], r[4] * 1000, r[5] * 1000, r[6] * 1000) for r in uow.connection.execute(wanted))

    def of(self, step: int, kind: str, day: dt.date) -> Held | None:
        """Return the norm of a day: the one of this kind of case before the one for all, the latest that had begun."""
        for key in ((step, kind), (step, None)):
            if (days := self._days.get(key)) and (place := bisect_right(days, day)):
                return self._by[key][place - 1]
        return None

    @property
    def keys(self) -> list[tuple[int, str | None]]:
        """The steps and kinds of case (None: all) there are norms of."""
        return sorted(self._by, key=lambda key: (key[0], key[1] or ""))

    def starts(self, since: dt.date, until: dt.date) -> list[dt.date]:
        """Return the days after `since` and up to `until` on which some norm begins: between them nothing changes."""
        return sorted({day for days in self._days.values() for day in days if since < day <= until})


__all__ = ["Held", "Norms"]
