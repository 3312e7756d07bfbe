"""What examples are filled with: words in both languages, controls of fields, durations."""

from __future__ import annotations

import datetime as dt
import typing as t

from markupsafe import Markup

from ...core.text import Text, _
from .. import charts
from ..boundary import Part
from ..controls import Control
from ..icons import icon
from ..registry import Item

if t.TYPE_CHECKING:
    from ..visit import Visit

WORDS: dict[str, Text] = {
    "save": _("Save", ru="Сохранить"), "cancel": _("Cancel", ru="Отмена"), "more": _("More", ru="Ещё"), "remove": _("Remove", ru="Убрать"),
    "pay": _("Take payment", ru="Принять оплату"), "new": _("New", ru="Новая"), "offer": _("Offer", ru="Предложение"),
    "talks": _("Talks", ru="Переговоры"), "waits": _("Waits for an answer", ru="Ждёт ответа"), "won": _("Won", ru="Выиграна"),
    "lost": _("Lost", ru="Проиграна"), "person": _("Yulia Zimina", ru="Юлия Зимина"), "company": _("Oak and Sons", ru="Дуб и сыновья"),
    "deal": _("Kitchen for Oak Street", ru="Кухня на Дубовую"), "deals": _("Deals", ru="Сделки"), "no_deals": _("No deals yet", ru="Сделок пока нет"),
    "no_deals_more": _("They appear here as soon as there is one.", ru="Они появятся здесь, как только появится первая."),
    "add": _("Add", ru="Добавить"), "period": _("Period", ru="Период"), "week": _("Week", ru="Неделя"), "month": _("Month", ru="Месяц"),
    "year": _("Year", ru="Год"), "all": _("All", ru="Все"), "copy": _("Copy", ru="Копировать"), "archive": _("Archive", ru="В архив"),
    "is_saved": _("Everything is saved.", ru="Всё сохранено."), "is_old": _("These figures are of yesterday.", ru="Эти цифры за вчера."),
    "is_wrong": _("The address does not answer.", ru="Адрес не отвечает."), "person_head": _("Person", ru="Сотрудник"),
    "amount": _("Amount", ru="Сумма"), "below": _("Something below the field", ru="Что-то под полем"), "phone": _("Phone", ru="Телефон"),
    "history": _("History", ru="История"), "files": _("Files", ru="Файлы"), "choose_file": _("Choose a file", ru="Выбрать файл"),
    "find": _("Search", ru="Поиск"), "site": _("Site", ru="Сайт"), "dealers": _("Dealers", ru="Дилеры"), "fairs": _("Fairs", ru="Выставки"),
    "plan": _("Plan", ru="План"), "fact": _("Fact", ru="Факт"), "jan": _("Jan", ru="янв"), "feb": _("Feb", ru="фев"), "mar": _("Mar", ru="мар"),
    "by_source": _("Won by source", ru="Выиграно по источникам"), "won_month": _("Won this month", ru="Выиграно за месяц"),
    "plan_fact": _("Plan and fact", ru="План и факт"), "in_stage": _("Time in stage", ru="Время на стадии"), "hours": _("h", ru="ч"),
}  # fmt: skip
HELP = _("As on the invoice.", ru="Как в счёте.")
WRONG = _("not a telephone number", ru="это не номер телефона")
LABELS: dict[str, Text] = {
    "text": _("Name", ru="Название"), "money": _("Amount", ru="Сумма"), "choice": _("Source", ru="Источник"), "wrong": _("Phone", ru="Телефон"),
    "check": _("VIP", ru="VIP"), "long": _("Comment", ru="Комментарий"), "day": _("Day", ru="День"), "phone": _("Phone", ru="Телефон"),
    "told": _("Phone", ru="Телефон"), "own": _("Chance", ru="Вероятность"), "email": _("E-mail", ru="Почта"), "number": _("Pieces", ru="Штук"),
    "person": _("Responsible", ru="Ответственный"),
}  # fmt: skip
HOWS: dict[str, str] = {"wrong": "phone", "told": "phone", "own": "number"}
VALUES: dict[str, str] = {"text": "Oak and Sons", "money": "250000", "wrong": "12", "own": "40", "email": "anna@example.com", "number": "3"}


def controls(visit: Visit) -> dict[str, Control]:
    """Return a control of every sort; each has an id of its own."""
    found = {}
    for name, label in LABELS.items():
        choices = [("site", visit.say(WORDS["site"])), ("fair", visit.say(WORDS["fairs"]))] if name == "choice" else ()
        found[name] = Control(
            name=f"sample-{name}", how=HOWS.get(name, name), label=visit.say(label), id=f"c-{name}", value=VALUES.get(name, ""), choices=choices,
            required=name == "text", help=visit.say(HELP) if name == "money" else "", problem=visit.say(WRONG) if name in ("wrong", "told") else "",
            source=visit.url("/_/pick/person") if name == "person" else "", say_clear="×",
        )  # fmt: skip
    return found


def values(visit: Visit) -> dict[str, t.Any]:
    """Return what the templates of examples have besides what every page has."""
    item: Item[t.Any] = Item("", "sample", None, None)
    words = Markup("<p>{}</p>").format(visit.say(WORDS["is_saved"]))
    return {
        "words": WORDS, "controls": controls(visit), "charts": charts, "stays": [dt.timedelta(hours=30), dt.timedelta(days=4)], "icon": icon,
        "ready": Part(item=item, html=words),
    }  # fmt: skip
