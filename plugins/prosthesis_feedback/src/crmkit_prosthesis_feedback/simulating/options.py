"""What a simulation may be told."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs

from crmkit import Misuse


@attrs.frozen(kw_only=True)
class Options:
    """How many people, for how long."""

    people: int = 100
    """How many wearers there are in the end: a third of them children, one in eight with two devices."""
    months: int = 30
    """How many months are played."""
    callers: int | None = None
    """How many people call; left out: one for each 800 wearers."""
    crashes: float = 0.01
    """The share of what is done that dies before its commit, and is done again."""
    every: int = 30
    """After so many days the audit works out everybody's calendar anew; in between, those of whom something was written."""
    seed: int = 1
    """The same seed, the same story."""

    @property
    def at_work(self) -> int:
        """How many people call."""
        return self.callers if self.callers is not None else max(1, -(-self.people // 800))


LEAST = {"people": 1, "months": 1, "callers": 1, "every": 1}


def read(options: Mapping[str, t.Any]) -> Options:
    """Return the options; `Misuse` names the one that will not do, and says what it should have been."""
    known = [field.name for field in attrs.fields(Options)]
    made: dict[str, t.Any] = {}
    for name, value in options.items():
        if name not in known:
            raise Misuse(f"the simulation of prosthesis_feedback has no option {name!r}; it has {', '.join(known)}")
        made[name] = _read(name, value)
    return Options(**made)


def _read(name: str, value: t.Any) -> t.Any:
    if name == "crashes":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
            raise Misuse(f"crashes = {value!r}: a share from 0 to 1, such as 0.01")
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Misuse(f"{name} = {value!r}: a whole number")
    try:
        number = int(value)
    except ValueError:
        raise Misuse(f"{name} = {value!r}: a whole number") from None
    if number != float(value) or number < LEAST.get(name, number):
        raise Misuse(f"{name} = {value!r}: a whole number" + (f", at least {LEAST[name]}" if name in LEAST else ""))
    return number


__all__ = ["Options", "read"]
