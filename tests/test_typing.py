"""Mistakes show in the editor: three checkers see each marked line of `typing_tests/mistakes.py`, and nothing else.

`typing_tests/good.py` is the other half: correct code about which they must be silent.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "typing_tests"
MISTAKES = FOLDER / "mistakes.py"
GOOD = FOLDER / "good.py"
Found = dict[tuple[str, int], list[str]]  # (file name, line) -> what a checker says about it


def run(*command: str) -> str:
    """Return what a checker prints; it must have come to an end by itself (1 means that it found something)."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), f"{command[0]} failed: {done.stderr or done.stdout}"
    return done.stdout


def mypy(cache: Path) -> Found:
    found: Found = {}
    for line in run("mypy", "--output=json", f"--cache-dir={cache}", str(GOOD), str(MISTAKES)).splitlines():
        problem = json.loads(line)
        if problem["severity"] == "error" and Path(problem["file"]).parent.name == FOLDER.name:
            found.setdefault((Path(problem["file"]).name, problem["line"]), []).append(problem["message"])
    return found


def pyright(cache: Path) -> Found:
    found: Found = {}
    options = "--outputjson", f"--pythonpath={sys.executable}"
    for problem in json.loads(run("pyright", *options, str(GOOD), str(MISTAKES)))["generalDiagnostics"]:
        place = Path(problem["file"]).name, problem["range"]["start"]["line"] + 1
        found.setdefault(place, []).append(problem["message"])
    return found


def ty(cache: Path) -> Found:
    found: Found = {}
    options = "--output-format=gitlab", f"--python={sys.prefix}"
    for problem in json.loads(run("ty", "check", *options, str(GOOD), str(MISTAKES))):
        location = problem["location"]
        place = Path(location["path"]).name, location["positions"]["begin"]["line"]
        found.setdefault(place, []).append(problem["description"])
    return found


def marked() -> dict[int, str]:
    """The lines that are wrong on purpose."""
    lines = enumerate(MISTAKES.read_text("utf-8").splitlines(), 1)
    return {number: mark[1] for number, line in lines if (mark := re.search(r"  # (E\d+)\b", line))}


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright, ty], ids=lambda checker: checker.__name__)
def test_exactly_the_marked_lines_are_reported(checker: Callable[[Path], Found], tmp_path: Path):
    found = checker(tmp_path)
    silent = [message for (file, line), message in found.items() if file == GOOD.name]
    assert not silent, f"good.py is correct, but {checker.__name__} says: {silent}"
    marks = marked()
    unseen = [f"{mark} in line {line}" for line, mark in marks.items() if (MISTAKES.name, line) not in found]
    unmarked = [f"line {line}: {message}" for (_, line), message in found.items() if line not in marks]
    assert not unseen, f"{checker.__name__} does not see {unseen}"
    assert not unmarked, f"{checker.__name__} reports more: {unmarked}"


def test_every_mistake_has_a_number_of_its_own():
    numbers = sorted(int(mark[1:]) for mark in marked().values())
    assert numbers == list(range(1, len(numbers) + 1)), "number them without gaps and repetitions"
    assert len(numbers) >= 24
