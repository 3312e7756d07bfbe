"""Ten plugins with a hundred automations each, on everything a move of a deal does not do."""

from __future__ import annotations

import sys
import types
from typing import Any

import attrs

from bench.peers.crmkit_plugin import Company, Contact, Deal, FollowUp
from crmkit import Archived, Changed, Created, Plugin, Restored, Uow, after, on


def plugin(number: int) -> Plugin:
    """A plugin of a hundred automations: fields that do not change, records of other kinds, own events, the last stage."""
    name = f"many{number}"
    module = types.ModuleType(f"bench_many_{name}")
    event = attrs.make_class("Rung", {"line": attrs.field(type=int)}, frozen=True)
    marks = [
        on(Changed[Deal], fields=["title"]), after(Changed[Deal], fields=["amount"]), on(Archived[Deal]), on(Restored[Deal]),
        on(Created[Contact]), after(Changed[Contact]), on(Created[Deal]), after(Archived[FollowUp]), on(event), on(Created[Company]),
    ]  # fmt: skip
    for index in range(100):
        function = _automation(f"react_{index}", module.__name__)
        setattr(module, function.__name__, marks[index % len(marks)](function))
    sys.modules[module.__name__] = module
    return Plugin(name, modules=[module], requires=["benchcrm"])


def _automation(name: str, module: str) -> Any:
    def react(event: Any, uow: Uow) -> None:
        """Does nothing: it must not even be asked."""
        raise AssertionError(f"{name} was called by {event!r}")

    react.__name__, react.__qualname__, react.__module__ = name, name, module
    return react
