"""What a plugin declares at the top of a module: how an entity looks, workspaces, buttons beside telephone numbers."""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Iterable, Mapping

import attrs

from ..core.text import Text

if t.TYPE_CHECKING:
    from ..core.compose import Crm
    from ..core.model import Entity
    from ..core.plugin import Permission
    from ..core.uow import Uow
    from .visit import Visit


def as_text(value: str) -> Text:
    """Return a text, which a plain string is one of."""
    return value if isinstance(value, Text) else Text(value)


def _words(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


def _written_in() -> str:
    return str(sys._getframe(2).f_globals.get("__name__", ""))  # two frames up: the attrs initialiser, then the module


@attrs.frozen(kw_only=True)
class Link:
    """A line of a workspace's menu: an address within the CRM (``"/sales/deal?view=5"``)."""

    label: Text = attrs.field(converter=as_text)
    path: str
    icon: str = "circle"


@attrs.frozen(kw_only=True)
class Workspace:
    """A role's own place, at the top of a module: where its people begin, and the menu they see first.

    ``DIRECTOR = Workspace(name="director", label=_("Director", ru="Руководитель"), roles=("director",), home="/cabinets/director")``.
    A person with several gets a switch. Whatever else they may see stays in the menu below.
    """

    name: str
    label: Text = attrs.field(converter=as_text)
    roles: tuple[str, ...] = ()
    home: str = "/"
    menu: tuple[Link, ...] = ()
    icon: str = "layout-dashboard"
    order: int = 50
    only: bool = False
    """True leaves out the rest of the menu: for customers, cashiers and others with one screen."""
    defined_in: str = attrs.field(factory=_written_in, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class PhoneButton:
    """A button beside every telephone number, whatever plugin's field it is in, at the top of a module.

    ``CALL = PhoneButton(label=_("Call", ru="Позвонить"), icon="phone", path="/telephony/dial", permission=USE)``. A press posts
    ``number``, and ``kind`` and ``id`` of the record it stands at, to `path`, a page of the plugin for POST. `shown` is asked with the
    visitor's unit of work, once for a page, whether it makes sense.
    """

    label: Text = attrs.field(converter=as_text)
    path: str
    permission: Permission
    icon: str = "phone"
    shown: t.Callable[[Uow], bool] | None = None
    defined_in: str = attrs.field(factory=_written_in, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Look:
    """How an entity is shown, at the top of a module: ``DEALS = Look(of=Deal, icon="handshake", columns=("title", "amount"))``.

    Whatever is left out is worked out from the fields. Fields are named as in filters: ``amount``, ``company.name``, ``patient.born``.
    """

    of: type[Entity]
    icon: str = ""
    title: str = ""
    """The field that names a record; else ``title``, ``name``, ``subject`` or the first text."""
    subtitle: str = ""
    """A field shown small below the title: the company of a deal."""
    columns: tuple[str, ...] = attrs.field(default=(), converter=_words)
    """What lists show before anybody chooses."""
    card: tuple[str, ...] = attrs.field(default=(), converter=_words)
    """What cards of boards show below the title."""
    form: tuple[str, ...] = attrs.field(default=(), converter=_words)
    """What a form for a new record asks first; the rest follows below "more fields"."""
    sort: str = ""
    """The order of lists before anybody chooses: ``-created_at``."""
    filter: Mapping[str, t.Any] = attrs.field(factory=dict)
    """What lists leave in before anybody chooses, as a filter tree: ``{"done_at": {"empty": True}}``. It stands there as chips one can take away."""
    day: str = ""
    """The field calendars go by."""
    section: str = "records"
    """The section of the sidebar its lists stand in; empty for none."""
    order: int = 50
    hidden: tuple[str, ...] = attrs.field(default=(), converter=_words)
    """Fields that no page shows: keys and reckonings nobody reads."""
    choices: Mapping[str, t.Callable[[Crm], Iterable[tuple[str, str]]]] = attrs.field(factory=dict)
    """What text fields may hold where settings or plugins decide it, as pairs of value and label: ``{"kind": kinds}``, called with the CRM."""
    said: Mapping[str, t.Callable[[Uow, str], str]] = attrs.field(factory=dict)
    """How the stored words of text fields are read in the reader's language (`Uow.language`): ``{"title": in_words}``. What is stored stays."""
    board_sort: str = ""
    """What the cards of a board's column go by, a date or a moment that every record has: ``planned_at``; left out, who came last stands first."""
    captions: t.Callable[[Visit], Mapping[tuple[str, str], str]] | None = None
    """What stands small beside the heads of a board's columns, by pipeline and stage, such as the month a stage stands for."""
    defined_in: str = attrs.field(factory=_written_in, repr=False, eq=False)
