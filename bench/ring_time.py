"""How exactly the ring time ends, in real time, while many managers are dialling: milliseconds late, p50, p95 and p99.

    .venv/bin/python -m bench.ring_time --agents 500 --minutes 2.5

Processes as in production: one takes the webhooks in over HTTP, two run the jobs, one is the managers; the exchange is another, behaves
as people do and sends Telfin's webhooks. All of them, and PostgreSQL, share this machine. Every timer is a row of the database, set for
twenty seconds after the client's telephone began to ring. Two moments are measured of every call that nobody answered: when the timer's
step was taken, and when the telephone was really silent, the provider having been asked whether somebody answered after all and then
told to hang up. The aim is a p99 of the timer within 500 ms. `--quiet-file PATH` is there while it is measured, for others to wait.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import place as places
from bench.data import utc_now
from bench.measure import RESULTS
from bench.screens import p
from crmkit_telephony_dialer.tables import attempts, steps
from crmkit_telephony_telfin.fake import Faults, Habits
from plugins.telephony_dialer.tests.processes import Centre, centre

AIM_MS = 500.0
KINDS = ("web", "work", "people")
BRIEF = Habits(talks=(15.0, 120.0), answer_after=(3.0, 18.0), voicemail=0.0)  # so that a short measurement has all of it


def spent(running: list[tuple[str, int]]) -> dict[str, float]:
    """Seconds of processor the processes of each kind have used."""
    used = dict.fromkeys(KINDS, 0.0)
    for kind, number in running:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        used[kind] += (int(fields[11]) + int(fields[12])) / 100
    return used


def lateness(found: Centre, since: Any) -> tuple[list[float], list[float]]:
    """Milliseconds from the end of the ring time to the timer's step, and to the client's telephone being silent."""
    s, a = steps.c, attempts.c
    taken = sa.select(s.at, a.deadline, a.call_id, a.outcome).join(attempts, a.id == s.attempt_id).where(
        s.state == "asking", s.by == "timer", s.was == "ringing", s.at >= since)  # fmt: skip
    calls = sa.table("telephony_call", sa.column("id"), sa.column("key"))
    with found.crm.read() as uow:
        rows = uow.connection.execute(taken).all()
        keys = {row.id: (row.key or "").partition(":")[2] for row in uow.connection.execute(sa.select(calls))}
    silent = []
    for row in rows:
        true = found.pbx.truth.calls.get(keys.get(row.call_id, ""))
        if true is not None and true.ended_by == "api" and true.ended_at is not None:
            silent.append((true.ended_at - row.deadline).total_seconds() * 1000)
    return [(row.at - row.deadline).total_seconds() * 1000 for row in rows], silent


def measure(found: Centre, minutes: float, ramp: float, workers: int) -> dict[str, Any]:
    """Let everybody work, and look at what happened after the beginning."""
    for kind in (*KINDS, *["work"] * (workers - 1)):
        found.start(kind)
    if not found.is_heard():
        raise SystemExit("nobody takes webhooks in")
    time.sleep(ramp)
    before, began, since, calls = spent(found.running), time.monotonic(), utc_now(), len(found.pbx.truth)
    heard, cpu = len(found.pbx.truth.deliveries), time.process_time()
    time.sleep(minutes * 60)
    seconds, after = time.monotonic() - began, spent(found.running)
    late, silent = lateness(found, since)
    return {
        "seconds": round(seconds), "attempts_a_second": round((len(found.pbx.truth) - calls) / seconds, 1),
        "webhooks_a_second": round((len(found.pbx.truth.deliveries) - heard) / seconds, 1), "timers": len(late),
        "timers_a_second": round(len(late) / seconds, 1),
        "late_ms": {"p50": p(late, 0.5), "p95": p(late, 0.95), "p99": p(late, 0.99), "longest": max(late)},
        "silent_ms": {"p50": p(silent, 0.5), "p95": p(silent, 0.95), "p99": p(silent, 0.99), "longest": max(silent)} if silent else None,
        "cpu_share": {kind: round((after[kind] - before[kind]) / seconds, 2) for kind in KINDS} | {
            "exchange": round((time.process_time() - cpu) / seconds, 2)},
    }  # fmt: skip


def main() -> int:
    """Measure; 1 when the aim was missed."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--agents", type=int, default=500, help="managers: %(default)s")
    asked.add_argument("--minutes", type=float, default=2.0, help="of measuring: %(default)s")
    asked.add_argument("--ramp", type=float, default=40.0, help="seconds until it begins: %(default)s")
    asked.add_argument("--workers", type=int, default=2, help="processes that run jobs: %(default)s")
    asked.add_argument("--threads", type=int, default=12, help="of each of them: %(default)s")
    asked.add_argument("--database", choices=places.DATABASES, default="postgresql")
    asked.add_argument("--quiet-file", type=Path, help="made while it is measured")
    given = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(1))
    url, tasks = places.fresh(given.database).sqlalchemy, int(given.agents * (given.minutes * 60 + given.ramp) / 15)
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(centre(
            url, given.agents, tasks, habits=BRIEF, faults=Faults.seen(), ring=20, looks=(5.0, 15.0), threads=given.threads))
        if given.quiet_file is not None:
            given.quiet_file.touch(exist_ok=False)
            stack.callback(given.quiet_file.unlink)
        told = {
            "agents": given.agents, "database": given.database, "workers": given.workers, "threads": given.threads,
            **measure(found, given.minutes, given.ramp, given.workers),
        }  # fmt: skip
    late, silent = told["late_ms"], told["silent_ms"] or {}
    sys.stdout.write(
        f"{given.agents} managers, {told['attempts_a_second']} calls/s, {told['webhooks_a_second']} webhooks/s, {told['timers']} ring times ended"
        f" ({told['timers_a_second']}/s): late p50 {late['p50']:.0f} ms  p95 {late['p95']:.0f}  p99 {late['p99']:.0f}  longest {late['longest']:.0f}"
        f"  (aim: p99 < {AIM_MS:.0f}); silent at the client p50 {silent.get('p50', 0):.0f}  p99 {silent.get('p99', 0):.0f}\n"
        f"processor: {told['cpu_share']}\n"
    )  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    now = utc_now()
    (RESULTS / f"ring-time-{given.database}-{now:%Y%m%d-%H%M%S}.json").write_text(json.dumps({"at": now.isoformat(), **told}, indent=1))
    return int(late["p99"] > AIM_MS)


if __name__ == "__main__":
    sys.exit(main())
