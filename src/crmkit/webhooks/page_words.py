"""Words of the pages about webhooks. Templates have them as ``a``."""

from __future__ import annotations

from crmkit import _

webhooks, webhook = _("Webhooks", ru="Вебхуки"), _("Webhook", ru="Вебхук")
lead = _("Other systems are told what happens here: a signed POST for each event, repeated until it is heard.",
    ru="Другие системы узнают о событиях: подписанный POST на каждое событие, повторы до успеха.")  # fmt: skip
add, add_one = _("Add", ru="Добавить"), _("Add a webhook", ru="Добавить вебхук")
edit_one, edit = _("Edit the webhook", ru="Изменить вебхук"), _("Edit", ru="Изменить")
address, events, owner, state, told = (
    _("Address", ru="Адрес"), _("Events", ru="События"), _("Sees what is seen by", ru="Видит то же, что"), _("State", ru="Состояние"),
    _("Deliveries", ru="Доставки"),
)  # fmt: skip
works, fails, off = _("Works", ru="Работает"), _("No answer since {when}", ru="Не отвечает · {when}"), _("Off", ru="Выключен")
never = _("Not called yet", ru="Ещё не вызывался")
none, none_more = _("No webhooks yet", ru="Вебхуков пока нет"), _(
    "Add an address of another system, and choose what it is told.", ru="Добавьте адрес другой системы и выберите, о чём ей сообщать.")  # fmt: skip
description = _("Description", ru="Описание")
description_help = _("So that others know what it is for.", ru="Чтобы другие поняли, для чего он.")
url_help = _("https:// and a public address.", ru="https:// и общедоступный адрес.")
payload = _("What is told", ru="Что сообщать")
payloads = {
    "thin": _("Only which record it was", ru="Только о какой записи речь"),
    "full": _("Also what changed, and the record", ru="Ещё что изменилось и саму запись"),
}  # fmt: skip
actions = {
    "created": _("created", ru="создание"), "changed": _("changed", ru="изменение"), "moved": _("moved", ru="перевод"),
    "archived": _("archived", ru="архив"), "restored": _("restored", ru="восстановление"), "merged": _("merged", ru="слияние"),
}  # fmt: skip
entity = _("Entity", ru="Сущность")
patterns = _("Patterns, one a line", ru="Шаблоны, по одному в строке")
patterns_help = _("sales.*.moved or *.archived: also what is added later.", ru="sales.*.moved или *.archived: и то, что появится позже.")
conditions = _("Only records that match (JSON)", ru="Только подходящие записи (JSON)")
conditions_help = _('A filter for each entity: {"sales.deal": {"amount": {"gt": "100000"}}}',
    ru='Фильтр для каждой сущности: {"sales.deal": {"amount": {"gt": "100000"}}}')  # fmt: skip
not_json = _("this is not JSON", ru="это не JSON")
active = _("Switched on", ru="Включён")
save, cancel, saved = _("Save", ru="Сохранить"), _("Cancel", ru="Отмена"), _("Saved", ru="Сохранено")
problems_here = _("Some of it cannot be: look below", ru="Кое-что не получится: смотрите ниже")
secret, secret_ready = _("Secret", ru="Секрет"), _("The secret is ready", ru="Секрет готов")
secret_once = _("Give it to the receiving system: it checks signatures with it. It is shown this once.",
    ru="Передайте его принимающей системе: им проверяют подпись. Он показан один раз.")  # fmt: skip
secret_old = _("Until {when} messages are signed with the old one too.", ru="До {when} сообщения подписываются и прежним секретом.")
copy, copied = _("Copy", ru="Копировать"), _("Copied", ru="Скопировано")
to_webhook = _("To the webhook", ru="К вебхуку")
test, tested = _("Test", ru="Проверить"), _("A test call is on its way", ru="Пробный вызов отправлен")
rotate = _("New secret", ru="Новый секрет")
rotate_ask = _("The old secret signs along for a while, so that nothing is lost.", ru="Прежний секрет ещё какое-то время подписывает вместе с новым.")
overlap = _("For how many hours", ru="Сколько часов")
switch_on, switch_off = _("Switch on", ru="Включить"), _("Switch off", ru="Выключить")
is_on, is_off = _("The webhook is on", ru="Вебхук включён"), _("The webhook is off", ru="Вебхук выключен")
because = _("Switched off: {why}", ru="Выключен: {why}")
states = {
    "waiting": _("On its way", ru="В пути"), "delivered": _("Delivered", ru="Доставлено"), "failed": _("Will be tried again", ru="Будет повтор"),
    "dead": _("Given up", ru="Не доставлено"),
}  # fmt: skip
all_states = _("All", ru="Все")
colors = {"waiting": "blue", "delivered": "green", "failed": "amber", "dead": "red"}
event, record, when, tries, answer = (
    _("Event", ru="Событие"), _("Record", ru="Запись"), _("When", ru="Когда"), _("Attempts", ru="Попытки"), _("Answer", ru="Ответ"),
)  # fmt: skip
next_try = _("again {when}", ru="повтор: {when}")
no_deliveries = _("No deliveries here", ru="Доставок нет")
no_deliveries_more = _("They appear with the next event. A test call shows one at once.",
    ru="Они появятся со следующим событием; проверка покажет сразу.")  # fmt: skip
replay, replayed = _("Send again", ru="Отправить ещё раз"), _("It is sent again", ru="Отправляется ещё раз")
replay_all, replayed_all = _("Send all failed again", ru="Повторить все неудачные"), _("Sent again: {count}", ru="Отправлено ещё раз: {count}")
attempts = _("Attempts", ru="Попытки")
milliseconds = _("{count} ms", ru="{count} мс")
no_answer = _("no answer", ru="нет ответа")
not_tried = _("Not tried yet", ru="Попыток ещё не было")
message = _("Message", ru="Сообщение")
next_page, first_page = _("Next", ru="Дальше"), _("To the newest", ru="К новым")
test_event = _("Test", ru="Проверка")
