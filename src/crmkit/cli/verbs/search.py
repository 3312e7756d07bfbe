"""``crmkit search``."""

from __future__ import annotations

import typing as t

import click

from ..load import ready_crm
from ..speak import _, say, working
from ..verb import group

if t.TYPE_CHECKING:
    from crmkit.core.search.reindex import Progress

HELP = _(
    "Look after the search index.\n\nIt keeps itself in step with what is written through crmkit. Only after search=True was added to a "
    "field or taken away, or after a table was filled by other means, it must be brought in step once.",
    ru="Следить за поисковым индексом.\n\nОн обновляется сам при любой записи через crmkit. Только если у поля появилось или исчезло "
    "search=True либо таблицу заполнили другим способом, индекс нужно один раз привести в порядок.",
)
EXAMPLES = """
crmkit search check
crmkit search reindex
crmkit search reindex sales.contact
"""


@group("search", HELP, EXAMPLES)
def search() -> None:
    """Hold the verbs."""


def _walk(names: tuple[str, ...], write: bool) -> list[Progress]:
    from crmkit.core.search.reindex import reindex

    crm = ready_crm()
    last: dict[str, Progress] = {}
    with working(_("Comparing records and index", ru="Сверка записей и индекса")) as shown:
        for step in reindex(crm, [crm.kind(n) for n in names] or None, write=write):
            last[step.kind.key] = step
            shown.on(f"{step.kind.key}: {step.seen}")
    return list(last.values())


@search.command(
    "reindex",
    help=_(
        "Write what is missing or wrong in the index. May be stopped and started again, and runs beside everyday work.",
        ru="Дописать недостающее и исправить неверное в индексе. Можно остановить и запустить снова; не мешает обычной работе.",
    ),
    examples="crmkit search reindex\ncrmkit search reindex sales.contact sales.company",
)
@click.argument("kinds", nargs=-1)
def reindex_(kinds: tuple[str, ...]) -> None:
    """Bring it in step."""
    for step in _walk(kinds, write=True):
        words = _(
            "{kind}: records {seen}, written {wrong}, dropped {orphans}", ru="{kind}: записей {seen}, записано {wrong}, удалено {orphans}"
        )
        say(words, kind=step.kind.key, seen=step.seen, wrong=step.wrong, orphans=step.orphans)


@search.command(
    "check",
    help=_("Compare index and records; code 1 when they differ.", ru="Сверить индекс с записями; код 1, если они расходятся."),
    examples="crmkit search check",
)
@click.argument("kinds", nargs=-1)
def check(kinds: tuple[str, ...]) -> int:
    """Compare them."""
    from crmkit.core.search.reindex import is_whole

    found = [step for step in _walk(kinds, write=False) if step.wrong or step.orphans]
    for step in found:
        words = _(
            "{kind}: of {seen} records {wrong} are not found as they should be, {orphans} are found and gone; run `crmkit search reindex`",
            ru="{kind}: из записей ({seen}) неверно находятся {wrong}, удалены, но находятся {orphans}; запустите `crmkit search reindex`",
        )
        say(words, kind=step.kind.key, seen=step.seen, wrong=step.wrong, orphans=step.orphans)
    whole = is_whole(ready_crm())
    if not whole:
        say(_("SQLite's full text is broken; run `crmkit search reindex`", ru="Полный текст SQLite повреждён; запустите `crmkit search reindex`"))
    if not found and whole:
        say(_("index and records agree", ru="индекс и записи сходятся"))
    return int(bool(found) or not whole)
