"""What an integrator sets under ``[process_monitor]``."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping

import attrs

from crmkit import Misuse, Text

Words = dict[str, str] | str
USUAL_KINDS: Mapping[str, Words] = {
    "new": {"en": "New client", "ru": "Новый клиент"}, "repeat": {"en": "Repeat client", "ru": "Повторный клиент"},
}  # fmt: skip
COUNTED = ("active", "idle", "hidden")


def text_of(words: Mapping[str, str] | str) -> Text:
    """Return ``"Offer"`` or ``{"en": "Offer", "ru": "Предложение"}`` as a text."""
    if isinstance(words, str):
        return words if isinstance(words, Text) else Text(words)
    english = words.get("en") or next(iter(words.values()), "")
    return Text(english, **{language: said for language, said in words.items() if language != "en"})


@attrs.frozen(kw_only=True, slots=False)
class StepPages:
    """A step and its pages."""

    label: Words
    pages: tuple[str, ...]
    """Patterns of addresses: ``/sales/deal/*`` any one part, ``/sales/**`` any parts; the longest that fits holds."""

    @functools.cached_property
    def text(self) -> Text:
        """What it is called."""
        return text_of(self.label)


@attrs.frozen(kw_only=True, slots=False)
class MonitorSettings:
    """Settings of the process_monitor plugin."""

    steps: dict[str, StepPages] = attrs.field(factory=dict)
    """Steps by name in their order; left out: a step for each kind of record (contact, inquiry, lead, deal …)."""
    kinds: dict[str, Words] = attrs.field(factory=lambda: dict(USUAL_KINDS))
    """Kinds of cases by name."""
    begins: tuple[str, ...] = ("button", "task", "call")
    """What begins a case: the ``button`` of the strip, an opened ``task``, an answered ``call``."""
    counts: tuple[str, ...] = ("active", "idle")
    """Which time counts against the norm: ``active`` with the hands, ``idle`` on the page, ``hidden`` in another window."""
    idle_after: dt.timedelta = dt.timedelta(seconds=30)
    """How long without a key, a pointer or a scroll until a person counts as idle; a call is never idle."""
    longest: dt.timedelta = dt.timedelta(hours=2)
    """When a case ends by itself."""
    silent_for: dt.timedelta = dt.timedelta(minutes=30)
    """How long without a word from any page until a case ends, at its last word."""
    remind: dt.timedelta = dt.timedelta(days=1)
    """How long before a meeting, or before a course is to be done, those concerned are reminded."""
    least_sample: int = 20
    """How many times a step must have been done before anybody is judged by it."""
    names: bool = True
    """Whether those with the permission see names; without: everybody sees pseudonyms but for oneself."""
    keep_spans: dt.timedelta = dt.timedelta(days=365)
    """How long raw spans are kept; sums stay."""
    log_size: int = 200_000_000
    """How many bytes an event log may have that is sent to the page; `crmkit monitor import` takes longer ones."""
    tolerance: float = 0.2
    """How much slower than the reference, as a share, somebody's typical time may be without an alarm, however sure it is."""
    alarm_rate: float = 0.01
    """Which share of alarms may be false, at the most; where nobody is slow, the chance that a period shows any alarm at all."""

    def __attrs_post_init__(self) -> None:
        for name in self.counts:
            if name not in COUNTED:
                raise Misuse(f"counts: {name!r} is none of {', '.join(COUNTED)}")
        if self.idle_after < dt.timedelta(seconds=5):
            raise Misuse("idle_after: 5s at least, or reading counts as idle")
        if not 0 < self.alarm_rate <= 0.2:
            raise Misuse(f"alarm_rate = {self.alarm_rate}: above 0 and at most 0.2")
        if not 0 <= self.tolerance <= 2:
            raise Misuse(f"tolerance = {self.tolerance}: from 0 to 2, such as 0.2 for a fifth")
        if self.least_sample < 5:
            raise Misuse(f"least_sample = {self.least_sample}: 5 at least")

    @functools.cached_property
    def case_kinds(self) -> Mapping[str, Text]:
        """Kinds of cases by name."""
        return {name: text_of(words) for name, words in self.kinds.items()}
