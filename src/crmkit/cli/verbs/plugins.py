"""``crmkit plugins``."""

from __future__ import annotations

import sys

import click

from ..load import any_crm, given, installed_plugins, settled_crm
from ..speak import _, note, say, table
from ..verb import group, option

HELP = _(
    "List plugins, uninstall or purge them.\n\n"
    "Three different things. Disable: take the plugin out of plugins in crmkit.toml; its data stays where it is. "
    "Uninstall: "
    "its tables are put aside, and taken back when the plugin returns. Purge: its data is destroyed; it asks first.",
    ru="Показать плагины, удалить или стереть.\n\n"
    "Это три разные вещи. Отключить: убрать плагин из plugins в crmkit.toml; данные остаются на месте. Удалить "
    "(uninstall): "
    "таблицы откладываются и возвращаются вместе с плагином. Стереть (purge): данные уничтожаются; сначала спросит.",
)
EXAMPLES = """
crmkit plugins list
crmkit plugins uninstall feedback
crmkit plugins purge feedback
"""
STATES = {
    "current": _("enabled", ru="включён"),
    "behind": _("enabled, not migrated", ru="включён, нужна миграция"),
    "new": _("enabled, not migrated", ru="включён, нужна миграция"),
    "ahead": _("enabled, database newer", ru="включён, база новее"),
    "disabled": _("disabled, data in place", ru="отключён, данные на месте"),
    "parked": _("uninstalled, data kept", ru="удалён, данные сохранены"),
}


@group("plugins", HELP, EXAMPLES)
def plugins() -> None:
    """Hold the verbs."""


@plugins.command(
    "list",
    help=_("List what is installed, enabled, and in the database.", ru="Показать, что установлено, включено и есть в базе."),
    examples="crmkit plugins list",
)
def list_() -> None:
    """List them."""
    from crmkit.core import migrate as schema

    crm = any_crm()
    labels = {p.name: (p.version, p.label) for p in installed_plugins()} | {p.name: (p.version, p.label) for p in crm.plugins}
    states = {s.name: STATES[s.state] for s in schema.status(crm.engine, schema.owners_of(crm))} if given().is_there else {}
    states.pop("core", None)
    available = _("installed, not enabled", ru="установлен, не включён")
    rows = [(n, labels.get(n, ("-", ""))[0], states.get(n, available), labels.get(n, ("", "-"))[1]) for n in sorted({*labels, *states})]
    table(rows, [_("name", ru="имя"), _("version", ru="версия"), _("state", ru="состояние"), _("label", ru="название")])


@plugins.command(
    "disable",
    help=_(
        "Say how to disable a plugin, and what that means for others.",
        ru="Сказать, как отключить плагин и кого это затронет.",
    ),
    examples="crmkit plugins disable feedback",
)
@click.argument("name")
def disable(name: str) -> int:
    """Explain; the settings file is the integrator's."""
    crm = settled_crm()
    crm.plugin(name)
    others = [p.name for p in crm.plugins if name in p.requires]
    if others:
        say(
            _("{others} requires {name}: disable it first.", ru="{others} требует {name}: сначала отключите его."),
            others=", ".join(others),
            name=name,
        )
        return 1
    kept = ", ".join(f'"{p.name}"' for p in crm.plugins if p.name != name)
    say(
        _(
            "Write this in {file} and restart; the data of {name} stays where it is:",
            ru="Запишите в {file} и перезапустите; данные {name} останутся на месте:",
        ),
        file=given().path,
        name=name,
    )
    say(f"\n[crmkit]\nplugins = [{kept}]")
    return 0


@plugins.command(
    "uninstall",
    help=_("Put a plugin's tables aside; nothing is lost.", ru="Отложить таблицы плагина; ничего не теряется."),
    examples="crmkit plugins uninstall feedback",
)
@click.argument("name")
def uninstall(name: str) -> None:
    """Put it aside."""
    from crmkit.core import migrate as schema

    crm = settled_crm()
    gone = schema.uninstall(crm.engine, schema.owners_of(crm), name, now=crm.clock.now())
    _tell(gone)
    say(
        _(
            "Now take {name} out of plugins in {file}. `crmkit migrate` with it brings the data back.",
            ru="Теперь уберите {name} из plugins в {file}. `crmkit migrate` вместе с ним вернёт данные.",
        ),
        name=name,
        file=given().path,
    )


@plugins.command(
    "purge",
    help=_(
        "Destroy a plugin's data for good; asks for its name.",
        ru="Навсегда уничтожить данные плагина; спросит его имя.",
    ),
    examples="crmkit plugins purge feedback\ncrmkit plugins purge feedback --confirm feedback",
)
@click.argument("name")
@option("--confirm", metavar="NAME", help=_("The plugin's name, instead of being asked.", ru="Имя плагина вместо вопроса."))
def purge(name: str, confirm: str | None) -> None:
    """Destroy it."""
    from crmkit.core import migrate as schema
    from crmkit.core.migrate import SchemaError

    crm = settled_crm()
    owners = schema.owners_of(crm)
    if confirm is None and sys.stdin.isatty():
        try:
            schema.purge(crm.engine, owners, name)
        except SchemaError as refusal:  # says how many rows would go
            note(refusal.message)
        confirm = click.prompt("", prompt_suffix="> ", default="", show_default=False)
    _tell(schema.purge(crm.engine, owners, name, confirm=confirm))


def _tell(gone: object) -> None:
    from crmkit.core.migrate import Gone

    assert isinstance(gone, Gone)
    for name, rows in gone.tables.items():
        say(_("{table}: {rows} rows", ru="{table}: строк {rows}"), table=name, rows=rows)
    if gone.jobs:
        say(_("jobs: {count}", ru="заданий: {count}"), count=gone.jobs)
    for line in gone.notes:
        note(line)
