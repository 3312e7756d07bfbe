"""``crmkit jobs``."""

from __future__ import annotations

import click

from ..load import ready_crm
from ..speak import _, say, table
from ..verb import group, option

HELP = _(
    "See what waits and what failed, and try it again.\n\nA job that failed ten times is dead: it is kept until it is replayed or discarded.",
    ru="Показать, что ждёт и что сорвалось, и повторить.\n\nЗадание, сорвавшееся десять раз, считается мёртвым и хранится до повтора или удаления.",
)
EXAMPLES = """
crmkit jobs list --state dead
crmkit jobs replay 17 18
crmkit jobs replay --all
"""
STATES = ("pending", "running", "queued", "held", "dead")


@group("jobs", HELP, EXAMPLES)
def jobs() -> None:
    """Hold the verbs."""


@jobs.command(
    "list",
    help=_("List jobs; code 1 when some are dead.", ru="Показать задания; код 1, если есть мёртвые."),
    examples="crmkit jobs list --state dead --limit 20",
)
@option("--state", type=click.Choice(STATES), help=_("Only those.", ru="Только такие."))
@option("--plugin", help=_("Only those of a plugin.", ru="Только одного плагина."))
@option("--limit", default=50, show_default=True, help=_("At most so many.", ru="Не больше стольких."))
def list_(state: str | None, plugin: str | None, limit: int) -> int:
    """List them."""
    crm = ready_crm()
    counts = crm.jobs.counts()
    rows = []
    for job in crm.jobs.find(state, plugin=plugin, limit=limit):
        why = (job.error or "").strip().rpartition("\n")[2][:60]
        rows.append(
            (
                job.id,
                job.state,
                job.kind,
                f"{job.due:%Y-%m-%d %H:%M:%S}",
                f"{job.attempts}/{job.max_attempts}",
                job.subject or "-",
                why,
            )
        )
    head = [
        _("no.", ru="№"),
        _("state", ru="состояние"),
        _("kind", ru="вид"),
        _("due", ru="срок"),
        _("attempts", ru="попытки"),
        _("about", ru="о чём"),
        _("error", ru="ошибка"),
    ]
    table(rows, head)
    say(", ".join(f"{name}: {count}" for name, count in counts.items() if count) or _("Nothing waits.", ru="Ничего не ждёт."))
    for unknown in crm.jobs.unknown():
        say(
            _(
                "Nobody here handles {kind} ({count} waiting): is a plugin missing?",
                ru="Здесь некому выполнять {kind} (ждёт: {count}): не хватает плагина?",
            ),
            kind=unknown.kind,
            count=unknown.count,
        )
    return int(bool(counts.get("dead")))


def _chosen(numbers: tuple[int, ...], everything: bool) -> list[int] | None:
    if bool(numbers) == everything:
        raise click.UsageError(str(_("name jobs by number, or say --all")))
    return None if everything else list(numbers)


@jobs.command(
    "replay",
    help=_("Let dead jobs run again.", ru="Повторить мёртвые задания."),
    examples="crmkit jobs replay 17 18\ncrmkit jobs replay --all",
)
@click.argument("numbers", type=int, nargs=-1)
@option("--all", "everything", is_flag=True, help=_("All of them.", ru="Все."))
def replay(numbers: tuple[int, ...], everything: bool) -> None:
    """Let them run."""
    chosen = _chosen(numbers, everything)
    crm = ready_crm()
    with crm.jobs.begin() as work:
        count = crm.jobs.replay(work.connection, chosen)
    say(_("Jobs that will run again: {count}", ru="Будут повторены задания: {count}"), count=count)


@jobs.command(
    "discard",
    help=_("Forget dead jobs for good.", ru="Навсегда забыть мёртвые задания."),
    examples="crmkit jobs discard 17",
)
@click.argument("numbers", type=int, nargs=-1)
@option("--all", "everything", is_flag=True, help=_("All of them.", ru="Все."))
def discard(numbers: tuple[int, ...], everything: bool) -> None:
    """Forget them."""
    chosen = _chosen(numbers, everything)
    crm = ready_crm()
    with crm.jobs.begin() as work:
        count = crm.jobs.discard(work.connection, chosen)
    say(_("Forgotten: {count}", ru="Забыто: {count}"), count=count)
