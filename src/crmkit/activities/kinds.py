"""Kinds of activities: the usual ones, those of the settings, those of other plugins."""

from __future__ import annotations

import typing as t
import weakref
from collections.abc import Mapping

import attrs

from crmkit import Crm, Permission, Text, Uow, _, route

from .settings import ActivitiesSettings


@attrs.frozen
class ActivityKind:
    """A kind of activity: its name, as it is stored, and its label."""

    name: str
    label: Text | str


USUAL = (
    ActivityKind("call", _("Call", ru="Звонок")), ActivityKind("meeting", _("Meeting", ru="Встреча")),
    ActivityKind("letter", _("Letter", ru="Письмо")), ActivityKind("message", _("Message", ru="Сообщение")),
    ActivityKind("todo", _("To do", ru="Задача")),
)  # fmt: skip
KINDS = Permission("activities.activity.read")
_KNOWN: weakref.WeakKeyDictionary[Crm, Mapping[str, ActivityKind]] = weakref.WeakKeyDictionary()


def kinds_of(crm: Crm) -> Mapping[str, ActivityKind]:
    """Return the kinds of activities of a CRM by name."""
    found = _KNOWN.get(crm)
    if found is None:
        more = [ActivityKind(name, label) for name, label in crm[ActivitiesSettings].kinds.items()]
        answers = crm.hook.activities_kinds(crm=crm)
        every = [*USUAL, *(kind for answer in answers for kind in answer or ()), *more]
        found = _KNOWN[crm] = {kind.name: kind for kind in every}
    return found


def labels_of(crm: Crm) -> list[tuple[str, Text | str]]:
    """Return the names of the kinds of activities of a CRM, with what people call them."""
    return [(kind.name, kind.label) for kind in kinds_of(crm).values()]


@route("/kinds", permission=KINDS, operation={"summary": _("Kinds of activities", ru="Виды дел")})
def activity_kinds(request: t.Any, uow: Uow) -> t.Any:
    """Kinds of activities."""
    language = uow.language
    labels = {k.name: k.label.to(language) if isinstance(k.label, Text) else k.label for k in kinds_of(uow.crm).values()}
    return {"kinds": [{"name": name, "label": label} for name, label in labels.items()]}
