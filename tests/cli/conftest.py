"""A plugin that is as good as installed, and a folder to type commands in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crmkit.cli.app import run
from crmkit.scaffold import write_plugin
from tests.suite.forked import Forked

HOOKS = '''"""What only hooks can say."""

from __future__ import annotations

import typing as t

import click
from crmkit import MovableClock, Crm, Tick, Uow, every, hookimpl

from .entities import Question


@every(cron="0 6 * * *")
def tidy(tick: Tick, uow: Uow) -> None:
    """Every morning."""


@hookimpl
def crm_commands(group: click.Group) -> None:
    @group.command("greet")
    def greet() -> None:
        """Say hello."""
        click.echo("hello from visits")


@hookimpl
def crm_demo(uow: Uow, random: t.Any, size: int) -> None:
    for number in range(size):
        uow.add(Question(subject=f"Question {number} {random.random():.6f}"))


@hookimpl
def crm_simulate(crm: Crm, plugin: str, clock: MovableClock, options: t.Any) -> t.Any:
    if plugin != "visits":
        return None
    with crm.uow() as uow:
        uow.add(Question(subject="Why?"))
    clock.forward(days=options.get("days", 1))
    return {"violations": options.get("break", 0), "until": clock.now()}
'''


@pytest.fixture(scope="session")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a scaffolded plugin that implements a few hooks, with what an installation would leave behind."""
    folder = write_plugin("visits", tmp_path_factory.mktemp("plugins")) / "src"
    package = folder / "crmkit_visits"
    (package / "hooks.py").write_text(HOOKS)
    init = package / "__init__.py"
    init.write_text(init.read_text().replace('"routes")', '"routes", "hooks")'))
    about = folder / "crmkit_visits.egg-info"
    about.mkdir()
    (about / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: crmkit-visits\nVersion: 0.1.0\n")
    (about / "entry_points.txt").write_text("[crmkit.plugins]\nvisits = crmkit_visits:plugin\n")
    return folder


Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(tmp_path: Path, visits: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, English spoken, `visits` installed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(visits))
    for name in [n for n in os.environ if n.startswith("CRMKIT_") and not n.startswith("CRMKIT_TEST")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "C")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    return tmp_path


@pytest.fixture
def typed(here: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """``typed("migrate", "status")``: the exit code, what was printed, and what was said on stderr."""

    def type_(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(args)
        said = capsys.readouterr()
        return code, said.out, said.err

    return type_


@pytest.fixture
def settings(here: Path, database_url: str) -> Path:
    """A settings file with `visits` on a database of the kind that is tested."""
    file = here / "crmkit.toml"
    file.write_text(f'[crmkit]\nplugins = ["visits"]\ndatabase = "{database_url}"\n[roles.admin]\ngrants."*" = "all"\n')
    return file


@pytest.fixture
def process(here: Path, visits: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """``process("serve", "--port", "0")``: the command in a process of its own, killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*args: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(visits), "PYTHONUNBUFFERED": "1"}
        made = Forked(["-m", "crmkit.cli", *args], cwd=here, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(made)
        return made

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
        one.communicate()
