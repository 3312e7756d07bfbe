"""What a plugin adds to the screen: marks on plain functions. What it declares without one is in `declared`.

Each contribution names who may see it and is told apart by its function's name. What takes a record gets it as the actor
may see it; everything runs in a thread with a unit of work of the actor's.
"""

from __future__ import annotations

import enum
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs

from ..core.plugin import _mark  # the marks of the kernel and these are kept in one place
from ..core.text import Text
from .declared import as_text

if t.TYPE_CHECKING:
    from ..core.kind import Kind
    from ..core.model import Entity
    from ..core.plugin import Permission, Topic
    from ..core.uow import Uow
    from .results import Badge, Column, Result, Window
    from .visit import Visit

E = t.TypeVar("E", bound="Entity")
F = t.TypeVar("F", bound=t.Callable[..., t.Any])


class Slot(enum.Enum):
    """Where on a record's page a panel stands."""

    HEADER = "header"
    """Beside the record's name: a line, no frame."""
    TOP = "top"
    """Above the tabs, the whole width: what must not be missed."""
    TIMELINE = "timeline"
    """Above the timeline: where something is added to it."""
    TAB = "tab"
    """A tab of its own beside the timeline; shown when it is chosen."""
    ASIDE = "aside"
    """In the column beside the timeline, with a frame and a title."""


