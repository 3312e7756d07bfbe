"""Query parameters, read strictly."""

from __future__ import annotations

from ..core.errors import Invalid, Problem
from ..core.text import _

BOUNDS = _("expected a whole number from {least} to {most}", ru="ожидается целое число от {least} до {most}")
EMPTY = _("names a field twice, or none", ru="поле указано дважды или не указано")


def whole(asked: dict[str, str], name: str, default: int, most: int, *, least: int = 1) -> int:
    """Return a whole number within bounds."""
    given = asked.get(name)
    if given is None:
        return default
    if given.isascii() and given.isdigit() and len(given) <= 19 and least <= int(given) <= most:
        return int(given)
    raise Invalid(problems=[Problem(name, "invalid", BOUNDS.format(least=least, most=most))])


def names(asked: dict[str, str], name: str) -> list[str] | None:
    """Return a comma-separated list, or None when it is not asked for."""
    given = asked.get(name)
    if given is None:
        return None
    found = given.split(",")
    if "" in found or len(set(found)) != len(found) or len(found) > 200:
        raise Invalid(problems=[Problem(name, "invalid", EMPTY)])
    return found


def choice(asked: dict[str, str], name: str, default: str, *known: str) -> str:
    """Return one of a few words, or the default when none is asked for. Asking for nothing (``state=``) is a mistake."""
    given = asked.get(name)
    if given is None:
        return default
    if given not in known:
        raise Invalid(problems=[Problem(name, "invalid", _("choose one of: {known}", ru="выберите одно из: {known}").format(known=", ".join(known)))])
    return given
