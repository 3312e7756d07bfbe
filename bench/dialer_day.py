"""A simulated day of many managers whose calls are dialled, through a PBX that behaves like Telfin's, with faults and crashes.

    .venv/bin/python -m bench.dialer_day --agents 500 --hours 8 --crash-every 500 --database postgresql
    .venv/bin/python -m bench.dialer_day --agents 20 --hours 1

Prints what was done and everything both audits found. The clock is moved from one thing that happens to the next, so that a day takes
as long as the work does; what happens within `--step` seconds happens at once. How exact timers are in real time tells `bench.ring_time`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import signal
import sys
import time
from pathlib import Path

from bench import place as places
from bench.data import utc_now
from bench.kept_day import Kept, begun
from bench.measure import RESULTS
from crmkit import MovableClock
from crmkit.core import garbage, migrate
from crmkit.core.jobs.handler import from_ms
from crmkit.core.work import runner, set_crons
from crmkit.testing.postgres import postgres_dsn
from crmkit_telephony_telfin.fake import Faults
from plugins.telephony_dialer.tests.day import BEGIN, Day, compose

AT_ONCE = 32


class Worker:
    """Runs the jobs of a simulated day, claimed by the dozen as a worker process claims them."""

    def __init__(self, day: Day) -> None:
        set_crons(day.crm, housekeeping=False)
        self._runner, self._minute = runner(day.crm, concurrency=1), -1
        self._next: dt.datetime | None = None

    def __call__(self, day: Day) -> None:
        """Run what is due."""
        minute = int(day.clock.now().timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            day.safely(day.crm.jobs.crons.fire)
        while self._due(day) and (jobs := self._runner.claims.take(AT_ONCE)):
            for job in jobs:
                if not day.safely(self._runner.executor.run, job):
                    break  # the process is gone: what it had claimed comes to another

    def _due(self, day: Day) -> bool:
        """Look when the next job is due; True when it is now."""
        moments = [ms for ms in self._runner.claims.look() if ms is not None]
        self._next = from_ms(min(moments)) if moments else None
        return self._next is not None and self._next <= day.clock.now()

    def next_due(self) -> dt.datetime | None:
        """When there is more to run: of whom it was asked last, while running what was due."""
        return self._next


def _address(database: str) -> str:
    """Return an address; of the servers of this machine one that need not wait for the disk, as no machine is switched off here."""
    if "://" in database:
        return database
    if database == "postgresql":
        return postgres_dsn().replace("postgresql:", "postgresql+psycopg:", 1)
    return places.fresh(database).sqlalchemy


def main() -> int:
    """Play the day; 1 when a promise was broken."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--agents", type=int, default=500)
    asked.add_argument("--hours", type=float, default=8)
    asked.add_argument("--minutes", type=float, default=0, help="end after so many minutes of real time; 0: with the day")
    asked.add_argument("--step", type=float, default=0.02, help="seconds of the day that happen at once: %(default)s")
    asked.add_argument("--tasks", type=int, help="left out: 70 for each manager and hour")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--crash-every", type=int, default=0, help="of so many things that are done one is cut off by a crash; 0: none")
    asked.add_argument("--faults", choices=("none", "seen", "storm"), default="seen")
    asked.add_argument("--database", default="sqlite", help="sqlite, postgresql, or an address: %(default)s")
    asked.add_argument("--keep", type=Path, help="a folder where the day is kept every ten minutes of it and gone on with; wants an address")
    asked.add_argument("--log", type=Path, help="where every ten minutes of the day a line is added")
    given = asked.parse_args()
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the database goes too
    faults = {"none": Faults(), "seen": Faults.seen(), "storm": Faults.storm(0.03, refused=0.01, server_error=0.02)}[given.faults]
    tasks = given.tasks or int(given.agents * given.hours * 70)
    asked_of_day = {
        "agents": given.agents, "tasks": tasks, "seed": given.seed, "faults": faults, "crash_every": given.crash_every, "step": given.step,
    }  # fmt: skip
    kept = Kept(given.keep, given.database) if given.keep is not None else None
    if kept is not None and kept.there:
        day, hours = kept.go_on(**asked_of_day)
    else:
        if kept is not None:
            begun(given.database)
        clock, hours = MovableClock(BEGIN), 0.0
        crm = compose(_address(given.database), clock)
        migrate.create(crm.engine, migrate.owners_of(crm))
        day = Day(crm, clock, **asked_of_day)
        day.set_up()
    crm = day.crm
    day.deliver = Worker(day)
    garbage.settle()  # as a worker process does
    cpu, began = time.process_time(), time.monotonic()
    while hours < given.hours - 0.001 and (not given.minutes or time.monotonic() - began < given.minutes * 60):
        for _two in range(5):
            day.run(2)
            if given.minutes and time.monotonic() - began >= given.minutes * 60:
                break
        hours = (day.clock.now() - BEGIN).total_seconds() / 3600
        calls, seconds = len(day.pbx.truth), time.process_time() - cpu
        line = f"{day.clock.now():%H:%M} of the day, {calls} calls, {day.crashes.count} crashes, {seconds:.0f} s of processor"
        line = f"{line}, {time.monotonic() - began:.0f} s\n"
        sys.stderr.write(line)
        if given.log is not None:
            with given.log.open("a") as file:
                file.write(f"{utc_now():%H:%M:%S} {line}")
        if kept is not None:
            kept.keep(day, hours)
    cpu = time.process_time() - cpu
    day.close()
    wrong = day.wrong()
    told = {
        "agents": given.agents, "hours": round(hours, 2), "database": crm.engine.dialect.name, "faults": given.faults, "tasks": tasks,
        **day.figures(), "cpu_seconds": round(cpu), "violations": len(wrong), "wrong": wrong[:50],
    }  # fmt: skip
    sys.stdout.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    RESULTS.mkdir(exist_ok=True)
    now = utc_now()
    (RESULTS / f"dialer-day-{crm.engine.dialect.name}-{now:%Y%m%d-%H%M%S}.json").write_text(json.dumps({"at": now.isoformat(), **told}, indent=1))
    crm.engine.dispose()
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
