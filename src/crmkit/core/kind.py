"""`Kind`: everything one composed CRM knows about one entity, extensions of other plugins included."""

from __future__ import annotations

import operator
import typing as t
from collections.abc import Callable, Mapping

import attrs
import sqlalchemy as sa

from .errors import closest
from .field import Field
from .model import Entity, Extension, Owned, Staged, snake
from .pipeline import Pipeline
from .scopes import RowScope
from .text import Text, _

ACTIONS: dict[str, Text] = {
    "read": _("see", ru="видеть"), "create": _("create", ru="создавать"), "change": _("change", ru="изменять"),
    "move": _("move between stages", ru="переводить по стадиям"), "archive": _("archive and restore", ru="архивировать и восстанавливать"),
}  # fmt: skip


@attrs.frozen(eq=False)
class ExtensionKind:
    """What a plugin adds to an entity: its fields appear under `name`."""

    name: str
    cls: type[Extension[t.Any]]
    plugin: str
    label: Text
    fields: Mapping[str, Field]

    @property
    def table(self) -> sa.Table:
        """The side table."""
        return self.cls.__table__


@attrs.frozen(eq=False)
class Link:
    """A field that points to another kind: ``company`` through ``company_id``."""

    name: str
    field: Field
    target: str


@attrs.frozen(eq=False)
class Path:
    """A dotted field, resolved: the hops to take and the field at the end."""

    dotted: str
    hops: tuple[Link | ExtensionKind, ...]
    field: Field


@attrs.frozen(eq=False)
class Kind:
    """An entity within one CRM. `key` is its public name, ``"sales.deal"``."""

    key: str
    cls: type[Entity]
    plugin: str
    label: Text
    plural: Text
    fields: Mapping[str, Field]
    extensions: dict[str, ExtensionKind] = attrs.field(factory=dict)
    pipelines: dict[str, Pipeline[t.Any]] = attrs.field(factory=dict)
    links: dict[str, Link] = attrs.field(factory=dict)
    commands: dict[str, t.Any] = attrs.field(factory=dict)
    scopes: dict[str, RowScope] = attrs.field(factory=dict)
    names: tuple[str, ...] = attrs.field(init=False)
    all_of: Callable[[Mapping[str, t.Any]], t.Any] = attrs.field(init=False)
    """Takes the values of all own fields out of a mapping at once, to be compared."""
    totals: tuple[Field, ...] = attrs.field(init=False)
    prepares: bool = attrs.field(init=False)
    mutable: tuple[str, ...] = attrs.field(init=False)
    abouts: tuple[Field, ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.fields))
        object.__setattr__(self, "all_of", operator.itemgetter(*self.fields))
        object.__setattr__(self, "prepares", self.cls.prepare.__func__ is not Entity.prepare.__func__)  # type: ignore[attr-defined]
        object.__setattr__(self, "totals", tuple(f for f in self.fields.values() if f.total))
        object.__setattr__(self, "abouts", tuple(f for f in self.fields.values() if f.about is not None))
        object.__setattr__(self, "mutable", tuple(f.name for f in self.fields.values() if f.type in (dict, list)))

    @property
    def table(self) -> sa.Table:
        """The entity's table."""
        return self.cls.__table__

    @property
    def owned(self) -> bool:
        """True when records have an owner and a team."""
        return issubclass(self.cls, Owned)

    @property
    def staged(self) -> bool:
        """True when records go through pipelines."""
        return issubclass(self.cls, Staged)

    @property
    def first_pipeline(self) -> Pipeline[t.Any]:
        """The pipeline new records start in."""
        return next(iter(self.pipelines.values()))

    @property
    def whole(self) -> Link | None:
        """The link to what this is a part of, if it is one: a line's deal, a phone's contact."""
        return next((link for link in self.links.values() if link.field.part), None)

    def permission(self, action: str) -> str:
        """Return the name of the permission for ``read``, ``create``, ``change``, ``move`` or ``archive``.

        A part has none of its own: who may read the whole may read it, who may change the whole may do the rest.
        """
        whole = self.whole
        if whole is not None:
            return f"{whole.target}.{'read' if action == 'read' else 'change'}"
        return f"{self.key}.{action}"

    def path(self, dotted: str, kinds: Mapping[str, Kind]) -> Path:
        """Resolve ``"amount"``, ``"company.name"`` or ``"patient.born"``; `LookupError` says what was meant."""
        *steps, last = dotted.split(".")
        hops: list[Link | ExtensionKind] = []
        here: Kind | ExtensionKind = self
        for step in steps:
            hop = here.extensions.get(step) or here.links.get(step) if isinstance(here, Kind) else None
            if hop is None:
                known = [*here.extensions, *here.links] if isinstance(here, Kind) else []
                raise LookupError(_("{name!r} is no link or extension.{near}", ru="{name!r} не связь и не расширение.{near}").format(
                    name=step, near=closest(step, known)))
            hops.append(hop)
            here = hop if isinstance(hop, ExtensionKind) else kinds[hop.target]
        if last not in here.fields or here.fields[last].secret:
            shown = [n for n, f in here.fields.items() if not f.secret]
            raise LookupError(_("there is no field {name!r}.{near}", ru="нет поля {name!r}.{near}").format(name=last, near=closest(last, shown)))
        return Path(dotted, tuple(hops), here.fields[last])


def kind_of(cls: type[Entity], plugin: str) -> Kind:
    """Describe an entity; extensions, links and pipelines are filled in by composition."""
    name = cls.__table__.name.removeprefix(f"{plugin}_") or snake(cls.__name__)
    return Kind(f"{plugin}.{name}", cls, plugin, cls.__label__, cls.__plural__, dict(cls.__fields__))


def link_up(kinds: Mapping[str, Kind]) -> None:
    """Let every kind know its links: each ``x_id`` that points to an entity of this CRM becomes ``x``."""
    by_class = {k.cls: k.key for k in kinds.values()}
    for kind in kinds.values():
        for field in kind.fields.values():
            if field.to is not None and field.to in by_class:
                name = field.name.removesuffix("_id")
                kind.links[name] = Link(name, field, by_class[field.to])
