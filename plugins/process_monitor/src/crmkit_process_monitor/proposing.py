"""Norms as the best quarter of colleagues work: proposed, for somebody to look at before they hold."""

from __future__ import annotations

import attrs

from crmkit import Uow

from .reading import Chosen


@attrs.frozen
class Proposal:
    """A norm somebody may take over. Seconds."""

    step: int
    kind: str | None
    """None: for all kinds of cases."""
    reference: int
    least: int
    most: int
    n: int
    """So many times the step was done by the best quarter."""
    workers: int
    """So many colleagues are in it."""


def propose(uow: Uow, chosen: Chosen) -> list[Proposal]:
    """Return norms by step and kind, from the work of some days that the actor may see; none where there are too few to choose the best of."""
    raise NotImplementedError


__all__ = ["Proposal", "propose"]
