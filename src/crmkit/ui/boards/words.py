"""Words of boards. Templates have them as ``bw``."""

from __future__ import annotations

from ...core.text import _

layouts = _("Ways to look at it", ru="Представления")
add = _("Add", ru="Добавить")
add_to = _("Add to “{column}”", ru="Добавить в «{column}»")
new = _("New", ru="Создать")
all_ = _("All", ru="Все")
mine = _("Mine", ru="Мои")
whose = _("Whose", ru="Чьи")
pipeline = _("Pipeline", ru="Воронка")
fold = _("Fold “{column}”", ru="Свернуть «{column}»")
unfold = _("Unfold “{column}”", ru="Развернуть «{column}»")
actions = _("Actions: {name}", ru="Действия: {name}")
card = _("board card", ru="карточка доски")
move_to = _("Move to…", ru="Переместить в…")
open_ = _("Open", ru="Открыть")
loading = _("Loading…", ru="Загрузка…")
more = _("Show more", ru="Показать ещё")
cards = _("cards", ru="карточек")
stays = _("{span} in this stage: longer than it should", ru="{span} на этой стадии — дольше, чем нужно")
nothing = _("The board is empty", ru="На доске пока пусто")
nothing_more = _(
    "What you add, or what comes in by itself, will stand here.", ru="Здесь появится всё, что вы добавите или что придёт само.")
no_match = _("Nothing matches", ru="Ничего не найдено")
no_match_more = _("Try other words, or clear the filter.", ru="Попробуйте другие слова или снимите фильтр.")
take_off = _("Clear filter and search", ru="Снять фильтр и поиск")
broken_filter = _("The filter cannot be applied", ru="Фильтр не удаётся применить")
no_pipeline = _("There is no pipeline yet", ru="Воронки пока нет")
no_pipeline_more = _("An administrator can add one in the settings.", ru="Администратор может добавить её в настройках.")
help_move = _(
    "Space picks the card up, arrows move it, Space puts it down, Esc takes it back; M opens its menu, Enter opens the record",
    ru="Пробел — взять карточку, стрелки — двигать, пробел — отпустить, Esc — вернуть; M — меню карточки, Enter — открыть запись",
)
help_fixed = _(
    "Arrows walk between the cards, M opens a card's menu, Enter opens it", ru="Стрелки — переход между карточками, M — меню, Enter — открыть")
picked = _("Picked up: {name}. {where}", ru="Взято: {name}. {where}")
dropped = _("Put down: {where}", ru="Отпущено: {where}")
taken_back = _("Taken back: {where}", ru="Возвращено: {where}")
refused = _("The move was refused: {where}", ru="Перемещение отклонено: {where}")
where = _("{column}, {n} of {all}", ru="{column}, {n} из {all}")
no_further = _("It cannot go further in this direction", ru="Дальше в эту сторону нельзя")
not_allowed = _("From “{source}” it cannot go to “{target}”", ru="Из «{source}» нельзя перейти в «{target}»")
moved = _("Moved to “{stage}”", ru="Перемещено в «{stage}»")
moved_card = _("Moved", ru="Перемещено")
needs = _("Move to “{stage}”", ru="Перевод в «{stage}»")
needs_more = _("This stage asks for a little more.", ru="Для этой стадии нужно заполнить ещё немного.")
do_move = _("Move", ru="Перевести")
cannot_fill = _(
    "“{stage}” needs {fields}, and you may not fill it in: ask somebody who may",
    ru="Для «{stage}» нужно заполнить: {fields}. У вас нет на это права — попросите того, у кого оно есть",
)
changed_by = _(
    "Changed meanwhile: {who}, {when}. The card shows it as it is now; try again",
    ru="Запись тем временем изменена: {who}, {when}. Карточка обновлена, попробуйте ещё раз",
)
no_move = _("Cards of this board stay where they are", ru="На этой доске карточки не перемещают")
lost_column = _("there is no such column", ru="такой колонки нет")
columns_broken = _("This board did not work", ru="Эта доска не сработала")
