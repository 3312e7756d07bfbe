"""`pip install -e` from a bare checkout: the core and the plugins come out of it, and no index is asked for them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from runpy import run_path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "crmkit-second"
version = "0.1.0"
dynamic = ["dependencies"]
[tool.hatch.build.targets.wheel]
packages = ["src/crmkit_second"]
[tool.hatch.metadata]
allow-direct-references = true
[tool.hatch.metadata.hooks.custom]
[tool.crmkit]
dependencies = ["crmkit>=0.1,<0.2", "crmkit-sales>=0.1,<0.2", "attrs"]
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that nobody has installed yet, with a second plugin that needs the first."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("workspace", "frontend", "src", "plugins/sales"):  # what was fetched for this checkout is in src already
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    second = folder / "plugins" / "second"
    (second / "src" / "crmkit_second").mkdir(parents=True)
    (second / "src" / "crmkit_second" / "__init__.py").touch()
    (second / "pyproject.toml").write_text(PLUGIN)
    shutil.copy(ROOT / "plugins" / "sales" / "hatch_build.py", second)
    return folder


def would_install(checkout: Path, *arguments: str) -> dict[str, str]:
    """What pip would install, without any index: {name: "editable" or "copy"}. All third parties are installed here."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", "--no-index"]
    outcome = subprocess.run(
        [*command, "--no-build-isolation", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_FIND_LINKS": ""},
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    found = {}
    for entry in json.loads(outcome.stdout)["install"]:
        origin = entry["download_info"]
        assert origin["url"].startswith(checkout.as_uri())
        found[entry["metadata"]["name"]] = "editable" if origin["dir_info"].get("editable") else "copy"
    return found


SALES = ("--editable", "plugins/sales")
CORE = ("--editable", ".")


def test_a_plugin_alone_brings_the_core(checkout: Path):
    assert would_install(checkout, *SALES) == {"crmkit": "copy", "crmkit-checkout": "copy", "crmkit-sales": "editable"}


@pytest.mark.parametrize("arguments", [CORE + SALES, SALES + CORE], ids=["core first", "plugin first"])
def test_core_and_plugin_in_one_command_are_both_editable(checkout: Path, arguments: tuple[str, ...]):
    expected = {"crmkit": "editable", "crmkit-checkout": "copy", "crmkit-sales": "editable"}
    assert would_install(checkout, *arguments) == expected


def test_a_plugin_brings_the_plugin_it_needs(checkout: Path):
    found = would_install(checkout, "--editable", "plugins/second")
    assert found == {"crmkit": "copy", "crmkit-checkout": "copy", "crmkit-sales": "copy", "crmkit-second": "editable"}


def test_what_is_published_has_plain_requirements(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CRMKIT_RELEASE", "1")
    wanted = ["crmkit>=0.1,<0.2", "attrs"]
    assert run_path(str(ROOT / "workspace" / "checkout.py"))["from_checkout"]("crmkit-x", wanted) == wanted


def test_an_editable_core_is_left_alone():
    """This very environment has the core in editable mode, so nothing of this checkout asks for it again."""
    workspace = run_path(str(ROOT / "workspace" / "checkout.py"))
    if not workspace["_editable"]("crmkit", ROOT):
        pytest.skip("crmkit is not installed in editable mode from this checkout")
    assert workspace["carried"]()["crmkit"] == []
