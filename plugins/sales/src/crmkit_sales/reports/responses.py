# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
"""The first answer: how many inquiries were answered within the norm, and how long the others waited, in working time."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Uow, _

from ..entities import Inquiry
from ..pipelines import INQUIRIES
from .ask import Ask, iso, usual
from .frame import Frame, Tree, names
from .sql import MICRO, ones, spread
from .table import Key, Report, Row, drill_of, figure, keys_of, ordered, part, report

NEEDS = ("stage", "received_at", "respond_by", "first_response_at", "response_minutes", "response_late")


@attrs.frozen(kw_only=True)
class ResponseRow(Row):
    """What became of the inquiries received: `received` is the sum of the five counts after it.

    `share` is that of `in_time` among those whose answer is known to have been in time or not: answered, or missed.
    """

    received: int = figure(_("Received", ru="Получено"))
    in_time: int = figure(_("Answered in time", ru="Отвечено вовремя"))
    late: int = figure(_("Answered late", ru="Отвечено с опозданием"))
    missed: int = figure(_("Not answered, too late", ru="Не отвечено, срок прошёл"))
    waiting: int = figure(_("Not answered yet", ru="Ещё ждут ответа"))
    aside: int = figure(_("Put aside without an answer", ru="Отложено без ответа"))
    share: float | None = figure(_("Share in time", ru="Доля вовремя"))
    median: dt.timedelta | None = figure(_("Median", ru="Медиана"), None)
    p90: dt.timedelta | None = figure(_("Nine of ten within", ru="90% не дольше"), None)


def first_response(uow: Uow, ask: Ask | None = None) -> Report[ResponseRow]:
    """Return how inquiries received in the period were answered. Times are working minutes, by the clock of where they came in."""
    ask = ask or Ask()
    period = usual(ask, uow.now.astimezone(uow.crm.zone).date(), uow.crm.zone)
    frame = Frame(uow, Inquiry, ask, period, needs=NEEDS, month="received_at")
    table = frame.table.c
    inside = [table.received_at >= period.start, table.received_at < period.end]
    answered = table.first_response_at.is_not(None)
    too_late = sa.or_(table.response_late, sa.and_(table.stage == INQUIRIES.first.name, table.respond_by < uow.now))
    not_yet = too_late.is_not(sa.true())
    still = table.stage == INQUIRIES.first.name
    figures = [
        sa.func.count(), ones(sa.and_(answered, ~table.response_late)), ones(sa.and_(answered, table.response_late)),
        ones(sa.and_(~answered, too_late)), ones(sa.and_(~answered, not_yet, still)), ones(sa.and_(~answered, not_yet, ~still)),
    ]  # fmt: skip
    width, keys = len(frame.keys), frame.keys
    counts = {tuple(r[:width]): tuple(r[width:]) for r in uow.connection.execute(frame.select(*figures).where(*inside).group_by(*keys))}
    if not keys and counts.get(()) == (0,) * len(figures):
        counts = {}
    minutes = (sa.cast(table.response_minutes, sa.BigInteger) * sa.literal_column(str(60 * MICRO), sa.BigInteger)).label("value")
    waits = spread(uow, frame.select(table.id, minutes).where(*inside, answered), names(frame))
    rows = []
    for key, found in counts.items():
        about, wait = keys_of(frame.splits, key), waits.get(key)
        facts: dict[str, t.Any] = dict(zip(("received", "in_time", "late", "missed", "waiting", "aside"), found, strict=True))
        facts |= {"median": wait.median, "p90": wait.p90} if wait is not None else {}
        share = part(facts["in_time"], facts["in_time"] + facts["late"] + facts["missed"])
        rows.append(ResponseRow(by=about, share=share, drill=_drill(frame, about), **facts))
    return report("responses", ResponseRow, frame, sorted(rows, key=lambda r: ordered(r.by)), left_out=frame.left_out(*inside))


def _drill(frame: Frame, keys: tuple[Key, ...]) -> dict[str, Tree]:
    own = [*drill_of(frame.splits, keys), {"received_at": frame.period.within()}]
    new = INQUIRIES.first.name
    too_late: Tree = {"or": [{"response_late": True}, {"stage": new, "respond_by": {"lt": iso(frame.uow.now)}}]}
    answered: Tree = {"first_response_at": {"empty": False}}
    open_: Tree = {"first_response_at": {"empty": True}}
    trees: dict[str, tuple[Tree, ...]] = {
        "received": (), "in_time": (answered, {"response_late": False}), "late": (answered, {"response_late": True}), "missed": (open_, too_late),
        "waiting": (open_, {"not": too_late}, {"stage": new}), "aside": (open_, {"not": too_late}, {"stage": {"ne": new}}),
    }  # fmt: skip
    return {name: frame.drill(*own, *parts) for name, parts in trees.items()}
