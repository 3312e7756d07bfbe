"""Words of lists. Templates have them as ``lw``."""

from __future__ import annotations

from ...core.text import _

count_more = _("{count}+", ru="{count}+")
new = _("New", ru="Создать")
search = _("Search in this list", ru="Поиск в списке")
clear_search = _("Clear the search", ru="Очистить поиск")
nothing = _("Nothing here yet", ru="Здесь пока пусто")
nothing_more = _("What is added here, or comes in by itself, shows up in this list.", ru="Здесь появится всё, что вы добавите или что придёт само.")
no_match = _("Nothing matches", ru="Ничего не найдено")
no_match_more = _("Loosen the filter or the search, or take them off.", ru="Смягчите или снимите фильтр либо поиск.")
take_off = _("Take off filter and search", ru="Снять фильтр и поиск")
broken_filter = _("The filter cannot be applied", ru="Фильтр не удаётся применить")
more_rows = _("Show more", ru="Показать ещё")
loading = _("Loading more…", ru="Загружаем ещё…")
select_row = _("Select {name}", ru="Выбрать: {name}")
select_all = _("Select all rows shown", ru="Выбрать все показанные строки")
sort_by = _("Sort by “{name}”; with Shift as the second key", ru="Сортировать по «{name}»; с Shift — вторым ключом")
layouts = _("Ways to look at it", ru="Представления")
list_ = _("List", ru="Список")
board = _("Board", ru="Доска")
calendar = _("Calendar", ru="Календарь")
archived = _("In the archive", ru="В архиве")
archived_mark = _("archived", ru="в архиве")
archive_mode = {"": _("Without archived", ru="Без архива"), "true": _("Archived only", ru="Только архив"), "all": _("All together", ru="Всё вместе")}
columns = _("Columns", ru="Колонки")
export = _("Export", ru="Выгрузить")
add_filter = _("Filter", ru="Фильтр")
changed = _("{count} new here: refresh", ru="Новых записей: {count}. Обновить")
open_record = _("Open", ru="Открыть")
import_ = _("Import", ru="Импорт")
duplicates = _("Duplicates", ru="Дубликаты")
more = _("More", ru="Ещё")
table_help = _(
    "Arrows move, Enter opens or edits, F2 edits, Space selects",
    ru="Стрелки — перемещение, Enter — открыть или изменить, F2 — изменить, пробел — выбрать",
)
