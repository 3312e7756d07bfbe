"""Entities: attrs classes mapped to one table each; extensions: side tables that share the entity's key."""

from __future__ import annotations

import datetime as dt
import re
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa

from .errors import Misuse
from .mapped import Fits, Mapped
from .record import Record, _Column, column, map_class, relation, snake, text_of, uow_of
from .text import Text, _
from .types import BigId, Email, Money, Phone, UtcDateTime

if t.TYPE_CHECKING:
    from .uow import Uow

E = t.TypeVar("E", bound="Entity")
X = t.TypeVar("X", bound="Extension[t.Any]")


class Entity(Record):
    """Something the CRM remembers. Subclass with ``table=``; reach another plugin's side table as ``entity[Extension]``.

    Every entity has `id`, `created_at`, `updated_at`, `version` (1 at first, for the optimistic lock) and `archived_at`.
    A subclass without ``table=`` is a mixin: its fields are declared in each entity that inherits it. `attached_needs` names a
    permission: notes, files and whatever else is about such a record is seen by those alone who hold it for that record.
    """

    if t.TYPE_CHECKING:
        created_at: Mapped[dt.datetime] = column(init=False)
        updated_at: Mapped[dt.datetime] = column(init=False)
        version: Mapped[int] = column(init=False)
        archived_at: Mapped[dt.datetime | None] = column(init=False)

    def __init_subclass__(cls, *, table: str = "", label: str = "", plural: str = "", attached_needs: str = "") -> None:
        super().__init_subclass__()
        cls.__attached_needs__ = attached_needs
        cls.__label__ = text_of(label or re.sub(r"_", " ", snake(cls.__name__)).capitalize())
        cls.__plural__ = text_of(plural) if plural else cls.__label__
        map_class(cls, table or None, sa.Column("id", BigId, primary_key=True))
        if table:
            _index(cls)

    __plural__: t.ClassVar[Text]
    __attached_needs__: t.ClassVar[str] = ""

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Complete or refuse the values of a record that is about to be written, one by one or in bulk. For subclasses.

        `values` are its fields, `generated` ones too, to be changed in place; `before` is what was stored, None for a new
        record. Raise `Invalid` with the field's path. Read with ``uow.peek`` and ``uow.connection``: nothing is flushed here.
        """

    prepares_moves: t.ClassVar[bool] = True
    """Write False where `prepare` leaves records alone that the system moves: `Uow.move_all` need not ask it about each then."""

    def __getitem__(self: E, kind: t.Callable[..., Fits[E, X]]) -> X:
        """Return this record's `kind` (an extension class); `KeyError` when it has none."""
        if (found := self.get(kind)) is None:
            name = getattr(kind, "__name__", kind)
            raise KeyError(f"{self!r} has no {name}; check with .get({name}) or .attach({name}(...))")
        return found

    def get(self: E, kind: t.Callable[..., Fits[E, X]]) -> X | None:
        """Return this record's `kind`, or None. One query fetches it for every such record of the unit of work."""
        held = self.__dict__.setdefault("_extensions", {})
        if kind not in held:
            if self.__dict__.get("id") is None:
                return None
            cls = t.cast("type[Extension[t.Any]]", kind)  # checkers are told "something that makes what fits this entity"
            uow_of(self, cls.__name__).load_extensions(self, cls)
        return t.cast("X | None", held.get(kind))

    def attach(self: E, extension: Fits[E, X]) -> X:
        """Give this record `extension` (saved together with it) and return it."""
        given = t.cast(X, extension)
        if not isinstance(self, type(given).extends):
            raise Misuse(f"{type(given).__name__} extends {type(given).extends.__name__}, not {type(self).__name__}")
        given.__dict__["subject"] = self
        self.__dict__.setdefault("_extensions", {})[type(given)] = given
        if (uow := self.__dict__.get("_uow")) is not None:
            uow.attach(given)
        return given


