"""PostgreSQL databases that a test has used, brought back to what they were copied from: a fifth of the time of a new one."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from urllib.parse import urlsplit

if t.TYPE_CHECKING:
    import psycopg

# A database that holds more than this is made anew: emptying it would take longer.
FULL = 4_000_000  # bytes, more than the template
MOST = 1000  # what one SELECT may list, with room to spare

# What a test that changes the schema changes here. Copies have the object ids of their template.
SCHEMA = """
SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
    SELECT concat_ws(' ', 'class', oid, relname, relkind, relnamespace) AS line FROM pg_class WHERE relpersistence <> 't'
    UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, attname, atttypid, attnotnull, atthasdef, attidentity) FROM pg_attribute
        WHERE attrelid >= 16384 AND attrelid IN (SELECT oid FROM pg_class WHERE relpersistence <> 't')
    UNION ALL SELECT concat_ws(' ', 'constraint', oid, conname, convalidated) FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat_ws(' ', 'function', oid, md5(prosrc)) FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT concat_ws(' ', 'index', indexrelid, indisvalid, indisunique) FROM pg_index WHERE indexrelid >= 16384
    UNION ALL SELECT concat_ws(' ', 'default', oid, md5(pg_get_expr(adbin, adrelid))) FROM pg_attrdef
    UNION ALL SELECT concat_ws(' ', 'policy', oid, polname) FROM pg_policy
    UNION ALL SELECT concat_ws(' ', 'setting', setrole, setconfig) FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS lines
"""
# Those without a single page have never held a row.
TABLES = """
SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND relpersistence <> 't' AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
    AND pg_relation_size(pg_class.oid) > 0 ORDER BY 1
"""
SEQUENCES = "SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), start_value, last_value FROM pg_sequences"
OTHERS = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Pristine:
    """What a database holds before a test."""

    def __init__(self, template: str) -> None:
        with connect(template) as connection:
            self.schema = _one(connection, SCHEMA)
            self.size = _one(connection, "SELECT pg_database_size(current_database())")
            self.rows = {name: _rows(connection, name) for name in _tables(connection)}
            self.written = _written(connection, self.rows)
            set_back = [
                f"setval('{name.replace(chr(39), chr(39) * 2)}', {start if last is None else last}, {last is not None})"
                for name, start, last in connection.execute(SEQUENCES).fetchall()
            ]
            self.sequences = [f"SELECT {', '.join(set_back[n : n + MOST])}" for n in range(0, len(set_back), MOST)]

    def restore(self, dsn: str) -> bool:
        """Bring a copy back to what its template is; False where that is not possible, and nothing is promised about it then."""
        import psycopg

        try:
            with connect(dsn) as connection:
                connection.execute(OTHERS)
                if _one(connection, SCHEMA) != self.schema or _one(connection, "SELECT pg_database_size(current_database())") > self.size + FULL:
                    return False
                with connection.transaction():
                    self._rewrite(connection)
        except psycopg.Error:
            return False
        return True

    def _rewrite(self, connection: psycopg.Connection) -> None:
        written = _written(connection, self.rows)
        changed = [name for name in self.rows if written.get(name) != self.written.get(name)]
        emptied = [name for name in _tables(connection) if name not in self.rows or name in changed]
        # No triggers, no references: all of it is replaced. One message, as each takes longer than its work.
        steps = ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {name}" for name in emptied), *self.sequences]
        connection.execute("; ".join(steps).encode())
        for name in changed:
            with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT binary)".encode()) as copy:
                copy.write(self.rows[name])
        if changed:
            self.written |= _written(connection, changed)


def connect(dsn: str) -> psycopg.Connection:
    """Return a connection that commits each statement."""
    import psycopg

    return psycopg.connect(urlsplit(dsn)._replace(scheme="postgresql").geturl(), autocommit=True)


def _one(connection: psycopg.Connection, query: t.LiteralString) -> t.Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _tables(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute(TABLES).fetchall()]


def _written(connection: psycopg.Connection, tables: Iterable[str]) -> dict[str, str]:
    """Return by whom and to which place each row of some tables was written: the same means that nobody has touched them."""
    each = [f"SELECT '{name.replace(chr(39), chr(39) * 2)}', string_agg(xmin || ' ' || ctid, ',' ORDER BY ctid) FROM {name}" for name in tables]
    return dict(connection.execute(" UNION ALL ".join(each).encode()).fetchall()) if each else {}


def _rows(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)".encode()) as copy:
        return b"".join(copy)
