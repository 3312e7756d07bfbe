"""Running revision files through Alembic, inside a transaction that is already open."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Iterable, Iterator

import attrs
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from . import words
from .owner import KERNEL, VERSIONS, Owner, Revision, checked_history, owner_of
from .store import dangling, is_busy, is_sqlite, reason, tables_in, touched_table, unread_indexes
from .words import MigrationFailed, SchemaError

Watch = Callable[[t.Any, str | None], None]


@attrs.frozen
class Step:
    """One revision about to run: `number` of `total` in this run of the command."""

    plugin: str
    revision: str
    title: str
    number: int = 1
    total: int = 1


def run(
    connection: sa.Connection, owner: Owner, target: str, *, down: bool = False, names: Iterable[str] = (),
    before: Callable[[Revision], None] | None = None, watch: Watch | None = None,
) -> None:  # fmt: skip
    """Bring `owner` to revision `target` (``"base"`` for none), or raise `MigrationFailed` with the way out."""
    by_id = {revision.id: revision for revision in checked_history(owner)}
    at: list[Revision] = []

    def steps(heads: t.Any, context: MigrationContext) -> Iterator[t.Any]:
        chosen = scripts._downgrade_revs(target, heads) if down else scripts._upgrade_revs(target, heads)
        for step in chosen:
            at[:] = [by_id[step.revision.revision]]
            if before is not None:
                before(at[0])
            yield step

    scripts = ScriptDirectory(str(owner.scripts), version_locations=[str(owner.scripts)])
    start: str | None = None
    try:
        with _context(connection, owner, steps) as context, _guarded(connection, owner, names):
            start = context.get_current_revision()
            with _operations(context, watch):
                context.run_migrations()
        dangling(
            connection, [name for name in tables_in(connection) if owner_of(name, {owner.name, *names}) == owner.name]
        )
    except Exception as error:
        if is_busy(error):
            raise
        revision = at[0] if at else Revision(target, "", owner.scripts)
        text = words.FAILED.format(
            plugin=owner.name,
            revision=revision.id,
            title=revision.title,
            reason=reason(error),
            current=start or words.BASE,
            path=revision.path,
        )
        raise MigrationFailed(text, owner.name, revision.id) from error


@contextlib.contextmanager
def _context(connection: sa.Connection, owner: Owner, steps: Callable[..., t.Any]) -> Iterator[MigrationContext]:
    context = MigrationContext.configure(
        connection,
        opts={"version_table": owner.version_table, "fn": steps, "transactional_ddl": True, "render_as_batch": True},
    )
    with unread_indexes(), _survivors(connection) if is_sqlite(connection) else contextlib.nullcontext():
        yield context


@contextlib.contextmanager
def _operations(context: MigrationContext, watch: Watch | None) -> Iterator[None]:
    """Install what ``from alembic import op`` means for the scripts; `watch` hears of every operation first."""
    operations = Operations(context)
    if watch is not None:
        _listen(operations, watch)
    operations._install_proxy()
    try:
        yield
    finally:
        operations._remove_proxy()


def _listen(operations: Operations, watch: Watch) -> None:
    plain, batch = operations.invoke, operations.batch_alter_table

    def invoke(operation: t.Any) -> t.Any:
        watch(operation, None)
        return plain(operation)

    @contextlib.contextmanager
    def batch_alter_table(table_name: str, *args: t.Any, **kw: t.Any) -> Iterator[t.Any]:
        with batch(table_name, *args, **kw) as inner:
            inner_plain = inner.invoke

            def inner_invoke(operation: t.Any) -> t.Any:
                watch(operation, table_name)
                return inner_plain(operation)

            inner.invoke = inner_invoke  # type: ignore[method-assign]
            yield inner

    operations.invoke = invoke  # type: ignore[method-assign]
    operations.batch_alter_table = batch_alter_table  # type: ignore[method-assign]


@contextlib.contextmanager
def _guarded(connection: sa.Connection, owner: Owner, names: Iterable[str]) -> Iterator[None]:
    """Refuse statements that write to somebody else's table: this keeps the histories independent of each other."""
    everyone = {KERNEL, owner.name, *names}

    def refuse(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        table = touched_table(statement)
        if table is None or table == owner.version_table:
            return
        bare = table.removeprefix("_alembic_tmp_")
        if bare.startswith(VERSIONS) or owner_of(bare, everyone) != owner.name:
            raise SchemaError(words.FOREIGN.format(plugin=owner.name, table=table, prefix=owner.prefix))

    with _heard(connection, "before_cursor_execute", refuse):
        yield


@contextlib.contextmanager
def _survivors(connection: sa.Connection) -> Iterator[None]:
    """Keep what a table rebuilt by batch mode would lose on SQLite: indexes on expressions, and triggers."""
    kept: dict[str, list[tuple[str, str]]] = {}

    def before(_connection: object, cursor: t.Any, statement: str, *_rest: object) -> None:
        words_of = statement.replace('"', "").split()
        if words_of[:2] == ["DROP", "TABLE"]:
            kept[words_of[-1]] = _unreflected(cursor.connection, words_of[-1])
        elif words_of[:2] == ["DROP", "INDEX"]:
            for table in kept:
                kept[table] = [pair for pair in kept[table] if pair[0] != words_of[-1]]

    def after(_connection: object, cursor: t.Any, statement: str, *_rest: object) -> None:
        words_of = statement.replace('"', "").split()
        if (
            words_of[:2] == ["ALTER", "TABLE"]
            and words_of[2].startswith("_alembic_tmp_")
            and words_of[3:5] == ["RENAME", "TO"]
        ):
            for _name, sql in kept.pop(words_of[5], []):
                cursor.connection.execute(sql)

    with _heard(connection, "before_cursor_execute", before), _heard(connection, "after_cursor_execute", after):
        yield


def _unreflected(raw: t.Any, table: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for kind, name, sql in raw.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (table,)
    ).fetchall():
        on_expression = kind == "index" and any(row[1] == -2 for row in raw.execute(f'PRAGMA index_info("{name}")'))
        if kind == "trigger" or on_expression:
            found.append((name, sql))
    return found


@contextlib.contextmanager
def _heard(connection: sa.Connection, name: str, listener: Callable[..., None]) -> Iterator[None]:
    event.listen(connection, name, listener)
    try:
        yield
    finally:
        event.remove(connection, name, listener)
