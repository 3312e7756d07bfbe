"""Reading and importing an event log, beside pm4py reading the same file: CPU and memory, each in a process of its own.

`CRMKIT_TEST_PM4PY=/path/to/python python -m bench.event_logs --log ../shared/data/eventlogs/bpic2012.xes.gz`

pm4py is no dependency (AGPL): without a Python that has it, ours is measured alone. Reading is compared with reading; importing does more
(it also writes cases, events, work, sums by day and the journal), and pm4py keeps what it read in memory and nowhere else.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import place as places
from bench.data import utc_now
from bench.measure import RESULTS

LOG = Path(__file__).parents[2] / "shared" / "data" / "eventlogs" / "bpic2012.xes.gz"
TELL = """
import json, resource, sys, time
def told(began, **more):
    own = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": time.process_time() - began, "mib": own.ru_maxrss / 1024, **more}))
"""
READ = TELL + """
from crmkit_process_monitor.xes import LogReader
began = time.process_time()
with open(sys.argv[1], "rb") as file:
    reader = LogReader(file)
    cases = sum(1 for trace in reader)
told(began, cases=cases, events=reader.events)
"""
IMPORT = TELL + """
from bench import place as places
from bench.measure import cpu_seconds
from crmkit import Crm
from crmkit.core.compose import installed
from crmkit_process_monitor.exchange import export_log, figures, import_log
place = places.Place(sys.argv[2], sys.argv[3])
crm = Crm(*installed(["process_monitor"]), database=place.sqlalchemy, settings={"crmkit": {"jobs": False}})
crm.migrate()
began = time.process_time()
with crm.uow() as uow, open(sys.argv[1], "rb") as file:
    made = import_log(uow, file, sys.argv[1])
    backends = sum(cpu_seconds(pid) for pid in places.backends(place))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
imported = time.process_time()
with crm.read() as uow:
    for piece in export_log(uow, made.log):
        pass
exported = time.process_time()
with crm.read() as uow:
    figures(uow, made.log)
told(began, imported=imported - began + backends, exported=exported - imported, figures=time.process_time() - exported, import_mib=memory,
     cases=made.cases, events=made.events)
"""
PEER = TELL + """
import pm4py
began = time.process_time()
frame = pm4py.read_xes(sys.argv[1], variant="iterparse", show_progress_bar=False)
told(began, cases=int(frame["case:concept:name"].nunique()), events=len(frame))
"""


def run(python: str, code: str, *arguments: str) -> dict[str, Any]:
    """Run a program in a process of its own and return what its last line says."""
    done = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Measure; 1 when reading costs more than pm4py's, or an import more than twice its memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, default=LOG)
    parser.add_argument("--database", choices=(*places.DATABASES, "both"), default="both")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not options.log.exists():
        print(f"There is no {options.log}; name one with --log.", file=sys.stderr)
        return 2
    log, peer = str(options.log), os.environ.get("CRMKIT_TEST_PM4PY")
    chosen = places.DATABASES if options.database == "both" else [options.database]
    found: dict[str, list[dict[str, Any]]] = {}
    for _round in range(options.rounds):
        found.setdefault("read", []).append(run(sys.executable, READ, log))
        for database in chosen:
            place = places.fresh(database)
            found.setdefault(f"import {database}", []).append(run(sys.executable, IMPORT, log, database, place.dsn))
        if peer:
            found.setdefault("pm4py reads", []).append(run(peer, PEER, log))
    sizes = {(r["cases"], r["events"]) for rounds in found.values() for r in rounds}
    if len(sizes) != 1:
        sys.exit(f"they do not agree on what the log holds: {sizes}")
    (cases, events), middle = sizes.pop(), lambda name, fact: statistics.median(r[fact] for r in found[name])
    print(f"{options.log.name}: {cases:,} cases, {events:,} events")
    print(f"  {'read':<22}{events / middle('read', 'cpu'):>10,.0f} events a second of CPU {middle('read', 'mib'):>8,.0f} MiB")
    for database in chosen:
        name = f"import {database}"
        speed, memory = events / middle(name, "imported"), middle(name, "import_mib")
        print(f"  {name:<22}{speed:>10,.0f} events a second of CPU {memory:>8,.0f} MiB"
              f"   export {events / middle(name, 'exported'):,.0f}, figures {middle(name, 'figures'):.1f} s")
    well = True
    if peer:
        speed, memory = events / middle("pm4py reads", "cpu"), middle("pm4py reads", "mib")
        print(f"  {'pm4py reads':<22}{speed:>10,.0f} events a second of CPU {memory:>8,.0f} MiB")
        well = middle("read", "cpu") < middle("pm4py reads", "cpu") and all(
            middle(f"import {d}", "import_mib") < 2 * middle("pm4py reads", "mib") for d in chosen)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"event-logs-{utc_now():%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps({"log": options.log.name, "cases": cases, "events": events, "rounds": found}, indent=1) + "\n")
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
