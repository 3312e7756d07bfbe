"""Words of the screens. Their templates have them as ``s``."""

from __future__ import annotations

from crmkit import _

# ---- the check-list ---------------------------------------------------------------------------------------------------
check_list = _("Check-list", ru="Чек-лист")
check_list_of = _("Check-list: {name}", ru="Чек-лист: {name}")
open_list = _("Open the check-list", ru="Открыть чек-лист")
correct_list = _("See and correct the answers", ru="Посмотреть и исправить ответы")
beside = _("In a window beside", ru="В окне рядом")
back_to_task = _("Back to the task", ru="К задаче")
window_of = _("best on {ideal}, until {latest}", ru="лучше {ideal}, не позже {latest}")
missing = _("still to be answered: {count}", ru="без ответа: {count}")
keep_corrections = _("Keep the corrections", ru="Сохранить исправления")
answered = _("Answered {count} of {all}", ru="Отвечено {count} из {all}")
score = _("score {score}", ru="баллы: {score}")
flags = _("red flags: {count}", ru="тревожных ответов: {count}")
kept = _("Every answer is kept at once; you can leave and go on later.", ru="Каждый ответ сохраняется сразу: можно прерваться и продолжить позже.")
optional = _("may be left out", ru="можно пропустить")
yes, no = _("Yes", ru="Да"), _("No", ru="Нет")
last_time = _("Last time, {period}: {answer}", ru="В прошлый раз, {period}: {answer}")
red_flag = _("A red flag: this must be looked at", ru="Тревожный ответ: на него нужно отреагировать")
take_back = _("Take the answer back", ru="Убрать ответ")
offer = _("Open an incident: {reason}", ru="Открыть инцидент: {reason}")
incident = _("Open an incident", ru="Открыть инцидент")
who_answers = _("Who answers", ru="Кто отвечает")
guardian_is = _("A guardian: {name}", ru="Представитель: {name}")
note = _("Note", ru="Заметка")
save = _("Save, go on later", ru="Сохранить, продолжить позже")
finish = _("All asked", ru="Опрос завершён")
finished = _("Collected: {periods}", ru="Собрано: {periods}")
finished_next = _("Collected: {periods}. Next: {next}", ru="Собрано: {periods}. Следующий звонок: {next}")
corrected = _("The corrections are kept", ru="Исправления сохранены")
saved = _("Saved", ru="Сохранено")
another_day = _("Asked to call on another day", ru="Просит позвонить в другой день")
call_on = _("Call on", ru="Позвонить")
put_off = _("Call on this day", ru="Позвонить в этот день")
was_put_off = _("The call is planned for {day}", ru="Звонок запланирован на {day}")
nothing_due = _("Nothing is to be asked now", ru="Сейчас спрашивать нечего")
nothing_due_more = _("The next period is {period}, planned for {day}.", ru="Следующий период — {period}, звонок {day}.")
nothing_left = _("All periods have been asked.", ru="Все периоды опрошены.")
ask_now = _("Ask it now", ru="Спросить сейчас")
frozen = _("Nobody is asked: an incident is open", ru="Не опрашиваем: открыт инцидент")
frozen_more = _("What was answered is kept. The rest is asked once the incident is closed.",
    ru="Записанные ответы сохранены. Остальное спросим, когда инцидент закроют.")  # fmt: skip
ended = _("The service has ended: {why}", ru="Сервис завершён: {why}")
collected_on = _("Collected on {day}", ru="Собрано {day}")
skipped_because = _("Not asked: {why}", ru="Не спрашивали: {why}")
bad_day = _("a day from tomorrow on, within a year", ru="день с завтрашнего, в пределах года")
photo_add = _("Attach a photo", ru="Прикрепить фото")
photo_there = _("Photo attached", ru="Фото прикреплено")
photo_sent = _("The photo is attached", ru="Фото прикреплено")
photo_wait = _("Sending the photo…", ru="Фото отправляется…")
photo_bad = _("The photo did not come through. Try once more", ru="Фото не отправилось. Попробуйте ещё раз")

