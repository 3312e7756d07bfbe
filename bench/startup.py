"""How long an import takes, how long a server needs to its first answer, and how much memory it holds when idle.

`python -m bench.startup`; another server joins the table with
`--command "crmkit serve --port {port}" --url /api/ --label crmkit` (its settings come from the environment as usual).
"""

from __future__ import annotations

import argparse
import http.client
import os
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import place as places
from bench.data import Data
from bench.measure import children, cpu_seconds, memory_mib, save
from bench.place import Place
from bench.rounds import Stopped, build

IMPORTS = {
    "crmkit": "import crmkit",
    "by hand": "import sqlalchemy.orm, starlette.applications, starlette.routing, orjson",
    "FastAPI + ORM": "import fastapi, sqlalchemy.orm",
    "Django + DRF": "import django.core.asgi, django.db.models, django.urls",
    "Tryton": "import trytond.pool, trytond.transaction, trytond.application",
}
PATIENCE = 60.0


@dataclass(frozen=True)
class Start:
    """A server to start: `{port}` in the command becomes a free one."""

    label: str
    command: Sequence[str]
    url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def import_seconds(statement: str) -> float | None:
    """How long the import takes in a fresh interpreter, without the interpreter's own start; None if it fails."""
    code = f"import time; at = time.perf_counter(); {statement}; print(time.perf_counter() - at)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def started(start: Start, settle: float) -> tuple[float, float, float]:
    """Seconds to the first 200, CPU seconds used by then, MiB when idle; the process and its children together."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [part.format(port=port) for part in start.command]
    environment = {name: value.format(port=port) for name, value in start.environment.items()}
    with tempfile.TemporaryFile() as log:
        at = time.perf_counter()
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        try:
            while not _answers(port, start):
                if process.poll() is not None or time.perf_counter() - at > PATIENCE:
                    log.seek(0)
                    said = log.read().decode(errors="replace")[-2000:]
                    raise RuntimeError(f"{' '.join(command)} did not answer 200 on {start.url}\n{said}")
                time.sleep(0.005)
            took = time.perf_counter() - at
            cpu = sum(map(cpu_seconds, _family(process.pid)))
            time.sleep(settle)
            return took, cpu, sum(map(memory_mib, _family(process.pid)))
        finally:
            process.terminate()
            process.wait(20)


def _answers(port: int, start: Start) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", start.url, headers=dict(start.headers))
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _family(pid: int) -> list[int]:
    return [pid, *(member for child in children(pid) for member in _family(child))]


def peers(data: Data) -> list[Start]:
    """The servers to compare with, each on an SQLite file with a little data."""
    plain = build("floor", "sqlite", data)
    environment = {"BENCH_DATABASE": "sqlite", "BENCH_DSN": plain.dsn}

    def uvicorn(label: str, module: str) -> Start:
        options = ("--factory", f"bench.http.{module}:create_app", "--port", "{port}", "--log-level", "warning")
        return Start(label, (sys.executable, "-m", "uvicorn", *options), "/deals", environment, {"x-actor": "1"})

    found = [
        uvicorn("by hand (Starlette + ORM)", "starlette_orm"),
        uvicorn("FastAPI + ORM", "fastapi_orm"),
        uvicorn("Django + DRF", "django_drf"),
    ]
    try:
        found.append(_tryton(build("tryton", "sqlite", data)))
    except Stopped as reason:
        print(f"Tryton: {reason}", file=sys.stderr)
    return found


def _tryton(place: Place) -> Start:
    path = Path(place.dsn)
    script = Path(sys.executable).with_name("trytond")
    settings = {
        "TRYTOND_DATABASE_URI": "sqlite://",
        "TRYTOND_DATABASE__PATH": str(path.parent),
        "TRYTOND_WEB__LISTEN": "127.0.0.1:{port}",
        "TRYTOND_WEB__ROOT": str(path.parent),
    }
    (path.parent / "index.html").write_text("up")
    # -d loads the pool of models before it listens, which is the work the others do in create_app.
    return Start("Tryton", (str(script), "-d", path.stem), "/", settings)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--settle", type=float, default=1.0, help="seconds of idleness before memory is read")
    parser.add_argument("--command", help="another server; {port} becomes a free port")
    parser.add_argument("--url", default="/", help="a path of it that answers 200")
    parser.add_argument("--label", default="crmkit")
    parser.add_argument("--only", action="store_true", help="leave the peers out")
    options = parser.parse_args()
    _imports(options.rounds)
    starts = [] if options.only else peers(Data(deals=1_000, contacts=200, companies=50))
    if options.command:
        starts.append(Start(options.label, shlex.split(options.command), options.url))
    _starts(starts, options)


def _imports(rounds: int) -> None:
    print(f"\n{'import':<30}{'median s':>10}{'least':>10}")
    for label, statement in IMPORTS.items():
        import_seconds(statement)  # once for the byte code
        found = [taken for _ in range(rounds) if (taken := import_seconds(statement)) is not None]
        cells = f"{statistics.median(found):>10.3f}{min(found):>10.3f}" if found else "   skipped: not importable"
        print(f"{label:<30}{cells}")


def _starts(starts: Sequence[Start], options: argparse.Namespace) -> None:
    results: dict[str, list[tuple[float, float, float]]] = {start.label: [] for start in starts}
    for _ in range(options.rounds):
        for start in starts:
            results[start.label].append(started(start, options.settle))
    print(f"\n{'start':<30}{'first answer s':>16}{'CPU s':>10}{'idle MiB':>10}")
    summaries: list[dict[str, Any]] = []
    for label, found in results.items():
        first, cpu, memory = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{label:<30}{first:>16.2f}{cpu:>10.2f}{memory:>10.0f}")
        summaries.append({"label": label, "first_answer_s": first, "cpu_s": cpu, "idle_mib": memory})
    print(f"saved: {save('startup', vars(options), summaries, [])}")


if __name__ == "__main__":
    places.folder()
    main()
