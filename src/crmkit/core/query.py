"""`uow.find(Deal)`: the records an actor may see, as a query to narrow down."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import sqlalchemy as sa

from .errors import Misuse, NotFound
from .filter import EVERYTHING, Node, read_filter
from .kind import Kind
from .model import Entity
from .where import Where, hop_prefix, parameters

if t.TYPE_CHECKING:
    from sqlalchemy.sql.elements import ColumnElement, UnaryExpression

    from .uow import Uow

E = t.TypeVar("E", bound=Entity)


class Query(t.Generic[E]):
    """Records of one kind under the actor's row rule, archived ones left out. Every call returns a new query.

    ``uow.find(Deal).where(Deal.amount > 100).order_by(Deal.id.desc()).limit(10).all()``
    """

    def __init__(self, uow: Uow, kind: Kind) -> None:
        self._uow, self._kind = uow, kind
        self._conditions: tuple[t.Any, ...] = ()
        self._filters: tuple[Node, ...] = ()
        self._order: tuple[t.Any, ...] = ()
        self._limit: int | None = None
        self._archived: bool | None = False

    def _with(self, **changes: t.Any) -> Query[E]:
        made: Query[E] = object.__new__(type(self))
        made.__dict__.update(self.__dict__ | changes)
        return made

    def where(self, *conditions: ColumnElement[bool] | bool | Mapping[str, t.Any]) -> Query[E]:
        """Narrow by SQLAlchemy conditions (``Deal.amount > 5``) or filter trees (``{"company.city": "Пермь"}``)."""
        trees = tuple(read_filter(c, self._kind, self._uow.crm.kinds) for c in conditions if isinstance(c, Mapping))
        plain = tuple(c for c in conditions if not isinstance(c, Mapping))
        return self._with(_conditions=self._conditions + plain, _filters=self._filters + trees)

    def order_by(self, *columns: ColumnElement[t.Any] | UnaryExpression[t.Any] | t.Any) -> Query[E]:
        """Order by columns; without it records come by id."""
        return self._with(_order=self._order + columns)

    def limit(self, count: int) -> Query[E]:
        """Return at most `count`."""
        return self._with(_limit=count)

    def archived(self, only: bool = True) -> Query[E]:
        """Look at archived records only; ``archived(only=False)`` at all of them."""
        return self._with(_archived=True if only else None)

    # ---- answers -----------------------------------------------------------------------------------------------
    def all(self) -> list[E]:
        """Return the records as entities."""
        kind = self._kind
        rows = self._uow.connection.execute(self._statement(*kind.table.columns))
        return [t.cast(E, self._uow.adopt(kind, row)) for row in rows]

    def columns(self, *columns: t.Any) -> list[sa.Row[*tuple[t.Any, ...]]]:
        """Return only these columns, as rows: six times cheaper than entities, for anything that is merely shown."""
        return list(self._uow.connection.execute(self._statement(*columns)).all())

    def ids(self) -> list[int]:
        """Return the keys."""
        return [row[0] for row in self._uow.connection.execute(self._statement(self._kind.table.c.id))]

    def first(self) -> E | None:
        """Return the first record, or None."""
        found = self.limit(1).all()
        return found[0] if found else None

    def one(self) -> E:
        """Return the only record; `NotFound` when there is none, `Misuse` when there are several."""
        found = self.limit(2).all()
        if not found:
            raise NotFound()
        if len(found) > 1:
            raise Misuse(f"one {self._kind.key} was expected, there are several; narrow the query or use .first()")
        return found[0]

    def count(self) -> int:
        """Return how many there are."""
        inner = self._statement(self._kind.table.c.id, ordered=False).subquery()
        return self._uow.connection.execute(sa.select(sa.func.count()).select_from(inner)).scalar_one()

    def exists(self) -> bool:
        """True when there is at least one."""
        return self._uow.connection.execute(self.limit(1)._statement(self._kind.table.c.id, ordered=False)).first() is not None

    def __iter__(self) -> t.Iterator[E]:
        return iter(self.all())

    def _statement(self, *columns: t.Any, ordered: bool = True) -> sa.Select[t.Any]:
        uow, kind = self._uow, self._kind
        uow.flush()
        where = Where(kind, uow.crm.kinds, uow.connection.dialect, uow.rule)
        values: dict[str, t.Any] = {}
        conditions = [where.node(node, f"q{i}_") for i, node in enumerate(self._filters)]
        for i, node in enumerate(self._filters):
            values |= parameters(node, f"q{i}_", uow.context, uow.connection.dialect)
        rule = uow.rule(kind)
        if rule is not EVERYTHING:
            conditions.append(where.own_rule(rule, "m"))
            values |= parameters(rule, "m", uow.context, uow.connection.dialect)
        for target in uow.crm.kinds.values() if where.source is not kind.table else ():
            values |= parameters(uow.rule(target), hop_prefix(target.key), uow.context, uow.connection.dialect)
        if self._archived is not None:
            archived = kind.table.c.archived_at
            conditions.append(archived.is_not(None) if self._archived else archived.is_(None))
        statement = sa.select(*columns).select_from(where.source).where(*conditions, *self._conditions)
        if ordered:
            statement = statement.order_by(*(self._order or (kind.table.c.id,)))
        if self._limit is not None:
            statement = statement.limit(self._limit)
        return statement.params({k: v for k, v in values.items() if k in where.names})
