"""What happens on the line, in words that are no provider's own."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from collections.abc import Mapping

import attrs

from crmkit import _


class EventType(enum.Enum):
    """What a provider tells."""

    INITIATED = "initiated"
    """A call was asked for; nobody's telephone rings yet."""
    AGENT_RINGING = "agent_ringing"
    """A colleague's telephone rings: for a call that comes in, or as the first leg of a call we place."""
    AGENT_ANSWERED = "agent_answered"
    """The colleague picked up the first leg of a call we place; the client is not reached yet."""
    CLIENT_RINGING = "client_ringing"
    """The client's telephone is being called: the ring time counts from here."""
    ANSWERED = "answered"
    """Client and colleague are connected; after `HELD` again, for providers that do not tell the two apart."""
    HELD = "held"
    RESUMED = "resumed"
    TRANSFERRED = "transferred"
    """The colleague of the leg handed the call over; `to` says to whom."""
    LEG_ENDED = "leg_ended"
    """One telephone is out of it; the call may go on at another."""
    ENDED = "ended"
    """The whole call is over."""
    RECORDING_READY = "recording_ready"
    UNKNOWN = "unknown"
    """Kept as it came; changes nothing."""


class Outcome(enum.Enum):
    """How a call went. Only what is known to be over has one."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    """Whoever called hung up before anybody answered."""
    FAILED = "failed"
    """Something technical: it is not the client's doing."""
    UNAVAILABLE = "unavailable"
    """The called telephone is switched off or not connected."""
    INVALID_NUMBER = "invalid_number"
    VOICEMAIL = "voicemail"
    """A machine answered; said by whoever listened, or by a provider that can tell."""
    AGENT_NO_ANSWER = "agent_no_answer"
    """The colleague's own telephone was not picked up: the client never rang."""
    UNKNOWN = "unknown"
    """It is over, and nobody can tell any more how it went."""

    @property
    def label(self) -> str:
        """What a person reads."""
        return OUTCOMES[self]

    @property
    def color(self) -> str:
        """The colour of it in lists."""
        if self is Outcome.ANSWERED:
            return "green"
        return "gray" if self in (Outcome.UNKNOWN, Outcome.FAILED, Outcome.AGENT_NO_ANSWER) else "red" if self is Outcome.INVALID_NUMBER else "amber"


OUTCOMES: dict[Outcome, str] = {
    Outcome.ANSWERED: _("Answered", ru="Разговор состоялся"),
    Outcome.NO_ANSWER: _("No answer", ru="Нет ответа"),
    Outcome.BUSY: _("Busy", ru="Занято"),
    Outcome.REJECTED: _("Rejected", ru="Отклонён"),
    Outcome.CANCELLED: _("Hung up before an answer", ru="Сброшен до ответа"),
    Outcome.FAILED: _("Failed", ru="Ошибка связи"),
    Outcome.UNAVAILABLE: _("Not available", ru="Абонент недоступен"),
    Outcome.INVALID_NUMBER: _("No such number", ru="Неверный номер"),
    Outcome.VOICEMAIL: _("Voicemail", ru="Автоответчик"),
    Outcome.AGENT_NO_ANSWER: _("Own telephone not picked up", ru="Сотрудник не снял трубку"),
    Outcome.UNKNOWN: _("Not known", ru="Неизвестно"),
}


@attrs.frozen(kw_only=True)
class CallEvent:
    """One thing a provider told about one call.

    `call` is the provider's key of the whole call, `leg` of one party of it. Moments are in UTC and the provider's; where it gives
    none, `at` is when we heard. `key` tells the same thing told twice from two things: equal keys are one event.
    """

    type: EventType
    call: str
    at: dt.datetime
    key: str
    leg: str | None = None
    order: int | None = None
    """The provider's own count of what it told about the leg, where it counts: it goes before `at`, which may be when we heard."""
    control: str | None = None
    """What call control addresses for this leg."""
    incoming: bool | None = None
    """True for a call to us, False for one of ours; None where this event does not say."""
    internal: bool = False
    """Between colleagues: kept as an event, no call is made of it."""
    extension: str | None = None
    """The colleague's telephone of the leg, as in `Line.extension`."""
    device: str | None = None
    number: str | None = None
    """The client's number as it came: any format."""
    our_number: str | None = None
    """The number of ours that was called, or that the client sees."""
    to: str | None = None
    outcome: Outcome | None = None
    """Of a leg or call that ended."""
    talked: dt.timedelta | None = None
    recording: str | None = None
    reference: str | None = None
    """What `Originate.reference` was."""
    raw: Mapping[str, t.Any] = attrs.field(factory=dict)
    """As it came, without secrets; kept for looking into, never for working."""


__all__ = ["OUTCOMES", "CallEvent", "EventType", "Outcome"]
