"""Calls: what is kept of each of them."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Mapped, Owned, UtcDateTime, _, column, relation
from crmkit_sales import Contact, Deal, Inquiry, Lead, Source

from ..events import Outcome


class Direction(enum.Enum):
    """Who calls whom."""

    IN = "in"
    OUT = "out"

    @property
    def label(self) -> str:
        """What a person reads."""
        return _("Incoming", ru="Входящий") if self is Direction.IN else _("Outgoing", ru="Исходящий")

    @property
    def color(self) -> str:
        """The colour of it in lists."""
        return "blue" if self is Direction.IN else "violet"


class CallState(enum.Enum):
    """How far a call is."""

    INITIATED = "initiated"
    AGENT_RINGING = "agent_ringing"
    """A colleague's telephone rings."""
    RINGING = "ringing"
    """An outgoing call: the client's telephone rings."""
    TALKING = "talking"
    HELD = "held"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """What a person reads."""
        return STATES[self]


STATES: dict[CallState, str] = {
    CallState.INITIATED: _("Being placed", ru="Набирается"),
    CallState.AGENT_RINGING: _("Your telephone rings", ru="Звонит ваш телефон"),
    CallState.RINGING: _("Rings at the client", ru="Идут гудки"),
    CallState.TALKING: _("Talking", ru="Разговор"),
    CallState.HELD: _("On hold", ru="На удержании"),
    CallState.ENDED: _("Over", ru="Завершён"),
}


class Call(Owned, table="telephony_call", label=_("Call", ru="Звонок"), plural=_("Calls", ru="Звонки")):
    """A call with a client, as the provider's events tell it. Its owner is the colleague who rings, talks or has missed it."""

    key: Mapped[str | None] = column(String(200), default=None, init=False, generated=True, unique=True, label=_("Key", ru="Ключ"))
    provider: Mapped[str | None] = column(String(40), default=None, init=False, generated=True, label=_("Provider", ru="Оператор связи"))
    direction: Mapped[Direction] = column(default=Direction.OUT, init=False, generated=True, label=_("Direction", ru="Направление"))
    state: Mapped[CallState] = column(default=CallState.INITIATED, init=False, generated=True, index=True, label=_("State", ru="Состояние"))
    outcome: Mapped[Outcome | None] = column(default=None, init=False, generated=True, index=True, label=_("How it went", ru="Итог"))
    said: Mapped[Outcome | None] = column(default=None, init=False, generated=True, label=_("As the colleague says", ru="По словам сотрудника"))
    """What a person said of how it went: it counts for more than what the provider told."""
    number: Mapped[str | None] = column(
        String(20), default=None, init=False, generated=True, index=True, personal=True, search=True, label=_("Number", ru="Номер")
    )
    given: Mapped[str | None] = column(
        String(60), default=None, init=False, generated=True, personal=True, label=_("Number as it came", ru="Номер, как пришёл")
    )
    our_number: Mapped[str | None] = column(String(20), default=None, init=False, generated=True, index=True, label=_("Our number", ru="Наш номер"))
    extension: Mapped[str | None] = column(String(60), default=None, init=False, generated=True, label=_("Extension", ru="Внутренний номер"))
    source_id: Mapped[int | None] = column(to=Source, default=None, init=False, generated=True, index=True, label=_("Source", ru="Источник"))
    source: Mapped[Source | None] = relation()
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    inquiry_id: Mapped[int | None] = column(to=Inquiry, default=None, index=True, label=_("Inquiry", ru="Обращение"))
    inquiry: Mapped[Inquiry | None] = relation()
    lead_id: Mapped[int | None] = column(to=Lead, default=None, index=True, label=_("Lead", ru="Лид"))
    lead: Mapped[Lead | None] = relation()
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Deal", ru="Сделка"))
    deal: Mapped[Deal | None] = relation()
    began_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, index=True, label=_("Began", ru="Начат")
    )
    ringing_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, label=_("Rang at the client since", ru="Гудки с")
    )
    answered_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Answered", ru="Отвечен"))
    ended_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Ended", ru="Закончен"))
    rang: Mapped[int | None] = column(default=None, init=False, generated=True, label=_("Rang, seconds", ru="Гудки, с"))
    talked: Mapped[int | None] = column(default=None, init=False, generated=True, label=_("Talked, seconds", ru="Разговор, с"))
    wrapped_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, label=_("Worked up", ru="Обработан")
    )
    """When the colleague was through with writing it up."""
    recording: Mapped[str | None] = column(String(200), default=None, init=False, generated=True, label=_("Recording", ru="Запись"))
    heard_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, index=True, label=_("Last heard of", ru="Последняя весть")
    )
    asked_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, init=False, generated=True, label=_("Last asked about", ru="Последний опрос")
    )
    note: Mapped[str | None] = column(sa.Text, default=None, label=_("Note", ru="Заметка"))
    trouble: Mapped[str | None] = column(String(300), default=None, init=False, generated=True, label=_("What went wrong", ru="Что не удалось"))
