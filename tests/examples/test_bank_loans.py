"""The bank's log comes out of the pipeline engine with the figures it went in with."""

from __future__ import annotations

import functools
import gzip
import importlib.util
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit.core.database import open_engine
from tests.suite import forked

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "bank_loans.py"
LOG = "data/eventlogs/bpic2012.xes.gz"
LONG = "CRMKIT_TEST_LONG"
PM4PY = "CRMKIT_TEST_PM4PY"
EVERYDAY = 2000  # of 13087 applications; CRMKIT_TEST_LONG=1 plays all of them

Figures = dict[str, Any]


def play(log: Path, database: str, *more: str) -> Figures:
    """Run the example the way a person does, and return its last line."""
    done = run(log, database, *more)
    assert done.returncode == 0, done.stderr
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def run(log: Path, database: str, *more: str) -> subprocess.CompletedProcess[str]:
    return forked.run([str(EXAMPLE), "--log", str(log), "--database", database, *more], timeout=280, encoding="utf-8")


# Expected: straight from the file, by nothing of ours.


@functools.cache
def by_hand(log: Path, limit: int | None = None) -> Figures:
    """Read a log with nothing but `split` and a regular expression, and work the figures out."""
    content = log.read_bytes()
    text = (gzip.decompress(content) if log.suffix == ".gz" else content).decode()
    fact = re.compile(r'key="(concept:name|time:timestamp)" value="([^"]*)"')
    last: dict[str, int] = defaultdict(int)
    stays: dict[str, list[float]] = defaultdict(list)
    for trace in text.split("<trace>")[1:][:limit]:
        events = [dict(fact.findall(event)) for event in trace.split("<event>")[1:]]
        path = [
            (event["concept:name"], datetime.fromisoformat(event["time:timestamp"]))
            for event in events
            if event["concept:name"].startswith("A_")
        ]
        for (status, entered), (_next, left) in itertools.pairwise(path):
            stays[status].append((left - entered).total_seconds())
        if path:
            last[path[-1][0]] += 1
    return {
        "deals": sum(last.values()),
        "stages": {
            status: {
                "last": last.get(status, 0),
                "mean_s": statistics.fmean(stays[status]) if stays[status] else None,
                "median_s": statistics.median(stays[status]) if stays[status] else None,
            }
            for status in {*last, *stays}
        },
    }


BY_PM4PY = """
import json, sys
import pm4py
frame = pm4py.read_xes(sys.argv[1], variant="iterparse", show_progress_bar=False)
case, name, at = "case:concept:name", "concept:name", "time:timestamp"
frame["row"] = range(len(frame))
order = {c: n for n, c in enumerate(dict.fromkeys(frame[case]))}
limit = int(sys.argv[2]) or len(order)
frame = frame[frame[case].map(order) < limit]
frame = frame[frame[name].str.startswith("A_")].sort_values([case, "row"], kind="stable")
ends = frame.groupby(case, sort=False)[name].last().value_counts()
frame["stay"] = (frame.groupby(case, sort=False)[at].shift(-1) - frame[at]).dt.total_seconds()
stays = frame.dropna(subset=["stay"]).groupby(name)["stay"]
mean, median = stays.mean(), stays.median()
print(json.dumps({
    "deals": int(ends.sum()),
    "stages": {s: {"last": int(ends.get(s, 0)), "mean_s": float(mean[s]) if s in mean else None,
                   "median_s": float(median[s]) if s in median else None} for s in frame[name].unique()},
}))
"""


@functools.cache
def by_pm4py(log: Path, limit: int | None = None) -> Figures | None:
    """The same by pm4py, where it is installed: it weighs half a gigabyte, so nothing here requires it."""
    python = os.environ.get(PM4PY) or (sys.executable if importlib.util.find_spec("pm4py") else None)
    if python is None:
        return None
    done = subprocess.run(
        [python, "-c", BY_PM4PY, str(log), str(limit or 0)], capture_output=True, text=True, check=True
    )
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def assert_same(found: Figures, expected: Figures) -> None:
    assert found["deals"] == expected["deals"]
    assert found["stages"].keys() == expected["stages"].keys()
    for status, facts in expected["stages"].items():
        assert found["stages"][status].keys() == facts.keys()
        for name, value in facts.items():
            near = value if value is None else pytest.approx(value, rel=1e-9, abs=1e-6)
            assert found["stages"][status][name] == near, (status, name)


# The bank's own log


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_bank_s_log_comes_out_as_it_went_in(database_url: str, shared: Callable[[str], Path]):
    log = shared(LOG)
    limit = None if os.environ.get(LONG) else EVERYDAY
    found = play(log, database_url, *(["--limit", str(limit)] if limit else []))
    assert found["deals"] == (limit or 13087)
    assert_same(found, by_hand(log, limit))
    assert_kept_books(database_url, events=60849 if limit is None else None)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("limit", [None, EVERYDAY])
def test_pm4py_and_we_read_the_log_alike(shared: Callable[[str], Path], limit: int | None):
    """Both ways of expecting the figures agree, so that comparing with one is comparing with the other."""
    log = shared(LOG)
    expected = by_pm4py(log, limit)
    if expected is None:
        pytest.skip(f"no pm4py: pip install pm4py, or {PM4PY}=PYTHON of an environment that has it")
    assert_same(by_hand(log, limit), expected)


