"""What the pages of norms say."""

from crmkit import _

title = _("Norms", ru="Нормы")
new = _("New norm", ru="Новая норма")
add = _("Add", ru="Добавить")
table = _("Table", ru="Таблица")
from_table = _("Norms from a table", ru="Нормы из таблицы")
propose = _("Propose", ru="Предложить")
proposed = _("Norms from the best", ru="Нормы по лучшим")
lead = _(
    "How long a step should take. What was done is judged by the norm of its day: a new one says nothing about the past.",
    ru="Сколько времени должен занимать шаг. Сделанное судят по норме того дня: новая норма не меняет прошлого.",
)
step, kind, all_kinds = _("Step", ru="Шаг"), _("Kind of case", ru="Вид случая"), _("All kinds", ru="Все виды")
since, reference = _("In force since", ru="Действует с"), _("Reference", ru="Эталон")
least, most = _("Minimum", ru="Минимум"), _("Maximum", ru="Максимум")
note, came_from = _("Note", ru="Заметка"), _("Where from", ru="Откуда")
typical = _("Typical now", ru="Обычно сейчас")
typical_more = _("{n} in 30 days", ru="за 30 дней: {n}")
no_norm = _("no norm yet", ru="нормы нет")
set_it = _("Set it", ru="Задать")
earlier, coming = _("Earlier: {count}", ru="Раньше: {count}"), _("from {day}", ru="с {day}")
none = _("There are no steps yet", ru="Шагов пока нет")
none_more = _(
    "Steps are pages of the CRM that the settings name; they appear with the first served client.",
    ru="Шаги — это страницы CRM, названные в настройках; они появятся с первым обслуженным клиентом.",
)
recounting = _("Sums of {count} months are being made anew by the new norms", ru="Суммы пересчитываются по новым нормам, осталось месяцев: {count}")
saved = _("The norm is in force since {day}", ru="Норма действует с {day}")
put = _("Norms put in force: {count}", ru="Норм введено: {count}")
how_times = _("minutes and seconds, as in 3:05", ru="минуты и секунды, например 3:05")
how_least = _("faster counts as too fast", ru="быстрее — слишком быстро")
how_most = _("slower counts as too slow", ru="медленнее — слишком медленно")
how_past = _(
    "With a day in the past, what was done since then is judged anew.", ru="Если день в прошлом, сделанное с того дня будет оценено заново."
)
save = _("Put in force", ru="Ввести в действие")
paste = _("Paste rows of a spreadsheet", ru="Вставьте строки из таблицы")
paste_more = _(
    "The first line names the columns: step, kind, since, reference, minimum, maximum, note. Kind and minimum may be empty. Times are 3:05 "
    "or seconds.",
    ru="Первая строка называет столбцы: шаг, вид, действует с, эталон, минимум, максимум, заметка. Вид и минимум можно не заполнять. "
    "Время — 3:05 или секунды.",
)
drop = _("or drop a CSV file here", ru="или перетащите сюда файл CSV")
choose, sending = _("Choose a file", ru="Выбрать файл"), _("Sending", ru="Отправка")
take = _("Take over", ru="Загрузить")
download = _("Norms as CSV", ru="Нормы в CSV")
calm = _("All rows or none: a mistake is named with its line and column. Taking a table over can be undone as a whole.",
    ru="Загружается всё или ничего: ошибка названа строкой и столбцом. Загрузку можно отменить целиком.")  # fmt: skip
wrong = _("The table has mistakes", ru="В таблице есть ошибки")
propose_lead = _(
    "What the quarter of colleagues who do a step fastest usually need. Look at what each would change before you put it in force.",
    ru="Сколько обычно нужно той четверти сотрудников, кто делает шаг быстрее всех. Посмотрите, что изменится, и введите в действие.",
)
now, would = _("Now", ru="Сейчас"), _("Proposed", ru="Предлагается")
slow_would, fast_would = _("Slower than the maximum", ru="Медленнее максимума"), _("Faster than the minimum", ru="Быстрее минимума")
based_on = _("{n} times by {workers} colleagues", ru="выполнений: {n}, сотрудников: {workers}")
take_chosen = _("Put the chosen in force", ru="Ввести выбранные")
from_day = _("From", ru="С какого дня")
looked_at = _("Days looked at", ru="За период")
show = _("Show", ru="Показать")
too_little = _("There is too little work to choose the best of", ru="Слишком мало данных, чтобы выбрать лучших")
too_little_more = _(
    "A step must have been done by enough colleagues, at least {least} times by each. Take a longer period.",
    ru="Шаг должны выполнить достаточно сотрудников, каждый не меньше {least} раз. Возьмите период подольше.",
)
none_chosen = _("choose at least one", ru="выберите хотя бы одну")
whose = _("Whose steps", ru="Чьи шаги")
our_own = _("Our own", ru="Наши")
of_log = _("Log", ru="Журнал")
same = _("as now", ru="как сейчас")
choose_step = _("choose a step", ru="выберите шаг")
no_day = _("choose a day", ru="выберите день")
periods = {
    "week": _("Week", ru="Неделя"), "month": _("Month", ru="Месяц"), "quarter": _("Quarter", ru="Квартал"), "year": _("Year", ru="Год"),
}  # fmt: skip
