
"""Red flags: to which questions answers came that must be looked at, and from how many people."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from crmkit import Uow, _

from ..entities import Answer, Feedback
from ..privacy import look
from ..roles import MEDICAL
from .asked import Ask, check_splits, days_of, moments_of
from .sql import CARD_KEYS, CARDS, Names, answer, card, month_in, months_between, of_cards, ones, reach
from .table import Report, Row, figure, in_order

TITLE = _("Red flags", ru="Тревожные ответы")
BY = ("question", "period", "protocol", "group", "month", "model", "batch")


@attrs.frozen(kw_only=True)
class FlagRow(Row):
    """Answers that were given in the days asked about."""

    answers: int = figure(_("Answers", ru="Ответов"))
    flags: int = figure(_("Red flags", ru="Тревожных"))
    rate: float | None = figure(_("Share", ru="Доля"), None, kind="share")
    people: int = figure(_("People with one", ru="Человек с тревожными"))


def red_flags(uow: Uow, ask: Ask | None = None) -> Report[FlagRow]:
    """Return how often answers were red flags; whoever may not see medical answers may not see this."""
    ask = ask or Ask()
    mine = reach(uow, answer.service_id)
    uow.require(MEDICAL)
    since, until = days_of(uow, ask)
    check_splits(ask, BY)
    look(uow, "report", report="red_flags")
    first, after = moments_of(uow, since, until)
    columns = {**CARD_KEYS, "question": answer.question, "month": month_in(months_between(uow, since, until), answer.answered_at)}
    keys = [columns[name].label(f"k_{name}") for name in ask.by]
    where = [answer.answered_at >= first, answer.answered_at < after, answer.archived_at.is_(None), *mine, *of_cards(ask)]
    source = CARDS.join(Answer.__table__, answer.feedback_id == card.id)
    counts = sa.func.count(), ones(answer.red_flag.is_(True)), sa.func.count(sa.case((answer.red_flag.is_(True), answer.service_id)).distinct())
    found = uow.connection.execute(sa.select(*keys, *counts).select_from(source).where(*where).group_by(*keys)).all()
    names, width = Names(uow, ask.by, found), len(keys)
    rows = [
        FlagRow(by=names.keys(row), answers=answers, flags=flags, rate=flags / answers, people=people)
        for row in found
        for answers, flags, people in [row[width:]]
        if answers
    ]
    return Report(
        name="red_flags", title=TITLE, of=FlagRow, kind=uow.crm.kind(Feedback).key, since=since, until=until, as_of=uow.now, split_by=ask.by,
        rows=in_order(rows),
    )  # fmt: skip
