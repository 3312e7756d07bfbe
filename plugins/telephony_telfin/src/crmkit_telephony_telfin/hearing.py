"""Webhooks: what Telfin posts, told in telephony's words. Nothing that comes in is an error; what is not understood is kept.

Source: «События внутреннего номера» (ringme-confluence.atlassian.net) and dumps of real requests.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import typing as t
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from crmkit_telephony import CallEvent, EventType, Heard, Outcome, Received

from .reading import bare, call_key, event_time, is_extension, microseconds, number_of

PHONE, ENTRANCE = "phone", "entrance"
"""What our addresses end with: whose events are sent there. An entrance is a queue or a voice menu."""
SILENT = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
"""To a voice menu that asks what to do: nothing."""
OUTCOMES = {
    "ANSWER": Outcome.ANSWERED, "BUSY": Outcome.BUSY, "NOANSWER": Outcome.NO_ANSWER, "CANCEL": Outcome.CANCELLED,
    "CONGESTION": Outcome.FAILED, "CHANUNAVAIL": Outcome.UNAVAILABLE,
}  # fmt: skip
BEFORE = dt.timedelta(microseconds=1)
"""What happened at the same moment, but before."""
MOST_FIELDS, LONGEST, KEY, NAME = 60, 500, 150, 60
Ours = Callable[[str, str | None, str | None], str | None]
"""Asked with call, device and number: the reference of a call we placed, None where we did not."""


def hear(received: Received, now: dt.datetime, ours: Ours) -> Heard:
    """Read a webhook."""
    fields = read(received)
    events = events_of(fields, PHONE if received.path.strip("/") != ENTRANCE else ENTRANCE, now, ours)
    if fields.get("EventType") == "call_interactive":
        return Heard(events=events, answer=SILENT, content_type="text/xml")
    return Heard(events=events, answer="OK")


def read(received: Received) -> dict[str, str]:
    """Return the fields, from a form or from the query; of a field that comes twice the first one."""
    body = "" if received.method == "GET" else received.body.decode("utf-8", "replace")
    found: dict[str, str] = {}
    for text in (body, received.query):
        for name, value in _pairs(text):
            if len(found) < MOST_FIELDS:
                found.setdefault(_clean(name)[:NAME], _clean(value)[:LONGEST])
    return found


def _pairs(text: str) -> Sequence[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=500)
    except ValueError:
        return ()


def _clean(text: str) -> str:
    """Leave out what a database does not take."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def events_of(fields: dict[str, str], whose: str, now: dt.datetime, ours: Ours) -> list[CallEvent]:
    """Return what a webhook says."""
    told = _Told(fields, now, ours)
    if not told.call or not told.leg:
        return [told.event(EventType.UNKNOWN)]
    kind = fields.get("EventType", "")
    if whose == ENTRANCE:
        return told.at_entrance(kind)
    act = {"dial-in": told.dial_in, "dial-out": told.dial_out, "answer": told.answer, "hangup": told.hang_up}.get(kind)
    return act() if act is not None else [told.event(EventType.UNKNOWN)]


