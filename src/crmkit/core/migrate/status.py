"""Where every plugin's schema stands; cheap enough to ask at every start (Alembic is not imported)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from ..text import Text
from . import ledger, words
from .owner import Owner, Revision, State, history, ordered
from .store import read_versions, tables_in
from .words import NotMigrated


def status(engine: sa.Engine, owners: Iterable[Owner]) -> list[State]:
    """Return the state of every owner in dependency order, then of disabled and parked plugins."""
    order = ordered(owners)
    with engine.connect() as connection:
        present = tables_in(connection)
        versions, known = read_versions(connection, present), ledger.read(connection, present)
    found = [state_of(owner, versions, known) for owner in order]
    for name in sorted((versions.keys() | known.keys()) - {owner.name for owner in order}):
        entry = known.get(name)
        if entry is not None and entry.state == ledger.PARKED:
            found.append(State(name, "parked", entry.version, None, tables=tuple(entry.tables.values())))
        else:
            found.append(State(name, "disabled", versions.get(name), None, tables=tuple(entry.tables) if entry else ()))
    return found


def state_of(owner: Owner, versions: dict[str, str | None], known: dict[str, ledger.Entry]) -> State:
    """Return where one owner stands, from what the database said."""
    revisions = history(owner)
    head = revisions[-1].id if revisions else None
    entry = known.get(owner.name)
    tables = tuple(entry.tables.values()) if entry else ()
    if entry is not None and entry.state == ledger.PARKED:
        return State(owner.name, "parked", entry.version, head, after(revisions, entry.version), tables)
    current = versions.get(owner.name)
    if current is None:
        return State(
            owner.name, "current" if head is None and not owner.tables else "new", None, head, tuple(revisions), tables
        )
    if current not in [revision.id for revision in revisions]:
        return State(owner.name, "ahead", current, head, (), tables)
    pending = after(revisions, current)
    return State(owner.name, "behind" if pending else "current", current, head, pending, tables)


def after(revisions: Sequence[Revision], current: str | None) -> tuple[Revision, ...]:
    """Return the revisions that follow `current`."""
    ids = [revision.id for revision in revisions]
    return tuple(revisions[ids.index(current) + 1 :] if current in ids else revisions)


def is_current(engine: sa.Engine, owners: Iterable[Owner]) -> None:
    """Raise `NotMigrated`, with every reason and what to type, unless the database fits the program."""
    given = list(owners)
    names = {owner.name for owner in given}
    states = [state for state in status(engine, given) if state.name in names]
    if problems := [_sentence(state, given) for state in states if state.state != "current"]:
        raise NotMigrated(problems)


def _sentence(state: State, owners: list[Owner]) -> Text:
    owner = next(owner for owner in owners if owner.name == state.name)
    if state.state == "parked":
        return words.PARKED.format(plugin=state.name)
    if state.head is None:
        return words.NO_SCRIPTS.format(plugin=state.name, path=owner.scripts)
    if state.state == "new":
        return words.NEW.format(plugin=state.name)
    text = words.AHEAD if state.state == "ahead" else words.BEHIND
    return text.format(plugin=state.name, current=state.current, head=state.head)
