"""Words of the shell and of what every page shares. Templates have them as ``w``."""

from __future__ import annotations

from ..core.text import _

skip = _("Skip to the content", ru="Перейти к содержимому")
home = _("Go home", ru="На главную")
oops = _("Something went wrong", ru="Что-то пошло не так")
oops_more = _(
    "It is not your fault, and nothing was changed. Try again in a moment.",
    ru="Вы ни при чём, и ничего не изменилось. Попробуйте ещё раз через минуту.",
)
start = _("Home", ru="Главная")
menu = _("Menu", ru="Меню")
workspace = _("Workspace", ru="Рабочее место")
account_menu = _("Profile and preferences", ru="Профиль и настройки вида")
quick = _("Quick access", ru="Быстрый доступ")
more = _("More", ru="Ещё")
close = _("Close", ru="Закрыть")
save = _("Save", ru="Сохранить")
cancel = _("Cancel", ru="Отмена")
create = _("Create", ru="Создать")
edit = _("Edit", ru="Изменить")
delete = _("Archive", ru="В архив")
restore = _("Restore", ru="Восстановить")
search_or_command = _("Search or command", ru="Поиск или команда")
search = _("Search", ru="Поиск")
today = _("Today", ru="Сегодня")
preferences = _("Preferences", ru="Настройки вида")
theme = _("Theme", ru="Тема")
themes = {"auto": _("System", ru="Как в системе"), "light": _("Light", ru="Светлая"), "dark": _("Dark", ru="Тёмная")}
language = _("Language", ru="Язык")
profile = _("Profile", ru="Профиль")
sign_out = _("Sign out", ru="Выйти")
sections = {
    "work": _("Workplace", ru="Рабочее место"), "records": _("Records", ru="Записи"), "reports": _("Reports", ru="Отчёты"),
    "admin": _("Administration", ru="Администрирование"),
}  # fmt: skip
yes, no = _("Yes", ru="Да"), _("No", ru="Нет")
nobody = _("Nobody", ru="Никто")
nothing = _("—", ru="—")
minimise = _("Minimise", ru="Свернуть")
full_page = _("Open as a page", ru="Открыть страницей")
beside = _("Side by side", ru="Рядом")
open_in_window = _("Open in a window", ru="Открыть в окне")
saved = _("Saved", ru="Сохранено")
undo = _("Undo", ru="Отменить действие")
loading = _("Loading…", ru="Загрузка…")
required = _("required", ru="обязательное поле")
list_ = _("List", ru="Список")
board = _("Board", ru="Доска")
calendar = _("Calendar", ru="Календарь")
new = _("New", ru="Новая запись")
offline = _("No connection; what you see may be out of date", ru="Нет связи; показанное могло устареть")
signed_out = _("You were signed out. Sign in beside this page, then press the button again: what you typed stays",
               ru="Сеанс завершён. Войдите в соседней вкладке и нажмите кнопку ещё раз: введённое сохранится здесь")
sign_in = _("Sign in", ru="Войти")
lost_page = _("The answer did not come. Check the connection and try again", ru="Ответ не пришёл. Проверьте связь и попробуйте ещё раз")
found = _("Found", ru="Найдено")
no_hits = _("Nothing found", ru="Ничего не найдено")
hits = _("Found: {count}", ru="Найдено: {count}")
keys_choose = _("choose", ru="выбрать")
keys_open = _("open", ru="открыть")
keys_window = _("in a window", ru="в окне")
# What scripts say: a window's buttons, and what became of the connection.
scripts = {
    "windows": _("Minimised windows", ru="Свёрнутые окна"), "layout": _("Place of the window", ru="Расположение окна"),
    "full_page": full_page, "minimise": minimise,
    "leave": _("What you typed is not saved. Leave it?", ru="Введённое не сохранено. Уйти без сохранения?"),
    "changed_meanwhile": _("This was changed meanwhile", ru="За это время здесь кое-что изменилось"),
    "show_changed": _("Show, without what I typed", ru="Показать, отбросив введённое"),
    "session_ended": _("You are signed out; the screen is no longer kept up to date", ru="Сеанс завершён; показанное больше не обновляется"),
    "other_person": _("Somebody else has signed in in this browser", ru="В этом браузере вошёл другой человек"),
    "pop_said": _("A window opened. F6 takes you there", ru="Открылось окно. F6 — перейти к нему"),
    "pop_over": _("The window closed: it is no longer needed", ru="Окно закрылось: оно больше не нужно"),
}  # fmt: skip
window_places = {
    "left": _("Left half", ru="Левая половина"), "right": _("Right half", ru="Правая половина"), "full": _("Whole screen", ru="На весь экран"),
    "float": _("Floating", ru="Свободно"), "tile": _("All side by side", ru="Все рядом"),
}  # fmt: skip
window_keys = _(
    "Arrow keys move the window, with Shift they resize it. Home and End put it to the left or the right half, Enter makes it fill the screen,"
    " Escape closes it, F6 goes on to the next window",
    ru="Стрелки двигают окно, с Shift — меняют размер. Home и End прижимают к левой или правой половине, Enter разворачивает на весь экран,"
    " Escape закрывает, F6 переходит к следующему окну",
)
sign_in_again = _("Sign in", ru="Войти")
