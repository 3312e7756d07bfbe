"""Completing a task and claiming the next one, against the bare driver doing the same writes, in one run.

`python -m bench.taskqueue --database postgresql --tasks 10000,100000,1000000`

500 managers, 16 workers: on PostgreSQL two processes of eight threads, on SQLite (one writer at a time) one process of sixteen.
One operation is what a click does: end the open task, decide and open the next one, and keep the journal and the explanation; one
transaction. The claim's time is the whole of it, from the click to the commit that opens the next task. The floor (`raw`) is
psycopg with FOR UPDATE SKIP LOCKED, or sqlite3: the same rows of tasks, journal and turns, and nothing else. Both have a copy of the
same loaded database, and take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from bench import place as places
from bench.data import settle, utc_now
from bench.measure import RESULTS, cpu_seconds
from bench.place import Place
from bench.taskqueue_peers import PEERS, USERS, build, numbers

WORKERS = 16


class Crew:
    """The processes of one peer."""

    def __init__(self, peer: str, place: Place, workers: int, processes: int) -> None:
        """Start them; each prepares its own managers."""
        self.peer, self.place = peer, place
        count = 1 if place.database == "sqlite" else processes
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.processes = []
        for part in range(count):
            words = [peer, place.database, place.dsn, str(part), str(count), str(workers // count)]
            self.processes.append(subprocess.Popen([sys.executable, "-m", "bench.taskqueue", "work", *words], **pipes))
            self._answer(self.processes[-1])  # one after the other: they open the first tasks

    def _answer(self, process: subprocess.Popen[str]) -> Any:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            sys.exit(f"{self.peer} stopped: its error is above")
        return json.loads(line)

    def _cpu(self) -> float:
        return sum(map(cpu_seconds, [*(process.pid for process in self.processes), *places.backends(self.place)]))

    def run(self, operations: int) -> tuple[float, list[float], float]:
        """Let every process do its part; return operations a second, the time of each in milliseconds, and µs of CPU for each."""
        before = self._cpu()
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(f"{operations // len(self.processes)}\n")
            process.stdin.flush()
        answers = [self._answer(process) for process in self.processes]
        took = max(a["ended"] for a in answers) - min(a["began"] for a in answers)
        walls = [wall for a in answers for wall in a["walls"]]
        return len(walls) / took, walls, (self._cpu() - before) / len(walls) * 1e6

    def finish(self) -> None:
        """End them."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


