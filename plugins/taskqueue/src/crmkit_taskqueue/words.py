"""Words of the manager's screen that several rooms use."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit import Text, _

Label = Text | str


def text_of(given: Mapping[str, str] | str) -> Label:
    """Return a label of the settings, ``"Call"`` or ``{ en = "Call", ru = "Звонок" }``, as a text in all its languages."""
    if isinstance(given, str):
        return given
    words = dict(given)
    english = words.pop("en", next(iter(words.values()), ""))
    return Text(english, **words)


BREAKS: Mapping[str, Label] = {
    "lunch": _("Lunch", ru="Обед"), "rest": _("Rest", ru="Отдых"), "meeting": _("Meeting", ru="Совещание"),
    "training": _("Training", ru="Обучение"), "technical": _("Technical trouble", ru="Техническая неполадка"),
}  # fmt: skip
EXITS: Mapping[str, Label] = {
    "wrong_number": _("Wrong number", ru="Неверный номер"), "not_mine": _("Not my client", ru="Не мой клиент"),
    "escalate": _("Hand to the supervisor", ru="Передать руководителю"), "do_not_call": _("Asked not to be called", ru="Просит не звонить"),
}  # fmt: skip
