"""The plugin `crmkit new plugin` writes works as it is."""

from __future__ import annotations

import subprocess
import sys

from crmkit.scaffold import write_plugin


def test_its_own_tests_pass_and_it_checks_out(tmp_path):
    folder = write_plugin("front_desk", tmp_path)
    assert folder.name == "crmkit-front-desk"
    assert not [
        p for p in folder.rglob("*") if "PLUGIN" in p.name or (p.is_file() and "PLUGIN" in p.read_text("utf-8"))
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--crm-database", "both"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "5 passed" in ran.stdout


def test_it_is_typed_and_tidy(tmp_path):
    folder = write_plugin("typed_desk", tmp_path)
    run = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "src"]
    checked = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
