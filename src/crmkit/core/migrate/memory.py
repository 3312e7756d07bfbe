"""What the scripts said about types and indexes: more than SQLite remembers, and true for both databases."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa
from alembic.operations import ops

from .models import in_words, type_in_words
from .render import both_ways, plain_conditions


def signature(index: sa.Index, dialect: str) -> tuple[t.Any, ...]:
    """Return what makes two indexes the same: conditions on both databases, expressions where the scripts ran."""
    expressions = tuple(
        part.name if isinstance(part, sa.Column) else in_words(part, dialect) for part in index.expressions
    )
    options = {key: str(value) for key, value in plain_conditions(index).items()}
    return (bool(index.unique), expressions, tuple(sorted(options.items())))


class Memory:
    """Hears every operation of the scripts (`watch`) and remembers the types of columns and the indexes they made."""

    def __init__(self) -> None:
        self.types: dict[tuple[str, str], sa.types.TypeEngine[t.Any]] = {}
        self.indexes: dict[str, ops.CreateIndexOp] = {}

    def watch(self, operation: t.Any, batch: str | None) -> None:
        """Remember one operation; `batch` is the table of the batch it is part of."""
        table = str(getattr(operation, "table_name", batch) or batch)
        if isinstance(operation, ops.CreateTableOp):
            self._created(operation)
        elif isinstance(operation, ops.AddColumnOp):
            self.types[table, operation.column.name] = operation.column.type
        elif isinstance(operation, ops.DropColumnOp):
            self.types.pop((table, operation.column_name), None)
        elif isinstance(operation, ops.AlterColumnOp):
            self._altered(table, operation)
        elif isinstance(operation, ops.CreateIndexOp):
            self.indexes[str(operation.index_name)] = operation
        elif isinstance(operation, ops.DropIndexOp):
            self.indexes.pop(str(operation.index_name), None)
        elif isinstance(operation, ops.DropTableOp):
            self._moved(operation.table_name, None)
        elif isinstance(operation, ops.RenameTableOp):
            self._moved(operation.table_name, operation.new_table_name)

    def _created(self, operation: ops.CreateTableOp) -> None:
        for item in operation.columns:
            if isinstance(item, sa.Column):
                self.types[operation.table_name, item.name] = item.type

    def _altered(self, table: str, operation: ops.AlterColumnOp) -> None:
        old, new = (table, operation.column_name), (table, operation.modify_name or operation.column_name)
        kind = operation.modify_type or self.types.get(old)
        self.types.pop(old, None)
        if kind is not None:
            self.types[new] = kind
        if new != old:
            for index in self.indexes.values():
                if index.table_name == table:
                    index.columns = [new[1] if column == old[1] else column for column in index.columns]

    def _moved(self, table: str, to: str | None) -> None:
        for key in [key for key in self.types if key[0] == table]:
            kind = self.types.pop(key)
            if to is not None:
                self.types[to, key[1]] = kind
        for name, index in list(self.indexes.items()):
            if index.table_name == table:
                if to is None:
                    del self.indexes[name]
                else:
                    index.table_name = to

    def differs(
        self,
        _context: object,
        inspected: sa.Column[t.Any],
        model: sa.Column[t.Any],
        _inspected_type: object,
        kind: t.Any,
    ) -> bool | None:
        """Say whether a column's type changed, on either database; None leaves it to Alembic."""
        said = self.types.get((model.table.name, model.name))
        return None if said is None else type_in_words(said) != type_in_words(kind)

    def correct(self, tree: ops.UpgradeOps) -> None:
        """Put remembered types where Alembic only has SQLite's: into what a step back must make again."""
        for op in tree.ops:
            if isinstance(op, ops.DropTableOp) and op._reverse is not None:
                for item in op._reverse.columns:
                    if isinstance(item, sa.Column):
                        item.type = self.types.get((op.table_name, item.name), item.type)
            for inner in op.ops if isinstance(op, ops.ModifyTableOps) else ():
                self._correct_column(inner)

    def _correct_column(self, op: ops.MigrateOperation) -> None:
        if isinstance(op, ops.AlterColumnOp):
            op.existing_type = self.types.get((op.table_name, op.column_name), op.existing_type)
        elif isinstance(op, ops.DropColumnOp) and op._reverse is not None:
            column = op._reverse.column
            column.type = self.types.get((op.table_name, op.column_name), column.type)

    @staticmethod
    def create(index: sa.Index) -> ops.CreateIndexOp:
        """Return the operation that makes `index`, with its conditions in the words of each database."""
        made = ops.CreateIndexOp.from_index(index)
        made.columns = [part if isinstance(part, (str, sa.Column)) else both_ways(part) for part in made.columns]
        made.kw = {**made.kw, **plain_conditions(index)}
        return made
