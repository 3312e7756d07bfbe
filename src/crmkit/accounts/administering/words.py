"""Words of the pages about people, teams and roles. Templates have them as ``a``."""

from __future__ import annotations

from crmkit import _

organisation = _("Organisation", ru="Организация")
people, person = _("People", ru="Сотрудники"), _("Person", ru="Сотрудник")
teams, team = _("Teams", ru="Команды"), _("Team", ru="Команда")
roles, role = _("Roles and rights", ru="Роли и права"), _("Role", ru="Роль")
roles_short = _("Roles", ru="Роли")
# ---- people
find_people = _("Name, login or phone", ru="Имя, логин или телефон")
find = _("Find", ru="Найти")
states = {"active": _("May sign in", ru="С доступом"), "closed": _("May not sign in", ru="Без доступа"), "all": _("All", ru="Все")}
any_role, any_team = _("Any role", ru="Любая роль"), _("Any team", ru="Любая команда")
last_seen, never = _("Last seen", ru="Заходил"), _("never", ru="ни разу")
access_open, access_closed = _("May sign in", ru="Вход открыт"), _("May not sign in", ru="Вход закрыт")
invited = _("Invited, no password yet", ru="Приглашён, пароля ещё нет")
further_teams = _("Further teams", ru="Другие команды")
nobody = _("Nobody here", ru="Никого нет")
nobody_more = _("Ask for something else, or invite somebody.", ru="Измените условия или пригласите сотрудника.")
next_page, first_page = _("Next", ru="Дальше"), _("To the beginning", ru="В начало")
invite, invite_somebody = _("Invite", ru="Пригласить"), _("Invite somebody", ru="Пригласить сотрудника")
login, login_help = _("Login (e-mail)", ru="Логин (e-mail)"), _("The person signs in with it.", ru="С ним сотрудник входит в систему.")
name, position, phone = _("Name", ru="Имя"), _("Position", ru="Должность"), _("Phone", ru="Телефон")
language = _("Language of the pages", ru="Язык интерфейса")
languages = {"": _("As in the browser", ru="Как в браузере"), "ru": _("Russian", ru="Русский"), "en": _("English", ru="Английский")}
main_team, manager = _("Main team", ru="Основная команда"), _("Manager", ru="Руководитель")
no_team = _("No team", ru="Без команды")
out_of_reach = _("Reaches further than your own rights", ru="Шире ваших прав")
out_of_reach_more = _("Roles that reach further than your own can be given by an administrator.",
    ru="Роли шире ваших прав может дать администратор.")  # fmt: skip
send_it = _("Send the invitation by e-mail", ru="Отправить приглашение по почте")
link_ready, link_sent = _("The link is ready", ru="Ссылка готова"), _("The link is on its way", ru="Ссылка отправлена")
link_once = _("Pass it on to {name} yourself. It is shown this once, works once, and ends every link made before.",
    ru="Передайте её сотруднику ({name}) сами. Она показана один раз, сработает один раз и отменяет прежние ссылки.")  # fmt: skip
link = _("Link", ru="Ссылка")
copy, copied = _("Copy", ru="Копировать"), _("Copied", ru="Скопировано")
done_back = _("Back to the list", ru="К списку")
to_person = _("To the person's access", ru="К доступу сотрудника")
# ---- one person
access = _("Access", ru="Доступ")
card = _("Card", ru="Карточка")
edit = _("Edit", ru="Изменить")
manage_access = _("Manage access", ru="Управлять доступом")
close_access, open_access = _("Close access", ru="Закрыть доступ"), _("Open access", ru="Открыть доступ")
close_access_ask = _("Sessions and tokens of {name} end at once. What belongs to them stays.",
    ru="Сеансы и токены сразу перестанут действовать ({name}). Записи сотрудника останутся.")  # fmt: skip
