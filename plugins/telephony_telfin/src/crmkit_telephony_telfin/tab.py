"""The settings tab: what is set, what is left of the hour, and the last check."""

from __future__ import annotations

import typing as t

from crmkit import Text, Uow, _
from crmkit.ui import Result, Toast, View, Visit, settings_tab
from crmkit_telephony import SET_UP, public_url

from .checking import CHECKED, CheckAsked, last_check
from .settings import TelfinSettings

WORDS = {
    "lead": _(
        "These come from the settings file, [telephony_telfin]; whoever runs the CRM changes them there.",
        ru="Эти значения заданы в файле настроек, раздел [telephony_telfin]; меняет их тот, кто обслуживает CRM.",
    ),
    "settings": _("Connection", ru="Подключение"), "check": _("Check", ru="Проверка"), "run": _("Check now", ru="Проверить сейчас"),
    "never": _("not yet", ru="ещё не было"), "at": _("Last checked", ru="Последняя проверка"),
    "well": _("Well", ru="Верно"), "wrong": _("To be put right", ru="Нужно исправить"),
    "asked": _("The check has begun; its result appears here.", ru="Проверка началась, результат появится здесь."),
    "off": _(
        "Telfin is not set up yet: enter app_id and app_secret of a trusted application.",
        ru="Телфин ещё не подключён: укажите app_id и app_secret доверенного приложения.",
    ),
}  # fmt: skip
YES, NO = _("yes", ru="да"), _("no", ru="нет")
NOT_GIVEN = _("not given", ru="не задан")
SUBSCRIBE = {"extensions": _("the telephones in use", ru="используемых телефонов"), "all_phones": _("all telephones", ru="всех телефонов")}
ANYWHERE = _("from anywhere, by the secret address", ru="отовсюду, по секретному адресу")


@settings_tab(label=_("Telfin", ru="Телфин"), permission=SET_UP, icon="phone", order=45)
def telfin(visit: Visit, uow: Uow) -> Result:
    """What is set, and what the last check found; a button checks anew."""
    settings = uow.crm[TelfinSettings]
    if visit.method == "POST":
        if settings.app_id:
            uow.emit(CheckAsked(settings.app_id))
        return Toast(WORDS["asked"] if settings.app_id else WORDS["off"])
    return View("telfin.html", a=WORDS, rows=_rows(uow, settings), set_up=bool(settings.app_id), last=last_check(uow), topic=CHECKED.name)


def _rows(uow: Uow, settings: TelfinSettings) -> list[tuple[Text, t.Any]]:
    last = last_check(uow)
    secret = settings.app_secret or settings.app_secret_file
    left = f"{last.remaining} / {last.most}" if last.most is not None else "—"
    return [
        (_("App ID", ru="App ID"), settings.app_id or NOT_GIVEN),
        (_("App Secret given", ru="App Secret задан"), YES if secret else NO),
        (_("Address of the API", ru="Адрес API"), settings.base_url),
        (_("Where Telfin reaches the CRM", ru="Где Телфин находит CRM"), public_url(uow.crm) or NOT_GIVEN),
        (_("Telfin tells the calls of", ru="Телфин сообщает о звонках"), SUBSCRIBE[settings.subscribe]),
        (_("Queues and voice menus too", ru="В том числе очередей и голосовых меню"), YES if settings.entrances else NO),
        (_("Webhooks are taken", ru="Уведомления принимаются"), ", ".join(settings.networks) or ANYWHERE),
        (_("Requests left in this hour", ru="Осталось запросов в этом часе"), left),
        (_("Kept for people's calls", ru="Оставлено для звонков сотрудников"), f"{settings.reserve:.0%}"),
    ]  # fmt: skip


