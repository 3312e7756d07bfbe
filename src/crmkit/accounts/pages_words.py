"""Words of the profile."""

from __future__ import annotations

from crmkit import Text, _

WORDS: dict[str, Text] = {
    "profile": _("Profile", ru="Профиль"), "required": _("required", ru="обязательное поле"), "saved": _("Saved", ru="Сохранено"),
    "save": _("Save", ru="Сохранить"), "about": _("About me", ru="Обо мне"), "name": _("Name", ru="Имя"), "phone": _("Phone", ru="Телефон"),
    "login": _("Login", ru="Логин"), "language": _("Language", ru="Язык"), "roles": _("Roles", ru="Роли"), "position": _("Position", ru="Должность"),
    "as_browser": _("As the browser has it", ru="Как в браузере"), "look": _("How pages look", ru="Вид страниц"),
    "look_more": _("In this browser.", ru="В этом браузере."), "theme": _("Theme", ru="Тема"),
    "password": _("Password", ru="Пароль"), "old": _("Password now", ru="Текущий пароль"), "new": _("New password", ru="Новый пароль"),
    "rules": _(
        "At least {length} characters; a few words in a row are good.", ru="Не короче {length} символов; хорошо подходят несколько слов подряд."),
    "show": _("Show", ru="Показать"), "change": _("Change the password", ru="Сменить пароль"),
    "password_changed": _("The password is changed; other sessions have ended", ru="Пароль изменён; остальные сеансы завершены"),
    "app": _("Second factor", ru="Второй фактор"),
    "app_more": _(
        "With an app on your phone nobody gets in by your password alone.", ru="С приложением на телефоне по одному паролю никто не войдёт."),
    "app_on": _("On", ru="Включён"), "app_off": _("Off", ru="Выключен"), "begin": _("Set up", ru="Настроить"), "off": _("Turn off", ru="Отключить"),
    "app_is_off": _("The second factor is off", ru="Второй фактор отключён"),
    "scan": _("Scan this with an authenticator app, then type the code it shows.",
        ru="Отсканируйте код приложением-аутентификатором и введите число, которое оно покажет."),
    "by_hand": _("Or type this in by hand:", ru="Или введите вручную:"), "code": _("Code of the app", ru="Код из приложения"),
    "turn_on": _("Turn on", ru="Включить"),
    "recovery": _("Recovery codes", ru="Резервные коды"),
    "recovery_more": _(
        "Each lets you in once when the phone is gone. Keep them in a safe place: they are shown only now.",
        ru="Каждый пустит вас один раз, если телефона нет под рукой. Сохраните их в надёжном месте: больше они не появятся."),
    "copy": _("Copy", ru="Скопировать"), "copied": _("Copied", ru="Скопировано"), "chosen": _("Chosen: press Ctrl+C", ru="Выделено: нажмите Ctrl+C"),
    "sessions": _("Sessions", ru="Сеансы"), "this": _("this one", ru="этот"), "seen": _("last used {when}", ru="активность: {when}"),
    "unknown_device": _("Unknown browser", ru="Неизвестный браузер"), "by_password": _("by password", ru="по паролю"),
    "by_link": _("by a link", ru="по ссылке"), "by_provider": _("with {name}", ru="через {name}"), "end": _("End", ru="Завершить"),
    "end_others": _("End all others", ru="Завершить остальные"), "session_ended": _("The session has ended", ru="Сеанс завершён"),
    "sessions_ended": _("All other sessions have ended", ru="Остальные сеансы завершены"),
    "away": _("While I am away", ru="Пока меня нет"),
    "away_more": _("Somebody who stands in sees and does your work for those days.", ru="Заместитель в эти дни видит и ведёт вашу работу."),
    "to": _("Who stands in", ru="Кто замещает"), "starts_on": _("First day", ru="Первый день"), "ends_on": _("Last day", ru="Последний день"),
    "with_roles": _("With my roles too", ru="Вместе с моими ролями"), "delegate": _("Hand over", ru="Передать"),
    "i_stand_in": _("You stand in for {name}", ru="Вы замещаете: {name}"), "stands_in": _("{name} stands in", ru="Замещает: {name}"),
    "take_back": _("Take back", ru="Отменить"), "days": _("{first} to {last}", ru="с {first} по {last}"),
    "tokens": _("Tokens for programs", ru="Токены для программ"),
    "tokens_more": _(
        "A program that has a token works as you, as far as its roles go.", ru="Программа с токеном работает от вашего имени в пределах его ролей."),
    "token_name": _("What it is for", ru="Для чего"), "token_days": _("Good for days", ru="Срок, дней"),
    "token_roles": _("Only with these roles (none chosen: all of yours)", ru="Только с этими ролями (если не выбрать — со всеми вашими)"),
    "token_new": _("Make a token", ru="Создать токен"), "token_made": _("Token “{name}”", ru="Токен «{name}»"),
    "token_once": _("Copy it now: it is shown only this once.", ru="Скопируйте сейчас: больше он не появится."),
    "until": _("until {day}", ru="до {day}"), "never_used": _("never used", ru="ещё не использован"), "revoke": _("Revoke", ru="Отозвать"),
    "token_revoked": _("The token is revoked", ru="Токен отозван"),
}  # fmt: skip
