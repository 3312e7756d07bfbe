"""``crmkit simulate``."""

from __future__ import annotations

import json
import tempfile
import typing as t
from pathlib import Path

import click

from crmkit.core.errors import CrmError

from ..load import given
from ..speak import _, say, told, working
from ..verb import option, verb

HELP = _(
    "Play a plugin through time: years pass in seconds, through the same code.\n\n"
    "The plugin says what happens (hook crm_simulate) and counts promises that were broken. Works on a database of "
    "its own, "
    "thrown away afterwards. Code 1 when a promise was broken.\n\n"
    "What the plugin understands is written behind its name: --days 5, or -o days=5.",
    ru="Проиграть плагин во времени: годы проходят за секунды, тем же кодом.\n\n"
    "Что происходит, говорит сам плагин (хук crm_simulate); он же считает нарушенные обещания. Работает на "
    "отдельной базе, "
    "которая потом удаляется. Код 1, если обещание нарушено.\n\n"
    "Что понимает плагин, пишется после его имени: --days 5 или -o days=5.",
)
EXAMPLES = """
crmkit simulate sales
crmkit simulate sales --json --seed 7 -o days=730
crmkit simulate taskqueue --managers 20 --days 3 --json
"""
NO_VALUE = _("{name} needs a value: {name} 5", ru="{name} нужно значение: {name} 5")
NOT_EXPECTED = _("what is {word!r}? Write --name value, such as --days 5", ru="что такое {word!r}? Пишите --имя значение, например --days 5")


def _options(ctx: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, t.Any]:
    made: dict[str, t.Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(told(_("write name=value, not {pair!r}", ru="пишите имя=значение, а не {pair!r}").format(pair=pair)))
        made[name] = _value(value)
    return made


def _value(text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _own(_ctx: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, t.Any]:
    """Read the options of the plugin itself: ``--managers 20`` is the same as ``-o managers=20``."""
    made: dict[str, t.Any] = {}
    waiting = list(words)
    while waiting:
        word, equals, value = waiting.pop(0).partition("=")
        if not word.startswith("--") or word == "--":
            raise click.UsageError(told(NOT_EXPECTED.format(word=word)))
        if not equals:
            if not waiting or waiting[0].startswith("--"):
                raise click.UsageError(told(NO_VALUE.format(name=word)))
            value = waiting.pop(0)
        made[word.removeprefix("--").replace("-", "_")] = _value(value)
    return made


@verb("simulate", HELP, EXAMPLES, context_settings={"ignore_unknown_options": True})
@click.argument("plugin")
@click.argument("own", nargs=-1, type=click.UNPROCESSED, callback=_own, metavar="[--NAME VALUE]...")
@option(
    "--json",
    "as_json",
    is_flag=True,
    help=_("The last line is the report, as JSON.", ru="Последняя строка — отчёт в JSON."),
)
@option("--seed", default=1, show_default=True, help=_("The same seed, the same story.", ru="То же зерно — та же история."))
@option(
    "-o",
    "options",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_options,
    help=_("What the plugin understands, such as days=365.", ru="Что понимает плагин, например days=365."),
)
@option(
    "--database",
    metavar="URL",
    help=_(
        "An empty database to play in (default: SQLite, thrown away).",
        ru="Пустая база для игры (обычно временная SQLite).",
    ),
)
def simulate(plugin: str, own: dict[str, t.Any], as_json: bool, seed: int, options: dict[str, t.Any], database: str | None) -> int:
    """Play and report."""
    with tempfile.TemporaryDirectory(prefix="crmkit-simulate-") as folder, working(_("Simulating", ru="Симуляция")):
        report = _played(plugin, database or f"sqlite:///{Path(folder) / 'crm.db'}", {"seed": seed, **options, **own})
    violations = int(report.get("violations", 0))
    report = {**report, "violations": violations}
    for name, value in report.items():
        if not as_json or name == "violations":
            say(f"{name}: {value}")
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, default=str))
    return int(violations > 0)


def _played(plugin: str, database: str, options: dict[str, t.Any]) -> dict[str, t.Any]:
    from crmkit import Crm, MovableClock
    from crmkit.core import migrate
    from crmkit.core.compose import installed
    from crmkit.testing.databases import migrate as make_schema

    clock = MovableClock()
    more: dict[str, t.Any] = {"database": database, "clock": clock}
    # A settings file without the plugin is somebody else's: the plugin is then played with what it requires.
    crm = Crm.from_file(given().path, **more) if given().settings else Crm(*installed([plugin]), **more)
    crm.plugin(plugin)
    if not database.startswith("sqlite"):
        migrate.upgrade(crm.engine, migrate.owners_of(crm))
    else:
        make_schema(crm, database)
    try:
        report = crm.hook.crm_simulate(crm=crm, plugin=plugin, clock=clock, options=options)
    finally:
        crm.engine.dispose()
    if report is None:
        words = _(
            "{plugin} has nothing to play: it implements no crm_simulate",
            ru="плагину {plugin} нечего проигрывать: в нём нет crm_simulate",
        )
        raise CrmError(told(words.format(plugin=plugin)))
    return dict(report)
