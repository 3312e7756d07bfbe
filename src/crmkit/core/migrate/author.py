"""Writing a plugin's next revision: its scripts run in a scratch database, and the models say what is still missing."""

from __future__ import annotations

import contextlib
import re
import typing as t
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from ..database import _teach
from ..text import Text
from . import findings, words
from .compare import differences
from .memory import Memory, signature
from .models import merged, type_in_words
from .owner import VERSIONS, Owner, checked_history, prefix_problems
from .render import render_item, source_of
from .steps import run
from .store import changing, is_full_text, tables_in, unread_indexes
from .words import SchemaError


@attrs.frozen
class Made:
    """A revision just written, and what its author should look at before running it."""

    path: Path
    revision: str
    notes: tuple[Text, ...]


def make(owner: Owner, message: str, engine: sa.Engine | None = None) -> Made | None:
    """Write ``0002_message.py`` with what the models have and the scripts do not yet; None when they agree.

    The existing scripts run in a scratch SQLite in memory. Give `engine`, an *empty* database, when they need another
    one; it is left empty. Read the file before you run it: it is a proposal.
    """
    if problems := prefix_problems(owner):
        raise SchemaError(words.joined(problems, "\n"))
    revisions = checked_history(owner)
    down = revisions[-1].id if revisions else None
    number = int(down[-4:]) + 1 if down else 1
    slug = re.sub(r"\W+", "_", message.casefold()).strip("_")[:40].strip("_") or "change"
    path, revision = owner.scripts / f"{number:04d}_{slug}.py", f"{owner.name}_{number:04d}"
    with _scratch(engine) as connection:
        models = merged(owner.tables)
        memory = _replay(connection, owner, models)
        tree, context = _compare(connection, owner, models, memory)
        if not tree.ops:
            return None
        notes = _notes(tree, bool(revisions))
        back = tree.reverse()
        for op in [*tree.ops, *back.ops]:
            if isinstance(op, ops.DropIndexOp):
                op.kw = {}  # a name is enough to drop it
        upgrade, downgrade = (
            render_python_code(
                part, render_as_batch=True, render_item=render_item, migration_context=context, user_module_prefix=""
            )
            for part in (tree, back)
        )
        owner.scripts.mkdir(parents=True, exist_ok=True)
        path.write_text(source_of(message, revision, down, upgrade, downgrade, notes), encoding="utf-8")
        notes += _left(connection, owner)
    return Made(path, revision, tuple(notes))


@contextlib.contextmanager
def _scratch(engine: sa.Engine | None) -> Iterator[sa.Connection]:
    """Open a transaction in an empty database; nothing of it stays."""
    made = engine or sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with contextlib.suppress(_Undo), changing(made, "make") as connection:
        if connection.dialect.name == "sqlite":
            _teach(connection.connection.driver_connection)
        yield connection
        raise _Undo
    if engine is None:
        made.dispose()


class _Undo(Exception):
    """Not an error: it ends the scratch transaction."""


def _replay(connection: sa.Connection, owner: Owner, models: sa.MetaData) -> Memory:
    own = {table.name for table in owner.tables}
    models.create_all(
        connection, tables=[table for table in models.sorted_tables if table.name not in own], checkfirst=False
    )
    memory = Memory()
    if checked_history(owner):
        try:
            run(connection, owner, "head", watch=memory.watch)
        except SchemaError as error:
            raise SchemaError(findings.FAILED_SCRATCH.format(plugin=owner.name, reason=error.message)) from error
    return memory


