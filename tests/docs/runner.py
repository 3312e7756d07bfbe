"""Runs what a Markdown page shows, in order, in a folder of its own.

- a fenced block with ``file=NAME`` is written to that file;
- other ``python`` blocks run one after the other, in one namespace;
- in ``console`` blocks each line after ``$`` is typed, and what follows must be in what it prints (``...`` for the
rest);
- ``json``, ``toml``, ``html``, ``js`` and ``text`` without ``file=`` are only read: JSON, TOML and templates must parse.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import jinja2
from markdown_it import MarkdownIt

from tests.suite import forked

# What needs the network or never ends. `work` and `demo` have tests of their own.
LEFT_OUT = re.compile(r"(pip|make|git|cd|python -m venv|source)\b|crmkit (--settings \S+ )?(work|demo)\b")
CRMKIT = ("-m", "crmkit.cli")


@attrs.frozen
class Block:
    """A fenced block: its language, the file it is to be written to, its text, and the line it begins on."""

    language: str
    file: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    for token in MarkdownIt().parse(page.read_text("utf-8")):
        if token.type == "fence" and token.map is not None:
            language, _space, rest = token.info.strip().partition(" ")
            found = re.search(r"file=(\S+)", rest)
            yield Block(language, found[1] if found else "", token.content, token.map[0] + 1)


def run(page: Path, folder: Path) -> None:
    """Run a page; an `AssertionError` names the line of what did not work."""
    names: dict[str, Any] = {"__name__": "__docs__"}
    with Terminal(folder) as terminal:
        _run(page, folder, terminal, names)


def _run(page: Path, folder: Path, terminal: Terminal, names: dict[str, Any]) -> None:
    for block in blocks(page):
        place = f"{page.name}:{block.line}"
        if block.file:
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
            _install(folder)
        elif block.language == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
        elif block.language == "console":
            terminal.type(block, place)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "html":
            jinja2.Environment(autoescape=True).parse(block.text)
        else:
            assert block.language in ("text", "sql", "http", "js"), (
                f"{place}: a block of {block.language!r} is not run; is that right?"
            )


def _install(folder: Path) -> None:
    """Leave what ``pip install -e .`` would leave behind: the entry points."""
    file = folder / "pyproject.toml"
    if not file.exists():
        return
    project = tomllib.loads(file.read_text("utf-8"))["project"]
    about = folder / f"{project['name'].replace('-', '_')}.egg-info"
    about.mkdir(exist_ok=True)
    (about / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = project.get("entry-points", {}).items()
    lines = [line for group, entries in points for line in (f"[{group}]", *(f"{k} = {v}" for k, v in entries.items()))]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")


@attrs.define
class Terminal:
    """Types commands. A server that was started answers at the address the page shows; so does the token it printed."""

    folder: Path
    token: str = ""
    address: str = "http://127.0.0.1:8000/"
    servers: list[subprocess.Popen[str]] = attrs.Factory(list)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        for server in self.servers:
            server.terminate()
            server.communicate(timeout=20)

    def type(self, block: Block, place: str) -> None:
        steps: list[tuple[str, list[str]]] = []
        for line in block.text.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif steps:
                steps[-1][1].append(line)
        for command, expected in steps:
            if LEFT_OUT.match(command):
                continue
            said = self._run(
                command.replace("crm_…", self.token).replace("http://127.0.0.1:8000/", self.address), place
            )
            self.token = (re.findall(r"crm_[\w-]{40,}", said) or [self.token])[-1]
            for line in expected:
                pattern = ".*".join(re.escape(part) for part in line.split("..."))
                assert re.search(pattern, said), f"{place}: $ {command}\nexpected: {line}\nprinted: {said}"

    def _run(self, command: str, place: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "LANG": "C", "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        if command.startswith("crmkit serve"):
            server = forked.Forked(
                [*CRMKIT, *shlex.split(re.sub(r" --(host|port) \S+", "", command))[1:], "--port", "0"],
                cwd=self.folder,
                env=environment,
                stderr=subprocess.PIPE,
                text=True,
            )
            self.servers.append(server)
            assert server.stderr is not None
            self.address = re.findall(r"http://\S+?/", server.stderr.readline())[0]
            return ""
        if command.startswith("curl "):
            return curl(shlex.split(command)[1:])
        if command.startswith("crmkit ") and "|" not in command:
            ran = forked.run([*CRMKIT, *shlex.split(command)[1:]], cwd=self.folder, env=environment)
            assert ran.returncode == 0, f"{place}: $ {command}\n{ran.stdout}{ran.stderr}"
            return ran.stdout + ran.stderr
        ran = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, f"{place}: $ {command}\n{ran.stdout}{ran.stderr}"
        return ran.stdout + ran.stderr


def curl(words: list[str]) -> str:
    """As much of curl as pages use, for machines without it; a refusal is an error."""
    headers, data, url = {}, None, ""
    rest = iter(words)
    for word in rest:
        if word == "-H":
            name, _colon, value = next(rest).partition(":")
            headers[name] = value.strip()
        elif word == "-d":
            data = next(rest).encode()
        else:
            url = word
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        text: str = answer.read().decode()
    return text
