"""From events to a call: what is known of it by now, whatever the order they came in and however often."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Sequence

import attrs

from .entities import CallState
from .events import CallEvent, EventType, Outcome

_RANK = {kind: number for number, kind in enumerate(EventType)}
OURS = "crm:"
"""How keys of events begin that we wrote ourselves: the provider's own word goes first."""
_VAGUE = (None, Outcome.UNKNOWN)
_LATER = (EventType.UNKNOWN, EventType.RECORDING_READY)


@attrs.frozen(kw_only=True)
class Party:
    """A colleague's telephone in a call."""

    key: str
    control: str | None = None
    extension: str | None = None
    device: str | None = None
    rang_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    outcome: Outcome | None = None
    picked: bool = False
    """The first leg of a call of ours was picked up; the client is not there yet."""


@attrs.frozen(kw_only=True)
class Folded:
    """What events say of a call."""

    real: bool
    """False for calls between colleagues, and where nothing but unknown things was told: no call is made of these."""
    incoming: bool
    state: CallState
    outcome: Outcome | None
    number: str | None
    """The client's, as it came."""
    our_number: str | None
    extension: str | None
    """Of the telephone that talks, rings, or did so last."""
    device: str | None
    reference: str | None
    began_at: dt.datetime
    ringing_at: dt.datetime | None
    answered_at: dt.datetime | None
    ended_at: dt.datetime | None
    rang: int | None
    talked: int | None
    recording: str | None
    parties: Sequence[Party]
    quiet: bool
    """All telephones are out of it, and yet nobody said that it is over."""


def in_order(events: Iterable[CallEvent]) -> list[CallEvent]:
    """Return events as they happened, each once.

    Where a provider counts what it tells of a leg, nothing happened later than what was counted after it.
    """
    each = {e.key: e for e in events}
    latest: dict[str | None, dt.datetime] = {}
    for event in sorted((e for e in each.values() if e.order is not None), key=lambda e: (e.order, e.at, e.key), reverse=True):
        at = min(event.at, latest.get(event.leg, event.at))
        latest[event.leg] = at
        each[event.key] = attrs.evolve(event, at=at)
    return sorted(each.values(), key=lambda e: (e.at, e.order or 0, _RANK[e.type], e.key))


def fold(events: Iterable[CallEvent], normal: t.Callable[[str], str | None] = str) -> Folded | None:
    """Return what events of one call say, None where there are none.

    `normal` brings a number into one form, or says None where it is none: a number that is one goes before one that is not.
    """
    told = in_order(events)
    if not told:
        return None
    outer = [e for e in told if not e.internal and e.type is not EventType.UNKNOWN] or told
    end = _end(told)
    walk = _Walk(_incoming(outer))
    for event in told:
        if end is None or event.at <= end.at:
            walk.step(event)
    answered = min((e.at for e in told if e.type is EventType.ANSWERED and (end is None or e.at <= end.at)), default=None)
    talked = None if end is None else end.talked
    outcome = None if end is None else _outcome(walk, end, answered)
    if end is not None and outcome is Outcome.ANSWERED and answered is None and talked is not None:
        answered = end.at - talked
    if end is not None and talked is None and answered is not None:
        talked = end.at - answered
    ringing = min((e.at for e in told if e.type is EventType.CLIENT_RINGING), default=None)
    rings_since = walk.first_ring if walk.incoming else ringing
    until = answered or (end.at if end is not None else None)
    holder = walk.holder()
    first = _first(outer, "extension"), _first(outer, "device")
    return Folded(
        real=any(not e.internal and e.type not in _LATER for e in told), incoming=walk.incoming,
        state=CallState.ENDED if end is not None else walk.state, outcome=outcome, number=_number(outer, normal),
        our_number=_first(outer, "our_number"), extension=holder.extension if holder is not None and holder.extension else first[0],
        device=holder.device if holder is not None and holder.device else first[1], reference=_first(told, "reference"),
        began_at=min((e.at for e in told if e.type not in _LATER), default=told[0].at), ringing_at=None if walk.incoming else ringing,
        answered_at=answered, ended_at=end.at if end is not None else None, rang=_seconds(rings_since, until),
        talked=None if talked is None else max(0, int(talked.total_seconds())), recording=_recording(told),
        parties=walk.closed(end, outcome), quiet=end is None and bool(walk.parties) and all(p.ended_at for p in walk.parties.values()),
    )  # fmt: skip


