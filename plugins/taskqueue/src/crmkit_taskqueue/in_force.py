"""The settings tab: what the integrator has set for the work queue, to be read by those who supervise it."""

from __future__ import annotations

import datetime as dt
import typing as t

from crmkit import Text, Uow, _
from crmkit.ui import View, Visit, settings_tab

from .deciding.why import span
from .kinds import TaskKind, stage_of
from .roles import SUPERVISE
from .settings import TaskqueueSettings

LABEL = _("Work queue", ru="Очередь задач")
YES, NO = _("yes", ru="да"), _("no", ru="нет")
WORDS = {
    "lead": _(
        "These come from the settings file, [taskqueue]; whoever runs the CRM changes them there.",
        ru="Эти значения заданы в файле настроек, раздел [taskqueue]; меняет их тот, кто обслуживает CRM.",
    ),
    "rules": _("Rules", ru="Правила"), "kinds": _("Kinds of tasks", ru="Виды задач"), "kind": _("Kind", ru="Вид"),
    "class": _("Class", ru="Класс"), "minutes": _("Minutes", ru="Минут"), "capped": _("Counts to the day's cap", ru="Входит в дневной предел"),
    "dials": _("Dials", ru="Звонок"), "outcomes": _("Outcomes", ru="Результаты"), "retries": _("Tried again after", ru="Повторы через"),
    "breaks": _("Reasons for a break", ru="Причины перерыва"), "exits": _("Reasons not to do a task", ru="Причины невыполнения"),
    "asks": _("asks: {names}", ru="спрашивает: {names}"), "key": _("Key {key}", ru="Клавиша {key}"),
}  # fmt: skip
THEN = {
    "close": Text(""), "again": _("the same at a chosen time", ru="та же задача в выбранное время"),
    "retry": _("another attempt later", ru="повтор позже"), "move": _("moves to “{stage}”", ru="переводит в «{stage}»"),
    "revive": _("the old client is a client again", ru="старый клиент снова в работе"),
    "refuse": _("the old client is closed", ru="старый клиент закрывается"),
}  # fmt: skip
MAKES = _("makes the task “{kind}”", ru="создаёт задачу «{kind}»")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFF = _("never", ru="никогда")


@settings_tab(label=LABEL, permission=SUPERVISE, icon="list-checks", order=40)
def in_force(visit: Visit, uow: Uow) -> View:
    """The rules and kinds in force; nothing can be changed here."""
    settings = uow.crm[TaskqueueSettings]
    kinds = [
        {
            "name": kind.text, "icon": kind.icon, "class": kind.priority, "minutes": kind.minutes, "capped": kind.capped, "dials": kind.dials,
            "outcomes": list(_outcomes(uow, kind)), "retries": [span(int(x.total_seconds())) for x in kind.retry_after] if _retries(kind) else [],
        }
        for kind in sorted(settings.all_kinds.values(), key=lambda kind: kind.priority)
    ]  # fmt: skip
    return View(
        "in_force.html", a=WORDS, rules=_rules(settings), kinds=kinds, breaks=list(settings.break_reasons.values()),
        exits=list(settings.exit_reasons.values()), yes=YES, no=NO,
    )  # fmt: skip


def _retries(kind: TaskKind) -> bool:
    return any(outcome.then == "retry" for outcome in kind.outcomes.values())


def _rules(settings: TaskqueueSettings) -> list[tuple[Text, t.Any]]:
    def after(time: dt.timedelta | None) -> Text:
        return span(int(time.total_seconds())) if time else OFF

    shares = ", ".join(f"{name}: {percent} %" for name, percent in sorted(settings.min_share.items()))
    return [
        (_("Goal of a day, closed tasks", ru="Цель на день, закрытых задач"), settings.goal),
        (_("Longest break between tasks", ru="Наибольший перерыв между задачами"), after(settings.max_break)),
        (_("A planned task within it", ru="Задача по плану в пределах перерыва"), WAITS[settings.wait]),
        (_("Planned tasks of a day, at most", ru="Задач по плану на день, не больше"), settings.daily_cap),
        (_("The team helps after", ru="Команда помогает через"), after(settings.team_after)),
        (_("Whatever its class, first after", ru="Вне очереди классов через"), after(settings.starving_after)),
        (_("Least share of a class", ru="Наименьшая доля класса"), shares or NO),
        (_("A silent browser loses its task after", ru="Молчащий браузер теряет задачу через"), after(settings.lease)),
        (_("Clients may be called", ru="Клиентам можно звонить"), _hours(settings.client_hours)),
        (_("A lost deal's client is in the stack after", ru="Клиент потерянной сделки в стеке через"), after(settings.revive_lost_after)),
        (_("An old client rests", ru="Старого клиента не трогают"), after(settings.rest)),
        (_("Attempts with an old client", ru="Попыток со старым клиентом"), settings.attempts),
    ]  # fmt: skip


def _hours(spans: tuple[str, ...]) -> Text:
    """Return hours as people write them: ``пн–пт 09:00–20:00``."""

    def said(names: tuple[str, ...]) -> str:
        told = ", ".join(spans).lower()
        for name, day in zip(DAYS, names, strict=True):
            told = told.replace(name, day)
        return told.replace("-", "–")

    return Text(said(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")), ru=said(("пн", "вт", "ср", "чт", "пт", "сб", "вс")))


WAITS = {"open": _("opens at once", ru="открывается сразу"), "count_down": _("is counted down to", ru="ждёт своего времени с отсчётом")}


def _outcomes(uow: Uow, kind: TaskKind) -> t.Iterator[dict[str, t.Any]]:
    keys = {name: key for key, name in kind.keys.items()}
    all_kinds = uow.crm[TaskqueueSettings].all_kinds
    for name, outcome in kind.outcomes.items():
        stage = stage_of(uow.crm, outcome.to) if outcome.to else None
        then = THEN[outcome.then].format(stage=stage.pipeline.stages[stage.name].label) if stage is not None else THEN[outcome.then]
        also = MAKES.format(kind=all_kinds[outcome.task].text) if outcome.task in all_kinds else Text("")
        asks = [ask.text for ask in outcome.asks.values()]
        yield {"name": outcome.text, "key": keys.get(name, ""), "then": [x for x in (then, also) if x], "asks": asks}


__all__ = ["in_force"]
