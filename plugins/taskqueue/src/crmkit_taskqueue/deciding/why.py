"""Why this task, in plain words: what `Choice.facts` say, in the language of whoever asks."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from crmkit import Text, _

WORDS: Mapping[str, Text] = {
    "due": _("Class {priority}, due at {due}. Nothing of a higher class is due.", ru="Класс {priority}, срок {due}. Выше классом ничего не ждёт."),
    "starving": _(
        "It has been waiting for {overdue}: after {limit} a task comes first whatever its class.",
        ru="Ждёт уже {overdue}: после {limit} задача идёт первой, каким бы ни был её класс.",
    ),
    "share": _(
        "Class {priority} is to be {share} % of the day: {closed} of {total} so far.",
        ru="Класс {priority} — не меньше {share} % за день: пока {closed} из {total}.",
    ),
    "team": _(
        "You have nothing due; the team helps with this one: it waits since {due}.",
        ru="Ваших задач сейчас нет; помогаем команде: эта ждёт с {due}.",
    ),
    "planned": _(
        "The next planned task is at {due}, in {gap}: no longer than the break of {max_break}.",
        ru="Следующая по плану в {due}, через {gap}: это не дольше перерыва в {max_break}.",
    ),
    "soon": _("The next planned task opens at {due}, in {gap}.", ru="Следующая по плану откроется в {due}, через {gap}."),
    "old_client": _(
        "Nothing is due; the next planned task is in {gap}, longer than {max_break}: time for an old client.",
        ru="Срочного нет; следующая по плану через {gap}, дольше {max_break}: время для старого клиента.",
    ),
    "old_client_free": _(
        "Nothing is due and nothing is planned: time for an old client.", ru="Срочного и запланированного нет: время для старого клиента."
    ),
    "break": _("Time for a break.", ru="Время перерыва."),
    "open": _("It was still waiting for you.", ru="Она ещё ждала вас."),
    "forced": _("{name} gave it to you.", ru="Вам назначил(а) {name}."),
    "nothing": _("There is nothing to do now.", ru="Сейчас дел нет."),
    "nothing_until": _("There is nothing to do until {due}.", ru="До {due} дел нет."),
    "busy": _("Others are quicker at the moment: asking once more.", ru="Задачи сейчас разбирают другие: запрашиваем ещё раз."),
    "trouble": _("The next task could not be chosen: {problem}", ru="Не удалось выбрать следующую задачу: {problem}"),
    "stands_for": _("You stand in for a colleague here.", ru="Здесь вы замещаете коллегу."),
    "without_kind": _(
        "{without_kind} tasks are of a kind that is no longer in the settings: tell your supervisor.",
        ru="Задач, вида которых больше нет в настройках: {without_kind}. Сообщите руководителю.",
    ),
    "asleep": _("Clients of {asleep} tasks sleep at this hour.", ru="Клиентам {asleep} задач сейчас звонить рано или поздно."),
}  # fmt: skip
MINUTES = _("{n} min", ru="{n} мин")
HOURS = _("{n} h", ru="{n} ч")
DAYS = _("{n} d", ru="{n} дн.")


def explain(rule: str, facts: Mapping[str, t.Any], zone: ZoneInfo, now: dt.datetime) -> Text:
    """Return why a task was chosen, as a text in every language. Times are in `zone`, with their day unless it is today's."""
    if facts.get("words"):
        return Text(str(facts["words"]))
    if rule == "old_client" and facts.get("gap") is None:
        rule = "old_client_free"
    elif rule == "nothing" and facts.get("gap") is not None:
        rule = "nothing_until"
        facts = {**facts, "due_at": (now + dt.timedelta(seconds=facts["gap"])).isoformat()}
    told = WORDS.get(rule, WORDS["due"])
    values: dict[str, object] = {k: v for k, v in facts.items() if v is not None}
    for name in ("overdue", "limit", "gap", "max_break"):
        if isinstance(facts.get(name), int):
            values[name] = span(facts[name])
    if facts.get("due_at"):
        values["due"] = moment(dt.datetime.fromisoformat(facts["due_at"]), zone, now)
    found = told.format(**{"priority": "", "due": "", "gap": "", "max_break": "", "name": "", "problem": "", **values})
    for also in ("stands_for", "asleep", "without_kind"):
        if facts.get(also):
            more = WORDS[also].format(**{also: facts[also]})
            found = Text(f"{found} {more}", **{k: f"{found.to(k)} {more.to(k)}" for k in found.translations})
    return found


def span(seconds: int) -> Text:
    """Return a time as a person says it: minutes, hours or days."""
    if seconds < 3600:
        return MINUTES.format(n=max(1, round(seconds / 60)) if seconds else 0)
    if seconds < 2 * 86400:
        hours, minutes = divmod(round(seconds / 60), 60)
        told = HOURS.format(n=hours)
        return told if not minutes else _("{h} {m}", ru="{h} {m}").format(h=told, m=MINUTES.format(n=minutes))
    return DAYS.format(n=round(seconds / 86400))


def moment(at: dt.datetime, zone: ZoneInfo, now: dt.datetime) -> str:
    """Return a time of day, with its day unless that is today."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%d.%m. %H:%M}"
