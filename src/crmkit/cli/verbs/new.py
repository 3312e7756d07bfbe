"""``crmkit new``."""

from __future__ import annotations

from pathlib import Path

import click

from crmkit.core.errors import CrmError

from ..load import installed_plugins
from ..speak import _, say, told
from ..verb import group, option

HELP = _("Write a plugin or a settings file to start from.", ru="Создать заготовку плагина или файл настроек.")
EXAMPLES = """
crmkit new plugin feedback
crmkit new settings
"""


@group("new", HELP, EXAMPLES)
def new() -> None:
    """Hold the verbs."""


@new.command(
    "plugin",
    help=_(
        "Write a small plugin that works: entity, pipeline, automation, command, route, migration, tests.",
        ru="Создать маленький работающий плагин: сущность, воронка, автоматика, команда, маршрут, миграция, тесты.",
    ),
    examples="crmkit new plugin feedback\ncrmkit new plugin feedback --folder ~/work",
)
@click.argument("name")
@option(
    "--folder",
    default=".",
    type=click.Path(file_okay=False, path_type=Path),
    help=_("Where to make its folder.", ru="Где создать его папку."),
)
def plugin(name: str, folder: Path) -> None:
    """Write it."""
    from crmkit.scaffold import write_plugin

    made = write_plugin(name, folder)
    say(_("Wrote {folder}. Now:", ru="Создано: {folder}. Теперь:"), folder=made)
    say(f"\n  cd {made}\n  pip install -e . pytest\n  pytest\n  crmkit check {name}")


SETTINGS = """\
# Settings of one CRM. `crmkit migrate` makes the tables, `crmkit serve` serves the API.
# Everything here can be overridden from the environment: CRMKIT_DATABASE=…, CRMKIT_SALES__REVIEW_AFTER=7d
[crmkit]
plugins = {plugins}
database = "sqlite:///crm.db"     # or "postgresql://user:password@host/name"
language = "{language}"
timezone = "{timezone}"

[roles.admin]
label = {{en = "Administrator", ru = "Администратор"}}
grants."*" = "all"
"""


@new.command(
    "settings",
    help=_("Write crmkit.toml with the installed plugins.", ru="Создать crmkit.toml с установленными плагинами."),
    examples="crmkit new settings",
)
@option(
    "--file",
    default="crmkit.toml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("Where to write.", ru="Куда записать."),
)
def settings(file: Path) -> None:
    """Write them."""
    import json

    from ..speak import language

    if file.exists():
        raise CrmError(told(_("{file} exists already and was left alone", ru="{file} уже есть и не тронут").format(file=file)))
    plugins = json.dumps([p.name for p in installed_plugins()])
    timezone = "Europe/Moscow" if language() == "ru" else "UTC"
    file.write_text(SETTINGS.format(plugins=plugins, language=language(), timezone=timezone), encoding="utf-8")
    say(_("Wrote {file}. Next: crmkit migrate", ru="Создан {file}. Дальше: crmkit migrate"), file=file)
