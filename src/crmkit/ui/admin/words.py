"""Words of the pages for those who run the CRM. Templates have them as ``a``."""

from __future__ import annotations

from ...core.text import _

admin = _("Administration", ru="Администрирование")
plugins = _("Plugins", ru="Плагины")
plugin = _("Plugin", ru="Плагин")
version = _("Version", ru="Версия")
requires = _("Needs", ru="Нужны")
schema = _("Database", ru="База данных")
adds = _("Adds", ru="Добавляет")
entities, stages_word = _("Entities", ru="Сущности"), _("Pipelines", ru="Воронки")
pages, parts, commands = _("Pages", ru="Страницы"), _("Parts of pages", ru="Части страниц"), _("Commands", ru="Команды")
up_to_date, behind = _("tables up to date", ru="таблицы актуальны"), _("waits for crmkit migrate", ru="ждёт crmkit migrate")
jobs = _("Jobs", ru="Задания")
job_states = {
    "pending": _("Waiting", ru="Ждут"), "running": _("Running", ru="Выполняются"), "queued": _("Handed over", ru="Переданы"),
    "held": _("On hold", ru="Отложены"), "dead": _("Stopped", ru="Остановлены"),
}  # fmt: skip
job = _("Job", ru="Задание")
job_sorts = {
    "event": _("Event set for a time", ru="Событие к сроку"), "after": _("Follows a change", ru="После изменения"),
    "outside": _("Call to another system", ru="Обращение к другой системе"), "while": _("Long in a stage", ru="Долго на стадии"),
    "every": _("By schedule", ru="По расписанию"),
}  # fmt: skip
own_jobs = {
    "crmkit:fold": _("Totals of stages", ru="Итоги по стадиям"), "crmkit:tidy": _("Clearing up", ru="Уборка"),
    "crmkit:import": _("Import", ru="Загрузка из файла"), "crmkit:import-tidy": _("Clearing up after imports", ru="Уборка после загрузок"),
}  # fmt: skip
job_kind, due, attempts, about, error = (
    _("What", ru="Что"), _("When", ru="Когда"), _("Attempts", ru="Попытки"), _("About", ru="О чём"), _("Error", ru="Ошибка"),
)  # fmt: skip
replay, replay_all = _("Try again", ru="Повторить"), _("Try all of them again", ru="Повторить все")
replayed = _("Will be tried again: {count}", ru="Будет повторено: {count}")
nothing_to_replay = _("None of them can run again: a newer one waits in its place", ru="Повторить нечего: вместо них уже ждут более новые")
no_jobs, no_jobs_more = _("No jobs here", ru="Заданий нет"), _("Nothing is in this state now.", ru="Сейчас в этом состоянии ничего нет.")
unknown_jobs = _("Nobody here handles these; a plugin is missing", ru="Их некому выполнить: не хватает плагина")
older, newer, next_page = _("Older", ru="Раньше"), _("To the newest", ru="К новым"), _("Next", ru="Дальше")
journal = _("Journal", ru="Журнал")
who, what, action, since, until, text = (
    _("Who", ru="Кто"), _("Entity", ru="Сущность"), _("Action", ru="Действие"), _("From", ru="С"), _("To", ru="По"), _("Words", ru="Слова"),
)  # fmt: skip
find = _("Find", ru="Найти")
everybody, everything = _("everybody", ru="все"), _("everything", ru="все")
actions = {
    "created": _("created", ru="создание"), "changed": _("changed", ru="изменение"), "moved": _("moved", ru="перевод"),
    "archived": _("archived", ru="архив"), "restored": _("restored", ru="восстановление"), "merged": _("merged", ru="слияние"),
    "undone": _("taken back", ru="отмена"), "recreated": _("brought back", ru="возвращение"), "deleted": _("removed", ru="удаление"),
}  # fmt: skip
actors = {"": _("The system", ru="Система"), "system": _("The system", ru="Система"), "anonymous": _("Somebody not signed in", ru="Гость без входа")}
action_icons = {
    "created": "plus", "changed": "pencil", "moved": "arrow-right-left", "archived": "archive", "restored": "archive-restore", "merged": "merge",
    "undone": "undo-2", "recreated": "undo-2", "deleted": "trash-2",
}  # fmt: skip
nothing_found = _("Nothing found", ru="Ничего не найдено")
nothing_found_more = _("Ask for less, or for another time.", ru="Уберите часть условий или выберите другое время.")
cause = _("by itself", ru="автоматически")
why = _("Why can they see this?", ru="Почему это видно?")
why_lead = _("Choose a person and a record", ru="Выберите человека и запись")
why_more = _(
    "The answer names the roles and the rules. The menu of every record leads here too, with the record filled in.",
    ru="В ответе будут роли и правила. Сюда же ведёт меню любой записи: она будет уже выбрана.",
)
person, record, number = _("Person", ru="Человек"), _("Record", ru="Запись"), _("Number", ru="Номер")
ask = _("Answer", ru="Узнать")
role, right, scope, covers = (
    _("Role", ru="Роль"), _("Right", ru="Право"), _("Which records", ru="Какие записи"), _("This one", ru="Эта запись"),
)  # fmt: skip
hidden_fields, fixed_fields = _("Hidden fields", ru="Скрытые поля"), _("Fields that cannot be changed", ru="Поля только для чтения")
nobody_known = _("There is no such person, or they may do nothing", ru="Такого человека нет, или у него нет никаких прав")
settings = _("Settings", ru="Настройки")
general = _("General", ru="Общие")
from_file = _(
    "These come from the settings file and the environment. Whoever runs the server changes them there.",
    ru="Эти значения заданы файлом настроек и переменными окружения; меняет их тот, кто управляет сервером.",
)
key, value, meaning = _("Key", ru="Ключ"), _("Value", ru="Значение"), _("What it means", ru="Что значит")
secret = _("kept secret", ru="скрыто")
