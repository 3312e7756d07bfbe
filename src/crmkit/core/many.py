"""One edit of many records at once, as lists need it: chosen by key or by a filter, all or none, undone as one."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from . import operations
from .errors import Invalid, Problem
from .field import REQUIRED
from .kind import Kind
from .model import Entity, Staged
from .records import NO_SUCH
from .text import Text, _
from .undo.effect import rows_of

if t.TYPE_CHECKING:
    from .uow import Uow

MOST, CHUNK, MAX_PROBLEMS = 10_000, 500, 100
ACTIONS: Mapping[str, Text] = {
    "change": _("change", ru="изменение"), "move": _("move", ru="перевод"), "archive": _("archive", ru="в архив"),
    "restore": _("restore", ru="из архива"),
}  # fmt: skip
TOO_MANY = _("at most {most} records at once; narrow the filter", ru="не больше {most} записей за раз; сузьте фильтр")
EITHER = _("give either ids or a filter", ru="укажите либо ids, либо filter")
LABEL = _("{action}: {kind}, {count}", ru="{action}: {kind}, {count}")


@attrs.frozen
class Many:
    """What was done: to which records, under which operation (None when there were none)."""

    ids: tuple[int, ...]
    operation: int | None


def change_many(
    uow: Uow, kind: Kind, action: str, *, ids: Sequence[int] | None = None, filter: t.Any = None, values: Mapping[str, t.Any] | None = None,
    stage: str | None = None, pipeline: str | None = None,
) -> Many:  # fmt: skip
    """Change, move, archive or restore many records as one operation: `values` are JSON, the rules those of one record.

    Rights are asked for each record; one that may not be touched, or will not do, refuses all, under its own number
    (``17.amount``). A filter finds what the actor may see, archived records only for ``restore``.
    """
    right = "archive" if action == "restore" else action
    if action not in ACTIONS:
        raise Invalid(problems=[Problem("action", "unknown", operations.UNKNOWN.format(near=f" {', '.join(ACTIONS)}"))])
    uow.require(kind.permission(right))
    uow.flush()
    keys = _chosen(uow, kind, action, ids, filter)
    if not keys:
        return Many((), None)
    if values:
        uow.require(kind.permission("change"))
    _allowed(uow, kind, {right, "change"} if values else {right}, keys)
    began = uow.operation_id is None
    label = LABEL.format(action=ACTIONS[action], kind=kind.plural, count=len(keys))
    number = uow.operation("bulk", label, of=kind.key, action=action, count=len(keys)) if began else uow.operation_id
    with uow.whole():
        work = _Work(uow, kind, action, values or {}, stage, pipeline)
        for start in range(0, len(keys), CHUNK):
            work.some(keys[start : start + CHUNK])
        work.refuse()
    if began:
        uow.finish()
    return Many(tuple(keys), number)


def _chosen(uow: Uow, kind: Kind, action: str, ids: Sequence[int] | None, tree: t.Any) -> list[int]:
    """Return the keys of what is to be edited; what the actor may not see looks as if it did not exist."""
    if (ids is None) == (tree is None):
        raise Invalid(problems=[Problem("ids", "invalid", EITHER)])
    table = kind.table
    if ids is not None:
        keys = list(dict.fromkeys(ids))
        if len(keys) > MOST:
            raise Invalid(problems=[Problem("ids", "too-many", TOO_MANY.format(most=MOST))])
        missing = set(keys) - _those(uow, kind, "read", keys)
        if missing:
            raise Invalid(problems=[Problem(f"ids.{i}", "reference", NO_SUCH) for i, key in enumerate(ids) if key in missing][:MAX_PROBLEMS])
        return sorted(keys)
    away = table.c.archived_at.is_not(None) if action == "restore" else table.c.archived_at.is_(None)
    found = sa.select(table.c.id).where(table.c.id.in_(uow.visible(kind.cls, filter=tree)), away).order_by(table.c.id).limit(MOST + 1)
    keys = list(uow.connection.execute(found).scalars())
    if len(keys) > MOST:
        raise Invalid(problems=[Problem("filter", "too-many", TOO_MANY.format(most=MOST))])
    return keys


def _those(uow: Uow, kind: Kind, right: str, keys: Sequence[int]) -> set[int]:
    """Return those of the keys on which the actor holds a right."""
    table, found = kind.table, set[int]()
    for start in range(0, len(keys), CHUNK):
        some = table.c.id.in_(keys[start : start + CHUNK])
        found |= set(uow.connection.execute(sa.select(table.c.id).where(some, table.c.id.in_(uow.visible(kind.cls, right)))).scalars())
    return found


def _allowed(uow: Uow, kind: Kind, rights: set[str], keys: Sequence[int]) -> None:
    if uow.elevated:
        return
    for right in sorted(rights):
        if len(_those(uow, kind, right, keys)) != len(keys):
            uow.forbid(kind.permission(right))


class _Work:
    def __init__(self, uow: Uow, kind: Kind, action: str, values: Mapping[str, t.Any], stage: str | None, pipeline: str | None) -> None:
        self.uow, self.kind, self.action, self.values, self.stage, self.pipeline = uow, kind, action, values, stage, pipeline
        self.problems: list[Problem] = []
        self.right = kind.permission("archive" if action == "restore" else action)
        if action == "move" and not stage:
            raise Invalid(problems=[Problem("stage", "required", REQUIRED)])
        # Most edits are the same for every record: read once. A side table's may be new to one record and known to another.
        alike = not any(name in kind.extensions for name in values)
        self.read = operations.read_values(uow, kind, values, None) if alike else None

    def some(self, keys: Sequence[int]) -> None:
        """Edit some records, held until the end of the transaction."""
        uow, kind = self.uow, self.kind
        for row in rows_of(uow, kind, keys, lock=True).values():
            record = uow.adopt(kind, [row[n] for n in kind.names])
            if "crm_may" in uow.crm.hooked and not uow.elevated and not uow.crm.access.may(uow.actor, self.right, record):
                uow.forbid(self.right)
            try:
                self._one(record)
            except Invalid as refusal:
                self.problems += [attrs.evolve(p, path=f"{record.id}.{p.path}" if p.path else str(record.id)) for p in refusal.problems]
                if len(self.problems) >= MAX_PROBLEMS or self.action != "move" or uow._broken is not None:
                    self.refuse()

    def _one(self, record: Entity) -> None:
        uow = self.uow
        if self.action == "archive":
            uow.archive(record)
        elif self.action == "restore":
            uow.restore(record)
        else:
            own, extensions = self.read or operations.read_values(uow, self.kind, self.values, record)
            for extension, given in extensions.items():
                operations.change_extension(record, extension, given)
            if self.action == "change":
                for name, value in own.items():
                    setattr(record, name, value)
                uow.flush()
            else:
                staged = t.cast(Staged, record)
                to = operations.find_stage(uow, self.kind, t.cast(str, self.stage), self.pipeline or staged.pipeline)
                uow.move(staged, to, own)

    def refuse(self) -> None:
        """Refuse everything when something will not do."""
        if self.problems:
            raise Invalid(problems=self.problems[:MAX_PROBLEMS])
