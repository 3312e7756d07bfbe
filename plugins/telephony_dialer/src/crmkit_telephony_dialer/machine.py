"""An attempt, step by step: what happens at the line or on the clock, and what is to be done about it. No database, no network.

Every step is taken on a row that is held, from what the row says: of an answer and a timer that come at once, the one that is
written first decides, and the other finds the attempt changed.
"""

from __future__ import annotations

import datetime as dt
import enum

import attrs

from crmkit_telephony import Outcome

from .settings import DialerSettings


class State(enum.Enum):
    """Where an attempt is."""

    WAITING = "waiting"
    """Nothing is dialled yet: a pause, a busy line of the manager's, or a key that is waited for."""
    CALLING = "calling"
    """The call was asked for; the client's telephone does not ring yet."""
    RINGING = "ringing"
    """The client's telephone rings: time runs."""
    ASKING = "asking"
    """Time is up; the provider is asked whether somebody has answered after all."""
    CLOSING = "closing"
    """The call is being hung up."""
    TALKING = "talking"
    """Somebody answered: nothing closes by itself any more."""
    ENDED = "ended"


class Why(enum.Enum):
    """Why an attempt is brought to its end."""

    TIMER = "timer"
    """The ring time is over."""
    AGENT = "agent"
    """The manager's own telephone was not picked up in time."""
    LEFT = "left"
    """The task is no longer open at the manager."""
    PERSON = "person"
    """The manager hung up by a key."""
    VOICEMAIL = "voicemail"
    """The manager heard a machine."""


class Deed(enum.Enum):
    """What is to be done after a step."""

    DIAL = "dial"
    LOOK = "look"
    """Ask the provider how the call is, outside a transaction."""
    HANG_UP = "hang_up"
    FINISH = "finish"
    """Let the task follow from how the attempt ended."""


@attrs.frozen(kw_only=True)
class Attempt:
    """What is known of an attempt."""

    state: State
    due_at: dt.datetime | None = None
    """When the next step is taken should nothing happen."""
    picked_at: dt.datetime | None = None
    """When the manager picked up."""
    rang_at: dt.datetime | None = None
    deadline: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    outcome: Outcome | None = None
    why: Why | None = None
    late: bool = False
    """The client picked up in the moment it was hung up."""
    looks: int = 0
    """How often the provider was asked since time was up."""


@attrs.frozen(kw_only=True)
class Line:
    """What telephony knows of the call by now."""

    over: bool = False
    outcome: Outcome | None = None
    picked_at: dt.datetime | None = None
    ringing_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    talked: int | None = None


@attrs.frozen(kw_only=True)
class Seen:
    """What the provider said when it was asked."""

    there: bool | None = None
    """Whether the call still is; None where nobody could say."""
    cannot: bool = False
    """It never can say: asking again is no use."""
    answered_at: dt.datetime | None = None
    past: Line | None = None
    """How the call went, by the history."""


Step = tuple[Attempt, Deed | None]
LOOKS, UNSURE = 8, 3
AGAIN = dt.timedelta(seconds=2)
TALK = 2
"""Seconds of talk below which somebody who picked up as it was hung up was not spoken to."""
_BEFORE = (State.CALLING, State.RINGING, State.ASKING)
_OURS = (Why.TIMER, Why.AGENT)


def told(a: Attempt, line: Line, now: dt.datetime, settings: DialerSettings) -> Step:
    """Follow what telephony knows of the call."""
    if a.state is State.WAITING:
        return a, None
    if a.state is State.ENDED:
        return attrs.evolve(a, late=a.late or _missed_it(a, line)), None
    if line.over:
        return end(a, _outcome(a, line), now, line)
    a = attrs.evolve(a, rang_at=line.ringing_at or a.rang_at, picked_at=line.picked_at or a.picked_at)
    if line.answered_at is not None and a.state in _BEFORE:
        return _talks(a, line.answered_at), None
    if line.answered_at is not None and a.state is State.CLOSING:
        return attrs.evolve(a, late=a.why in _OURS), None
    if line.ringing_at is not None and a.state in (State.CALLING, State.RINGING):
        deadline = min(line.ringing_at, now) + settings.ring_time  # a provider's clock that is ahead gives nobody more time
        if a.deadline is None or deadline < a.deadline:
            return attrs.evolve(a, state=State.RINGING, deadline=deadline, due_at=deadline), None
        return attrs.evolve(a, state=State.RINGING), None
    if line.picked_at is not None and a.state is State.CALLING:
        return attrs.evolve(a, due_at=max(line.picked_at, now) + settings.connect_time), None
    return a, None


