"""``crmkit undo``."""

from __future__ import annotations

import typing as t

import click

from ..fresh import kept_crm
from ..load import at_work
from ..speak import _, say, table, told, working
from ..verb import option, verb

if t.TYPE_CHECKING:
    from crmkit import Crm
    from crmkit.core.undo import Preview, Unit

HELP = _(
    "Take back an import, a merge, a bulk change or an edit, all of it or nothing.\n\n"
    "Without a number the newest operation that still holds is meant or, where there is none, the newest transaction. What "
    "will happen is told first; where something newer would be lost, nothing happens and the newer thing is named (code 3). "
    "Undoing an undo does the thing again. What has left the CRM, a letter or a payment, is not called back.",
    ru="Отменить импорт, объединение, массовое изменение или правку: целиком или никак.\n\n"
    "Без номера отменяется последняя действующая операция, а если операций нет — последняя транзакция. Сначала показывается, "
    "что произойдёт; если пропало бы что-то более новое, не происходит ничего, и более новое названо (код 3). Отмена отмены "
    "возвращает сделанное. То, что уже ушло из CRM — письмо, платёж, — не отзывается.",
)
EXAMPLES = """
crmkit undo --dry-run
crmkit undo
crmkit undo 5
crmkit undo --tx 1042
crmkit undo --list
"""
NOTHING = _("There is nothing to undo.", ru="Отменять нечего.")
EMPTY = _("There is nothing to undo: the database is empty.", ru="Отменять нечего: база пуста.")
DONE = _("Undone, as operation {id}; `crmkit undo {id}` does it again.", ru="Отменено операцией {id}; `crmkit undo {id}` сделает всё снова.")
OPERATION, TRANSACTION = _("operation {id}", ru="операция {id}"), _("transaction {id}", ru="транзакция {id}")
FIRST = 20
WORDS = {
    "delete": _("removed for good", ru="удалено"), "recreate": _("brought back", ru="возвращено"), "change": _("changed back", ru="изменено обратно"),
}  # fmt: skip
HEAD = [_("no.", ru="№"), _("kind", ru="вид"), _("what", ru="что"), _("who", ru="кто"), _("when", ru="когда"), _("state", ru="состояние")]


@verb("undo", HELP, EXAMPLES)
@click.argument("number", type=click.IntRange(min=1), required=False)
@option("--operation", type=click.IntRange(min=1), help=_("The operation with this number.", ru="Операция с этим номером."))
@option("--tx", type=click.IntRange(min=1), help=_("The transaction with this number.", ru="Транзакция с этим номером (из журнала)."))
@option("--dry-run", is_flag=True, help=_("Only tell what would happen.", ru="Только показать, что произойдёт."))
@option("--list", "list_", is_flag=True, help=_("List operations, newest first.", ru="Показать операции, новые сверху."))
def undo(number: int | None, operation: int | None, tx: int | None, dry_run: bool, list_: bool) -> int:
    """Find it, tell it, do it."""
    if sum(n is not None for n in (number, operation, tx)) > 1:
        raise click.UsageError(told(_("give one number: of an operation, or --tx", ru="укажите один номер: операции или --tx")))
    crm = kept_crm()
    if crm is None:
        say(EMPTY)
        return 0
    return _list(crm) if list_ else _undo(crm, operation or number, tx, dry_run)


def _undo(crm: Crm, operation: int | None, tx: int | None, dry_run: bool) -> int:
    from crmkit.core import undo as core

    with crm.read(at_work()) as uow:
        if operation is None and tx is None:
            unit = core.last(uow)
            if unit is None:
                say(NOTHING)
                return 0
            operation, tx = unit.operation, unit.tx
        with working(_("Looking", ru="Проверка")):
            seen = core.preview(uow, operation=operation, tx=tx)
    _tell(seen)
    if not seen.possible:
        say()
        say(_("Nothing was undone.", ru="Ничего не отменено."))
        return 3 if seen.conflict_count else 0
    if dry_run:
        say(_("This was a dry run: nothing was undone.", ru="Это была проба: ничего не отменено."))
        return 0
    with working(_("Undoing", ru="Отмена")), crm.uow(at_work()) as uow:
        done = core.undo(uow, operation=operation, tx=tx)
    say(DONE, id=done.operation)
    return 0


def _tell(seen: Preview) -> None:
    unit = seen.unit
    name = OPERATION.format(id=unit.operation) if unit.operation else TRANSACTION.format(id=unit.tx)
    say(f"{told(name)}: {_plain(told(unit.label))} ({_plain(unit.actor)}, {unit.at:%Y-%m-%d %H:%M} UTC)")
    for kind, counts in seen.counts.items():
        for action, count in counts.items():
            say(f"  {kind}: {told(WORDS[action])}: {count}")
    if not any(seen.counts.values()) and not seen.conflict_count:
        say(NOTHING)
    for entry in seen.entries[:FIRST]:
        if entry.action == "change":
            changes = ", ".join(f"{n}: {now!r} → {then!r}" for n, (now, then) in entry.changes.items())
            say(_plain(f"    {entry.kind} {entry.id}  {changes[:200]}"))
    if seen.conflict_count:
        say()
        say(_("In the way ({count}):", ru="Мешает ({count}):"), count=seen.conflict_count)
    for clash in seen.conflicts[:FIRST]:
        say(_plain(f"  {clash.kind} {clash.id or ''} {clash.field}: {told(clash.message)}{_where(clash)}"))


def _where(clash: t.Any) -> str:
    if clash.operation is not None:
        return told(_(" (operation {id})", ru=" (операция {id})").format(id=clash.operation))
    return told(_(" (transaction {id})", ru=" (транзакция {id})").format(id=clash.tx)) if clash.tx is not None else ""


def _plain(text: str) -> str:
    """People's words are printed as they are, braces and line ends included."""
    return " ".join(text.split("\n"))


def _list(crm: Crm) -> int:
    from crmkit.core import undo as core

    with crm.read(at_work()) as uow:
        found = core.listed(uow)
    if not found:
        say(_("There are no operations.", ru="Операций нет."))
        return 0
    table([_row(unit) for unit in found], HEAD)
    return 0


def _row(unit: Unit) -> tuple[object, ...]:
    state = f"{unit.state} ({unit.undone_by})" if unit.undone_by else unit.state
    return unit.operation, unit.kind, _plain(told(unit.label))[:60], _plain(unit.actor), f"{unit.at:%Y-%m-%d %H:%M}", state
