"""Tasks that come again and again."""

from __future__ import annotations

import datetime as dt
import typing as t

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Mapped, Owned, UtcDateTime, _, column, relation
from crmkit_sales import Contact, Deal, Lead


class Recurring(
    Owned, table="taskqueue_recurring", label=_("Recurring task", ru="Повторяющаяся задача"),
    plural=_("Recurring tasks", ru="Повторяющиеся задачи"),
):  # fmt: skip
    """A task that is made anew by a calendar rule."""

    kind: Mapped[str] = column(String(40), label=_("Kind", ru="Вид"))
    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    cron: Mapped[str] = column(
        String(80), label=_("When", ru="Когда"),
        help=_("A cron line in the company's time: 0 10 * * mon", ru="Строка cron по времени компании: 0 10 * * mon"),
    )  # fmt: skip
    until: Mapped[dt.date | None] = column(default=None, label=_("Until", ru="До"))
    text: Mapped[str | None] = column(sa.Text, default=None, label=_("What to do", ru="Что сделать"))
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    lead_id: Mapped[int | None] = column(to=Lead, default=None, index=True, label=_("Lead", ru="Лид"))
    lead: Mapped[Lead | None] = relation()
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Deal", ru="Сделка"))
    deal: Mapped[Deal | None] = relation()
    next_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Next", ru="Следующая"))

    @classmethod
    def prepare(cls, values: t.MutableMapping[str, t.Any], before: t.Mapping[str, t.Any] | None, uow: t.Any) -> None:
        """Know when it comes next."""
        from ..repeating import prepare_recurring

        prepare_recurring(values, before, uow)
