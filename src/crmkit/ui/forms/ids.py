"""Ids of elements: the same record may be on the page and in several windows at once."""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from ..visit import Visit

ODD = re.compile(r"[^A-Za-z0-9_-]+")


def id_of(visit: Visit, *words: object) -> str:
    """Return an element's id made of words, its window's own in front."""
    return ODD.sub("-", "-".join([visit.window_id or "p", *map(str, words)]))


__all__ = ["id_of"]
