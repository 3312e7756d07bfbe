"""Speaking to a person at a terminal: in their language, without getting in the way of a pipe."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import typing as t
from collections.abc import Iterator, Mapping, Sequence

import click

from crmkit.core.text import Text, _, translate

LANGUAGES = ("en", "ru")
_spoken = ["en"]


def language() -> str:
    """The language spoken now: ``en`` or ``ru``."""
    return _spoken[0]


@contextlib.contextmanager
def speaking(args: Sequence[str], environment: Mapping[str, str]) -> Iterator[None]:
    """Speak, for one command line, what ``--language`` says, else CRMKIT_LANGUAGE, else the locale (LC_ALL,
    LC_MESSAGES, LANG), else English."""
    wanted = ""
    for index, word in enumerate(args):
        if word.startswith("--language="):
            wanted = word.partition("=")[2]
        elif word == "--language" and index + 1 < len(args):
            wanted = args[index + 1]
    names = ("CRMKIT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    wanted = wanted or next((environment[n] for n in names if environment.get(n)), "en")
    before, _spoken[0] = _spoken[0], wanted[:2].lower() if wanted[:2].lower() in LANGUAGES else "en"
    try:
        yield
    finally:
        _spoken[0] = before


def told(text: str) -> str:
    """Return a text in the language spoken."""
    return translate(text, language())


def say(text: str = "", **values: object) -> None:
    """Print a line for whoever reads the output."""
    click.echo(_filled(text, values))


def note(text: str, **values: object) -> None:
    """Print a line beside the output, on stderr."""
    click.echo(_filled(text, values), err=True)


def _filled(text: str, values: Mapping[str, object]) -> str:
    made = text.format(**values) if values else text
    return told(made)


def table(rows: Sequence[Sequence[object]], head: Sequence[str]) -> None:
    """Print rows in columns."""
    lines = [
        [told(h) for h in head],
        *[[told(str(c)) if not isinstance(c, Text) else told(c) for c in row] for row in rows],
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


class Working:
    """Says, once something has taken two seconds, that it is still at work, and on what."""

    AFTER = 2.0

    def __init__(self, what: str) -> None:
        self._what, self._detail = told(what), ""
        self._done = threading.Event()
        self._width = 0

    def on(self, detail: str) -> None:
        """Say what is being done now."""
        self._detail = told(detail)

    def watch(self) -> None:
        """Write the line again and again, until done."""
        pause, seconds = self.AFTER, self.AFTER
        while not self._done.wait(pause):
            line = f"{self._what}: {self._detail} {seconds:.0f} s" if self._detail else f"{self._what} {seconds:.0f} s"
            sys.stderr.write("\r" + line.ljust(self._width))
            sys.stderr.flush()
            self._width, pause, seconds = len(line), 1.0, seconds + 1

    def end(self) -> None:
        """Wipe the line."""
        self._done.set()
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()


@contextlib.contextmanager
def working(what: str) -> Iterator[Working]:
    """Show progress of anything over two seconds: on stderr, and only to a person at a terminal."""
    shown = Working(what)
    if not sys.stderr.isatty():
        yield shown
        return
    thread = threading.Thread(target=shown.watch, daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        shown.end()
        thread.join()


def trace_wanted() -> bool:
    """True when the person asked for stack traces: ``CRMKIT_TRACE=1``."""
    return os.environ.get("CRMKIT_TRACE") == "1"


__all__ = ["Text", "_", "language", "note", "say", "speaking", "t", "table", "told", "trace_wanted", "working"]
