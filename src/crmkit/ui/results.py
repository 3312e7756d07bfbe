"""What a page's function gives back."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs


class View:
    """A template of the plugin and what it is filled with: ``View("page.html", points=12)``."""

    __slots__ = ("context", "headers", "status", "template")

    def __init__(self, template: str, /, *, status: int = 200, headers: t.Iterable[tuple[str, str]] = (), **context: t.Any) -> None:
        self.template, self.status, self.headers = template, status, tuple(headers)
        self.context: Mapping[str, t.Any] = context


@attrs.frozen
class Redirect:
    """Go on at another page of this CRM, by its address within it: ``Redirect("/sales/deal/5")``. `say` is shown there as a toast."""

    path: str
    say: str = attrs.field(default="", kw_only=True)
    undo: int | None = attrs.field(default=None, kw_only=True)
    """The number of the transaction a button beside `say` takes back."""


@attrs.frozen
class Toast:
    """Nothing changes on the page but what live messages bring; a line of text says what was done.

    `bad` shows it as something that went wrong. `undo` is the number of the transaction a button takes back, `topics` are
    live topics the asking page refreshes at once, without waiting for the stream.
    """

    text: str
    bad: bool = attrs.field(default=False, kw_only=True)
    undo: int | None = attrs.field(default=None, kw_only=True)
    topics: tuple[str, ...] = attrs.field(default=(), kw_only=True)


@attrs.frozen(kw_only=True)
class Window:
    """A window to open: an address within the CRM, its title, and what it is (``record``, ``call``, ``form``).

    With `opens` False it is not opened, but stays where it is open already: the card of a call that is over.
    """

    path: str
    title: str
    kind: str = "record"
    urgent: bool = False
    opens: bool = True


@attrs.frozen(kw_only=True)
class Card:
    """A card of a plugin's own board."""

    id: int
    title: str
    subtitle: str = ""
    path: str = ""
    template: str = ""
    context: Mapping[str, t.Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Column:
    """A column of a plugin's own board."""

    key: str
    label: str
    cards: t.Sequence[Card]
    color: str = "gray"
    count: int | None = None
    total: str = ""


@attrs.frozen(kw_only=True)
class Badge:
    """A small mark on a card or beside a record's name."""

    text: str
    color: str = "gray"
    icon: str = ""
    title: str = ""
    """What the text leaves out: shown when it is pointed at, and read out."""


Result = View | Redirect | Toast | str | None
