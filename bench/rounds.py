"""Run peers against each other: build what they need, start a worker each, go round, check, report."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from bench import place as places
from bench.data import Data
from bench.measure import Round, Series, save, summary, table
from bench.operations import METHODS
from bench.peers import FLOOR, PEERS, find
from bench.place import Place


def arguments(description: str, rounds: int, calls: int, warm: int) -> argparse.ArgumentParser:
    """The options every measurement has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--database", choices=[*places.DATABASES, "both"], default="both")
    every = ",".join(PEERS)
    parser.add_argument("--peers", type=_names, default=every, help="names with commas between them: %(default)s")
    parser.add_argument("--deals", type=int, default=100_000, help="rows in the deal table: %(default)s")
    parser.add_argument("--rounds", type=int, default=rounds, help="each peer once per round: %(default)s")
    parser.add_argument("--calls", type=int, default=calls, help="operations of a peer in a round: %(default)s")
    parser.add_argument("--warm", type=int, default=warm, help="operations before the first round: %(default)s")
    return parser


def _names(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := sorted(set(chosen) - set(PEERS)):
        raise argparse.ArgumentTypeError(f"no peer {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return chosen


class Worker:
    """A peer's process, ready to run calls of one operation."""

    def __init__(self, name: str, place: Place, data: Data, operation: str) -> None:
        """Start it; raises `Stopped` with the reason when the peer cannot run."""
        self.name = name
        command = [sys.executable, "-m", "bench.worker", "run", name, place.database, place.dsn, str(data.deals)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([*command, operation], **pipes)
        self.answer()

    def answer(self) -> dict[str, Any]:
        """The worker's next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"missing": "failed: its error is above"}
        if "missing" in answer:
            raise Stopped(answer["missing"])
        return answer

    def run(self, first: int, count: int) -> Round:
        """Run calls `first` … `first + count - 1`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{first} {count}\n")
        self.process.stdin.flush()
        return Round(**self.answer())

    def finish(self) -> None:
        """Let it check its tables and end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.answer()
        finally:
            self.process.wait()


class Stopped(Exception):
    """A worker could not go on; the reason is the message."""


def compare(operation: str, database: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure the operation on one database with every peer that has it; print the table, save the JSON."""
    data = Data(deals=options.deals)
    series, workers = _start(operation, database, data, options.peers)
    for worker in workers:
        worker.run(0, options.warm)
    for number in range(options.rounds):
        _progress(f"{operation}, {database}: round {number + 1} of {options.rounds}")
        for worker in workers:
            first = options.warm + number * options.calls
            series[worker.name].rounds.append(worker.run(first, options.calls))
    for worker in workers:
        worker.finish()
    floor = series.get(FLOOR)
    summaries = [summary(one, floor) for one in series.values()]
    title = f"{operation}, {database}, {data.deals:,} deals: {options.rounds} rounds of {options.calls} calls"
    print(table(title, summaries))
    print(f"saved: {save(f'{operation}-{database}', vars(options), summaries, list(series.values()))}")
    return summaries


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _start(operation: str, database: str, data: Data, names: Sequence[str]) -> tuple[dict[str, Series], list[Worker]]:
    series: dict[str, Series] = {}
    workers: list[Worker] = []
    built: dict[str, Place] = {}
    for name in names:
        try:
            peer = find(name)
        except ImportError as missing:
            series[name] = Series(name, name, note=f"skipped: {missing}")
            continue
        if database not in peer.databases or not peer.can(METHODS.get(operation, operation)):
            continue
        series[name] = Series(name, peer.label)
        try:
            if peer.schema not in built:
                built[peer.schema] = build(name, database, data)
            workers.append(Worker(name, places.copy(built[peer.schema]), data, operation))
        except Stopped as reason:
            series[name].note = str(reason)
    return series, workers


def build(name: str, database: str, data: Data) -> Place:
    """A new database with the peer's schema and the data in it."""
    _progress(f"building the {name} schema on {database} …")
    place = places.fresh(database)
    command = [sys.executable, "-m", "bench.worker", "build", name, database, place.dsn, str(data.deals)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    answer = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {"missing": "build failed: see above"}
    if done.returncode or "missing" in answer:
        raise Stopped(answer.get("missing", "build failed: see above"))
    return place


def each(operation: str, options: argparse.Namespace) -> None:
    """Measure on the databases asked for."""
    for database in places.DATABASES if options.database == "both" else [options.database]:
        compare(operation, database, options)
