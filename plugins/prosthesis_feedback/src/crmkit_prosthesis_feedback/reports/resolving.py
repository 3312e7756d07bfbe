
"""Incidents: how many were opened for which reason, and how long it took until they were solved."""

from __future__ import annotations

import collections
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import WON, Uow, _

from ..entities import Device, Incident
from .asked import Ask, check_splits, days_of, moments_of
from .sql import Names, device, incident, month_in, months_between, of_devices, reach
from .table import Report, Row, figure, in_order

TITLE = _("Time to resolve", ru="Время решения инцидентов")
BY = ("reason", "urgency", "month", "model", "batch")


@attrs.frozen(kw_only=True)
class IncidentRow(Row):
    """Incidents that were opened in the days asked about. Days are counted from opening to closing; cancelled ones took no time."""

    opened: int = figure(_("Opened", ru="Открыто"))
    solved: int = figure(_("Solved", ru="Решено"))
    cancelled: int = figure(_("Cancelled", ru="Отменено"))
    still_open: int = figure(_("Still open", ru="Ещё открыты"))
    median: float | None = figure(_("Median", ru="Медиана"), None, kind="days")
    average: float | None = figure(_("Average", ru="В среднем"), None, kind="days")
    longest: float | None = figure(_("Longest", ru="Дольше всего"), None, kind="days")
    oldest: float | None = figure(_("Oldest open", ru="Старейший открытый"), None, kind="days")


@attrs.define
class Tally:
    """The incidents of one row: how many took how many days, to the hundredth."""

    solved: collections.Counter[float] = attrs.field(factory=collections.Counter)
    cancelled: int = 0
    waiting: list[float] = attrs.field(factory=list)


def incidents(uow: Uow, ask: Ask | None = None) -> Report[IncidentRow]:
    """Return how many incidents were opened, and how long they took."""
    ask = ask or Ask()
    mine = reach(uow, incident.service_id)
    since, until = days_of(uow, ask)
    check_splits(ask, BY)
    first, after = moments_of(uow, since, until)
    columns = {
        "reason": incident.reason, "urgency": incident.urgency, "model": device.model, "batch": device.batch,
        "month": month_in(months_between(uow, since, until), incident.opened_at),
    }  # fmt: skip
    keys = [columns[name].label(f"k_{name}") for name in ask.by]
    where = [incident.opened_at >= first, incident.opened_at < after, incident.archived_at.is_(None), *mine, *of_devices(ask)]
    where += [incident.reason == ask.reason] if ask.reason is not None else []
    source = Incident.__table__.outerjoin(Device.__table__, device.id == incident.device_id)
    won = {(name, stage) for name, made in uow.crm.pipelines.items() for stage, held in made.stages.items() if held.outcome is WON}
    tallies: dict[tuple[t.Any, ...], Tally] = collections.defaultdict(Tally)
    asked = sa.select(*keys, incident.opened_at, incident.closed_at, incident.pipeline, incident.stage).select_from(source).where(*where)
    width = len(keys)
    for row in uow.connection.execute(asked):
        opened, closed, pipeline, stage = row[width:]
        tally = tallies[tuple(row[:width])]
        took = round(((closed or uow.now) - opened).total_seconds() / 86400, 2)
        if closed is None:
            tally.waiting.append(took)
        elif (pipeline, stage) in won:
            tally.solved[took] += 1
        else:
            tally.cancelled += 1
    names = Names(uow, ask.by, list(tallies))
    rows = [_row(names.keys(key), tally) for key, tally in tallies.items()]
    return Report(
        name="incidents", title=TITLE, of=IncidentRow, kind=uow.crm.kind(Incident).key, since=since, until=until, as_of=uow.now,
        split_by=ask.by, rows=in_order(rows),
    )  # fmt: skip


def _row(keys: tuple[t.Any, ...], tally: Tally) -> IncidentRow:
    solved, count = tally.solved, tally.solved.total()
    tree: dict[str, t.Any] | None = {}
    for key in keys:
        value = getattr(key.value, "value", key.value)
        place = {"reason": "reason", "urgency": "urgency", "model": "device.model", "batch": "device.batch"}.get(key.name)
        tree = None if tree is None or place is None else {**tree, place: {"empty": True} if value is None else value}
    return IncidentRow(
        by=keys, opened=count + tally.cancelled + len(tally.waiting), solved=count, cancelled=tally.cancelled, still_open=len(tally.waiting),
        median=median(solved), average=round(sum(d * n for d, n in solved.items()) / count, 2) if count else None, longest=max(solved, default=None),
        oldest=max(tally.waiting, default=None), drill={"still_open": {**tree, "closed_at": {"empty": True}}} if tree is not None else {},
    )  # fmt: skip


def median(counts: collections.Counter[float]) -> float | None:
    """Return the value half of them do not exceed; between the two in the middle where there are two."""
    count, seen = counts.total(), 0
    middle: list[float] = []
    for value, number in sorted(counts.items()):
        seen += number
        middle += [value] * ((seen > (count - 1) // 2) + (seen > count // 2) - len(middle))
    return round(sum(middle[:2]) / 2, 2) if middle else None
