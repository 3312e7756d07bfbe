"""What the pages of coaching say."""

from crmkit import _

# ---- giving
coach = _("Give a course or a meeting", ru="Назначить обучение")
step, period = _("Step", ru="Шаг"), _("Period", ru="Период")
usual, reference = _("Usual time", ru="Обычное время"), _("Reference", ru="Эталон")
times, lost = _("Times", ru="Выполнений"), _("Lost a day", ru="Потери в день")
ratio = _("To the reference", ru="К эталону")
quicker, slower = _("quicker", ru="быстрее"), _("slower", ru="медленнее")
between = _("95 of 100: {low} … {high}", ru="95 из 100: {low} … {high}")
why = _("Why", ru="Почему")
why_help = _("The colleague reads this.", ru="Это прочитает сотрудник.")
reason = _(
    "“{step}” usually takes {typical}, the reference is {reference}: about {lost} a day beyond it. From {since} to {until}, {n} times.",
    ru="«{step}» обычно занимает {typical} при эталоне {reference}: около {lost} в день сверх него. С {since} по {until}, выполнений: {n}.",
)
reason_bare = _(
    "“{step}” usually takes {typical}. From {since} to {until}, {n} times.",
    ru="«{step}» обычно занимает {typical}. С {since} по {until}, выполнений: {n}.",
)
course, courses = _("Course", ru="Курс"), _("Courses", ru="Курсы")
mentor, mentors = _("Mentor", ru="Наставник"), _("Mentors", ru="Наставники")
what = _("What", ru="Что назначить")
meeting_with = _("Meeting with {name}", ru="Встреча: {name}")
minutes = _("{count} min", ru="{count} мин")
helped_by = _("changed the time by {change} for {n}", ru="изменил время на {change}, сотрудников: {n}")
helped_unknown = _("its effect is not known yet", ru="эффект пока неизвестен")
due_on, meets_at = _("To be done by", ru="Пройти до"), _("Meeting", ru="Встреча")
meets_help = _("for a mentor; by the time of {zone}", ru="для наставника; время {zone}")
give = _("Assign", ru="Назначить")
given_to = _("Assigned: {name}", ru="Назначено: {name}")
nothing_to_give = _("There is no course and no mentor for this step yet", ru="Для этого шага пока нет ни курса, ни наставника")
nothing_more = _("Somebody who sets norms adds them to the catalogue.", ru="Их добавляет в каталог тот, кто ведёт нормы.")
to_catalogue = _("To the catalogue", ru="К каталогу")
too_few = _(
    "Done {n} times: too few to judge by. Talk to the colleague first.",
    ru="Выполнений {n}: слишком мало, чтобы судить. Сначала поговорите с сотрудником.",
)
no_drawdown = _("By these figures there is no drawdown at this step.", ru="По этим цифрам просадки на этом шаге нет.")
no_norm = _("This step has no norm: there is nothing to hold the time against.", ru="У шага нет нормы: время не с чем сравнить.")
already = _("Already learning this step: {what}", ru="Уже учится этому шагу: {what}")
already_problem = _(
    "this colleague is learning this step already: finish or cancel that first",
    ru="сотрудник уже учится этому шагу: сначала завершите или отмените это",
)
choose_what = _("choose a course or a mentor", ru="выберите курс или наставника")
not_offered = _("this is not offered for the step", ru="это не предлагается для этого шага")
choose_meeting = _("say when the meeting is", ru="укажите время встречи")
no_day, no_moment = _("choose a day", ru="выберите день"), _("choose a moment", ru="выберите время")
in_the_past = _("this is in the past", ru="это уже прошло")
not_ours = _("somebody of an imported log cannot be given a course", ru="сотруднику из загруженного журнала курс не назначить")
himself = _("a mentor does not meet oneself", ru="наставник не встречается сам с собой")
before_title = _("Given before", ru="Назначалось раньше")
from_the_map = _("Give it from a cell of the heat map: there it is said to whom", ru="Назначайте из клетки тепловой карты: там видно, кому")
choose_mentor = _("choose who it is", ru="укажите, кто это")
figures_then = _("Figures of then", ru="Показатели на тот момент")
whole = _("To the colleague’s page", ru="К профилю сотрудника")
# ---- moving
begin, begun = _("Begin", ru="Начать"), _("Begun", ru="Начато")
finish, finished = _("Done", ru="Пройдено"), _("Marked as done", ru="Отмечено пройденным")
cancel_it, cancelled = _("Cancel", ru="Отменить"), _("Cancelled", ru="Отменено")
met = _("Note the meeting", ru="Отметить встречу")
only_coach = _("only somebody who gives courses may cancel one", ru="отменить может только тот, кто назначает обучение")
over = _("this is over already", ru="это уже завершено")
no_mentor = _("this is no meeting", ru="это не встреча")
is_noted = _("The meeting is noted", ru="Встреча отмечена")
note, note_help = _("What came of it", ru="Что получилось"), _("The colleague reads this.", ru="Это прочитает сотрудник.")
write_note = _("write what came of it", ru="напишите, что получилось")
# ---- one's own page
mine = _("My time", ru="Моё время")
served, served_more = _("Clients served", ru="Обслужено клиентов"), _("in {days} days, {per} a day", ru="за {days} дн., в день {per}")
per_client = _("Time on a client", ru="Время на клиента")
beyond = _("Beyond the reference", ru="Сверх эталона")
beyond_more = _("a working day", ru="за рабочий день")
by_step = _("My steps against the norm", ru="Мои шаги и норма")
by_step_more = _(
    "Usual time of a step; steps done less than {least} times are not judged.",
    ru="Обычное время шага; о шагах, выполненных меньше {least} раз, не судим.",
)
few = _("{n} times, too few to judge", ru="выполнений {n}, мало для оценки")
some = _("{n} times", ru="выполнений: {n}")
no_work = _("Nothing has been measured in these days", ru="За эти дни ничего не измерено")
no_work_more = _("Figures appear here when you serve clients.", ru="Цифры появятся, когда вы обслужите клиентов.")
assigned = _("Assigned to me", ru="Назначено мне")
none_assigned = _("Nothing is assigned to you", ru="Вам ничего не назначено")
by_day, at = _("by {day}", ru="до {day}"), _("meeting {moment}", ru="встреча {moment}")
late = _("late", ru="просрочено")
calendar = _("To my calendar", ru="В календарь")
open_link = _("Open the course", ru="Открыть курс")
i_mentor = _("Whom I mentor", ru="Кого я наставляю")
my_cases = _("My last cases", ru="Мои последние случаи")
comment = _("Comment", ru="Комментарий")
comments = _("{count} comments", ru="комментариев: {count}")
in_work = _("in work", ru="в работе")
client = _("Client", ru="Клиент")
without_client = _("Without a client's name", ru="Без имени клиента")
all_cases = _("All my cases", ru="Все мои случаи")
details = _("Step by step", ru="Подробно по шагам")
what_is_measured = _("What is measured", ru="Что измеряется")
all_of_it = _("All assignments", ru="Все назначения")
given_by = _("given by {name}", ru="назначил(а) {name}")
# ---- whether it helped
works = _("What works", ru="Что помогает")
works_lead = _(
    "By how much a step's time changed after a course or a meeting, beyond what it changed for colleagues who had none. Where the line "
    "crosses nought, "
    "it may be chance.",
    ru="Насколько изменилось время шага после курса или встречи сверх того, как оно изменилось у коллег без обучения. Если линия пересекает ноль, "
    "это может быть случайностью.",
)
change, measured = _("Change of the time", ru="Изменение времени"), _("Measured", ru="Измерено")
not_yet = _("not measured yet", ru="пока не измерено")
done_title, done_at = _("Done", ru="Пройдено"), _("Done on", ru="Дата")
who = _("Colleague", ru="Сотрудник")
effect = _("Effect", ru="Эффект")
effect_of = _("Did it help?", ru="Помогло ли?")
before_it, after_it = _("Before", ru="До"), _("After", ru="После")
beside = _("Beside colleagues", ru="Рядом с коллегами")
beside_more = _("{count} colleagues of a like time who had no course", ru="коллег с похожим временем без обучения: {count}")
guard = _(
    "Who is chosen for a course was usually slow just then, and would have become quicker anyhow. Therefore the change is counted beside "
    "colleagues who "
    "were as slow and were given nothing.",
    ru="На курс обычно отправляют тех, у кого как раз было медленно, и они стали бы быстрее и без курса. Поэтому изменение считается рядом "
    "с коллегами, "
    "которые были так же медленны и ничего не получили.",
)
weekly = _("Usual time of the step by week", ru="Обычное время шага по неделям")
colleagues = _("Colleagues", ru="Коллеги")
none_done = _("No course and no meeting has been done in these days", ru="За эти дни не пройдено ни курсов, ни встреч")
none_done_more = _("Give one from a cell of the heat map.", ru="Назначьте обучение из клетки тепловой карты.")
# ---- the catalogue
catalogue = _("Courses and mentors", ru="Курсы и наставники")
catalogue_lead = _("What can be given to somebody for a step.", ru="Что можно назначить сотруднику для шага.")
any_step = _("Any step", ru="Любой шаг")
add_course, add_mentor = _("Course", ru="Курс"), _("Mentor", ru="Наставник")
taken = _("given {count} times", ru="назначено: {count}")
not_in_use = _("not in use", ru="не используется")
nothing_for = _("nothing yet", ru="пока ничего")
# ---- reminders and the calendar file
remind_course = _("Course: {title}", ru="Пройти курс: {title}")
remind_meeting = _("Meeting about “{step}”", ru="Встреча по шагу «{step}»")
meeting_about = _("Meeting: {step}", ru="Встреча: {step}")
