"""Service cards: everything known about somebody who wears a prosthesis, and the devices."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import LOST, WON, Entity, Mapped, Owned, Pipeline, Stage, Staged, _, column, relation
from crmkit_sales import Contact, Deal

from .protocols import Group, ProtocolVersion

if t.TYPE_CHECKING:
    from crmkit import Uow


class Respondent(enum.Enum):
    """Who answers the questions."""

    SELF = "self"
    GUARDIAN = "guardian"

    @property
    def label(self) -> str:
        """What a person reads."""
        return _("The wearer", ru="Сам пользователь") if self is Respondent.SELF else _("A guardian", ru="Представитель")


class Ended(enum.Enum):
    """Why nobody is asked any more."""

    WITHDRAWN = "withdrawn"
    DECEASED = "deceased"
    NO_DEVICE = "no_device"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "withdrawn": _("Asked not to be called", ru="Просил не звонить"), "deceased": _("Has died", ru="Умер"),
            "no_device": _("Has no prosthesis any more", ru="Протеза больше нет"),
        }[self.value]  # fmt: skip


class DeviceState(enum.Enum):
    """What has become of a device."""

    IN_USE = "in_use"
    REPLACED = "replaced"
    LOST = "lost"
    TAKEN_BACK = "taken_back"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "in_use": _("In use", ru="Используется"), "replaced": _("Replaced", ru="Заменён"), "lost": _("Lost", ru="Утерян"),
            "taken_back": _("Taken back", ru="Возвращён"),
        }[self.value]  # fmt: skip

    @property
    def color(self) -> str:
        """The colour of it in lists."""
        return {"in_use": "green", "replaced": "gray", "lost": "red", "taken_back": "gray"}[self.value]


class Service(
    Owned, Staged, table="prosthesis_feedback_service",
    label=_("Service card", ru="Карточка сервиса"), plural=_("Service cards", ru="Карточки сервиса"),
):  # fmt: skip
    """The centre of everything known about one person who wears prostheses. One for each contact."""

    contact_id: Mapped[int] = column(to=Contact, label=_("Wearer", ru="Пользователь протеза"))
    contact: Mapped[Contact] = relation()
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Opened by the deal", ru="Открыта сделкой"))
    deal: Mapped[Deal | None] = relation()
    born: Mapped[dt.date | None] = column(default=None, personal=True, label=_("Born", ru="Дата рождения"))
    group: Mapped[Group] = column(default=Group.ADULT, init=False, generated=True, label=_("Group", ru="Группа"))
    guardian_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Guardian", ru="Представитель"))
    guardian: Mapped[Contact | None] = relation()
    respondent: Mapped[Respondent] = column(default=Respondent.SELF, label=_("Who answers", ru="Кто отвечает"))
    zone: Mapped[str | None] = column(
        String(40), default=None, init=False, generated=True, label=_("Time zone", ru="Часовой пояс")
    )
    consent_on: Mapped[dt.date | None] = column(default=None, label=_("Consent given", ru="Согласие дано"))
    worked: Mapped[str | None] = column(sa.Text, default=None, needs="prosthesis_feedback.medical", label=_("What worked", ru="Что помогло"))
    did_not_work: Mapped[str | None] = column(
        sa.Text, default=None, needs="prosthesis_feedback.medical", label=_("What did not", ru="Что не помогло")
    )
    crossed_on: Mapped[dt.date | None] = column(
        default=None, init=False, generated=True, label=_("With the adults since", ru="По взрослому протоколу с")
    )
    ended: Mapped[Ended | None] = column(default=None, label=_("Ended because", ru="Завершена, потому что"))
    attempts: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Calls in vain", ru="Звонков без ответа"))
    """Since the person was last reached."""
    try_again_on: Mapped[dt.date | None] = column(
        default=None, init=False, generated=True, label=_("Try again", ru="Пробовать снова")
    )

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Know the group and the time zone; the stage follows from what has happened."""
        from ..filling import prepare_service

        prepare_service(values, before, uow)

    prepares_moves = False
    __plans_itself__ = True


