"""Moves and lists over HTTP on PostgreSQL: CPU of the server process and of the database per request.

`python -m bench.http`; one uvicorn worker each, one and eight keep-alive connections; the client's CPU is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from bench import place as places
from bench.data import Data
from bench.http import LEAN, SERVERS, Request, find
from bench.http.client import ask_once, load
from bench.measure import Meter, Round, Series, save, summary, table
from bench.operations import actor_for, deal_for, expected_page, next_stage, reader
from bench.place import Place


class Server:
    """A uvicorn process with one worker on a free port."""

    def __init__(self, name: str, module: ModuleType, place: Place, data: Data) -> None:
        """Start it and wait until it answers a list with the right rows."""
        self.name, self.module, self.place, self.data = name, module, place, data
        self.moves = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        app = f"{module.__name__}:create_app"
        command = [sys.executable, "-m", "uvicorn", "--factory", app, "--port", str(self.port)]
        environment = {**os.environ, "BENCH_DSN": place.dsn, "BENCH_DEALS": str(data.deals)}
        quiet = ["--no-access-log", "--log-level", "warning"]
        self.process = subprocess.Popen([*command, *quiet], env=environment)
        self._wait()

    def _wait(self) -> None:
        actor, before = reader(self.data, 3)
        expected = expected_page(self.data, actor, before)
        until = time.monotonic() + 30
        body = b""
        while not body:
            try:
                body = asyncio.run(ask_once(self.port, self.module.page(actor, before)))
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
        assert self.module.ids(body) == expected, f"{self.name} listed the wrong deals: {body[:300]!r}"

    def requests(self, operation: str, count: int) -> Iterator[Request]:
        """The next requests; no deal is moved twice."""
        if operation == "page":
            return (self.module.page(*reader(self.data, n)) for n in range(count))
        first, self.moves = self.moves, self.moves + count
        deals = (deal_for(self.data, n) for n in range(first, first + count))
        return (self.module.move(deal, next_stage(self.data, deal), actor_for(self.data, deal)) for deal in deals)

    def run(self, operation: str, connections: int, count: int) -> Round:
        """So many requests over so many connections."""
        meter = Meter(self.process.pid, places.backends(self.place))
        requests = list(self.requests(operation, count))
        started = meter.read()
        walls = asyncio.run(load(self.port, connections, iter(requests)))
        application, database, background = meter.since(started)
        assert len(walls) == count
        return Round(count, application, database, background, walls)

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(20)


def main() -> None:
    """Start the servers, go round, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", default=",".join(SERVERS), help="names with commas between them: %(default)s")
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=400, help="requests to a server in a round: %(default)s")
    options = parser.parse_args()
    series, servers = _start(options.servers.split(","), Data(deals=options.deals))
    try:
        for operation, connections in itertools.product(("move", "page"), (1, 8)):
            _compare(operation, connections, options, series, servers)
    finally:
        for server in servers:
            server.stop()


def _start(names: list[str], data: Data) -> tuple[dict[str, Series], list[Server]]:
    series: dict[str, Series] = {}
    servers: list[Server] = []
    built: dict[str, Place] = {}
    for name in names:
        try:
            module = find(name)
        except ImportError as missing:
            series[name] = Series(name, name, note=f"skipped: {missing}")
            continue
        if module.SCHEMA not in built:
            built[module.SCHEMA] = places.fresh("postgresql")
            module.build(built[module.SCHEMA], data)
        series[name] = Series(name, module.LABEL)
        servers.append(Server(name, module, places.copy(built[module.SCHEMA]), data))
    return series, servers


def _compare(
    operation: str, connections: int, options: argparse.Namespace, series: dict[str, Series], servers: list[Server]
) -> list[dict[str, Any]]:
    for one in series.values():
        one.rounds = []
    for server in servers:
        server.run(operation, connections, options.calls // 2)
    for _ in range(options.rounds):
        for server in servers:
            series[server.name].rounds.append(server.run(operation, connections, options.calls))
    summaries = [summary(one, series.get(LEAN)) for one in series.values()]
    plural = "s" if connections > 1 else ""
    print(table(f"HTTP {operation}, {connections} connection{plural}, {options.deals:,} deals", summaries))
    name = f"http-{operation}-{connections}"
    print(f"saved: {save(name, vars(options), summaries, list(series.values()))}")
    return summaries


if __name__ == "__main__":
    main()
