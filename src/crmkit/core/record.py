"""What entities and extensions are made of: an attrs class whose declared columns are a table's."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import inspect
import re
import types
import typing as t
import uuid

import attr
import attrs
import sqlalchemy as sa

from .errors import Misuse, closest
from .field import Check, Clean, Field
from .mapped import Mapped
from .text import Text, _
from .types import BigId, Choice, Exact, UtcDateTime

if t.TYPE_CHECKING:
    from .model import Entity
    from .uow import Uow


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
}  # fmt: skip
SQL_TYPES: dict[t.Any, t.Callable[[], sa.types.TypeEngine[t.Any]]] = {
    int: lambda: BigId, str: sa.String, bool: sa.Boolean, float: sa.Float, bytes: sa.LargeBinary, uuid.UUID: sa.Uuid,
    dict: sa.JSON, list: sa.JSON, decimal.Decimal: Exact, dt.datetime: UtcDateTime, dt.date: sa.Date,
}  # fmt: skip


@attrs.frozen(kw_only=True)
class _Column:
    type: t.Any
    to: type[Entity] | t.Literal["self"] | None
    default: t.Any
    factory: t.Callable[[], t.Any] | None
    init: bool
    clean: Clean | None
    check: Check | None
    facts: dict[str, t.Any]
    sql: dict[str, t.Any]


@attrs.frozen
class _Link:
    via: str | None


def column(
    type_: t.Any = None, *, to: type[Entity] | t.Literal["self"] | None = None, default: t.Any = attrs.NOTHING,
    factory: t.Callable[[], t.Any] | None = None, init: bool = True, clean: Clean | None = None, check: Check | None = None,
    label: str = "", help: str = "", search: bool = False, personal: bool = False, secret: bool = False,
    generated: bool = False, total: bool = False, part: bool = False, about: str | None = None,
    needs: str | None = None, **sql: t.Any,
) -> t.Any:  # fmt: skip
    """Declare a stored field.

    `type_` is a SQLAlchemy type (guessed from the annotation when left out); `to` an entity it points to; `clean` changes a
    value before it is kept and `check` refuses it by raising `ValueError`: both on construction, assignment and input,
    never on load. `search` puts it into searches, `personal` marks data about a person, `secret` keeps it out of the
    journal and the API, `total` sums it on boards. `part` makes the record a part of the one it points to: rights and rows
    are those of its whole. `about` names the field with the kind (``"sales.deal"``) of the record whose key this is: the row
    is seen by those who see that record. `needs` names a permission: whoever lacks it for records they see never sees this field
    of any. What is left (``index=True, unique=True``) goes to `sqlalchemy.Column`.
    """
    facts = {"label": label, "help": help, "search": search, "personal": personal, "secret": secret, "generated": generated, "total": total,
        "part": part, "about": about, "needs": needs}
    return _Column(type=type_, to=to, default=default, factory=factory, init=init, clean=clean, check=check, facts=facts, sql=sql)


def relation(*, via: str = "", init: t.Literal[False] = False) -> t.Any:
    """Declare a link to the record a foreign key names (``company`` follows ``company_id``). Assigned, never an argument."""
    return _Link(via or None)


@t.dataclass_transform(eq_default=False, kw_only_default=True, field_specifiers=(column, relation))
class Record:
    """What entities and extensions share: fields, cleaning on assignment, and the unit of work they belong to."""

    __table__: t.ClassVar[sa.Table]
    __table_name__: t.ClassVar[str]
    __fields__: t.ClassVar[dict[str, Field]]
    __links__: t.ClassVar[dict[str, str]]
    __label__: t.ClassVar[Text]
    __specs__: t.ClassVar[dict[str, tuple[_Column, t.Any]]] = {}
    __relations__: t.ClassVar[dict[str, tuple[_Link, t.Any]]] = {}
    if t.TYPE_CHECKING:
        id: Mapped[int] = column(init=False)

    def _assign(self, name: str, value: t.Any) -> None:
        field = self.__fields__.get(name)
        values = self.__dict__
        if field is None:
            _set_other(self, name, value)
            return
        if field.generated and "_state" in values:
            raise Misuse(_generated(self, name))
        values[name] = value if field.generated else field.accept(value)
        if (uow := values.get("_uow")) is not None:
            uow.touch(self)

    if not t.TYPE_CHECKING:  # a checker that saw it would let any name be assigned
        __setattr__ = _assign

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.__dict__.get('id') or 'new'}>"


def _set_other(record: Record, name: str, value: t.Any) -> None:
    if name.startswith("_"):
        record.__dict__[name] = value
    elif name in record.__links__:
        link: _FollowLink = type(record).__dict__.get(name) or getattr(type(record), name)
        link.assign(record, value)
    else:
        known = [*record.__fields__, *record.__links__]
        raise AttributeError(f"{type(record).__name__} has no field {name!r}.{closest(name, known)}")


def _generated(record: Record, name: str) -> str:
    if name in ("pipeline", "stage", "stage_since"):
        return f"{type(record).__name__}.{name} is changed by uow.move(record, PIPELINE[stage]), so that rules and history hold"
    return f"{type(record).__name__}.{name} is kept by crmkit and cannot be assigned"


class _Read:
    """On the class the column, for queries; on an instance the value in its ``__dict__`` wins."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def __get__(self, record: Record | None, owner: type) -> t.Any:
        if record is None:
            return self.field.column
        raise AttributeError(f"{record!r} has no {self.field.name} yet")


