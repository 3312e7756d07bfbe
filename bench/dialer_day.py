"""A simulated day of many managers whose calls are dialled, through a PBX that behaves like Telfin's, with faults and crashes.

    .venv/bin/python -m bench.dialer_day --agents 500 --hours 8 --crash-every 5000
    .venv/bin/python -m bench.dialer_day --agents 20 --hours 1 --database postgresql+psycopg://…

Prints what was done, how far the end of the ring time was from when it was due, and everything both audits found. The clock is
moved from one thing that happens to the next, so that a day takes as long as the work does.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile

from crmkit import MovableClock
from crmkit.core import migrate
from crmkit_telephony_telfin.fake import Faults
from plugins.telephony_dialer.tests.day import BEGIN, Day, compose


def main() -> int:
    """Play the day; 1 when a promise was broken."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--agents", type=int, default=500)
    asked.add_argument("--hours", type=float, default=8)
    asked.add_argument("--tasks", type=int, help="left out: 40 for each manager and hour")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--crash-every", type=int, default=0, help="writing statements between two crashes on average; 0: none")
    asked.add_argument("--faults", choices=("none", "seen", "storm"), default="seen")
    asked.add_argument("--database", help="left out: SQLite in a temporary folder")
    given = asked.parse_args()
    logging.disable(logging.CRITICAL)
    clock = MovableClock(BEGIN)
    with tempfile.TemporaryDirectory() as folder:
        crm = compose(given.database or f"sqlite:///{folder}/day.db", clock)
        migrate.create(crm.engine, migrate.owners_of(crm))
        faults = {"none": Faults(), "seen": Faults.seen(), "storm": Faults.storm(0.03, refused=0.01, server_error=0.02)}[given.faults]
        tasks = given.tasks or int(given.agents * given.hours * 40)
        day = Day(crm, clock, given.agents, tasks, seed=given.seed, faults=faults, crash_every=given.crash_every)
        day.set_up()
        day.run(given.hours * 60)
        day.close()
        wrong = day.wrong()
        sys.stdout.write(json.dumps({"agents": given.agents, "hours": given.hours, **day.figures(), "violations": len(wrong)}, indent=1) + "\n")
        sys.stdout.writelines(f"{line}\n" for line in wrong[:50])
        crm.engine.dispose()
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