class _Told:
    """One webhook."""

    def __init__(self, fields: dict[str, str], now: dt.datetime, ours: Ours) -> None:
        self.fields, self.ours = fields, ours
        self.at = event_time(fields.get("EventTime", ""), now)
        self.call, self.leg = call_key(fields.get("CallID", ""))[:KEY], fields.get("SubCallID", "").strip()[:KEY]
        self.goes_in = fields.get("CallFlow", "").strip().lower() == "in"
        names = ("CallerIDNum", "CalledNumber", "RemoteNumber", "CalledDID")
        self.caller, self.called, self.remote, self.did = (number_of(fields.get(name, "")) for name in names)
        self.handed_out = fields.get("Transfered", "").lower() == "yes"
        self.status = fields.get("CallStatus", "").strip().upper()

    # ---- what it says ------------------------------------------------------------------------------------------------
    def dial_in(self) -> list[CallEvent]:
        """A colleague's telephone rings: for a client who calls, for one who is handed over, or first, for a call of ours."""
        reference = self._first_leg()
        if reference is not None:
            return [self._own(EventType.AGENT_RINGING, reference)]
        rings = self._in(EventType.AGENT_RINGING)
        if not self.remote:
            return [rings]
        handed = self.event(EventType.TRANSFERRED, leg=None, at=self.at - BEFORE, to=self.called[:NAME] or None)
        return [handed, rings]

    def dial_out(self) -> list[CallEvent]:
        """The client's telephone is called."""
        if self.handed_out:
            return [self._handed(EventType.TRANSFERRED)]
        return [self._out(EventType.CLIENT_RINGING)]

    def answer(self) -> list[CallEvent]:
        """Somebody picked up."""
        if self.handed_out:
            return [self._handed(EventType.ANSWERED)]
        if not self.goes_in:
            return [self._out(EventType.ANSWERED)]
        reference = self._first_leg()
        return [self._in(EventType.ANSWERED) if reference is None else self._own(EventType.AGENT_ANSWERED, reference)]

    def hang_up(self) -> list[CallEvent]:
        """One telephone is out of it. That the whole call is over is certain only where the client never answered one of ours."""
        how = self._how()
        if self.handed_out:
            return [self._handed(EventType.LEG_ENDED, **how)]
        if not self.goes_in:
            missed = self.status in OUTCOMES and self.status != "ANSWER"
            return [self._out(EventType.ENDED if missed else EventType.LEG_ENDED, **how)]
        reference = self._first_leg()
        if reference is None:
            return [self._in(EventType.LEG_ENDED, **how)]
        if self.status in OUTCOMES and self.status != "ANSWER":  # the client never rang
            return [self._own(EventType.ENDED, reference, **how | {"outcome": Outcome.AGENT_NO_ANSWER})]
        return [self._own(EventType.LEG_ENDED, reference)]

    def at_entrance(self, kind: str) -> list[CallEvent]:
        """A queue or a voice menu: the client is there; nobody's telephone rings yet, or nobody took the call."""
        who = {"incoming": True, "number": self.caller[:NAME] or None, "our_number": self.did[:NAME] or None, "internal": is_extension(self.caller)}
        if kind == "dial-in":
            return [self.event(EventType.INITIATED, **who)]
        if kind != "hangup":
            return [self.event(EventType.UNKNOWN)]
        if self.fields.get("Bridged", "").lower() != "no":
            return [self.event(EventType.LEG_ENDED, **who, outcome=Outcome.ANSWERED)]
        outcome = Outcome.CANCELLED if self.status == "CANCEL" else Outcome.NO_ANSWER
        return [self.event(EventType.ENDED, **who, outcome=outcome)]

    # ---- how it says it ------------------------------------------------------------------------------------------------
    def _in(self, type: EventType, **more: t.Any) -> CallEvent:
        number, handed = self.remote or self.caller, bool(self.remote)
        inside = not handed and is_extension(self.caller) and is_extension(self.called)
        return self.event(
            type, incoming=None if handed else True, internal=inside, number=None if is_extension(number) else number[:NAME] or None,
            our_number=self.did[:NAME] or None, **self._phone("Called", self.called), **more,
        )  # fmt: skip

    def _own(self, type: EventType, reference: str, **more: t.Any) -> CallEvent:
        number = None if is_extension(self.caller) else self.caller[:NAME] or None
        return self.event(
            type, incoming=False, number=number, reference=reference or None, **self._phone("Called", self.called), **more)

    def _out(self, type: EventType, **more: t.Any) -> CallEvent:
        phone = self._phone("Caller", self.caller)
        inside = is_extension(self.caller) and is_extension(self.called)
        reference = None if inside or type is not EventType.CLIENT_RINGING else self.ours(self.call, phone["device"], self.called)
        number = None if inside else self.called[:NAME] or None
        return self.event(type, incoming=False, internal=inside, number=number, reference=reference or None, **phone, **more)

    def _handed(self, type: EventType, **more: t.Any) -> CallEvent:
        """A leg to a number outside that a colleague handed the client over to: it is no telephone of ours."""
        return self.event(type, to=self.called[:NAME] or None, **more)

    def _first_leg(self) -> str | None:
        """Return the reference of a call of ours whose first leg this is: such a leg enters by no number of ours and through nothing."""
        if self.did or self.remote or self.fields.get("CallerExtensionID"):
            return None
        return self.ours(self.call, self._phone("Called", self.called)["device"], self.caller)

    def _phone(self, side: str, number: str) -> dict[str, str | None]:
        name = bare(self.fields.get(f"{side}Extension", "")) or (number if is_extension(number) else "")
        device = self.fields.get(f"{side}ExtensionID", "").strip() or self.leg.partition("-")[0]
        return {"extension": name[:NAME] or None, "device": device if device.isdigit() and len(device) <= 20 else None}

    def _how(self) -> dict[str, t.Any]:
        outcome = OUTCOMES.get(self.status)
        talked = microseconds(self.fields.get("Duration", "")) if outcome is Outcome.ANSWERED else None
        return {"outcome": outcome, "talked": talked, "recording": self.fields.get("RecID", "").strip()[:200] or None}

    def event(self, type: EventType, **more: t.Any) -> CallEvent:
        """Return an event. What tells two from the same one told twice is type, call, leg and moment; the rest of it may differ."""
        fields = self.fields
        if type is EventType.UNKNOWN:
            said = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
        else:
            said = "\n".join((fields.get("EventType", ""), self.call, self.leg, fields.get("EventTime", "")))
        key = hashlib.sha256(f"{type.value}\n{said}".encode()).hexdigest()
        values: dict[str, t.Any] = {"at": self.at, "leg": self.leg or None, "control": fields.get("CallAPIID", "").strip()[:KEY] or None}
        return CallEvent(type=type, call=self.call, key=key, raw=fields, **values | more)
