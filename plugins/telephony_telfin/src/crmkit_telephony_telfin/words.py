"""What people are told when something does not go well with Telfin."""

from __future__ import annotations

from crmkit import _

NOT_SET_UP = _(
    "Telfin is not set up: [telephony_telfin] app_id and app_secret are missing",
    ru="Телфин не настроен: не заданы [telephony_telfin] app_id и app_secret",
)
NO_SECRET = _("The file with Telfin's App Secret cannot be read: {why}", ru="Не читается файл с App Secret Телфина: {why}")
BAD_SECRET = _(
    "Telfin does not accept the App ID or the App Secret: compare both with the application's page in Telfin's personal account",
    ru="Телфин не принимает App ID или App Secret: сверьте оба со страницей приложения в личном кабинете Телфина",
)
UNREACHABLE = _("Telfin cannot be reached: {why}. Try again in a minute", ru="Нет связи с Телфином: {why}. Попробуйте через минуту")
NO_ANSWER = _(
    "Telfin did not answer in time. Whether it has done what was asked is not known",
    ru="Телфин не ответил вовремя. Выполнил ли он просьбу, неизвестно",
)
BROKEN = _("Telfin has a fault of its own ({status}). Try again in a minute", ru="На стороне Телфина сбой ({status}). Попробуйте через минуту")
ODD = _("Telfin gave an answer nobody can read", ru="Телфин дал ответ, который невозможно прочитать")
REFUSED = _("Telfin refused: {message} ({status})", ru="Телфин отказал: {message} ({status})")
FORBIDDEN = _(
    "The application may not do this at Telfin: choose the access level “All” for it in Telfin's personal account",
    ru="У приложения нет на это прав: выберите ему в личном кабинете Телфина уровень доступа «Все»",
)
LIMIT = _(
    "Telfin's limit of {most} requests an hour is used up; it goes on at {time}",
    ru="Лимит Телфина, {most} запросов в час, исчерпан; продолжим в {time}",
)
RESERVED = _(
    "The rest of Telfin's hourly limit is kept for calls people place; this goes on at {time}",
    ru="Остаток часового лимита Телфина оставлен для звонков сотрудников; продолжим в {time}",
)
STATS_BUSY = _("Telfin's call history is busy with another question", ru="История звонков Телфина занята другим запросом")
CALL_OVER = _("The call is over already", ru="Звонок уже завершён")
NO_RECORDING = _("The recording is not ready yet, or there is none", ru="Запись ещё не готова, или её нет")
NO_EXTENSION = _("Telfin has no extension {name}", ru="В Телфине нет внутреннего номера {name}")
NO_CONTROL = _("Telfin does not show this call at the extension {name}", ru="Телфин не показывает этот звонок у внутреннего номера {name}")
STRANGER = _("Webhooks are not taken from this network", ru="Уведомления из этой сети не принимаются")
NO_ADDRESS = _(
    "Telfin needs an address of this CRM that it can reach, to tell of calls: {setting} is missing",
    ru="Телфину нужен доступный ему адрес этой CRM, чтобы сообщать о звонках: не задано {setting}",
)
