"""Words of history and undo. Their templates have them as ``h``."""

from __future__ import annotations

from ...core.text import _

history = _("History", ru="История")
operations = _("Operations", ru="Действия")
back_to_record = _("To the record", ru="К записи")
empty_history = _("Nothing has happened here yet", ru="Здесь пока ничего не происходило")
empty_operations = _("Nothing to show", ru="Показывать нечего")
empty_more = _(
    "Bulk edits, merges and imports are listed here, and can be taken back as one.",
    ru="Здесь видны массовые изменения, объединения и загрузки. Каждое можно отменить целиком.",
)
mine, everybody = _("Mine", ru="Мои"), _("Everybody's", ru="Все")
whose = _("Whose", ru="Чьи")
together, single = _("Several records", ru="Группами"), _("Single changes", ru="По одному")
what = _("What is shown", ru="Что показано")
older = _("Show earlier", ru="Показать более ранние")
take_back = _("Undo…", ru="Отменить…")
redo = _("Redo…", ru="Вернуть…")
undone = _("undone", ru="отменено")
running, failed = _("under way", ru="выполняется"), _("interrupted", ru="прервано")
automatic = _("by itself", ru="автоматически")
system = _("System", ru="Система")
more_fields = _("{count} more", ru="ещё {count}")
empty_value = _("empty", ru="пусто")
before, after = _("was", ru="было"), _("became", ru="стало")
whole = _("The whole operation", ru="Всё действие целиком")
its_records = _("What it did", ru="Что сделано")
only_some = _("Shown are {shown} of {all}; records you may not see are only counted.",
    ru="Показано {shown} из {all}; недоступные вам записи только посчитаны.")  # fmt: skip
undone_by = _("This was undone.", ru="Это отменено.")
see_undo = _("See the undo", ru="Открыть отмену")
see_operation = _("See what was undone", ru="Открыть отменённое")
no_such = _("There is no such operation, or you may not see it", ru="Такого действия нет, или оно вам не видно")

# ---- the preview ------------------------------------------------------------------------------------------------------
undo_title = _("Undo", ru="Отмена")
redo_title = _("Redo", ru="Возврат отменённого")
will = _("What will happen", ru="Что произойдёт")
will_delete = _("{count} will go for good", ru="исчезнет: {count}")
will_recreate = _("{count} will come back", ru="вернётся: {count}")
will_change = _("{count} will change back", ru="изменится: {count}")
did = {
    "created": _("created", ru="создано"), "changed": _("changed", ru="изменено"), "moved": _("moved", ru="переведено"),
    "archived": _("archived", ru="в архив"), "restored": _("restored", ru="из архива"), "merged": _("merged", ru="объединено"),
    "undone": _("changed back", ru="возвращено прежнее"), "deleted": _("removed", ru="убрано"), "recreated": _("brought back", ru="возвращено"),
    "known": _("recognised", ru="узнано"),
}  # fmt: skip
actions = {
    "delete": _("Will go for good", ru="Исчезнет"), "recreate": _("Will come back", ru="Вернётся"),
    "change": _("Will change back", ru="Изменится"),
}  # fmt: skip
in_the_way = _("Something newer is in the way", ru="Мешает более новое")
in_the_way_more = _(
    "Nothing is undone while something newer would be lost. Undo what is named here first, or leave everything as it is.",
    ru="Пока может пропасть более новое, ничего не отменяется. Сначала отмените то, что названо ниже, или оставьте всё как есть.",
)
forbidden = _("You may not undo all of this", ru="У вас нет права отменить всё это")
forbidden_more = _(
    "It is undone whole or not at all. Ask somebody who may change these records.",
    ru="Отменяется только целиком. Попросите того, у кого есть право изменять эти записи.",
)
more_clashes = _("and {count} more", ru="и ещё {count}")
look = _("Look at it", ru="Посмотреть")
nothing_to_undo = _("There is nothing in it to undo", ru="Отменять здесь нечего")
do_undo = _("Undo this", ru="Отменить это")
do_redo = _("Redo this", ru="Вернуть это")
leave = _("Leave it as it is", ru="Оставить как есть")
done = _("Undone", ru="Отменено")
redone = _("Done again", ru="Возвращено")
cannot = _("This cannot be undone", ru="Отменить нельзя")
not_back = _(
    "What has left the CRM, such as letters and payments, is not called back.",
    ru="То, что уже ушло из CRM (письма, платежи), не отзывается.",
)
which = _("say what to undo", ru="укажите, что отменить")

# ---- what happened to a record ------------------------------------------------------------------------------------------
verbs = {
    "created": _("created the record", ru="создание записи"), "changed": _("changed", ru="изменение"), "moved": _("moved", ru="перевод"),
    "archived": _("put into the archive", ru="перенос в архив"), "restored": _("took from the archive", ru="возврат из архива"),
    "undone": _("changed back by an undo", ru="возврат прежних значений при отмене"), "deleted": _("removed by an undo", ru="удаление при отмене"),
    "recreated": _("brought back by an undo", ru="восстановление при отмене"), "merged": _("merged", ru="объединение"),
    "known": _("recognised by another system's number", ru="узнана по номеру другой системы"),
}  # fmt: skip
icons = {
    "created": "plus", "changed": "pencil", "moved": "arrow-right-left", "archived": "archive", "restored": "archive-restore", "undone": "undo-2",
    "deleted": "trash-2", "recreated": "undo-2", "merged": "merge", "known": "link",
}  # fmt: skip
merged_into, merged_from = _("Merged into", ru="Объединена с"), _("Took in", ru="Вобрала")
other_action = _("action", ru="действие")

# ---- titles of operations -----------------------------------------------------------------------------------------------
kinds = {
    "bulk": _("Several records", ru="Несколько записей"), "import": _("Import", ru="Загрузка"), "merge": _("Merge", ru="Объединение"),
    "undo": _("Undo", ru="Отмена"), "change": _("Change", ru="Изменение"),
}  # fmt: skip
kind_icons = {"bulk": "layers", "import": "file-down", "merge": "merge", "undo": "undo-2", "change": "pencil"}
bulk = {
    "change": _("Changed: {kind}, {count}", ru="Изменение: {kind}, {count}"), "move": _("Moved: {kind}, {count}", ru="Перевод: {kind}, {count}"),
    "archive": _("Archived: {kind}, {count}", ru="В архив: {kind}, {count}"),
    "restore": _("Restored: {kind}, {count}", ru="Из архива: {kind}, {count}"),
}  # fmt: skip
batch = _("Several changes at once: {count}", ru="Несколько изменений сразу: {count}")
importing = _("Import: {name}", ru="Загрузка: {name}")
merging = _("Merge: {kind} {loser} into {winner}", ru="Объединение: {kind} {loser} → {winner}")
undoing = _("Undo: {what}", ru="Отмена: {what}")
changing = _("{kind} {name}: {verb}", ru="{kind} {name}: {verb}")
and_more = _("{what}, and {count} more", ru="{what}, и ещё {count}")
