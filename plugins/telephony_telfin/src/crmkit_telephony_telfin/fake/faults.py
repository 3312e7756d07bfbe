"""What goes wrong at Telfin, each switched on by itself: a number is the share of cases, True is every one."""

from __future__ import annotations

import random
from typing import Any

import attrs

Share = float  # from 0 (never, also False) to 1 (always, also True)


@attrs.frozen
class Faults:
    """The faults of a fake PBX. Without any it is polite; `Faults.seen()` is what integrators have seen, `Faults.storm()` is rough.

    Microseconds in webhooks, seconds in the history, mandatory gzip and the hourly limit are no faults: they are always there.
    """

    # The API
    hourly_limit: int = 100_000  # requests an hour; then 429 `rate_limit_exceeded` until the next hour
    stats_busy: Share = 0  # call_history: 429 "Stats request already exists" though nobody else asks
    expired_token: Share = 0  # a request finds its token dead before expires_in: 401
    missing_expires_in: Share = 0
    expires_in_as_text: Share = 0
    garbled_without_gzip: bool = False  # no Accept-Encoding: gzip → gzip all the same, undeclared; else it is refused by 406
    server_error: Share = 0  # 500, 502, 503 or 504, and nothing was done
    server_error_after: Share = 0  # the same, but it was done
    slow: Share = 0  # done at once, answered `slow_seconds` later
    slow_seconds: float = 30.0
    refused: Share = 0  # connection refused (over TCP: 503; there, `Served.close` refuses connections)

    # What the API tells
    upper_call_uuid: Share = 0  # call_history
    comma_in_time: Share = 0  # init_time_gmt "2017-08-23 15:57:56,60"
    upper_call_flow: Share = 0  # IN and OUT instead of in and out, in webhooks and current_calls
    history_delay: float = 0.0  # seconds from the hang-up until call_history knows the call
    record_delay: float = 0.0  # the same for the recording
    missing_record: Share = 0  # there is no recording at all

    # Webhooks
    lost: Share = 0  # any webhook
    lost_hangups: Share = 0  # hang-ups, in addition
    repeated: Share = 0  # sent twice
    delayed: Share = 0  # sent `delay` seconds late
    delay: tuple[float, float] = (1.0, 15.0)
    disordered: Share = 0  # sent after the next webhook of the same leg: hangup before dial-out
    missing_rec_id: Share = 0
    literal_plus: Share = 0  # +7… unencoded in a form body
    domain_suffix: Share = 0  # 1111*101@sipproxy.telphin.ru where 1111*101 is usual
    bare_numbers: Share = 0  # 7… where +7… is usual
    unknown_events: Share = 0  # an event type nobody has heard of, in addition
    interactive_events: Share = 0  # a voice menu's call_interactive, posted to our address though it is not ours

    # The PBX
    foreign_subscriptions: bool = False  # from the start every extension has an event of somebody else's, which must survive
    event_limit: int | None = None  # how many events an extension may have
    same_leg_in_queue: Share = 0  # a queue's second round has the first one's SubCallID
    dial_in_for_callbacks: bool = False  # a callback's first leg sends dial-in, answer and hangup too
    control_by_callback_id: bool = False  # current_calls/{id} also takes the callback's call_api_id

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(type(self)):
            value = getattr(self, field.name)
            if field.type in (Share, "Share") and not 0 <= value <= 1:
                raise ValueError(f"Faults.{field.name} = {value!r}: a share from 0 to 1, or True")

    @classmethod
    def seen(cls, **changes: Any) -> Faults:
        """What other integrators have met with, as often as that may be."""
        usual: dict[str, Any] = {
            "upper_call_uuid": True, "comma_in_time": 0.5, "upper_call_flow": 0.3, "missing_rec_id": 0.7, "history_delay": 2.0,
            "record_delay": 5.0, "foreign_subscriptions": True, "stats_busy": 0.02, "repeated": 0.01, "lost": 0.002,
            "bare_numbers": 0.1, "same_leg_in_queue": 0.5,
        }  # fmt: skip
        return cls(**(usual | changes))

    @classmethod
    def storm(cls, share: float = 0.05, **changes: Any) -> Faults:
        """Everything that goes by shares at once, each in `share` of the cases; delays and foreign subscriptions too."""
        every: dict[str, Any] = {f.name: share for f in attrs.fields(cls) if f.type in (Share, "Share")}
        every |= {"history_delay": 2.0, "record_delay": 5.0, "foreign_subscriptions": True}
        return cls(**(every | changes))


@attrs.define
class Chance:
    """The dice: the same seed, the same story."""

    seed: int
    _dice: random.Random = attrs.field(init=False)
    _counts: dict[str, int] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def happens(self, share: Share) -> bool:
        """Whether something that goes by shares happens this time."""
        if share <= 0:
            return False
        return share >= 1 or self._dice.random() < share

    def between(self, low: float, high: float) -> float:
        """A number of a range."""
        return self._dice.uniform(low, high)

    def pick(self, *choices: Any) -> Any:
        """One of them."""
        return self._dice.choice(choices)

    def hexadecimal(self) -> str:
        """A new id: 32 digits."""
        return f"{self._dice.getrandbits(128):032x}"

    def person(self, number: str) -> random.Random:
        """Dice of the number's own for its next call, so that one person's story does not hang on what others do meanwhile."""
        self._counts[number] = turn = self._counts.get(number, 0) + 1
        return random.Random(f"{self.seed}/{number}/{turn}")
