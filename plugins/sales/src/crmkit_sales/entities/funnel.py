"""What goes through the pipelines: inquiries, leads and deals."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import typing as t

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Entity, Exact, Mapped, Money, Owned, Staged, UtcDateTime, _, column, relation

from .. import normal
from ..words import ForecastCategory
from .network import AtDealer, follow_dealer
from .people import Before, Company, Contact, Values, normalised

if t.TYPE_CHECKING:
    from crmkit import Uow


class Source(
    Entity, table="sales_source", label=_("Advertising source", ru="Рекламный источник"), plural=_("Advertising sources", ru="Рекламные источники")
):
    """Where clients come from: a campaign, a leaflet, a fair."""

    name: Mapped[str] = column(String(120), clean=normal.words, search=True, label=_("Name", ru="Название"))
    code: Mapped[str | None] = column(
        String(60), default=None, unique=True, label=_("Code", ru="Код"), help=_("What site forms send", ru="То, что присылают формы сайта")
    )
    active: Mapped[bool] = column(sa.Boolean, default=True, label=_("In use", ru="Используется"))


class Channel(enum.Enum):
    """How a client turned to us."""

    CALL = "call"
    SITE = "site"
    CHAT = "chat"
    EMAIL = "email"
    VISIT = "visit"
    MESSENGER = "messenger"
    SOCIAL = "social"
    PARTNER = "partner"
    OTHER = "other"

    @property
    def label(self) -> str:
        """What a person reads."""
        return CHANNELS[self]


CHANNELS: dict[Channel, str] = {
    Channel.CALL: _("Call", ru="Звонок"),
    Channel.SITE: _("Website", ru="Сайт"),
    Channel.CHAT: _("Chat", ru="Чат"),
    Channel.EMAIL: _("E-mail", ru="Эл. почта"),
    Channel.VISIT: _("Visit", ru="Визит"),
    Channel.MESSENGER: _("Messenger", ru="Мессенджер"),
    Channel.SOCIAL: _("Social network", ru="Соцсеть"),
    Channel.PARTNER: _("Partner", ru="Партнёр"),
    Channel.OTHER: _("Other", ru="Другое"),
}


class Attributed(Entity):
    """Mixin: which advertising brought the client. Conversion carries all of it along."""

    channel: Mapped[Channel | None] = column(default=None, label=_("Channel", ru="Канал"))
    source_id: Mapped[int | None] = column(to=Source, default=None, index=True, label=_("Advertising source", ru="Рекламный источник"))
    source: Mapped[Source | None] = relation()
    utm_source: Mapped[str | None] = column(String(200), default=None, label=_("UTM source", ru="UTM источник"))
    utm_medium: Mapped[str | None] = column(String(200), default=None, label=_("UTM medium", ru="UTM канал"))
    utm_campaign: Mapped[str | None] = column(String(200), default=None, label=_("UTM campaign", ru="UTM кампания"))
    utm_content: Mapped[str | None] = column(String(200), default=None, label=_("UTM content", ru="UTM объявление"))
    utm_term: Mapped[str | None] = column(String(200), default=None, label=_("UTM term", ru="UTM ключевая фраза"))
    page: Mapped[str | None] = column(String(1000), default=None, label=_("Page", ru="Страница"))
    referrer: Mapped[str | None] = column(String(1000), default=None, label=_("Came from", ru="Откуда перешли"))


ATTRIBUTION = ("channel", "source_id", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "page", "referrer")


class LostReason(Entity, table="sales_lost_reason", label=_("Reason of loss", ru="Причина отказа"), plural=_("Reasons of loss", ru="Причины отказа")):
    """Why clients do not buy. Which reasons are offered depends on the pipeline."""

    name: Mapped[str] = column(String(120), clean=normal.words, search=True, label=_("Name", ru="Название"))
    for_pipeline: Mapped[str | None] = column(
        String(60), default=None, label=_("Pipeline", ru="Воронка"), help=_("Left out: for every pipeline", ru="Не указана: для всех воронок")
    )
    asks_competitor: Mapped[bool] = column(sa.Boolean, default=False, label=_("Asks for the competitor", ru="Спрашивать конкурента"))
    active: Mapped[bool] = column(sa.Boolean, default=True, label=_("In use", ru="Используется"))


class Losable(Entity):
    """Mixin: why it came to nothing."""

    lost_reason_id: Mapped[int | None] = column(to=LostReason, default=None, index=True, label=_("Lost because", ru="Причина отказа"))
    lost_reason: Mapped[LostReason | None] = relation()
    competitor: Mapped[str | None] = column(String(200), default=None, clean=normal.words, label=_("Competitor", ru="Конкурент"))
    lost_comment: Mapped[str | None] = column(String(1000), default=None, label=_("Comment on the loss", ru="Комментарий к отказу"))


class Assigned(Entity):
    """Mixin: why this person has it."""

    assigned_why: Mapped[str | None] = column(
        String(400), default=None, init=False, generated=True, label=_("Assigned because", ru="Почему назначено")
    )


class Deal(
    Owned, Staged, AtDealer, Attributed, Losable, Assigned, table="sales_deal", label=_("Deal", ru="Сделка"), plural=_("Deals", ru="Сделки"),
):  # fmt: skip
    """Something a client may buy, on its way through a pipeline. With lines its amount is their sum."""

    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True, label=_("Amount", ru="Сумма"))
    probability: Mapped[int | None] = column(
        sa.Integer, default=None, label=_("Probability, %", ru="Вероятность, %"), help=_("Left out: that of the stage", ru="Не указана: как у стадии")
    )
    chance: Mapped[int | None] = column(sa.Integer, default=None, init=False, generated=True, label=_("Chance to win, %", ru="Шанс на успех, %"))
    expected_amount: Mapped[decimal.Decimal | None] = column(
        Money, default=None, init=False, generated=True, total=True, label=_("Expected amount", ru="Ожидаемая сумма")
    )
    forecast: Mapped[ForecastCategory | None] = column(
        default=None, label=_("Forecast", ru="Прогноз"), help=_("Left out: that of the stage", ru="Не указан: как у стадии")
    )
    forecast_category: Mapped[ForecastCategory | None] = column(
        default=None, init=False, generated=True, label=_("Forecast category", ru="Категория прогноза")
    )
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    company_id: Mapped[int | None] = column(to=Company, default=None, index=True, label=_("Company", ru="Компания"))
    company: Mapped[Company | None] = relation()
    closes_on: Mapped[dt.date | None] = column(default=None, label=_("Expected to close", ru="Ожидаемое закрытие"))
    closed_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Closed", ru="Закрыта"))
    no_next_step: Mapped[bool] = column(sa.Boolean, default=False, init=False, generated=True, label=_("No next step", ru="Нет следующего шага"))

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep what follows from other fields: team, forecast, the reason of a loss, the sum of the lines."""
        from ..lines import amount_is_kept
        from ..losses import check_loss
        from ..outlook import foresee

        follow_dealer(values, before, uow)
        check_loss(cls, values, before, uow)
        amount_is_kept(values, before, uow)
        foresee(values, before, uow)


