"""What the catalogue says about a component."""

from __future__ import annotations

import attrs

from ...core.text import Text


@attrs.frozen(kw_only=True)
class Example:
    """A component as an author writes it: the source of a template, with the catalogue's own words and values in it."""

    source: str
    pair: bool = True
    """Shown light and dark beside each other; not for what has ids, which may stand on a page once."""
    live: bool = True
    """False for what is only read: what a page has once, and code of a plugin."""
    language: str = "html"


@attrs.frozen(kw_only=True)
class Component:
    """One component: how it is called, what it is for, its states, and what it does for people who cannot see or point."""

    name: str
    """As it is written: ``ui.chip``, ``<crm-pick>``, ``charts.bars``, ``.btn``."""
    label: Text
    purpose: Text
    examples: tuple[Example, ...]
    states: tuple[Text, ...] = ()
    access: str = ""
    attributes: tuple[tuple[str, Text], ...] = ()
    """Of an element: what can be set on it."""

    @property
    def key(self) -> str:
        """Its place on the page."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name).strip("-").lower()


@attrs.frozen(kw_only=True)
class Section:
    """Components of one sort."""

    key: str
    label: Text
    components: tuple[Component, ...]
    more: str = ""
