"""The kernel's own books: journal, stage history, running totals, live messages. Written once per transaction, together.

On PostgreSQL everything a transaction has to note, jobs included, goes in one statement and one round trip.
"""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa

from .jobs.statements import PG_TX
from .jobs.table import job, partial_index, tell_partial
from .sql import Db, dump_json
from .tables import search
from .types import BigId, UtcDateTime, utc_text

metadata = sa.MetaData()
journal = sa.Table(
    "crm_journal", metadata,
    sa.Column("id", BigId, primary_key=True),
    # Groups what one transaction did, and orders the live stream's replay: PostgreSQL's transaction number, or on SQLite
    # the id of the transaction's first row.
    sa.Column("tx", sa.BigInteger, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor_id", sa.BigInteger),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(120), nullable=False),
    sa.Column("record_id", sa.BigInteger),
    sa.Column("action", sa.String(60), nullable=False),
    sa.Column("changes", sa.JSON, nullable=False),
    sa.Column("cause", sa.Text),
    sa.Column("operation", sa.BigInteger),  # what this was a piece of, when it was more than one transaction can say
    sa.Index("crm_journal_record", "kind", "record_id", "id"),
    sa.Index("crm_journal_tx", "tx"),
)  # fmt: skip
partial_index("crm_journal_operation", journal.c.operation, journal.c.kind, journal.c.record_id, where=journal.c.operation.is_not(None))
sa.event.listen(journal, "before_create", tell_partial)
history = sa.Table(
    "crm_stage_history", metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("kind", sa.String(120), nullable=False),
    sa.Column("record_id", sa.BigInteger, nullable=False),
    sa.Column("pipeline", sa.String(60), nullable=False),
    sa.Column("stage", sa.String(60), nullable=False),
    sa.Column("entered_at", UtcDateTime, nullable=False),
    sa.Column("left_at", UtcDateTime, nullable=False),
    sa.Column("to_pipeline", sa.String(60), nullable=False),
    sa.Column("to_stage", sa.String(60), nullable=False),
    sa.Column("actor_id", sa.BigInteger),
    sa.Column("cause", sa.Text),
    sa.Index("crm_stage_history_record", "kind", "record_id", "id"),
)  # fmt: skip
TOTALS = 3
tally = sa.Table(
    "crm_tally", metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("kind", sa.String(120), nullable=False),
    sa.Column("pipeline", sa.String(60), nullable=False),
    sa.Column("stage", sa.String(60), nullable=False),
    sa.Column("owner_id", sa.BigInteger, nullable=False),  # 0: nobody
    sa.Column("team_id", sa.BigInteger, nullable=False),
    sa.Column("n", sa.BigInteger, nullable=False),
    *(sa.Column(f"t{i}", sa.BigInteger, nullable=False, server_default="0") for i in range(TOTALS)),
    # Folding leaves dead rows behind; a scan of the table would walk over them until the next vacuum.
    sa.Index("crm_tally_place", "kind", "pipeline"),
)  # fmt: skip
message = sa.Table(
    "crm_message", metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("tx", sa.BigInteger, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("topic", sa.String(120), nullable=False),
    sa.Column("record_id", sa.BigInteger),
)  # fmt: skip

LIVE_CHANNEL, JOB_CHANNEL = "crm_live", "crm_job"
NEXT_TX = "SELECT coalesce(max(id), 0) + 1 FROM crm_journal"  # SQLite writes one transaction at a time
_PG_TYPES: dict[type, str] = {sa.BigInteger: "bigint", sa.Integer: "integer", sa.SmallInteger: "smallint", sa.JSON: "json",
    UtcDateTime: "timestamptz"}
JOB_COLUMNS = ("kind", "args", "queue", "subject", "run_at", "priority", "max_attempts", "cause", "actor_id", "plugin")


def _columns(table: sa.Table) -> tuple[str, ...]:
    return JOB_COLUMNS if table is job else tuple(c.name for c in table.columns if c.name not in ("id", "tx"))


TABLES = {"journal": journal, "history": history, "tally": tally, "message": message, "job": job, "search": search}
_HAS_TX = ("journal", "message", "job")
_AGAIN = {"search": " ON CONFLICT (kind, record_id) DO UPDATE SET body = excluded.body"}  # one document for each record


@attrs.define
class Ledger:
    """What one transaction has to note, gathered until it is quiet, then written at once."""

    journal: list[dict[str, t.Any]] = attrs.field(factory=list)
    history: list[dict[str, t.Any]] = attrs.field(factory=list)
    tally: list[dict[str, t.Any]] = attrs.field(factory=list)
    message: list[dict[str, t.Any]] = attrs.field(factory=list)
    job: list[dict[str, t.Any]] = attrs.field(factory=list)
    search: list[dict[str, t.Any]] = attrs.field(factory=list)
    wake_jobs: bool = False
    keyed: list[str] = attrs.field(factory=list)  # keys of the work that was scheduled at once
    _tx: int | None = None
    told: bool = False  # the journal has something of this transaction

    def tx(self, db: Db) -> int:
        """Return the number of the transaction, the same however often it settles."""
        if self._tx is None:
            self._tx = t.cast(int, db.driver(f"SELECT {PG_TX}" if db.postgres else NEXT_TX).fetchone()[0])
        return self._tx

    def write(self, db: Db, live: str) -> None:
        """Write everything and forget it. `live` is the payload for other processes' live streams, empty for none."""
        used = tuple(name for name in TABLES if getattr(self, name))
        if used or live or self.wake_jobs:
            (self._write_postgres if db.postgres else self._write_sqlite)(db, used, live)
        for name in used:
            getattr(self, name).clear()
        self.wake_jobs = False
        self.keyed.clear()

    def _write_postgres(self, db: Db, used: tuple[str, ...], live: str) -> None:
        shape = ("ledger", used, bool(live), self.wake_jobs)
        values: dict[str, t.Any] = {name: dump_json(getattr(self, name)) for name in used}
        if live:
            values["live"] = live
        db.later(_postgres_sql(shape), values)

    def _write_sqlite(self, db: Db, used: tuple[str, ...], live: str) -> None:
        tx = self.tx(db) if any(name in _HAS_TX for name in used) else 0
        self.told |= bool(self.journal)
        for name in used:
            sql, columns = _SQLITE[name]
            for row in getattr(self, name):
                # A number that the journal does not take is the next transaction's, whose undo must not cancel this work.
                row["tx"] = tx if self.told or name != "job" else None
                db.driver(sql, [bind(row[c]) if bind is not None else row[c] for c, bind in columns])
        if self.keyed and not self.told:
            keys, number = dump_json(self.keyed), self.tx(db)
            db.driver("UPDATE crm_job SET tx = NULL WHERE key IN (SELECT value FROM json_each(?)) AND tx = ?", (keys, number))


def _sqlite_binder(kind: sa.types.TypeEngine[t.Any]) -> t.Callable[[t.Any], t.Any] | None:
    return utc_text if isinstance(kind, UtcDateTime) else dump_json if isinstance(kind, sa.JSON) else None


def _sqlite_insert(name: str) -> tuple[str, tuple[tuple[str, t.Callable[[t.Any], t.Any] | None], ...]]:
    table = TABLES[name]
    columns = _columns(table) + (("tx",) if name in _HAS_TX else ())
    sql = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}){_AGAIN.get(name, '')}"
    return sql, tuple((c, _sqlite_binder(table.c[c].type)) for c in columns)


