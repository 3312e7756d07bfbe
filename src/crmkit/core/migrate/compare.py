"""The difference between models and database, in sentences.

Both sides are read back from the same kind of database: the models are created beside the real tables (as temporary
tables on PostgreSQL, in an empty SQLite in memory), so that the database itself spells types, conditions and defaults.
"""

from __future__ import annotations

import contextlib
import re
import typing as t
from collections.abc import Iterable, Iterator, Sequence

import attrs
import sqlalchemy as sa

from ..database import _teach
from ..text import Text
from . import findings
from .ledger import read as read_ledger
from .models import merged
from .owner import KERNEL, Owner, ordered, owner_of, prefix_problems
from .store import is_sqlite, read_versions, tables_in, unread_indexes

Part = tuple[str, str]  # kind ("index", "key", ...) and name


@attrs.define
class Shape:
    """What a table looks like, in the database's own words."""

    columns: dict[str, tuple[str, bool, str | None]] = attrs.field(factory=dict)
    parts: dict[Part, str] = attrs.field(factory=dict)


def check(engine: sa.Engine, owners: Iterable[Owner]) -> list[Text]:
    """Return a sentence for every difference between the models and the database; nothing when they agree."""
    order = ordered(owners)
    found: list[Text] = []
    with engine.connect() as connection:
        present = tables_in(connection)
        names = {
            KERNEL,
            *(owner.name for owner in order),
            *read_versions(connection, present),
            *read_ledger(connection, present),
        }
        for owner in order:
            own = {name for name in present if owner_of(name, names) == owner.name}
            found += prefix_problems(owner) + differences(connection, owner.tables, own)
    return found


def differences(connection: sa.Connection, tables: Sequence[sa.Table], present: set[str]) -> list[Text]:
    """Return how `tables` differ from the database, where `present` should be all there is."""
    wanted_names = {table.name for table in tables}
    found = [findings.NO_TABLE.format(table=name) for name in sorted(wanted_names - present)]
    found += [findings.EXTRA_TABLE.format(table=name) for name in sorted(present - wanted_names)]
    both = sorted(wanted_names & present)
    if not both:
        return found
    real = shapes(connection, both)
    with _reference(connection, tables) as (beside, schema):
        wanted = shapes(beside, both, schema)
    for name in both:
        found += _columns(name, real[name], wanted[name]) + _parts(name, real[name], wanted[name])
    return found


@contextlib.contextmanager
def _reference(connection: sa.Connection, tables: Iterable[sa.Table]) -> Iterator[tuple[sa.Connection, str | None]]:
    models = merged(tables)
    if is_sqlite(connection):
        scratch = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        with scratch.connect() as beside:
            _teach(beside.connection.driver_connection)
            models.create_all(beside)
            yield beside, None
        scratch.dispose()
        return
    with connection.begin_nested() as savepoint:
        models.create_all(connection.execution_options(schema_translate_map={None: "pg_temp"}), checkfirst=False)
        connection.execution_options(schema_translate_map={})
        schema = connection.exec_driver_sql(
            "SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()"
        ).scalar_one()
        yield connection, schema
        savepoint.rollback()


def shapes(connection: sa.Connection, tables: Sequence[str], schema: str | None = None) -> dict[str, Shape]:
    """Return the shape of each table, read from the database."""
    found = {name: Shape() for name in tables}
    look: t.Any = sa.inspect(connection)
    only: dict[str, t.Any] = {"schema": schema, "filter_names": list(tables)}
    if schema is not None:
        only["scope"] = sa.engine.reflection.ObjectScope.ANY
    for (_schema, name), columns in look.get_multi_columns(**only).items():
        for column in columns:
            default = None if column.get("autoincrement") is True else column.get("default")
            found[name].columns[column["name"]] = (
                column["type"].compile(dialect=connection.dialect),
                column["nullable"],
                _tidy(default, schema),
            )
    with unread_indexes():
        for (_schema, name), key in look.get_multi_pk_constraint(**only).items():
            found[name].parts["primary", ""] = ", ".join(key["constrained_columns"])
        for (_schema, name), uniques in look.get_multi_unique_constraints(**only).items():
            _add(found[name], "unique", [(u["name"], ", ".join(u["column_names"])) for u in uniques])
    for (_schema, name), keys in look.get_multi_foreign_keys(**only).items():
        _add(found[name], "key", [(key["name"], _key(key)) for key in keys])
    for (_schema, name), checks in look.get_multi_check_constraints(**only).items():
        _add(found[name], "check", [(c["name"], _tidy(c["sqltext"], schema) or "") for c in checks])
    indexes = (
        _sqlite_indexes(connection, tables) if is_sqlite(connection) else _postgres_indexes(connection, tables, schema)
    )
    for name, index, what in indexes:
        found[name].parts["index", index] = what
    return found


