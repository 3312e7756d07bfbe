"""A board as its template draws it: the same for stages of a pipeline and for boards of plugins."""

from __future__ import annotations

import typing as t

import attrs
from markupsafe import Markup

from ..results import Badge

SPRITE = (
    "ellipsis", "hourglass", "calendar", "calendar-clock", "link-2", "building-2", "user", "users", "phone", "mail",
    "message-circle", "circle-check-big", "target", "handshake", "store", "package",
)
"""Icons that cards repeat: in the page once."""


@attrs.frozen(kw_only=True)
class Line:
    """A value on a card: what it says, what it means, and what stands before it."""

    text: str
    label: str = ""
    icon: str = ""
    full: str = ""
    color: str = ""


@attrs.frozen(kw_only=True)
class CardOf:
    """One card."""

    id: int
    title: str
    href: str = ""
    version: int | None = None
    since: str = ""
    lines: t.Sequence[Line] = ()
    chips: t.Sequence[Line] = ()
    sums: t.Sequence[Line] = ()
    due: Line | None = None
    who: Line | None = None
    rots: str = ""
    badges: t.Sequence[Badge] = ()
    html: Markup | None = None


@attrs.frozen(kw_only=True)
class ColumnOf:
    """One column. `more` is where further cards come from; empty when all are there."""

    key: str
    label: str
    color: str
    count: str
    """How many cards there are in all, as it is read."""
    sum: str = ""
    sum_full: str = ""
    caption: str = ""
    """What stands small beside its name."""
    icon: str = ""
    """What stands instead of the dot."""
    cards: t.Sequence[CardOf] = ()
    more: str = ""
    add: str = ""
    folded: bool = False
    foldable: bool = False


@attrs.frozen(kw_only=True)
class Drawn:
    """One board: where its parts are fetched and where a move is sent."""

    title: str
    columns: t.Sequence[ColumnOf]
    changes: str
    """Where cards are fetched anew."""
    move: str = ""
    """Where a move is sent, `ID` standing for the card; empty for a board on which nothing moves."""
    param: str = "stage"
    """What the column is called in a move."""
    free: bool = False
    """True when cards stay where they are put within a column; False when who came last stands first."""
    moves: t.Mapping[str, t.Sequence[str]] | None = None
    """Which columns may follow which; None: any."""
    order: str = ""
    """What cards of a column go by: ``planned_at``; a minus stands for the latest first."""
    fixed: t.Mapping[str, str] = attrs.field(factory=dict)
    """What is sent with every move besides."""
    topics: t.Sequence[str] = ()
    fresh: t.Sequence[str] = ()
    """Topics after which the marks on the cards are asked for again."""
    fold: str = ""
    notes: t.Sequence[Markup] = ()
