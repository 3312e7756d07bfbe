"""Febrl's data sets, scored by the plugin itself in a CRM of their own; and harder files of the same form."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bench import duplicates, febrl

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "febrl"
GIVEN = ("anna", "boris", "clara", "dennis", "ellen", "frank", "grace", "henry")
FAMILY = ("adler", "brandt", "cronin", "dorset", "elwood", "farrow", "gilmore")
STREETS = ("maple", "juniper", "hawthorn", "sycamore", "larch", "rowan", "willow")


def originals() -> list[febrl.Row]:
    """Return a few hundred people who are nobody's duplicates."""
    return [
        {"rec_id": f"rec-{n}-org", "given_name": given, "surname": f"{family}{'aeiou'[n % 5]}", "street_number": str(n % 97 + 1),
         "address_1": f"{STREETS[n % 7]} street", "address_2": "", "suburb": f"{STREETS[n * 3 % 7]}ville", "postcode": str(2000 + n * 37 % 900),
         "state": ("nsw", "vic", "qld")[n % 3],
         "date_of_birth": f"19{n * 7 % 90 + 10}{n % 12 + 1:02}{n % 28 + 1:02}", "soc_sec_id": str(1_000_000 + n * 7919 % 8_999_999)}
        for n, (given, family, _more) in enumerate(itertools.product(GIVEN, FAMILY, range(4)))
    ]  # fmt: skip


@pytest.mark.parametrize("name, aim", [("dataset1.csv", 0.98), ("dataset2.csv", 0.95)])
@pytest.mark.slow
def test_the_data_sets(name, aim):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    rows = febrl.read(path)
    found, _took = duplicates.found_in(rows)
    assert febrl.score(found, febrl.truth(rows))["f1"] > aim


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_harder_files(seed):
    rows = febrl.corrupted(originals(), seed=seed, most=4, slips=2.0, households=0.3)
    found, _took = duplicates.found_in(rows)
    scored = febrl.score(found, febrl.truth(rows))
    assert scored["precision"] > 0.97
    assert scored["recall"] > 0.93


def test_reading_and_scoring(tmp_path):
    rows = originals()[:6]
    febrl.write(tmp_path / "data.csv", rows)
    assert febrl.read(tmp_path / "data.csv") == rows
    named = [{"rec_id": n} for n in ("rec-1-org", "rec-1-dup-0", "rec-1-dup-1", "rec-2-org", "rec-11-org")]
    known = febrl.truth(named)
    assert known == {(0, 1), (0, 2), (1, 2)}
    assert febrl.score({(0, 1), (3, 4)}, known) == {"precision": 0.5, "recall": 0.3333, "f1": 0.4}
    assert febrl.score(set(), set()) == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