def _compare(
    connection: sa.Connection, owner: Owner, models: sa.MetaData, memory: Memory
) -> tuple[ops.UpgradeOps, MigrationContext]:
    indexes = {index for table in owner.tables for index in table.indexes}
    own = {table.name for table in owner.tables}
    foreign = models.tables.keys() - own
    for table in models.tables.values():
        table.indexes.clear()  # compared below, where conditions are known for both databases

    def by_name(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "index" and not (
            kind == "table" and (name in foreign or (name or "").startswith(VERSIONS) or is_full_text(name or ""))
        )

    def by_object(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return not (kind == "table" and name in foreign)

    options: dict[str, t.Any] = {
        "compare_type": memory.differs,
        "include_name": by_name,
        "include_object": by_object,
        "render_as_batch": True,
        "render_item": render_item,
        "target_metadata": models,
    }
    context = MigrationContext.configure(connection, opts=options)
    with unread_indexes():
        tree = produce_migrations(context, models).upgrade_ops
    assert tree is not None
    memory.correct(tree)
    _add_checks(connection, tree, models, own)
    _add_indexes(connection, tree, indexes, memory)
    return tree, context


def _add_indexes(connection: sa.Connection, tree: ops.UpgradeOps, indexes: set[sa.Index], memory: Memory) -> None:
    """Compare indexes by what the scripts said, not by what SQLite remembers; dropped ones first, new ones last."""
    dialect = connection.dialect.name
    dropped = {op.table_name for op in tree.ops if isinstance(op, ops.DropTableOp)}
    wanted = {str(index.name): index for index in sorted(indexes, key=lambda index: str(index.name))}
    again: set[str] = set()
    gone: list[ops.MigrateOperation] = []
    for name, said in sorted(memory.indexes.items()):
        old = said.to_index()
        if said.table_name in dropped or (
            name in wanted and signature(wanted[name], dialect) == signature(old, dialect)
        ):
            continue
        again.add(name)
        gone.append(ops.DropIndexOp.from_index(old))
    known = memory.indexes.keys() | _index_names(connection)
    new = [Memory.create(index) for name, index in wanted.items() if name in again or name not in known]
    tree.ops = [*gone, *tree.ops, *new]


def _index_names(connection: sa.Connection) -> set[str]:
    """Return the indexes that scripts made in plain SQL, where the database lists them all in one place."""
    if connection.dialect.name != "sqlite":
        return set()
    return {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'")}


def _add_checks(connection: sa.Connection, tree: ops.UpgradeOps, models: sa.MetaData, own: set[str]) -> None:
    """Compare named checks, which Alembic does not."""
    present = sa.inspect(connection)
    for name in sorted(own & tables_in(connection)):
        real = {str(check["name"]): check["sqltext"] for check in present.get_check_constraints(name) if check["name"]}
        wanted = {
            str(c.name): c for c in models.tables[name].constraints if isinstance(c, sa.CheckConstraint) and c.name
        }
        gone: list[ops.MigrateOperation] = []
        for check in sorted(real.keys() - wanted.keys()):
            made = ops.CreateCheckConstraintOp(op_name(check), name, real[check])
            gone.append(ops.DropConstraintOp(op_name(check), name, type_="check", _reverse=made))
        new = [
            ops.CreateCheckConstraintOp(op_name(check), name, wanted[check].sqltext)
            for check in sorted(wanted.keys() - real.keys())
        ]
        if gone or new:
            changes = _changes(tree, name)
            changes.ops = [*gone, *changes.ops, *new]


def _changes(tree: ops.UpgradeOps, table: str) -> ops.ModifyTableOps:
    for op in tree.ops:
        if isinstance(op, ops.ModifyTableOps) and op.table_name == table:
            return op
    made = ops.ModifyTableOps(table, [])
    tree.ops.append(made)
    return made


def op_name(name: str) -> t.Any:
    """Return a constraint's name as final: naming conventions leave it alone."""
    return sa.sql.elements.conv(name)


def _notes(tree: ops.UpgradeOps, has_rows: bool) -> list[Text]:
    found: list[Text] = []
    for op in tree.ops:
        if isinstance(op, ops.DropTableOp):
            found.append(findings.NOTE_DROP.format(table=op.table_name))
        if isinstance(op, ops.ModifyTableOps) and has_rows:
            found += _table_notes(op)
    return found


def _table_notes(changed: ops.ModifyTableOps) -> list[Text]:
    table, found = changed.table_name, list[Text]()
    come = [op.column for op in changed.ops if isinstance(op, ops.AddColumnOp)]
    gone = [op for op in changed.ops if isinstance(op, ops.DropColumnOp)]
    for column in come:
        if not column.nullable and column.server_default is None:
            found.append(findings.NOTE_REQUIRED.format(table=table, column=column.name))
    for op in changed.ops:
        if isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False:
            found.append(findings.NOTE_NOT_NULL.format(table=table, column=op.column_name))
        if isinstance(op, ops.AlterColumnOp) and op.modify_type is not None and op.existing_type is not None:
            old_type, new_type = type_in_words(op.existing_type), type_in_words(op.modify_type)
            if not all(said.startswith(("VARCHAR", "TEXT")) for said in (*old_type, *new_type)):
                facts = {"old": old_type[0], "new": new_type[0]}
                found.append(findings.NOTE_TYPE.format(table=table, column=op.column_name, **facts))
    for old in gone:
        kind = type_in_words(old.to_column().type)
        like = next((column for column in come if type_in_words(column.type) == kind), None)
        if like is not None:
            come.remove(like)
            found.append(findings.NOTE_RENAME.format(table=table, gone=old.column_name, come=like.name))
    return found


def _left(connection: sa.Connection, owner: Owner) -> Sequence[Text]:
    """Run the new script too and say what it does not do yet."""
    try:
        run(connection, owner, "head")
    except SchemaError as error:
        return [findings.NOTE_LEFT.format(what=error.message)]
    names = {table.name for table in owner.tables}
    left = differences(connection, owner.tables, tables_in(connection) & names)
    return [findings.NOTE_LEFT.format(what=what) for what in left]
