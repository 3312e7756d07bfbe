"""Sums of work by day, from the rows of `work`: written in the same transaction, the same whoever adds them up."""

from __future__ import annotations

import datetime as dt
import math

import attrs

GROWTH = math.log(1.02)
Key = tuple[int, dt.date, int, int, str, int, int]
"""Log, day, worker, step, kind, team, point of sale."""
COLUMNS = (
    "log_id", "day", "worker_id", "step_id", "kind", "team_id", "point_id", "n", "took", "squares", "logs", "log_squares", "fast", "slow", "lost",
    "counts",
)  # fmt: skip


def bucket(took: int) -> int:
    """Return where milliseconds are counted: each bucket begins two hundredths above the one before, the first at a second."""
    return int(math.log(took / 1000) / GROWTH) if took > 1000 else 0


@attrs.define(slots=True)
class Cell:
    """The sums of one day of one step of one worker."""

    n: int = 0
    took: int = 0
    squares: float = 0.0
    logs: float = 0.0
    log_squares: float = 0.0
    fast: int = 0
    slow: int = 0
    lost: int = 0
    counts: dict[int, int] = attrs.field(factory=dict)

    def add(self, took: int) -> None:
        """Count one more row of work."""
        seconds = took / 1000
        log = math.log(seconds) if took > 1000 else 0.0
        self.n += 1
        self.took += took
        self.squares += seconds * seconds
        self.logs += log
        self.log_squares += log * log
        place = int(log / GROWTH)
        self.counts[place] = self.counts.get(place, 0) + 1

    def row(self, key: Key, json: str) -> tuple[object, ...]:
        """Return it in the order of `COLUMNS`, its counts as `json`."""
        return (*key, self.n, self.took, self.squares, self.logs, self.log_squares, self.fast, self.slow, self.lost, json)


__all__ = ["COLUMNS", "Cell", "Key", "bucket"]