_service = Service.__table__.c
_there: t.Any = _service.archived_at.is_(None)  # one that was merged into another may go on naming the same person
sa.Index("uq_prosthesis_feedback_service", _service.contact_id, unique=True, postgresql_where=_there, sqlite_where=_there)

SERVICE = Pipeline(
    "prosthesis_service", of=Service, label=_("Service", ru="Сервис"),
    stages=[
        Stage("active", label=_("Being followed", ru="Наблюдается"), color="blue"),
        Stage("incident", label=_("Incident", ru="Инцидент"), color="amber", icon="snowflake"),
        Stage("unreachable", label=_("Cannot be reached", ru="Недоступен"), color="amber", icon="phone-missed"),
        Stage("finished", label=_("Follow-up complete", ru="Наблюдение завершено"), outcome=WON),
        Stage("ended", label=_("Ended early", ru="Прекращено"), outcome=LOST, needs=["ended"], color="gray"),
    ],
)  # fmt: skip


class Device(Entity, table="prosthesis_feedback_device", label=_("Device", ru="Изделие"), plural=_("Devices", ru="Изделия")):
    """A prosthesis somebody has been given."""

    service_id: Mapped[int] = column(to=Service, part=True, index=True, label=_("Service card", ru="Карточка сервиса"))
    service: Mapped[Service] = relation()
    model: Mapped[str] = column(String(120), clean=str.strip, search=True, index=True, label=_("Model", ru="Модель"))
    serial: Mapped[str | None] = column(
        String(60), default=None, clean=str.strip, search=True, index=True, label=_("Serial number", ru="Серийный номер")
    )
    batch: Mapped[str | None] = column(String(60), default=None, clean=str.strip, index=True, label=_("Batch", ru="Партия"))
    issued_on: Mapped[dt.date] = column(label=_("Handed over", ru="Выдан"))
    state: Mapped[DeviceState] = column(default=DeviceState.IN_USE, init=False, generated=True, label=_("State", ru="Состояние"))
    ended_on: Mapped[dt.date | None] = column(default=None, init=False, generated=True, label=_("Until", ru="До"))
    replaces_id: Mapped[int | None] = column(to="self", default=None, init=False, generated=True, index=True, label=_("Instead of", ru="Вместо"))
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Sold by the deal", ru="Продан по сделке"))
    deal: Mapped[Deal | None] = relation()
    begun_on: Mapped[dt.date | None] = column(default=None, init=False, generated=True, label=_("Calendar laid out on", ru="Календарь построен"))
    """Since its first period was over every period of its calendar has a card; before, the first one alone."""


class DeviceProtocol(
    Entity, table="prosthesis_feedback_device_protocol",
    label=_("Calendar of a device", ru="Календарь изделия"), plural=_("Calendars of devices", ru="Календари изделий"),
):  # fmt: skip
    """The version of a protocol that a device is followed by. A newer one takes over from its day on, for its group."""

    device_id: Mapped[int] = column(to=Device, part=True, index=True, label=_("Device", ru="Изделие"))
    device: Mapped[Device] = relation()
    protocol_version_id: Mapped[int] = column(
        to=ProtocolVersion, index=True, default=None, generated=True, label=_("Version of the protocol", ru="Версия протокола")
    )
    protocol_version: Mapped[ProtocolVersion] = relation()
    group: Mapped[Group] = column(default=None, generated=True, label=_("Group", ru="Группа"))
    since: Mapped[dt.date] = column(default=None, generated=True, label=_("Since", ru="С"))

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Refuse one that is written by hand."""
        from ..filling import prepare_made

        prepare_made(values, before, uow, "protocol_version_id")


_applied = DeviceProtocol.__table__.c
sa.Index("uq_prosthesis_feedback_device_protocol", _applied.device_id, _applied.protocol_version_id, unique=True)

__all__ = ["SERVICE", "Device", "DeviceProtocol", "DeviceState", "Ended", "Respondent", "Service"]