def _index(cls: type[Entity]) -> None:
    """Add the indexes lists and boards live on: an owner's or team's newest records, a stage's, an owner's in a stage."""
    table = cls.__table__
    names = table.columns.keys()
    if "owner_id" in names and "team_id" in names:
        sa.Index(f"ix_{table.name}_owner", table.c.owner_id, table.c.id)
        sa.Index(f"ix_{table.name}_team", table.c.team_id, table.c.id)
    for field in cls.__fields__.values():
        if field.about is not None:
            sa.Index(f"ix_{table.name}_{field.name}", table.c[field.about], table.c[field.name])
    if "stage_since" in names:
        sa.Index(f"ix_{table.name}_stage", table.c.pipeline, table.c.stage, table.c.stage_since)
    if "owner_id" in names and "stage_since" in names:
        sa.Index(f"ix_{table.name}_owner_stage", table.c.owner_id, table.c.pipeline, table.c.stage, table.c.stage_since)


def _base_columns() -> dict[str, tuple[_Column, t.Any]]:
    """What every entity has. Given to `Entity` after its class exists, because its annotations are for checkers only."""
    moment: dict[str, t.Any] = {"init": False, "generated": True, "type_": UtcDateTime}
    return {
        "created_at": (column(label=_("Created", ru="Создано"), **moment), dt.datetime),
        "updated_at": (column(label=_("Changed", ru="Изменено"), **moment), dt.datetime),
        "version": (column(BigId, init=False, generated=True, label=_("Version", ru="Версия")), int),
        "archived_at": (column(label=_("Archived", ru="В архиве с"), **moment), dt.datetime | None),
    }


Entity.__specs__ = _base_columns()


class Owned(Entity):
    """Mixin for records that belong to somebody: `owner_id` (an actor) and `team_id`, which row rules look at."""

    owner_id: Mapped[int | None] = column(BigId, default=None, label=_("Owner", ru="Ответственный"))
    team_id: Mapped[int | None] = column(BigId, default=None, label=_("Team", ru="Команда"))


class About(Entity):
    """Mixin for records about any record of any kind: a note, a file. They are seen by those who see what they are about."""

    about_kind: Mapped[str] = column(sa.String(120), label=_("About: kind", ru="О чём: вид записи"))
    about_id: Mapped[int] = column(BigId, about="about_kind", label=_("About: No.", ru="О чём: №"))


class Staged(Entity):
    """Mixin for records that go through a pipeline. `uow.move` alone changes these fields."""

    pipeline: Mapped[str] = column(sa.String(60), init=False, generated=True, label=_("Pipeline", ru="Воронка"))
    stage: Mapped[str] = column(sa.String(60), init=False, generated=True, label=_("Stage", ru="Стадия"))
    stage_since: Mapped[dt.datetime] = column(UtcDateTime, init=False, generated=True, label=_("In stage since", ru="На стадии с"))


class Extension(Record, t.Generic[E]):
    """What one plugin adds to another plugin's entity: a side table sharing the entity's key, removed with it."""

    if t.TYPE_CHECKING:

        @property
        def subject(self) -> E: ...
        def __fits__(self, record: E) -> t.Self: ...
    extends: t.ClassVar[type[Entity]]

    def __init_subclass__(cls, *, table: str, label: str = "") -> None:
        super().__init_subclass__()
        (cls.extends,) = t.get_args(cls.__orig_bases__[0])  # type: ignore[attr-defined]
        cls.__label__ = text_of(label or snake(cls.__name__).replace("_", " ").capitalize())
        cls.__extension_name__ = snake(cls.__name__)
        map_class(cls, table, sa.Column("id", sa.ForeignKey(cls.extends.__table__.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False))

    __extension_name__: t.ClassVar[str]


__all__ = ["About", "Email", "Entity", "Extension", "Mapped", "Money", "Owned", "Phone", "Record", "Staged", "column", "relation", "snake"]
