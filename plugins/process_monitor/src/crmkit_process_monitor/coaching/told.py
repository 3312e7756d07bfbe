"""What is measured, told to everybody who is: what, when, who sees it and how long it is kept, as the settings are now."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable

from crmkit import Actor, Uow, _
from crmkit.ui import Menu, View, Visit, page

from ..roles import COACH, MEASURED, NAMES, SEE
from ..settings import MonitorSettings, text_of
from ..steps import Steps

TITLE = _("What is measured", ru="Что измеряется")
SCOPES = {
    "own": _("their own", ru="свои"),
    "team": _("their teams’", ru="своих групп"),
    "below": _("their teams’ and those below", ru="своих и нижестоящих групп"),
    "all": _("everybody’s", ru="всех"),
}  # fmt: skip
OTHER = _("some", ru="часть")
COUNTED = {
    "active": _("when you type, click or scroll", ru="когда вы печатаете, нажимаете, прокручиваете"),
    "idle": _("when the page is before you and you do nothing", ru="когда страница перед вами, но вы ничего не делаете"),
    "hidden": _("when another window or tab is before you", ru="когда перед вами другое окно или вкладка"),
}  # fmt: skip
BEGINS = {
    "button": _("the button of the line above every page", ru="кнопка в строке над каждой страницей"),
    "task": _("an opened task", ru="открытая задача"), "call": _("an answered call", ru="принятый звонок"),
}  # fmt: skip
WORDS = {
    "title": TITLE,
    "lead": _("While you serve a client, the CRM measures how long each step takes. This page says exactly what, and who sees it.",
        ru="Пока вы обслуживаете клиента, CRM измеряет, сколько занимает каждый шаг. Здесь сказано, что именно и кто это видит."),
    "you": _("Your work is measured", ru="Ваша работа измеряется"), "not_you": _("Your work is not measured", ru="Ваша работа не измеряется"),
    "when": _("When", ru="Когда"),
    "when_1": _("Only from the beginning of serving a client to its end, and only on pages of this CRM.",
        ru="Только от начала до конца обслуживания клиента и только на страницах этой CRM."),
    "begins": _("It begins by: {ways}.", ru="Начинается так: {ways}."),
    "ends": _("It ends when you say so, with the next client, after {silent} without a word from any page, or after {longest} at the latest.",
        ru="Заканчивается, когда вы скажете, со следующим клиентом, через {silent} тишины или, самое позднее, через {longest}."),
    "what": _("What", ru="Что"),
    "what_1": _("How long a page was before you, in three kinds of time:", ru="Сколько времени страница была перед вами — время трёх видов:"),
    "counted": _("counts against the norm", ru="сравнивается с нормой"),
    "kept_only": _("is kept, but not held against the norm", ru="хранится, но с нормой не сравнивается"),
    "idle_after": _("You count as idle after {idle} without a key, the mouse or a scroll; during a call never.",
        ru="Простой считается после {idle} без клавиш, мыши и прокрутки; во время звонка — никогда."),
    "page": _("The kind of page, as “{example}”, without the number of the record; which client a service case was for is kept with the case.",
        ru="Вид страницы, например «{example}», без номера записи; с каким клиентом был случай, хранится в самом случае."),
    "never": _("Never", ru="Никогда"),
    "never_1": _("what you type, pictures of your screen, other programs and sites, anything outside of serving a client",
        ru="что вы печатаете, снимки экрана, другие программы и сайты, время вне обслуживания клиента"),
    "steps": _("Steps and their pages", ru="Шаги и их страницы"),
    "who": _("Who sees it", ru="Кто это видит"), "role": _("Role", ru="Роль"), "figures": _("Figures", ru="Цифры"), "names": _("Names", ru="Имена"),
    "gives": _("Gives courses", ru="Назначает обучение"), "yes": _("yes", ru="да"), "no": _("no", ru="нет"),
    "pseudo": _("Nobody sees names: everybody sees pseudonyms, and only themselves by name.",
        ru="Имён не видит никто: все видят псевдонимы, а по имени — только себя."),
    "named": _("Others see a pseudonym in place of your name.", ru="Остальные видят вместо имени псевдоним."),
    "none": _("No role sees it yet", ru="Пока не видит никакая роль"),
    "long": _("How long", ru="Сколько хранится"),
    "long_1": _("Single stays on pages: {keep}, then they are deleted. Sums by day stay.",
        ru="Отдельные пребывания на страницах: {keep}, потом удаляются. Суммы по дням остаются."),
    "judged": _("How it is judged", ru="Как это оценивают"),
    "judged_1": _("Nobody is judged by a step done less than {least} times. Of all warnings at most {rate} may be chance.",
        ru="По шагу, выполненному меньше {least} раз, не судят никого. Случайных предупреждений — не больше {rate}."),
    "judged_2": _("What was done is held against the norm of its day.", ru="Сделанное сравнивается с нормой того дня."),
    "yours": _("What you can do", ru="Что можете вы"),
    "yours_1": _("See your own figures at “My time”, and comment on any case of yours: those who see its figures read the comment.",
        ru="Видеть свои цифры на странице «Моё время» и пояснить любой свой случай: пояснение прочтут все, кто видит его цифры."),
    "mine": _("My time", ru="Моё время"),
}  # fmt: skip


@page("/measured", label=TITLE, permission=SEE, menu=Menu(icon="shield-check", section="person", order=40))
def measured(visit: Visit, uow: Uow) -> View:
    """What is measured, when, who sees it, how long it is kept."""
    settings = uow.crm[MonitorSettings]
    spans = {name: span_words(getattr(settings, name), visit.language) for name in ("idle_after", "longest", "silent_for", "keep_spans")}
    steps = Steps(uow.crm)
    listed = [(visit.say(text_of(s.label)), ", ".join(s.pages)) for s in settings.steps.values()]
    kinds = [uow.crm.kinds[name] for name in steps.first() if name in uow.crm.kinds]
    listed = listed or [(visit.say(kind.plural or kind.label), f"/{kind.key.replace('.', '/', 1)}/…") for kind in kinds]
    return View(
        "measured.html", s=WORDS, me=uow.may(MEASURED), settings=settings, spans=spans, steps=listed, roles=roles_of(visit, uow),
        kinds=[(COUNTED[name], name in settings.counts) for name in COUNTED], example="/sales/deal/{id}",
        ways=", ".join(visit.say(BEGINS.get(name, name)) for name in settings.begins), rate=_percent(settings.alarm_rate, visit.language),
    )  # fmt: skip


def _percent(value: float, language: str) -> str:
    text = f"{value * 100:g}"
    return f"{text.replace('.', ',')}\u00a0%" if language == "ru" else f"{text}%"


def span_words(value: dt.timedelta, language: str) -> str:
    """Return a length of time in the largest unit that says it exactly."""
    seconds = int(value.total_seconds())
    for size, ru, en in ((86400, "дн.", "days"), (3600, "ч", "h"), (60, "мин", "min"), (1, "с", "s")):
        if seconds % size == 0 and seconds:
            return f"{seconds // size}\u00a0{ru if language == 'ru' else en}"
    return f"{seconds}"


def roles_of(visit: Visit, uow: Uow) -> list[dict[str, t.Any]]:
    """Return the roles that see others' work, with how far: from the roles as they are now."""
    made = []
    for role in uow.crm.access.roles.values():
        see, names, coach = (_scopes(uow, role.name, permission.name) for permission in (SEE, NAMES, COACH))
        if see - {"own"}:
            made.append({"label": visit.say(role.label or role.name), "see": _said(visit, see),
                         "names": _said(visit, names) if uow.crm[MonitorSettings].names else "", "coach": _said(visit, coach)})  # fmt: skip
    return sorted(made, key=lambda row: str(row["label"]))


def _scopes(uow: Uow, role: str, permission: str) -> set[str]:
    found: Iterable[t.Any] = uow.crm.access.scopes(Actor(name="role", roles=[role]), permission)
    return {scope if isinstance(scope, str) else "" for scope in found}


def _said(visit: Visit, scopes: set[str]) -> str:
    for name in ("all", "below", "team", "own"):
        if name in scopes:
            return visit.say(SCOPES[name])
    return visit.say(OTHER) if scopes else ""


__all__ = ["measured", "roles_of", "span_words"]
