"""Who we sell to, and what is being sold."""

from __future__ import annotations

import datetime as dt
import decimal

from sqlalchemy import String

from crmkit import Email, Entity, Mapped, Money, Owned, Phone, Staged, UtcDateTime, _, column, relation


class Company(Owned, table="sales_company", label=_("Company", ru="Компания"), plural=_("Companies", ru="Компании")):
    """An organisation; a holding is a tree of companies."""

    name: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Name", ru="Название"))
    city: Mapped[str | None] = column(String(100), default=None, index=True, label=_("City", ru="Город"))
    tax_number: Mapped[str | None] = column(String(20), default=None, index=True, label=_("Tax number", ru="ИНН"))
    website: Mapped[str | None] = column(String(200), default=None, label=_("Website", ru="Сайт"))
    parent_id: Mapped[int | None] = column(to="self", default=None, index=True, label=_("Part of", ru="Входит в"))
    parent: Mapped[Company | None] = relation()


class Contact(Owned, table="sales_contact", label=_("Contact", ru="Контакт"), plural=_("Contacts", ru="Контакты")):
    """A person we talk to."""

    name: Mapped[str] = column(String(200), clean=str.strip, search=True, personal=True, label=_("Name", ru="Имя"))
    phone: Mapped[str | None] = column(Phone, default=None, index=True, personal=True, search=True, label=_("Phone", ru="Телефон"))
    email: Mapped[str | None] = column(Email, default=None, index=True, personal=True, search=True, label=_("E-mail", ru="Эл. почта"))
    position: Mapped[str | None] = column(String(100), default=None, label=_("Position", ru="Должность"))
    company_id: Mapped[int | None] = column(to=Company, default=None, index=True, label=_("Company", ru="Компания"))
    company: Mapped[Company | None] = relation()


class Deal(Owned, Staged, table="sales_deal", label=_("Deal", ru="Сделка"), plural=_("Deals", ru="Сделки")):
    """Something a client may buy, on its way through a pipeline."""

    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True, label=_("Amount", ru="Сумма"))
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    company_id: Mapped[int | None] = column(to=Company, default=None, index=True, label=_("Company", ru="Компания"))
    company: Mapped[Company | None] = relation()
    closes_on: Mapped[dt.date | None] = column(default=None, label=_("Expected to close", ru="Ожидаемое закрытие"))
    lost_reason: Mapped[str | None] = column(String(200), default=None, label=_("Lost because", ru="Причина отказа"))


class FollowUp(Owned, table="sales_follow_up", label=_("Follow-up", ru="Следующий шаг"), plural=_("Follow-ups", ru="Следующие шаги")):
    """What is to be done next about a deal, and by when."""

    what: Mapped[str] = column(String(200), label=_("What to do", ru="Что сделать"))
    deal_id: Mapped[int] = column(to=Deal, index=True, label=_("Deal", ru="Сделка"))
    deal: Mapped[Deal] = relation()
    due_at: Mapped[dt.datetime] = column(UtcDateTime, label=_("Due", ru="Срок"))
    done_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("Done", ru="Выполнено"))


__all__ = ["Company", "Contact", "Deal", "Entity", "FollowUp"]