def _end(told: Sequence[CallEvent]) -> CallEvent | None:
    """Return the event that ended the call: one that says how, of the provider's own, the earliest."""
    ends = [e for e in told if e.type is EventType.ENDED]
    return min(ends, key=lambda e: (e.outcome in _VAGUE and e.talked is None, e.key.startswith(OURS), e.at, e.key), default=None)


def _incoming(told: Sequence[CallEvent]) -> bool:
    said = next((e.incoming for e in told if e.incoming is not None), None)
    if said is not None:
        return said
    return not any(e.type in (EventType.INITIATED, EventType.AGENT_ANSWERED, EventType.CLIENT_RINGING) for e in told)


def _outcome(walk: _Walk, end: CallEvent, answered: dt.datetime | None) -> Outcome:
    if end.outcome is Outcome.VOICEMAIL:
        return Outcome.VOICEMAIL
    if answered is not None:
        return Outcome.ANSWERED
    if end.outcome is not None and end.outcome is not Outcome.UNKNOWN:
        return end.outcome
    if end.talked:
        return Outcome.ANSWERED
    if end.outcome is Outcome.UNKNOWN:
        return Outcome.UNKNOWN
    if not walk.incoming and walk.agent_rang and not walk.went_on:
        return Outcome.AGENT_NO_ANSWER
    legs = [p.outcome for p in walk.parties.values() if p.outcome is not None and p.outcome is not Outcome.ANSWERED]
    if legs:
        return legs[-1]
    return Outcome.NO_ANSWER if walk.agent_rang or walk.went_on else Outcome.UNKNOWN


def _first(told: Sequence[CallEvent], name: str) -> t.Any:
    return next((value for e in told if (value := getattr(e, name))), None)


def _number(told: Sequence[CallEvent], normal: t.Callable[[str], str | None]) -> str | None:
    given = [e.number for e in told if e.number]
    return next((n for n in given if normal(n) is not None), given[0] if given else None)


def _recording(told: Sequence[CallEvent]) -> str | None:
    given = [e for e in told if e.recording]
    ready = [e for e in given if e.type is EventType.RECORDING_READY]
    return (ready or given)[-1].recording if given else None


def _seconds(since: dt.datetime | None, until: dt.datetime | None) -> int | None:
    return None if since is None or until is None else max(0, int((until - since).total_seconds()))


def _same(one: str | None, other: str | None) -> bool:
    return bool(one) and one == other


