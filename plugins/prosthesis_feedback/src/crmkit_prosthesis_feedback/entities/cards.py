"""Feedback cards: one period of one device, and what was answered."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import LOST, WON, Entity, Exact, Extension, Mapped, Owned, Pipeline, Stage, Staged, UtcDateTime, _, column, relation
from crmkit_sales import Contact
from crmkit_taskqueue import Task

from .protocols import Group, ProtocolVersion
from .services import Device, Respondent, Service

if t.TYPE_CHECKING:
    from crmkit import Uow


class Skipped(enum.Enum):
    """Why a period is not asked about."""

    PAUSE = "pause"
    DEVICE = "device"
    CROSSED = "crossed"
    VERSION = "version"
    MISSED = "missed"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "pause": _("It fell into an incident", ru="Пришёлся на инцидент"),
            "device": _("The device is no longer worn", ru="Изделие больше не носят"),
            "crossed": _("The adults' calendar applies", ru="Действует взрослый календарь"),
            "version": _("Another version of the protocol applies", ru="Действует другая версия протокола"),
            "missed": _("Its time is over", ru="Время вышло"), "ended": _("The service has ended", ru="Сервис завершён"),
        }[self.value]  # fmt: skip


MEDICAL = "prosthesis_feedback.medical"


class Feedback(
    Owned, Staged, table="prosthesis_feedback_card", attached_needs=MEDICAL,
    label=_("Feedback", ru="Обратная связь"), plural=_("Feedback", ru="Обратная связь"),
):  # fmt: skip
    """What is to be asked about one device in one period.

    What came of it, and what is attached (photos are files), is for those who may see medical answers of every card they see.
    """

    title: Mapped[str] = column(String(200), default="", init=False, generated=True, search=True, label=_("Title", ru="Название"))
    service_id: Mapped[int] = column(to=Service, index=True, default=None, generated=True, label=_("Service card", ru="Карточка сервиса"))
    service: Mapped[Service] = relation()
    contact_id: Mapped[int] = column(to=Contact, index=True, default=None, generated=True, label=_("Wearer", ru="Пользователь протеза"))
    contact: Mapped[Contact] = relation()
    device_id: Mapped[int] = column(to=Device, index=True, default=None, generated=True, label=_("Device", ru="Изделие"))
    device: Mapped[Device] = relation()
    protocol_version_id: Mapped[int] = column(
        to=ProtocolVersion, index=True, default=None, generated=True, label=_("Version of the protocol", ru="Версия протокола")
    )
    protocol_version: Mapped[ProtocolVersion] = relation()
    group: Mapped[Group] = column(default=None, generated=True, label=_("Group", ru="Группа"))
    period: Mapped[str] = column(String(40), default=None, generated=True, label=_("Period", ru="Период"))
    number: Mapped[int] = column(sa.Integer, default=0, generated=True, label=_("Number", ru="Номер"))
    earliest: Mapped[dt.date] = column(default=None, generated=True, label=_("Not before", ru="Не раньше"))
    ideal: Mapped[dt.date] = column(default=None, generated=True, label=_("Best on", ru="Лучше всего"))
    latest: Mapped[dt.date] = column(default=None, generated=True, label=_("Not after", ru="Не позже"))
    planned_at: Mapped[dt.datetime] = column(UtcDateTime, default=None, generated=True, label=_("Planned", ru="Запланирован"))
    wanted_on: Mapped[dt.date | None] = column(default=None, init=False, generated=True, label=_("Asked for", ru="Просили"))
    """The day the person asked for; it goes before `ideal`."""
    given_up_on: Mapped[dt.date | None] = column(default=None, init=False, generated=True, label=_("Given up", ru="Оставлена без ответов"))
    """The day on which it was decided that nobody is asked about this period any more."""
    done_on: Mapped[dt.date | None] = column(default=None, init=False, generated=True, label=_("Collected", ru="Собрана"))
    done_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Collected at", ru="Время сбора"))
    done_by: Mapped[int | None] = column(sa.BigInteger, default=None, init=False, generated=True, label=_("Collected by", ru="Кто собрал"))
    respondent: Mapped[Respondent | None] = column(default=None, init=False, generated=True, label=_("Who answered", ru="Кто отвечал"))
    skipped: Mapped[Skipped | None] = column(default=None, init=False, generated=True, label=_("Not asked because", ru="Не спрошен, потому что"))
    score: Mapped[decimal.Decimal | None] = column(Exact(8, 2), default=None, init=False, generated=True, needs=MEDICAL, label=_("Score", ru="Баллы"))
    red_flags: Mapped[int] = column(
        sa.Integer, default=0, init=False, generated=True, needs=MEDICAL, label=_("Red flags", ru="Тревожных ответов")
    )
    in_use: Mapped[bool | None] = column(default=None, init=False, generated=True, needs=MEDICAL, label=_("Is used", ru="Пользуется"))
    note: Mapped[str | None] = column(sa.Text, default=None, needs=MEDICAL, label=_("Note", ru="Заметка"))

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Refuse what is written by hand: cards, their dates and stages follow from the protocol and from what has happened."""
        from ..filling import prepare_card

        prepare_card(values, before, uow)

    prepares_moves = False
    __plans_itself__ = True


