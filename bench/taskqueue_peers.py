"""Who completes and claims tasks in `bench.taskqueue`: crmkit, and the bare driver doing the same writes into the same tables."""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

from bench.data import sqlite_value, utc_now
from bench.place import Place

USERS, TEAMS = 500, 25
KINDS = (("call_back", 1, "reached"), ("call", 2, "reached"), ("task", 3, "done"))
OUTCOMES = {kind: outcome for kind, _priority, outcome in KINDS}
POSTGRES_FILL = """
INSERT INTO taskqueue_task
    (id, created_at, updated_at, version, owner_id, team_id, kind, title, due_at, minutes, state, priority, day, attempt, answers)
SELECT n, now(), now(), 1, 1 + n %% {users}, 1 + n %% {users} %% {teams}, k.kind, 'Task ' || n, now() - make_interval(secs => n %% 997 + 60), 4,
    'waiting', k.priority, current_date, 1, '{{}}'
FROM generate_series(1, %s) n JOIN (VALUES {kinds}) k(number, kind, priority) ON k.number = n / {users} %% 3 ORDER BY n
"""
SQLITE_FILL = """
WITH RECURSIVE some(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < ?),
k(number, kind, priority) AS (VALUES {kinds})
INSERT INTO taskqueue_task
    (id, created_at, updated_at, version, owner_id, team_id, kind, title, due_at, minutes, state, priority, day, attempt, answers)
SELECT n, {now}, {now}, 1, 1 + n % {users}, 1 + n % {users} % {teams}, k.kind, 'Task ' || n,
    strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || (n % 997 + 60) || ' seconds'), 4, 'waiting', k.priority, date('now'), 1, '{{}}'
FROM some JOIN k ON k.number = n / {users} % 3
"""


def team_of(user: int) -> int:
    """Return the team of a manager."""
    return 1 + user % TEAMS


def build(place: Place, tasks: int) -> None:
    """Make the tables and so many waiting tasks, all due, for all managers and of three classes."""
    from crmkit import Crm
    from crmkit.core.compose import installed

    crm = Crm(*installed(["taskqueue"]), database=place.sqlalchemy, settings={"crmkit": {"jobs": False}})
    crm.migrate()
    crm.engine.dispose()
    listed = ", ".join(f"({number}, '{kind}', {priority})" for number, (kind, priority, _outcome) in enumerate(KINDS))
    common = {"users": USERS, "teams": TEAMS, "kinds": listed}
    if place.database == "sqlite":
        with sqlite3.connect(place.dsn) as connection:
            connection.execute(SQLITE_FILL.format(now="strftime('%Y-%m-%d %H:%M:%S.000000', 'now')", **common), (tasks,))
        return
    import psycopg

    with psycopg.connect(place.dsn) as postgres:
        postgres.execute(POSTGRES_FILL.format(**common), (tasks,))
        postgres.execute("SELECT setval(pg_get_serial_sequence('taskqueue_task', 'id'), %s)", (tasks,))


class Ours:
    """crmkit, called as its commands do."""

    def __init__(self, place: Place, users: list[int], threads: int) -> None:
        """Compose, and let everybody begin to work: each has a first task open."""
        from crmkit import Actor, Crm
        from crmkit.core.compose import installed
        from crmkit_taskqueue import ROLES, complete, next_turn, start

        self._complete, options = complete, {"crmkit": {"jobs": False}}
        self.crm = Crm(*installed(["taskqueue"]), database=place.sqlalchemy, roles=list(ROLES), settings=options)
        self.open: dict[int, tuple[Any, Any]] = {}
        for user in users:
            actor = Actor(user, f"Manager {user}", roles=["manager"], teams=(team_of(user),))
            with self.crm.uow(actor) as uow:
                start(uow)
                self.open[user] = actor, next_turn(uow)

    def thread(self) -> Iterator[int]:
        """Complete what a manager has open and open the next one, for each number sent in."""
        user = yield 0
        while True:
            actor, turn = self.open[user]
            with self.crm.uow(actor) as uow:
                turn = self._complete(uow, turn.id, OUTCOMES[turn.kind])
            self.open[user] = actor, turn
            user = yield turn.task_id

    def close(self) -> None:
        """Let go of the database."""
        self.crm.engine.dispose()


