"""What a simulation may be told."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from pathlib import Path

import attrs

from crmkit import Misuse

HINTS = {"seed": "a whole number", "answer_rate": "a share from 0 to 1, such as 0.45", "plot": "a file, such as day.html"}


@attrs.frozen(kw_only=True)
class Options:
    """How many work, and on what."""

    managers: int = 20
    """How many managers work."""
    days: int = 5
    """How many working days."""
    leads: int | None = None
    """New leads a day, for all managers together; left out: 25 for each."""
    stack: int | None = None
    """Old clients in the stack on the first morning; left out: 200 for each manager."""
    plans: int = 4
    """Tasks each manager plans a day by themselves."""
    answer_rate: float = 0.45
    """The share of calls that are answered, over the day; it is less in the morning and at noon, more towards the evening."""
    max_break: str | None = None
    """Instead of the setting `max_break`, such as 15min."""
    cap: int | None = None
    """Instead of the setting `daily_cap`."""
    seed: int = 1
    """The same seed, the same story."""
    plot: Path | None = None
    """A file for charts of it, such as day.html."""

    @property
    def leads_a_day(self) -> int:
        """New leads a day."""
        return 25 * self.managers if self.leads is None else self.leads

    @property
    def stacked(self) -> int:
        """Old clients in the stack."""
        return 200 * self.managers if self.stack is None else self.stack


LEAST = {"managers": 1, "days": 1, "leads": 0, "stack": 0, "plans": 0, "cap": 1}


def read(options: Mapping[str, t.Any]) -> Options:
    """Return the options; `Misuse` names the one that will not do, and says what it should have been."""
    known = [field.name for field in attrs.fields(Options)]
    made: dict[str, t.Any] = {}
    for name, value in options.items():
        if name not in known:
            raise Misuse(f"the simulation of taskqueue has no option {name!r}; it has {', '.join(known)}")
        made[name] = _read(name, value)
    return Options(**made)


def _read(name: str, value: t.Any) -> t.Any:
    if name in ("plot", "max_break"):
        if not isinstance(value, str) or not value.strip():
            raise Misuse(f"{name} = {value!r}: {HINTS.get(name, 'a time, such as 15min')}")
        if name == "plot" and not Path(value).absolute().parent.is_dir():
            raise Misuse(f"plot = {value!r}: there is no folder {Path(value).absolute().parent}")  # said now, not after all has been played
        return Path(value) if name == "plot" else value
    if name == "answer_rate":
        if isinstance(value, bool) or not isinstance(value, int | float | str) or not 0 <= _number(float, name, value) <= 1:
            raise Misuse(f"{name} = {value!r}: {HINTS[name]}")
        return float(value)
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise Misuse(f"{name} = {value!r}: a whole number")
    number = _number(int, name, value)
    if number < LEAST.get(name, number):
        raise Misuse(f"{name} = {value!r}: at least {LEAST[name]}")
    return number


def _number(kind: t.Any, name: str, value: t.Any) -> t.Any:
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise Misuse(f"{name} = {value!r}: {HINTS.get(name, 'a whole number')}") from None
