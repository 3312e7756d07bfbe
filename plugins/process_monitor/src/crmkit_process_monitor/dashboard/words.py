"""What the dashboard says."""

from __future__ import annotations

from crmkit import _

TITLE = _("Process monitor", ru="Монитор процесса")
ICON = "gauge"
PERIODS = {"week": _("7 days", ru="7 дней"), "month": _("30 days", ru="30 дней"), "quarter": _("Quarter", ru="Квартал"), "year": _("Year", ru="Год")}
PER_DAY = _("Clients a day", ru="Клиентов в день")
PER_DAY_EACH = _("Clients a day, each manager", ru="Клиентов в день на менеджера")
PER_CASE = _("Time for one client", ru="Время на одного клиента")
LOST = _("Lost a day, each manager", ru="Теряется за день на менеджера")
LOST_ONE = _("Lost a day", ru="Теряется за день")
GAIN = _("If drawdowns are closed", ru="Если закрыть просадки")
DRAWDOWNS = _("Drawdowns", ru="Просадки")
W = {
    "title": TITLE, "drawdowns": DRAWDOWNS, "export": _("Export", ru="Экспорт"), "print": _("Print", ru="Печать"),
    "filters": _("Filters", ru="Фильтры"), "period": _("Period", ru="Период"), "since": _("From", ru="С"), "until": _("To", ru="По"),
    "show": _("Show", ru="Показать"), "team": _("Team", ru="Команда"), "all_teams": _("All teams", ru="Все команды"),
    "point": _("Point of sale", ru="Точка продаж"), "all_points": _("All points of sale", ru="Все точки продаж"),
    "kind": _("Kind", ru="Вид"), "all_kinds": _("All kinds", ru="Все виды"), "log": _("Whose work", ru="Чья работа"),
    "own": _("Our managers", ru="Наши менеджеры"), "manager": _("Manager", ru="Менеджер"),
    "map": _("Managers and steps against the norm", ru="Менеджеры и шаги против нормы"),
    "map_more": _("Usual time of a step beside its reference. A cell leads to the manager's profile.",
        ru="Обычное время шага рядом с эталоном. Ячейка ведёт в профиль менеджера."),
    "norm": _("reference {time}", ru="эталон {time}"), "no_norm": _("no norm", ru="нет нормы"), "lost": _("Lost a day", ru="Теряет в день"),
    "per_day": PER_DAY, "typical": _("Usual time", ru="Обычное время"), "reference": _("Reference", ru="Эталон"),
    "ratio": _("Against it", ru="К эталону"),
    "cases": _("Cases", ru="Случаев"), "step": _("Step", ru="Шаг"), "coach": _("Coach", ru="Обучить"),
    "coach_long": _("Assign a course or a mentor: {name}, {step}", ru="Назначить курс или наставника: {name}, {step}"),
    "slow": _("slower than the norm, beyond chance", ru="медленнее эталона, и это не случайность"),
    "fast": _("too fast: below the minimum", ru="слишком быстро: ниже минимума"),
    "few": _("fewer than {least} cases: no verdict", ru="меньше {least} случаев — без вывода"),
    "shade": _("faster than the norm … slower", ru="быстрее эталона … медленнее"), "legend": _("Legend", ru="Обозначения"),
    "ranked": _("Drawdowns by minutes lost a day", ru="Просадки по потерянным за день минутам"),
    "ranked_more": _("Only what is neither chance nor a trifle: of all such alarms {rate} at most are false. Cells judged: {judged}.",
        ru="Только то, что не случайность и не мелочь: ложных среди таких сигналов не больше {rate}. Проверено ячеек: {judged}."),
    "no_slow": _("Nobody is slower than the norm beyond chance", ru="Никто не медленнее эталона настолько, чтобы это не было случайностью"),
    "too_fast": _("Too fast", ru="Слишком быстро"),
    "too_fast_more": _("Below the minimum: a step may have been skipped. Look at the cases.",
        ru="Ниже минимума: возможно, шаг пропускают. Посмотрите случаи."),
    "no_fast": _("Nobody is below the minimum", ru="Ниже минимума никого"),
    "all_of": _("All {n}", ru="Все {n}"), "first_of": _("Only the first", ru="Только первые"),
    "clients": _("Clients served a day", ru="Обслужено клиентов в день"),
    "gain": _("Would bring", ru="Даст"), "gain_day": _("+{n} a day", ru="+{n} в день"),
    "gain_how": _("How it is calculated: if the usual time of a manager at the steps of their drawdowns came down to the reference, and the time "
        "saved went to the next clients at the pace that is left: clients a day × time saved ÷ time left.",
        ru="Как посчитано: если на шагах с просадкой обычное время менеджера сократится до эталона, а сэкономленное уйдёт на следующих клиентов "
        "в оставшемся темпе: клиентов в день × сэкономленное время ÷ оставшееся время."),
    "empty": _("Nobody has been measured in these days", ru="За эти дни никого не измеряли"),
    "empty_more": _("Cases begin when a manager presses “Begin to serve a client” above the page, opens a task or answers a call.",
        ru="Случай начинается, когда менеджер нажимает «Начать обслуживание» над страницей, открывает задачу или отвечает на звонок."),
    "empty_norms": _("There are no norms yet: times are shown, verdicts are not.", ru="Норм пока нет: время показано, выводов нет."),
    "norms": _("Set norms", ru="Задать нормы"), "page": _("{first}–{last} of {all}", ru="{first}–{last} из {all}"),
    "next": _("Next", ru="Дальше"), "before": _("Back", ru="Назад"), "live": _("Live", ru="В реальном времени"),
    "profile": _("Profile", ru="Профиль"), "everybody": _("All managers", ru="Все менеджеры"),
    "now": _("Being served now", ru="Сейчас обслуживают"), "now_none": _("Nobody is being served at the moment", ru="Сейчас никого не обслуживают"),
    "verdict": _("Verdict", ru="Вывод"), "case": _("Case", ru="Случай"),
    "empty_one": _("Nothing has been measured in these days", ru="За эти дни ничего не измерено"), "median": _("Median", ru="Медиана"),
    "p10": _("Fast tenth", ru="Быстрая десятая"),
    "p90": _("Slow tenth", ru="Медленная десятая"), "range": _("Range", ru="Допуск"),
    "steps": _("Step by step", ru="По шагам"),
    "steps_more": _("The bar is the usual time, the line the reference, the shade from minimum to maximum.",
        ru="Полоса — обычное время, черта — эталон, фон — от минимума до максимума."),
    "trend": _("Trend", ru="Динамика"), "trend_of": _("{step}: usual time", ru="{step}: обычное время"),
    "others": _("All others", ru="Все остальные"), "recent": _("Last cases", ru="Последние случаи"),
    "began": _("Began", ru="Начат"), "took": _("Time", ru="Время"), "how": _("End", ru="Конец"), "client": _("Client", ru="Клиент"),
    "no_cases": _("No cases in these days", ru="За эти дни случаев нет"), "going_on": _("going on", ru="идёт"),
    "small": _("Fewer than {least} cases: no verdict", ru="Меньше {least} случаев: вывода нет"),
    "interval": _("from {low} to {high} with 95 % certainty", ru="от {low} до {high} с уверенностью 95 %"),
    "lost_day": _("a day", ru="в день"), "now_a_day": _("Clients a day now", ru="Клиентов в день сейчас"),
    "saved": _("Time saved a day", ru="Сэкономит в день"), "then": _("Then", ru="Станет"), "minutes": _("{n} min", ru="{n} мин"),
    "archived": _("taken back", ru="отменён"), "n": _("n", ru="n"),
    "gain_all": _("more clients a day, all together", ru="клиентов в день больше, все вместе"),
    "percentiles": _("Percentiles are right to 2 %.", ru="Процентили точны до 2 %."),
}  # fmt: skip
