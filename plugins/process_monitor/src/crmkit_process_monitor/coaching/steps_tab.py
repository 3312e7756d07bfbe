"""The settings tab: steps with their pages, pages that belong to none yet, and what to write into the settings file for them."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa

from crmkit import Uow, _
from crmkit.ui import Redirect, Result, View, Visit, settings_tab

from ..entities import Step
from ..roles import NORMS
from ..settings import MonitorSettings
from ..steps import align, unmapped
from ..tables import pages
from ..times import clock
from .told import span_words

MOST = 60
WORDS = {
    "lead": _("Steps come from the settings file, [process_monitor.steps]; whoever runs the CRM changes them there.",
        ru="Шаги заданы в файле настроек, раздел [process_monitor.steps]; меняет их тот, кто обслуживает CRM."),
    "usual": _("No steps are set: each kind of record is a step of its own.", ru="Шаги не заданы: каждый вид записей — отдельный шаг."),
    "steps": _("Steps", ru="Шаги"),
    "step": _("Step", ru="Шаг"),
    "patterns": _("Patterns", ru="Шаблоны"),
    "seen": _("Pages seen", ru="Встреченные страницы"),
    "none_seen": _("none yet", ru="пока нет"), "not_in_use": _("no longer in use", ru="больше не используется"),
    "unmapped": _("Pages that belong to no step", ru="Страницы без шага"),
    "unmapped_more": _("Time there counts for no step. Those come first where most time went in the last 30 days.",
        ru="Время на них не попадает ни в один шаг. Сверху те, где за 30 дней провели больше всего времени."),
    "all_mapped": _("Every page people worked at belongs to a step", ru="Все страницы, где работали, относятся к шагам"),
    "page": _("Page", ru="Страница"), "stays": _("Stays", ru="Визитов"), "time": _("Time", ru="Время"), "last": _("Last seen", ru="Последний раз"),
    "how": _("For the settings file", ru="Для файла настроек"),
    "how_more": _("Give the step a name and put the pages where they belong; “*” is any one part of an address, “**” any parts.",
        ru="Дайте шагу имя и распределите страницы; «*» — любая одна часть адреса, «**» — любые части."),
    "align": _("Apply the settings now", ru="Применить настройки сейчас"),
    "aligned": _("Pages follow the settings now", ru="Страницы приведены к настройкам"),
    "rules": _("In force", ru="Действует"),
    "idle_after": _("Idle after", ru="Простой после"), "longest": _("A case ends by itself after", ru="Случай закрывается сам через"),
    "silent_for": _("… without a word from any page after", ru="… без вестей от страниц через"),
    "keep_spans": _("Single stays are kept for", ru="Отдельные визиты хранятся"),
    "counts": _("Counts against the norm", ru="Сравнивается с нормой"),
    "least_sample": _("Nobody is judged by fewer than", ru="Не судить, если меньше"),
    "names": _("Names are shown to those who may see them", ru="Имена видят те, кому разрешено"),
    "yes": _("yes", ru="да"),
    "no": _("no, pseudonyms", ru="нет, псевдонимы"),
}  # fmt: skip
KINDS = {"active": _("active", ru="работа"), "idle": _("idle", ru="простой"), "hidden": _("elsewhere", ru="другое окно")}


@settings_tab(label=_("Process monitor", ru="Монитор процесса"), permission=NORMS, icon="timer", order=48)
def monitor_steps(visit: Visit, uow: Uow) -> Result:
    """Which pages belong to which step, and which to none yet."""
    if visit.method == "POST":
        align(uow)
        return Redirect("/settings/process_monitor.monitor_steps", say=WORDS["aligned"])
    settings = uow.crm[MonitorSettings]
    seen: dict[int, list[str]] = {}
    for path, step in uow.connection.execute(sa.select(pages.c.path, pages.c.step_id).where(pages.c.step_id.is_not(None)).order_by(pages.c.path)):
        seen.setdefault(step, []).append(path)
    steps = uow.find(Step).where(Step.log_id.is_(None)).order_by(Step.in_use.desc(), Step.position, Step.id).all()
    named = settings.steps
    rows = [{"step": s, "patterns": named[s.name].pages if s.name in named else (), "seen": seen.get(s.id, [])} for s in steps]
    free = unmapped(uow)
    return View(
        "steps_tab.html", s=WORDS, rows=rows, free=free[:MOST], more=max(0, len(free) - MOST), clock=clock, own=bool(settings.steps),
        toml=suggestion([one.path for one in free[:8]]), rules=_rules(visit, settings),
    )  # fmt: skip


def suggestion(paths: list[str]) -> str:
    """Return what to write into the settings file for pages that belong to no step."""
    if not paths:
        return ""
    found = ", ".join(f'"{path.replace("{id}", "*")}"' for path in paths)
    return f'[process_monitor.steps.name]\nlabel = {{en = "Name", ru = "Название"}}\npages = [{found}]'


def _rules(visit: Visit, settings: MonitorSettings) -> list[tuple[str, t.Any]]:
    spans = [(WORDS[name], span_words(getattr(settings, name), visit.language)) for name in ("idle_after", "silent_for", "longest", "keep_spans")]
    return [
        *spans, (WORDS["counts"], ", ".join(visit.say(KINDS[name]) for name in settings.counts)), (WORDS["least_sample"], settings.least_sample),
        (WORDS["names"], WORDS["yes" if settings.names else "no"]),
    ]  # fmt: skip


__all__ = ["monitor_steps", "suggestion"]
