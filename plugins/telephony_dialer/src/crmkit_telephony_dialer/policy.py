"""What follows an attempt, and when a client may be called again: functions of what was tried, and nothing else."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import attrs

from crmkit_telephony import Outcome

from .settings import SPANS, DialerSettings

REACHED = frozenset({Outcome.ANSWERED})
BOTHERED = frozenset({Outcome.ANSWERED, Outcome.VOICEMAIL, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.REJECTED, Outcome.UNAVAILABLE})
"""Outcomes of calls that count: the network tried the client's telephone."""
TECHNICAL = frozenset({Outcome.FAILED, Outcome.UNKNOWN})


class Next(enum.Enum):
    """What becomes of the task an attempt was made for."""

    STAYS = "stays"
    """It stays open: a person decides."""
    RETRY = "retry"
    """It closes as no answer, and comes again after a while; without a wait it is given up."""
    POSTPONE = "postpone"
    """It returns to the queue for later, as if it had not been opened."""
    REDIAL = "redial"
    """It stays open, and another number is dialled at once."""
    WRONG_NUMBER = "wrong_number"
    """It is left: none of the client's numbers is one."""


@attrs.frozen
class Step:
    """What follows, and after how long."""

    next: Next
    after: dt.timedelta | None = None


@attrs.frozen(kw_only=True)
class Tried:
    """An attempt that was made: how it went, when, at which number."""

    number: str
    outcome: Outcome
    at: dt.datetime
    chain: int = 0
    """The first of the tasks that follow each other, of which this attempt was made for one."""
    rang: bool = False
    """Whether the client's telephone is known to have rung."""

    @property
    def counts(self) -> bool:
        """Whether the client was bothered."""
        return self.rang or self.outcome in BOTHERED


def since_reached(tried: Iterable[Tried]) -> list[Tried]:
    """Return the attempts since somebody was last reached, the latest first; `tried` is in that order."""
    found = []
    for attempt in tried:
        if attempt.outcome in REACHED:
            break
        found.append(attempt)
    return found


def in_a_row(tried: Sequence[Tried], outcomes: Iterable[Outcome]) -> int:
    """Return how many of the latest attempts went one of these ways."""
    wanted = frozenset(outcomes)
    return next((i for i, attempt in enumerate(tried) if attempt.outcome not in wanted), len(tried))


def what_follows(outcome: Outcome, tried: Sequence[Tried], settings: DialerSettings, *, numbers: int = 1) -> Step:
    """Say what follows an attempt. `tried` are those about the same task, this one first; `numbers` how many are left to be dialled."""
    chain = since_reached(tried)
    if outcome in (Outcome.ANSWERED, Outcome.AGENT_NO_ANSWER, Outcome.CANCELLED):
        return Step(Next.STAYS)
    if outcome is Outcome.INVALID_NUMBER:
        return Step(Next.REDIAL) if numbers else Step(Next.WRONG_NUMBER)
    if outcome in TECHNICAL and in_a_row(chain, TECHNICAL) <= settings.technical_times:
        return Step(Next.POSTPONE, settings.technical_after)
    return Step(Next.RETRY, _wait(outcome, chain, settings))


def _wait(outcome: Outcome, chain: Sequence[Tried], settings: DialerSettings) -> dt.timedelta | None:
    """Return how long to wait after an attempt that reached nobody; None after the last one."""
    made = max(1, sum(attempt.counts or attempt.outcome in TECHNICAL for attempt in _counted(chain)))
    if made >= settings.attempts:
        return None
    if outcome is Outcome.BUSY and in_a_row(chain, [Outcome.BUSY]) <= settings.busy_times:
        return settings.busy_after
    wait = settings.retry_after[min(made, len(settings.retry_after)) - 1]
    least = {Outcome.REJECTED: settings.rejected_after, Outcome.UNAVAILABLE: settings.unavailable_after}.get(outcome)
    return max(wait, least) if least is not None else wait


def _counted(chain: Sequence[Tried]) -> list[Tried]:
    """Return the attempts that count: of technical failures in a row only what comes of the last one."""
    return [attempt for i, attempt in enumerate(chain) if attempt.counts or (i == 0 and attempt.outcome in TECHNICAL)]


# ---- whether and when --------------------------------------------------------------------------------------------------
def allowed_from(tried: Iterable[Tried], limits: t.Mapping[str, int], now: dt.datetime, zone: ZoneInfo | dt.tzinfo) -> dt.datetime:
    """Return the first moment from now on at which one more call keeps the limits; `tried` are all attempts at the client."""
    counted = sorted((attempt.at for attempt in tried if attempt.counts), reverse=True)
    found = now
    for name, most in limits.items():
        if len(counted) < most:
            continue
        if name == "day":
            found = max(found, _next_day(counted[most - 1], zone) if _day(counted[most - 1], zone) >= _day(now, zone) else now)
        else:
            found = max(found, counted[most - 1] + SPANS[name])
    return found


def _day(at: dt.datetime, zone: dt.tzinfo) -> dt.date:
    return at.astimezone(zone).date()


def _next_day(at: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(_day(at, zone) + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)


def choose(numbers: Sequence[str], tried: Sequence[Tried], settings: DialerSettings) -> str | None:
    """Return the number to dial: the one tried least since somebody was reached, the first of several; None where each had its share.

    `tried` are the attempts at the client, the latest first. A number that is none is not dialled again.
    """
    bad = {attempt.number for attempt in reversed(tried) if attempt.outcome is Outcome.INVALID_NUMBER}
    bad -= {attempt.number for attempt in tried if attempt.counts}
    chain = since_reached(tried)
    made = {number: sum(attempt.number == number and attempt.counts for attempt in chain) for number in numbers}
    left = [number for number in numbers if number not in bad and made[number] < settings.per_number]
    return min(left, key=lambda number: made[number], default=None)


__all__ = ["Next", "Step", "Tried", "allowed_from", "choose", "in_a_row", "since_reached", "what_follows"]
