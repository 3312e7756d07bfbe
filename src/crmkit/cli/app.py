"""The `crmkit` command: its verbs, its language, and what its exit codes mean."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence

import click

from .load import Given
from .speak import _, language, note, speaking, told, trace_wanted
from .verb import Lazy, group, option

OK, PROBLEMS, USAGE, REFUSED, UNAVAILABLE, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130
EXIT_CODES = {
    OK: _("done", ru="сделано"),
    PROBLEMS: _("it ran, and found problems", ru="выполнено, найдены проблемы"),
    USAGE: _("typed wrongly; the message says how", ru="набрано неверно; сообщение подскажет, как надо"),
    REFUSED: _(
        "refused: the settings, the plugins or the data do not allow it",
        ru="отказано: не позволяют настройки, плагины или данные",
    ),
    UNAVAILABLE: _("the database does not answer", ru="база данных не отвечает"),
    BUG: _(
        "a bug, of crmkit or of a plugin; the stack trace says where",
        ru="ошибка в crmkit или в плагине; где — в трассировке",
    ),
    INTERRUPTED: _("stopped with Ctrl-C", ru="остановлено (Ctrl-C)"),
}
HELP = _(
    "Run a CRM made of plugins.\n\n"
    "Settings come from crmkit.toml in this folder; `crmkit new settings` writes one. `crmkit VERB --help` shows "
    "examples.\n\n"
    "Exit codes: 0 done · 1 problems found · 2 typed wrongly · 3 refused · 4 the database does not answer · 70 a "
    "bug · 130 stopped.",
    ru="CRM из плагинов.\n\n"
    "Настройки берутся из crmkit.toml в этой папке; его создаёт `crmkit new settings`. `crmkit КОМАНДА --help` "
    "покажет примеры.\n\n"
    "Коды возврата: 0 сделано · 1 найдены проблемы · 2 набрано неверно · 3 отказано · 4 база не отвечает · 70 "
    "ошибка в программе · 130 остановлено.",
)
EXAMPLES = """
crmkit demo
crmkit new plugin feedback
crmkit --settings shop.toml serve --port 8080
"""


def _verbs() -> dict[str, Lazy]:
    words = {
        "demo": _("Start a CRM with demo data, from nothing.", ru="Запустить CRM с демонстрационными данными, с нуля."),
        "new": _("Write a plugin or a settings file to start from.", ru="Создать заготовку плагина или файл настроек."),
        "check": _("Say everything that is wrong with a plugin.", ru="Показать всё, что не так с плагином."),
        "migrate": _("Bring the database to the schema the plugins need.", ru="Привести базу к схеме, нужной плагинам."),
        "serve": _("Serve the API.", ru="Запустить API."),
        "work": _("Run jobs and timers in a process of their own.", ru="Выполнять задания и таймеры отдельным процессом."),
        "plugins": _("List, uninstall or purge plugins.", ru="Показать плагины, удалить или стереть."),
        "token": _("Create, list and revoke API tokens.", ru="Создавать, показывать и отзывать токены API."),
        "jobs": _("See what waits and what failed; try again.", ru="Показать, что ждёт и что сорвалось; повторить."),
        "do": _("Run a command of a plugin.", ru="Выполнить команду плагина."),
        "simulate": _("Play a plugin through time.", ru="Проиграть плагин во времени."),
        "search": _("Look after the search index.", ru="Следить за поисковым индексом."),
        "import": _("Bring data in from files and databases.", ru="Загрузить данные из файлов и баз."),
        "export": _("Take data out, the whole CRM included.", ru="Выгрузить данные, в том числе всю CRM."),
        "undo": _("Take back an import, a merge, a bulk change or an edit.", ru="Отменить импорт, объединение, массовое изменение или правку."),
        "openapi": _("Print the API's description.", ru="Напечатать описание API."),
    }
    place = {"import": "import_"}  # Python keeps the word for itself
    return {name: Lazy("crmkit.cli.verbs.{0}:{0}".format(place.get(name, name)), text) for name, text in words.items()}


def _from_plugins(ctx: click.Context) -> dict[str, click.Command]:
    """Return the verbs plugins add (hook `crm_commands`), when there are settings that compose."""
    from crmkit import CrmError

    from .load import ready_crm, settled_crm

    kept: dict[str, click.Command] | None = ctx.meta.get("crmkit.verbs")
    if kept is not None:
        return kept
    given = ctx.find_object(Given) or Given(ctx.params.get("settings"))
    found: dict[str, click.Command] = {}
    if given.is_there:
        ctx.obj = given
        try:
            with ctx.scope(cleanup=False):
                crm = settled_crm()
            if "crm_commands" in crm.hooked:
                extra = click.Group("crmkit")
                crm.hook.crm_commands(group=extra, crm=ready_crm)
                found = dict(extra.commands)
        except CrmError as error:
            note(_("(verbs of plugins are not shown: {why})", ru="(команды плагинов не показаны: {why})"), why=str(error))
    ctx.meta["crmkit.verbs"] = found
    return found


def _without_settings(ctx: click.Context) -> str:
    """Say why verbs of plugins are not there, where nothing says which plugins there are."""
    if (ctx.find_object(Given) or Given(ctx.params.get("settings"))).is_there:
        return ""
    return _(
        " Verbs of plugins, such as user and role, need a settings file, and there is none here: crmkit new settings",
        ru=" Командам плагинов, таким как user и role, нужен файл настроек, а здесь его нет: crmkit new settings",
    )


@group("crmkit", HELP, EXAMPLES, lazy=_verbs(), found=_from_plugins, elsewhere=_without_settings, context_settings={"max_content_width": 110})
@option("--settings", envvar="CRMKIT_SETTINGS", metavar="FILE", help=_("The settings file.", ru="Файл настроек."))
@option(
    "--language",
    type=click.Choice(["en", "ru"]),
    help=_("Speak English or Russian.", ru="Говорить по-английски или по-русски."),
)
@click.version_option(package_name="crmkit", prog_name="crmkit")
@click.pass_context
def crmkit(ctx: click.Context, settings: str | None, language: str | None) -> None:
    """Remember what holds for every verb."""
    ctx.obj = Given(settings)


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit code. Nobody sees a stack trace for what crmkit refuses on purpose."""
    with speaking(args, os.environ):
        return _run(args)


