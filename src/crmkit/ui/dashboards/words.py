"""Words of dashboards."""

from __future__ import annotations

from ...core.text import _

home = _("Home", ru="Главная")
hello = _("Hello, {name}", ru="Здравствуйте, {name}")
morning = _("Good morning, {name}", ru="Доброе утро, {name}")
afternoon = _("Good afternoon, {name}", ru="Добрый день, {name}")
evening = _("Good evening, {name}", ru="Добрый вечер, {name}")
empty = _("Nothing stands here yet", ru="Здесь пока ничего нет")
empty_more = _(
    "Tiles come from plugins, as far as your role may see what they show.",
    ru="Плитки добавляют плагины; показывается то, что видно вашей роли.",
)
no_dashboard = _("There is no dashboard of this name", ru="Такой панели нет")