# ---- the service card -------------------------------------------------------------------------------------------------
child, adult = _("Child", ru="Ребёнок"), _("Adult", ru="Взрослый")
service = _("Service card", ru="Карточка сервиса")
wearer, guardian = _("Wearer", ru="Пользователь протеза"), _("Guardian", ru="Представитель")
years = (_("{n} year", ru="{n} год"), _("{n} years", ru="{n} года"), _("{n} years", ru="{n} лет"))
local_time = _("{time} there now", ru="там сейчас {time}")
turns = _("turns {age} on {day}", ru="{age} лет исполнится {day}")
crossed = _("by the adults' protocol since {day}", ru="по взрослому протоколу с {day}")
next_call = _("Next call", ru="Следующий звонок")
due_now = _("To be asked now", ru="Пора спросить")
overdue = _("overdue", ru="просрочено")
devices, device = _("Devices", ru="Изделия"), _("Device", ru="Изделие")
no_devices = _("No devices yet", ru="Изделий пока нет")
serial = _("No. {serial}", ru="№ {serial}")
batch = _("batch {batch}", ru="партия {batch}")
issued = _("since {day}", ru="выдан {day}")
until = _("until {day}", ru="до {day}")
calendar = _("Calendar", ru="Календарь")
period, planned, state = _("Period", ru="Период"), _("Call", ru="Звонок"), _("State", ru="Состояние")
result = _("Result", ru="Итог")
no_cards = _("Nothing is planned yet", ru="Пока ничего не запланировано")
answers = _("Answers", ru="Ответы")
no_answers = _("No answers yet", ru="Ответов пока нет")
medical = _("Medical answers: every look at them is noted.", ru="Медицинские ответы: каждый просмотр записывается.")
incidents = _("Incidents", ru="Инциденты")
no_incidents = _("No incidents", ru="Инцидентов не было")
unreachable = _("Cannot be reached; tried again on {day}", ru="Не дозвониться; попробуем снова {day}")
in_vain = (_("{n} call in vain", ru="{n} звонок без ответа"), _("{n} calls in vain", ru="{n} звонка без ответа"),
    _("{n} calls in vain", ru="{n} звонков без ответа"))  # fmt: skip
worked, did_not = _("What worked", ru="Что помогло"), _("What did not", ru="Что не помогло")
red = _("red flags: {count}", ru="тревожных: {count}")
not_used = _("not used", ru="не носит")
see_service = _("To the service card", ru="К карточке сервиса")
follows = _("Is followed after the prosthesis was handed over.", ru="Под наблюдением после выдачи протеза.")

# ---- incidents --------------------------------------------------------------------------------------------------------
new_incident = _("New incident", ru="Новый инцидент")
reason, urgency, wanted = _("Reason", ru="Причина"), _("Urgency", ru="Срочность"), _("Wanted by", ru="Желаемая дата")
what_wrong = _("What is wrong", ru="Что случилось")
freezes = _("All feedback of {name} stops, of every device, until the incident is closed.",
    ru="Вся обратная связь по человеку ({name}) остановится, по всем изделиям, пока инцидент не закроют.")  # fmt: skip
freezes_count = (_("{n} card stops", ru="Остановится {n} карточка"), _("{n} cards stop", ru="Остановятся {n} карточки"),
    _("{n} cards stop", ru="Остановятся {n} карточек"))  # fmt: skip
choose_reason = _("choose a reason", ru="выберите причину")
choose_end = _("choose how it ended", ru="выберите, чем закончился")
say_done = _("say in a few words what was done", ru="напишите в двух словах, что сделано")
bad_date = _("a date, such as 2026-03-01", ru="дата, например 2026-03-01")
do_open = _("Open the incident", ru="Открыть инцидент")
opened = _("The incident is open; calls have stopped", ru="Инцидент открыт, звонки остановлены")
no_device_chosen = _("none in particular", ru="не указано")
close_incident = _("Close the incident", ru="Закрыть инцидент")
close_with = _("Close, and see what changes", ru="Закрыть: посмотреть изменения")
how_ended = _("How it ended", ru="Чем закончился")
what_done = _("What was done", ru="Что сделано")
fell_into = _("Periods that fell into it", ru="Периоды, пришедшиеся на него")
lasted = _("Follow-up has stood still since {day}: {days}", ru="Наблюдение стоит с {day}: {days}")
days = (_("{n} day", ru="{n} день"), _("{n} days", ru="{n} дня"), _("{n} days", ru="{n} дней"))
changes = _("What changes", ru="Что изменится")
before, after = _("Before", ru="Было"), _("After", ru="Станет")
no_changes = _("No date changes", ru="Даты не изменятся")
others_open = (_("{n} more incident of this person is open", ru="У человека открыт ещё {n} инцидент"),
    _("{n} more incidents of this person are open", ru="У человека открыто ещё {n} инцидента"),
    _("{n} more incidents of this person are open", ru="У человека открыто ещё {n} инцидентов"))  # fmt: skip
