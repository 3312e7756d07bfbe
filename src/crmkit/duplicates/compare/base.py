"""What every comparison has in common."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs
from rapidfuzz.distance import OSA, JaroWinkler

from crmkit import Entity, Text

P = t.TypeVar("P")
Values = Sequence[Sequence[t.Any]]


@attrs.frozen
class Level:
    """How likely an outcome of a comparison is for two records of one person, of two relatives or colleagues, and by chance.

    `related` None means: as likely as by chance. `chance` of an equal value is only the guess for a value nobody counted;
    where the value is counted, its own frequency holds.
    """

    same: float
    related: float | None
    chance: float


@attrs.frozen
class Seen:
    """One outcome: which `feature` came out at which `level`, and what a person may read about it.

    `term` names the value both have, so that a rare one says more. `words` are the reason, None where it is none.
    """

    feature: str
    level: str
    words: Text | None = None
    term: str | None = None


class Key(t.NamedTuple):
    """What records are found by. Equal texts of one `pass_` make two records candidates; with `counts` it is only counted."""

    pass_: str
    text: str
    counts: bool = False


@attrs.frozen
class Part:
    """Values kept in records that are parts of this one: ``Part(ContactPoint, "value", where={"kind": "phone"})``."""

    of: type[Entity]
    field: str
    where: Mapping[str, t.Any] = attrs.field(factory=dict)


def part_name(part: Part) -> str:
    """Return under which name the values of a part are kept: ``<sales_contact_point>value?kind=phone``."""
    where = "&".join(f"{n}={v}" for n, v in sorted(part.where.items()))
    return f"<{part.of.__table_name__}>{part.field}?{where}"


def _names(values: str | Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _parts(values: Part | Iterable[Part]) -> tuple[Part, ...]:
    return (values,) if isinstance(values, Part) else tuple(values)


@attrs.frozen(kw_only=True)
class Comparison(t.Generic[P]):
    """How some fields of two records are compared. Subclasses say what a value is, what is alike, and what to look it up by."""

    fields: tuple[str, ...] = attrs.field(default=(), converter=_names)
    also: tuple[Part, ...] = attrs.field(default=(), converter=_parts)
    group: str | None = None  # evidence of one group hangs together: what comes second says half
    levels: t.ClassVar[Mapping[str, Mapping[str, Level]]] = {}

    @property
    def name(self) -> str:
        """What tells this comparison from others of the declaration."""
        return self.fields[0] if self.fields else self.also[0].field

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Every field that is compared, parts under names of their own."""
        return (*self.fields, *map(part_name, self.also))

    def configured(self, region: str, mailboxes: bool) -> Comparison[P]:
        """Return this comparison with the settings of a CRM where the declaration left them open."""
        return self

    def model(self) -> dict[str, Mapping[str, Level]]:
        """Return the levels of every feature, under the names that `compare` uses."""
        return {f"{self.name}:{feature}": levels for feature, levels in self.levels.items()}

    def read(self, values: Values) -> P | None:
        """Return the value in one spelling, out of the raw values of each field (and part); None when there is none."""
        raise NotImplementedError

    def keys(self, value: P) -> Iterator[Key]:
        """Yield what a record with this value is found by."""
        raise NotImplementedError

    def codes(self, value: P) -> Iterator[tuple[str, str]]:
        """Yield short codes, which together with those of another comparison make a key."""
        return iter(())

    def compare(self, first: P, second: P, label: Text) -> Iterator[Seen]:
        """Yield how two values are alike. `label` is what the field is called."""
        raise NotImplementedError


def plain(values: Values) -> list[str]:
    """Return what is not empty, of all fields, as text."""
    return [text for field in values for v in field if v is not None and (text := str(v).strip())]


def alike(first: str, second: str) -> bool:
    """True when two words are one word, mistyped: one slip in a short word, two in a long one, or the same beginning."""
    if not first or not second:
        return False
    longer = max(len(first), len(second))
    slips = OSA.distance(first, second, score_cutoff=3)
    if slips <= (1 if longer < 8 else 2):
        return longer > 3 or (longer == 3 and slips == 1 and first[0] == second[0])
    return slips <= 3 and longer > 5 and JaroWinkler.similarity(first, second) >= 0.92


def slips(first: str, second: str, most: int = 2) -> int:
    """Return how many letters were left out, added, changed or exchanged with their neighbour, counted to `most` + 1."""
    return int(OSA.distance(first, second, score_cutoff=most))
