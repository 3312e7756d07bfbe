"""The command line: ``crmkit duplicates scan KIND`` and ``crmkit duplicates learn KIND``."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import sqlalchemy as sa

from crmkit import Crm, Uow, _, hookimpl

from .entities import Pair, PairState, Scan
from .learn import Pattern, learn
from .pairs import Comparing
from .registry import Declared, find
from .scan import advance, begin
from .settings import DuplicatesSettings
from .tables import weights as weight_table

HELP = _(
    "Look for duplicates.\n\nWhat may be a duplicate of what, a plugin declares; what is found stands in the review list.",
    ru="Искать дубликаты.\n\nЧто может быть дубликатом, объявляет плагин; найденное попадает в список для разбора.",
)
SCAN = _(
    "Compare all records of a kind. A search that was interrupted goes on.",
    ru="Сравнить все записи вида. Прерванный поиск продолжается.",
)
LEARN = _(
    "Learn from the records themselves, without labels, how often what people type goes wrong here.",
    ru="Узнать по самим записям, без разметки, как часто здесь ошибаются при вводе.",
)
FORGET = _("Go back to the usual weights.", ru="Вернуться к обычным весам.")
DONE = _("{records} records, {compared} pairs compared, {open} to look at", ru="записей: {records}, сравнено пар: {compared}, на разбор: {open}")
LEARNED = _("learned from {pairs} pairs; search again to use it", ru="изучено пар: {pairs}; чтобы применить, повторите поиск")
FORGOTTEN = _("the usual weights hold again", ru="снова действуют обычные веса")


@hookimpl
def crm_commands(group: t.Any, crm: Callable[[], Crm]) -> None:
    """Add the verbs."""
    import click

    from crmkit import cli

    @cli.group("duplicates", HELP, "crmkit duplicates scan sales.contact")
    def duplicates() -> None:
        """Hold the verbs."""

    @duplicates.command("scan", help=SCAN, examples="crmkit duplicates scan sales.contact")
    @click.argument("kind")
    def scan_(kind: str) -> None:
        """Search to the end, here and now."""
        done = search(crm(), kind)
        with crm().read() as uow:
            waiting = uow.find(Pair).where(Pair.kind == kind, Pair.state == PairState.OPEN).count()
        cli.say(DONE.format(records=done.records, compared=done.compared, open=waiting))

    @duplicates.command("learn", help=LEARN, examples="crmkit duplicates learn sales.contact")
    @click.argument("kind")
    @cli.option("--forget", is_flag=True, help=FORGET)
    def learn_(kind: str, forget: bool) -> None:
        """Learn, or forget."""
        pairs = relearn(crm(), kind, forget=forget)
        cli.say(FORGOTTEN if forget else LEARNED.format(pairs=pairs))

    group.add_command(duplicates)


def search(crm: Crm, kind: str) -> Scan:
    """Search all records of a kind, one transaction after the other, and return the finished search."""
    with crm.uow() as uow:
        begun = begin(uow, kind)
    while True:
        with crm.uow() as uow:
            here = uow.get(Scan, begun.id, lock=True)
            if here.finished_at is not None or not advance(uow, here):
                return here


def relearn(crm: Crm, kind: str, *, forget: bool = False) -> int:
    """Learn the weights of a kind from its records and keep them (or drop them); return from how many pairs."""
    with crm.uow() as uow:
        here = find(uow, kind)
        uow.connection.execute(weight_table.delete().where(weight_table.c.kind == kind))
        if forget:
            return 0
        patterns = _patterns(uow, here)
        records = here.counted(uow, {}).records
        learned = learn(patterns, here.what.weights(), records)
        kept = {feature: {name: round(level.same, 6) for name, level in levels.items()} for feature, levels in learned.items()}
        uow.connection.execute(weight_table.insert().values(kind=kind, weights=kept, pairs=len(patterns)))
    return len(patterns)


def _patterns(uow: Uow, here: Declared) -> list[tuple[Pattern, float]]:
    """Return what all candidate pairs come out at, with how rare their values are, in half bits."""
    table = here.kind.table
    ids = [row[0] for row in uow.connection.execute(sa.select(table.c.id).where(table.c.archived_at.is_(None)).order_by(table.c.id))]
    size = uow.crm[DuplicatesSettings].chunk
    found: list[tuple[Pattern, float]] = []
    for start in range(0, len(ids), size):
        comparing = Comparing(uow, here)
        pairs = list(comparing.candidates(ids[start : start + size], below=True))
        comparing.read({i for pair in pairs for i in pair})
        for a, b in pairs:
            judged = comparing.judge(a, b)
            if judged is not None:
                found.append((judged.pattern, round(judged.rare * 2) / 2))
    return found
