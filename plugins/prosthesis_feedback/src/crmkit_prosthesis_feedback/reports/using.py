
"""Who uses the device, and why the others do not: the reason of the incident that was opened when they said so."""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Uow, _

from ..entities import Feedback
from ..privacy import look
from .asked import Ask, check_splits, days_of
from .sql import CARD_KEYS, CARDS, Names, card, incident, of_cards, ones, reach
from .table import Report, Row, figure, in_order

TITLE = _("Use and non-use", ru="Использование протезов")
# The first incident that was opened in that very talk; none: nobody has opened one.
WHY: t.Any = (
    sa.select(incident.reason).where(incident.feedback_id == card.id, incident.archived_at.is_(None)).order_by(incident.id).limit(1)
    .correlate(Feedback.__table__).scalar_subquery()
)  # fmt: skip
BY = (*CARD_KEYS, "reason")


@attrs.frozen(kw_only=True)
class UseRow(Row):
    """Collected feedback that told whether the device is used, by the day it was collected. Split by reason: non-use alone."""

    told: int = figure(_("Asked", ru="Спросили"))
    used: int = figure(_("Use it", ru="Пользуются"))
    unused: int = figure(_("Do not use it", ru="Не пользуются"))
    rate: float | None = figure(_("Share of users", ru="Доля пользующихся"), None, kind="share")
    people: int = figure(_("People", ru="Человек"))


def use(uow: Uow, ask: Ask | None = None) -> Report[UseRow]:
    """Return who told that they use their devices; with ``by=("reason",)`` why the others do not."""
    ask = ask or Ask()
    mine = reach(uow, card.service_id)
    since, until = days_of(uow, ask)
    check_splits(ask, BY)
    look(uow, "report", report="use")
    keys = [(WHY if name == "reason" else CARD_KEYS[name]).label(f"k_{name}") for name in ask.by]
    where = [card.done_on.between(since, until), card.in_use.is_not(None), card.archived_at.is_(None), *mine, *of_cards(ask)]
    where += [card.in_use.is_(False)] if "reason" in ask.by else []
    where += [ask.reason == WHY] if ask.reason is not None else []
    inner = sa.select(*keys, card.in_use.label("used"), card.service_id.label("person")).select_from(CARDS).where(*where).subquery()
    by = [inner.c[key.name] for key in keys]
    counts = sa.func.count(), ones(inner.c.used.is_(True)), sa.func.count(inner.c.person.distinct())
    found = uow.connection.execute(sa.select(*by, *counts).group_by(*by)).all()
    names, width = Names(uow, ask.by, found), len(keys)
    rows = [
        UseRow(by=names.keys(row), told=told, used=used, unused=told - used, rate=used / told, people=people)
        for row in found
        for told, used, people in [row[width:]]
        if told
    ]
    return Report(
        name="use", title=TITLE, of=UseRow, kind=uow.crm.kind(Feedback).key, since=since, until=until, as_of=uow.now, split_by=ask.by,
        rows=in_order(rows),
    )  # fmt: skip