others_more = _("Calls go on when the last one is closed; no date changes now.",
    ru="Звонки продолжатся, когда закроют последний. Даты пока не меняются.")  # fmt: skip
show_changes = _("Show what changes", ru="Показать изменения")
closed = _("The incident is closed; the dates are calculated anew", ru="Инцидент закрыт, даты пересчитаны")
closed_others = _("The incident is closed", ru="Инцидент закрыт")
is_closed = _("The incident is closed already", ru="Инцидент уже закрыт")
made_new = _("new", ru="новая карточка")
not_asked = _("not asked", ru="не спросим")
frozen_people = _("While it is open nobody calls this person about feedback.", ru="Пока инцидент открыт, по обратной связи этому человеку не звонят.")
stands_since = _("Follow-up has stood still since {day}", ru="Наблюдение остановлено с {day}")
by_days = _("{sign}{days}", ru="{sign}{days}")
mine = _("as in the settings", ru="как в настройках")

# ---- crossing and versions --------------------------------------------------------------------------------------------
grown_up = _("Has come of age: {day}", ru="Совершеннолетие наступило: {day}")
crossings = _("Come of age", ru="Становятся взрослыми")
crossings_more = _("Children whose adulthood lies within three months, or has come.",
    ru="Дети, которым исполнится {age} в ближайшие три месяца или уже исполнилось.")  # fmt: skip
no_crossings = _("Nobody comes of age within three months", ru="В ближайшие три месяца никто не становится взрослым")
cross = _("Go on by the adults' protocol", ru="Перевести на взрослый протокол")
cross_title = _("To the adults' protocol: {name}", ru="На взрослый протокол: {name}")
cross_on = _("From this day on", ru="С этого дня")
has_crossed = _("Goes on by the adults' protocol", ru="Наблюдается по взрослому протоколу")
is_adult = _("Goes by the adults' protocol already", ru="Уже наблюдается по взрослому протоколу")
see_changes = _("See what changes", ru="Посмотреть изменения")
to_version = _("Move people to version {number}", ru="Перевести людей на версию {number}")
to_version_more = _("Cards keep the version they were made with. Whoever is chosen here goes on by version {number}; what was collected stays.",
    ru="Карточки остаются с той версией, с которой созданы. Выбранные люди продолжат по версии {number}; собранное сохранится.")  # fmt: skip
nobody_older = _("Everybody is followed by the version in force", ru="Все наблюдаются по действующей версии")
people_older = (_("{n} person is followed by an older version", ru="{n} человек наблюдается по более ранней версии"),
    _("{n} people are followed by an older version", ru="{n} человека наблюдаются по более ранней версии"),
    _("{n} people are followed by an older version", ru="{n} человек наблюдаются по более ранней версии"))  # fmt: skip
choose_all = _("All of them", ru="Всех")
move_chosen = _("Move those chosen", ru="Перевести выбранных")
moved_people = (_("{n} person moved", ru="Переведён {n} человек"), _("{n} people moved", ru="Переведены {n} человека"),
    _("{n} people moved", ru="Переведены {n} человек"))  # fmt: skip
sum_moved, sum_made = _("moved: {n}", ru="сдвигов: {n}"), _("new: {n}", ru="новых: {n}")
sum_gone, sum_same = _("not asked: {n}", ru="не спросим: {n}"), _("the days stay", ru="дни не меняются")
same_day = _("the same day", ru="тот же день")
hide_changes = _("Hide", ru="Скрыть")
choose_some = _("choose at least one person", ru="выберите хотя бы одного человека")