DONE = (
    "UPDATE taskqueue_task SET state = 'done', done_at = {p}, outcome = {p}, updated_at = {p}, version = version + 1"
    " WHERE id = {p} AND state = 'open' AND opened_by = {p}"
)
ENDED = "UPDATE taskqueue_turn SET ended_at = {p}, ended = 'done', outcome = {p} WHERE id = {p}"
JOURNAL = (
    "INSERT INTO crm_journal (tx, at, actor_id, actor, kind, record_id, action, changes)"
    " VALUES ({tx}, {p}, {p}, {p}, 'taskqueue.task', {p}, 'changed', {p})"
)
CLAIM = (
    "SELECT id, kind, priority, due_at FROM taskqueue_task WHERE owner_id = {p} AND state = 'waiting' AND archived_at IS NULL"
    " AND due_at <= {p} ORDER BY priority, due_at, id LIMIT 1{lock}"
)
OPENED = (
    "UPDATE taskqueue_task SET state = 'open', opened_by = {p}, opened_at = {p}, updated_at = {p}, version = version + 1 WHERE id = {p}"
)
TURN = (
    "INSERT INTO taskqueue_turn (task_id, user_id, team_id, session_id, kind, priority, why, opened_at, waited)"
    " VALUES ({p}, {p}, {p}, {p}, {p}, {p}, {p}, {p}, 0) RETURNING id"
)


class Raw:
    """The bare driver: psycopg with FOR UPDATE SKIP LOCKED, or sqlite3 with one writer at a time. No desk, no rules, no messages."""

    def __init__(self, place: Place, users: list[int], threads: int) -> None:
        """Open a first task for everybody."""
        self.place, self.lite = place, place.database == "sqlite"
        tx = "(SELECT coalesce(max(id), 0) + 1 FROM crm_journal)" if self.lite else "(pg_current_xact_id()::text)::bigint"
        words = {"p": "?" if self.lite else "%s", "tx": tx, "lock": "" if self.lite else " FOR UPDATE SKIP LOCKED"}
        self.sql = {name: text.format(**words) for name, text in (
            ("done", DONE), ("ended", ENDED), ("journal", JOURNAL), ("claim", CLAIM), ("opened", OPENED), ("turn", TURN))}  # fmt: skip
        self.writer = threading.Lock()
        self.open: dict[int, tuple[int, int, str]] = {}
        connection = self._connect()
        for user in users:
            self.open[user] = self._work(connection, user, first=True)
        connection.close()

    def thread(self) -> Iterator[int]:
        """Complete what a manager has open and claim the next one, for each number sent in."""
        connection = self._connect()
        user = yield 0
        while True:
            self.open[user] = self._work(connection, user)
            user = yield self.open[user][1]

    def _connect(self) -> Any:
        if self.lite:
            connection = sqlite3.connect(self.place.dsn, isolation_level=None, timeout=15, check_same_thread=False)
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000", "wal_autocheckpoint=4000"):
                connection.execute(f"PRAGMA {pragma}")
            return connection
        import psycopg

        return psycopg.connect(self.place.dsn)

    def _work(self, connection: Any, user: int, *, first: bool = False) -> tuple[int, int, str]:
        if not self.lite:
            found = self._transaction(connection, user, first)
            connection.commit()
            return found
        with self.writer:
            connection.execute("BEGIN IMMEDIATE")
            found = self._transaction(connection, user, first)
            connection.execute("COMMIT")
        return found

    def _transaction(self, connection: Any, user: int, first: bool) -> tuple[int, int, str]:
        sql, at, name = self.sql, utc_now(), f"Manager {user}"
        now: Any = sqlite_value(at) if self.lite else at
        told = at.isoformat()
        if not first:
            turn, task, kind = self.open[user]
            outcome = OUTCOMES[kind]
            changed = connection.execute(sql["done"], (now, outcome, now, task, user)).rowcount
            if changed != 1:
                raise RuntimeError(f"task {task} was not open at {user}")
            connection.execute(sql["ended"], (now, outcome, turn))
            changes = {"state": ["open", "done"], "done_at": [None, told], "outcome": [None, outcome]}
            connection.execute(sql["journal"], (now, user, name, task, json.dumps(changes)))
        row = connection.execute(sql["claim"], (user, now)).fetchone()
        if row is None:
            raise RuntimeError(f"nothing is left for {user}")
        task, kind, priority, due = row
        connection.execute(sql["opened"], (user, now, now, task))
        changes = {"state": ["waiting", "open"], "opened_by": [None, user], "opened_at": [None, told]}
        connection.execute(sql["journal"], (now, user, name, task, json.dumps(changes)))
        why = json.dumps({"rule": "due", "kind": kind, "priority": priority, "due_at": str(due), "waiting": 3})
        (key,) = connection.execute(sql["turn"], (task, user, team_of(user), user, kind, priority, why, now)).fetchone()
        return key, task, kind

    def close(self) -> None:
        """Nothing is open any more."""


PEERS: dict[str, Any] = {"raw": Raw, "crmkit": Ours}


def numbers(users: list[int], threads: int) -> list[Iterator[int]]:
    """Return each thread's managers, round and round: no two threads ever work for the same one."""
    return [itertools.cycle(users[n::threads]) for n in range(threads)]

