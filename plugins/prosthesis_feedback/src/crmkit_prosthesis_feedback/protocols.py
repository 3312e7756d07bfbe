"""What a version of a protocol says: periods as offsets from the day of issue, each with its window and its questions.

Kept as JSON in `ProtocolVersion.body`, written by integrators as TOML; `read` refuses what cannot work and says where.
"""

from __future__ import annotations

import functools
import re

import attrs

from crmkit import Text, _

from .words import Words, text_of

KINDS = ("yes_no", "choice", "number", "scale", "text", "photo")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
OFFSET = re.compile(r"(-?)((?:\d+(?:y|mo|w|d)\s*)+)")
NO_OFFSET = _(
    'expected an offset such as "3mo", "1y 6mo", "2w" or "-10d"', ru="нужен срок, например «3mo», «1y 6mo», «2w» или «-10d»"
)
UNIT = re.compile(r"(\d+)(y|mo|w|d)")


@attrs.frozen(order=True)
class Offset:
    """Calendar months and days from a day: three months after the 31st of January is the 30th of April."""

    months: int = 0
    days: int = 0

    @classmethod
    def read(cls, text: str) -> Offset:
        """Read ``"3mo"``, ``"1y 6mo"``, ``"2w"``, ``"-10d"``; `ValueError` says what is wanted."""
        if text.strip() == "0":
            return cls()
        found = OFFSET.fullmatch(text.strip())
        if found is None:
            raise ValueError(NO_OFFSET)
        sign = -1 if found[1] else 1
        sums = {"y": 0, "mo": 0, "w": 0, "d": 0}
        for amount, unit in UNIT.findall(found[2]):
            sums[unit] += int(amount)
        return cls(sign * (12 * sums["y"] + sums["mo"]), sign * (7 * sums["w"] + sums["d"]))

    def __str__(self) -> str:
        """Return it as `read` reads it: ``"1y 6mo"``."""
        months, days = abs(self.months), abs(self.days)
        parts = [f"{months // 12}y" * (months >= 12), f"{months % 12}mo" * (months % 12 > 0)]
        parts += [f"{days // 7}w" if days % 7 == 0 else f"{days}d"] if days else []
        return ("-" if self < Offset() else "") + " ".join(p for p in parts if p) or "0"


@attrs.frozen(kw_only=True, slots=False)
class Test:
    """A condition on the answer to a question: one of `values`, or a number from `least` to `most`."""

    values: tuple[str, ...] = ()
    """``yes`` and ``no`` for a question of that kind, names of choices else."""
    least: float | None = None
    most: float | None = None


@attrs.frozen(kw_only=True, slots=False)
class When(Test):
    """Asks a question only after a certain answer to an earlier one."""

    question: str


@attrs.frozen(kw_only=True, slots=False)
class Question:
    """One question."""

    label: Words
    """What the caller says."""
    kind: str
    """``yes_no``, ``choice``, ``number``, ``scale`` (whole numbers from `least` to `most`), ``text`` or ``photo``."""
    help: Words = ""
    """What the caller should know."""
    required: bool = True
    choices: dict[str, Words] = attrs.field(factory=dict)
    """The answers of a choice by name."""
    least: float | None = None
    most: float | None = None
    unit: Words = ""
    when: When | None = None
    """Left out: asked always."""
    scores: dict[str, float] = attrs.field(factory=dict)
    """Points of each answer (``yes``, ``no``, names of choices); a scale or number without them counts as it is where `scored`."""
    scored: bool = False
    red_flag: Test | None = None
    """Answers that must be looked at."""
    incidents: dict[str, str] = attrs.field(factory=dict)
    """For an answer, the reason of the incident that is offered: ``{ broken = "repair" }``."""
    tells_use: bool = False
    """Whether its ``no`` (or a choice named in `incidents`) means that the device is not used."""

    @functools.cached_property
    def text(self) -> Text:
        """What the caller says."""
        return text_of(self.label)


@attrs.frozen(kw_only=True, slots=False)
class Period:
    """When something is asked, counted from the day the device was handed over."""

    label: Words
    after: Offset
    """The best day."""
    earliest: Offset
    """How long before the best day it may be asked, such as ``"-2w"``."""
    latest: Offset
    """How long after it."""
    questions: tuple[str, ...]

    @functools.cached_property
    def text(self) -> Text:
        """What it is called."""
        return text_of(self.label)


@attrs.frozen(kw_only=True, slots=False)
class Body:
    """A whole version: questions by name, and periods by name in the order of time."""

    questions: dict[str, Question]
    periods: dict[str, Period]


__all__ = ["KINDS", "NAME", "Body", "Offset", "Period", "Question", "Test", "When"]
