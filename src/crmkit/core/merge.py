"""Merging two records of a kind into one: every field chosen, everything that pointed to the loser pointing to the winner.

It is one operation, and `undo` of it is the way back: the journal, other systems' keys and side tables keep where all came from.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence

import attrs
import sqlalchemy as sa

from . import operations, wire
from .deliver import changes_to_json
from .errors import Conflict, Invalid, Misuse, Problem, closest
from .events import Changed
from .field import REQUIRED, Field
from .kind import ExtensionKind, Kind
from .live import Message
from .model import Entity
from .once import unique_names, unique_rules
from .operations import merged_into
from .tables import external
from .tables import merged as merged_table
from .text import _
from .undo.apply import update
from .undo.effect import CARRIED, EXTERNAL, HELD, MERGED, extension_rows, rows_of

if t.TYPE_CHECKING:
    from .uow import Uow

Side = t.Literal["winner", "loser"]
CHUNK = 500
ITSELF = _("a record cannot be merged with itself", ru="запись нельзя объединить с самой собой")
AWAY = _("record {id} is archived; restore it first", ru="запись {id} в архиве; сначала восстановите её")
SIDES = _("choose winner or loser", ru="выберите winner или loser")
UNKNOWN = _("there is no field to choose here.{near}", ru="такого поля для выбора нет.{near}")
ONCE = _("the value may be there only once and the loser cannot do without one: choose the winner's",
    ru="значение не может повторяться, а без него вторую запись не сохранить: выберите winner")
TREE = _("one of the two lies below the other: this is settled by itself, leave it out",
    ru="одна запись лежит под другой: поле заполнится само, уберите его")
LABEL = _("Merge: {kind} {loser} into {winner}", ru="Объединение: {kind} {loser} в {winner}")


@attrs.frozen
class Choice:
    """One field of both records; `taken` says whose value the winner has in the end."""

    name: str
    label: str
    winner: t.Any
    loser: t.Any
    taken: Side


@attrs.frozen
class Merged:
    """What a merge did, or would do. `repointed` counts by kind what now belongs to the winner; `kept` what stays with the loser:
    parts the winner has already, and what may be there only once. `operation` is None for a plan."""

    winner: int
    loser: int
    choices: tuple[Choice, ...]
    repointed: Mapping[str, int]
    kept: Mapping[str, tuple[int, ...]]
    operation: int | None = None


@attrs.frozen
class _Pointer:
    """A field by which records of some kind point to ours."""

    kind: Kind
    extension: ExtensionKind | None
    field: Field

    @property
    def table(self) -> sa.Table:
        return (self.extension or self.kind).table


def merge(uow: Uow, kind: Kind, winner: int, loser: int, choose: Mapping[str, str] | None = None) -> Merged:
    """Merge record `loser` into record `winner` and say what that meant. `choose` names fields: ``{"phone": "loser"}``.

    Without a choice the winner's value stays unless it is empty. Needs the right to change both and to archive the loser;
    what points to the loser is turned round whoever sees it. The loser is archived and tells what it was merged into.
    """
    if not uow.writable:
        raise Misuse("crm.read(...) only reads; open crm.uow(...) to merge")
    with uow.whole():
        return _Merging(uow, kind, winner, loser, choose or {}, lock=True).run()


def plan(uow: Uow, kind: Kind, winner: int, loser: int, choose: Mapping[str, str] | None = None) -> Merged:
    """Say what `merge` would do: both values of every field, and how much of which kind would be turned round."""
    return _Merging(uow, kind, winner, loser, choose or {}, lock=False).plan()


class _Merging:
    def __init__(self, uow: Uow, kind: Kind, winner: int, loser: int, choose: Mapping[str, str], *, lock: bool) -> None:
        if winner == loser:
            raise Invalid(problems=[Problem("with", "invalid", ITSELF)])
        self.uow, self.kind, self.choose = uow, kind, choose
        if lock:  # and nobody may point to either meanwhile, which to hold a record alone does not forbid
            rows_of(uow, kind, sorted((winner, loser)), lock=True)
        found = {key: self._get(key, lock) for key in sorted((winner, loser))}  # in one order, so that two merges do not wait for each other
        self.winner, self.loser = found[winner], found[loser]
        uow.require(kind.permission("archive"), self.loser)
        for record in (self.winner, self.loser):
            if record.archived_at is not None:
                raise Conflict(AWAY.format(id=record.id))
        self.unique = unique_names(kind.table)
        self.problems: list[Problem] = []

    def _get(self, key: int, lock: bool) -> Entity:
        if lock:
            return operations.locked(self.uow, self.kind, key, "change", None)
        record = self.uow.get(self.kind.cls, key)
        self.uow.require(self.kind.permission("change"), record)
        return record

    # ---- what will be ------------------------------------------------------------------------------------------
    def plan(self) -> Merged:
        """Work everything out; nothing is written."""
        choices, _values = self._choices()
        repointed, kept = dict[str, int](), dict[str, tuple[int, ...]]()
        for pointer in self._pointers():
            turned, stay = self._pointing(pointer)
            _add(repointed, kept, pointer, turned, stay)
        hidden = frozenset[str]() if self.uow.elevated else self.uow.crm.access.hidden(self.uow.actor, self.kind)
        return Merged(self.winner.id, self.loser.id, tuple(c for c in choices if c.name not in hidden), repointed, kept)

    def _choices(self) -> tuple[list[Choice], dict[str, t.Any]]:
        """Return every field with whose value is taken, and the winner's new values."""
        fields = dict(self._fields())
        hidden = frozenset[str]() if self.uow.elevated else self.uow.crm.access.hidden(self.uow.actor, self.kind)
        fixed = frozenset[str]() if self.uow.elevated else self.uow.crm.access.read_only(self.uow.actor, self.kind)
        for name, side in self.choose.items():
            if name not in fields or name in hidden:
                near = closest(name, [n for n in fields if n not in hidden])
                self.problems.append(Problem(f"choose.{name}", "unknown", UNKNOWN.format(near=near)))
            elif side not in ("winner", "loser"):
                self.problems.append(Problem(f"choose.{name}", "invalid", SIDES))
            elif side == "loser" and name in fixed:
                self.problems.append(Problem(f"choose.{name}", "read-only", operations.READ_ONLY))
        choices, values = [], dict[str, t.Any]()
        for name, (field, ours, theirs) in fields.items():
            taken, value = self._choice(name, field, ours, theirs)
            choices.append(Choice(name, field.label, wire.dump(ours), wire.dump(theirs), taken))
            if value != ours:
                values[name] = value
        if self.problems:
            raise Invalid(problems=self.problems)
        return choices, values

    def _fields(self) -> Iterator[tuple[str, tuple[Field, t.Any, t.Any]]]:
        """Yield what can be chosen: fields that people write, those of side tables that both records have."""
        about = {n for f in self.kind.abouts for n in (f.name, f.about)}
        for name, field in self.kind.fields.items():
            if not (field.generated or field.secret or name == "id" or name in about):
                yield name, (field, self.winner.__dict__[name], self.loser.__dict__[name])
        for extension in self.kind.extensions.values():
            ours, theirs = self.winner.get(extension.cls), self.loser.get(extension.cls)
            if ours is not None and theirs is not None:
                for name, field in extension.fields.items():
                    if not (field.generated or field.secret or name == "id"):
                        yield f"{extension.name}.{name}", (field, ours.__dict__[name], theirs.__dict__[name])

    def _choice(self, name: str, field: Field, ours: t.Any, theirs: t.Any) -> tuple[Side, t.Any]:
        asked = self.choose.get(name)
        if field.to is self.kind.cls:
            return self._own_link(name, field, ours, theirs)
        taken: Side = "loser" if asked == "loser" or (asked is None and _empty(ours) and not _empty(theirs)) else "winner"
        if taken == "loser" and not field.nullable and ours != theirs and self._once(name):
            if asked == "loser":
                self.problems.append(Problem(f"choose.{name}", "unique", ONCE))
            taken = "winner"
        return taken, theirs if taken == "loser" else ours

    def _once(self, name: str) -> bool:
        extension, _dot, own = name.rpartition(".")
        return own in (unique_names(self.kind.extensions[extension].table) if extension else self.unique)

    def _own_link(self, name: str, field: Field, ours: t.Any, theirs: t.Any) -> tuple[Side, t.Any]:
        """A link within the kind, as in a tree: the winner takes the upper place of the two, and never points below itself."""
        both, asked = (self.winner.id, self.loser.id), self.choose.get(name)
        taken: Side
        above, below = self.loser.id in self._above(name, ours), self.winner.id in self._above(name, theirs)
        if above or below:
            if asked is not None:
                self.problems.append(Problem(f"choose.{name}", "tree", TREE))
            value, taken = (theirs, "loser") if above else (ours, "winner")
        else:
            taken = "loser" if asked == "loser" or (asked is None and ours is None and theirs is not None) else "winner"
            value = theirs if taken == "loser" else ours
        if value in both:
            value = None
        if value is None and not field.nullable:
            self.problems.append(Problem(name, "required", REQUIRED))
        return taken, value

    def _above(self, name: str, start: int | None) -> set[int]:
        """Return where a link leads, step by step."""
        table, found, here = self.kind.table, set[int](), start
        if "." in name:
            return {start} if start is not None else found
        while here is not None and here not in found:
            found.add(here)
            here = self.uow.connection.execute(sa.select(table.c[name]).where(table.c.id == here)).scalar_one_or_none()
        return found

    # ---- who points to it --------------------------------------------------------------------------------------
    def _pointers(self) -> Iterator[_Pointer]:
        for kind in self.uow.crm.kinds.values():
            if getattr(kind.cls, "__stays_with_loser__", False):  # it tells of the two records, not of what they stand for
                continue
            for field in kind.fields.values():
                if field.to is self.kind.cls or field.about is not None:
                    yield _Pointer(kind, None, field)
            for extension in kind.extensions.values():
                for field in extension.fields.values():
                    if field.to is self.kind.cls and field.name != "id":
                        yield _Pointer(kind, extension, field)

    def _pointing(self, pointer: _Pointer) -> tuple[list[int], list[int]]:
        """Return which records point to the loser: those to turn round, and those that must stay as they are."""
        table, name = pointer.table, pointer.field.name
        column = table.c[name]
        mine = sa.select(table.c.id).where(column == self.loser.id)
        if pointer.field.about is not None:
            mine = mine.where(table.c[pointer.field.about] == self.kind.key)
        if pointer.kind is self.kind:
            mine = mine.where(table.c.id.not_in((self.winner.id, self.loser.id)))
        keys = list(self.uow.connection.execute(mine.order_by(table.c.id)).scalars())
        if not keys:
            return [], []
        stay = self._taken(pointer)
        if pointer.field.part and pointer.extension is None:
            stay |= self._doubles(pointer)
        return [k for k in keys if k not in stay], [k for k in keys if k in stay]

    def _taken(self, pointer: _Pointer) -> set[int]:
        """Return the records whose place with the winner is taken: something that may be there only once."""
        table, name = pointer.table, pointer.field.name
        found: set[int] = set()
        for columns in unique_rules(table):
            if name in columns:
                there = table.alias()
                same = [there.c[c] == table.c[c] for c in columns if c != name]
                taken = sa.select(table.c.id).join(there, sa.and_(there.c[name] == self.winner.id, *same)).where(table.c[name] == self.loser.id)
                found |= set(self.uow.connection.execute(taken).scalars())
        return found

    def _doubles(self, pointer: _Pointer) -> set[int]:
        """Return the loser's parts that the winner has as well: a telephone number is not written down twice."""
        kind, name = pointer.kind, pointer.field.name
        table = kind.table
        where = sa.and_(table.c[name].in_((self.winner.id, self.loser.id)), table.c.archived_at.is_(None))
        rows = [dict(zip(kind.names, row, strict=True)) for row in self.uow.connection.execute(sa.select(table).where(where))]
        ours = [row for row in rows if row[name] == self.winner.id]
        key: Sequence[str] | None = getattr(kind.cls, "__part_key__", None)
        return {row["id"] for row in rows if row[name] == self.loser.id and any(_same_part(kind, name, key, row, mine) for mine in ours)}

    # ---- doing it ----------------------------------------------------------------------------------------------
    def run(self) -> Merged:
        """Merge."""
        uow, kind = self.uow, self.kind
        choices, values = self._choices()
        label = LABEL.format(kind=kind.label, loser=self.loser.id, winner=self.winner.id)
        number = uow.operation_id
        began = number is None
        if number is None:
            number = uow.operation("merge", label, of=kind.key, winner=self.winner.id, loser=self.loser.id)
        uow.flush()
        repointed, kept = dict[str, int](), dict[str, tuple[int, ...]]()
        with uow.as_system():
            self._take(values)
            for extension in kind.extensions.values():
                self._carry(extension)
            for pointer in self._pointers():
                turned, stay = self._pointing(pointer)
                self._turn(pointer, turned)
                _add(repointed, kept, pointer, turned, stay)
            if "crm_merge" in uow.crm.hooked:
                uow.crm.hook.crm_merge(kind=kind, winner=self.winner, loser=self.loser, uow=uow)
                uow.flush()
            uow.archive(self.loser)
            self._note(number)
        if began:
            uow.finish(repointed=sum(repointed.values()))
        return Merged(self.winner.id, self.loser.id, tuple(choices), repointed, kept, number)

    def _take(self, values: Mapping[str, t.Any]) -> None:
        """Give the winner its values; what may be there only once is taken from the loser first."""
        for name in values:
            extension, _dot, own = name.rpartition(".")
            holder: t.Any = self.loser.get(self.kind.extensions[extension].cls) if extension else self.loser
            if self._once(name) and values[name] is not None and holder.__dict__[own] == values[name]:
                _set(holder, own, None)
        self.uow.flush()
        for name, value in values.items():
            extension, _dot, own = name.rpartition(".")
            _set(self.winner.get(self.kind.extensions[extension].cls) if extension else self.winner, own, value)
        self.uow.flush()

    def _carry(self, extension: ExtensionKind) -> None:
        """Let a side row that only the loser has follow to the winner, as it is: secrets and all."""
        if self.winner.get(extension.cls) is not None or self.loser.get(extension.cls) is None:
            return
        uow, kind, table = self.uow, self.kind, extension.table
        row = extension_rows(uow, extension, [self.loser.id])[self.loser.id]
        uow.connection.execute(table.update().where(table.c.id == self.loser.id).values(id=self.winner.id))
        held = {f"{extension.name}.{n}": v for n, v in row.items() if n != "id" and v is not None}
        for record, other, gains in ((self.loser, self.winner, False), (self.winner, self.loser, True)):
            marked = held | {f"{extension.name}.id": record.id}
            changes = {n: (None, v) if gains else (v, None) for n, v in marked.items()}
            noted = changes_to_json(kind, changes)
            uow.settling.journal(kind.key, record.id, "changed", noted | {CARRIED: {extension.name: other.id}})
            update(uow, kind.table, [(record.id, {"version": record.version + 1, "updated_at": uow.now})])
            record.__dict__.pop("_extensions", None)
            present = rows_of(uow, kind, [record.id])[record.id]
            uow.records.adopt(kind, [present[n] for n in kind.names])
            record.get(extension.cls)
            uow.messages[Message(kind.key, record.id)] = None
            uow.settling.gathered.note(kind, record.id, record, changes)
            uow.settling.queue(Changed(record, changes))

    def _turn(self, pointer: _Pointer, keys: Sequence[int]) -> None:
        """Let records point to the winner, as if somebody had edited them: with journal, rules and automations."""
        uow, kind, name = self.uow, pointer.kind, pointer.field.name
        for start in range(0, len(keys), CHUNK):
            some = keys[start : start + CHUNK]
            for row in rows_of(uow, kind, some, lock=True).values():
                record = uow.records.adopt(kind, [row[n] for n in kind.names])
                holder: t.Any = record if pointer.extension is None else record.get(pointer.extension.cls)
                _set(holder, name, self.winner.id)
            uow.flush()

    def _note(self, number: int) -> None:
        """Remember what was merged into what, and let the names other systems have for the loser mean the winner."""
        uow, kind, e = self.uow, self.kind, external.c
        mine = sa.and_(e.kind == kind.key, e.record_id == self.loser.id)
        held = [list(row) for row in uow.connection.execute(sa.select(e.source, e.external_id, e.digest, e.operation).where(mine))]
        uow.connection.execute(external.update().where(mine).values(record_id=self.winner.id))
        row = {"kind": kind.key, "loser_id": self.loser.id, "winner_id": self.winner.id, "operation": number, "at": uow.now}
        uow.connection.execute(merged_table.insert().values(row))
        # Frozen, not moved: what waits names the loser in its arguments. Not cancelled either: an undo sets it going again.
        uow.crm.jobs.hold(uow.connection, uow.subject(self.loser))
        into = [self.winner.id, number, wire.moment(uow.now)]
        keys = {EXTERNAL: [held, []]} if held else {}
        told = {"merged_into": [None, self.winner.id], MERGED: [[], [into]], HELD: [False, True], **keys}
        uow.settling.journal(kind.key, self.loser.id, "merged", told)
        keys = {EXTERNAL: [[], held]} if held else {}
        uow.settling.journal(kind.key, self.winner.id, "merged", {"merged_from": [None, self.loser.id], **keys})
        uow.messages[Message(kind.key, self.winner.id)] = None