def work(peer: str, database: str, dsn: str, part: int, parts: int, threads: int) -> None:
    """Be one process of a crew: answer one JSON line for each number of operations on standard input."""
    users = list(range(1 + part, USERS + 1, parts))
    made = PEERS[peer](Place(database, dsn), users, threads)
    hands = [made.thread() for _n in range(threads)]
    for hand in hands:
        next(hand)
    whose = numbers(users, threads)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        walls: list[list[float]] = [[] for _n in hands]
        errors: list[BaseException] = []
        ready = threading.Barrier(threads + 1)

        def run(number: int, count: int, walls: Any = walls, ready: Any = ready, errors: Any = errors) -> None:
            hand, users, told = hands[number], whose[number], walls[number]
            ready.wait()
            try:
                for _n in range(count):
                    user = next(users)
                    at = time.perf_counter()
                    hand.send(user)
                    told.append((time.perf_counter() - at) * 1e3)
            except BaseException as error:
                errors.append(error)

        crew = [threading.Thread(target=run, args=(n, int(line) // threads)) for n in range(threads)]
        for thread in crew:
            thread.start()
        ready.wait()
        began = time.monotonic()
        for thread in crew:
            thread.join()
        if errors:
            raise errors[0]
        print(json.dumps({"began": began, "ended": time.monotonic(), "walls": [w for one in walls for w in one]}), flush=True)
    made.close()


def exact(place: Place) -> list[str]:
    """Return what must never be: a task open twice, a turn without its task, a task done without its turn."""
    asked = {
        "tasks open at two people": "SELECT count(*) - count(DISTINCT task_id) FROM taskqueue_turn WHERE ended IS NULL",
        "tasks done without a turn": "SELECT count(*) FROM taskqueue_task t WHERE state = 'done' AND NOT EXISTS"
            " (SELECT 1 FROM taskqueue_turn u WHERE u.task_id = t.id AND u.ended = 'done')",
        "tasks opened twice": "SELECT count(*) FROM (SELECT task_id FROM taskqueue_turn GROUP BY task_id HAVING count(*) > 1) x",
        "changes without a journal": "SELECT (SELECT 2 * count(*) FROM taskqueue_turn WHERE ended = 'done') + (SELECT count(*) FROM taskqueue_turn"
            " WHERE ended IS NULL) - (SELECT count(*) FROM crm_journal WHERE kind = 'taskqueue.task')",
    }  # fmt: skip
    if place.database == "sqlite":
        import sqlite3

        connection: Any = sqlite3.connect(place.dsn)
    else:
        import psycopg

        connection = psycopg.connect(place.dsn)
    found = [f"{count} {what}" for what, sql in asked.items() if (count := connection.execute(sql).fetchone()[0])]
    connection.close()
    return found


def percentile(walls: Sequence[float], share: float) -> float:
    """Return a percentile of sorted times."""
    return walls[min(len(walls) - 1, int(len(walls) * share))]


def measure(database: str, tasks: int, options: argparse.Namespace) -> dict[str, Any]:
    """Measure both peers over so many open tasks, in turns, and print a table."""
    began = time.monotonic()
    source = places.fresh(database)
    build(source, tasks)
    settle(source)
    crews = [Crew(name, places.copy(source), options.workers, options.processes) for name in options.peers]
    print(f"\n{database}, {tasks:,} open tasks, {options.workers} workers; set up in {time.monotonic() - began:.0f} s")
    rates: dict[str, list[float]] = {c.peer: [] for c in crews}
    cpus: dict[str, list[float]] = {c.peer: [] for c in crews}
    walls: dict[str, list[float]] = {c.peer: [] for c in crews}
    for number in range(options.rounds + 1):
        for crew in crews:
            rate, times, cpu = crew.run(options.operations)
            if number:  # the first round warms up
                rates[crew.peer].append(rate)
                cpus[crew.peer].append(cpu)
                walls[crew.peer] += times
    found: dict[str, Any] = {"database": database, "tasks": tasks, "load": os.getloadavg()}
    print(f"{'':<10}{'a second':>10}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'of raw':>10}{'p99 × raw':>12}{'CPU µs':>10}{'CPU × raw':>12}")
    for crew in crews:
        crew.finish()
        mine = sorted(walls[crew.peer])
        told = {"rate": statistics.median(rates[crew.peer]), **{f"p{n}": percentile(mine, n / 100) for n in (50, 95, 99)}}
        told |= {"rounds": rates[crew.peer], "cpu_us": statistics.median(cpus[crew.peer]), "wrong": exact(crew.place)}
        floor = found.get("raw", told)
        told["share"] = statistics.median(a / b for a, b in zip(told["rounds"], floor["rounds"], strict=True))
        told["tail"] = told["p99"] / floor["p99"]
        found[crew.peer] = told
        print(f"{crew.peer:<10}{told['rate']:>10.0f}{told['p50']:>10.1f}{told['p95']:>10.1f}{told['p99']:>10.1f}"
            f"{told['share']:>10.2f}{told['tail']:>12.2f}{told['cpu_us']:>10.0f}{told['cpu_us'] / floor['cpu_us']:>12.2f}"
            + "".join(f"   WRONG: {w}" for w in told["wrong"]))  # fmt: skip
    return found


def main() -> int:
    """Measure; 1 when something was handed out twice or lost."""
    if sys.argv[1:2] == ["work"]:
        peer, database, dsn, *more = sys.argv[2:]
        work(peer, database, dsn, *map(int, more))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=[*places.DATABASES, "both"], default="both")
    parser.add_argument("--tasks", default="10000,100000,1000000", help="open tasks, several with commas between them: %(default)s")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--processes", type=int, default=2, help="that share the workers, on PostgreSQL: %(default)s")
    parser.add_argument("--operations", type=int, default=1600, help="of a peer in a round: %(default)s")
    parser.add_argument("--rounds", type=int, default=4, help="each peer once per round, after one to warm up: %(default)s")
    parser.add_argument("--peers", type=lambda text: text.split(","), default="raw,crmkit")
    options = parser.parse_args()
    chosen = places.DATABASES if options.database == "both" else [options.database]
    found = [measure(database, int(tasks), options) for database in chosen for tasks in options.tasks.split(",")]
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"taskqueue-{utc_now():%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(found, indent=1))
    print(f"\nload {os.getloadavg()[0]:.1f}; saved: {path}")
    return int(any(one[peer]["wrong"] for one in found for peer in options.peers))


if __name__ == "__main__":
    sys.exit(main())
