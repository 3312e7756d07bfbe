"""An import in a process of its own: says a word after every chunk, so that it can be killed where it hurts."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from crmkit import MovableClock
from crmkit.transfer.mapping import read_mapping
from crmkit.transfer.run import Import
from tests.transfer.shop import compose


def main(url: str, mapping: str) -> None:
    crm = compose(url, clock=MovableClock(dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)))
    work = Import(crm=crm, mapping=read_mapping(Path(mapping), crm), chunk=40, progress=lambda step, tally, share: told(f"{step.name} {tally.rows}"))
    work.begin()
    told("begun")
    work.run()
    told("done")
    crm.engine.dispose()


def told(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