def _set(holder: t.Any, name: str, value: t.Any) -> None:
    if type(holder).__fields__[name].generated:
        holder.__dict__[name] = value
        holder.__dict__["_uow"].records.touch(holder)
    else:
        setattr(holder, name, value)


def _add(repointed: dict[str, int], kept: dict[str, tuple[int, ...]], pointer: _Pointer, turned: Sequence[int], stay: Sequence[int]) -> None:
    key = pointer.kind.key
    if turned:
        repointed[key] = repointed.get(key, 0) + len(turned)
    if stay:
        kept[key] = (*kept.get(key, ()), *stay)


def _empty(value: t.Any) -> bool:
    return value is None or value in ("", [], {})


def _same_part(kind: Kind, whole: str, key: Sequence[str] | None, one: Mapping[str, t.Any], other: Mapping[str, t.Any]) -> bool:
    """True when two parts say the same: their `__part_key__`, or all that both have filled in; marks (yes or no) aside."""
    if key is not None:
        return all(one[n] == other[n] for n in key)
    told = [n for n, f in kind.fields.items() if n not in ("id", whole) and not f.generated and f.type is not bool]
    both = [n for n in told if not _empty(one[n]) and not _empty(other[n])]
    return bool(both) and all(one[n] == other[n] for n in both)


__all__ = ["Choice", "Merged", "merge", "merged_into", "plan"]
