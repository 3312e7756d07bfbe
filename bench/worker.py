"""One peer in a process of its own, so that nobody pays for another's imports and garbage.

`python -m bench.worker build PEER DATABASE DSN DEALS` fills a database and ends.
`python -m bench.worker run PEER DATABASE DSN DEALS OPERATION` answers one JSON line for each line `FIRST COUNT` on its
standard input: the CPU and the walls of those calls.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from dataclasses import asdict
from typing import TextIO

from bench.data import Data
from bench.measure import Meter, Round
from bench.operations import CALLS, check, probe
from bench.peers import Peer, find
from bench.place import Place, backends


def main() -> None:
    """Do what the arguments say; the last line on standard output tells of an error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a framework prints goes to standard error
    # SQLAlchemy warns that SQLite keeps no exact decimals: true for every peer of the plain schema.
    warnings.filterwarnings("ignore", message=".*does \\*not\\* support Decimal")
    task, name, database, dsn, deals, *operation = sys.argv[1:]
    try:
        peer_class = find(name)
    except ImportError as missing:
        print(json.dumps({"missing": f"skipped: {missing}"}), file=answers)
        return
    place, data = Place(database, dsn), Data(deals=int(deals))
    if task == "build":
        peer_class.build(place, data)
        print(json.dumps({"built": True}), file=answers)
        return
    _serve(peer_class(place, data), place, data, operation[0], answers)


def _serve(peer: Peer, place: Place, data: Data, operation: str, answers: TextIO) -> None:
    probe(peer, data, operation)
    before, calls = peer.counts(), 0
    prepare = CALLS[operation](peer, data)
    rows = peer.bulk_rows if operation == "bulk" else 1
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        first, count = map(int, line.split())
        prepared = [prepare(number) for number in range(first, first + count)]
        meter = Meter(os.getpid(), backends(place))
        walls = []
        started = meter.read()
        for call in prepared:
            at = time.perf_counter()
            call()
            walls.append(time.perf_counter() - at)
        application, database, background = meter.since(started)
        if backends(place) != meter.backends:
            print(f"{peer.label} opened or closed connections in a round: database CPU is incomplete", file=sys.stderr)
        calls += count
        print(json.dumps(asdict(Round(count * rows, application, database, background, walls))), file=answers)
    check(peer, before, peer.counts(), operation, calls)
    peer.close()
    print(json.dumps({"checked": calls}), file=answers)


if __name__ == "__main__":
    main()
