"""How often Python looks for circles of garbage: seldom where thousands of rows are made that hold none."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

OBJECTS = 100_000
"""So many new objects, and not Python's 700, before it looks."""


def settle() -> None:
    """Leave what is there for good out of every later look, and look more seldom: for a process that serves or works.

    Once the CRM is composed, classes, mappings and translations are hundreds of thousands of objects that stay; looking through them again and
    again took a third of the time of a page that reads thousands of rows (`bench/monitor_dashboard.py`). It is for the process as a whole, so
    `crmkit serve`, `demo` and `work` call it, and a host that the CRM is mounted in may, after it has composed everything.
    """
    gc.collect()
    gc.freeze()
    _lift()


@contextlib.contextmanager
def seldom() -> Iterator[None]:
    """Look more seldom for a while."""
    before = gc.get_threshold()
    _lift()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _lift() -> None:
    first, *others = gc.get_threshold()
    if 0 < first < OBJECTS:  # 0: whoever turned it off knows why
        gc.set_threshold(OBJECTS, *others)


__all__ = ["OBJECTS", "seldom", "settle"]
