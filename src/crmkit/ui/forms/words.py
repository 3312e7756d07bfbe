"""Words of forms and choosers. Their templates have them as ``f``."""

from __future__ import annotations

from ...core.text import _

new = _("New {kind}", ru="{kind}: новая запись")
edit = _("Edit: {name}", ru="Изменить: {name}")
more_fields = _("More fields", ru="Ещё поля")
main_fields = _("Main", ru="Главное")
check = _("Check the fields below", ru="Проверьте поля")
nothing_saved = _("Nothing was saved yet.", ru="Пока ничего не сохранено.")
created = _("Created", ru="Создано")
saved = _("Saved", ru="Сохранено")
save = _("Save", ru="Сохранить")
create = _("Create", ru="Создать")
cancel = _("Cancel", ru="Отмена")
sent_before = _(
    "This form was sent already, and its record was created. Send it once more to create another one.",
    ru="Эта форма уже отправлена, запись создана. Отправьте ещё раз, если нужна вторая.",
)
nothing_changed = _("Nothing was changed", ru="Изменений нет")
stage_of_new = _("Stage", ru="Стадия")
pipeline = _("Pipeline", ru="Воронка")

# ---- somebody was faster ----------------------------------------------------------------------------------------------
meanwhile = _("While you were editing, somebody else saved this record", ru="Пока вы правили, запись сохранил кто-то другой")
choose = _(
    "Nothing of yours is lost. Choose what to keep where both of you changed the same field, then save again.",
    ru="Ваши правки на месте. Там, где вы оба изменили одно поле, выберите, что оставить, и сохраните ещё раз.",
)
changed_by = _("{who}, {when}", ru="{who}, {when}")
keep_mine = _("Keep mine", ru="Оставить моё")
take_theirs = _("Take theirs", ru="Взять новое")
mine = _("Yours", ru="Ваше")
theirs = _("New", ru="Новое")
was = _("was", ru="было")
empty = _("empty", ru="пусто")
somebody = _("Somebody", ru="Кто-то")
also_changed = _("Saved. Others meanwhile changed: {fields}", ru="Сохранено. Другие тем временем изменили: {fields}")

# ---- choosers ---------------------------------------------------------------------------------------------------------
nothing_found = _("Nothing found", ru="Ничего не найдено")
too_many = _("More is found when you go on typing", ru="Продолжайте ввод, чтобы найти остальное")
create_named = _("Create “{name}”", ru="Создать «{name}»")
no_such_chooser = _("Nothing is chosen from here", ru="Отсюда ничего не выбирается")
archived = _("archived", ru="в архиве")
