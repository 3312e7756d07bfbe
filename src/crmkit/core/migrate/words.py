"""What goes wrong with a schema, in words that say what to do next."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import CrmError
from ..text import Text, _

LANGUAGES = ("en", "ru")


def joined(parts: Iterable[Text], between: str = ", ") -> Text:
    """Return texts as one, in every language."""
    kept = list(parts)
    english, russian = (between.join(part.to(language) for part in kept) for language in LANGUAGES)
    return Text(english, ru=russian)


class SchemaError(CrmError):
    """The schema cannot be brought where it should be; `message` is the sentence in every language."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message)


class NotMigrated(SchemaError):
    """The database is not at the schema this program needs; `problems` says it plugin by plugin."""

    def __init__(self, problems: list[Text]) -> None:
        self.problems = problems
        head = _("The database does not fit this program:", ru="База данных не подходит этой программе:")
        super().__init__(joined([head, *problems], "\n  - "))


class MigrationFailed(SchemaError):
    """A revision could not be carried out; nothing of that run of `plugin` was kept."""

    def __init__(self, message: Text, plugin: str, revision: str) -> None:
        self.plugin, self.revision = plugin, revision
        super().__init__(message)


FAILED = _(
    "{plugin}: revision {revision} ({title}) failed: {reason}. Nothing of this run of {plugin} was "
    "kept, its schema is still at {current}; plugins named before it are done. Mend what it complains "
    "about (the script is {path}) and run `crmkit migrate` again.",
    ru="{plugin}: ревизия {revision} ({title}) не выполнена: {reason}. Из этого обновления {plugin} ничего "
    "не сохранено, схема осталась на {current}; плагины, названные раньше, обновлены. Устраните причину "
    "(скрипт {path}) и снова запустите `crmkit migrate`.",
)
BUSY = _(
    "{plugin}: the schema cannot be changed while something else holds the database: {reason}. Stop the "
    "servers and workers, then run the same command again; nothing of {plugin} was changed.",
    ru="{plugin}: схему нельзя изменить, пока база занята: {reason}. Остановите серверы и обработчики и "
    "повторите ту же команду; в {plugin} ничего не изменено.",
)
BASE = _("the beginning (no tables yet)", ru="начале (таблиц ещё нет)")
AHEAD = _(
    "{plugin}: the database is at {current}, the installed package knows only up to {head}. Install the "
    "newer version of {plugin} again; a newer schema is never read by an older program.",
    ru="{plugin}: база на ревизии {current}, а установленный пакет знает только до {head}. Верните более "
    "новую версию {plugin}: старая программа не работает с более новой схемой.",
)
BEHIND = _(
    "{plugin}: the database is at {current}, the program needs {head}. Run `crmkit migrate`.",
    ru="{plugin}: база на ревизии {current}, программе нужна {head}. Запустите `crmkit migrate`.",
)
NEW = _(
    "{plugin}: its tables do not exist yet. Run `crmkit migrate`.",
    ru="{plugin}: таблиц ещё нет. Запустите `crmkit migrate`.",
)
NO_SCRIPTS = _(
    "{plugin} has tables but no migration script in {path}. Write the first one: crmkit migrate make "
    '{plugin} "first tables".',
    ru="у {plugin} есть таблицы, но нет скриптов миграции в {path}. Создайте первый: crmkit migrate make "
    '{plugin} "first tables".',
)
PARKED = _(
    "{plugin}: its data is parked since it was uninstalled. `crmkit migrate` brings it back.",
    ru="{plugin}: данные отложены при удалении плагина. `crmkit migrate` вернёт их.",
)
PREFIX = _(
    '{plugin} may only have tables that begin with {prefix!r}, not {table!r}. Rename it: table="{prefix}{table}".',
    ru="таблицы плагина {plugin} должны начинаться с {prefix!r}, а не {table!r}. Переименуйте: "
    'table="{prefix}{table}".',
)
NAME = _(
    "{plugin!r} will not do as a plugin name for tables: small Latin letters, digits and underscores, a "
    "letter first, at most {limit} characters, not 'crm', 'crmkit' or 'parked'.",
    ru="имя плагина {plugin!r} не подходит для таблиц: строчные латинские буквы, цифры и подчёркивания, "
    "первая буква, не больше {limit} знаков, не 'crm', 'crmkit' и не 'parked'.",
)
FILE_NAME = _(
    '{path} is not a migration of {plugin}: name it like 0001_first_tables.py, with revision = "{plugin}_0001" in it.',
    ru="{path} не миграция плагина {plugin}: назовите файл как 0001_first_tables.py, внутри revision = "
    '"{plugin}_0001".',
)
HISTORY = _(
    "{path}: expected revision = {revision!r} and down_revision = {down!r}. The history of a plugin is "
    "one line, numbered by file name; give the later script the next free number.",
    ru="{path}: ожидаются revision = {revision!r} и down_revision = {down!r}. История плагина линейна и "
    "нумеруется именами файлов; дайте более позднему скрипту следующий свободный номер.",
)
UNKNOWN_OWNER = _("No plugin {plugin!r} here.{near}", ru="Плагина {plugin!r} здесь нет.{near}")
MISSING = _(
    "{plugin} requires {wanted}, which is not among the plugins. Add it to plugins = [...].",
    ru="{plugin} требует {wanted}, которого нет среди плагинов. Добавьте его в plugins = [...].",
)
CIRCLE = _(
    "These plugins require each other in a circle: {names}.",
    ru="Эти плагины требуют друг друга по кругу: {names}.",
)
FOREIGN = _(
    "the script of {plugin} touches {table!r}, which is not its table; a plugin changes only tables "
    "that begin with {prefix!r}",
    ru="скрипт {plugin} трогает {table!r}, а это не его таблица; плагин меняет только таблицы, имена "
    "которых начинаются с {prefix!r}",
)
DANGLING = _(
    "{table} has rows whose {parent} no longer exists",
    ru="в {table} есть строки, для которых больше нет записи в {parent}",
)
TARGET = _("No revision {target!r}.{near}", ru="Нет ревизии {target!r}.{near}")
AT_BASE = _("{plugin} has nothing to step back from.", ru="{plugin}: отступать некуда.")
WOULD_LOSE = _(
    "Stepping back from {revision} would drop tables of {plugin} that hold rows ({rows}). To keep them, "
    "uninstall the plugin instead; to lose them, say so: confirm={plugin!r}.",
    ru="Отмена {revision} удалит таблицы {plugin}, в которых есть строки ({rows}). Чтобы сохранить их, "
    "удалите плагин (uninstall); чтобы потерять их, подтвердите: confirm={plugin!r}.",
)
REFERRED = _(
    "{plugin} cannot go: {table} ({other}) points to its table {target}. First {way} {other}.",
    ru="{plugin} убрать нельзя: {table} ({other}) ссылается на его таблицу {target}. Сначала {way} {other}.",
)
PURGE_FIRST = _("purge", ru="сотрите (purge)")
UNINSTALL_FIRST = _("uninstall", ru="удалите (uninstall)")
REQUIRED = _(
    "{plugin} cannot be uninstalled: {others} requires it. Uninstall {others} first.",
    ru="{plugin} удалить нельзя: его требует {others}. Сначала удалите {others}.",
)
KERNEL = _(
    "The kernel itself cannot be uninstalled or purged; drop the database instead.",
    ru="Ядро нельзя удалить; удаляйте базу целиком.",
)
NO_LEDGER = _(
    "This database has no crm_plugin table yet. Run `crmkit migrate` first.",
    ru="В этой базе ещё нет таблицы crm_plugin. Сначала запустите `crmkit migrate`.",
)
NOT_INSTALLED = _(
    "Nothing of {plugin} is installed in this database.{near}",
    ru="В этой базе ничего нет от плагина {plugin}.{near}",
)
ALREADY_PARKED = _(
    "{plugin} is already uninstalled; its data is parked.",
    ru="{plugin} уже удалён; его данные отложены.",
)
IN_THE_WAY = _(
    "The parked data of {plugin} cannot come back: a table {table} exists meanwhile. Rename or drop "
    "that table, then run `crmkit migrate` again.",
    ru="Отложенные данные {plugin} нельзя вернуть: тем временем появилась таблица {table}. Переименуйте "
    "или удалите её и снова запустите `crmkit migrate`.",
)
PARK_IN_THE_WAY = _(
    "{plugin} cannot be parked: a table {table} already exists. Rename or drop that table first.",
    ru="{plugin} нельзя отложить: таблица {table} уже есть. Сначала переименуйте или удалите её.",
)
PARKED_LOST = _(
    "The parked data of {plugin} cannot come back: its table {table} is gone. Restore it from a backup, "
    "or purge {plugin} to begin afresh.",
    ru="Отложенные данные {plugin} нельзя вернуть: таблица {table} пропала. Восстановите её из резервной "
    "копии или сотрите (purge) {plugin} и начните заново.",
)
KEY_FOLLOWS = _(
    "{table} still follows {parent}: rows deleted there are deleted or detached here too.",
    ru="{table} по-прежнему следует за {parent}: удаление там удаляет или отвязывает строки и здесь.",
)
KEY_HOLDS = _(
    "{table} still points to {parent}: rows it names there cannot be deleted until the plugin comes back or is purged.",
    ru="{table} по-прежнему ссылается на {parent}: упомянутые строки нельзя удалить, пока плагин не "
    "вернётся или не будет стёрт.",
)
CONFIRM = _(
    "Purging {plugin} drops its tables for good ({rows}). To do it, confirm with its name: {plugin}.",
    ru="Стирание {plugin} навсегда удалит его таблицы ({rows}). Для подтверждения укажите его имя: {plugin}.",
)
ROWS = _("{table}: {rows} rows", ru="{table}: строк {rows}")
EMPTY = _("no tables", ru="таблиц нет")
