"""What an editor and a type checker know of fields and extensions; at run time nothing here does anything."""

from __future__ import annotations

import typing as t

V = t.TypeVar("V")
E_contra = t.TypeVar("E_contra", bound="Entity", contravariant=True)
X_co = t.TypeVar("X_co", bound="Extension[t.Any]", covariant=True)

if t.TYPE_CHECKING:
    import sqlalchemy as sa

    from .model import Entity, Extension, Record


class Mapped(t.Generic[V]):
    """A stored field: the column on the class (``Deal.amount > 5``), the value on a record (``deal.amount``).

    SQLAlchemy's own `Mapped` promises an attribute of its ORM, which is never there, and lets SQL expressions be assigned,
    which are refused here. Only the argument of the annotation matters at run time: mapping replaces the attribute.
    """

    if t.TYPE_CHECKING:

        @t.overload
        def __get__(self, record: None, owner: type) -> sa.Column[V]: ...
        @t.overload
        def __get__(self, record: Record, owner: type) -> V: ...
        def __get__(self, record: t.Any, owner: t.Any) -> t.Any: ...
        def __set__(self, record: Record, value: V) -> None: ...


class Fits(t.Protocol[E_contra, X_co]):
    """An extension of this entity and of no other: what lets ``deal[Patient]`` be refused and ``contact[Patient]`` be a `Patient`."""

    def __fits__(self, record: E_contra) -> X_co: ...