class _FollowLink:
    """``deal.company``: the record that ``deal.company_id`` names, fetched once for all deals of the unit of work."""

    def __init__(self, name: str, via: str, target: type[Entity]) -> None:
        self.name, self.via, self.target = name, via, target

    def __get__(self, record: Record | None, owner: type) -> t.Any:
        if record is None:
            return self
        key = record.__dict__.get(self.via)
        waiting = record.__dict__.get("_waiting", {}).get(self.via)
        if key is None or waiting is not None:
            return waiting
        return uow_of(record, self.name).follow(record, self.via, self.target)

    def __set__(self, record: Record, value: t.Any) -> None:
        record.__setattr__(self.name, value)

    def assign(self, record: Record, value: Entity | None) -> None:
        """Point at `value`; a new record is inserted first when the unit of work is flushed."""
        waiting = record.__dict__.setdefault("_waiting", {})
        waiting.pop(self.via, None)
        if value is not None and value.__dict__.get("id") is None:
            waiting[self.via] = value
            if (uow := record.__dict__.get("_uow")) is not None:
                uow.touch(record)
        else:
            record.__setattr__(self.via, value.id if value is not None else None)


def uow_of(record: Record, wanted: str) -> Uow:
    """Return the unit of work a record belongs to, or say why nothing can be loaded."""
    uow: Uow | None = record.__dict__.get("_uow")
    if uow is None:
        raise Misuse(f"{record!r}.{wanted} needs its unit of work: read it inside `with crm.uow(...)`, after uow.add or uow.get")
    return uow


def _plain(annotation: t.Any) -> tuple[t.Any, bool]:
    """``Mapped[str | None]`` -> ``(str, True)``."""
    origin = t.get_origin(annotation)
    inner = t.get_args(annotation)[0] if getattr(origin, "__name__", "") == "Mapped" else annotation
    if t.get_origin(inner) in (t.Union, types.UnionType):
        kept = [a for a in t.get_args(inner) if a is not type(None)]
        if len(kept) != 1:
            raise TypeError(f"a field holds one type, or one type and None; not {inner}")
        return kept[0], True
    return inner, False


