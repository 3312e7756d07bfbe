"""How the people behave whom the fake PBX rings up: clients by their numbers, agents by their extensions."""

from __future__ import annotations

import math
import random

import attrs

ANSWERS, VOICEMAIL, IGNORES, BUSY, REJECTS, INVALID, UNAVAILABLE, BY_HAND = DEEDS = (
    *("answers", "voicemail", "ignores", "busy", "rejects", "invalid", "unavailable", "by_hand"),
)


@attrs.frozen
class Behaviour:
    """What a person does when their phone rings: one of `DEEDS`, `after` so many seconds; then hangs up after `talks` seconds.

    The side with the shorter `talks` hangs up first; ``math.inf`` means that the other one does. `patience` is for those who
    call in: after so many seconds without an answer they hang up.
    """

    does: str = attrs.field(validator=attrs.validators.in_(DEEDS))
    after: float = attrs.field(default=3.0, validator=attrs.validators.ge(0))
    talks: float = attrs.field(default=math.inf, validator=attrs.validators.ge(0))
    patience: float = attrs.field(default=60.0, validator=attrs.validators.ge(0))


def answers(after: float = 3.0, talks: float = math.inf) -> Behaviour:
    """Picks up `after` seconds of ringing and hangs up `talks` seconds later, if the other side has not done it before."""
    return Behaviour(ANSWERS, after, talks)


def voicemail(after: float = 18.0, talks: float = 25.0) -> Behaviour:
    """The operator's answering machine picks up: to the PBX that is an answer like any other."""
    return Behaviour(VOICEMAIL, after, talks)


def ignores() -> Behaviour:
    """Lets it ring until the other side, or the server's own timer, gives up."""
    return Behaviour(IGNORES)


def busy(after: float = 1.0) -> Behaviour:
    """Is on the phone."""
    return Behaviour(BUSY, after)


def rejects(after: float = 4.0) -> Behaviour:
    """Presses the red button."""
    return Behaviour(REJECTS, after)


def invalid(after: float = 1.0) -> Behaviour:
    """There is no such number: `CONGESTION`."""
    return Behaviour(INVALID, after)


def unavailable(after: float = 2.0) -> Behaviour:
    """The phone is switched off or not registered: `CHANUNAVAIL`."""
    return Behaviour(UNAVAILABLE, after)


def by_hand() -> Behaviour:
    """Waits for somebody at the page, or for `FakePbx.pick_up`, `reject` and `hang_up`."""
    return Behaviour(BY_HAND)


@attrs.frozen
class Habits:
    """How people behave about whom nothing else was said: shares of the whole, seconds as ranges. The rest ignores the call."""

    answer_rate: float = 0.35
    voicemail: float = 0.08
    busy: float = 0.07
    rejects: float = 0.06
    unavailable: float = 0.07
    invalid: float = 0.01
    by_hand: float = 0.0  # waits for somebody at the page
    answer_after: tuple[float, float] = (3.0, 25.0)
    talks: tuple[float, float] = (15.0, 240.0)
    patience: tuple[float, float] = (15.0, 90.0)

    def __attrs_post_init__(self) -> None:
        failures = self.busy + self.rejects + self.unavailable + self.invalid
        if self.answer_rate + self.voicemail + self.by_hand + failures > 1 + 1e-9:
            raise ValueError("the shares of Habits are more than 1 together")

    @classmethod
    def at_the_page(cls) -> Habits:
        """Everybody waits for somebody at the page."""
        return cls(0, 0, 0, 0, 0, 0, by_hand=1)

    def draw(self, chance: random.Random) -> Behaviour:
        """Draw the behaviour of one person at one call."""
        share, patience = chance.random(), chance.uniform(*self.patience)
        after, talks = chance.uniform(*self.answer_after), chance.uniform(*self.talks)
        for deed, size, seconds in (
            (ANSWERS, self.answer_rate, after),
            (VOICEMAIL, self.voicemail, after + 10),
            (BUSY, self.busy, 1.0),
            (REJECTS, self.rejects, after),
            (UNAVAILABLE, self.unavailable, 2.0),
            (INVALID, self.invalid, 1.0),
            (BY_HAND, self.by_hand, 0.0),
        ):
            if share < size and deed == BY_HAND:
                return by_hand()
            if share < size:
                return Behaviour(deed, round(seconds, 3), round(talks, 3), round(patience, 3))
            share -= size
        return Behaviour(IGNORES, patience=round(patience, 3))


@attrs.define
class Extension:
    """An extension of the PBX: a phone, or a queue or voice menu through which calls come in.

    `name` is the short number (`"101"`), `id` is given in order from 85001 if left out. `members` are a queue's phones by short
    number. `registered` False: the phone is not plugged in, and a call to it ends with `CHANUNAVAIL`.
    """

    name: str
    label: str = ""
    type: str = attrs.field(default="phone", validator=attrs.validators.in_(("phone", "queue", "ivr", "fax")))
    id: int = 0
    status: str = "active"
    registered: bool = True
    record_enabled: bool = True
    call_waiting: bool = False  # rings though somebody talks on it; otherwise it is busy
    behaviour: Behaviour = attrs.field(factory=lambda: answers(after=2.0))
    members: tuple[str, ...] = ()