def due(a: Attempt, now: dt.datetime, settings: DialerSettings) -> Step:
    """Take the step whose time has come; nothing where it has not, or where something happened before."""
    if a.due_at is None or now < a.due_at or a.state in (State.ENDED, State.TALKING):
        return a, None
    if a.state is State.WAITING:
        return attrs.evolve(a, due_at=None), Deed.DIAL
    if a.state in (State.CALLING, State.RINGING):
        why = Why.TIMER if a.state is State.RINGING else Why.AGENT
        return attrs.evolve(a, state=State.ASKING, why=why, looks=1, due_at=now + settings.close_time), Deed.LOOK
    if a.looks >= LOOKS:
        return end(a, _outcome(a, Line()), now, Line())
    return attrs.evolve(a, looks=a.looks + 1, due_at=now + settings.close_time), Deed.LOOK


def looked(a: Attempt, seen: Seen, now: dt.datetime, settings: DialerSettings) -> Step:
    """Follow what the provider said. Who has answered is not hung up on."""
    if a.state not in (State.ASKING, State.CLOSING):
        return a, None
    if seen.past is not None:
        return end(a, _outcome(a, seen.past), now, seen.past)
    if seen.answered_at is not None and seen.there is not False and a.why in _OURS:
        return _talks(a, seen.answered_at), None
    if seen.there is False:
        if a.state is State.CLOSING:
            return end(a, _outcome(a, Line()), now, Line())
        return attrs.evolve(a, state=State.CLOSING, due_at=now + settings.close_time), None  # how it ended will be told, or asked for
    if seen.there is None and not seen.cannot and a.state is State.ASKING and a.looks < UNSURE:
        return attrs.evolve(a, due_at=now + AGAIN), None
    return attrs.evolve(a, state=State.CLOSING, due_at=now + settings.close_time), Deed.HANG_UP


def leave(a: Attempt, why: Why, now: dt.datetime, settings: DialerSettings) -> Step:
    """Bring an attempt to its end because of the task or its manager. A talk goes on without the task."""
    if a.state in (State.ENDED, State.CLOSING):
        return a, None
    if a.state is State.WAITING:
        return end(attrs.evolve(a, why=why), Outcome.CANCELLED, now, Line())
    if a.state is State.TALKING and why is Why.LEFT:
        return a, None
    return attrs.evolve(a, state=State.CLOSING, why=why, looks=0, due_at=now + settings.close_time), Deed.HANG_UP


def end(a: Attempt, outcome: Outcome, now: dt.datetime, line: Line) -> Step:
    """End an attempt, once."""
    if a.state is State.ENDED:
        return a, None
    ended = attrs.evolve(
        a, state=State.ENDED, outcome=outcome, ended_at=line.ended_at or now, due_at=None, rang_at=line.ringing_at or a.rang_at,
        answered_at=line.answered_at or a.answered_at,
    )  # fmt: skip
    return attrs.evolve(ended, late=a.late or _missed_it(ended, line)), Deed.FINISH


def _talks(a: Attempt, at: dt.datetime) -> Attempt:
    return attrs.evolve(a, state=State.TALKING, answered_at=at, due_at=None, why=None, late=False)


def _outcome(a: Attempt, line: Line) -> Outcome:
    """Return how an attempt went whose call is over."""
    spoke = a.state is State.TALKING or a.answered_at is not None or (line.answered_at is not None and (line.talked or 0) >= TALK)
    if a.why is Why.VOICEMAIL or line.outcome is Outcome.VOICEMAIL:
        return Outcome.VOICEMAIL
    if spoke or (line.outcome is Outcome.ANSWERED and a.state is not State.CLOSING):
        return Outcome.ANSWERED
    rang = a.rang_at is not None or line.ringing_at is not None
    if a.state in (State.CLOSING, State.ASKING):
        own = {Why.TIMER: Outcome.NO_ANSWER, Why.AGENT: Outcome.NO_ANSWER if rang else Outcome.AGENT_NO_ANSWER, Why.LEFT: Outcome.CANCELLED,
               Why.PERSON: Outcome.CANCELLED}  # fmt: skip
        vague = line.outcome in (None, Outcome.ANSWERED, Outcome.UNKNOWN, Outcome.CANCELLED, Outcome.NO_ANSWER, Outcome.AGENT_NO_ANSWER)
        if a.why is not None and (vague or a.why not in _OURS):
            return own[a.why]
    return line.outcome or Outcome.UNKNOWN


def _missed_it(a: Attempt, line: Line) -> bool:
    """True where somebody picked up, and yet the attempt went as if nobody had."""
    return line.answered_at is not None and a.why in _OURS and a.outcome is Outcome.NO_ANSWER


__all__ = ["Attempt", "Deed", "Line", "Seen", "State", "Why", "due", "end", "leave", "looked", "told"]