def snake(name: str) -> str:
    """``PointOfSale`` -> ``point_of_sale``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _build(cls: type[Record], name: str, spec: _Column, hint: t.Any) -> Field:
    python, nullable = _plain(hint)
    plain = t.get_origin(python) or python
    to = t.cast("type[Entity]", cls) if spec.to == "self" else spec.to
    sql_type = spec.type
    if sql_type is None:
        if isinstance(plain, type) and issubclass(plain, enum.Enum):
            sql_type = Choice(plain)
        elif plain in SQL_TYPES:
            sql_type = SQL_TYPES[plain]()
        else:
            raise TypeError(f"{cls.__name__}.{name}: no column type is known for {python}; write column(SomeType)")
    sql_type = sql_type() if isinstance(sql_type, type) else sql_type
    keys = [sa.ForeignKey(f"{cls.__table_name__}.id" if to is cls else to.__table__.c.id)] if to else []
    made = sa.Column(name, sql_type, *keys, nullable=nullable, **spec.sql)
    clean = spec.clean or getattr(sql_type, "clean", None)
    facts = spec.facts | {"label": text_of(spec.facts["label"] or name.removesuffix("_id").replace("_", " ").capitalize()),
        "help": text_of(spec.facts["help"])}
    has_default = spec.default is not attrs.NOTHING or spec.factory is not None or not spec.init
    return Field(
        name=name, column=made, type=plain, nullable=nullable, has_default=has_default, to=to, clean=clean, check=spec.check,
        max_length=getattr(sql_type, "length", None) if plain is str else None, **facts,
    )  # fmt: skip


def text_of(value: str) -> Text:
    """Return a label, whoever wrote it."""
    return value if isinstance(value, Text) else Text(value)


def _attribute(spec: _Column) -> t.Any:
    default = attrs.Factory(spec.factory) if spec.factory else spec.default
    if not spec.init and default is attrs.NOTHING:
        default = None
    return attr.ib(default=default, init=spec.init, kw_only=True)


def _collect(cls: type[Record]) -> tuple[dict[str, tuple[_Column, t.Any]], dict[str, tuple[_Link, t.Any]]]:
    """Read the class body: inherited declarations first, then its own, in order."""
    try:
        hints = t.get_type_hints(cls, localns={cls.__name__: cls, "Mapped": Mapped})
    except NameError as error:
        raise NameError(f"{cls.__module__}.{cls.__name__}: {error}; entities read their annotations when the class is made") from error
    specs = {n: s for base in reversed(cls.__mro__[1:]) for n, s in base.__dict__.get("__specs__", {}).items()}
    links: dict[str, tuple[_Link, t.Any]] = {n: s for base in reversed(cls.__mro__[1:]) for n, s in base.__dict__.get("__relations__", {}).items()}
    body = vars(cls)
    for name in body.get("__annotations__") or inspect.get_annotations(cls):
        value = body.get(name)
        if isinstance(value, _Link):
            links[name] = (value, hints[name])
        elif isinstance(value, _Column):
            specs[name] = (value, hints[name])
        elif name not in body and getattr(t.get_origin(hints[name]), "__name__", "") == "Mapped":
            specs[name] = (column(), hints[name])
    return specs, links


def map_class(cls: type[Record], table: str | None, key: sa.Column[t.Any] | None, metadata: sa.MetaData | None = None) -> None:
    """Turn a class body into an attrs class with a table; without `table` keep the declarations for subclasses."""
    own, links = _collect(cls)
    cls.__specs__, cls.__relations__ = own, links
    for name in own:
        if name in vars(cls):
            delattr(cls, name)
    if table is None or key is None:
        return
    cls.__table_name__ = table
    fields = {name: _build(cls, name, spec, hint) for name, (spec, hint) in own.items()}
    if "id" not in fields:
        fields = {"id": Field(name="id", column=key, type=int, nullable=False, has_default=True, generated=True, label=_("No.", ru="№"))} | fields
    cls.__fields__ = fields
    cls.__table__ = sa.Table(table, metadata or sa.MetaData(naming_convention=NAMING), *(f.column for f in fields.values()))
    attributes = {n: _attribute(own[n][0]) for n in own}
    attributes.setdefault("id", attr.ib(default=None, init=False))

    def retype(_cls: type, found: list[attr.Attribute[t.Any]]) -> list[attr.Attribute[t.Any]]:
        """Let attrs, cattrs and their users see ``str`` where checkers see ``Mapped[str]``."""
        return [a.evolve(type=fields[a.name].type | None if fields[a.name].nullable else fields[a.name].type) for a in found]

    attr.s(cls, these=attributes, slots=False, eq=False, repr=False, kw_only=True, collect_by_mro=True, field_transformer=retype)
    for field in fields.values():
        setattr(cls, field.name, _Read(field))
    cls.__links__ = {}
    for name, (link, hint) in links.items():
        via, target = link.via or f"{name}_id", _plain(hint)[0]
        if via not in fields:
            raise TypeError(f"{cls.__name__}.{name} = relation() needs a field {via!r}; declare {via}: Mapped[int] = column(to={target.__name__})")
        cls.__links__[name] = via
        setattr(cls, name, _FollowLink(name, via, target))