class DealLine(Entity, table="sales_deal_line", label=_("Deal line", ru="Строка сделки"), plural=_("Deal lines", ru="Строки сделки")):
    """One product or service of a deal, in free words."""

    deal_id: Mapped[int] = column(to=Deal, part=True, index=True, label=_("Deal", ru="Сделка"))
    deal: Mapped[Deal] = relation()
    title: Mapped[str] = column(String(300), clean=normal.words, search=True, label=_("Title", ru="Название"))
    sku: Mapped[str | None] = column(String(60), default=None, label=_("Article", ru="Артикул"))
    quantity: Mapped[decimal.Decimal] = column(Exact(14, 3), default=decimal.Decimal(1), label=_("Quantity", ru="Количество"))
    unit: Mapped[str | None] = column(String(20), default=None, label=_("Unit", ru="Ед."))
    price: Mapped[decimal.Decimal] = column(Money, label=_("Price", ru="Цена"))
    discount: Mapped[decimal.Decimal] = column(Exact(5, 2), default=decimal.Decimal(0), label=_("Discount, %", ru="Скидка, %"))
    discount_amount: Mapped[decimal.Decimal] = column(
        Money, default=decimal.Decimal(0), label=_("Discount, amount", ru="Скидка, сумма"),
        help=_("Taken off the whole line, after the percentage", ru="Вычитается из строки после процента"),
    )  # fmt: skip
    amount: Mapped[decimal.Decimal] = column(Money, default=decimal.Decimal(0), init=False, generated=True, label=_("Amount", ru="Сумма"))

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Work out the amount of the line."""
        from ..lines import price_line

        price_line(values)


class Lead(
    Owned, Staged, AtDealer, Attributed, Losable, Assigned, table="sales_lead", label=_("Lead", ru="Лид"), plural=_("Leads", ru="Лиды"),
):  # fmt: skip
    """A client who may buy something, not yet a deal. What it became is in `deal_id`."""

    title: Mapped[str] = column(String(200), clean=str.strip, search=True, label=_("Title", ru="Название"))
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    company_id: Mapped[int | None] = column(to=Company, default=None, index=True, label=_("Company", ru="Компания"))
    company: Mapped[Company | None] = relation()
    phone: Mapped[str | None] = column(normal.AnyPhone, default=None, index=True, personal=True, search=True, label=_("Phone", ru="Телефон"))
    email: Mapped[str | None] = column(normal.AnyEmail, default=None, index=True, personal=True, search=True, label=_("E-mail", ru="Эл. почта"))
    city: Mapped[str | None] = column(String(100), default=None, index=True, clean=normal.words, label=_("City", ru="Город"))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True, label=_("Possible amount", ru="Возможная сумма"))
    text: Mapped[str | None] = column(sa.Text, default=None, label=_("What is wanted", ru="Что нужно"))
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Became the deal", ru="Стал сделкой"))
    deal: Mapped[Deal | None] = relation()

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep the number in one form, the team that of the dealer, and the reason of a loss one that fits."""
        from ..losses import check_loss

        normalised(values, before, ("phone",), lambda v: normal.normal_phone(v, normal.region(uow)))
        follow_dealer(values, before, uow)
        check_loss(cls, values, before, uow)