_SQLITE = {name: _sqlite_insert(name) for name in TABLES}
_SQL: dict[t.Hashable, str] = {}


def _postgres_sql(shape: tuple[str, tuple[str, ...], bool, bool]) -> str:
    """Return one statement that inserts JSON rows into every table used and notifies who listens."""
    found = _SQL.get(shape)
    if found is None:
        _name, used, live, wake = shape
        parts = []
        for name in used:
            table = TABLES[name]
            columns = _columns(table)
            typed = ", ".join(f"{c} {_PG_TYPES.get(type(table.c[c].type), 'text')}" for c in columns)
            extra = (", tx", f", {PG_TX}") if name in _HAS_TX else ("", "")
            listed = ", ".join(columns)
            rows = f"json_to_recordset(%({name})s::json) AS x({typed})"
            parts.append(f"{name} AS (INSERT INTO {table.name} ({listed}{extra[0]}) SELECT {listed}{extra[1]} FROM {rows}{_AGAIN.get(name, '')})")
        notes = [f"pg_notify('{LIVE_CHANNEL}', %(live)s)"] * live + [f"pg_notify('{JOB_CHANNEL}', '')"] * wake
        found = _SQL[shape] = (f"WITH {', '.join(parts)} " if parts else "") + f"SELECT {', '.join(notes) or '1'}"
    return found


FOLD_TALLY = """
WITH gone AS (DELETE FROM crm_tally WHERE id <= (SELECT max(id) FROM crm_tally) RETURNING *)
INSERT INTO crm_tally (kind, pipeline, stage, owner_id, team_id, n, t0, t1, t2)
SELECT kind, pipeline, stage, owner_id, team_id, sum(n), sum(t0), sum(t1), sum(t2)
FROM gone GROUP BY kind, pipeline, stage, owner_id, team_id HAVING sum(n) <> 0 OR sum(t0) <> 0 OR sum(t1) <> 0 OR sum(t2) <> 0
"""


def fold_tally(db: Db) -> None:
    """Fold the running totals' many small rows into one per stage, owner and team. Readers see the same sums throughout."""
    if db.postgres:
        # One folder at a time; rows other transactions add meanwhile are not seen here and stay.
        if db.driver("SELECT pg_try_advisory_xact_lock(7204051)").fetchone()[0]:
            db.driver(FOLD_TALLY)
        return
    columns = "kind, pipeline, stage, owner_id, team_id"
    sums = ", ".join(f"sum({c}) AS {c}" for c in ("n", "t0", "t1", "t2"))
    db.driver(f"CREATE TEMP TABLE crm_folded AS SELECT {columns}, {sums} FROM crm_tally GROUP BY {columns}")
    db.driver("DELETE FROM crm_tally")
    db.driver(f"INSERT INTO crm_tally ({columns}, n, t0, t1, t2) SELECT {columns}, n, t0, t1, t2 FROM crm_folded WHERE n OR t0 OR t1 OR t2")
    db.driver("DROP TABLE crm_folded")


__all__ = ["FOLD_TALLY", "Ledger", "fold_tally", "history", "journal", "message", "metadata", "tally"]
