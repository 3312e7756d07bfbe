"""The last thing a run says: what it did not run, and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.suite.guards import ROOT

SHARED = "CRMKIT_SHARED"


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """`shared("data/eventlogs/x.gz")`: a file kept beside the repository; without it the test skips and says so."""

    def find(name: str) -> Path:
        folder = Path(os.environ.get(SHARED) or ROOT.parent / "shared")
        if not (folder / name).exists():
            pytest.skip(f"no {name} in {folder}; {SHARED}=FOLDER names another place")
        return folder / name

    return find


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    left_out = len(terminalreporter.stats.get("deselected", []))
    if left_out:
        chosen = {"-m": config.getoption("markexpr"), "-k": config.getoption("keyword")}
        asked = [f"{option} {value!r}" for option, value in chosen.items() if value] or ["--deselect"]
        reasons[f"left out by {' or '.join(asked)}"] = left_out
    if (only := config.getoption("--database")) != "all":
        reasons[f"every test on the database that is not {only}: --database {only}"] = 0
    if not reasons:
        return
    terminalreporter.section("what did not run, and why")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count or '?':>5}  {reason}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)