def _topics(given: Iterable[Topic | str | type[Entity]]) -> tuple[t.Any, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Menu:
    """A line in the sidebar. `section` is ``work``, ``records``, ``reports``, ``admin`` or one of the plugin's own (a `Text`).

    ``person`` is the menu under the visitor's own name; a page that answers no GET is a button there. `badge` counts what
    waits, `shown` leaves the line out for some visitors. `lists` says at which entities' lists the page is offered too, in their
    menu of further things: it is asked for with ``?kind=sales.contact`` then.
    """

    icon: str = "circle"
    section: str = "work"
    order: int = 50
    label: Text = attrs.field(default=Text(""), converter=as_text)
    badge: t.Callable[[Uow], int] | None = None
    shown: t.Callable[[Visit], bool] | None = None
    lists: t.Callable[[Visit, Kind], bool] | None = None


@attrs.frozen(kw_only=True)
class PageMark:
    """A page of a plugin, at ``/<plugin><path>``."""

    takes: t.ClassVar[int] = 2
    path: str
    label: Text = attrs.field(converter=as_text)
    permission: Permission | None
    methods: tuple[str, ...] = ("GET",)
    menu: Menu | None = None
    shell: bool = True


@attrs.frozen(kw_only=True)
class PanelMark:
    """A part of a record's page."""

    takes: t.ClassVar[int] = 2
    of: type[Entity] | None
    label: Text = attrs.field(converter=as_text)
    icon: str = "square"
    slot: Slot = Slot.ASIDE
    order: int = 50
    live: tuple[t.Any, ...] = attrs.field(default=(), converter=_topics)
    permission: Permission | None = None
    lazy: bool = False


@attrs.frozen(kw_only=True)
class WidgetMark:
    """A tile of a dashboard."""

    takes: t.ClassVar[tuple[int, ...]] = (1, 2)
    label: Text = attrs.field(converter=as_text)
    permission: Permission | None
    dashboard: str = "home"
    span: int = 1
    order: int = 50
    live: tuple[t.Any, ...] = attrs.field(default=(), converter=_topics)
    lazy: bool = False


@attrs.frozen(kw_only=True)
class ButtonMark:
    """How a command is shown: it stands beside ``@command`` on one function."""

    takes: t.ClassVar[int | None] = None  # the command's own rule
    icon: str = "zap"
    primary: bool = False
    order: int = 50
    confirm: Text = attrs.field(default=Text(""), converter=as_text)
    menu: bool = False
    bulk: bool = False
    palette: bool = True
    shown: t.Callable[[t.Any], bool] | None = None


@attrs.frozen(kw_only=True)
class BoardMark:
    """A board of a plugin's own, at ``/<plugin><path>``; its function returns the columns."""

    takes: t.ClassVar[int] = 2
    path: str
    label: Text = attrs.field(converter=as_text)
    permission: Permission | None
    move: t.Callable[[Uow, int, str, int | None], None] | None = None
    menu: Menu | None = None
    live: tuple[t.Any, ...] = attrs.field(default=(), converter=_topics)
    may_move: Permission | None = None


@attrs.frozen(kw_only=True)
class ColumnMark:
    """A column lists of an entity can show; its function gets the ids of a page and returns what is shown for each."""

    takes: t.ClassVar[int] = 2
    of: type[Entity]
    label: Text = attrs.field(converter=as_text)
    permission: Permission | None = None
    align: str = "left"


@attrs.frozen(kw_only=True)
class BadgeMark:
    """Marks on cards of an entity's board; its function gets the ids of the cards and returns the badges of some."""

    of: type[Entity] | None
    order: int = 50
    permission: Permission | None = None
    live: tuple[t.Any, ...] = attrs.field(default=(), converter=_topics)

    @property
    def takes(self) -> int:
        """How many arguments the function has: the entity comes first where it is for all of them."""
        return 3 if self.of is None else 2


@attrs.frozen(kw_only=True)
class PopMark:
    """A window that opens by itself when a live topic is told to somebody; its function says which, or None for no window."""

    takes: t.ClassVar[int] = 2
    topic: Topic


@attrs.frozen(kw_only=True)
class SettingsMark:
    """A tab of the settings page."""

    takes: t.ClassVar[int] = 2
    label: Text = attrs.field(converter=as_text)
    permission: Permission | None
    icon: str = "settings"
    order: int = 50


@attrs.frozen(kw_only=True)
class NoteMark:
    """What is said beside a form for a new record while it is being filled in."""

    takes: t.ClassVar[int] = 3
    of: type[Entity] | None
    order: int = 50
    permission: Permission | None = None
    always: bool = False


@attrs.frozen(kw_only=True)
class StripMark:
    """A line above every page, such as the calls somebody is in."""

    takes: t.ClassVar[int] = 2
    label: Text = attrs.field(converter=as_text)
    permission: Permission | None
    order: int = 50
    live: tuple[t.Any, ...] = attrs.field(default=(), converter=_topics)


Contribution = StripMark | NoteMark | PageMark | PanelMark | WidgetMark | ButtonMark | BoardMark | ColumnMark | BadgeMark | PopMark | SettingsMark


def _put(mark: Contribution) -> t.Callable[[F], F]:
    return _mark(t.cast(t.Any, mark))


PageFunction = t.Callable[["Visit", "Uow"], "Result"]
WidgetFunction = t.Callable[["Uow"], "Result"] | t.Callable[["Visit", "Uow"], "Result"]
W = t.TypeVar("W", bound=WidgetFunction)


def page(
    path: str, *, label: str, permission: Permission, methods: Sequence[str] = ("GET",), menu: Menu | None = None, shell: bool = True,
) -> t.Callable[[PageFunction], PageFunction]:  # fmt: skip
    """Serve a page at ``/<plugin><path>``: ``(visit, uow) -> View | Redirect | Toast``. `permission` may be ``PUBLIC``, `path` ``"/"``.

    ``{name}`` in the path is found in ``visit.path``. GET reads only, other methods may write; a form's fields are in
    ``visit.form``. A function with a ``refusal=None`` of its own is asked once more when what was sent will not do: everything is
    undone, and it shows its form with ``refusal.problems`` at their fields. With `menu` it gets a line in the sidebar. `shell`
    False is for pages without the sidebar, such as a login.
    """
    return _put(PageMark(path=path, label=label, permission=permission, methods=tuple(methods), menu=menu, shell=shell))


def panel(
    of: type[E] | None, *, label: str, icon: str = "square", slot: Slot = Slot.ASIDE, order: int = 50,
    live: Iterable[Topic | str | type[Entity]] = (), permission: Permission | None = None, lazy: bool = False,
) -> t.Callable[[t.Callable[[E, Uow], Result]], t.Callable[[E, Uow], Result]]:  # fmt: skip
    """Show a part on the page of every record of an entity (of every entity with None): ``(record, uow) -> View``, or None for nothing.

    It is fetched again when one of the `live` topics (or entities) is told about; `lazy` fetches it after the page.
    Without a `permission` whoever may see the record sees it.
    """
    return _put(PanelMark(of=of, label=label, icon=icon, slot=slot, order=order, live=live, permission=permission, lazy=lazy))


def widget(
    *, label: str, permission: Permission, dashboard: str = "home", span: int = 1, order: int = 50,
    live: Iterable[Topic | str | type[Entity]] = (), lazy: bool = False,
) -> t.Callable[[W], W]:  # fmt: skip
    """Put a tile on a dashboard: ``(uow) -> View``, a chart, or None for no tile. `span` is its width in columns, 1 to 3.

    ``(visit, uow)`` will do too, for a tile that follows what its dashboard is asked for: a period, in ``visit.query``. `lazy` is for
    what takes its time: the page is shown without it, and it is fetched on its own.
    """
    return _put(WidgetMark(label=label, permission=permission, dashboard=dashboard, span=span, order=order, live=live, lazy=lazy))


def button(
    *, icon: str = "zap", primary: bool = False, order: int = 50, confirm: str = "", menu: bool = False, bulk: bool = False, palette: bool = True,
    shown: t.Callable[[t.Any], bool] | None = None,
) -> t.Callable[[F], F]:  # fmt: skip
    """Say how a ``@command`` of a record looks: its icon, whether it is the main one, what is asked before it is done.

    `menu` puts it into the menu of further actions, `bulk` offers it for chosen rows of a list as well, `palette` False keeps a
    command that is about no record out of the command palette. `shown` is asked with the record whether the button makes sense
    there: ``shown=lambda task: task.done_at is None``. It guards nothing: the command itself refuses what may not be.
    """
    return _put(ButtonMark(icon=icon, primary=primary, order=order, confirm=confirm, menu=menu, bulk=bulk, palette=palette, shown=shown))


def board(
    path: str, *, label: str, permission: Permission, move: t.Callable[[Uow, int, str, int | None], None] | None = None,
    may_move: Permission | None = None, menu: Menu | None = None, live: Iterable[Topic | str | type[Entity]] = (),
) -> t.Callable[[t.Callable[[Visit, Uow], Sequence[Column]]], t.Callable[[Visit, Uow], Sequence[Column]]]:  # fmt: skip
    """Serve a board at ``/<plugin><path>``: ``(visit, uow) -> [Column(…)]``, with drag and drop by mouse, touch and keyboard.

    ``move(uow, card, column, before)`` is called when a card is dropped, `before` being the card it now stands above (None:
    at the end); a refusal takes the card back and says why. Without it nothing can be moved.
    """
    return _put(BoardMark(path=path, label=label, permission=permission, move=move, may_move=may_move, menu=menu, live=live))


def list_column(
    of: type[E], *, label: str, permission: Permission | None = None, align: str = "left",
) -> t.Callable[[t.Callable[[Sequence[int], Uow], Mapping[int, t.Any]]], t.Callable[[Sequence[int], Uow], Mapping[int, t.Any]]]:  # fmt: skip
    """Offer a column to the lists of an entity: ``(ids, uow) -> {id: text, Badge or View}``, asked once for each page of rows."""
    return _put(ColumnMark(of=of, label=label, permission=permission, align=align))


BadgesOfOne = t.Callable[[Sequence[int], "Uow"], Mapping[int, "Badge"]]
BadgesOfAny = t.Callable[[type["Entity"], Sequence[int], "Uow"], Mapping[int, "Badge"]]


@t.overload
def card_badge(
    of: type[E], *, order: int = 50, permission: Permission | None = None, live: Iterable[Topic | str | type[Entity]] = (),
) -> t.Callable[[BadgesOfOne], BadgesOfOne]: ...  # fmt: skip
@t.overload
def card_badge(
    of: None, *, order: int = 50, permission: Permission | None = None, live: Iterable[Topic | str | type[Entity]] = (),
) -> t.Callable[[BadgesOfAny], BadgesOfAny]: ...  # fmt: skip
def card_badge(
    of: type[Entity] | None, *, order: int = 50, permission: Permission | None = None, live: Iterable[Topic | str | type[Entity]] = (),
) -> t.Any:  # fmt: skip
    """Put a small mark on cards: ``(ids, uow) -> {id: Badge(…)}``, asked once for all cards that are shown.

    With None it is for boards of every entity, and its function gets the entity first: ``(of, ids, uow)``. Cards are looked at
    again by themselves when their record changes; `live` names what else their marks depend on.
    """
    return _put(BadgeMark(of=of, order=order, permission=permission, live=live))


PopFunction = t.Callable[[int | None, "Uow"], "Window | None"] | t.Callable[[int | None, "Uow"], "Sequence[Window]"]
P = t.TypeVar("P", bound=PopFunction)


def screen_pop(topic: Topic) -> t.Callable[[P], P]:
    """Open a window by itself when `topic` is told to somebody: ``(id, uow) -> Window(…)``, asked with that person's rights.

    None opens nothing; a list of windows opens each of them that is not open, and closes those of before that are not in it.
    """
    return _put(PopMark(topic=topic))


def form_note(
    of: type[E] | None, *, order: int = 50, permission: Permission | None = None, always: bool = False,
) -> t.Callable[[t.Callable[[type[E], Mapping[str, t.Any], Uow], Result]], t.Callable[[type[E], Mapping[str, t.Any], Uow], Result]]:  # fmt: skip
    """Say something beside the form for a new record (of any entity with None) while it is filled in: ``(entity, values, uow) -> View``.

    `values` is what was typed so far, JSON by field, unchecked. It is asked a moment after the last key; None says nothing. With `always`
    it is asked as soon as the form is there, and beside the form for editing as well.
    """
    return _put(NoteMark(of=of, order=order, permission=permission, always=always))


def strip(
    *, label: str, permission: Permission, order: int = 50, live: Iterable[Topic | str | type[Entity]] = (),
) -> t.Callable[[t.Callable[[Visit, Uow], Result]], t.Callable[[Visit, Uow], Result]]:
    """Put a line above every page: ``(visit, uow) -> View``, or None while there is nothing to say.

    It outlives going from page to page, is fetched after the page and again when one of the `live` topics (or entities) is told about.
    """
    return _put(StripMark(label=label, permission=permission, order=order, live=live))


def settings_tab(*, label: str, permission: Permission, icon: str = "settings", order: int = 50) -> t.Callable[[PageFunction], PageFunction]:
    """Add a tab to the settings page: ``(visit, uow) -> View``; its forms post back to the tab (`visit.form`)."""
    return _put(SettingsMark(label=label, permission=permission, icon=icon, order=order))
