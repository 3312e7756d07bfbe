"""What an event log is made of."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs

from crmkit import Text, _

TYPES = frozenset(("string", "date", "int", "float", "boolean", "id", "list", "container"))
LINE = _("line {line}: {what}", ru="строка {line}: {what}")

# ``[key, type, value]``, the value as the file has it; nested ones are the fourth, what ``<values>`` of a list holds the fifth.
# Lists, because that is what JSON makes of them: a log of a million events is kept without turning anything into anything.
Attribute = list[t.Any]
Event = list[Attribute]


class BadLog(ValueError):
    """A file is no event log, or a broken one: `line` says where."""

    def __init__(self, what: str, line: int | None = None) -> None:
        self.what, self.line = what, line
        super().__init__(what if line is None else LINE.format(line=line, what=what))


@attrs.define
class Trace:
    """One case: its own attributes, and its events in the order of the file."""

    attributes: list[Attribute] = attrs.field(factory=list)
    events: list[Event] = attrs.field(factory=list)
    line: int = attrs.field(default=0, eq=False)


@attrs.define
class Head:
    """What a log says about itself."""

    xml: dict[str, str] = attrs.field(factory=dict)
    """The attributes of ``<log>``: versions, features."""
    extensions: list[dict[str, str]] = attrs.field(factory=list)
    globals: list[tuple[str, list[Attribute]]] = attrs.field(factory=list)
    """What every trace or event has, by scope."""
    classifiers: list[dict[str, str]] = attrs.field(factory=list)
    attributes: list[Attribute] = attrs.field(factory=list)

    def to_json(self) -> dict[str, t.Any]:
        """Return it as JSON keeps it."""
        return attrs.asdict(self)

    @classmethod
    def from_json(cls, kept: t.Mapping[str, t.Any]) -> Head:
        """Return what `to_json` made."""
        return cls(**{name: kept[name] for name in ("xml", "extensions", "globals", "classifiers", "attributes") if name in kept})


def moment(text: str, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    """Return a moment as XES writes it; without an offset it is one of `zone`. `ValueError` where it is none."""
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def value_of(attributes: list[Attribute], key: str) -> str | None:
    """Return the value of the first attribute of that key."""
    for attribute in attributes:
        if attribute[0] == key:
            found: str | None = attribute[2]
            return found
    return None


NOT_XES: Text = _("this is not an XES event log: it begins with <{tag}>", ru="это не журнал событий XES: он начинается с <{tag}>")