def assert_kept_books(url: str, events: int | None) -> None:
    """Journal, history, automations and totals tell the same story as the records."""
    engine = open_engine(url)
    with engine.connect() as connection:
        records, letters, moved, journalled = (
            connection.execute(sa.text(f"SELECT count(*) FROM {what}")).scalar_one()
            for what in ("bank_application", "bank_letter", "crm_stage_history", "crm_journal")
        )
        statement = "SELECT stage, sum(n) FROM crm_tally GROUP BY stage HAVING sum(n) <> 0"
        totals = {stage: int(count) for stage, count in connection.execute(sa.text(statement))}
        counted = "SELECT stage, count(*) FROM bank_application GROUP BY stage"
        assert totals == dict(map(tuple, connection.execute(sa.text(counted))))
    engine.dispose()
    assert letters == records + moved == (events or letters)
    assert journalled == records + moved + letters


# Logs with everything a log may have in it

HEAD = '<?xml version="1.0" encoding="UTF-8" ?>\n<log xes.version="1.0" xmlns="http://www.xes-standard.org/">\n'
STRANGE = [
    # the same status twice, the second time at the same moment
    ("1", ["A_NEW 2024-03-31T01:30:00.000+01:00", "A_NEW 2024-03-31T03:30:00.000+02:00", "A_NEW 2024-03-31T01:30:00Z"]),
    # other events in between, zones that change, back to an earlier status
    (
        "2",
        [
            "A_NEW 2024-01-01T00:00:00Z",
            "W_CALL 2024-01-01T01:00:00Z",
            "A_OFFER 2024-01-01T05:00:00.250+03:00",
            "A_NEW 2023-12-31T23:00:00-05:00",
            "A_DONE 2024-01-02T00:00:00Z",
        ],
    ),
    # no status at all
    ("3", ["W_CALL 2024-01-01T00:00:00Z"]),
    # times that step back: the file's order holds
    ("4", ["A_NEW 2024-01-01T12:00:00Z", "A_OFFER 2024-01-01T11:59:59.999Z", "A_DONE 2024-01-01T12:00:00Z"]),
    # the moment another application is at, and a name that wants escaping
    ("<5>", ["A_NEW 2024-01-01T00:00:00Z", "A_DONE 2024-01-01T00:00:00Z"]),
    ("6", ["A_DONE 2024-01-01T00:00:00.000001Z"]),
]


def written(path: Path, traces: list[tuple[str, list[str]]]) -> Path:
    parts = [HEAD]
    for number, events in traces:
        escaped = number.replace("<", "&lt;").replace(">", "&gt;")
        parts.append(f'<trace>\n<string key="concept:name" value="{escaped}"/>\n')
        for event in events:
            name, at = event.split(" ")
            parts.append(f'<event><string key="concept:name" value="{name}"/>')
            parts.append(f'<date key="time:timestamp" value="{at}"/></event>\n')
        parts.append("</trace>\n")
    text = "".join([*parts, "</log>\n"])
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", ["strange.xes", "strange.xes.gz"])
def test_a_strange_log(tmp_path: Path, database_url: str, name: str):
    log = written(tmp_path / name, STRANGE)
    found = play(log, database_url)
    assert_same(found, by_hand(log))
    assert found["stages"]["A_NEW"] == {"last": 1, "mean_s": pytest.approx(82800.249 / 6), "median_s": 1800.0}
    assert found["stages"]["A_DONE"] == {"last": 4, "mean_s": None, "median_s": None}
    assert_kept_books(database_url, events=13)


def test_a_second_play_counts_its_own(tmp_path: Path, database_url: str):
    log = written(tmp_path / "strange.xes", STRANGE)
    assert play(log, database_url) == play(log, database_url)
    only_one = play(log, database_url, "--limit", "1")
    assert only_one["deals"] == 1
    assert only_one["stages"] == {"A_NEW": {"last": 1, "mean_s": 1800.0, "median_s": 1800.0}}


@pytest.mark.parametrize(
    "content, message",
    [
        (None, "No such file"),
        (b"\x1f\x8b broken", "cannot be read as an XES log"),
        (b"<log><trace>", "cannot be read as an XES log"),
        (b"<log/>", "nothing to play"),
        (b'<log><trace><event><string key="concept:name" value="A_X"/></event></trace></log>', "time:timestamp"),
    ],
)
def test_what_is_no_log_is_refused_in_a_sentence(tmp_path: Path, content: bytes | None, message: str):
    log = tmp_path / "log.xes"
    if content is not None:
        log.write_bytes(content)
    done = run(log, f"sqlite:///{tmp_path / 'loans.db'}")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["mysql://localhost/loans", "nonsense", "sqlite:////no/such/folder/loans.db"])
def test_a_database_that_cannot_be_is_refused_in_a_sentence(tmp_path: Path, address: str):
    done = run(written(tmp_path / "strange.xes", STRANGE), address)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
