"""Words of the manager's screen. Its templates have them as ``s``."""

from __future__ import annotations

from crmkit import _

screen = _("Manager's screen", ru="Экран менеджера")
start = _("Start work", ru="Начать работу")
ready = _("Everything is ready", ru="Всё готово к работе")
deals, leads, contacts = _("Deals", ru="Сделки"), _("Leads", ru="Лиды"), _("Contacts", ru="Контакты")
workplace = _("Manager", ru="Менеджер")
start_more = _("The next task opens by itself. There is nothing to choose and nothing to forget.",
    ru="Следующая задача откроется сама. Выбирать и помнить ничего не нужно.")  # fmt: skip
go_on = _("Go on working", ru="Продолжить работу")
stop = _("End work", ru="Завершить работу")
stop_sure = _("End work? The open task returns to the queue.", ru="Завершить работу? Открытая задача вернётся в очередь.")
ended = _("Work has ended. Rest well!", ru="Работа завершена. Хорошего отдыха!")
take_break = _("Break", ru="Перерыв")
break_after = _("Break after this task", ru="Перерыв после этой задачи")
break_planned = _("After this task: {reason}", ru="После этой задачи: {reason}")
break_cancel = _("No break after all", ru="Отменить перерыв")
break_now = _("Break: {reason}", ru="Перерыв: {reason}")
break_more = _("Nothing is handed out to you until you go on.", ru="Пока перерыв не завершён, задачи вам не выдаются.")
help = _("Keys", ru="Клавиши")
closed_today = _("Closed today", ru="Закрыто сегодня")
of_goal = _("{closed} of {goal}", ru="{closed} из {goal}")
waiting_today = _("Waiting for today", ru="Ждут сегодня")
next_days = _("The next days", ru="Ближайшие дни")
at_work = _("At work", ru="В работе")
on_task = _("On this task", ru="На этой задаче")
usually = _("usually {minutes} min", ru="обычно {minutes} мин")
due = _("Due", ru="Срок")
overdue = _("late", ru="просрочено")
attempt = _("Attempt {number}", ru="Попытка {number}")
why = _("Why this task", ru="Почему эта задача")
to_do = _("What to do", ru="Что сделать")
before = _("Noted before", ru="Отмечено раньше")
client = _("Client", ru="Клиент")
no_client = _("This task is about nobody in particular.", ru="У этой задачи нет клиента.")
unseen_client = _("You may not see this client. Leave the task with “Cannot be done” and say so.",
    ru="Этот клиент вам не виден. Закройте задачу через «Не могу выполнить» и напишите об этом.")  # fmt: skip
business = _("Deals and leads", ru="Сделки и лиды")
no_business = _("No deals or leads yet", ru="Сделок и лидов пока нет")
more_business = _("All of this client", ru="Все по этому клиенту")
this_one = _("this task", ru="эта задача")
new_deal = _("New deal", ru="Новая сделка")
result = _("How did it end?", ru="Чем закончилось?")
note = _("Note", ru="Заметка")
note_hint = _("What was said…", ru="О чём договорились…")
finish = _("Close the task", ru="Завершить задачу")
finish_as = _("Close: {outcome}", ru="Завершить: {outcome}")
choose_first = _("Choose how it ended: keys 1 to 9", ru="Выберите результат: клавиши 1–9")
cannot = _("Cannot be done", ru="Не могу выполнить")
cannot_why = _("Why can it not be done?", ru="Почему не получится выполнить?")
in_words = _("and in words, in the note", ru="и словами — в заметке")
when = _("When", ru="Когда")
when_own = _("Exactly at", ru="Точное время")
soon_ways = _("Soon", ru="Скоро")
by_days = _("By day", ru="По дням")
minutes_later = _("in {n} min", ru="через {n} мин")
hours_later = _("in {n} h", ru="через {n} ч")
at_of_day = _("{day}, {time}", ru="{day}, {time}")
nothing = _("There is nothing to do now", ru="Сейчас дел нет")
nothing_more = _("The screen looks by itself every half minute; what is urgent opens at once.",
    ru="Экран сам проверяет очередь каждые полминуты: срочное откроется сразу.")  # fmt: skip
look_again = _("Look now", ru="Проверить сейчас")
soon = _("The next task opens at {at}", ru="Следующая задача откроется в {at}")
soon_more = _("It opens by itself. You may use the time as you like.", ru="Она откроется сама. Это время — ваше.")
left = _("left", ru="осталось")
opening = _("Opening the next task…", ru="Открываем следующую задачу…")
open_next = _("Open the next task", ru="Открыть следующую задачу")
kept = _("What you typed is kept here:", ru="Набранный текст сохранён здесь:")
copy = _("Copy", ru="Скопировать")
copied = _("Copied", ru="Скопировано")
gone = _("This task is no longer open at you: it was closed in another tab or on another device, or it returned to the queue.",
    ru="Эта задача у вас больше не открыта: её закрыли в другой вкладке, на другом устройстве или она вернулась в очередь.")  # fmt: skip
unsaved = _("There is something unsaved here. Save it, or close the task once more to drop it",
    ru="Здесь есть несохранённое. Сохраните или ещё раз завершите задачу, чтобы отказаться от него")  # fmt: skip
told_task = _("Task: {title}", ru="Задача: {title}")
not_started = _("You have not started work yet", ru="Вы ещё не начали работу")
keys = (
    ("1 … 9", _("choose how the task ended", ru="выбрать результат")),
    ("0", _("cannot be done", ru="не могу выполнить")),
    ("Enter", _("close the task", ru="завершить задачу")),
    ("Ctrl Enter", _("close the task while typing", ru="завершить, не выходя из поля")),
    ("Alt 1 … 9", _("choose the result while typing", ru="выбрать результат, не выходя из поля")),
    ("Esc", _("out of a field", ru="выйти из поля")),
    ("N", _("write the note", ru="писать заметку")),
    ("C", _("the client's card", ru="карточка клиента")),
    ("B", _("take a break", ru="взять перерыв")),
    ("F6", _("to a window and back", ru="в окно и обратно")),
    ("?", _("this list", ru="этот список")),
)
"""What the keyboard does, for the list of keys."""
