
"""Who answered: how many of the feedback that came due was collected, by period and protocol."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from crmkit import Uow, _

from ..days import today
from ..entities import Feedback, Skipped
from .asked import Ask, check_splits, days_of
from .sql import CARD_KEYS, CARDS, Names, card, drill, of_cards, ones, reach
from .table import Report, Row, figure, in_order

TITLE = _("Response rate", ru="Доля ответивших")


@attrs.frozen(kw_only=True)
class ResponseRow(Row):
    """Feedback whose best day lies in the days asked about. Due is what was collected, is overdue, or was given up.

    What may still be asked in its window, waits for an incident to be closed, or is not asked for a reason (`left_out`) is not due.
    """

    cards: int = figure(_("Planned", ru="Запланировано"))
    due: int = figure(_("Due", ru="Наступил срок"))
    done: int = figure(_("Collected", ru="Собрано"))
    rate: float | None = figure(_("Response rate", ru="Доля ответивших"), None, kind="share")
    overdue: int = figure(_("Overdue", ru="Просрочено"))
    missed: int = figure(_("Given up", ru="Не собрано, время вышло"))
    waiting: int = figure(_("Still in its window", ru="Срок ещё не вышел"))
    frozen: int = figure(_("Waits for an incident", ru="Ждёт закрытия инцидента"))
    left_out: int = figure(_("Not asked", ru="Не спрашивали"))


def response(uow: Uow, ask: Ask | None = None) -> Report[ResponseRow]:
    """Return how much of the feedback of some days was collected."""
    ask = ask or Ask()
    mine = reach(uow, card.service_id)
    since, until = days_of(uow, ask)
    check_splits(ask, CARD_KEYS)
    day = today(uow)
    open_, frozen = sa.and_(card.done_on.is_(None), card.skipped.is_(None)), card.stage == "incident"
    late = card.latest < day
    counts = [
        sa.func.count(), ones(card.done_on.is_not(None)), ones(sa.and_(open_, ~frozen, late)),
        ones(sa.and_(card.done_on.is_(None), card.skipped == Skipped.MISSED)), ones(sa.and_(open_, ~frozen, ~late)), ones(sa.and_(open_, frozen)),
        ones(sa.and_(card.done_on.is_(None), card.skipped.is_not(None), card.skipped != Skipped.MISSED)),
    ]  # fmt: skip
    keys = [CARD_KEYS[name].label(f"k_{name}") for name in ask.by]
    where = [card.ideal.between(since, until), card.archived_at.is_(None), *mine, *of_cards(ask)]
    found = uow.connection.execute(sa.select(*keys, *counts).select_from(CARDS).where(*where).group_by(*keys)).all()
    names, width = Names(uow, ask.by, found), len(keys)
    rows = []
    for row in found:
        planned, done, overdue, missed, waiting, frozen_now, left_out = row[width:]
        if not planned:
            continue
        due, by = done + overdue + missed, names.keys(row)
        tree = drill(ask, by, since, until)
        collected = {"done": {**tree, "done_on": {"empty": False}}, "cards": tree} if tree is not None else {}
        rows.append(ResponseRow(
            by=by, cards=planned, due=due, done=done, rate=done / due if due else None, overdue=overdue, missed=missed, waiting=waiting,
            frozen=frozen_now, left_out=left_out, drill=collected,
        ))  # fmt: skip
    return Report(
        name="response", title=TITLE, of=ResponseRow, kind=uow.crm.kind(Feedback).key, since=since, until=until, as_of=uow.now, split_by=ask.by,
        rows=in_order(rows),
    )  # fmt: skip
