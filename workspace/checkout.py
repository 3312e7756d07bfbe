"""Plugins installed from a checkout take crmkit, and each other, out of that checkout and never from an index.

pip allows two ways to name a local project, and refuses to see one project both ways in one run: `-e .` on the command
line and `crmkit @ file:///…` in a plugin's requirements are a conflict, and in two runs the second replaces the
editable installation by a copy. So a plugin asks for `crmkit-checkout[crmkit]` by address instead. pip reads what that
needs only after it has read everything on the command line, each project of which leaves a mark while it is built:
what is marked, or is installed in editable mode already, is not asked for a second time.
`docs/decisions/0002-packaging.md` tells the whole story.
"""

from __future__ import annotations

import json
import os
import re
import sysconfig
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CARRIER = "crmkit-checkout"
RELEASE = "CRMKIT_RELEASE"  # set to build what goes to an index: requirements then stay as they are written
PIP_RUN = "PIP_BUILD_TRACKER"  # pip's own folder for one run, there for every build it starts, removed at its end


def from_checkout(name: str, dependencies: list[str]) -> list[str]:
    """The requirements of a plugin, those on projects of this checkout turned into one on the carrier."""
    mark(name)
    ours = set(_projects()) & {_name(line) for line in dependencies}
    if os.environ.get(RELEASE) or not ours:
        return dependencies
    carrier = f"{CARRIER}[{','.join(sorted(ours))}] @ {HERE.as_uri()}"
    return [line for line in dependencies if _name(line) not in ours] + [carrier]


def carried() -> dict[str, list[str]]:
    """The carrier's extras: one for each project of this checkout, empty for those that are at hand already."""
    return {
        name: [] if _at_hand(name, folder) else [f"{name} @ {folder.as_uri()}"] for name, folder in _projects().items()
    }


def mark(name: str) -> None:
    """Leave word for the rest of this run of pip that the project is being built."""
    if run := os.environ.get(PIP_RUN):
        (Path(run) / f"{name}.crmkit").touch()


def _projects() -> dict[str, Path]:
    files = [HERE.parent / "pyproject.toml", *sorted(HERE.parent.glob("plugins/*/pyproject.toml"))]
    return {tomllib.loads(file.read_text("utf-8"))["project"]["name"]: file.parent for file in files}


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


def _at_hand(name: str, folder: Path) -> bool:
    run = os.environ.get(PIP_RUN)
    return bool(run and (Path(run) / f"{name}.crmkit").exists()) or _editable(name, folder)


def _editable(name: str, folder: Path) -> bool:
    """Whether the environment that is being installed into has it in editable mode, from this very folder."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    for installed in distributions(name=name, path=sorted(places)):
        origin: dict[str, Any] = json.loads(installed.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable") and origin.get("url") == folder.as_uri():
            return True
    return False
