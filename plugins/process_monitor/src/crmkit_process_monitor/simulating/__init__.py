"""Playing months of serving clients: who is really slow is known, and so is what a course did; the monitor is to find just that."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from crmkit import Crm, MovableClock, hookimpl

from .options import Options, read
from .play import Simulation, composed


@hookimpl
def crm_simulate(crm: Crm, plugin: str, clock: MovableClock, options: Mapping[str, t.Any]) -> Mapping[str, t.Any] | None:
    """Let `managers` serve clients for `days`, some of them slow at a step and one too fast, and report what the monitor says of it.

    Then one of the slow has a course that halves what is too much, somebody else one that does nothing, and a month later their effects are
    asked for; a last month has nobody slow. With `seeds`, months are played in memory besides, to tell how often chance deceives.
    """
    if plugin != "process_monitor":
        return None
    chosen = read(options)
    return Simulation(composed(crm, clock, chosen), clock, chosen).play()


__all__ = ["Options", "Simulation", "composed", "crm_simulate", "read"]
