"""Who we sell to: companies, people, and how they are reached."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Entity, Invalid, Mapped, Owned, Problem, _, column, relation

from .. import normal
from ..trees import no_circle

if t.TYPE_CHECKING:
    from crmkit import Uow

Values = MutableMapping[str, t.Any]
Before = Mapping[str, t.Any] | None


def normalised(values: Values, before: Before, names: t.Iterable[str], clean: t.Callable[[str], str]) -> None:
    """Bring those of the named fields into one form that are new; `Invalid` names the one that will not do."""
    for name in names:
        value = values.get(name)
        if value and (before is None or before.get(name) != value):
            try:
                values[name] = clean(value)
            except ValueError as error:
                raise Invalid(problems=[Problem(name, "invalid", error.args[0])]) from error


def prepare_firm(cls: type[Entity], values: Values, before: Before, uow: Uow) -> None:
    """Keep a firm's numbers in one form, and the tree of firms a tree."""
    region = normal.region(uow, values.get("country"))
    normalised(values, before, ("tax_number",), lambda v: normal.normal_tax_number(v, region))
    normalised(values, before, ("phone",), lambda v: normal.normal_phone(v, region))
    no_circle(cls, values, before, uow)


class Located(Entity):
    """Mixin: where somebody is."""

    country: Mapped[str | None] = column(
        String(2), default=None, clean=normal.region_of, label=_("Country", ru="Страна"),
        help=_("Two letters, such as RU; numbers without a country code are read as numbers of this country",
               ru="Две буквы, например RU; номера без кода страны читаются как номера этой страны"),
    )  # fmt: skip
    area: Mapped[str | None] = column(String(100), default=None, label=_("Region", ru="Регион"))
    city: Mapped[str | None] = column(String(100), default=None, index=True, clean=normal.words, label=_("City", ru="Город"))
    postal_code: Mapped[str | None] = column(String(20), default=None, label=_("Postal code", ru="Индекс"))
    address: Mapped[str | None] = column(String(300), default=None, personal=True, label=_("Address", ru="Адрес"))


class Company(Owned, Located, table="sales_company", label=_("Company", ru="Компания"), plural=_("Companies", ru="Компании")):
    """An organisation; a holding is a tree of companies."""

    name: Mapped[str] = column(String(200), clean=normal.words, search=True, label=_("Name", ru="Название"))
    tax_number: Mapped[str | None] = column(String(20), default=None, index=True, search=True, label=_("Tax number", ru="ИНН"))
    kpp: Mapped[str | None] = column(String(9), default=None, clean=normal.clean_kpp, label=_("Registration code (KPP)", ru="КПП"))
    website: Mapped[str | None] = column(String(200), default=None, clean=normal.clean_website, label=_("Website", ru="Сайт"))
    phone: Mapped[str | None] = column(normal.AnyPhone, default=None, index=True, search=True, label=_("Phone", ru="Телефон"))
    email: Mapped[str | None] = column(normal.AnyEmail, default=None, index=True, search=True, label=_("E-mail", ru="Эл. почта"))
    legal_address: Mapped[str | None] = column(String(300), default=None, label=_("Registered address", ru="Юридический адрес"))
    parent_id: Mapped[int | None] = column(to="self", default=None, index=True, label=_("Part of", ru="Входит в"))
    parent: Mapped[Company | None] = relation()

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep numbers in one form, and the tree a tree."""
        prepare_firm(cls, values, before, uow)


class Contact(Owned, Located, table="sales_contact", label=_("Contact", ru="Контакт"), plural=_("Contacts", ru="Контакты")):
    """A person we talk to. `phone` and `email` are the primary ones of its contact points, and kept in step with them."""

    name: Mapped[str] = column(String(200), clean=normal.words, search=True, personal=True, label=_("Name", ru="Имя"))
    last_name: Mapped[str | None] = column(String(100), default=None, clean=normal.words, personal=True, label=_("Last name", ru="Фамилия"))
    first_name: Mapped[str | None] = column(String(100), default=None, clean=normal.words, personal=True, label=_("First name", ru="Собственно имя"))
    patronymic: Mapped[str | None] = column(String(100), default=None, clean=normal.words, personal=True, label=_("Patronymic", ru="Отчество"))
    born_on: Mapped[dt.date | None] = column(default=None, personal=True, label=_("Date of birth", ru="Дата рождения"))
    phone: Mapped[str | None] = column(normal.AnyPhone, default=None, index=True, personal=True, search=True, label=_("Phone", ru="Телефон"))
    email: Mapped[str | None] = column(normal.AnyEmail, default=None, index=True, personal=True, search=True, label=_("E-mail", ru="Эл. почта"))
    position: Mapped[str | None] = column(String(100), default=None, label=_("Position", ru="Должность"))
    delivery_address: Mapped[str | None] = column(String(300), default=None, personal=True, label=_("Delivery address", ru="Адрес доставки"))
    company_id: Mapped[int | None] = column(to=Company, default=None, index=True, label=_("Company", ru="Компания"))
    company: Mapped[Company | None] = relation()

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep the telephone number in one form."""
        region = normal.region(uow, values.get("country"))
        normalised(values, before, ("phone",), lambda v: normal.normal_phone(v, region))

    @property
    def salutation(self) -> str:
        """How the person is addressed: ``"Анна Петровна"``, else the first name, else the name."""
        return " ".join(p for p in (self.first_name, self.patronymic) if p) if self.first_name else self.name


