"""CPU per operation (application and database), wall p50 and p95, ratios to the floor; a table and a JSON file.

CPU is compared first: these machines are shared and noisy, and a wall time there says more about the neighbours.
Peers run in interleaved rounds (A B C A B C …), so that a drift hits all of them, and a ratio is taken within a
round before the median is taken over the rounds.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.data import utc_now

RESULTS = Path(__file__).parent / "results"


def cpu_seconds(pid: int) -> float:
    """CPU (user and system) that a process has used so far, all threads, any process of this machine.

    Linux keeps utime + stime of /proc/PID/stat in ticks of 10 ms; the same counter is readable in nanoseconds as the
    process's CPU clock (clock_getcpuclockid(3)), which matters when one operation costs half a millisecond.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists():
            raise ProcessLookupError(
                f"process {pid} ended while it was measured: use pools of a constant size"
            ) from None
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> float:
    """Resident memory of a process, MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and _parent(int(p.name)) == pid]


def background_of(backends: Sequence[int]) -> list[int]:
    """PostgreSQL's own helpers (WAL writer, checkpointer …) next to a backend on this machine."""
    if not backends:
        return []
    helpers = ("walwriter", "checkpointer", "background writer", "io worker", "autovacuum launcher")
    return [pid for pid in children(_parent(backends[0])) if any(name in _title(pid) for name in helpers)]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        return ""


@dataclass
class Meter:
    """CPU of an application and of its database's processes between two readings."""

    application: int
    backends: Sequence[int]
    background: Sequence[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find the helpers of the backends' server."""
        self.background = background_of(self.backends)

    def read(self) -> tuple[float, float, float]:
        """Seconds so far: application, database backends, the database's helpers."""
        database = sum(map(cpu_seconds, self.backends))
        return cpu_seconds(self.application), database, sum(map(cpu_seconds, self.background))

    def since(self, started: tuple[float, float, float]) -> tuple[float, float, float]:
        """Seconds since an earlier reading."""
        application, database, background = self.read()
        return application - started[0], database - started[1], background - started[2]


@dataclass(frozen=True)
class Round:
    """What one peer used in one round; seconds for all operations of the round together."""

    operations: int
    application: float
    database: float
    background: float
    walls: list[float]

    @property
    def cpu(self) -> float:
        """Seconds of CPU per operation, application and database."""
        return (self.application + self.database) / self.operations


@dataclass
class Series:
    """All rounds of one peer."""

    peer: str
    label: str
    rounds: list[Round] = field(default_factory=list)
    note: str = ""


def summary(series: Series, floor: Series | None) -> dict[str, Any]:
    """Medians over the rounds, microseconds of CPU and milliseconds of wall time per operation."""
    rounds = series.rounds
    walls = sorted(wall for one in rounds for wall in one.walls)
    pairs = zip(rounds, floor.rounds, strict=True) if floor and floor.rounds and rounds else ()
    ratios = [mine.cpu / theirs.cpu for mine, theirs in pairs]
    return {
        "peer": series.peer,
        "label": series.label,
        "note": series.note,
        "cpu_us": _median(one.cpu * 1e6 for one in rounds),
        "application_us": _median(one.application / one.operations * 1e6 for one in rounds),
        "database_us": _median(one.database / one.operations * 1e6 for one in rounds),
        "background_us": _median(one.background / one.operations * 1e6 for one in rounds),
        "p50_ms": walls[len(walls) // 2] * 1e3 if walls else None,
        "p95_ms": walls[int(len(walls) * 0.95)] * 1e3 if walls else None,
        "ratio": _median(ratios),
        "ratio_low": min(ratios, default=None),
        "ratio_high": max(ratios, default=None),
        "operations": sum(one.operations for one in rounds),
    }


def _median(values: Any) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None


COLUMNS = (
    ("× floor", "ratio", ".1f"),
    ("least", "ratio_low", ".1f"),
    ("most", "ratio_high", ".1f"),
    ("CPU µs", "cpu_us", ".0f"),
    ("app", "application_us", ".0f"),
    ("database", "database_us", ".0f"),
    ("(helpers)", "background_us", ".0f"),
    ("p50 ms", "p50_ms", ".2f"),
    ("p95 ms", "p95_ms", ".2f"),
)


def table(title: str, summaries: Sequence[Mapping[str, Any]]) -> str:
    """A table for people: one line per peer; a peer that did not run says why."""
    width = max(len(str(one["label"])) for one in summaries)
    lines = ["", title, " " * width + "".join(f"{name:>11}" for name, _, _ in COLUMNS)]
    for one in summaries:
        if one["cpu_us"] is None:
            lines.append(f"{one['label']:<{width}}   {one['note']}")
            continue
        cells = ("" if one[key] is None else format(one[key], form) for _, key, form in COLUMNS)
        lines.append(f"{one['label']:<{width}}" + "".join(f"{cell:>11}" for cell in cells))
    return "\n".join(lines)


def save(name: str, settings: Mapping[str, Any], summaries: Sequence[Mapping[str, Any]], raw: Sequence[Series]) -> Path:
    """Keep the run in bench/results/ with its settings, the machine and every round (without the single walls)."""
    RESULTS.mkdir(exist_ok=True)
    now = utc_now()
    rounds = {one.peer: [{**asdict(r), "walls": None} for r in one.rounds] for one in raw}
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()}
    document = {"at": now.isoformat(), "name": name, "settings": dict(settings), "machine": machine}
    path = RESULTS / f"{name}-{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps({**document, "summary": list(summaries), "rounds": rounds}, indent=1, default=str))
    return path
