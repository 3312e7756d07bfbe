"""What people call kinds, outcomes, exits and breaks: by the settings, and by their names where these know them no longer."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Crm, Text, _

from .settings import TaskqueueSettings
from .words import Label

Pairs = Iterable[tuple[str, Label]]
ENDED: dict[str | None, Text] = {
    None: _("Open now", ru="Открыта сейчас"), "done": _("Done", ru="Выполнена"), "exit": _("Could not be done", ru="Не смогли выполнить"),
    "expired": _("Browser fell silent", ru="Браузер замолчал"), "returned": _("Work ended", ru="Работа завершена"),
    "taken": _("Taken back", ru="Забрал руководитель"),
}  # fmt: skip
SESSION_ENDS = {"ended": _("By the manager", ru="Менеджером")}


def kind_of(crm: Crm, name: str) -> Label:
    """Return what a kind is called."""
    known = crm[TaskqueueSettings].all_kinds.get(name)
    return known.text if known is not None else name


def icon_of(crm: Crm, name: str) -> str:
    """Return the icon of a kind."""
    known = crm[TaskqueueSettings].all_kinds.get(name)
    return known.icon if known is not None else "circle-check"


def outcome_of(crm: Crm, kind: str | None, name: str | None) -> Label:
    """Return what an outcome of a kind, or the reason of an exit, is called."""
    if name is None:
        return ""
    settings = crm[TaskqueueSettings]
    known = settings.all_kinds.get(kind or "")
    if known is not None and name in known.outcomes:
        return known.outcomes[name].text
    return dict(outcomes(crm)).get(name, name)


def break_of(crm: Crm, name: str) -> Label:
    """Return what the reason of a break is called."""
    return crm[TaskqueueSettings].break_reasons.get(name, name)


# ---- for choices -------------------------------------------------------------------------------------------------------
def kinds(crm: Crm) -> Pairs:
    """Return the kinds of tasks with their labels."""
    return [(name, kind.text) for name, kind in crm[TaskqueueSettings].all_kinds.items()]


def exits(crm: Crm) -> Pairs:
    """Return the reasons why a task cannot be done with their labels."""
    return list(crm[TaskqueueSettings].exit_reasons.items())


def outcomes(crm: Crm) -> Pairs:
    """Return all outcomes and exits; one that is called differently in several kinds has all its names."""
    found: dict[str, list[Label]] = {}
    for kind in crm[TaskqueueSettings].all_kinds.values():
        for name, outcome in kind.outcomes.items():
            if outcome.text not in found.setdefault(name, []):
                found[name].append(outcome.text)
    for name, label in exits(crm):
        found.setdefault(name, [label])
    return [(name, _joined(labels)) for name, labels in found.items()]


def breaks(crm: Crm) -> Pairs:
    """Return the reasons of breaks with their labels."""
    return list(crm[TaskqueueSettings].break_reasons.items())


def session_ends(crm: Crm) -> Pairs:
    """Return how work sessions end, in words."""
    return list(SESSION_ENDS.items())


def _joined(labels: list[Label]) -> Label:
    if len(labels) == 1:
        return labels[0]
    said = [label if isinstance(label, Text) else Text(label) for label in labels]
    return Text(" / ".join(said), **{k: " / ".join(x.to(k) for x in said) for k in {k for x in said for k in x.translations}})
