"""Undoing, once nothing stands in the way: by the thousand, within one transaction."""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from ..deliver import changes_from_json
from ..errors import Conflict, Invalid
from ..events import Undone
from ..kind import ExtensionKind, Kind
from ..live import Message
from ..model import Entity
from ..once import unique_names
from ..records import explain_integrity
from ..settle import HOUSEKEEPING, Total, total_of, total_row
from ..text import _
from ..written import Written, settled, told
from .beside import Asides, Beside
from .check import Findings
from .effect import CARRIED, Effect, Rows, effects, load, resolve, rows_of, shown, touched_extensions, with_extensions
from .unit import Keys, Unit, among, chunks, find, in_order

if t.TYPE_CHECKING:
    from ..uow import Uow

Values = dict[str, t.Any]
FEW = 1000
BUSY = _("a record changed while this was being undone; try again", ru="запись изменилась во время отмены; повторите")


class Undoing:
    """Takes a unit back. The records are locked and checked."""

    def __init__(self, uow: Uow, unit: Unit, keys: Mapping[str, Keys], findings: Findings) -> None:
        self.uow, self.unit, self.keys, self.names = uow, unit, keys, findings.names
        self.beside = Beside(uow, unit)
        self.kinds = in_order(uow.crm, keys)
        self.count = sum(len(k.made) + len(k.gone) + len(k.changed) for k in keys.values())
        self._sums: dict[tuple[str, Total], int] = collections.defaultdict(int)

    def run(self) -> None:
        """Make room for values that may be there only once, bring back what was removed, turn links round, remove, change."""
        self.beside.cancel_scheduled()
        for kind in self.kinds:
            self._each(kind, self.keys[kind.key].changed, self._make_room)
        for kind in self.kinds:
            self._each(kind, self.keys[kind.key].gone, self._recreate)
        for kind in self.kinds:
            self._each(kind, self.keys[kind.key].gone, self._link_again)
        for kind in self.kinds:
            self._each(kind, self.keys[kind.key].changed, self._turn_links)
        for kind in reversed(self.kinds):
            self._each(kind, self.keys[kind.key].made, self._unlink)
        for kind in reversed(self.kinds):
            self._each(kind, self.keys[kind.key].made, self._delete)
        for kind in self.kinds:
            self._each(kind, self.keys[kind.key].changed, self._change)
        for kind in self.kinds:
            self._each(kind, self.keys[kind.key].gone, self._checked)
        for key, strays in self.beside.stray_keys().items():
            if key in self.uow.crm.kinds:
                self._each(self.uow.crm.kinds[key], strays, self._only_keys)
        self._totals()
        if "crm_settle" in self.uow.crm.hooked:
            self._settle()

    def _each(self, kind: Kind, keys: Sequence[int], work: t.Callable[[Kind, dict[int, Effect]], None]) -> None:
        for some in chunks(keys):
            mine = effects(self.uow, self.unit, kind, some)
            try:
                work(kind, mine or {key: Effect(key) for key in some})
            except sa.exc.IntegrityError as error:
                raise explain_integrity(error, kind.fields, self.uow.db, {}) from error
            self.uow.ledger.write(self.uow.db, "")

    # ---- making room -------------------------------------------------------------------------------------------
    def _make_room(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        """Empty fields that must differ between records: two may be about to exchange their values."""
        table = kind.table
        for name in self.names.get(kind.key, set()) & unique_names(kind.table):
            keys = [k for k, e in mine.items() if name in e.changes]
            if keys and table.c[name].nullable:
                self.uow.connection.execute(table.update().where(among(self.uow, table.c.id, keys)).values({name: None}))

    # ---- bringing back -----------------------------------------------------------------------------------------
    def _links(self, kind: Kind) -> list[str]:
        """Links that may be empty, to kinds of which records come back or go: set later, emptied first."""
        targets = {k.cls for k in self.kinds if self.keys[k.key].gone or self.keys[k.key].made}
        return [f.name for f in kind.fields.values() if f.to in targets and f.nullable]

    def _recreate(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        later, rows = self._links(kind), []
        for key, effect in mine.items():
            row: Values = {"id": key}
            for name, field in kind.fields.items():
                if name != "id":
                    row[name] = load(field, effect.changes[name][0]) if name in effect.changes else None
            rows.append(row | {"version": row["version"] + 1})
        insert(self.uow, kind.table, kind.names, [row | dict.fromkeys(later) for row in rows])
        for extension in kind.extensions.values():
            back = [self._side_row(extension, key, e) for key, e in mine.items() if f"{extension.name}.id" in e.changes]
            if back:
                insert(self.uow, extension.table, tuple(extension.fields), back)
        self._within(kind, "create", list(mine))
        asides: Asides = collections.defaultdict(dict)
        self.beside.stays(kind, mine, asides)
        self.beside.keys(kind, mine, asides)
        if kind.staged:
            self.beside.restart(kind, mine.values(), {r["id"]: (r["pipeline"], r["stage"]) for r in rows})
        for row in rows:
            made = {n: [None, c[0]] for n, c in mine[row["id"]].changes.items() if n not in HOUSEKEEPING}
            self._journal(kind, row["id"], "recreated", made | asides[row["id"]])
            self._count(kind, None, row)
        present = with_extensions(self.uow, kind, {row["id"]: row for row in rows}, kind.extensions)
        self._tell(kind, [Written(key, row, None) for key, row in present.items()], "recreated")

    def _side_row(self, extension: ExtensionKind, key: int, effect: Effect) -> Values:
        kept = {n: effect.changes.get(f"{extension.name}.{n}") for n in extension.fields}
        return {n: key if n == "id" else None if c is None else load(extension.fields[n], c[0]) for n, c in kept.items()}

    def _within(self, kind: Kind, right: str, keys: list[int]) -> None:
        """Refuse unless records are, as they are now, where the actor holds a right."""
        if keys and not self.uow.elevated:
            visible = self.uow.visible(kind.cls, right)
            inside = sa.select(sa.func.count()).select_from(kind.table).where(among(self.uow, kind.table.c.id, keys), kind.table.c.id.in_(visible))
            if self.uow.connection.execute(inside).scalar_one() != len(keys):
                self.uow.forbid(kind.permission(right))

    def _link_again(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        """Set the links that had to wait until everything was there again."""
        for name in self._links(kind):
            update(self.uow, kind.table, [(k, {name: e.changes[name][0]}) for k, e in mine.items() if name in e.changes])

    # ---- links and side tables of records that stay --------------------------------------------------------------
    def _turn_links(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        names = self.names.get(kind.key, set())
        links = {n for n in names if n in kind.fields and kind.fields[n].to is not None}
        update(self.uow, kind.table, [(k, own) for k, e in mine.items() if (own := {n: e.changes[n][0] for n in links if n in e.changes})])
        for extension in kind.extensions.values():
            if any(n.startswith(f"{extension.name}.") for n in names):
                self._side(extension, mine)

    def _side(self, extension: ExtensionKind, mine: Mapping[int, Effect]) -> None:
        table, prefix, db = extension.table, f"{extension.name}.", self.uow.connection
        added, removed, edited = [], [], []
        for key, effect in mine.items():
            changes = {n.removeprefix(prefix): c for n, c in effect.changes.items() if n.startswith(prefix)}
            whole = changes.pop("id", None)
            carried = effect.carried.get(extension.name)
            if whole is not None and whole[0] is None:
                if carried is None:
                    removed.append(key)
                else:
                    db.execute(table.update().where(table.c.id == key).values(id=carried))
            elif whole is not None and whole[1] is None:
                if carried is None:
                    added.append(self._side_row(extension, key, effect))
            elif changes:
                edited.append((key, {n: load(extension.fields[n], c[0]) for n, c in changes.items()}))
        if removed:
            db.execute(table.delete().where(among(self.uow, table.c.id, removed)))
        update(self.uow, table, edited)
        insert(self.uow, table, tuple(extension.fields), added)

    # ---- removing ----------------------------------------------------------------------------------------------
    def _unlink(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        """Empty links among records that go, where they may point at each other in a circle. The journal keeps them first."""
        self._describe_deleted(kind, mine)
        around = [n for n in self._links(kind) if self._circular(kind, n)]
        if around:
            self.uow.connection.execute(kind.table.update().where(among(self.uow, kind.table.c.id, list(mine))).values(dict.fromkeys(around)))

    def _circular(self, kind: Kind, name: str) -> bool:
        order = [k.cls for k in self.kinds]
        target = kind.fields[name].to
        return target in order and order.index(t.cast(t.Any, target)) >= order.index(kind.cls)

    def _describe_deleted(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        keys = list(mine)
        rows = rows_of(self.uow, kind, keys)
        asides: Asides = collections.defaultdict(dict)
        self.beside.stays(kind, mine, asides, every=True)
        self.beside.keys(kind, mine, asides, every=True)
        self.beside.stop(kind, keys, asides, every=True)
        for row in rows.values():
            self._count(kind, row, None)
        with_extensions(self.uow, kind, rows, kind.extensions)
        for key, row in rows.items():
            self._journal(kind, key, "deleted", {n: [v, None] for n, v in _told(kind, row).items()} | asides[key])
            self._announce(kind, key, "deleted", row)

    def _delete(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        keys = list(mine)
        for extension in kind.extensions.values():
            self.uow.connection.execute(extension.table.delete().where(among(self.uow, extension.table.c.id, keys)))
        if self.uow.connection.execute(kind.table.delete().where(among(self.uow, kind.table.c.id, keys))).rowcount != len(keys):
            raise Conflict(BUSY)
        for key in keys:
            self.uow.records.forget(kind, key)
        told(self.uow, kind, [Written(key, None, None) for key in keys])

    # ---- changing back -----------------------------------------------------------------------------------------
    def _change(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        keys = list(mine)
        rows = rows_of(self.uow, kind, keys)
        asides: Asides = collections.defaultdict(dict)
        before = {k: row | {n: load(kind.fields[n], c[1]) for n, c in mine[k].changes.items() if n in kind.fields} for k, row in rows.items()}
        after = {k: row | {n: load(kind.fields[n], c[0]) for n, c in mine[k].changes.items() if n in kind.fields} for k, row in rows.items()}
        self._update(kind, mine, rows)
        if kind.whole is not None:  # a part goes back only to what the actor may change
            self._within(kind, "change", [k for k, e in mine.items() if kind.whole.field.name in e.changes])
        self.beside.stays(kind, mine, asides)
        self.beside.keys(kind, mine, asides)
        self.beside.hold(kind, mine, asides)
        staged = {k: e for k, e in mine.items() if e.staged}
        if staged:
            self.beside.stop(kind, list(staged), asides)
            self.beside.restart(kind, staged.values(), {k: (after[k]["pipeline"], after[k]["stage"]) for k in staged})
        back = {k: after[k] for k, e in mine.items() if "archived_at" in e.changes and e.changes["archived_at"][0] is None}
        if kind.staged and back:
            self.beside.wake(kind, back)
        for key, effect in mine.items():
            asides[key] |= {CARRIED: effect.carried} if effect.carried else {}
            self._journal(kind, key, "undone", {n: [c[1], c[0]] for n, c in effect.changes.items()} | asides[key])
            self._count(kind, before[key], after[key])
        present = with_extensions(self.uow, kind, rows_of(self.uow, kind, keys), touched_extensions(kind, mine))
        self._tell(kind, [Written(k, row, frozenset(mine[k].changes)) for k, row in present.items()], "undone")
        self._checked(kind, mine)

    def _update(self, kind: Kind, mine: Mapping[int, Effect], rows: Rows) -> None:
        edited = []
        for key, effect in mine.items():
            if effect.changes or effect.staged:
                values = {n: load(kind.fields[n], c[0]) for n, c in effect.changes.items() if n in kind.fields}
                edited.append((key, values | {"version": rows[key]["version"] + 1, "updated_at": self.uow.now}))
        update(self.uow, kind.table, edited)

    def _only_keys(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        asides: Asides = collections.defaultdict(dict)
        self.beside.keys(kind, mine, asides)
        for key in mine:
            self._journal(kind, key, "undone", asides[key])

    def _checked(self, kind: Kind, mine: Mapping[int, Effect]) -> None:
        """What plugins find wrong with a record, they find wrong with one that was changed or brought back, too."""
        crm = self.uow.crm
        if "crm_check" in crm.hooked:
            for key, effect in mine.items():
                record = t.cast(Entity, self.uow.peek(kind.cls, key))
                changes = changes_from_json(kind, {n: [c[1], c[0]] for n, c in effect.changes.items()})
                problems = [p for answer in crm.hook.crm_check(record=record, changes=changes, uow=self.uow) for p in answer or ()]
                if problems:
                    raise Invalid(problems=problems)

    # ---- the books ---------------------------------------------------------------------------------------------
    def _journal(self, kind: Kind, key: int, action: str, changes: dict[str, t.Any]) -> None:
        self.uow.settling.journal(kind.key, key, action, changes)
        self.uow.messages[Message(kind.key, key if self.count <= FEW else None)] = None

    def _count(self, kind: Kind, before: Values | None, after: Values | None) -> None:
        if kind.staged:
            for sign, values in ((-1, before), (1, after)):
                total = None if values is None else total_of(kind, values)
                if total is not None:
                    self._sums[kind.key, total] += sign

    def _totals(self) -> None:
        """Add to the running totals, once for each place and amount."""
        for (key, total), count in self._sums.items():
            if count:
                row = total_row(self.uow.crm.kinds[key], total, 1)
                self.uow.ledger.tally.append({n: v * count if n in ("n", "t0", "t1", "t2") else v for n, v in row.items()})

    def _settle(self) -> None:
        """Let plugins keep in step what others did since: what this takes back may be a part of what they added up."""
        undone = find(self.uow, operation=self.uow.operation_id)
        for kind in self.kinds:
            keys = self.keys[kind.key]
            for some in chunks(keys.made):
                gone = effects(self.uow, undone, kind, some)
                settled(self.uow, kind, [Written(k, None, None, _held(kind, e)) for k, e in gone.items()])
            for some in chunks([*keys.gone, *keys.changed]):
                mine, there = effects(self.uow, self.unit, kind, some), rows_of(self.uow, kind, some)
                rows = [Written(k, there[k], None if e.gone else frozenset(e.changes)) for k, e in mine.items()]
                settled(self.uow, kind, rows)

    def _tell(self, kind: Kind, rows: list[Written], action: str) -> None:
        """Let indexes and mirrors know, and records that somebody holds show the present."""
        told(self.uow, kind, rows)
        for row in rows:
            values = t.cast(Values, row.values)
            if (kind.cls, row.id) in self.uow.records.known:
                self.uow.records.adopt(kind, [values[n] for n in kind.names])
            self._announce(kind, row.id, action, values)

    def _announce(self, kind: Kind, key: int, action: str, values: Mapping[str, t.Any]) -> None:
        probe = Undone(object.__new__(kind.cls), action)
        if any(self.uow.crm.subscribers(phase, probe) for phase in ("on", "after", "outside")):
            own = [values[n] for n in kind.names]
            if action == "deleted":
                record = object.__new__(kind.cls)
                record.__dict__.update(zip(kind.names, own, strict=True), _state="deleted")
            else:
                record = self.uow.records.adopt(kind, own)
            self.uow.settling.queue(Undone(record, action))


def _held(kind: Kind, effect: Effect) -> Values:
    """Return what a record that is gone held, as the journal kept it."""
    fields = {n: f for n, f in kind.fields.items() if not f.secret}
    return {n: load(f, effect.changes[n][0]) if n in effect.changes else None for n, f in fields.items()} | {"id": effect.id}


def _told(kind: Kind, row: Values) -> Values:
    """Return a row as the journal keeps it: what is empty is left out."""
    found = {}
    for name, value in row.items():
        place = resolve(kind, name)
        if value is not None and name != "id" and place is not None:
            found[name] = shown(place[1], value)
    return found


def insert(uow: Uow, table: sa.Table, names: Sequence[str], rows: Sequence[Values]) -> None:
    """Insert rows of a kind, keys given."""
    if rows:
        def build() -> t.Any:
            return table.insert().values({n: sa.bindparam(f"v_{n}", type_=table.c[n].type) for n in names}).inline()

        prepared = uow.db.statements.get(("insert with key", table.name), build)
        uow.db.many(prepared, [{f"v_{n}": row[n] for n in names} for row in rows])


def update(uow: Uow, table: sa.Table, edited: Sequence[tuple[int, Values]]) -> None:
    """Update rows by key; those with the same fields together."""
    groups: dict[tuple[str, ...], list[Values]] = {}
    for key, values in edited:
        groups.setdefault(tuple(sorted(values)), []).append({"k_id": key, **{f"v_{n}": v for n, v in values.items()}})
    for names, rows in groups.items():

        def build(names: tuple[str, ...] = names) -> t.Any:
            here = table.c.id == sa.bindparam("k_id", type_=table.c.id.type)
            return table.update().where(here).values({n: sa.bindparam(f"v_{n}", type_=table.c[n].type) for n in names})

        uow.db.many(uow.db.statements.get(("update by key", table.name, names), build), rows)
