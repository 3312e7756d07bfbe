"""Protected registration of deals: a dealer says early who its client is, and is protected for a time."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t

from sqlalchemy import String

from crmkit import Invalid, Mapped, Money, Owned, Problem, Staged, UtcDateTime, _, column, relation

from .. import normal
from .funnel import Deal
from .network import Dealer, follow_dealer
from .people import Before, Company, Contact, Values, normalised

if t.TYPE_CHECKING:
    from crmkit import Uow

WHO = _("say who the client is: a company, a contact, a tax number or a phone", ru="укажите клиента: компанию, контакт, ИНН или телефон")


class Registration(
    Owned, Staged, table="sales_registration", label=_("Deal registration", ru="Регистрация сделки"),
    plural=_("Deal registrations", ru="Регистрации сделок"),
):  # fmt: skip
    """A dealer's claim to a client. Once approved, no other dealer may work with that client until it ends."""

    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    dealer_id: Mapped[int] = column(to=Dealer, index=True, label=_("Dealer", ru="Дилер"))
    dealer: Mapped[Dealer] = relation()
    company_id: Mapped[int | None] = column(to=Company, default=None, index=True, label=_("Company", ru="Компания"))
    company: Mapped[Company | None] = relation()
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    client_name: Mapped[str | None] = column(String(200), default=None, clean=normal.words, search=True, label=_("Client", ru="Клиент"))
    tax_number: Mapped[str | None] = column(String(20), default=None, index=True, label=_("Tax number", ru="ИНН"))
    phone: Mapped[str | None] = column(normal.AnyPhone, default=None, index=True, personal=True, label=_("Phone", ru="Телефон"))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True, label=_("Expected amount", ru="Ожидаемая сумма"))
    protected_until: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, index=True, label=_("Protected until", ru="Защищена до")
    )
    extended_days: Mapped[int] = column(default=0, init=False, generated=True, label=_("Extended by, days", ru="Продлена, дней"))
    refused_why: Mapped[str | None] = column(String(400), default=None, label=_("Refused because", ru="Почему отказано"))
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Deal", ru="Сделка"))
    deal: Mapped[Deal | None] = relation()

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep numbers in one form, take what is known of the client, and want to know who it is."""
        region = normal.region(uow)
        normalised(values, before, ("tax_number",), lambda v: normal.normal_tax_number(v, region))
        normalised(values, before, ("phone",), lambda v: normal.normal_phone(v, region))
        if values.get("company_id") and not values.get("tax_number"):
            company = uow.peek(Company, values["company_id"])
            values["tax_number"] = company.tax_number if company is not None else None
        if values.get("contact_id") and not values.get("phone"):
            contact = uow.peek(Contact, values["contact_id"])
            values["phone"] = contact.phone if contact is not None else None
        if not any(values.get(n) for n in ("company_id", "contact_id", "tax_number", "phone")):
            raise Invalid(problems=[Problem("tax_number", "required", WHO)])
        follow_dealer(values, before, uow)


__all__ = ["Registration"]
