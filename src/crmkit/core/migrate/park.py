"""Uninstalling keeps the data under other names, reinstalling finds it again, purging drops it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from ..clock import SystemClock
from ..errors import closest
from ..text import Text
from . import ledger, words
from .owner import KERNEL, VERSIONS, Owner, owner_of
from .store import changing, count_rows, listed, quoted, read_versions, referrers, tables_in, write_version
from .words import SchemaError

_NAME_LIMIT = 63  # PostgreSQL cuts longer names, and two cut names may be the same


@attrs.frozen
class Gone:
    """What an uninstall put aside or a purge destroyed: rows by table, pending jobs, and sentences worth reading."""

    plugin: str
    version: str | None
    tables: dict[str, int]
    jobs: int
    notes: tuple[Text, ...] = ()


def uninstall(engine: sa.Engine, owners: Iterable[Owner], name: str, *, now: dt.datetime | None = None) -> Gone:
    """Put a plugin's tables aside as ``parked_<table>`` and its pending jobs to sleep; nothing is lost.

    Works without the plugin's package. Refused while another plugin in this database requires it. The next `upgrade`
    with the plugin among the owners takes the data back. Foreign keys go with the tables: what is deleted elsewhere
    still cascades into parked rows, so that erasing a person reaches them there too.
    """
    with changing(engine, name) as connection:
        place = _Place(connection, owners)
        entry = place.entry(name)
        if entry.state == ledger.PARKED:
            raise SchemaError(words.ALREADY_PARKED.format(plugin=name))
        if others := place.requiring(name):
            raise SchemaError(words.REQUIRED.format(plugin=name, others=", ".join(others)))
        tables = {table: parked_name(table) for table in place.tables_of(name)}
        for new in tables.values():
            if new in place.present:
                raise SchemaError(words.PARK_IN_THE_WAY.format(plugin=name, table=new))
        rows = count_rows(connection, tables)
        notes = _keys_kept(connection, tables)
        _rename(connection, tables)
        _drop(connection, [VERSIONS + name] if VERSIONS + name in place.present else [])
        version = place.versions.get(name)
        ledger.write(
            connection, ledger.Entry(name, ledger.PARKED, version, entry.requires, tables, now or SystemClock().now())
        )
        jobs = _park_jobs(connection, place.present, name)
    return Gone(name, version, rows, jobs, notes)


def adopt(connection: sa.Connection, entry: ledger.Entry, present: set[str]) -> None:
    """Give a plugin its parked tables back, at the revision they were parked at."""
    for table, parked in entry.tables.items():
        if table in present:
            raise SchemaError(words.IN_THE_WAY.format(plugin=entry.name, table=table))
        if parked not in present:
            raise SchemaError(words.PARKED_LOST.format(plugin=entry.name, table=parked))
    _rename(connection, {parked: table for table, parked in entry.tables.items()})
    if entry.version is not None:
        write_version(connection, entry.name, entry.version)
    _wake_jobs(connection, present, entry.name)


def purge(engine: sa.Engine, owners: Iterable[Owner], name: str, confirm: str | None = None) -> Gone:
    """Drop a plugin's tables, jobs and history for good and return what was lost.

    `confirm` must be the plugin's name; without it the refusal says how many rows would go. Refused while a table of
    another plugin, parked ones included, points here. The journal keeps what it recorded about the plugin's records.
    """
    with changing(engine, name) as connection:
        place = _Place(connection, owners)
        entry = place.entry(name)
        if others := place.requiring(name):
            raise SchemaError(words.REQUIRED.format(plugin=name, others=", ".join(others)))
        tables = place.tables_of(name)
        for child, target in referrers(connection, tables):
            other = place.whose(child) or child
            raise SchemaError(
                words.REFERRED.format(plugin=name, table=child, other=other, target=target, way=words.PURGE_FIRST)
            )
        rows = count_rows(connection, tables)
        if confirm != name:
            raise SchemaError(words.CONFIRM.format(plugin=name, rows=listed(rows)))
        _drop(connection, [*tables, *({VERSIONS + name} & place.present)])
        ledger.forget(connection, name)
        jobs = _delete_jobs(connection, place.present, name)
    return Gone(name, entry.version, rows, jobs)


class _Place:
    """What the database holds, and whose it is."""

    def __init__(self, connection: sa.Connection, owners: Iterable[Owner]) -> None:
        self.present = tables_in(connection)
        if ledger.PLUGIN.name not in self.present:
            raise SchemaError(words.NO_LEDGER)
        self.known = ledger.read(connection, self.present)
        self.versions = read_versions(connection, self.present)
        self.owners = {owner.name: owner for owner in owners}
        self.names = {KERNEL, *self.known, *self.versions, *self.owners}

    def entry(self, name: str) -> ledger.Entry:
        """Return what is known about a plugin that is in this database."""
        if name == KERNEL:
            raise SchemaError(words.KERNEL)
        if name in self.known:
            return self.known[name]
        if name not in self.versions:
            raise SchemaError(words.NOT_INSTALLED.format(plugin=name, near=closest(name, self.names - {KERNEL, name})))
        requires = self.owners[name].requires if name in self.owners else ()
        return ledger.Entry(name, ledger.INSTALLED, self.versions[name], tuple(requires), {}, None)

    def requiring(self, name: str) -> list[str]:
        """Return the plugins in this database (disabled ones too, parked ones not) that require `name`."""
        by_ledger = {
            entry.name for entry in self.known.values() if entry.state == ledger.INSTALLED and name in entry.requires
        }
        by_settings = {
            owner.name for owner in self.owners.values() if name in owner.requires and owner.name in self.versions
        }
        return sorted(by_ledger | by_settings)

    def tables_of(self, name: str) -> list[str]:
        """Return a plugin's tables as they are called now."""
        entry = self.known.get(name)
        recorded = set(entry.tables.values()) if entry else set()
        if entry is not None and entry.state == ledger.PARKED:
            return sorted(recorded & self.present)
        return sorted(
            (recorded & self.present) | {table for table in self.present if owner_of(table, self.names) == name}
        )

    def whose(self, table: str) -> str | None:
        """Return the plugin a table belongs to, parked tables included."""
        by_ledger = [entry.name for entry in self.known.values() if table in entry.tables.values()]
        return by_ledger[0] if by_ledger else owner_of(table, self.names)


