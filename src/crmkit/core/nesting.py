"""How deep a JSON value goes. What goes deeper than anybody writes would stop whatever walks through it."""

from __future__ import annotations

import typing as t

from .text import _

DEEPEST = 64
TOO_DEEP = _("nested more than {most} levels deep", ru="вложенность больше {most} уровней").format(most=DEEPEST)


def too_deep(value: t.Any, most: int = DEEPEST) -> bool:
    """True when lists and objects stand within each other more than `most` levels deep."""
    if isinstance(value, dict):
        return most <= 0 or any(too_deep(inner, most - 1) for inner in value.values())
    return isinstance(value, list | tuple) and (most <= 0 or any(too_deep(inner, most - 1) for inner in value))


__all__ = ["DEEPEST", "TOO_DEEP", "too_deep"]
