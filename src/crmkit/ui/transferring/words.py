"""Words of the import wizard. Its templates have them as ``i``."""

from __future__ import annotations

from ...core.text import _

title = _("Import", ru="Загрузка из файла")
of_kind = _("Import: {kind}", ru="Загрузка: {kind}")
steps = (_("File", ru="Файл"), _("Columns", ru="Столбцы"), _("Check", ru="Проверка"), _("Import", ru="Загрузка"))
step_of = _("Step {number} of 4: {name}", ru="Шаг {number} из 4: {name}")
drop = _("Drop a file here", ru="Перетащите файл сюда")
choose = _("Choose a file", ru="Выбрать файл")
formats = _("CSV, Excel (.xlsx) or JSON Lines, up to {size}", ru="CSV, Excel (.xlsx) или JSON Lines, до {size}")
several = _(
    "To bring several kinds at once, send the files together with a mapping file (.toml), as `crmkit import` takes it.",
    ru="Чтобы загрузить сразу несколько видов записей, отправьте файлы вместе с файлом описания (.toml), как для команды crmkit import.",
)
sending = _("Sending…", ru="Отправка…")
file_label = _("File to import", ru="Файл для загрузки")
earlier = _("Earlier imports", ru="Недавние загрузки")
nothing_yet = _("Nothing is written before you have seen what will happen, and every import can be undone as a whole.",
    ru="Ничего не записывается, пока вы не увидите, что произойдёт. Любую загрузку можно отменить целиком.")  # fmt: skip
for_what = _("What are these?", ru="Что в файле?")
kind_label = _("Kind of records", ru="Вид записей")
go_on = _("Next", ru="Дальше")
remove = _("Remove the file", ru="Удалить файл")
removed = _("The file was removed", ru="Файл удалён")
back_to_columns = _("Back to the columns", ru="Назад к столбцам")

# ---- the file ---------------------------------------------------------------------------------------------------------
first_rows = _("First rows", ru="Первые строки")
encoding, delimiter, sheet = _("Encoding", ru="Кодировка"), _("Columns are parted by", ru="Разделитель"), _("Sheet", ru="Лист")
guessed = _("as guessed: {what}", ru="определено: {what}")
encoding_guessed = _("The encoding looks like {encoding}. If letters come out wrong, choose another.",
    ru="Похоже, кодировка {encoding}. Если буквы неверные, выберите другую.")  # fmt: skip
by_itself = _("find out", ru="определить")
cannot_read = _("The file cannot be read", ru="Файл не читается")
no_rows = _("There are no rows below the header", ru="Под заголовком нет строк")

# ---- columns ----------------------------------------------------------------------------------------------------------
columns = _("What becomes of each column", ru="Куда попадёт каждый столбец")
column, sample, becomes, how = _("Column", ru="Столбец"), _("For example", ru="Например"), _("Field", ru="Поле"), _("How to read it", ru="Как читать")
leave_out = _("— leave out —", ru="— не загружать —")
as_it_is = _("as it is", ru="как есть")
fields_of = _("Fields", ru="Поля")
find_by = _("find by: {field}", ru="искать по полю: {field}")
if_missing = _("if it is not found", ru="если не найдено")
missing = {"error": _("the row is refused", ru="строка не загрузится"), "empty": _("leave it empty", ru="оставить пустым")}
converts = {
    "decimal ,": _("1 234,50", ru="1 234,50"), "decimal .": _("1,234.50", ru="1,234.50"),
    "date %d.%m.%Y": _("31.12.2026", ru="31.12.2026"), "date %d/%m/%Y": _("31/12/2026", ru="31/12/2026"),
    "date %m/%d/%Y": _("12/31/2026", ru="12/31/2026"), "date %d-%m-%Y": _("31-12-2026", ru="31-12-2026"),
    "date %m-%d-%Y": _("12-31-2026", ru="12-31-2026"), "date %d.%m.%y": _("31.12.26", ru="31.12.26"),
    "date %d.%m.%Y %H:%M": _("31.12.2026 18:30", ru="31.12.2026 18:30"), "phone RU": _("numbers of Russia", ru="российские номера"),
    "phone US": _("numbers of the United States", ru="номера США"), "phone GB": _("numbers of Britain", ru="британские номера"),
    "squeeze": _("without needless blanks", ru="без лишних пробелов"), "title": _("Every Word Capitalised", ru="Каждое Слово С Большой Буквы"),
    "upper": _("IN CAPITALS", ru="ПРОПИСНЫМИ"), "lower": _("in small letters", ru="строчными"), "digits": _("digits only", ru="только цифры"),
    "cut 200": _("the first 200 characters", ru="первые 200 знаков"),
}  # fmt: skip
needed = _("The same for all rows", ru="Одинаково для всех строк")
needed_more = _("Fields that have no column get one value for every record.",
    ru="Поля, для которых нет столбца, получат одно значение у всех записей.")  # fmt: skip