closed_now, opened_now = _("Access is closed", ru="Доступ закрыт"), _("Access is open", ru="Доступ открыт")
save, cancel, add = _("Save", ru="Сохранить"), _("Cancel", ru="Отмена"), _("Add", ru="Добавить")
saved = _("Saved", ru="Сохранено")
holds_none = _("No roles: this person sees nothing", ru="Ролей нет: сотрудник ничего не видит")
leads, leads_team = _("leads", ru="руководит"), _("Leads the team", ru="Руководит командой")
add_team, leave_team = _("Add to a team", ru="Добавить в команду"), _("Take out of the team", ru="Вывести из команды")
main_one = _("main", ru="основная")
in_no_team = _("In no team", ru="Не состоит в командах")
sessions = _("Sessions", ru="Сеансы")
no_sessions = _("Not signed in anywhere", ru="Нигде не выполнен вход")
end_session, end_all = _("End", ru="Завершить"), _("End all", ru="Завершить все")
ended = _("Sessions ended: {count}", ru="Завершено сеансов: {count}")
this_one = _("this one", ru="этот")
methods = {"password": _("by password", ru="по паролю")}
signing_in = _("Signing in", ru="Вход")
second_factor = _("Second factor", ru="Второй фактор")
on, off = _("on", ru="включён"), _("off", ru="выключен")
take_factor = _("Take it away", ru="Отключить")
take_factor_ask = _("{name} will sign in with the password alone until a new one is set up.",
    ru="До настройки нового фактора для входа хватит пароля ({name}).")  # fmt: skip
factor_gone = _("The second factor is taken away", ru="Второй фактор отключён")
password, has_password, no_password = _("Password", ru="Пароль"), _("set", ru="задан"), _("not set yet", ru="ещё не задан")
new_link, new_invitation = _("Link to a new password", ru="Ссылка на новый пароль"), _("New invitation", ru="Новое приглашение")
delegations = _("Standing in", ru="Замещения")
no_delegations = _("Nobody stands in for them, and they for nobody", ru="Никто не замещает сотрудника, и он никого")
is_replaced, replaces = _("Replaced by {name}", ru="Замещает {name}"), _("Stands in for {name}", ru="Замещает сотрудника: {name}")
with_roles = _("With the roles too", ru="Вместе с ролями")
add_delegation, end_delegation = _("Let somebody stand in", ru="Назначить замещение"), _("End", ru="Прекратить")
who_stands_in, first_day, last_day = _("Who stands in", ru="Кто замещает"), _("First day", ru="Первый день"), _("Last day", ru="Последний день")
rights = _("What they may do", ru="Что можно делать")
rights_more = _("All roles together, as of now.", ru="Все роли вместе, на сейчас.")
rights_none = _("May not sign in, so nothing", ru="Вход закрыт, поэтому ничего")
why = _("Why does somebody see a record?", ru="Почему видна запись?")
further_rights = _("Further rights", ru="Другие права")
# ---- teams
add_a_team = _("Add a team", ru="Добавить команду")
team_name, team_kind, above, city = _("Name", ru="Название"), _("Kind", ru="Вид"), _("Stands below", ru="Входит в"), _("City", ru="Город")
top = _("Nothing: at the top", ru="Ни во что: верхний уровень")
no_teams, no_teams_more = _("No teams yet", ru="Команд пока нет"), _(
    "Row rules look at teams: begin with the company, then regions and dealers.",
    ru="Правила видимости опираются на команды: начните с компании, затем регионы и дилеры.")  # fmt: skip
add_below, move_team, edit_team = _("Add below", ru="Добавить внутрь"), _("Move", ru="Перенести"), _("Edit", ru="Изменить")
moved = _("Moved", ru="Перенесено")
team_people, team_people_none = _("People in it", ru="Кто в команде"), _("Nobody is in this team", ru="В команде никого нет")
choose_team = _("Choose a team", ru="Выберите команду")
below_too = _("with those below: {count}", ru="вместе с нижестоящими: {count}")
archive_team = _("Archive", ru="В архив")
restructure = _("Moving a team changes who sees its records from the next request on.",
    ru="Перенос сразу меняет, кто видит записи этой команды.")  # fmt: skip
