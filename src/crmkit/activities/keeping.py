"""Keeping files and records together: content goes in before its record, and out after it; what is left over is swept up."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import typing as t
from collections.abc import Iterator

import attrs
import sqlalchemy as sa

from crmkit import Conflict, Crm, Permission, Tick, Uow, _, command, every, outside

from .entities import File
from .settings import ActivitiesSettings
from .store import day_of, store_of

log = logging.getLogger("crmkit.activities")
REMOVE = Permission("activities.remove", _("Remove the content of files for good", ru="Безвозвратно удалять содержимое файлов"))
GONE = _("the content has been removed already", ru="содержимое уже удалено")
CHUNK = 500


@attrs.frozen
class Sweep:
    """It is time to look for content that no record knows."""


@attrs.frozen
class ContentRemoved:
    """The content of a file is to go; its record stays, and tells that there was a file."""

    file_id: int


@command(_("Remove for good", ru="Удалить безвозвратно"), of=File, permission=REMOVE)
def remove(file: File, uow: Uow) -> File:
    """Remove the content of a file for good, and put its record into the archive."""
    if file.removed_at is not None:
        raise Conflict(GONE)
    uow.keep(file, removed_at=uow.now)
    uow.archive(file)
    uow.emit(ContentRemoved(file.id))
    return file


@outside(ContentRemoved)
def remove_content(event: ContentRemoved, crm: Crm) -> None:
    """Delete content once the commit has said so; asked again after a crash, it finds nothing left to do."""
    with crm.read() as uow:
        file = uow.peek(File, event.file_id)
    if file is not None and file.removed_at is not None:
        store_of(crm).delete(file.key)


@every(cron="40 3 * * *")
def sweep_nightly(tick: Tick, uow: Uow) -> None:
    """Look for content without a record, at a quiet hour."""
    uow.emit(Sweep())


@outside(Sweep)
def sweep(event: Sweep, crm: Crm) -> None:
    """Delete content that no record knows: of uploads that failed half way, and of records that were deleted."""
    before = (crm.clock.now() - crm[ActivitiesSettings].orphans_after).date()
    store, count = store_of(crm), 0
    old = (key for key in store.every() if _is_old(key, before))
    for keys in _chunks(old):
        for key in sorted(set(keys) - _known(crm, keys)):
            store.delete(key)
            count += 1
    if count:
        log.info("removed %s pieces of content that no record knows", count)


def _is_old(key: str, before: dt.date) -> bool:
    day = day_of(key)
    return day is not None and day < before


def _known(crm: Crm, keys: t.Sequence[str]) -> set[str]:
    table = File.__table__
    wanted = sa.select(table.c.key).where(table.c.key.in_(keys), table.c.removed_at.is_(None))
    with crm.read() as uow:
        return set(uow.connection.execute(wanted).scalars())


def _chunks(keys: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(itertools.islice(keys, CHUNK)):
        yield chunk
