"""A small plugin whose people and companies may have duplicates."""

from __future__ import annotations

import datetime as dt
import sys

from sqlalchemy import String

from crmkit import Entity, Extension, Mapped, Owned, Plugin, _, column
from crmkit.duplicates import (
    Address,
    Birthday,
    City,
    CompanyName,
    Duplicates,
    EmailAddress,
    Exact,
    Identifier,
    Part,
    PersonName,
    PhoneNumber,
    PostCode,
    Text,
)


class Person(Owned, table="people_person", label=_("Person", ru="Человек")):
    name: Mapped[str] = column(String(200), label=_("Name", ru="Имя"))
    phone: Mapped[str | None] = column(String(40), default=None, label=_("Phone", ru="Телефон"))
    email: Mapped[str | None] = column(String(200), default=None, label=_("E-mail", ru="Почта"))
    street: Mapped[str | None] = column(String(200), default=None, label=_("Street", ru="Улица"))
    city: Mapped[str | None] = column(String(100), default=None, label=_("City", ru="Город"))
    code: Mapped[str | None] = column(String(20), default=None, label=_("Code", ru="Индекс"))
    note: Mapped[str | None] = column(String(200), default=None, label=_("Note", ru="Заметка"))


class Number(Entity, table="people_number", label=_("Number", ru="Номер")):
    person_id: Mapped[int] = column(to=Person, part=True, label=_("Person", ru="Человек"))
    kind: Mapped[str] = column(String(20), default="phone", label=_("Kind", ru="Вид"))
    value: Mapped[str] = column(String(40), label=_("Number", ru="Номер"))


class Born(Extension[Person], table="people_born", label=_("Born", ru="Рождение")):
    on: Mapped[dt.date | None] = column(default=None, label=_("Born on", ru="Дата рождения"))


class Firm(Entity, table="people_firm", label=_("Firm", ru="Фирма")):
    title: Mapped[str] = column(String(200), label=_("Title", ru="Название"))
    tax: Mapped[str | None] = column(String(20), default=None, label=_("Tax number", ru="ИНН"))
    field: Mapped[str | None] = column(String(100), default=None, label=_("Field", ru="Отрасль"))
    form: Mapped[str | None] = column(String(20), default=None, label=_("Form", ru="Форма"))


PEOPLE = Duplicates(
    Person,
    compare=[
        PersonName("name"),
        Birthday("born.on"),
        PhoneNumber("phone", also=Part(Number, "value", where={"kind": "phone"})),
        EmailAddress("email"),
        Address("street"),
        City("city"),
        PostCode("code"),
    ],
)
FIRMS = Duplicates(Firm, compare=[CompanyName("title"), Identifier("tax"), Text("field"), Exact("form")])

plugin = Plugin("people", modules=[sys.modules[__name__]], requires=["duplicates"])
