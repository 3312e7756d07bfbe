"""Playing the work queue through time: managers at work by the real code, to choose the settings by."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from crmkit import Crm, MovableClock, hookimpl

from .options import Options, read
from .play import Simulation, composed
from .plot import write_plot


@hookimpl
def crm_simulate(crm: Crm, plugin: str, clock: MovableClock, options: Mapping[str, t.Any]) -> Mapping[str, t.Any] | None:
    """Let `managers` work through `days`, the same way for the same `seed`, and report what came of it.

    Leads come in by hour, clients answer or do not, managers talk, take breaks, plan tasks of their own and go home; what comes
    next is decided and opened by the code that does it in production. The report says how many tasks each closed, what was left
    overdue, when the last old client of the stack is reached, how much time was lost, and what the audit found.
    """
    if plugin != "taskqueue":
        return None
    chosen = read(options)
    report = Simulation(composed(crm, clock, chosen), clock, chosen).play()
    if chosen.plot is not None:
        write_plot(chosen.plot, report, crm.settings.language)
    return report


__all__ = ["Options", "Simulation", "composed", "crm_simulate", "read", "write_plot"]