class Way(enum.Enum):
    """How somebody is reached."""

    PHONE = "phone"
    EMAIL = "email"
    MESSENGER = "messenger"

    @property
    def label(self) -> str:
        """What a person reads."""
        return WAYS[self]


WAYS: dict[Way, str] = {
    Way.PHONE: _("Phone", ru="Телефон"),
    Way.EMAIL: _("E-mail", ru="Эл. почта"),
    Way.MESSENGER: _("Messenger", ru="Мессенджер"),
}


class ContactPoint(Entity, table="sales_contact_point", label=_("Contact point", ru="Способ связи"), plural=_("Contact points", ru="Способы связи")):
    """One telephone number, e-mail address or messenger of a contact."""

    contact_id: Mapped[int] = column(to=Contact, part=True, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact] = relation()
    way: Mapped[Way] = column(label=_("Way", ru="Вид связи"))
    value: Mapped[str] = column(
        String(254), clean=normal.words, index=True, search=True, personal=True, label=_("Number or address", ru="Номер или адрес")
    )
    service: Mapped[str | None] = column(
        String(40),
        default=None,
        label=_("Messenger", ru="Мессенджер"),
        help=_("Such as telegram, whatsapp, max", ru="Например telegram, whatsapp, max"),
    )
    label: Mapped[str | None] = column(
        String(60), default=None, label=_("Label", ru="Подпись"), help=_("Such as work, home", ru="Например рабочий, домашний")
    )
    primary: Mapped[bool] = column(
        sa.Boolean, default=False, label=_("Primary", ru="Основной"),
        help=_("The one shown with the contact; there is one for telephone and one for e-mail",
               ru="Показывается у контакта; один телефон и один адрес"),
    )  # fmt: skip

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep numbers and addresses in one form."""
        way = values.get("way")
        if way is Way.PHONE:
            foreign = not str(values.get("value")).startswith("+")  # with a country code nothing else need be known
            contact = uow.peek(Contact, values["contact_id"]) if foreign else None
            region = normal.region(uow, contact.country if contact is not None else None)
            normalised(values, before, ("value",), lambda v: normal.normal_phone(v, region))
        elif way is Way.EMAIL:
            normalised(values, before, ("value",), normal.normal_email)
        elif way is Way.MESSENGER and not values.get("service"):
            raise Invalid(problems=[Problem("service", "required", _("say which messenger", ru="укажите мессенджер"))])
