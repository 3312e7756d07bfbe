"""Words of what activities show. Their templates have them as ``a``."""

from __future__ import annotations

from crmkit import _

icons = {"call": "phone", "meeting": "users", "letter": "mail", "message": "message-circle", "todo": "circle-check-big"}
tones = {"call": "tel", "letter": "mail", "message": "mail"}

next_step = _("Next step", ru="Следующий шаг")
no_step = _("No next step is planned", ru="Следующий шаг не запланирован")
no_step_more = _("Without one it is easily forgotten", ru="Без него о записи легко забыть")
plan = _("Plan", ru="Запланировать")
done = _("Done", ru="Выполнено")
with_outcome = _("Done, with an outcome…", ru="Выполнено, с результатом…")
postpone = _("Postpone", ru="Перенести")
tomorrow, in_three_days, next_week = _("Tomorrow", ru="На завтра"), _("In three days", ru="Через три дня"), _("Next Monday", ru="На понедельник")
other_time = _("Another time…", ru="На другое время…")
overdue = _("overdue", ru="просрочено")
due = _("due", ru="срок")
open_it = _("Open", ru="Открыть")

note, activity, file = _("Note", ru="Заметка"), _("Activity", ru="Дело"), _("File", ru="Файл")
what_to_add = _("What to add", ru="Что добавить")
write = _("Write a note…", ru="Напишите заметку…")
pin = _("Pin", ru="Закрепить")
send = _("Add", ru="Добавить")
note_kept = _("Note added", ru="Заметка добавлена")
activity_kept = _("Activity added", ru="Дело добавлено")
is_done = _("Already done", ru="Уже выполнено")
cancel = _("Cancel", ru="Отмена")
drop_here = _("Drop files here, or", ru="Перетащите файлы сюда или")
choose_files = _("choose them", ru="выберите")
up_to = _("up to {size} each", ru="до {size} каждый")
uploading = _("Uploading {name}", ru="Загружается {name}")
uploaded = _("Attached: {name}", ru="Прикреплено: {name}")
too_large = _("{name}: larger than {size}", ru="{name}: больше {size}")
failed = _("{name}: not attached", ru="{name}: не прикреплено")
pinned = _("Pinned", ru="Закреплено")
removed = _("the content was removed", ru="содержимое удалено")
download = _("Save", ru="Скачать")
no_activities = _("Nothing is planned and nothing was done", ru="Ничего не запланировано и не сделано")
no_files = _("No files yet", ru="Файлов пока нет")
outcome = _("Outcome", ru="Результат")
minutes = _("{count} min", ru="{count} мин")
bad_moment = _("expected a date and a time", ru="ожидается дата и время")
bad_person = _("choose somebody from the list", ru="выберите из списка")
