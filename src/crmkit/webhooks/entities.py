"""Who is told of what, and how the telling went."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t

import sqlalchemy as sa

from crmkit import Entity, Mapped, Owned, UtcDateTime, _, column, relation


class Payload(enum.Enum):
    """How much a message tells."""

    THIN = "thin"
    FULL = "full"

    @property
    def label(self) -> str:
        """What a person reads."""
        return PAYLOADS[self]


PAYLOADS: dict[Payload, str] = {
    Payload.THIN: _("What happened only", ru="Только событие"),
    Payload.FULL: _("With the record", ru="С данными записи"),
}


class State(enum.Enum):
    """How a delivery stands: `failed` is tried again, `dead` only when asked for."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    DEAD = "dead"

    @property
    def label(self) -> str:
        """What a person reads."""
        return STATES[self]


STATES: dict[State, str] = {
    State.WAITING: _("Waiting", ru="Ожидает"),
    State.DELIVERED: _("Delivered", ru="Доставлено"),
    State.FAILED: _("Failed, will be tried again", ru="Ошибка, будет повтор"),
    State.DEAD: _("Given up", ru="Больше не повторяем"),
}


class Endpoint(Owned, table="webhooks_endpoint", label=_("Webhook", ru="Вебхук"), plural=_("Webhooks", ru="Вебхуки")):
    """An address that is told of events. It sees what its owner sees."""

    url: Mapped[str] = column(sa.String(2000), clean=str.strip, label=_("Address", ru="Адрес"))
    description: Mapped[str | None] = column(sa.String(200), default=None, label=_("Description", ru="Описание"))
    events: Mapped[list[t.Any]] = column(factory=list, label=_("Events", ru="События"))
    conditions: Mapped[dict[str, t.Any]] = column(factory=dict, label=_("Only records that match", ru="Только подходящие записи"))
    payload: Mapped[Payload] = column(default=Payload.THIN, label=_("What is told", ru="Что сообщать"))
    active: Mapped[bool] = column(default=True, index=True, label=_("Active", ru="Включён"))
    secret: Mapped[str] = column(sa.String(100), default="", secret=True, generated=True, label=_("Secret", ru="Секрет"))
    old_secret: Mapped[str | None] = column(
        sa.String(100), default=None, secret=True, generated=True, label=_("Secret before", ru="Прежний секрет"))
    old_secret_until: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, generated=True, label=_("Secret before holds until", ru="Прежний секрет действует до"))
    acts_as: Mapped[dict[str, t.Any]] = column(factory=dict, generated=True, label=_("Acts as", ru="Действует как"))
    failing_since: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, generated=True, label=_("Failing since", ru="Не отвечает с"))
    disabled_because: Mapped[str | None] = column(
        sa.String(300), default=None, generated=True, label=_("Switched off because", ru="Отключён, потому что"))


class Delivery(Entity, table="webhooks_delivery", label=_("Delivery", ru="Доставка"), plural=_("Deliveries", ru="Доставки")):
    """One event on its way to one address, with every attempt."""

    endpoint_id: Mapped[int] = column(to=Endpoint, part=True, label=_("Webhook", ru="Вебхук"))
    endpoint: Mapped[Endpoint] = relation()
    message_id: Mapped[str] = column(sa.String(60), default="", generated=True, label=_("Message", ru="Сообщение"))
    event: Mapped[str] = column(sa.String(200), default="", generated=True, label=_("Event", ru="Событие"))
    record_kind: Mapped[str | None] = column(sa.String(120), default=None, generated=True, label=_("Kind of record", ru="Вид записи"))
    record_id: Mapped[int | None] = column(default=None, generated=True, label=_("Record", ru="Запись"))
    body: Mapped[str] = column(sa.Text, default="", generated=True, secret=True, label=_("What was told", ru="Что сообщено"))
    state: Mapped[State] = column(default=State.WAITING, generated=True, label=_("State", ru="Состояние"))
    tries: Mapped[int] = column(default=0, generated=True, label=_("Attempts made", ru="Сделано попыток"))
    attempts: Mapped[list[t.Any]] = column(factory=list, generated=True, label=_("Attempts", ru="Попытки"))
    next_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, generated=True, label=_("Next attempt", ru="Следующая попытка"))
    status: Mapped[int | None] = column(default=None, generated=True, label=_("Last answer", ru="Последний ответ"))
    error: Mapped[str | None] = column(sa.String(300), default=None, generated=True, label=_("Last error", ru="Последняя ошибка"))


_delivery = Delivery.__table__.c
# One message to one address, whatever is repeated.
sa.Index("uq_webhooks_delivery_message", _delivery.endpoint_id, _delivery.message_id, unique=True)
sa.Index("ix_webhooks_delivery_endpoint", _delivery.endpoint_id, _delivery.state, _delivery.id)
sa.Index("ix_webhooks_delivery_record", _delivery.record_kind, _delivery.record_id, _delivery.id)
sa.Index("ix_webhooks_delivery_age", _delivery.created_at)
