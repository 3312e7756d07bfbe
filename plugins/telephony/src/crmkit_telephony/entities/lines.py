"""Whose telephone is whose, our own numbers, and numbers nobody may call."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, MutableMapping

from sqlalchemy import String

from crmkit import Entity, Mapped, Owned, UtcDateTime, _, column, relation
from crmkit_sales import Contact, Source

from ..numbers import normalised

if t.TYPE_CHECKING:
    from crmkit import Uow

Values = MutableMapping[str, t.Any]
Before = Mapping[str, t.Any] | None


class Line(Owned, table="telephony_line", label=_("Telephone", ru="Телефон сотрудника"), plural=_("Telephones", ru="Телефоны сотрудников")):
    """A colleague's telephone at a provider. Its owner is the colleague."""

    provider: Mapped[str] = column(String(40), label=_("Provider", ru="Оператор связи"))
    extension: Mapped[str] = column(
        String(60), index=True, label=_("Extension", ru="Внутренний номер"),
        help=_("As the provider writes it, such as 1111*101", ru="Как его пишет оператор связи, например 1111*101"),
    )  # fmt: skip
    device: Mapped[str | None] = column(
        String(60), default=None, index=True, label=_("Number of the device", ru="Номер аппарата у оператора"),
    )  # fmt: skip
    from_number: Mapped[str | None] = column(
        String(20), default=None, label=_("Number clients see", ru="Номер, который видит клиент")
    )
    in_use: Mapped[bool] = column(default=True, label=_("In use", ru="Используется"))
    present: Mapped[bool | None] = column(default=None, init=False, generated=True, label=_("Connected", ru="На связи"))
    present_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, label=_("Looked at", ru="Проверено")
    )

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep the number in one form."""
        normalised(values, "from_number", uow)


class OurNumber(Entity, table="telephony_number", label=_("Our number", ru="Наш номер"), plural=_("Our numbers", ru="Наши номера")):
    """A number clients call, and the advertising it stands in: calls to it have that source."""

    number: Mapped[str] = column(String(20), unique=True, search=True, label=_("Number", ru="Номер"))
    name: Mapped[str] = column(String(100), default="", label=_("Name", ru="Название"))
    source_id: Mapped[int | None] = column(to=Source, default=None, index=True, label=_("Source", ru="Источник"))
    source: Mapped[Source | None] = relation()

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep the number in one form."""
        normalised(values, "number", uow)


class DoNotCall(Entity, table="telephony_do_not_call", label=_("Number not to be called", ru="Номер в стоп-листе"),
                plural=_("Do-not-call list", ru="Стоп-лист")):  # fmt: skip
    """A number nobody calls: its owner said so."""

    number: Mapped[str] = column(String(20), unique=True, personal=True, search=True, label=_("Number", ru="Номер"))
    reason: Mapped[str] = column(String(200), default="", label=_("Reason", ru="Причина"))
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep the number in one form."""
        normalised(values, "number", uow)
