"""Duplicates found in a file of Febrl's form, against the known ones: precision, recall and their mean.

`python -m bench.duplicates --data FILE.csv` (or `python bench/duplicates.py …`) composes a CRM with the duplicates plugin and
one entity, imports the file into it, searches as `crmkit duplicates scan` does, and compares the open pairs of the review list
with the pairs `rec_id` tells. The last line is JSON. `rec_id` is not imported. `--robust` adds harder files made from this one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import String

from bench import febrl
from crmkit import Crm, Entity, Mapped, Plugin, _, column
from crmkit.duplicates import Address, Birthday, City, Duplicates, Exact, Identifier, Pair, PersonName, PostCode
from crmkit.duplicates import plugin as duplicates
from crmkit.duplicates.verbs import relearn, search

HARDER: dict[str, dict[str, Any]] = {
    "one duplicate, 2 slips": {"most": 1, "slips": 2.0},
    "up to 4, 3 slips": {"most": 4, "slips": 3.0},
    "up to 9, 3 slips, half with relatives": {"most": 9, "slips": 3.0, "households": 0.5},
    "up to 9, 6 slips, half with relatives": {"most": 9, "slips": 6.0, "households": 0.5},
    "up to 5, 9 slips": {"most": 5, "slips": 9.0},
}


class Person(Entity, table="febrl_person", label=_("Person", ru="Человек")):
    """A row of the file, without its number."""

    given_name: Mapped[str | None] = column(String(100), default=None)
    surname: Mapped[str | None] = column(String(100), default=None)
    street_number: Mapped[str | None] = column(String(100), default=None)
    address_1: Mapped[str | None] = column(String(100), default=None)
    address_2: Mapped[str | None] = column(String(100), default=None)
    suburb: Mapped[str | None] = column(String(100), default=None)
    postcode: Mapped[str | None] = column(String(100), default=None)
    state: Mapped[str | None] = column(String(100), default=None)
    date_of_birth: Mapped[str | None] = column(String(100), default=None)
    soc_sec_id: Mapped[str | None] = column(String(100), default=None)


PEOPLE = Duplicates(
    Person,
    compare=[
        PersonName(given="given_name", family="surname"),
        Birthday("date_of_birth"),
        Identifier("soc_sec_id"),
        Address("street_number", "address_1", "address_2"),
        City("suburb"),
        PostCode("postcode"),
        Exact("state", group="place"),
    ],
)
plugin = Plugin("febrl", modules=[sys.modules[__name__]], requires=["duplicates"], migrations=Path(__file__).with_name("febrl_migrations"))


def found_in(rows: Sequence[febrl.Row], *, learned: bool = False, database: str = "") -> tuple[set[febrl.Pair], float]:
    """Import rows into a new CRM, search, and return the proposed pairs by row number, and the seconds the search took."""
    with tempfile.TemporaryDirectory() as folder:
        crm = Crm(plugin, duplicates, database=database or f"sqlite:///{folder}/crm.db", settings={"crmkit": {"jobs": False}})
        try:
            crm.migrate()
            with crm.uow() as uow:
                keys = uow.add_many(Person, [{f: row.get(f) or None for f in febrl.FIELDS} for row in rows])
            if learned:
                relearn(crm, "febrl.person")
            start = time.perf_counter()
            search(crm, "febrl.person")
            took = time.perf_counter() - start
            place = {key: number for number, key in enumerate(keys)}
            with crm.read() as uow:
                pairs = uow.find(Pair).columns(Pair.a_id, Pair.b_id)
            return {(min(place[a], place[b]), max(place[a], place[b])) for a, b in pairs}, took
        finally:
            crm.engine.dispose()


def peer(path: Path, python: str) -> dict[str, dict[str, float]] | str:
    """Return what the `recordlinkage` package makes of the same file, or why it was not asked."""
    script = Path(__file__).with_name("duplicates_peer.py")
    away = {**os.environ, "PYTHONPATH": str(script.parent.parent)}
    done = subprocess.run([python, str(script), str(path)], stdout=subprocess.PIPE, text=True, check=False, env=away)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout else "failed: see above"


def line(name: str, scored: dict[str, Any] | str, more: str = "") -> str:
    """Return a line of the table."""
    if isinstance(scored, str):
        return f"{name:<44} {scored}"
    return f"{name:<44} {scored['precision']:>9.4f} {scored['recall']:>9.4f} {scored['f1']:>9.4f} {more}"


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a CSV file of Febrl's form")
    parser.add_argument("--learn", action="store_true", help="learn the weights from the file itself first, without labels")
    parser.add_argument("--robust", action="store_true", help="score harder files made from this one too")
    parser.add_argument("--peer", default=os.environ.get("BENCH_RECORDLINKAGE", ""), help="a Python with the recordlinkage package")
    parser.add_argument("--database", default="", help="an empty database instead of SQLite in a temporary folder")
    options = parser.parse_args()
    if not options.data.exists():
        parser.error(f"there is no file {options.data}")
    rows = febrl.read(options.data)
    known = febrl.truth(rows)
    found, took = found_in(rows, learned=options.learn, database=options.database)
    scored = febrl.score(found, known)
    print(f"{options.data.name}: {len(rows):,} records, {len(known):,} known pairs, {len(found):,} found in {took:.1f} s")
    print(f"{'':<44} {'precision':>9} {'recall':>9} {'f1':>9}")
    print(line("crmkit" + (", weights learned" if options.learn else ""), scored))
    kept: dict[str, Any] = {"crmkit": scored, "seconds": round(took, 2)}
    if options.learn or options.robust or options.peer:
        kept |= _further(options, rows)
    print(f"saved: {_save(options.data.stem, kept, len(rows))}")
    print(json.dumps(scored))


def _further(options: argparse.Namespace, rows: list[febrl.Row]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if options.peer:
        answer = kept["recordlinkage"] = peer(options.data, options.peer)
        for name, scored in answer.items() if isinstance(answer, dict) else [("", answer)]:
            print(line(f"recordlinkage {name}".strip(), scored))
    for name, how in HARDER.items() if options.robust else ():
        harder = febrl.corrupted(rows, seed=11, **how)
        found, took = found_in(harder, learned=options.learn)
        kept[name] = febrl.score(found, febrl.truth(harder))
        print(line(f"harder: {name}", kept[name], f"({len(harder):,} records, {took:.1f} s)"))
    return kept


def _save(name: str, kept: dict[str, Any], records: int) -> Path:
    from bench.measure import save

    return save(f"duplicates-{name}", {"records": records}, [kept], [])


if __name__ == "__main__":
    main()