# ---- roles
system = _("The CRM itself", ru="Система")
other_rights = _("{plugin}: other rights", ru="{plugin}: другие права")
copy_role = _("New one like it", ru="Новая по образцу")
new_role, edit_role = _("New role", ru="Новая роль"), _("Edit the role", ru="Изменить роль")
all_plugins = _("All", ru="Все")
scopes = {
    "own": _("own", ru="свои"), "team": _("team", ru="команды"), "below": _("and below", ru="и ниже"), "all": _("all", ru="все"),
}  # fmt: skip
scope_colors = {"own": "amber", "team": "violet", "below": "blue", "all": "green"}
scopes_long = {
    "own": _("only their own records", ru="только свои записи"), "team": _("their own and their teams'", ru="свои и своих команд"),
    "below": _("their teams and those below", ru="своих команд и ниже"), "all": _("all records", ru="все записи"),
    "special": _("records that match a condition", ru="записи, подходящие под условие"),
}  # fmt: skip
special = _("condition", ru="условие")
legend = _("What the words mean", ru="Что значат слова")
actions = {
    "read": _("See", ru="Видеть"), "create": _("Create", ru="Создавать"), "change": _("Change", ru="Изменять"),
    "move": _("Move", ru="Переводить"), "archive": _("Archive", ru="Архивировать"),
}  # fmt: skip
everything_here = _("Everything", ru="Всё")
everything_more = _("also what is added to it later", ru="в том числе то, что добавят позже")
one_by_one = _("one by one", ru="по отдельности")
hidden_count = _("Hidden fields: {count}", ru="Скрытых полей: {count}")
fixed_count = _("Read-only fields: {count}", ru="Полей только для чтения: {count}")
from_settings = _("from the settings file", ru="из файла настроек")
not_granted = _("no", ru="нет")
right_column = _("Right", ru="Право")
show_role = _("Role shown", ru="Показана роль")
role_name = _("Name for programs", ru="Имя для программ")
role_name_help = _("Small Latin letters, digits and _.", ru="Строчные латинские буквы, цифры и _.")
label_en, label_ru = _("In English", ru="По-английски"), _("In Russian", ru="По-русски")
as_above = _("nothing more", ru="ничего сверх")
nothing = _("nothing", ru="ничего")
in_force = _("in force", ru="действует")
wide = _("Rights for whole areas", ru="Права на целые разделы")
wide_more = _("A pattern holds for what is added later too: a new entity, a new plugin.",
    ru="Шаблон действует и на то, что появится позже: новую сущность, новый плагин.")  # fmt: skip
pattern = _("Pattern", ru="Шаблон")
new_pattern = _("Another pattern, such as sales.*", ru="Ещё шаблон, например sales.*")
fields = _("Fields", ru="Поля")
field_states = {"": _("as usual", ru="как обычно"), "read_only": _("see only", ru="только видеть"), "hidden": _("hidden", ru="скрыто")}
field_patterns = _("Patterns of fields", ru="Шаблоны полей")
hidden_patterns = _("Hidden, one a line", ru="Скрыты, по одному в строке")
fixed_patterns = _("Read-only, one a line", ru="Только для чтения, по одному в строке")
review, back_to_edit = _("Look at what changes", ru="Посмотреть, что изменится"), _("Back to editing", ru="Вернуться к правке")
review_title = _("What changes", ru="Что изменится")
no_change = _("Nothing would change", ru="Ничего не изменится")
holders = _("Hold the role: {count}", ru="Роль есть у сотрудников: {count}")
affected = _("Rights change for: {count}", ru="Права изменятся у сотрудников: {count}")
nobody_affected = _("Nobody's rights change now", ru="Ничьи права сейчас не изменятся")
before, after = _("Before", ru="Было"), _("After", ru="Станет")
role_saved, role_added = _("The role is saved", ru="Роль сохранена"), _("The role is added", ru="Роль добавлена")
archive_role = _("Archive", ru="В архив")
archive_role_ask = _("{count} people lose this role at once.", ru="Роль сразу потеряют сотрудники: {count}.")
role_archived = _("The role is archived", ru="Роль в архиве")
problems_here = _("Some of it cannot be: look below", ru="Кое-что не получится: смотрите ниже")
stale = _("somebody has changed this role meanwhile: open it again", ru="роль уже изменил кто-то другой: откройте её заново")
rights_of_role, people_of_role = _("Rights", ru="Права"), _("People with this role", ru="Сотрудники с этой ролью")
names_of_role = _("Names", ru="Названия")
read_only_page = _("You may look at this role, not change it.", ru="Эту роль можно смотреть, но не менять.")
READ_ONLY = _("you may see this field, not change it", ru="это поле доступно вам только для чтения")
