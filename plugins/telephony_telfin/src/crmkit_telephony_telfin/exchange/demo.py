"""The demo has telephones: an exchange of its own, one telephone for each of its people, and two weeks of calls."""

from __future__ import annotations

import random as chance
import typing as t
from collections.abc import Mapping

from crmkit import Crm, Uow, hookimpl
from crmkit_telephony import Line, demo_calls

from .running import Exchange, exchange_of

# The demo's people by number, their teams, and their telephones: the operator first, who takes most of what comes in.
PEOPLE = ((8, 1), (3, 2), (4, 2), (2, 2), (5, 3), (6, 3), (1, 1), (7, 1))
FIRST, DEVICE = 101, 85001


@hookimpl
def crm_demo_settings(crm: Crm) -> Mapping[str, Mapping[str, t.Any]]:
    """The demo telephones within itself."""
    return {"telephony_telfin": {"fake": True}}


@hookimpl
def crm_demo(uow: Uow, random: chance.Random, size: int) -> None:
    """Give the demo's people telephones, and a past."""
    exchange = exchange_of(uow.crm)
    if exchange is None or "accounts.user" not in uow.crm.kinds:
        return
    for place, (person, team) in enumerate(PEOPLE):
        name = f"{exchange.pbx.switch.prefix}*{FIRST + place}"
        uow.add(Line(provider=Exchange.name, extension=name, device=str(DEVICE + place), owner_id=person, team_id=team))
    uow.flush()
    demo_calls(uow, random, size, Exchange.name)
