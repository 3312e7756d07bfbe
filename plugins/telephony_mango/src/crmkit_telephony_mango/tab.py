"""The settings tab: what is set, where Mango Office tells of calls, and a check."""

from __future__ import annotations

from crmkit import Text, Uow, _
from crmkit.ui import Result, View, Visit, settings_tab
from crmkit_telephony import SET_UP, public_url

from .settings import MangoSettings

WORDS = {
    "lead": _(
        "These come from the settings file, [telephony_mango], and the environment; whoever runs the CRM changes them there.",
        ru="Эти значения заданы в файле настроек, раздел [telephony_mango], и в переменных окружения; меняет их тот, кто обслуживает CRM.",
    ),
    "settings": _("Connection", ru="Подключение"),
    "off": _(
        "Mango Office is not set up yet: give the PBX's code (key) and the key for signatures (salt).",
        ru="Mango Office ещё не подключён: укажите код АТС (key) и ключ для подписи (salt).",
    ),
    "check": _(
        "Whether Mango Office accepts the keys, whoever runs the CRM sees with: crmkit mango check. The secret address for its account prints:"
        " crmkit mango address.",
        ru="Принимает ли Mango Office ключи, покажет команда: crmkit mango check. Секретный адрес для личного кабинета напечатает:"
        " crmkit mango address.",
    ),
}  # fmt: skip
YES, NO, NOT_GIVEN = _("yes", ru="да"), _("no", ru="нет"), _("not given", ru="не задан")
WHAT = _("placing calls, transfer at once, recordings", ru="набор номера, перевод сразу, записи разговоров")


@settings_tab(label=_("Mango Office", ru="Mango Office"), permission=SET_UP, icon="phone", order=46)
def mango(visit: Visit, uow: Uow) -> Result:
    """What is set; the secrets themselves are never shown."""
    settings = uow.crm[MangoSettings]
    rows: list[tuple[Text | str, Text | str]] = [
        (_("Code of the PBX given", ru="Код АТС задан"), YES if settings.key else NO),
        (_("Key for signatures given", ru="Ключ для подписи задан"), YES if settings.salt or settings.salt_file else NO),
        (_("Address of the API", ru="Адрес API"), settings.base_url),
        (_("Where Mango Office reaches the CRM", ru="Где Mango Office находит CRM"), public_url(uow.crm) or NOT_GIVEN),
        (_("Used from the CRM", ru="Доступно из CRM"), WHAT),
    ]
    return View("mango.html", a=WORDS, rows=rows, set_up=bool(settings.key))
