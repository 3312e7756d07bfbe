"""Measures the jobs engine beside procrastinate in the same run: `python bench/jobs.py [--jobs N] [--json FILE]`.

- *schedule*: one transaction per job, one client. *execute*: how fast a backlog of trivial jobs is worked off; each
  ends in a transaction of its own. *both*: scheduled and executed at once in one process, a business row on each side.
- *latency*: from the commit to the first line of the handler, one job at a time, nothing else going on.
- *timer*: how late 40 timers of two seconds start while 50 other jobs a second are scheduled and run.

PostgreSQL is the test suite's own, but with fsync on. Figures from machines that do other work at the same time are
orders of magnitude; the ratio to procrastinate, measured in the same minutes, is what to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import sqlalchemy as sa  # noqa: E402

from crmkit.core.clock import SystemClock  # noqa: E402
from crmkit.core.database import open_engine  # noqa: E402
from crmkit.core.jobs import Handler, Jobs, Runner, job, metadata  # noqa: E402

bench = sa.MetaData()
seen = sa.Table("bench_seen", bench, sa.Column("name", sa.String(40)), sa.Column("at", sa.Float(53)))
business = sa.Table(
    "bench_business", bench, sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String(40))
)
SEEN, BUSINESS = sa.insert(seen), sa.insert(business)

Result = dict[str, float | None]


def make_jobs(url: str) -> Jobs:
    jobs = Jobs(open_engine(url), SystemClock())
    with jobs.begin() as context:
        metadata.create_all(context.connection)
        bench.create_all(context.connection)

    def tell(context: Any, found: Any) -> None:
        at = time.time()
        context.connection.execute(SEEN, {"name": found.args["name"], "at": at})

    jobs.register("nothing", Handler(lambda context, found: None))
    jobs.register("business", Handler(lambda context, found: context.connection.execute(BUSINESS, {"text": "worked"})))
    jobs.register("tell", Handler(tell))
    return jobs


class Ours:
    """crmkit's engine, its runner in this process or in some of their own."""

    def __init__(self, url: str, workers: int) -> None:
        self.url, self.workers = url, workers
        self.jobs = make_jobs(url)

    def schedule(self, kind: str, args: dict[str, Any], delay: float = 0.0) -> float:
        with self.jobs.begin() as context:
            if kind == "business":
                context.connection.execute(BUSINESS, {"text": "scheduled"})
            self.jobs.schedule(context.connection, kind, args, delay=timedelta(seconds=delay))
        return time.time()

    def left(self) -> int:
        with self.jobs.store.read() as reading:
            return int(reading.execute(sa.select(sa.func.count()).select_from(job)).scalar_one())

    def seen(self) -> dict[str, float]:
        with self.jobs.store.read() as reading:
            return {row.name: row.at for row in reading.execute(sa.select(seen))}

    @contextmanager
    def running(self, backlog: bool = False) -> Iterator[None]:
        if self.workers == 0:
            with Runner(self.jobs):
                yield
        else:
            with processes(self.workers, "ours", self.url, backlog):
                yield

    def close(self) -> None:
        self.jobs.store.engine.dispose()


class Procrastinate:
    """procrastinate alone, as its documentation sets it up; it looks every second, its handlers are sync functions."""

    def __init__(self, dsn: str, workers: int) -> None:
        import procrastinate
        import psycopg

        self.dsn, self.workers = dsn, workers
        self.app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=dsn))
        self.app.open()
        self.connection = psycopg.connect(dsn, autocommit=True)
        if self.connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone() == (None,):
            self.app.schema_manager.apply_schema()
            self.connection.execute("CREATE TABLE bench_seen (name text, at double precision)")

    def schedule(self, kind: str, args: dict[str, Any], delay: float = 0.0) -> float:
        later: dict[str, Any] = {"schedule_in": {"seconds": delay}} if delay else {}
        self.app.configure_task(f"bench.{kind}", queue="bench", **later).defer(**args)
        return time.time()

    def left(self) -> int:
        found = self.connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
        return int(found[0]) if found else 0

    def seen(self) -> dict[str, float]:
        return dict(self.connection.execute("SELECT name, at FROM bench_seen").fetchall())

    @contextmanager
    def running(self, backlog: bool = False) -> Iterator[None]:
        with processes(self.workers, "procrastinate", self.dsn, backlog):
            yield

    def close(self) -> None:
        self.connection.close()
        self.app.close()


def work_ours(url: str) -> None:
    jobs = make_jobs(url)
    with jobs.store.write() as connection:
        connection.execute(sa.select(1))  # connected, imported, compiled: what is measured is the work
    print("ready", flush=True)
    sys.stdin.readline()
    with Runner(jobs):
        sys.stdin.read()


def work_procrastinate(dsn: str) -> None:
    import procrastinate
    from psycopg_pool import ConnectionPool

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=dsn))
    pool = ConnectionPool(dsn, min_size=1, max_size=8, open=True, kwargs={"autocommit": True})

    @app.task(name="bench.nothing", queue="bench")
    def nothing() -> None: ...

    @app.task(name="bench.tell", queue="bench")
    def tell(name: str) -> None:
        at = time.time()
        with pool.connection() as connection:
            connection.execute("INSERT INTO bench_seen VALUES (%s, %s)", (name, at))

    async def run() -> None:
        async with app.open_async():
            print("ready", flush=True)
            sys.stdin.readline()
            await app.run_worker_async(
                queues=["bench"], concurrency=8, fetch_job_polling_interval=1, delete_jobs="always"
            )

    asyncio.run(run())


