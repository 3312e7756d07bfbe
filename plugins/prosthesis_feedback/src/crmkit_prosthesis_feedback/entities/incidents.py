"""Incidents: why a prosthesis is not used, what is done about it, and the time in which nobody is asked."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import LOST, WON, Entity, Mapped, Owned, Pipeline, Stage, Staged, UtcDateTime, _, column, relation
from crmkit_sales import Contact

from .cards import Feedback
from .services import Device, Service

if t.TYPE_CHECKING:
    from crmkit import Uow


class Policy(enum.Enum):
    """What becomes of the periods that fell into an incident."""

    SHIFT = "shift"
    SKIP = "skip"
    CATCH_UP = "catch_up"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "shift": _("Shift everything by the length of the incident", ru="Сдвинуть всё на длительность инцидента"),
            "skip": _("Leave out what fell into it", ru="Пропустить то, что пришлось на него"),
            "catch_up": _("Ask now what fell into it", ru="Спросить сейчас то, что пришлось на него"),
        }[self.value]  # fmt: skip


class Urgency(enum.Enum):
    """How soon something must be done."""

    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {"routine": _("Routine", ru="Обычная"), "soon": _("Soon", ru="Скоро"), "urgent": _("Urgent", ru="Срочная")}[self.value]

    @property
    def color(self) -> str:
        """The colour of it in lists."""
        return {"routine": "gray", "soon": "amber", "urgent": "red"}[self.value]


class Pause(Entity, table="prosthesis_feedback_pause", label=_("Pause", ru="Пауза"), plural=_("Pauses", ru="Паузы")):
    """The time from the first open incident of a person to the closing of the last: nobody is asked in it."""

    service_id: Mapped[int] = column(to=Service, part=True, index=True, label=_("Service card", ru="Карточка сервиса"))
    service: Mapped[Service] = relation()
    began_on: Mapped[dt.date] = column(default=None, generated=True, label=_("From", ru="С"))
    ended_on: Mapped[dt.date | None] = column(default=None, generated=True, label=_("Until", ru="По"))
    policy: Mapped[Policy | None] = column(default=None, generated=True, label=_("What fell into it", ru="Что пришлось на неё"))
    catch_up_days: Mapped[int | None] = column(
        sa.Integer, default=None, generated=True, label=_("Caught up in, days", ru="Наверстать через, дней")
    )
    """How long after its end what fell into it was asked, by the settings of that day."""

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Refuse one that is written by hand."""
        from ..filling import prepare_made

        prepare_made(values, before, uow, "began_on")


class Incident(Owned, Staged, table="prosthesis_feedback_incident", label=_("Incident", ru="Инцидент"), plural=_("Incidents", ru="Инциденты")):
    """A prosthesis that is not used, and what is done about it."""

    service_id: Mapped[int] = column(to=Service, index=True, label=_("Service card", ru="Карточка сервиса"))
    service: Mapped[Service] = relation()
    contact_id: Mapped[int] = column(to=Contact, index=True, default=None, generated=True, label=_("Wearer", ru="Пользователь протеза"))
    contact: Mapped[Contact] = relation()
    device_id: Mapped[int | None] = column(to=Device, default=None, index=True, label=_("Device", ru="Изделие"))
    device: Mapped[Device | None] = relation()
    feedback_id: Mapped[int | None] = column(to=Feedback, default=None, index=True, label=_("Found in", ru="Выявлен в"))
    feedback: Mapped[Feedback | None] = relation()
    pause_id: Mapped[int | None] = column(to=Pause, default=None, init=False, generated=True, index=True, label=_("Pause", ru="Пауза"))
    reason: Mapped[str] = column(String(40), index=True, label=_("Reason", ru="Причина"))
    title: Mapped[str] = column(String(200), default="", init=False, generated=True, search=True, label=_("Title", ru="Название"))
    description: Mapped[str | None] = column(sa.Text, default=None, search=True, label=_("What is wrong", ru="Что случилось"))
    urgency: Mapped[Urgency] = column(default=Urgency.ROUTINE, label=_("Urgency", ru="Срочность"))
    wanted_on: Mapped[dt.date | None] = column(default=None, label=_("Wanted by", ru="Желаемая дата"))
    opened_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Opened", ru="Открыт"))
    closed_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Closed", ru="Закрыт"))
    resolution: Mapped[str | None] = column(sa.Text, default=None, label=_("What was done", ru="Что сделано"))
    policy: Mapped[Policy | None] = column(
        default=None, label=_("Periods that fell into it", ru="Периоды, пришедшиеся на него"),
        help=_("Counts when this is the person's last open incident; left out: as the settings say",
               ru="Действует, если у человека нет других открытых инцидентов; не указано: как в настройках"),
    )  # fmt: skip

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Put it into the pipeline of its reason, and know whom it is about."""
        from ..filling import prepare_incident

        prepare_incident(values, before, uow)


def _pipeline(reason: str, label: str, *between: Stage) -> Pipeline[Incident]:
    return Pipeline(f"incident_{reason}", of=Incident, label=label, defined_in=__name__, stages=[
        Stage("new", label=_("New", ru="Новый")), *between,
        Stage("solved", label=_("Solved", ru="Решён"), outcome=WON, needs=["resolution"]),
        Stage("cancelled", label=_("Cancelled", ru="Отменён"), outcome=LOST, needs=["resolution"]),
    ])  # fmt: skip


REPAIR = _pipeline(
    "repair", _("Repair", ru="Ремонт"), Stage("sent", label=_("On its way to us", ru="Едет к нам")),
    Stage("workshop", label=_("In the workshop", ru="В мастерской")), Stage("returned", label=_("On its way back", ru="Едет обратно")),
)  # fmt: skip
VISIT = _pipeline("visit", _("Specialist's visit", ru="Визит специалиста"), Stage("agreed", label=_("Date agreed", ru="Дата согласована")))
REFIT = _pipeline(
    "refit", _("New fitting", ru="Новая примерка"), Stage("agreed", label=_("Date agreed", ru="Дата согласована")),
    Stage("fitted", label=_("Fitted", ru="Примерен")),
)  # fmt: skip
REMAKE = _pipeline(
    "remake", _("Remake", ru="Переделка"), Stage("measured", label=_("Measured", ru="Мерки сняты")),
    Stage("made", label=_("Being made", ru="Изготавливается")), Stage("ready", label=_("Ready", ru="Готов")),
)  # fmt: skip
OTHER = _pipeline("other", _("Other incident", ru="Другой инцидент"), Stage("working", label=_("In work", ru="В работе")))
INCIDENT_PIPELINES = (REPAIR, VISIT, REFIT, REMAKE, OTHER)
