"""A plugin with settings, a tab of the settings page, a person the CRM knows by name, and a job that fails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from markupsafe import Markup

from crmkit import Actor, Crm, Invalid, Permission, Plugin, Problem, Uow, _, hookimpl, outside
from crmkit.ui import Toast, Visit, settings_tab

ARRANGE = Permission("shelf.arrange", _("Arrange", ru="Расставлять"))


@attrs.frozen
class ShelfSettings:
    """What the shelf needs to know."""

    width: dt.timedelta = dt.timedelta(hours=1)
    """How long it takes to fill."""
    api_secret: str = ""
    """What opens it."""


@attrs.frozen
class Dropped:
    """Something fell."""

    what: str


@outside(Dropped)
def pick_up(event: Dropped, crm: Crm) -> None:
    raise RuntimeError("it broke")


@settings_tab(label=_("Shelf", ru="Полка"), permission=ARRANGE)
def shelf_tab(visit: Visit, uow: Uow) -> Any:
    if visit.method == "POST" and visit.refusal is None:
        if not visit.form.get("height"):
            raise Invalid(problems=[Problem("height", "required", _("say how high", ru="укажите высоту"))])
        return Toast(_("Arranged", ru="Расставлено"))
    said = visit.say(visit.refusal.problems[0].message) if visit.refusal else "fine"
    return Markup("<p id='shelf'>{}</p>").format(said)


@hookimpl
def crm_names(crm: Crm, of: str, ids: Sequence[int]) -> Mapping[int, str]:
    return {key: f"{of} <{key}>" for key in ids}


@hookimpl
def crm_person(crm: Crm, id: int) -> Actor | None:
    return Actor(2, "Ann", ("seller",)) if id == 2 else None


plugin = Plugin("shelf", modules=[__name__], settings=ShelfSettings, label=_("Shelf", ru="Полка"))
