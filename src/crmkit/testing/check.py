"""`check_plugin`: everything that is wrong with a plugin, at once, in sentences."""

from __future__ import annotations


class Findings(AssertionError):
    """What `check_plugin` found."""


def check_plugin(reference: object) -> None:
    """Not there yet."""
