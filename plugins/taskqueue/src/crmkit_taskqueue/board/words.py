"""Words of the supervisor's board."""

from __future__ import annotations

from crmkit import Text, _

TITLE = _("Supervisor's board", ru="Доска руководителя")
GIVE = _("Give a task", ru="Дать задачу")
STATES: dict[str, Text] = {
    "task": _("At a task", ru="За задачей"), "idle": _("Between tasks", ru="Без задачи"), "break": _("On a break", ru="На перерыве"),
    "none": _("Not begun", ru="Не начали"), "away": _("Away", ru="Отсутствуют"), "ended": _("Finished", ru="Закончили"),
}  # fmt: skip
COLORS = {"task": "green", "idle": "amber", "break": "violet", "none": "gray", "away": "gray", "ended": "blue"}
ONE: dict[str, Text] = {
    "idle": _("Without a task", ru="Без задачи"), "none": _("Has not begun", ru="Работа не начата"),
    "away": _("Away today", ru="Сегодня отсутствует"), "ended": _("Finished", ru="Работа завершена"),
}  # fmt: skip
SORTS: dict[str, Text] = {
    "state": _("By what they do", ru="По занятости"), "name": _("By name", ru="По имени"),
    "behind": _("Furthest behind first", ru="Отстающие сначала"),
    "longest": _("Longest at it first", ru="Дольше всех за делом"), "lost": _("Most time lost first", ru="Больше потерь сначала"),
}  # fmt: skip
WORDS: dict[str, Text] = {
    "title": TITLE, "everybody": _("All", ru="Все"), "search": _("Find a manager", ru="Найти менеджера"), "team": _("Team", ru="Команда"),
    "all_teams": _("All teams", ru="Все команды"), "sort": _("Order", ru="Порядок"), "manager": _("Manager", ru="Менеджер"),
    "now": _("Now", ru="Сейчас"), "closed": _("Closed", ru="Закрыто"), "lost": _("Lost", ru="Потеряно"), "breaks": _("Breaks", ru="Перерывы"),
    "left": _("Could not be done", ru="Не смогли"), "more": _("What can be done", ru="Действия"), "of": _("of {goal}", ru="из {goal}"),
    "so_far": _("closed today", ru="закрыто сегодня"),
    "by": _("by {time}: {count}", ru="к {time} — {count}"),
    "by_of": _("by {time} at this pace; the goal is {goal}", ru="к {time} таким темпом; цель — {goal}"),
    "goal_today": _("is the goal for today", ru="— цель на сегодня"),
    "soon": _("too soon to tell the pace", ru="о темпе судить рано"), "then": _("then a break: {reason}", ru="потом перерыв: {reason}"),
    "silent": _("browser fell silent: {count}", ru="браузер молчал: {count}"), "take_back": _("Return to the queue", ru="Вернуть в очередь"),
    "give": GIVE, "open": _("Open the task", ru="Открыть задачу"), "report": _("Their day in reports", ru="День в отчётах"),
    "held": _("Left with you", ru="Ждут вашего решения"), "give_it": _("Give", ru="Назначить"), "back": _("To the queue", ru="В очередь"),
    "cancel": _("Cancel", ru="Отменить"), "held_all": _("All: {count}", ru="Все: {count}"), "nobody": _("Nobody is found", ru="Никого не найдено"),
    "nobody_more": _("Look for another name, or choose all teams.", ru="Измените имя в поиске или выберите все команды."),
    "no_one": _("Nobody works yet", ru="Пока никто не работает"),
    "no_one_more": _(
        "Managers appear here when they start work; those who take leads are listed from the morning on.",
        ru="Менеджеры появляются здесь, когда начинают работу; получатели лидов видны с утра.",
    ),
    "kinds": _("Kinds of tasks", ru="Виды задач"), "pause": _("Pause", ru="Приостановить"), "resume": _("Go on", ru="Возобновить"),
    "stands": _("“{kind}” is paused since {time}", ru="«{kind}» не выдаётся с {time}"), "reason": _("Reason", ru="Причина"),
    "pause_more": _(
        "Nobody gets tasks of this kind until it goes on; those that are open stay open.",
        ru="Задачи этого вида не выдаются никому, пока вид не возобновлён; открытые остаются открытыми.",
    ),
    "reports": _("Reports", ru="Отчёты"), "rules": _("Rules", ru="Правила"), "task": _("Task", ru="Задача"),
    "now_open": _("Open it at once", ru="Открыть сразу"), "cancel_form": _("Cancel", ru="Отмена"), "next": _("Next", ru="Дальше"),
    "previous": _("Back", ru="Назад"), "pages": _("Pages", ru="Страницы"), "shown": _("{first}–{last} of {all}", ru="{first}–{last} из {all}"),
    "who_left": _("{name}, {time}", ru="{name}, {time}"), "since": _("since {time}", ru="с {time}"), "on_it": _("on it", ru="в работе"),
}  # fmt: skip
GIVEN = _("Given to {name}", ru="Назначена: {name}")
PAUSED = _("“{kind}” is paused", ru="«{kind}» приостановлен")
RESUMED = _("“{kind}” goes on", ru="«{kind}» снова выдаётся")
CHOOSE = _("choose a task", ru="выберите задачу")
NOTHING = _("Nothing found", ru="Ничего не найдено")