def parked_name(table: str) -> str:
    """Return the name a table waits under, never longer than PostgreSQL allows."""
    name = f"parked_{table}"
    if len(name) <= _NAME_LIMIT:
        return name
    return f"{name[: _NAME_LIMIT - 9]}_{hashlib.sha256(table.encode()).hexdigest()[:8]}"


def _rename(connection: sa.Connection, names: dict[str, str]) -> None:
    """Rename tables. Indexes, constraints, sequences keep their names: the plugin's own scripts find them again."""
    for old, new in names.items():
        connection.exec_driver_sql(f"ALTER TABLE {quoted(connection, old)} RENAME TO {quoted(connection, new)}")


def _drop(connection: sa.Connection, tables: list[str]) -> None:
    if not tables:
        return
    names = [quoted(connection, name) for name in tables]
    for statement in [", ".join(names)] if connection.dialect.name == "postgresql" else names:
        connection.exec_driver_sql(f"DROP TABLE {statement}")


def _keys_kept(connection: sa.Connection, tables: Iterable[str]) -> tuple[Text, ...]:
    """Say what still binds parked rows to living ones."""
    own = set(tables)
    found: list[Text] = []
    for (_schema, child), keys in sorted(sa.inspect(connection).get_multi_foreign_keys().items()):
        for key in keys if child in own else ():
            parent = key["referred_table"]
            if parent not in own:
                cascades = (key.get("options") or {}).get("ondelete") in ("CASCADE", "SET NULL")
                found.append(
                    (words.KEY_FOLLOWS if cascades else words.KEY_HOLDS).format(table=parked_name(child), parent=parent)
                )
    return tuple(dict.fromkeys(found))


_JOB = sa.table(
    "crm_job", *(sa.column(name) for name in ("id", "plugin", "key", "state", "held_at", "lease_until", "owner"))
)
_CRON = sa.table("crm_job_cron", sa.column("plugin"))
_WAITING = ("pending", "held", "queued")  # among these, a key is unique
_SLEEPING = "parked"


def _park_jobs(connection: sa.Connection, present: set[str], name: str) -> int:
    """Put a plugin's jobs to sleep; return how many. One running now loses its lease, and with it the right to finish.

    Its cron rows go: they say nothing that its code does not say again when it is back.
    """
    if "crm_job" not in present:
        return 0
    parked = {"state": _SLEEPING, "lease_until": None, "owner": None}
    mine = _JOB.c.plugin == name
    found = connection.execute(_JOB.update().where(mine, _JOB.c.state.in_([*_WAITING, "running"])).values(parked))
    _delete_crons(connection, present, name)
    return found.rowcount


def _wake_jobs(connection: sa.Connection, present: set[str], name: str) -> None:
    """Let a plugin's jobs wait again, or stay held; where a key was scheduled anew, the newer job stands."""
    if "crm_job" not in present:
        return
    newer = _JOB.alias("newer")
    again = sa.exists().where(
        newer.c.key == _JOB.c.key,
        newer.c.state.in_([*_WAITING, _SLEEPING]),
        sa.or_(newer.c.id > _JOB.c.id, newer.c.state != _SLEEPING),
    )
    mine = sa.and_(_JOB.c.plugin == name, _JOB.c.state == _SLEEPING)
    connection.execute(_JOB.delete().where(mine, again))
    state = sa.case((_JOB.c.held_at.is_not(None), "held"), else_="pending")
    connection.execute(_JOB.update().where(mine).values(state=state))


def _delete_jobs(connection: sa.Connection, present: set[str], name: str) -> int:
    if "crm_job" not in present:
        return 0
    _delete_crons(connection, present, name)
    return connection.execute(_JOB.delete().where(_JOB.c.plugin == name)).rowcount


def _delete_crons(connection: sa.Connection, present: set[str], name: str) -> None:
    if "crm_job_cron" in present:
        connection.execute(_CRON.delete().where(_CRON.c.plugin == name))
