"""Webhooks: who wants them, what is in them, and what becomes of them on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from urllib.parse import quote_plus

import attrs

from .agenda import Agenda
from .faults import Chance, Faults
from .truth import Delivery, Truth
from .visits import DOMAIN, Visit

Send = Callable[[str, bytes, dict[str, str]], int | None]

CALL_EVENTS = ("dial-in", "dial-out", "answer", "hangup")
EVENT_TYPES = (*CALL_EVENTS, "message-in", "message-out", "voicemail")
FORM = "application/x-www-form-urlencoded"
LONGEST_HELD = 10.0  # seconds after which a webhook that waits for its successor goes all the same
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@attrs.define
class Subscription:
    """An event of `/extension/{id}/event/`, or of `/client/{id}/phone_events/` (then without an extension)."""

    id: int
    extension_id: int | None
    url: str
    method: str
    event_type: str
    foreign: bool = False


@attrs.define(eq=False)
class Webhooks:
    """The subscriptions and the way out. `send` is given url, body and headers; no body means GET."""

    agenda: Agenda
    chance: Chance
    faults: Faults
    truth: Truth
    now: Callable[[], dt.datetime]
    send: Send
    subscriptions: dict[int, Subscription] = attrs.field(factory=dict)
    _by: dict[tuple[int | None, str], list[Subscription]] = attrs.field(factory=dict)
    _held: dict[Visit, list[Callable[[], None]]] = attrs.field(factory=dict)
    _last: int = 0

    # Subscriptions

    def subscribe(self, extension_id: int | None, url: str, event_type: str, method: str = "POST", *, foreign: bool = False) -> Subscription:
        """Add a subscription."""
        self._last += 1
        found = Subscription(self._last, extension_id, url, method.upper(), event_type, foreign)
        self.subscriptions[found.id] = found
        self._by.setdefault((extension_id, event_type), []).append(found)
        return found

    def unsubscribe(self, subscription: Subscription) -> None:
        """Take one away."""
        del self.subscriptions[subscription.id]
        self._by[subscription.extension_id, subscription.event_type].remove(subscription)

    def change(self, subscription: Subscription, url: str, event_type: str, method: str) -> None:
        """Change one in place."""
        self._by[subscription.extension_id, subscription.event_type].remove(subscription)
        subscription.url, subscription.event_type, subscription.method = url, event_type, method.upper()
        self._by.setdefault((subscription.extension_id, event_type), []).append(subscription)

    def of(self, extension_id: int | None) -> list[Subscription]:
        """An extension's subscriptions; None: those for all phones."""
        return [s for s in self.subscriptions.values() if s.extension_id == extension_id]

    # Telling

    def tell(self, visit: Visit, event_type: str, status: str, *, bridged: bool | None = None) -> None:
        """Something happened at an extension: write a webhook to everybody who wants it."""
        visit.told.append(event_type)
        phones = self._by.get((None, event_type), []) if visit.extension.type == "phone" else []
        for subscription in [*self._by.get((visit.extension.id, event_type), []), *phones]:
            fields = self._fields(visit, event_type, status, bridged)
            self._dispatch(visit, subscription, fields, event_type)
            if self.chance.happens(self.faults.unknown_events):
                self._post(subscription, fields | {"EventType": "something-new"}, 0.0)
            if self.chance.happens(self.faults.interactive_events):
                self._post(subscription, fields | interactive(visit.call.call_id), 0.0)

    def _fields(self, visit: Visit, event_type: str, status: str, bridged: bool | None) -> dict[str, str]:
        """The fields in the order in which they were seen."""
        flow = "in" if visit.kind == "dial-in" else "out"
        fields = {
            "EventType": event_type,
            "EventTime": str(microseconds(self.now() - EPOCH)),
            "CallID": visit.call.call_id,
            "SubCallID": visit.sub_call_id,
            "CallAPIID": visit.control_id,
            "CallStatus": status,
            "CallFlow": flow.upper() if self.chance.happens(self.faults.upper_call_flow) else flow,
            "CalledNumber": self._number(visit.called),
            "CallerIDNum": self._number(visit.caller),
            "CallerIDName": visit.caller_name or visit.caller,
        }
        if visit.call.did and visit.kind == "dial-in":
            fields["CalledDID"] = visit.call.did
        for side, extension, number in (
            ("Called", visit.called_extension, visit.called),
            ("Caller", visit.caller_extension, visit.caller),
        ):
            if extension is not None:
                name = number if "*" in number else f"{number_prefix(visit)}*{extension.name}"
                fields |= {f"{side}Extension": f"{name}@{DOMAIN}", f"{side}ExtensionID": str(extension.id)}
        if visit.transfered:
            fields["Transfered"] = "yes"
        if visit.remote and event_type == "dial-in":
            fields["RemoteNumber"] = visit.remote
        if event_type == "hangup":
            fields["Duration"] = str(microseconds(dt.timedelta(seconds=visit.talked)))
            if bridged is not None:
                fields["Bridged"] = "yes" if bridged else "no"
            if visit.record_uuid and not self.chance.happens(self.faults.missing_rec_id):
                fields["RecID"] = visit.record_uuid
        return fields

    def _number(self, number: str) -> str:
        if self.chance.happens(self.faults.domain_suffix):
            number = f"{number}@{DOMAIN}"
        return number.lstrip("+") if self.chance.happens(self.faults.bare_numbers) else number

    # The way out

    def _dispatch(self, visit: Visit, subscription: Subscription, fields: dict[str, str], event_type: str) -> None:
        faults, happens = self.faults, self.chance.happens
        if subscription.foreign:
            self._write(subscription, fields, "foreign")
            return
        if happens(faults.lost) or (event_type == "hangup" and happens(faults.lost_hangups)):
            self._write(subscription, fields, "lost")
            return
        key, waiting = visit, self._held.pop(visit, [])
        if happens(faults.disordered) and not waiting:
            self._held[key] = [lambda: self._post(subscription, fields, 0.0)]
            latest = self.now() + dt.timedelta(seconds=LONGEST_HELD)
            self.agenda.enter(latest, lambda: self._release(self._held.pop(key, [])))
            return
        late = self.chance.between(*faults.delay) if happens(faults.delayed) else 0.0
        self._post(subscription, fields, late)
        if happens(faults.repeated):
            self._post(subscription, fields, late + self.chance.pick(0.0, 0.3, 4.0))
        self._release(waiting)

    def _release(self, waiting: list[Callable[[], None]]) -> None:
        for deed in waiting:
            deed()

    def _post(self, subscription: Subscription, fields: dict[str, str], late: float) -> None:
        url, body, headers = self.request(subscription, fields)
        event_at = self.now()

        def out() -> None:
            try:
                status = self.send(url, body, headers)
            except Exception:  # whatever becomes of the receiver, calls go on: nothing says that Telfin would try again
                status = None
            done = Delivery(self.now(), event_at, subscription.url, subscription.method, fields, "sent", status)
            self.truth.wrote(done)

        self.agenda.enter(event_at + dt.timedelta(seconds=late), out, apart=fields["CallID"])

    def _write(self, subscription: Subscription, fields: dict[str, str], fate: str) -> None:
        now = self.now()
        self.truth.wrote(Delivery(now, now, subscription.url, subscription.method, fields, fate))

    def request(self, subscription: Subscription, fields: dict[str, str]) -> tuple[str, bytes, dict[str, str]]:
        """Url, body and headers of a webhook."""
        safe = "*@+" if self.chance.happens(self.faults.literal_plus) else "*@"
        text = "&".join(f"{name}={quote_plus(value, safe)}" for name, value in fields.items())
        if subscription.method == "GET":
            return f"{subscription.url}{'&' if '?' in subscription.url else '?'}{text}", b"", {}
        return subscription.url, text.encode("ascii"), {"Content-Type": FORM}


def interactive(call_id: str) -> dict[str, str]:
    """What a voice menu's Call Interactive posts: it asks what to do, and is none of ours."""
    return {"EventType": "call_interactive", "CallStatus": "ANSWER", "CallFlow": "IN", "CallID": call_id}


def microseconds(span: dt.timedelta) -> int:
    """A span in whole microseconds."""
    return span // dt.timedelta(microseconds=1)


def number_prefix(visit: Visit) -> str:
    """The client's prefix, as it stands in the name of the visit's extension."""
    return visit.leg.party.partition("*")[0]
