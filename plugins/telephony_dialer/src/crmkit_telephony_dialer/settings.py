"""What an integrator sets under ``[telephony_dialer]``."""

from __future__ import annotations

import datetime as dt

import attrs

from crmkit import Misuse

SPANS = {"day": dt.timedelta(days=1), "week": dt.timedelta(days=7), "month": dt.timedelta(days=30)}
SECOND = dt.timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class DialerSettings:
    """Settings of the dialer."""

    kinds: tuple[str, ...] | None = None
    """Kinds of tasks that are dialled; left out: all that dial by the work queue's settings."""
    start: str = attrs.field(default="by_itself", validator=attrs.validators.in_(("by_itself", "by_key")))
    """Whether an open task dials ``by_itself``, or ``by_key``: the manager looks at the card first."""
    ring_time: dt.timedelta = 20 * SECOND
    """How long the client's telephone rings before the task closes as no answer: 15 s at least, 60 s at most."""
    agent_time: dt.timedelta = 25 * SECOND
    """How long the manager's own telephone may ring before the call is given up."""
    connect_time: dt.timedelta = 15 * SECOND
    """How long it may take from the manager's picking up until the client's telephone rings."""
    close_time: dt.timedelta = 5 * SECOND
    """How long a call that was hung up may take to be over before its provider is asked."""
    pause: dt.timedelta = 0 * SECOND
    """How long an open task waits before it dials."""
    pause_after_talk: dt.timedelta = 5 * SECOND
    """How long it waits where the manager has talked before: a moment to breathe."""
    agent_misses: int = 2
    """After so many calls in a row that the manager's own telephone did not pick up a break begins."""
    agent_break: str = "technical"
    """The reason of that break, one of the work queue's."""
    agent_away: dt.timedelta = 60 * SECOND
    """How long a task stays with a manager whose telephone was not picked up before it returns to the queue."""
    retry_after: tuple[dt.timedelta, ...] = (
        dt.timedelta(minutes=30), dt.timedelta(hours=3), dt.timedelta(hours=27), dt.timedelta(hours=51),
    )  # fmt: skip
    """How long after each attempt that reached nobody the next one is made; 27 hours is the next day at another time of day."""
    busy_after: dt.timedelta = dt.timedelta(minutes=10)
    """How long after a busy line."""
    busy_times: int = 2
    """How often in a row `busy_after` holds; then `retry_after` does."""
    unavailable_after: dt.timedelta = dt.timedelta(hours=1)
    """How long after a telephone that was switched off, at least."""
    rejected_after: dt.timedelta = dt.timedelta(days=1)
    """How long after a call the client rejected, at least."""
    technical_after: dt.timedelta = dt.timedelta(minutes=5)
    """How long after a technical failure; such an attempt is not counted."""
    technical_times: int = 3
    """How often in a row that is so; then the task goes on as if nobody had answered."""
    attempts: int = 5
    """How many attempts that reached nobody are made about one task in all."""
    per_number: int = 5
    """How many of them at one number, where the client has several."""
    limits: dict[str, int] = attrs.field(factory=lambda: {"day": 3})
    """The most calls to one client within a ``day`` (the client's own), a ``week`` and a ``month``, whatever they are about."""
    forget_after: dt.timedelta = dt.timedelta(days=30)
    """How long attempts count for the order of numbers, and a number that is none is left alone."""
    missed_kind: str = "call_back"
    """The kind of the task a missed call becomes; empty: telephony's own next step."""
    silent_after: dt.timedelta = 10 * SECOND
    """How long after an event was due its absence is an alarm: webhooks do not arrive."""

    def __attrs_post_init__(self) -> None:
        if not 15 * SECOND <= self.ring_time <= 60 * SECOND:
            raise Misuse(f"ring_time = {self.ring_time.total_seconds():g}s: 15s at least, so that people can answer, and 60s at most")
        for name in ("agent_time", "connect_time", "close_time"):
            if getattr(self, name) < 2 * SECOND:
                raise Misuse(f"{name}: 2s at least; telephones are slower than that")
        for name in ("pause", "pause_after_talk"):
            if getattr(self, name) < 0 * SECOND:
                raise Misuse(f"{name}: 0s or more")
        for name in ("busy_after", "unavailable_after", "rejected_after", "technical_after"):
            if getattr(self, name) < dt.timedelta(minutes=1):
                raise Misuse(f"{name}: 1min at least")
        if any(wait < dt.timedelta(minutes=1) for wait in self.retry_after) or not self.retry_after:
            raise Misuse('retry_after: at least one wait, each of 1min at least, such as ["30min", "3h", "27h", "51h"]')
        for name in ("attempts", "per_number", "agent_misses"):
            if getattr(self, name) < 1:
                raise Misuse(f"{name} = {getattr(self, name)}: at least 1")
        for name, most in self.limits.items():
            if name not in SPANS or most < 1:
                raise Misuse(f"limits.{name} = {most}: write {', '.join(SPANS)} and at least 1, such as {{ day = 1, week = 2, month = 8 }}")

    @property
    def longest(self) -> dt.timedelta:
        """How long an attempt may ring at the most, from the order on."""
        return self.agent_time + self.connect_time + self.ring_time