class _Walk:
    """Goes through what happened, and keeps who rings and talks."""

    def __init__(self, incoming: bool) -> None:
        self.incoming = incoming
        self.state = CallState.INITIATED
        self.parties: dict[str, Party] = {}
        self.agent_rang = self.went_on = self.talks = self.handed = False
        self.first_ring: dt.datetime | None = None

    def step(self, event: CallEvent) -> None:
        """Take one event into account."""
        key, kind = self._key(event), event.type
        if key is None or kind in (*_LATER, EventType.ENDED) or (kind is EventType.INITIATED and event.leg is None):
            party = None
        else:
            party = self._party(key, event)
        act = getattr(self, f"_{kind.value}", None)
        if act is not None:
            act(event, party)

    def _key(self, event: CallEvent) -> str | None:
        """Return which telephone it is about: an event without a leg is about the one of its extension."""
        same = [p for p in self.parties.values() if _same(p.device, event.device) or _same(p.extension, event.extension)]
        nameless = next((p for p in same if p.key in (event.extension, event.device)), None)
        if event.leg is None:
            here = next((p for p in reversed(same) if p.ended_at is None), same[-1] if same else None)
            return here.key if here is not None else event.extension or event.device
        if nameless is not None and event.leg not in self.parties and event.type is not EventType.INITIATED:
            self.parties[event.leg] = attrs.evolve(self.parties.pop(nameless.key), key=event.leg)
        return event.leg

    def _party(self, key: str, event: CallEvent) -> Party:
        known = self.parties.get(key) or Party(key=key)
        party = attrs.evolve(
            known, control=event.control or known.control, extension=event.extension or known.extension, device=event.device or known.device)
        self.parties[key] = party
        return party

    def _set(self, party: Party | None, **values: t.Any) -> None:
        if party is not None:
            self.parties[party.key] = attrs.evolve(self.parties[party.key], **values)

    def _agent_ringing(self, event: CallEvent, party: Party | None) -> None:
        self.agent_rang = True
        self.first_ring = self.first_ring or event.at
        if party is not None and (party.answered_at is None or party.ended_at is not None):
            self._set(party, rang_at=party.rang_at or event.at, ended_at=None, outcome=None)
        if (not self.talks or self.handed) and self.state is not CallState.RINGING:
            self.state = CallState.AGENT_RINGING

    def _agent_answered(self, event: CallEvent, party: Party | None) -> None:
        self.agent_rang = self.went_on = True
        self._set(party, picked=True, ended_at=None)
        if not self.talks and self.state is CallState.AGENT_RINGING:
            self.state = CallState.INITIATED

    def _client_ringing(self, event: CallEvent, party: Party | None) -> None:
        self.went_on = True
        if not self.talks:
            self.state = CallState.RINGING

    def _answered(self, event: CallEvent, party: Party | None) -> None:
        self.talks, self.handed, self.went_on, self.state = True, False, True, CallState.TALKING
        if party is not None:
            self._set(party, answered_at=party.answered_at or event.at, ended_at=None, outcome=None)
            for other in self.parties.values() if self.incoming else ():  # what rang besides it rings no more
                if other.key != party.key and other.ended_at is None and other.answered_at is None and not other.picked:
                    self._set(other, ended_at=event.at, outcome=Outcome.NO_ANSWER)

    def _held(self, event: CallEvent, party: Party | None) -> None:
        if self.talks:
            self.state = CallState.HELD

    def _resumed(self, event: CallEvent, party: Party | None) -> None:
        if self.talks:
            self.state = CallState.TALKING

    def _transferred(self, event: CallEvent, party: Party | None) -> None:
        self.handed = True
        if self.talks:
            self.state = CallState.TALKING

    def _leg_ended(self, event: CallEvent, party: Party | None) -> None:
        if party is None:
            return
        talked = party.answered_at is not None
        self._set(party, ended_at=event.at, outcome=event.outcome or (Outcome.ANSWERED if talked else Outcome.NO_ANSWER))
        here = [p for p in self.parties.values() if p.ended_at is None]
        if self.talks and here and all(p.answered_at is None for p in here) and any(p.rang_at is not None for p in here):
            self.state = CallState.AGENT_RINGING

    def holder(self) -> Party | None:
        """Return whose call it is: who talks, else rings, else talked last, else rang last."""
        here = [p for p in self.parties.values() if p.ended_at is None]
        for group in (here, list(self.parties.values())):
            for moment in ("answered_at", "rang_at"):
                found = [p for p in group if getattr(p, moment) is not None]
                if found:
                    return max(found, key=lambda p: (getattr(p, moment), p.key))
            if group:
                return max(group, key=lambda p: p.key)
        return None

    def closed(self, end: CallEvent | None, outcome: Outcome | None) -> tuple[Party, ...]:
        """Return the telephones, all of them out of it where the call is over."""
        parties = sorted(self.parties.values(), key=lambda p: p.key)
        if end is None:
            return tuple(parties)
        return tuple(p if p.ended_at is not None else attrs.evolve(
            p, ended_at=end.at, outcome=Outcome.ANSWERED if p.answered_at is not None else outcome) for p in parties)  # fmt: skip


__all__ = ["OURS", "Folded", "Party", "fold", "in_order"]