@contextmanager
def processes(count: int, what: str, address: str, backlog: bool) -> Iterator[None]:
    """Worker processes, all started up; they begin on a backlog when all have."""
    command = [sys.executable, __file__, "--work", what, address]
    opened = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        for process in opened:
            assert process.stdout is not None
            process.stdout.readline()
        for process in opened:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        if not backlog:
            time.sleep(1)  # listening takes a moment
        yield
    finally:
        for process in opened:
            process.terminate()
        for process in opened:
            process.communicate()


def until(done: Callable[[], bool], pause: float = 0.01) -> None:
    deadline = time.monotonic() + 120
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("the jobs were not done within two minutes")
        time.sleep(pause)


def spread(late: list[float]) -> tuple[float, float, float]:
    ordered = sorted(value * 1000 for value in late)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.95) - 1], ordered[-1]


def measure(engine: Any, count: int) -> Result:
    result: Result = {}
    began = time.perf_counter()
    for _ in range(count):
        engine.schedule("nothing", {})
    result["schedule/s"] = count / (time.perf_counter() - began)
    with engine.running(backlog=True):
        first, began = engine.left(), time.perf_counter()
        until(lambda: engine.left() == 0)
        result["execute/s"] = first / (time.perf_counter() - began)
    with engine.running():
        result |= latency(engine) | timers(engine)
        if getattr(engine, "workers", 1) == 0:
            result["both/s"] = both(engine, count)
    return result


def both(engine: Any, count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        engine.schedule("business", {})
    until(lambda: engine.left() == 0, 0.005)
    return count / (time.perf_counter() - began)


def latency(engine: Any, count: int = 150) -> Result:
    committed = {}
    for number in range(count):
        name = f"latency {number}"
        committed[name] = engine.schedule("tell", {"name": name})
        time.sleep(0.03)
    until(lambda: engine.left() == 0)
    started = engine.seen()
    p50, p95, worst = spread([started[name] - at for name, at in committed.items()])
    return {"latency p50 ms": p50, "latency p95 ms": p95, "latency max ms": worst}


def timers(engine: Any, count: int = 40, other: int = 50) -> Result:
    due: dict[str, float] = {}
    stop = threading.Event()

    def load() -> None:
        while not stop.wait(1 / other):
            engine.schedule("nothing", {})

    thread = threading.Thread(target=load)
    thread.start()
    for number in range(count):
        name = f"timer {number}"
        before = time.time()
        engine.schedule("tell", {"name": name}, 2.0)
        due[name] = before + 2.0
        time.sleep(0.05)
    until(lambda: len([name for name in engine.seen() if name.startswith("timer")]) == count, 0.05)
    stop.set()
    thread.join()
    until(lambda: engine.left() == 0)
    started = engine.seen()
    p50, p95, worst = spread([started[name] - at for name, at in due.items()])
    return {"timer p50 ms": p50, "timer p95 ms": p95, "timer max ms": worst}


def run(count: int) -> dict[str, Result]:
    from tests._postgres import postgres_dsn

    folder = tempfile.mkdtemp(prefix="crmkit-bench-")
    cases: list[tuple[str, Callable[[], Any]]] = [
        ("SQLite, embedded", lambda: Ours(f"sqlite:///{folder}/jobs.db", 0)),
        ("PostgreSQL, embedded", lambda: Ours(postgres_dsn(durable=True), 0)),
        ("PostgreSQL, 1 worker", lambda: Ours(postgres_dsn(durable=True), 1)),
        ("PostgreSQL, 2 workers", lambda: Ours(postgres_dsn(durable=True), 2)),
        ("procrastinate, 1 worker", lambda: Procrastinate(postgres_dsn(durable=True), 1)),
        ("procrastinate, 2 workers", lambda: Procrastinate(postgres_dsn(durable=True), 2)),
    ]
    results = {}
    for name, make in cases:
        engine = make()
        try:
            results[name] = measure(engine, count)
        finally:
            engine.close()
        print(f"{name}: done", file=sys.stderr, flush=True)
    return results


def table(results: dict[str, Result]) -> str:
    columns = [
        "schedule/s",
        "execute/s",
        "both/s",
        "latency p50 ms",
        "latency p95 ms",
        "timer p50 ms",
        "timer p95 ms",
        "timer max ms",
    ]
    lines = ["| engine | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, result in results.items():
        cells = [f"{value:,.1f}" if (value := result.get(column)) is not None else "–" for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2000, help="how many jobs each engine schedules and executes")
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "results" / "jobs.json")
    parser.add_argument("--work", nargs=2, metavar=("ENGINE", "DATABASE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        {"ours": work_ours, "procrastinate": work_procrastinate}[options.work[0]](options.work[1])
        return
    results = run(options.jobs)
    print(table(results))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()}
    when = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
    options.json.write_text(json.dumps({"at": when, "machine": machine, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
