"""What a simulation may be told."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs

from crmkit import Misuse


@attrs.frozen(kw_only=True)
class Options:
    """How many people, for how long, and what is wrong with some of them."""

    managers: int = 200
    """How many people serve clients."""
    days: int = 22
    """How many working days a month has."""
    cases: int = 15
    """About how many clients each serves a day."""
    drawdowns: int | None = None
    """How many are slow at a step; left out: one in 25, two at least. One more is too fast at one."""
    through: int = 2
    """The days of how many people go through the code that takes times in from browsers, on the first day; the rest is written in bulk."""
    seeds: int = 0
    """How many times months are played in memory besides, with dice of their own, to tell how often chance deceives the monitor."""
    seed: int = 1
    """The same seed, the same story."""

    @property
    def planted(self) -> int:
        """How many are slow."""
        return max(2, self.managers // 25) if self.drawdowns is None else self.drawdowns


LEAST = {"managers": 10, "days": 6, "cases": 1, "drawdowns": 1, "through": 0, "seeds": 0}


def read(options: Mapping[str, t.Any]) -> Options:
    """Return the options; `Misuse` names the one that will not do, and says what it should have been."""
    known = [field.name for field in attrs.fields(Options)]
    made: dict[str, t.Any] = {}
    for name, value in options.items():
        if name not in known:
            raise Misuse(f"the simulation of process_monitor has no option {name!r}; it has {', '.join(known)}")
        made[name] = _read(name, value)
    chosen = Options(**made)
    if chosen.planted + 2 > chosen.managers:
        raise Misuse(f"drawdowns = {chosen.planted}: at most {chosen.managers - 2} of {chosen.managers} managers")
    return chosen


def _read(name: str, value: t.Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Misuse(f"{name} = {value!r}: a whole number")
    try:
        number = int(value)
    except (ValueError, OverflowError):
        raise Misuse(f"{name} = {value!r}: a whole number") from None
    if number != float(value) or number < LEAST.get(name, number):
        raise Misuse(f"{name} = {value!r}: a whole number" + (f", at least {LEAST[name]}" if name in LEAST else ""))
    return number


__all__ = ["Options", "read"]