add_value = _("Add a field", ru="Добавить поле")
identity = _("How rows are recognised", ru="Как узнавать строки")
identity_label = _("Column with the number or code", ru="Столбец с номером или кодом")
no_identity = _("there is none: every row is a new record", ru="такого нет: каждая строка станет новой записью")
identity_more = _(
    "A record that came with the same number before is changed, not made a second time.",
    ru="Запись, которая уже приходила с таким номером, изменится, а не появится второй раз.",
)
update_label = _("Records that came before", ru="Записи, которые уже приходили")
updates = {
    "always": _("change what differs", ru="изменить всё, что отличается"), "empty": _("fill only empty fields", ru="заполнить только пустые поля"),
    "never": _("leave them alone", ru="не трогать"),
}  # fmt: skip
source_label = _("Where the numbers are from", ru="Откуда номера")
source_help = _(
    "A short name of the system the file comes from, such as old-crm. Numbers of different systems do not get mixed up.",
    ru="Короткое имя системы, из которой файл, например old-crm. Номера разных систем не перепутаются.",
)
check = _("Check", ru="Проверить")
required = _("required", ru="обязательное поле")
nothing_chosen = _("Choose a field for at least one column", ru="Выберите поле хотя бы для одного столбца")
twice = _("{field} is chosen for two columns", ru="поле «{field}» выбрано для двух столбцов")
mapping_file = _("Mapping file", ru="Файл описания")
save_mapping = _("Save these choices as a file", ru="Сохранить выбор в файл")
load_mapping = _("Take choices from a file", ru="Взять выбор из файла")
taken_over = _("The choices were taken from the file", ru="Выбор взят из файла")
own_mapping = _("The import goes by a mapping file", ru="Загрузка пойдёт по файлу описания")
own_mapping_more = _("It says more than this page can show. What it brings in:", ru="В нём больше, чем показывает эта страница. Что загрузится:")
by_hand = _("Choose columns here instead", ru="Выбрать столбцы здесь")
rows_into = _("{name} → {kind}", ru="{name} → {kind}")

# ---- checking and running ---------------------------------------------------------------------------------------------
waiting = _("Waiting for its turn…", ru="Ждёт своей очереди…")
checking = _("Checking: {rows} rows", ru="Проверка, строк: {rows}")
loading = _("Importing: {rows} rows", ru="Загрузка, строк: {rows}")
leave_page = _("You may leave this page: the work goes on and is found under “Import”.",
    ru="Страницу можно закрыть: работа продолжится, а найти её можно в разделе «Загрузка».")  # fmt: skip
stop = _("Stop", ru="Остановить")
lost = _("The work was interrupted", ru="Работа прервалась")
continue_ = _("Go on", ru="Продолжить")
checked = _("Nothing has been written yet. This is what the import will do:", ru="Пока ничего не записано. Вот что сделает загрузка:")
counts = {
    "rows": _("rows", ru="строк"), "created": _("new", ru="новых"), "updated": _("changed", ru="изменится"),
    "unchanged": _("as they were", ru="без изменений"),
    "skipped": _("passed over", ru="пропущено"), "wrong": _("will not do", ru="с ошибками"),
}  # fmt: skip
counts_done = {"updated": _("changed", ru="изменено"), "created": _("created", ru="создано"), "wrong": _("refused", ru="не загружено")}
problems = _("Rows that will not do", ru="Строки с ошибками")
problems_left = _("They were left out. Mend them in the file below and import that one.",
    ru="Эти строки не загружены. Исправьте их в файле ниже и загрузите его отдельно.")  # fmt: skip
problems_more = _("They are left out, the others are imported. Mend them in the file below and import that one.",
    ru="Эти строки не загрузятся, остальные загрузятся. Исправьте их в файле ниже и загрузите его отдельно.")  # fmt: skip
line, number, reason = _("Line", ru="Строка"), _("Number", ru="Номер"), _("What is wrong", ru="Что не так")
first_of = _("The first {count} are shown; the file has all.", ru="Показаны первые {count}; в файле — все.")
download = _("Download these rows", ru="Скачать эти строки")
run = _("Import {count}", ru="Загрузить: {count}")
run_anyway = _("Import the rest: {count}", ru="Загрузить остальные: {count}")
nothing_to_do = _("There is nothing to import: everything is as it was", ru="Загружать нечего: всё уже так и есть")
nothing_good = _("No row will do. Look at what is wrong with them", ru="Ни одна строка не годится. Посмотрите, что с ними не так")
done = _("Imported", ru="Загружено")
done_with = _("Imported, but for some rows", ru="Загружено, кроме некоторых строк")
nothing_changed = _("Nothing had changed since last time.", ru="С прошлого раза ничего не изменилось.")
failed = _("The import did not go through", ru="Загрузка не прошла")
check_failed = _("The check did not go through", ru="Проверка не прошла")
stopped = _("Stopped", ru="Остановлено")
stopped_more = _("What was imported so far stays. Go on, or take it back.", ru="Загруженное осталось. Продолжите загрузку или отмените её.")
take_back = _("Take the import back…", ru="Отменить загрузку…")
to_list = _("To the list", ru="К списку")
another = _("Import another file", ru="Загрузить ещё файл")
phases = {
    "map": _("choosing columns", ru="выбор столбцов"), "check": _("checked", ru="проверено"), "checking": _("being checked", ru="проверяется"),
    "run": _("imported", ru="загружено"), "running": _("being imported", ru="загружается"), "failed": _("did not go through", ru="не прошло"),
}  # fmt: skip

# ---- refusals ---------------------------------------------------------------------------------------------------------
no_name = _("the file has no name", ru="у файла нет имени")
unknown_format = _("files of this kind cannot be read: send CSV, XLSX or JSON Lines",
    ru="такие файлы не читаются: отправьте CSV, XLSX или JSON Lines")  # fmt: skip
empty = _("the file is empty", ru="файл пуст")
no_kind = _("choose what the file holds", ru="выберите, что в файле")
at_work_now = _("this import is at work already", ru="эта загрузка уже идёт")
too_many = _("at most {most} files", ru="не больше {most} файлов")
