"""Words of calendars. Templates have them as ``cw``."""

from __future__ import annotations

from ...core.text import _

month = _("Month", ru="Месяц")
week = _("Week", ru="Неделя")
scale = _("How many days", ru="Сколько дней")
earlier = _("Earlier", ru="Раньше")
later = _("Later", ru="Позже")
today = _("Today", ru="Сегодня")
by = _("By day of", ru="По дате")
more = _("{count} more", ru="ещё {count}")
nothing = _("Nothing on these days", ru="В эти дни ничего нет")
nothing_more = _("Choose other days, or take the filter off.", ru="Выберите другие дни или снимите фильтр.")
too_many = _("More than {most}: narrow the filter to see all", ru="Больше {most}: сузьте фильтр, чтобы увидеть все")
no_days = _("These records have no date to go by", ru="У этих записей нет даты, по которой их разложить")
help = _("Arrows move from day to day, Enter goes into a day", ru="Стрелки — по дням, Enter — внутрь дня")
new_on = _("New on {day}", ru="Создать: {day}")
on_day = _("{day}: {count}", ru="{day}: {count}")
broken = _("The filter cannot be applied", ru="Фильтр не удаётся применить")
WORDS = {name: value for name, value in list(vars().items()) if isinstance(value, str) and not name.startswith("__")}