def _run(args: Sequence[str]) -> int:
    try:
        done = crmkit.main(list(args), prog_name="crmkit", standalone_mode=False)
        return done if isinstance(done, int) else OK
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.Abort:
        note(_("Stopped.", ru="Остановлено."))
        return INTERRUPTED
    except click.ClickException as error:
        _show_usage(error)
        return USAGE
    except Exception as error:
        return _explain(error)


def _show_usage(error: click.ClickException) -> None:
    ctx = getattr(error, "ctx", None)
    if ctx is not None:
        note(ctx.get_usage())
    note(_("Wrong: {what}", ru="Неверно: {what}"), what=_usage_words(error))
    if ctx is not None:
        note(
            _("Type `{path} --help` to see how.", ru="Наберите `{path} --help`, чтобы увидеть, как надо."),
            path=ctx.command_path,
        )


def _usage_words(error: click.ClickException) -> str:
    if language() == "en" or not isinstance(error, click.UsageError):
        return error.format_message()
    name = getattr(error, "param", None)
    if isinstance(error, click.MissingParameter) and name is not None:
        return f"не указано {name.get_error_hint(error.ctx)}"
    if isinstance(error, click.NoSuchOption):
        return f"нет параметра {error.option_name}"
    if isinstance(error, click.BadParameter) and name is not None:
        return f"{name.get_error_hint(error.ctx)} не подходит: {error.message}"
    return error.format_message()


def _explain(error: Exception) -> int:
    """Print an error for people and return its exit code. A plugin's own bug keeps its stack trace."""
    from crmkit.core.database import is_driver_trouble
    from crmkit.core.errors import CrmError, Unavailable

    unavailable = isinstance(error, Unavailable) or is_driver_trouble(error)
    if not unavailable and not isinstance(error, CrmError):
        note("".join(traceback.format_exception(error)))
        note(_("This is a bug, of crmkit or of a plugin.", ru="Это ошибка в crmkit или в плагине."))
        return BUG
    if trace_wanted():
        note("".join(traceback.format_exception(error)))
    note(told(getattr(error, "message", "") or str(error)))
    for problem in getattr(error, "problems", ()):
        if path := getattr(problem, "path", ""):
            note(f"  - {path}: {told(problem.message)}")
    for more in getattr(error, "__notes__", ()):
        note(f"  ({more})")
    return UNAVAILABLE if unavailable else REFUSED
