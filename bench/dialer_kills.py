"""A call centre whose processes are ended by `kill -9` at random moments, in real time, until the books are compared.

    .venv/bin/python -m bench.dialer_kills --kills 120 --database postgresql

One process takes webhooks in, two run the jobs, one is the managers at their screens; the exchange is a fourth kind, speaks HTTP with
Telfin's faults, and is never killed: what it knows is the truth. A webhook that finds nobody is not sent again. At the end the attempts,
their steps, the calls, the queue's journal and what really rang are compared by both audits.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time

from bench import place as places
from bench.data import utc_now
from bench.measure import RESULTS
from crmkit_telephony_telfin.fake import Faults
from plugins.telephony_dialer.tests.processes import HURRIED, centre


def main() -> int:
    """Kill and compare; 1 when a promise was broken."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--kills", type=int, default=120, help="how many processes are killed: %(default)s")
    asked.add_argument("--agents", type=int, default=20, help="managers: %(default)s")
    asked.add_argument("--database", choices=places.DATABASES, default="postgresql")
    asked.add_argument("--pause", type=float, nargs=2, default=(0.5, 8.0), help="seconds between two kills: from, to")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(1))
    url, began = places.fresh(given.database).sqlalchemy, time.monotonic()
    tasks = given.agents * 300
    with centre(url, given.agents, tasks, habits=HURRIED, faults=Faults.seen(), seed=given.seed, ring=15, lease=5.0) as found:
        found.suffer(given.kills, random.Random(given.seed), tuple(given.pause))
        found.close()
        wrong, outcomes = found.wrong(), found.outcomes()
        lost = sum(d.fate == "sent" and d.status != 200 for d in found.pbx.truth.deliveries)
        told = {
            "database": given.database, "agents": given.agents, "seconds": round(time.monotonic() - began), "kills": found.kills,
            "attempts": found.made(), "calls": len(found.pbx.truth), "outcomes": outcomes, "webhooks_nobody_took": lost,
            "violations": len(wrong), "wrong": wrong[:50],
        }  # fmt: skip
    sys.stdout.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    RESULTS.mkdir(exist_ok=True)
    now = utc_now()
    (RESULTS / f"dialer-kills-{given.database}-{now:%Y%m%d-%H%M%S}.json").write_text(json.dumps({"at": now.isoformat(), **told}, indent=1))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
