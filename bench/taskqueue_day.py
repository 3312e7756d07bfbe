"""A working day of 500 managers through the real code, then the audit: nothing handed out twice, nothing lost, no rule broken.

`python -m bench.taskqueue_day --database postgresql --managers 500 --days 1`

What `crmkit simulate taskqueue --managers 500 --days 1` plays, with the time it took; the default is a day of about 140 tasks for
each. PostgreSQL does not wait for the disk here (`fsync` off): what is shown is exactness, one manager's click after the other's.
How fast a click is under load is measured by `bench.taskqueue`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

from bench import place as places
from bench.data import utc_now
from bench.measure import RESULTS
from crmkit import Crm, MovableClock
from crmkit.core.compose import installed
from crmkit.testing.postgres import postgres_dsn


def play(database: str, options: dict[str, Any]) -> dict[str, Any]:
    """Play the day on a database of its own and return the report with its times."""
    url = postgres_dsn() if database == "postgresql" else places.fresh(database).sqlalchemy
    clock = MovableClock()
    crm = Crm(*installed(["taskqueue"]), database=url, clock=clock)
    crm.migrate()
    began, cpu = time.perf_counter(), time.process_time()
    report = crm.hook.crm_simulate(crm=crm, plugin="taskqueue", clock=clock, options=options)
    assert report is not None
    crm.engine.dispose()
    told = {"seconds": round(time.perf_counter() - began), "cpu_seconds": round(time.process_time() - cpu)}
    return {"database": database, **told, "load": os.getloadavg(), **report}


def main() -> int:
    """Play, tell, and end with 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=[*places.DATABASES, "both"], default="both")
    for name, usual in (("managers", 500), ("days", 1), ("leads", 10_000), ("stack", 70_000), ("plans", 8), ("cap", 6), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = vars(parser.parse_args())
    database = options.pop("database")
    broken = 0
    RESULTS.mkdir(exist_ok=True)
    for one in places.DATABASES if database == "both" else [database]:
        report = play(one, options)
        broken += report["violations"]
        shown = ("closed", "per_manager_and_day", "by_kind", "ended", "full_days", "overdue", "lost_minutes", "seconds", "cpu_seconds", "violations")
        print(f"{one}: " + ", ".join(f"{name} {report[name]}" for name in shown), flush=True)
        print(*report["broken"], sep="\n")
        (RESULTS / f"taskqueue-day-{one}-{utc_now():%Y%m%d-%H%M%S}.json").write_text(json.dumps(report, indent=1, default=str))
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