class Inquiry(
    Owned, Staged, AtDealer, Attributed, Losable, Assigned, table="sales_inquiry", label=_("Inquiry", ru="Обращение"),
    plural=_("Inquiries", ru="Обращения"),
):  # fmt: skip
    """Somebody turned to us: a call, a form, a letter. It becomes a lead, or belongs to one that is there."""

    name: Mapped[str | None] = column(String(200), default=None, clean=normal.words, search=True, personal=True, label=_("Name", ru="Имя"))
    phone: Mapped[str | None] = column(
        String(60), default=None, clean=normal.words, search=True, personal=True, label=_("Phone as given", ru="Телефон, как указан")
    )
    email: Mapped[str | None] = column(
        String(254), default=None, clean=normal.words, search=True, personal=True, label=_("E-mail as given", ru="Почта, как указана")
    )
    phone_number: Mapped[str | None] = column(
        String(20), default=None, init=False, generated=True, index=True, personal=True, label=_("Phone", ru="Телефон")
    )
    email_address: Mapped[str | None] = column(
        String(254), default=None, init=False, generated=True, index=True, personal=True, label=_("E-mail", ru="Эл. почта")
    )
    text: Mapped[str | None] = column(sa.Text, default=None, label=_("Text", ru="Текст"))
    city: Mapped[str | None] = column(String(100), default=None, index=True, clean=normal.words, label=_("City", ru="Город"))
    received_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, index=True, label=_("Received", ru="Получено"))
    respond_by: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, index=True, label=_("Answer by", ru="Ответить до")
    )
    first_response_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, label=_("First answer", ru="Первый ответ"))
    response_minutes: Mapped[int | None] = column(
        sa.Integer, default=None, init=False, generated=True, label=_("Working minutes to the answer", ru="Рабочих минут до ответа")
    )
    response_late: Mapped[bool] = column(
        sa.Boolean, default=False, init=False, generated=True, label=_("Answered late or not at all", ru="Ответ просрочен")
    )
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    lead_id: Mapped[int | None] = column(to=Lead, default=None, index=True, label=_("Belongs to the lead", ru="Относится к лиду"))
    lead: Mapped[Lead | None] = relation()
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Belongs to the deal", ru="Относится к сделке"))
    deal: Mapped[Deal | None] = relation()

    @classmethod
    def prepare(cls, values: Values, before: Before, uow: Uow) -> None:
        """Keep number and address as they are compared, beside what was given, and the clock of the first answer."""
        from ..losses import check_loss
        from ..response import run_clock

        if before is None or before.get("phone") != values.get("phone"):
            values["phone_number"] = normal.try_phone(values.get("phone"), normal.region(uow))
        if before is None or before.get("email") != values.get("email"):
            values["email_address"] = normal.try_email(values.get("email"))
        follow_dealer(values, before, uow)
        run_clock(values, before, uow)
        check_loss(cls, values, before, uow)


__all__ = [
    "ATTRIBUTION", "Assigned", "Attributed", "Channel", "Deal", "DealLine", "ForecastCategory", "Inquiry", "Lead", "Losable", "LostReason", "Source",
]  # fmt: skip
