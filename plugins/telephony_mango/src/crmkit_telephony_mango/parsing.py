"""What Mango Office tells, as events of calls.

`entry_id` is the whole call, `call_id` a leg of it, `seq` counts what is told about a leg. The moment is when we heard: no field of a
time is known. A leg has two parties, `from` and `to`; whoever has an `extension` is a colleague. What `disconnect_reason` may be is not
known either, so that no outcome is told: it follows from whether anybody answered.
"""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Mapping
from hashlib import sha256

import attrs

from crmkit_telephony import CallEvent, EventType

LONGEST = 160
MACHINES = ("ivr", "queue")
NUMBER_LENGTH, EXTENSION_LENGTH = 60, 60
RINGS, TALKS, HOLDS, OVER = "Appeared", "Connected", "OnHold", "Disconnected"


def read(text: str) -> object:
    """Return what a JSON text says, in values every database can keep; the text itself where it is none."""
    try:
        return _kept(json.loads(text, parse_float=str, parse_constant=str))
    except (ValueError, RecursionError):
        return _kept(text)


def _kept(value: t.Any) -> t.Any:
    """Leave out what cannot be written down: halves of characters, and the character 0."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "")
    if isinstance(value, list):
        return [_kept(v) for v in value]
    if isinstance(value, dict):
        return {_kept(k): _kept(v) for k, v in value.items()}
    return value


def events_of(kind: str, told: object, heard_at: dt.datetime) -> list[CallEvent]:
    """Return what one message says. `kind` is the end of the address it came to: ``events/call``, ``events/recording``."""
    if not isinstance(told, Mapping):
        return [_unknown({}, kind, str(told), heard_at)]
    call = _key(told.get("entry_id"))
    if call and kind == "events/call" and (leg := _key(told.get("call_id"))):
        return [_call(told, call, leg, heard_at)]
    recording = _key(told.get("recording_id"))
    if call and recording and kind == "events/recording" and told.get("recording_state") == "Completed":
        return [CallEvent(
            type=EventType.RECORDING_READY, call=call, at=heard_at, key=_joined("recording", call, recording), recording=recording, raw=dict(told)
        )]  # fmt: skip
    return [_unknown(told, kind, repr(sorted((str(k), repr(v)) for k, v in told.items())), heard_at)]


@attrs.frozen
class _Party:
    """One end of a leg."""

    extension: str | None
    number: str | None
    line: str | None

    @classmethod
    def of(cls, given: object) -> _Party:
        found = given if isinstance(given, Mapping) else {}
        return cls(*(_text(found.get(name), NUMBER_LENGTH) for name in ("extension", "number", "line_number")))


def _call(told: Mapping[str, t.Any], call: str, leg: str, heard_at: dt.datetime) -> CallEvent:
    state = told.get("call_state")
    seq = told.get("seq")
    counted = str(seq).strip() if isinstance(seq, int | str) and str(seq).strip().isascii() and str(seq).strip().isdigit() else ""
    caller, called = _Party.of(told.get("from")), _Party.of(told.get("to"))
    reference = _text(told.get("command_id"), LONGEST)
    placed = reference is not None
    between_us = bool(caller.extension and called.extension) and not placed
    outgoing = placed or bool(caller.extension)
    at_client = outgoing and not called.extension
    client = called if at_client else caller
    return CallEvent(
        type=_type(state, told.get("location"), at_client=at_client, client_there=not (placed or between_us)),
        call=call, leg=leg, control=leg, at=heard_at, key=_joined("call", call, leg, counted or "-", str(state)),
        order=int(counted) if counted and len(counted) < 10 else None,
        incoming=None if between_us else not outgoing, internal=between_us,
        extension=(caller.extension if at_client else called.extension),
        number=None if between_us or (placed and not at_client) else client.number,
        our_number=None if between_us else (caller.line or called.line if outgoing else called.line), reference=reference, raw=dict(told),
    )  # fmt: skip


def _type(state: object, location: object, *, at_client: bool, client_there: bool) -> EventType:
    """Say what a state means for the leg. `Connected` after `OnHold` is told as an answer again: whoever folds knows what was before.

    `client_there`: whoever picks up this telephone talks to the client. With the first leg of a callback, and with a colleague who is
    asked before a transfer, there is no client yet.
    """
    if state == OVER:
        return EventType.LEG_ENDED
    if location in MACHINES:  # a recorded voice answers: nobody is connected, and nobody rings
        return EventType.INITIATED if state in (RINGS, TALKS) else EventType.UNKNOWN
    if state == HOLDS:
        return EventType.HELD if at_client or client_there else EventType.UNKNOWN
    if state == RINGS:
        return EventType.CLIENT_RINGING if at_client else EventType.AGENT_RINGING
    if state == TALKS:
        return EventType.ANSWERED if at_client or client_there else EventType.AGENT_ANSWERED
    return EventType.UNKNOWN


def _unknown(told: Mapping[str, t.Any], kind: str, text: str, heard_at: dt.datetime) -> CallEvent:
    return CallEvent(
        type=EventType.UNKNOWN, call=_key(told.get("entry_id")) or "", at=heard_at, raw=dict(told),
        key="other:" + sha256(f"{kind}\n{text}".encode()).hexdigest(),
    )  # fmt: skip


def _joined(*parts: str) -> str:
    whole = ":".join(parts)
    return whole if len(whole) <= LONGEST else f"{parts[0]}:{sha256(whole.encode()).hexdigest()}"


def _key(given: object) -> str | None:
    """Return an id as text; one that is longer than any of ours becomes its digest."""
    text = _text(given, 100_000)
    return text if text is None or len(text) <= LONGEST else sha256(text.encode()).hexdigest()


def _text(given: object, length: int) -> str | None:
    if isinstance(given, bool) or not isinstance(given, str | int):
        return None
    return str(given).strip()[:length] or None
