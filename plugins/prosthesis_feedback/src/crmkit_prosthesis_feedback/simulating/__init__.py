"""Playing years of follow-up: the real code on a clock that is moved, looked over by an independent audit after every day."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from crmkit import Crm, MovableClock, hookimpl

from .options import Options, read
from .play import Simulation, composed


@hookimpl
def crm_simulate(crm: Crm, plugin: str, clock: MovableClock, options: Mapping[str, t.Any]) -> Mapping[str, t.Any] | None:
    """Let `people` get prostheses and be followed for `months`, the same way for the same `seed`, and report what came of it.

    Deals are won, people called through the work queue, answers taken down, incidents opened, closed and opened again, devices remade,
    lost and found; children come of age, some people cannot be reached, some withdraw; now and then something dies before its commit.
    After every day an audit that knows the tables alone looks for broken promises.
    """
    if plugin != "prosthesis_feedback":
        return None
    chosen = read(options)
    return Simulation(composed(crm, clock, chosen), clock, chosen).play()


__all__ = ["Options", "Simulation", "composed", "crm_simulate", "read"]