def _add(shape: Shape, kind: str, parts: Iterable[tuple[str | None, str]]) -> None:
    for name, what in parts:
        shape.parts[kind, name or f"({what})"] = what


def _key(key: t.Any) -> str:
    options = {option: value for option, value in (key.get("options") or {}).items() if value and value != "NO ACTION"}
    said = "".join(f", {option} {value}" for option, value in sorted(options.items()))
    here, there = ", ".join(key["constrained_columns"]), ", ".join(key["referred_columns"])
    return f"{here} -> {key['referred_table']}({there}){said}"


def _tidy(text: str | None, schema: str | None) -> str | None:
    """Drop what only says where the table is."""
    return text if text is None or schema is None else text.replace(f"{schema}.", "").replace("pg_temp.", "")


def _sqlite_indexes(connection: sa.Connection, tables: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    rows = connection.exec_driver_sql(
        "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    )
    for table, name, sql in rows:
        if table in tables:
            bare = re.sub(r"[\"`\[\]]", "", " ".join(sql.split()))
            unique, _on, what = bare.partition(" ON ")
            columns = what[what.index("(") :]
            yield table, name, ("unique " if " UNIQUE " in unique else "") + columns


def _postgres_indexes(
    connection: sa.Connection, tables: Sequence[str], schema: str | None
) -> Iterator[tuple[str, str, str]]:
    query = sa.text(
        "SELECT t.relname, i.relname, x.indisunique, pg_get_indexdef(i.oid) FROM pg_index x "
        "JOIN pg_class i ON i.oid = x.indexrelid "
        "JOIN pg_class t ON t.oid = x.indrelid WHERE t.relname = ANY(:tables) AND NOT EXISTS "
        "(SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype IN ('p', 'u', 'x')) "
        "AND t.relnamespace = coalesce(to_regnamespace(:schema), current_schema()::regnamespace)"
    )
    for table, name, unique, sql in connection.execute(query, {"tables": list(tables), "schema": schema}):
        yield table, name, ("unique " if unique else "") + sql.partition(" USING ")[2]


def _columns(table: str, real: Shape, wanted: Shape) -> list[Text]:
    found: list[Text] = []
    for name, (kind, nullable, default) in wanted.columns.items():
        at = {"table": table, "column": name}
        if name not in real.columns:
            found.append(findings.NO_COLUMN.format(**at))
            continue
        real_kind, real_nullable, real_default = real.columns[name]
        if real_kind != kind:
            found.append(findings.TYPE.format(**at, found=real_kind, wanted=kind))
        if real_nullable != nullable:
            found.append((findings.NULL_HERE if real_nullable else findings.NULL_THERE).format(**at))
        if (
            default is not None and real_default != default
        ):  # a default that only the script gave, for old rows, is no difference
            found.append(findings.DEFAULT.format(**at, found=real_default, wanted=default))
    found += [
        findings.EXTRA_COLUMN.format(table=table, column=name) for name in real.columns if name not in wanted.columns
    ]
    return found


def _parts(table: str, real: Shape, wanted: Shape) -> list[Text]:
    found: list[Text] = []
    for part in sorted(real.parts.keys() | wanted.parts.keys()):
        here, there = real.parts.get(part), wanted.parts.get(part)
        facts = {"table": table, "kind": findings.KINDS[part[0]], "name": part[1]}
        if here is None:
            found.append(findings.NO_PART.format(**facts, what=there))
        elif there is None:
            found.append(findings.EXTRA_PART.format(**facts, what=here))
        elif here != there:
            found.append(findings.PART.format(**facts, found=here, wanted=there))
    return found
