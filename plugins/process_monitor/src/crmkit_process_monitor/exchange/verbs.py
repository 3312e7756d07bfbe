"""``crmkit monitor``: event logs in and out, and what they say."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import tomllib
import typing as t
from collections.abc import Callable

from crmkit import SYSTEM, Crm, Invalid, Problem, _, hookimpl

from ..entities import Log
from .exporting import FORMATS, export_log, export_own
from .figures import figures
from .importing import import_log
from .mapping import mapping_of

if t.TYPE_CHECKING:
    import click

    from crmkit.cli import VerbGroup

HELP = _("Event logs of other systems in, ours out.", ru="Журналы событий других систем — сюда, наши — наружу.")
IMPORT = _("Import an event log: XES (also .gz) or CSV.", ru="Загрузить журнал событий: XES (и .gz) или CSV.")
EXPORT = _("Write an imported log, or our own cases (own), to a file: XES or CSV.", ru="Выгрузить журнал или наши случаи (own) в файл: XES или CSV.")
LIST = _("List imported logs.", ru="Показать загруженные журналы.")
FIGURES = _("Tell per step and per employee how often and how long.", ru="Показать по шагам и сотрудникам, сколько раз и как долго.")
TITLE = _("What it shall be called.", ru="Как его называть.")
MAP = _("A TOML file: columns (case, activity, time, start, resource, transition, kind), zone, format, [steps], [workers].",
    ru="Файл TOML: столбцы (case, activity, time, start, resource, transition, kind), zone, format, [steps], [workers].")  # fmt: skip
SINCE = _("What has no start begins with the event before it.", ru="Что без начала — началось с предыдущего события.")
DONE = _("Log {log}: {cases} cases, {events} events, {steps} steps, {workers} employees. Undo: crmkit undo {operation}",
    ru="Журнал {log}: случаев {cases}, событий {events}, шагов {steps}, сотрудников {workers}. Отмена: crmkit undo {operation}")  # fmt: skip
WROTE = _("Wrote {file}.", ru="Записан файл {file}.")
NEITHER = _("give the number of a log, or own", ru="укажите номер журнала или own")
BAD_MAP = _("{file} is no TOML: {why}", ru="{file} — не TOML: {why}")
FROM, UNTIL = _("Own cases begun since this day.", ru="Наши случаи с этого дня."), _("… up to this day.", ru="… по этот день.")
AS_JSON = _("As JSON.", ru="В виде JSON.")
CHECK = _("Compare sums with what they are made of: work with spans, days with work.", ru="Сверить суммы с тем, из чего они сложены.")
RIGHT = _("Everything adds up.", ru="Всё сходится.")
REPAIR = _("Make what is wrong anew.", ru="Пересчитать то, что не сходится.")
ONLY_SINCE, ONLY_UNTIL = _("Only since this day.", ru="Только с этого дня."), _("… up to this day.", ru="… по этот день.")


@hookimpl
def crm_commands(group: click.Group, crm: Callable[[], Crm]) -> None:
    """Add the verbs."""
    from crmkit.cli import group as verbs

    monitor = verbs("monitor", HELP, "crmkit monitor import log.xes.gz\ncrmkit monitor export own monitor.xes")(_hold)
    _add_import(monitor, crm)
    _add_export(monitor, crm)
    _add_check(monitor, crm)
    group.add_command(monitor)


def _hold() -> None:
    """Hold the verbs."""


def _add_import(monitor: VerbGroup, crm: Callable[[], Crm]) -> None:
    import click

    from crmkit.cli import option, say, table

    @monitor.command("import", help=IMPORT, examples="crmkit monitor import log.xes.gz\ncrmkit monitor import log.csv --map log.toml")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path))
    @option("--title", default="", help=TITLE)
    @option("--map", "map_", type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path), help=MAP)
    @option("--since-previous", is_flag=True, help=SINCE)
    def import_(file: pathlib.Path, title: str, map_: pathlib.Path | None, since_previous: bool) -> None:
        """Import one."""
        values = _map(map_) if map_ is not None else {}
        if since_previous:
            values["since_previous"] = True
        mapping = mapping_of(values)
        with file.open("rb") as opened, crm().uow(SYSTEM) as uow:
            made = import_log(uow, opened, file.name, title=title, mapping=mapping)
        say(DONE, log=made.log, cases=made.cases, events=made.events, steps=made.steps, workers=made.workers, operation=made.operation)

    @monitor.command("logs", help=LIST, examples="crmkit monitor logs")
    def logs() -> None:
        """List them."""
        with crm().read(SYSTEM) as uow:
            rows = [(g.id, g.title, g.file or "-", g.cases, g.events, g.imported_at or "-") for g in uow.find(Log).order_by(Log.id)]
        head = (_("no.", ru="№"), _("title", ru="название"), _("file", ru="файл"), _("cases", ru="случаев"), _("events", ru="событий"))
        table(rows, (*head, _("imported", ru="загружен")))

    @monitor.command("figures", help=FIGURES, examples="crmkit monitor figures 1 --json")
    @click.argument("log", type=int)
    @option("--json", "as_json", is_flag=True, help=AS_JSON)
    def figures_(log: int, as_json: bool) -> None:
        """Tell them."""
        with crm().read(SYSTEM) as uow:
            uow.get(Log, log)
            found = figures(uow, log)
        if as_json:
            click.echo(json.dumps(found, ensure_ascii=False))
            return
        rest = (_("times", ru="раз"), _("cases", ru="случаев"), _("mean, s", ru="среднее, с"), _("median, s", ru="медиана, с"))
        for what, label in (("steps", _("step", ru="шаг")), ("workers", _("employee", ru="сотрудник"))):
            rows = sorted(found[what].items(), key=lambda one: -one[1]["n"])
            table([(n or "-", f["n"], f["cases"], f"{f['mean_s']:.1f}", f"{f['median_s']:.1f}") for n, f in rows], (label, *rest))
            click.echo("")


def _map(file: pathlib.Path) -> dict[str, t.Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(problems=[Problem("map", "invalid", BAD_MAP.format(file=file.name, why=error))]) from None


def _add_export(monitor: VerbGroup, crm: Callable[[], Crm]) -> None:
    import click

    from crmkit.cli import option, say

    @monitor.command("export", help=EXPORT, examples="crmkit monitor export 1 log.xes\ncrmkit monitor export own june.csv --since 2026-06-01")
    @click.argument("log")
    @click.argument("file", type=click.Path(dir_okay=False, path_type=pathlib.Path))
    @option("--since", type=click.DateTime(["%Y-%m-%d"]), help=FROM)
    @option("--until", type=click.DateTime(["%Y-%m-%d"]), help=UNTIL)
    def export(log: str, file: pathlib.Path, since: dt.datetime | None, until: dt.datetime | None) -> None:
        """Write one."""
        import gzip

        bare = file.name.lower().removesuffix(".gz")
        form = bare.rpartition(".")[2] if bare.endswith(FORMATS) else "xes"
        if log != "own" and not log.isdecimal():
            raise Invalid(problems=[Problem("log", "invalid", NEITHER)])
        with crm().read(SYSTEM) as uow:
            if log == "own":
                pieces = export_own(uow, form, since=since.date() if since else None, until=until.date() if until else None)
            else:
                pieces = export_log(uow, int(log), form)
            half = file.with_name(f"{file.name}.part")
            with gzip.open(half, "wb") if file.name.endswith(".gz") else half.open("wb") as out:
                for piece in pieces:
                    out.write(piece)
        half.replace(file)
        say(WROTE, file=file)


def _add_check(monitor: VerbGroup, crm: Callable[[], Crm]) -> None:
    import click

    from crmkit.cli import option, say, table

    from ..retention import check, repair

    @monitor.command("check", help=CHECK, examples="crmkit monitor check --since 2026-06-01\ncrmkit monitor check --repair")
    @option("--since", type=click.DateTime(["%Y-%m-%d"]), help=ONLY_SINCE)
    @option("--until", type=click.DateTime(["%Y-%m-%d"]), help=ONLY_UNTIL)
    @option("--repair", "anew", is_flag=True, help=REPAIR)
    def check_(since: dt.datetime | None, until: dt.datetime | None, anew: bool) -> None:
        """Look for differences."""
        days = since.date() if since else None, until.date() if until else None
        with crm().read(SYSTEM) as uow:
            wrong = list(check(uow, *days))
        if not wrong:
            say(RIGHT)
            return
        table([(w.what, w.of, w.why) for w in wrong], (_("sum", ru="сумма"), _("of", ru="чего"), _("why", ru="почему")))
        if not anew:
            raise SystemExit(1)
        with crm().uow(SYSTEM) as writing:
            repair(writing, wrong, *days)
        say(RIGHT)


__all__ = ["crm_commands"]