# ---- protocols --------------------------------------------------------------------------------------------------------
protocols, protocol = _("Protocols", ru="Протоколы"), _("Protocol", ru="Протокол")
version, versions = _("Version {number}", ru="Версия {number}"), _("Versions", ru="Версии")
in_force, draft = _("in force", ru="действует"), _("draft", ru="черновик")
earlier = _("earlier", ru="прежняя")
published_on = _("published {day}", ru="опубликована {day}")
new_draft = _("New draft", ru="Новый черновик")
edit_draft = _("Edit the draft", ru="Править черновик")
publish = _("Publish", ru="Опубликовать")
publish_more = _("Whoever begins from now on is followed by it. It never changes afterwards.",
    ru="По ней будут наблюдаться все, кто начнёт с этого момента. После публикации она не меняется.")  # fmt: skip
publish_sure = _("Put version {number} in force?", ru="Ввести в действие версию {number}?")
is_published = _("Version {number} is in force", ru="Версия {number} действует")
draft_saved = _("The draft is kept", ru="Черновик сохранён")
check = _("Save the draft", ru="Сохранить черновик")
body_label = _("Periods and questions, as TOML", ru="Периоды и вопросы в TOML")
what_changed = _("What has changed", ru="Что изменилось")
wrong_places = (_("{n} place will not work", ru="{n} место не сработает"), _("{n} places will not work", ru="{n} места не сработают"),
    _("{n} places will not work", ru="{n} мест не сработают"))  # fmt: skip
line = _("line {number}", ru="строка {number}")
asked_when = _("asked when “{question}” is {answer}", ru="если «{question}» — {answer}")
points = _("points: {points}", ru="баллы: {points}")
flag_when = _("red flag: {answer}", ru="тревожно: {answer}")
offers_when = _("{answer} → incident: {reason}", ru="{answer} → инцидент: {reason}")
questions_count = (_("{n} question", ru="{n} вопрос"), _("{n} questions", ru="{n} вопроса"), _("{n} questions", ru="{n} вопросов"))
offset = _("{after} after handing over, from {earliest} to +{latest}", ru="через {after} после выдачи, от {earliest} до +{latest}")
at_issue = _("on the day of handing over", ru="в день выдачи")
kinds = {
    "yes_no": _("yes or no", ru="да или нет"), "choice": _("choice", ru="выбор"), "number": _("number", ru="число"), "scale": _("scale", ru="шкала"),
    "text": _("text", ru="текст"), "photo": _("photo", ru="фото"),
}  # fmt: skip
usual_made = _("The usual protocols come into being with the first service card; begin with them now.",
    ru="Обычные протоколы появятся с первой карточкой сервиса; их можно создать и сейчас.")  # fmt: skip
make_usual = _("Make the usual protocols", ru="Создать обычные протоколы")
least_most = _("from {least} to {most}", ru="от {least} до {most}")
at_least, at_most = _("at least {least}", ru="не меньше {least}"), _("at most {most}", ru="не больше {most}")

# ---- the workplace ----------------------------------------------------------------------------------------------------
workplace = _("Customer service", ru="Служба заботы")
board = _("Calls by month", ru="Звонки по месяцам")
services, cards = _("Service cards", ru="Карточки сервиса"), _("Feedback", ru="Обратная связь")
open_incidents = _("Open incidents", ru="Открытые инциденты")
reports = _("Reports", ru="Отчёты")
manager = _("Manager's screen", ru="Экран менеджера")
due_today = _("To call: today and overdue", ru="Позвонить: сегодня и просроченные")
nobody_due = _("Nobody is to be called today", ru="Сегодня звонить некому")
all_due = _("All of this month: {count}", ru="Все в этом месяце: {count}")
flags_label = _("Red flags", ru="Тревожные ответы")
no_flags = _("No red flags in the last two weeks", ru="За последние две недели тревожных ответов нет")
nothing_open = _("No incident is open", ru="Открытых инцидентов нет")
by_reason = _("Open incidents by reason", ru="Открытые инциденты по причинам")
oldest = _("open since {day}", ru="открыт {day}")
by_itself = _("They cross over by themselves on that day.", ru="В этот день переход произойдёт сам.")
and_more = _("and {count} more: come back when these are done", ru="и ещё {count}: вернитесь, когда закончите с этими")
