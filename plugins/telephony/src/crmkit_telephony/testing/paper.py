"""A provider on paper: telephones that ring when a test says so, and every fault a test wants."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from crmkit import Crm, Forbidden, Plugin, _, hookimpl

from ..events import CallEvent, EventType, Outcome
from ..provider import (
    Active,
    Capability,
    Finding,
    Heard,
    Leg,
    NotThere,
    Originate,
    Past,
    Placed,
    Provider,
    ProviderError,
    Received,
    Recording,
    Unknown,
)

ALL = frozenset(Capability) - {Capability.LISTENER}


@attrs.define(kw_only=True)
class PaperCall:
    """A call as it really is."""

    key: str
    number: str
    extension: str
    incoming: bool
    began_at: dt.datetime
    our_number: str | None = None
    reference: str = ""
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    outcome: Outcome | None = None
    held: bool = False
    recording: str | None = None


class PaperProvider(Provider):
    """Keeps calls in memory and tells of them when asked to: ``crm`` hears only what a test passes on.

    ``dialled`` is the truth: every time a client's telephone was made to ring. ``faults`` are raised by the next calls of a
    method: ``paper.faults["originate"] = [Unknown("gone")]``; a callable is called with the answer there is already.
    """

    name = "paper"
    label = "Paper"
    capabilities = ALL
    secret = "signature"

    def __init__(self, crm: Crm) -> None:
        """Begin with no calls at all."""
        super().__init__(crm)
        self.calls: dict[str, PaperCall] = {}
        self.dialled: list[str] = []
        self.asked: list[str] = []
        self.faults: dict[str, list[Exception | Callable[[], object]]] = {}
        self.told: list[CallEvent] = []
        self._count = itertools.count(1)

    def _asked(self, what: str) -> None:
        self.asked.append(what)
        if faults := self.faults.get(what):
            fault = faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            fault()

    # ---- what people at telephones do ---------------------------------------------------------------------------
    def ring(self, number: str, extension: str, our_number: str | None = None) -> PaperCall:
        """A client calls: a colleague's telephone rings."""
        return self._new(number, extension, incoming=True, our_number=our_number)

    def _new(self, number: str, extension: str, **more: t.Any) -> PaperCall:
        call = PaperCall(key=f"c{len(self.calls) + 1}", number=number, extension=extension, began_at=self.crm.clock.now(), **more)
        self.calls[call.key] = call
        self._tell(call, EventType.AGENT_RINGING)
        return call

    def pick_up(self, call: PaperCall) -> None:
        """The colleague picks up the first leg of a call of ours: now the client's telephone rings."""
        self._tell(call, EventType.AGENT_ANSWERED)
        self._tell(call, EventType.CLIENT_RINGING)

    def answer(self, call: PaperCall) -> None:
        """They talk."""
        call.answered_at = self.crm.clock.now()
        self._tell(call, EventType.ANSWERED)

    def end(self, call: PaperCall, outcome: Outcome | None = None) -> None:
        """It is over."""
        call.ended_at = self.crm.clock.now()
        call.outcome = outcome or (Outcome.ANSWERED if call.answered_at is not None else Outcome.NO_ANSWER)
        if call.answered_at is not None:
            call.recording = f"rec-{call.key}"
        self._tell(call, EventType.ENDED, outcome=call.outcome, talked=call.ended_at - call.answered_at if call.answered_at is not None else None)

    def _tell(self, call: PaperCall, kind: EventType, **more: t.Any) -> None:
        key = f"{call.key}:{kind.value}:{next(self._count)}"
        self.told.append(CallEvent(
            type=kind, call=call.key, at=self.crm.clock.now(), key=key, leg=f"{call.key}-1", control=f"{call.key}/1", incoming=call.incoming,
            extension=call.extension, number=call.number, our_number=call.our_number, reference=call.reference or None, **more))

    def heard(self) -> list[CallEvent]:
        """Return what there is to tell, once."""
        told, self.told = self.told, []
        return told

    # ---- the port ------------------------------------------------------------------------------------------------
    def originate(self, asked: Originate) -> Placed:
        """Make the colleague's telephone ring; only with `Unknown` and with a bug it does so and fails."""
        fault = next(iter(self.faults.get("originate", ())), None)
        if isinstance(fault, ProviderError) and not isinstance(fault, Unknown):
            self._asked("originate")
        self.dialled.append(asked.number)
        call = self._new(asked.number, asked.extension, incoming=False, reference=asked.reference)
        self._asked("originate")
        return Placed(call_key=call.key, control=f"{call.key}/1")

    def _here(self, leg: Leg) -> PaperCall:
        call = self.calls.get(leg.call_key)
        if call is None or call.ended_at is not None:
            raise NotThere("the call is over")
        return call

    def hang_up(self, leg: Leg) -> None:
        """End a call."""
        self._asked("hang_up")
        call = self._here(leg)
        self.end(call, None if call.answered_at is not None else Outcome.CANCELLED if call.incoming else Outcome.NO_ANSWER)

    def hold(self, leg: Leg) -> None:
        """Put on hold."""
        self._asked("hold")
        self._here(leg).held = True

    def resume(self, leg: Leg) -> None:
        """Take back."""
        self._asked("resume")
        self._here(leg).held = False

    def transfer(self, leg: Leg, to: str, *, attended: bool = False) -> None:
        """Let another telephone ring."""
        self._asked("transfer")
        self._here(leg).extension = to

    def active_calls(self) -> Sequence[Active]:
        """Return what is not over."""
        self._asked("active_calls")
        return [Active(
            call_key=c.key, leg_key=f"{c.key}-1", control=f"{c.key}/1", extension=c.extension, device=None, number=c.number, incoming=c.incoming,
            began_at=c.began_at, answered_at=c.answered_at, reference=c.reference or None) for c in self.calls.values() if c.ended_at is None]

    def past(self, call_key: str) -> Past | None:
        """Return a call that is over."""
        self._asked("past")
        call = self.calls.get(call_key)
        return None if call is None or call.ended_at is None else self._past(call)

    def history(self, since: dt.datetime, until: dt.datetime) -> Iterator[Past]:
        """Go through calls that are over."""
        self._asked("history")
        yield from (self._past(c) for c in list(self.calls.values()) if c.ended_at is not None and since <= c.began_at < until)

    def _past(self, call: PaperCall) -> Past:
        assert call.ended_at is not None
        assert call.outcome is not None
        return Past(
            call_key=call.key, incoming=call.incoming, extension=call.extension, number=call.number, our_number=call.our_number,
            began_at=call.began_at, answered_at=call.answered_at, ended_at=call.ended_at, outcome=call.outcome, recording=call.recording)  # fmt: skip

    def recording(self, key: str) -> Recording:
        """Return a little sound."""
        self._asked("recording")
        if key not in {c.recording for c in self.calls.values()}:
            raise NotThere("there is no such recording")
        return Recording(content_type="audio/mpeg", size=6, pieces=iter((b"ID3", b"abc")), name=f"{key}.mp3")

    def present(self) -> Mapping[str, bool]:
        """Say that all telephones that ever rang are connected."""
        return {c.extension: True for c in self.calls.values()}

    def receive(self, received: Received) -> Heard:
        """Read what `webhook` wrote; anything else is unknown."""
        if received.headers.get("x-signature", self.secret) != self.secret:
            raise Forbidden("wrong signature")
        try:
            given = json.loads(received.body or b"{}")
            events = [_read(e) for e in given["events"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            now = self.crm.clock.now()
            text = received.body.decode("utf-8", "replace")
            return Heard(events=[CallEvent(type=EventType.UNKNOWN, call="", at=now, key=f"unknown:{now.isoformat()}:{text}", raw={"body": text})])
        return Heard(events=events, answer="OK")

    def webhook(self, events: Sequence[CallEvent]) -> bytes:
        """Return events as the body of a webhook."""
        rows = [attrs.asdict(e, recurse=False, filter=lambda _a, v: v is not None) for e in events]
        for row in rows:
            row |= {"type": row["type"].value, "at": row["at"].isoformat(), "raw": {}}
            row |= {"outcome": row["outcome"].value} if "outcome" in row else {}
            row |= {"talked": row["talked"].total_seconds()} if "talked" in row else {}
        return json.dumps({"events": rows}).encode()

    def check(self) -> Sequence[Finding]:
        """All is well on paper."""
        return [Finding(ok=True, what="Paper is patient.")]


def _read(row: dict[str, t.Any]) -> CallEvent:
    row = dict(row)
    outcome, talked = row.pop("outcome", None), row.pop("talked", None)
    return CallEvent(
        type=EventType(row.pop("type")), at=dt.datetime.fromisoformat(row.pop("at")), outcome=None if outcome is None else Outcome(outcome),
        talked=None if talked is None else dt.timedelta(seconds=talked), **row)  # fmt: skip


@hookimpl
def telephony_providers(crm: Crm) -> Sequence[Provider]:
    """Offer the provider on paper."""
    return [PaperProvider(crm)]


plugin = Plugin("paper", label=_("Telephones on paper", ru="Телефоны на бумаге"), modules=[__name__], requires=("telephony",))
__all__ = ["PaperCall", "PaperProvider", "plugin"]
