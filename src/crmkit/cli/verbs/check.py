"""``crmkit check``."""

from __future__ import annotations

import click

from ..load import given, installed_plugins, settled_crm
from ..speak import _, say, told, working
from ..verb import verb

HELP = _(
    "Say everything that is wrong with a plugin, at once.\n\n"
    "It is composed with what it requires, migrated up and down, and every route and command is called with made-up "
    "input. "
    "Without a name all plugins of the settings (or all installed ones) are checked. Code 1 when something was found.",
    ru="Показать сразу всё, что не так с плагином.\n\n"
    "Плагин собирается с тем, что ему нужно, миграции проходят вверх и вниз, каждый маршрут и каждая команда "
    "вызываются с "
    "выдуманными данными. Без имени проверяются все плагины из настроек (или все установленные). Код 1, если что-то "
    "нашлось.",
)
EXAMPLES = """
crmkit check feedback
crmkit check crmkit_feedback:plugin
crmkit check
crmkit check --totals
crmkit check --recount
"""


@verb("check", HELP, EXAMPLES)
@click.argument("plugin", nargs=-1)
@click.option("--totals", is_flag=True, help=_("Compare the boards' totals with the records.", ru="Сверить итоги досок с записями."))
@click.option("--recount", is_flag=True, help=_("Count the boards' totals anew.", ru="Пересчитать итоги досок заново."))
def check(plugin: tuple[str, ...], totals: bool, recount: bool) -> int:
    """Check each and report."""
    if totals or recount:
        return _totals(recount)
    from crmkit.testing.check import problems_of

    names = list(plugin) or ([p.name for p in settled_crm().plugins] if given().is_there else [p.name for p in installed_plugins()])
    count = _screens()
    for name in names:
        with working(_("Checking {name}", ru="Проверка: {name}").format(name=name)) as shown:
            found = problems_of(name, shown.on)
        for line in found:
            say(f"{name}: {told(line)}")
        if not found:
            say(_("{name}: well made", ru="{name}: всё в порядке"), name=name)
        count += len(found)
    return int(count > 0)


def _screens() -> int:
    """Say what is wrong with ``[ui]`` and with what the plugins of the settings add to the screen together; return how much it is."""
    if not given().is_there:
        return 0
    from crmkit import CompositionError
    from crmkit.ui.serving import site_of

    try:
        site_of(settled_crm())
    except CompositionError as error:
        for problem in error.problems:
            say(told(problem))
        return len(error.problems)
    return 0


def _totals(recount: bool) -> int:
    """Say where boards and records disagree; with `recount` write the totals anew."""
    from crmkit.core.totals import differences, rebuild

    crm = settled_crm()
    with crm.uow() as uow, working(_("Counting", ru="Подсчёт")):
        found = differences(uow)
        if recount and found:
            rebuild(uow)
    for line in found:
        say(line)
    if recount and found:
        say(_("counted anew", ru="пересчитано"))
        return 0
    if not found:
        say(_("boards and records agree", ru="доски и записи сходятся"))
    return int(bool(found))
