"""Raw spans are kept for a while; sums stay. And whether what is summed up is what the spans say."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Tick, Uow, after, every

from .entities import Case
from .reading import began_within
from .recounting import of_case, recount
from .rollups import WORK, differences, rebuild
from .settings import MonitorSettings
from .tables import refused, spans, talks, work

PORTION = 20_000
REFUSED_FOR = dt.timedelta(days=30)
_case, _span = Case.__table__.c, spans.c
# Whatever is cleared away: its table, the key it is walked by, and when it was.
AGED = (
    (spans, (spans.c.id,), spans.c.began_at), (talks, (talks.c.call_id, talks.c.user_id), talks.c.began_at), (refused, (refused.c.id,), refused.c.at),
)  # fmt: skip


@attrs.frozen
class ClearSpans:
    """More of what is too old is to be cleared away."""

    left: int = 1000


@every(cron="40 3 * * *")
def clear_at_night(tick: Tick, uow: Uow) -> None:
    """Clear away at night what is too old."""
    uow.schedule(ClearSpans(), delay=dt.timedelta(0), key="process_monitor.clear")


@after(ClearSpans)
def clear_spans(event: ClearSpans, uow: Uow) -> None:
    """Clear a portion away, each in a transaction of its own: nobody waits for long."""
    if clear_some(uow) and event.left:
        uow.schedule(ClearSpans(event.left - 1), delay=dt.timedelta(seconds=1), key="process_monitor.clear")


def clear_some(uow: Uow, portion: int = PORTION) -> bool:
    """Clear a portion away of what is too old; True when there may be more."""
    keep, more = uow.crm[MonitorSettings].keep_spans, False
    for table, key, at in AGED:
        oldest = uow.now - (min(keep, REFUSED_FOR) if table is refused else keep)
        found = uow.connection.execute(sa.select(*key).where(at < oldest).order_by(at).limit(portion)).all()
        for start in range(0, len(found), 500):
            some = found[start : start + 500]
            columns = [list(values) for values in zip(*some, strict=True)]
            uow.connection.execute(table.delete().where(at < oldest, *(c.in_(v) for c, v in zip(key, columns, strict=True))))
        more = more or len(found) == portion
    return more


@attrs.frozen
class Wrong:
    """One sum that is not what it is made of."""

    what: str
    of: str
    why: str


def check(uow: Uow, since: dt.date | None = None, until: dt.date | None = None) -> t.Iterator[Wrong]:
    """Yield every difference between what is kept and what follows from scratch: work from spans, sums of days from work."""
    oldest = uow.now - uow.crm[MonitorSettings].keep_spans
    last = 0
    with uow.as_system():
        while some := list(uow.find(Case).where(
            _case.id > last, _case.log_id.is_(None), _case.ended_at.is_not(None), _case.began_at >= oldest,
            *began_within(uow, since, until),
        ).order_by(_case.id).limit(500)):  # fmt: skip
            last = some[-1].id
            kept: dict[int, set[tuple[t.Any, ...]]] = {case.id: set() for case in some}
            for row in uow.connection.execute(sa.select(*(work.c[name] for name in WORK)).where(work.c.case_id.in_(list(kept)))):
                kept[row.case_id].add(tuple(row))
            for case in some:
                made = {tuple(row) for row in of_case(uow, case).rows}
                yield from (Wrong("work", f"{row[0]}/{row[1]}", "not written") for row in sorted(made - kept[case.id], key=repr))
                yield from (Wrong("work", f"{row[0]}/{row[1]}", "not what the spans say") for row in sorted(kept[case.id] - made, key=repr))
        yield from (Wrong("day", "/".join(map(str, key)), why) for key, why in differences(uow, 0, since, until))


def repair(uow: Uow, wrong: t.Sequence[Wrong], since: dt.date | None = None, until: dt.date | None = None) -> None:
    """Make what is wrong anew: work of the cases from their spans, then the sums of days from work."""
    recount(uow, {int(one.of.partition("/")[0]) for one in wrong if one.what == "work"})
    rebuild(uow, 0, since, until)


__all__ = ["Wrong", "check", "clear_some", "repair"]
