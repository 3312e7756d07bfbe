"""``crmkit import``."""

from __future__ import annotations

import sys
import time
import typing as t
from pathlib import Path

import click

from ..fresh import fresh_crm
from ..load import at_work
from ..speak import _, language, note, say, table, told
from ..verb import option, verb

if t.TYPE_CHECKING:
    from crmkit.transfer.loading import Tally
    from crmkit.transfer.mapping import Step
    from crmkit.transfer.run import Report

HELP = _(
    "Bring data in from CSV, XLSX, JSON Lines or an SQL database, as a mapping file says.\n\n"
    "What was imported before is recognised by its id there and only changed where it differs. Rows that will not do go to "
    "a file beside the mapping, with the reason; the rest is loaded. An import that was interrupted goes on when it is typed again.",
    ru="Загрузить данные из CSV, XLSX, JSON Lines или базы SQL по файлу описания.\n\n"
    "Загруженное раньше узнаётся по своему идентификатору и меняется, только если отличается. Негодные строки попадают в файл рядом "
    "с описанием, с причиной; остальное загружается. Прерванный импорт продолжится, если набрать команду ещё раз.",
)
EXAMPLES = """
crmkit import clients.toml --dry-run
crmkit import northwind.toml --data northwind=old/northwind.sqlite
crmkit import clients.toml --restart
"""
HEAD = [_("import", ru="импорт"), _("into", ru="куда"), _("rows", ru="строк"), _("created", ru="создано"), _("changed", ru="изменено"),
    _("unchanged", ru="без изменений"), _("skipped", ru="пропущено"), _("wrong", ru="с ошибками")]  # fmt: skip
SECONDS = 5.0


@verb("import", HELP, EXAMPLES)
@click.argument("mapping", type=click.Path(path_type=Path))
@option("--dry-run", is_flag=True, help=_("Do everything, tell what came of it, and take it back.",
    ru="Всё выполнить, рассказать, что вышло, и отменить."))
@option("--data", multiple=True, metavar="NAME=VALUE", help=_("Fill in a name under [data] of the mapping.", ru="Задать имя из [data] описания."))
@option("--as", "login", metavar="LOGIN", help=_("Import as this user, with their rights.", ru="Загружать от имени пользователя, с его правами."))
@option("--errors", type=click.Path(path_type=Path, file_okay=False), help=_("Where rows that will not do go.",
    ru="Куда складывать негодные строки."))
@option("--resume", is_flag=True, help=_("Go on with an interrupted import although its data changed.",
    ru="Продолжить прерванный импорт, хотя данные изменились."))
@option("--restart", is_flag=True, help=_("Begin anew instead of going on.", ru="Начать заново, а не продолжать."))
def import_(mapping: Path, dry_run: bool, data: tuple[str, ...], login: str | None, errors: Path | None, resume: bool, restart: bool) -> int:
    """Import, and tell what came of it; code 1 when rows would not do."""
    from crmkit.transfer.mapping import read_mapping
    from crmkit.transfer.run import Import

    if resume and restart:
        raise click.UsageError(told(_("--resume and --restart contradict each other", ru="--resume и --restart противоречат друг другу")))
    given = dict(_pair(word) for word in data)
    crm = fresh_crm(trial=dry_run)
    read = read_mapping(mapping, crm, given)
    shown = Progress()
    if errors is not None:
        errors.mkdir(parents=True, exist_ok=True)
    from ..people import actor_of

    actor = actor_of(crm, login) if login else at_work()
    work = Import(crm=crm, mapping=read, actor=actor, dry=dry_run, errors=errors, language=language(), progress=shown.tell)
    report = work.begin(resume=resume, restart=restart)
    for line in report.notes:
        note(line)
    if report.resumed is not None:
        note(_("Going on with the interrupted import, operation {id}.", ru="Продолжается прерванный импорт, операция {id}."), id=report.resumed)
    work.run()
    shown.end()
    _tell(report)
    return int(report.total("wrong") > 0)


def _pair(word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign or not name:
        raise click.UsageError(told(_("--data wants NAME=VALUE", ru="--data ждёт ИМЯ=ЗНАЧЕНИЕ")))
    return name, value


class Progress:
    """Says how far an import is: in one line to a person at a terminal, in a line now and then to a file."""

    def __init__(self) -> None:
        self._tty = sys.stderr.isatty()
        self._began = self._told = self._last = time.monotonic()
        self._step = ""
        self._width = 0

    def tell(self, step: Step, tally: Tally, share: float | None) -> None:
        """Tell, when it is time."""
        now = time.monotonic()
        if step.name != self._step:
            self._step, self._began = step.name, self._last
        self._last = now
        if now - self._told < (0.2 if self._tty else SECONDS):
            return
        self._told = now
        seconds = max(now - self._began, 0.001)
        words = _("{name}: {rows} rows, {rate:.0f} a second", ru="{name}: строк {rows}, {rate:.0f} в секунду")
        line = told(words.format(name=step.name, rows=tally.rows, rate=tally.rows / seconds))
        if share:
            left = _(", {share:.0%}, {left:.0f} s left", ru=", {share:.0%}, осталось {left:.0f} с")
            line += told(left.format(share=share, left=seconds * (1 - share) / share))
        if not self._tty:
            note(line)
            return
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def end(self) -> None:
        """Wipe the line."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()


def _tell(report: Report) -> None:
    rows = [(name, report.kinds[name], c.rows, c.created, c.updated, c.unchanged, c.skipped, c.wrong) for name, c in report.steps.items()]
    table(rows, HEAD)
    if report.troubles:
        say()
        say(_("First problems:", ru="Первые проблемы:"))
    for trouble in report.troubles:
        at = _("line {line}", ru="строка {line}").format(line=trouble.line)
        say(f"  {trouble.step}, {told(at)}{f' ({trouble.id})' if trouble.id else ''}: {trouble.reason}".replace("{", "{{").replace("}", "}}").format(
            ))
    say()
    for file in report.files:
        say(_("Rows that will not do: {file}", ru="Негодные строки: {file}"), file=file)
    if report.dry:
        say(_("This was a dry run: nothing was kept.", ru="Это была проба: ничего не сохранено."))
    elif report.operation is None:
        say(_("Nothing had changed.", ru="Изменений нет."))
    else:
        say(_("Done as operation {id}; `crmkit undo {id}` takes it back.",
            ru="Сделано, операция {id}; `crmkit undo {id}` отменит её."), id=report.operation)
