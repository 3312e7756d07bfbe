"""What `check` finds and what `make` points out, in words."""

from __future__ import annotations

from ..text import _

NO_TABLE = _("{table} is missing in the database.", ru="в базе нет таблицы {table}.")
EXTRA_TABLE = _(
    "{table} is in the database, but no model declares it.",
    ru="таблица {table} есть в базе, но не описана ни одной моделью.",
)
NO_COLUMN = _("{table}.{column} is missing in the database.", ru="в базе нет столбца {table}.{column}.")
EXTRA_COLUMN = _(
    "{table}.{column} is in the database, but not in the model.",
    ru="столбец {table}.{column} есть в базе, но не в модели.",
)
TYPE = _(
    "{table}.{column} is {found} in the database, the model says {wanted}.",
    ru="{table}.{column} в базе {found}, в модели {wanted}.",
)
NULL_HERE = _(
    "{table}.{column} may be empty in the database, the model requires it.",
    ru="{table}.{column} в базе может быть пустым, а модель требует значение.",
)
NULL_THERE = _(
    "{table}.{column} is required in the database, the model lets it be empty.",
    ru="{table}.{column} в базе обязателен, а модель допускает пустое значение.",
)
DEFAULT = _(
    "{table}.{column} has the default {found} in the database, the model says {wanted}.",
    ru="{table}.{column}: значение по умолчанию в базе {found}, в модели {wanted}.",
)
NO_PART = _(
    "{table}: {kind} {name} ({what}) is missing in the database.",
    ru="{table}: в базе нет: {kind} {name} ({what}).",
)
EXTRA_PART = _(
    "{table}: {kind} {name} ({what}) is in the database, but not in the model.",
    ru="{table}: есть в базе, но не в модели: {kind} {name} ({what}).",
)
PART = _(
    "{table}: {kind} {name} is ({found}) in the database, the model says ({wanted}).",
    ru="{table}: {kind} {name} в базе ({found}), в модели ({wanted}).",
)
KINDS = {
    "index": _("index", ru="индекс"),
    "unique": _("unique constraint", ru="ограничение уникальности"),
    "key": _("foreign key", ru="внешний ключ"),
    "check": _("check", ru="проверка"),
    "primary": _("primary key", ru="первичный ключ"),
}

NOTE_REQUIRED = _(
    "{table}.{column} is required and new: rows that exist have no value for it. Give the column a "
    "server_default in the script, or add it nullable, fill it, then require it.",
    ru="{table}.{column}: новый обязательный столбец, у существующих строк для него нет значения. Задайте "
    "в скрипте server_default либо добавьте столбец необязательным, заполните и затем сделайте "
    "обязательным.",
)
NOTE_NOT_NULL = _(
    "{table}.{column} becomes required: rows where it is empty make the script fail. Fill them first, in the script.",
    ru="{table}.{column} становится обязательным: на строках с пустым значением скрипт остановится. "
    "Сначала заполните их в скрипте.",
)
NOTE_TYPE = _(
    "{table}.{column} changes from {old} to {new}: say how its values become the new ones. PostgreSQL may want "
    'postgresql_using="{column}::..." in alter_column, SQLite an UPDATE (it keeps decimals as whole numbers).',
    ru="{table}.{column} меняется с {old} на {new}: укажите, как значения станут новыми. PostgreSQL может потребовать "
    'postgresql_using="{column}::..." в alter_column, SQLite — UPDATE (десятичные числа хранятся там целыми).',
)
NOTE_RENAME = _(
    "{table}: {gone} goes and {come} comes. If that was a renaming, write "
    "batch_op.alter_column({gone!r}, new_column_name={come!r}) instead, or its values are lost.",
    ru="{table}: {gone} исчезает, {come} появляется. Если это переименование, напишите "
    "batch_op.alter_column({gone!r}, new_column_name={come!r}), иначе значения пропадут.",
)
NOTE_DROP = _("{table} is dropped with all its rows.", ru="таблица {table} удаляется со всеми строками.")
NOTE_LEFT = _("Still to be written by hand: {what}", ru="Осталось написать вручную: {what}")
FAILED_SCRATCH = _(
    "{plugin}: the existing scripts do not run from the beginning, so nothing can be compared: {reason}",
    ru="{plugin}: имеющиеся скрипты не выполняются с начала, сравнивать не с чем: {reason}",
)
