"""How templates look into what they are given."""

from __future__ import annotations

import typing as t

import jinja2


def within(said: str) -> str:
    """Return a day or a moment as it stands within a sentence: ``since today, 15:30``."""
    return said[:1].lower() + said[1:]


class Templates(jinja2.Environment):
    """Jinja's environment, in which ``words.copy`` is the word called so and not the dictionary's own method."""

    def __init__(self, **options: t.Any) -> None:
        super().__init__(**options)
        self.filters["within"] = within

    def getattr(self, obj: t.Any, attribute: str) -> t.Any:
        """Return what a template means by a dot: of a dictionary, what it holds under that name first."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)
