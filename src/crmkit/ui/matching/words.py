"""Words of merging. Its templates have them as ``m``."""

from __future__ import annotations

from ...core.text import _

merge = _("Merge", ru="Объединение")
merge_verb = _("Merge", ru="Объединить")
with_which = _("Which record is the same?", ru="С какой записью объединить?")
with_which_more = _(
    "Choose the record that is about the same. Nothing is done before you have looked at both.",
    ru="Выберите запись о том же самом. Прежде чем что-то произойдёт, вы увидите обе рядом.",
)
other = _("The other record", ru="Другая запись")
go_on = _("Next", ru="Дальше")
stays, goes = _("Stays", ru="Останется"), _("Goes into the archive", ru="Уйдёт в архив")
swap = _("Keep the other one instead", ru="Оставить другую")
differ = _("Where they differ", ru="Где они различаются")
differ_more = _("Choose what the record that stays will say.", ru="Выберите значения для записи, которая останется.")
nothing_differs = _("They say the same everywhere both are filled in.", ru="Всё, что заполнено в обеих, совпадает.")
one_sided = _("Filled in only in one of them: {count}", ru="Заполнено только в одной: {count}")
same = _("The same in both: {count}", ru="Совпадает: {count}")
by_itself = _("settled by itself", ru="определится само")
moves_over = _("What moves over", ru="Что перейдёт к ней")
moves_over_more = _(
    "Everything that points to the record that goes will point to the one that stays, whoever sees it.",
    ru="Всё, что связано с уходящей записью, будет связано с оставшейся, кто бы это ни видел.",
)
nothing_moves = _("Nothing points to the record that goes.", ru="С уходящей записью ничего не связано.")
moved = _("{count} will move over", ru="перейдёт: {count}")
kept = _("{count} already there", ru="уже есть: {count}")
can_undo = _("A merge can be undone as a whole.", ru="Объединение можно отменить целиком.")
merged = _("Merged", ru="Объединено")
empty = _("empty", ru="пусто")
whose = _("{field}: {which}", ru="{field}: {which}")
refused = _("This will not do yet", ru="Так объединить нельзя")
created = _("created {at}", ru="создана {at}")
cancel = _("Cancel", ru="Отмена")
