"""Upgrading and stepping back: plugin by plugin in dependency order, each in one transaction."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from ..errors import closest
from . import ledger, words
from .owner import Owner, Revision, checked_history, ordered, owner_of, pick, prefix_problems
from .park import adopt
from .status import state_of
from .store import changing, count_rows, listed, read_versions, referrers, tables_in, write_version
from .words import SchemaError

if t.TYPE_CHECKING:
    from .steps import Step

Progress = Callable[["Step"], None]


def upgrade(
    engine: sa.Engine, owners: Iterable[Owner], target: str | None = None, progress: Progress | None = None
) -> list[Step]:
    """Bring every schema to its newest revision and return the steps that ran.

    `target` limits it: a plugin's name, or one of its revisions (``"sales_0002"``); what it requires goes first, to the
    newest. `progress` hears of each step before it runs. A plugin uninstalled before gets its data back here.
    Safe to run from two processes: the second waits, and finds nothing left to do.
    """
    order = ordered(owners)
    chosen, stop = _chosen(order, target)
    counter = _Counter(progress, _look(engine, order, chosen, stop))
    for owner in chosen:
        goal = stop if stop is not None and owner is chosen[-1] else None
        with changing(engine, owner.name) as connection:
            _one(connection, owner, goal, order, counter)
    return counter.done


def downgrade(
    engine: sa.Engine,
    owners: Iterable[Owner],
    name: str,
    *,
    confirm: str | None = None,
    progress: Progress | None = None,
) -> Step:
    """Step one plugin back by one revision and return that step.

    `confirm` is the plugin's name when rows would be lost with their tables.
    """
    from .steps import run

    order = ordered(owners)
    owner = pick(name, order)
    with changing(engine, name) as connection:
        present = tables_in(connection)
        versions, known = read_versions(connection, present), ledger.read(connection, present)
        state, revisions = state_of(owner, versions, known), checked_history(owner)
        _refuse_ahead(state.current, state.head, state.state, name)
        if state.current is None or state.state == "parked":
            raise SchemaError(words.AT_BASE.format(plugin=name))
        at = [revision.id for revision in revisions].index(state.current)
        if at == 0:
            _refuse_loss(connection, owner, order, present, state.current, confirm)
        counter = _Counter(progress, 1)
        run(
            connection,
            owner,
            revisions[at - 1].id if at else "base",
            down=True,
            names=_names(order),
            before=counter.of(owner),
        )
        present = tables_in(connection)
        if ledger.PLUGIN.name in present:
            if at:
                ledger.note_installed(connection, owner, revisions[at - 1].id, known, present)
            else:
                ledger.forget(connection, name)
    return counter.done[0]


def create(engine: sa.Engine, owners: Iterable[Owner]) -> None:
    """Create every table straight from the models and call it current: for tests, where the history does not matter."""
    from .models import merged

    order = ordered(owners)
    with changing(engine, "crmkit") as connection:
        merged([table for owner in order for table in owner.tables]).create_all(connection)
        present = tables_in(connection)
        for owner in order:
            revisions = checked_history(owner)
            if revisions:
                write_version(connection, owner.name, revisions[-1].id)
            if ledger.PLUGIN.name in present:
                ledger.note_installed(connection, owner, revisions[-1].id if revisions else None, {}, present)


class _Counter:
    """Counts steps over the whole command and passes them on."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total = progress, total
        self.done: list[Step] = []

    def of(self, owner: Owner) -> Callable[[Revision], None]:
        from .steps import Step

        def before(revision: Revision) -> None:
            number = len(self.done) + 1
            self.done.append(Step(owner.name, revision.id, revision.title, number, max(number, self.total)))
            if self.progress is not None:
                self.progress(self.done[-1])

        return before


def _names(order: Iterable[Owner]) -> list[str]:
    return [owner.name for owner in order]


def _chosen(order: Sequence[Owner], target: str | None) -> tuple[list[Owner], str | None]:
    """Return the owners to upgrade, in order, and the revision the last of them stops at."""
    if target is None:
        return list(order), None
    names = _names(order)
    name = target if target in names else owner_of(target, names)
    revision = None if target in names else target
    if revision is not None:
        known = [found.id for owner in order for found in checked_history(owner)]
        if name is None or revision not in known:
            raise SchemaError(words.TARGET.format(target=target, near=closest(target, [*known, *names])))
    wanted = {name}
    for owner in reversed(order):
        if owner.name in wanted:
            wanted.update(owner.requires)
    chosen = [owner for owner in order if owner.name in wanted or owner.name == "core"]
    return chosen, revision


def _look(engine: sa.Engine, order: Sequence[Owner], chosen: Sequence[Owner], stop: str | None) -> int:
    """Refuse what cannot end well before anything is touched; return how many steps there are."""
    with engine.connect() as connection:
        present = tables_in(connection)
        versions, known = read_versions(connection, present), ledger.read(connection, present)
    total = 0
    for owner in chosen:
        if problems := prefix_problems(owner):
            raise SchemaError(words.joined(problems, "\n"))
        revisions = checked_history(owner)
        if owner.tables and not revisions:
            raise SchemaError(words.NO_SCRIPTS.format(plugin=owner.name, path=owner.scripts))
        state = state_of(owner, versions, known)
        _refuse_ahead(state.current, state.head, state.state, owner.name)
        total += len(state.pending)
    return total


def _refuse_ahead(current: str | None, head: str | None, state: str, name: str) -> None:
    if state == "ahead":
        raise SchemaError(words.AHEAD.format(plugin=name, current=current, head=head or words.BASE))


def _one(connection: sa.Connection, owner: Owner, goal: str | None, order: Sequence[Owner], counter: _Counter) -> None:
    """Upgrade one plugin in the open transaction, reading everything again: another process may just have been here."""
    present = tables_in(connection)
    known = ledger.read(connection, present)
    entry = known.get(owner.name)
    if entry is not None and entry.state == ledger.PARKED:
        adopt(connection, entry, present)
        present = tables_in(connection)
    state = state_of(owner, read_versions(connection, present), {})
    _refuse_ahead(state.current, state.head, state.state, owner.name)
    ids = [revision.id for revision in state.pending]
    if goal is None or goal in ids:
        if ids:
            from .steps import run

            run(connection, owner, goal or ids[-1], names=_names(order), before=counter.of(owner))
            present = tables_in(connection)
        if ledger.PLUGIN.name in present:
            ledger.note_installed(connection, owner, goal or state.head, known, present)


def _refuse_loss(
    connection: sa.Connection,
    owner: Owner,
    order: Sequence[Owner],
    present: set[str],
    current: str,
    confirm: str | None,
) -> None:
    own = sorted(name for name in present if owner_of(name, {"core", *_names(order)}) == owner.name)
    for child, target in referrers(connection, own):
        other = owner_of(child, _names(order)) or child
        raise SchemaError(
            words.REFERRED.format(plugin=owner.name, table=child, other=other, target=target, way=words.UNINSTALL_FIRST)
        )
    rows = {table: count for table, count in count_rows(connection, own).items() if count}
    if rows and confirm != owner.name:
        raise SchemaError(words.WOULD_LOSE.format(revision=current, plugin=owner.name, rows=listed(rows)))
