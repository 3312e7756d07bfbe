"""``crmkit migrate``."""

from __future__ import annotations

import typing as t

import click

from ..load import settled_crm
from ..speak import _, note, say, table, told, working
from ..verb import group, option

if t.TYPE_CHECKING:
    from crmkit.core.migrate.steps import Step

HELP = _(
    "Bring the database to the schema the plugins need.\n\n"
    "Every plugin has its own history. What was uninstalled and is back gets its data back. Safe to run from several "
    "processes: the second waits, and finds nothing left to do.",
    ru="Привести базу к схеме, нужной плагинам.\n\n"
    "У каждого плагина своя история. Вернувшийся плагин получает свои данные обратно. Можно запускать из нескольких "
    "процессов: второй подождёт и увидит, что делать нечего.",
)
EXAMPLES = """
crmkit migrate
crmkit migrate status
crmkit migrate make feedback "rating of a visit"
crmkit migrate down feedback
"""


@group("migrate", HELP, EXAMPLES, invoke_without_command=True)
@option(
    "--to",
    "target",
    metavar="PLUGIN|REVISION",
    help=_("Stop there: a plugin, or one of its revisions.", ru="Остановиться здесь: плагин или его ревизия."),
)
@click.pass_context
def migrate(ctx: click.Context, target: str | None) -> None:
    """Upgrade, unless a verb follows."""
    if ctx.invoked_subcommand is not None:
        return
    from crmkit.core import migrate as schema

    crm = settled_crm()
    with working(_("Migrating", ru="Миграция")) as shown:
        done = schema.upgrade(crm.engine, schema.owners_of(crm), target, lambda step: shown.on(_line(step)))
    for step in done:
        say(_line(step))
    say(_("The database is up to date.", ru="База в нужном состоянии.") if not target else _("Done.", ru="Готово."))


def _line(step: Step) -> str:
    return f"{step.number}/{step.total} {step.revision} {step.title}"


STATES = {
    "current": _("up to date", ru="в порядке"),
    "behind": _("behind: run crmkit migrate", ru="отстаёт: запустите crmkit migrate"),
    "new": _("no tables yet: run crmkit migrate", ru="таблиц ещё нет: запустите crmkit migrate"),
    "ahead": _("newer than the program", ru="новее программы"),
    "disabled": _("in the database, not in the settings", ru="есть в базе, нет в настройках"),
    "parked": _("uninstalled, data kept", ru="удалён, данные сохранены"),
}


@migrate.command(
    "status",
    help=_(
        "Show where every plugin's schema stands; code 1 when something is to be done.",
        ru="Показать состояние схемы каждого плагина; код 1, если нужна миграция.",
    ),
    examples="crmkit migrate status",
)
def status() -> int:
    """Show it."""
    from crmkit.core import migrate as schema

    crm = settled_crm()
    states = schema.status(crm.engine, schema.owners_of(crm))
    rows = [(s.name, s.current or "-", s.head or "-", STATES[s.state]) for s in states]
    table(
        rows,
        [
            _("plugin", ru="плагин"),
            _("in the database", ru="в базе"),
            _("in the program", ru="в программе"),
            _("state", ru="состояние"),
        ],
    )
    return int(any(s.state in ("behind", "new", "ahead") for s in states))


@migrate.command(
    "make",
    help=_(
        "Write the next revision of a plugin from what its models say.",
        ru="Написать следующую ревизию плагина по его моделям.",
    ),
    examples='crmkit migrate make feedback "first tables"',
)
@click.argument("plugin")
@click.argument("message")
def make(plugin: str, message: str) -> None:
    """Write it."""
    from crmkit.core import migrate as schema
    from crmkit.core.migrate.owner import pick

    from ..load import any_crm

    made = schema.make(pick(plugin, schema.owners_of(any_crm())), message)
    if made is None:
        say(
            _(
                "Nothing to do: the scripts of {plugin} already make what its models say.",
                ru="Делать нечего: скрипты {plugin} уже соответствуют моделям.",
            ),
            plugin=plugin,
        )
        return
    say(
        _("Wrote {path}. Read it before you run it.", ru="Создан {path}. Прочитайте его, прежде чем запускать."),
        path=made.path,
    )
    for line in made.notes:
        note(f"  - {told(line)}")


@migrate.command(
    "down",
    help=_(
        "Step a plugin back by one revision; asks before rows are lost.",
        ru="Отступить на одну ревизию; спросит, прежде чем терять строки.",
    ),
    examples="crmkit migrate down feedback\ncrmkit migrate down feedback --confirm feedback",
)
@click.argument("plugin")
@option(
    "--confirm",
    metavar="PLUGIN",
    help=_("The plugin's name: yes, its rows may be lost.", ru="Имя плагина: да, его строки можно потерять."),
)
def down(plugin: str, confirm: str | None) -> None:
    """Step back."""
    from crmkit.core import migrate as schema

    crm = settled_crm()
    say(_line(schema.downgrade(crm.engine, schema.owners_of(crm), plugin, confirm=confirm)))


@migrate.command(
    "check",
    help=_(
        "Compare the database with the models; code 1 when they differ.",
        ru="Сравнить базу с моделями; код 1, если отличаются.",
    ),
    examples="crmkit migrate check",
)
def check() -> int:
    """Compare."""
    from crmkit.core import migrate as schema

    crm = settled_crm()
    with working(_("Comparing", ru="Сравнение")):
        found = schema.check(crm.engine, schema.owners_of(crm))
    for line in found:
        say(line)
    if not found:
        say(_("The database is what the models say.", ru="База соответствует моделям."))
    return int(bool(found))
