"""Real logs come in and go out with the figures other tools find in them: a bank's applications for loans, and a help desk's tickets."""

from __future__ import annotations

import collections
import datetime as dt
import gzip
import importlib.util
import io
import json
import math
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmkit import Actor, Crm
from crmkit_process_monitor.exchange import export_log, figures, import_log

LONG, PM4PY = "CRMKIT_TEST_LONG", "CRMKIT_TEST_PM4PY"
LOGS = {"data/eventlogs/bpic2012.xes.gz": 400, "data/eventlogs/helpdesk.xes.gz": 400}  # how many cases are looked at every day
DIRECTOR = Actor(1, "Dora", roles=["director"])
Figures = dict[str, dict[str, dict[str, Any]]]
FACT = re.compile(r'key="(concept:name|time:timestamp|org:resource|lifecycle:transition)" value="([^"]*)"')


def shortened(log: Path, cases: int | None, to: Path) -> Path:
    """Write the first cases of a log to a file of their own."""
    text = gzip.decompress(log.read_bytes()).decode()
    if cases is not None:
        text = "</trace>".join(text.split("</trace>")[:cases]) + "</trace>\n</log>"
    file = to / log.name.removesuffix(".gz")
    file.write_text(text, encoding="utf-8")
    return file


def by_hand(file: Path) -> Figures:
    """Work the figures out with nothing but `split` and a regular expression."""
    spans: dict[tuple[str, str], list[float]] = collections.defaultdict(list)
    cases: dict[tuple[str, str], dict[tuple[int, str, str], float]] = collections.defaultdict(lambda: collections.defaultdict(float))
    for number, trace in enumerate(file.read_text(encoding="utf-8").split("<trace>")[1:]):
        begun: dict[str, list[dt.datetime]] = collections.defaultdict(list)
        for event in trace.split("<event>")[1:]:
            facts = dict(FACT.findall(event))
            name, who, at = facts["concept:name"], facts.get("org:resource", ""), dt.datetime.fromisoformat(facts["time:timestamp"])
            said = facts.get("lifecycle:transition", "complete").lower()
            if said == "start":
                begun[name].append(at)
            elif said == "complete":
                took = (at - begun[name].pop(0)).total_seconds() if begun[name] else 0.0
                for key in (("steps", name), ("workers", who)):
                    spans[key].append(took)
                    cases[key][number, name, who] += took
    told: Figures = {"steps": {}, "workers": {}}
    for (what, name), values in spans.items():
        rows = cases[what, name]
        told[what][name] = {
            "n": len(values), "mean_s": statistics.fmean(values), "median_s": statistics.median(values), "cases": len({key[0] for key in rows}),
            "mean_case_s": statistics.fmean(rows.values()), "median_case_s": statistics.median(rows.values()),
        }  # fmt: skip
    return told


BY_PM4PY = """
import json, sys
import pm4py
from pm4py.objects.log.util import interval_lifecycle
case, step, worker = "case:concept:name", "concept:name", "org:resource"
frame = pm4py.read_xes(sys.argv[1], variant="iterparse", show_progress_bar=False)
spans = pm4py.convert_to_dataframe(interval_lifecycle.to_interval(pm4py.convert_to_event_log(frame)))
spans["took"] = (spans["time:timestamp"] - spans["start_timestamp"]).dt.total_seconds()
spans[worker] = spans[worker].astype(object).where(spans[worker].notna(), "")
work = spans.groupby([case, step, worker])["took"].sum().reset_index()
told = {"steps": {}, "workers": {}}
for what, by in (("steps", step), ("workers", worker)):
    for name, rows in spans.groupby(by):
        mine = work[work[by] == name]["took"]
        told[what][name] = {"n": len(rows), "mean_s": rows["took"].mean(), "median_s": rows["took"].median(),
            "cases": int(rows[case].nunique()), "mean_case_s": mine.mean(), "median_case_s": mine.median()}
print(json.dumps(told))
"""


def by_pm4py(file: Path) -> Figures | None:
    """The same by pm4py, where it is installed: its licence and its weight keep it from being required."""
    python = os.environ.get(PM4PY) or (sys.executable if importlib.util.find_spec("pm4py") else None)
    if python is None:
        return None
    done = subprocess.run([python, "-c", BY_PM4PY, str(file)], capture_output=True, text=True, check=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def assert_same(found: Figures, expected: Figures) -> None:
    for what in ("steps", "workers"):
        assert found[what].keys() == expected[what].keys()
        for name, facts in expected[what].items():
            for fact, value in facts.items():
                assert math.isclose(found[what][name][fact], value, rel_tol=1e-9, abs_tol=1e-6), (what, name, fact)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", LOGS)
def test_figures_are_those_of_others(crm: Crm, path: str, shared: Callable[[str], Path], tmp_path: Path):
    file = shortened(shared(path), None if os.environ.get(LONG) else LOGS[path], tmp_path)
    with crm.uow(DIRECTOR) as uow:
        made = import_log(uow, io.BytesIO(gzip.compress(file.read_bytes(), 1)), file.name + ".gz")
    with crm.read(DIRECTOR) as uow:
        found = figures(uow, made.log)
        back = tmp_path / "back.xes"
        back.write_bytes(b"".join(export_log(uow, made.log)))
    expected = by_hand(file)
    assert made.cases == file.read_text(encoding="utf-8").count("<trace>")
    assert_same(found, expected)
    assert_same(by_hand(back), expected)
    peer = by_pm4py(file)
    if peer is not None:
        assert_same(found, peer)
        returned = by_pm4py(back)
        assert returned is not None
        assert_same(returned, peer)