_card = Feedback.__table__.c
sa.Index("uq_prosthesis_feedback_card", _card.device_id, _card.protocol_version_id, _card.period, unique=True)
# What the monthly correction walks, and whom to call: cards that wait, by their day.
_open: t.Any = _card.done_on.is_(None) & _card.skipped.is_(None) & _card.archived_at.is_(None)
sa.Index("ix_prosthesis_feedback_card_open", _card.planned_at, _card.service_id, postgresql_where=_open, sqlite_where=_open)
# The board stands in the order of days: without it every column is sorted anew.
sa.Index("ix_prosthesis_feedback_card_day", _card.pipeline, _card.stage, _card.planned_at, _card.id)

FOLLOW_UP = Pipeline(
    "prosthesis_feedback", of=Feedback, label=_("Feedback", ru="Обратная связь"),
    stages=[
        Stage("overdue", label=_("Overdue", ru="Просрочено"), color="red", icon="clock-alert"),
        Stage("this_month", label=_("This month", ru="Этот месяц"), color="blue"),
        Stage("next_month", label=_("Next month", ru="Следующий месяц"), color="violet"),
        Stage("later", label=_("Later", ru="Позже"), color="gray"),
        Stage("incident", label=_("Incident", ru="Инцидент"), color="amber", icon="snowflake"),
        Stage("unreachable", label=_("Cannot be reached", ru="Недоступен"), color="amber", icon="phone-missed"),
        Stage("done", label=_("Done", ru="Собрано"), outcome=WON),
        Stage("skipped", label=_("Not asked", ru="Не спрашивали"), outcome=LOST, color="gray"),
    ],
)  # fmt: skip


class Answer(Entity, table="prosthesis_feedback_answer", label=_("Answer", ru="Ответ"), plural=_("Answers", ru="Ответы")):
    """One answer to one question: a row with a value of its type.

    What it says is medical and therefore secret: no API, list, export, filter, webhook or journal has it. Those who may see it do so
    through `privacy`, which writes down that they did.
    """

    feedback_id: Mapped[int] = column(to=Feedback, index=True, default=None, generated=True, label=_("Feedback", ru="Обратная связь"))
    feedback: Mapped[Feedback] = relation()
    service_id: Mapped[int] = column(to=Service, index=True, default=None, generated=True, label=_("Service card", ru="Карточка сервиса"))
    device_id: Mapped[int] = column(to=Device, index=True, default=None, generated=True, label=_("Device", ru="Изделие"))
    protocol_version_id: Mapped[int] = column(
        to=ProtocolVersion, default=None, generated=True, label=_("Version of the protocol", ru="Версия протокола")
    )
    period: Mapped[str] = column(String(40), default=None, generated=True, label=_("Period", ru="Период"))
    question: Mapped[str] = column(String(40), index=True, default=None, generated=True, label=_("Question", ru="Вопрос"))
    yes: Mapped[bool | None] = column(personal=True, secret=True, default=None, generated=True, label=_("Yes or no", ru="Да или нет"))
    choice: Mapped[str | None] = column(String(40), personal=True, secret=True, default=None, generated=True, label=_("Choice", ru="Выбор"))
    number: Mapped[decimal.Decimal | None] = column(
        Exact(12, 3), personal=True, secret=True, default=None, generated=True, label=_("Number", ru="Число")
    )
    text: Mapped[str | None] = column(sa.Text, personal=True, secret=True, default=None, generated=True, label=_("Text", ru="Текст"))
    photo: Mapped[str | None] = column(String(64), personal=True, secret=True, default=None, generated=True, label=_("Photo", ru="Фото"))
    score: Mapped[decimal.Decimal | None] = column(Exact(8, 2), secret=True, default=None, generated=True, label=_("Score", ru="Баллы"))
    red_flag: Mapped[bool] = column(default=False, secret=True, generated=True, label=_("Red flag", ru="Тревожный"))
    answered_at: Mapped[dt.datetime] = column(UtcDateTime, default=None, generated=True, label=_("Answered", ru="Время ответа"))
    answered_by: Mapped[int | None] = column(sa.BigInteger, default=None, generated=True, label=_("Taken down by", ru="Записал"))

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Refuse one that is written past the check-list."""
        from ..filling import prepare_made

        prepare_made(values, before, uow, "feedback_id")


sa.Index("uq_prosthesis_feedback_answer", Answer.__table__.c.feedback_id, Answer.__table__.c.question, unique=True)


class FollowUpCall(Extension[Task], table="prosthesis_feedback_call", label=_("Follow-up call", ru="Звонок наблюдения")):
    """Makes a task of the work queue the call of a service card: everything due of that person is asked in it."""

    service_id: Mapped[int] = column(to=Service, index=True, label=_("Service card", ru="Карточка сервиса"))
