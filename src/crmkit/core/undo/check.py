"""Whether a unit can be undone, and what stands in the way: every record looked at, a thousand at a time."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from .. import wire
from ..deliver import SECRET
from ..kind import ExtensionKind, Kind
from ..ledger import journal
from ..settle import HOUSEKEEPING
from ..tables import external, merged
from ..text import Text, _
from .effect import EXTERNAL, MERGED, STAGE, Effect, Rows, blotted, effects, resolve, rows_of, same, touched_extensions, with_extensions
from .unit import ACTIONS, CREATED, Keys, Unit, among, chunks, in_force

if t.TYPE_CHECKING:
    from ..uow import Uow

MOST = 100
NEWER = _("«{field}» was changed again by {actor} on {at}", ru="поле «{field}» позже изменено: {actor}, {at}")
NEWER_RECORD = _("changed later by {actor} on {at}", ru="запись изменена позже: {actor}, {at}")
DIFFERS = _("«{field}» is no longer what it was then", ru="поле «{field}» уже не такое, каким было тогда")
GONE = _("the record is no longer there", ru="записи больше нет")
THERE = _("there is a record of this number again", ru="запись с таким номером снова существует")
REFERRED = _("{kind} {id} refers to it ({field})", ru="на неё ссылается «{kind}» {id} ({field})")
KNOWN = _("{source} knows it as {id}", ru="в «{source}» она известна как {id}")
PASSED_ON = _("its key {id} in {source} went to another record: {actor} on {at}",
    ru="её ключ {id} в «{source}» перешёл к другой записи: {actor}, {at}")
MERGED_WITH = _("record {id} was merged into it or it into that", ru="она объединена с записью {id}")
SECRET_LOST = _("«{field}» is secret: the journal does not keep what it was", ru="поле «{field}» секретное: журнал не хранит прежнее значение")
ERASED_LOST = _("«{field}» was erased for good", ru="поле «{field}» стёрто безвозвратно")
NO_FIELD = _("there is no field {field} any more", ru="поля {field} больше нет")
NO_KIND = _("the plugin of {kind} is not in this CRM", ru="плагина для {kind} нет в этой CRM")
MAY_NOT = _("you may not {action} this record", ru="у вас нет права {action} эту запись")
MAY_NOT_FIELD = _("you may not change «{field}»", ru="у вас нет права изменять поле «{field}»")
UNSEEN = _("it also touched records you may not see or change", ru="затронуты и записи, которые вам нельзя видеть или изменять")


@attrs.frozen
class Clash:
    """One thing in the way of undoing: where, why, and who did what is newer. `code` is newer, differs, gone, there,
    referred, secret, plugin or forbidden."""

    kind: str
    id: int | None
    field: str
    code: str
    message: str
    actor: str | None = None
    at: dt.datetime | None = None
    tx: int | None = None
    operation: int | None = None


@attrs.frozen
class Entry:
    """What undoing would do to one record: `action` is delete, recreate or change; `changes` maps fields to (now, then)."""

    kind: str
    id: int
    action: str
    changes: Mapping[str, tuple[t.Any, t.Any]]


@attrs.define
class Findings:
    """What was found on the way through."""

    clashes: list[Clash] = attrs.field(factory=list)
    clash_count: int = 0
    entries: list[Entry] = attrs.field(factory=list)
    counts: dict[str, dict[str, int]] = attrs.field(factory=dict)
    names: dict[str, set[str]] = attrs.field(factory=dict)  # by kind: the fields that change on records that stay

    def clash(self, *args: t.Any, **more: t.Any) -> None:
        """Note one; beyond a hundred they are only counted."""
        self.clash_count += 1
        if len(self.clashes) < MOST:
            self.clashes.append(Clash(*args, **more))


class Checker:
    """Goes through all records of a unit. With `lock` they are held until the end of the transaction."""

    def __init__(self, uow: Uow, unit: Unit, keys: Mapping[str, Keys], *, lock: bool) -> None:
        self.uow, self.unit, self.keys, self.lock = uow, unit, keys, lock
        self.found = Findings()
        self._hidden: dict[str, frozenset[str]] = {}

    def run(self, unknown: Iterable[str]) -> Findings:
        """Look at everything."""
        for name in unknown:
            self.found.clash(name, None, "", "plugin", NO_KIND.format(kind=name))
        for key, keys in sorted(self.keys.items()):
            kind = self.uow.crm.kinds[key]
            self._hidden[key] = frozenset() if self.uow.elevated else self.uow.crm.access.hidden(self.uow.actor, kind)
            for group, action in ((keys.gone, "recreate"), (sorted(keys.changed), "change"), (keys.made, "delete")):
                for some in chunks(group):
                    self._some(kind, some, action)
        return self.found

    def _some(self, kind: Kind, keys: Sequence[int], action: str) -> None:
        mine = effects(self.uow, self.unit, kind, keys)
        rows = rows_of(self.uow, kind, keys, lock=self.lock)
        with_extensions(self.uow, kind, rows, touched_extensions(kind, mine))
        allowed = self._rights(kind, mine, rows, action)
        counts = self.found.counts.setdefault(kind.key, {})
        counts[action] = counts.get(action, 0) + len(mine)
        later = self._later(kind, mine)
        for key, effect in mine.items():
            if key in allowed:
                self._one(kind, effect, rows.get(key), later.get(key, ()), action)
        if action == "delete":
            self._references(kind, sorted(allowed))
            self._beside(kind, sorted(allowed))

    # ---- one record --------------------------------------------------------------------------------------------
    def _one(self, kind: Kind, effect: Effect, row: Mapping[str, t.Any] | None, later: Sequence[t.Any], action: str) -> None:
        found, key = self.found, effect.id
        if (row is None) != (action == "recreate"):
            newest = self._newest(kind, effect)
            found.clash(kind.key, key, "", "gone" if row is None else "there", GONE if row is None else THERE, **_who(newest))
        elif action == "delete" and later:
            entry = later[0]
            found.clash(kind.key, key, "", "newer", NEWER_RECORD.format(actor=entry.actor, at=_day(entry.at)), **_who(entry))
        elif row is not None:
            self._fields(kind, effect, row, later)
        if action != "delete":
            self._restorable(kind, effect, action)
        if action == "change":
            found.names.setdefault(kind.key, set()).update(effect.changes)
        if len(found.entries) < MOST:
            found.entries.append(self._entry(kind, effect, row, action))

    def _fields(self, kind: Kind, effect: Effect, row: Mapping[str, t.Any], later: Sequence[t.Any]) -> None:
        """A field must still be what the unit made it, and nobody may have touched it since, not even to and fro."""
        mine = set(effect.changes) | (STAGE if effect.staged else set())
        newer: dict[str, t.Any] = {}
        for entry in later:
            touched = set(entry.changes) | (STAGE if entry.action == "moved" or STAGE & entry.changes.keys() else set())
            touched |= {f"{n.rpartition('.')[0]}.id" for n in entry.changes if "." in n}  # a side row goes with all that is in it
            for name in touched & mine:
                newer[name] = entry
        left = {(n[1], n[2]) for n, (_before, after) in effect.beside.items() if n[0] == EXTERNAL and after is not None}
        for entry in later if left else ():
            before, after = ({(row[0], row[1]) for row in side} for side in entry.changes.get(EXTERNAL, ((), ())))
            for source, name in sorted(left & (before - after)):  # a later merge took it along
                words = PASSED_ON.format(source=source, id=name, actor=entry.actor, at=_day(entry.at))
                self.found.clash(kind.key, effect.id, "", "newer", words, **_who(entry))
        told = {"stage" if n in STAGE else n: e for n, e in newer.items()}
        for name, entry in told.items():
            self._clash_field(kind, effect, name, "newer", entry)
        for name, (_old, new) in effect.changes.items():
            place = resolve(kind, name)
            if name in newer or place is None or (place[1].secret and new == SECRET):
                continue
            if not same(place[1], row.get(name), new) and not (name in STAGE and "stage" in told):
                self._clash_field(kind, effect, name, "differs", self._newest(kind, effect, name))
        if effect.made:
            for name in kind.names:
                if row[name] is not None and name not in effect.changes and name != "id" and name not in HOUSEKEEPING:
                    self._clash_field(kind, effect, name, "differs", self._newest(kind, effect, name))

    def _clash_field(self, kind: Kind, effect: Effect, name: str, code: str, entry: t.Any) -> None:
        shown = "" if name in self._hidden[kind.key] else name
        place = resolve(kind, name)
        label = place[1].label if place is not None and shown else _("a field", ru="поле")
        words = DIFFERS.format(field=label) if code == "differs" and entry is None else NEWER.format(
            field=label, actor=entry.actor if entry else "?", at=_day(entry.at) if entry else "?")
        self.found.clash(kind.key, effect.id, shown, code, words, **_who(entry))

    def _restorable(self, kind: Kind, effect: Effect, action: str) -> None:
        """Everything there was before must be known, and have a place to go to."""
        for name, change in effect.changes.items():
            place = resolve(kind, name)
            if place is None:
                self.found.clash(kind.key, effect.id, name, "plugin", NO_FIELD.format(field=name))
            elif name in effect.erased:
                self.found.clash(kind.key, effect.id, name, "secret", ERASED_LOST.format(field=place[1].label))
            elif blotted(place[1], change) and not self._carried(effect, name):
                self.found.clash(kind.key, effect.id, name, "secret", SECRET_LOST.format(field=place[1].label))

    def _carried(self, effect: Effect, name: str) -> bool:
        return name.rpartition(".")[0] in effect.carried

    def _entry(self, kind: Kind, effect: Effect, row: Mapping[str, t.Any] | None, action: str) -> Entry:
        hidden, changes = self._hidden[kind.key], {}
        for name, (old, new) in effect.changes.items():
            place = resolve(kind, name)
            if name not in hidden and place is not None and not place[1].secret:
                now = None if row is None else wire.dump(row.get(name)) if name in row else new
                changes[name] = (now, None if action == "delete" else old)
        return Entry(kind.key, effect.id, action, changes)

    # ---- what came later ---------------------------------------------------------------------------------------
    def _later(self, kind: Kind, mine: Mapping[int, Effect]) -> dict[int, list[t.Any]]:
        """Return the entries in force that came after the unit's, newest first."""
        c = journal.c
        if not mine:
            return {}
        others = sa.select(c.id, c.record_id, c.action, c.changes, c.at, c.actor, c.tx, c.operation).where(
            c.kind == kind.key, among(self.uow, c.record_id, list(mine)), c.id > min(e.last for e in mine.values()), sa.not_(self.unit.mine) if
            self.unit.operation is None else c.operation.is_distinct_from(self.unit.operation), c.action.in_(ACTIONS), in_force())
        found: dict[int, list[t.Any]] = {}
        for row in self.uow.connection.execute(others.order_by(c.id.desc())):
            if row.id > mine[row.record_id].last:
                found.setdefault(row.record_id, []).append(row)
        return found

    def _newest(self, kind: Kind, effect: Effect, name: str = "") -> t.Any:
        """Return the newest entry after the unit's that touched a field (or the record), in force or not: who to ask."""
        c = journal.c
        after = sa.select(c.id, c.changes, c.action, c.at, c.actor, c.tx, c.operation).where(
            c.kind == kind.key, c.record_id == effect.id, c.id > effect.last, c.action.in_(ACTIONS)).order_by(c.id.desc()).limit(50)
        return next((row for row in self.uow.connection.execute(after) if not name or name in row.changes), None)

    # ---- what refers to records that would go ------------------------------------------------------------------
    def _references(self, kind: Kind, keys: list[int]) -> None:
        crm = self.uow.crm
        for other in crm.kinds.values():
            for field in other.fields.values():
                if field.to is kind.cls:
                    self._refers(kind, keys, other, None, field.name)
            for extension in other.extensions.values():
                for field in extension.fields.values():
                    if field.to is kind.cls and field.name != "id":
                        self._refers(kind, keys, other, extension, field.name)
            # What a plugin works out about records goes with them: it takes it away itself when it hears that they are gone.
            for field in () if getattr(other.cls, "__goes_with_record__", False) else other.abouts:
                self._refers(kind, keys, other, None, field.name, about=field.about)

    def _refers(self, kind: Kind, keys: list[int], other: Kind, extension: ExtensionKind | None, name: str, about: str | None = None) -> None:
        """Look for records outside the unit that point to those it made, and would point nowhere."""
        table, c = (extension or other).table, journal.c
        made = sa.exists().where(self.unit.mine, c.kind == other.key, c.record_id == table.c.id, c.action.in_(CREATED))
        pointing = sa.select(table.c.id, table.c[name]).where(among(self.uow, table.c[name], keys), sa.not_(made)).limit(1000)
        if about is not None:
            pointing = pointing.where(table.c[about] == kind.key)
        rows = list(self.uow.connection.execute(pointing)) if keys else []
        if not rows:
            return
        dotted = f"{extension.name}.{name}" if extension is not None else name
        mine = effects(self.uow, self.unit, other, [row[0] for row in rows])
        strangers = [row for row in rows if row[0] not in mine or dotted not in mine[row[0]].changes]
        seen = self._seen(other, [row[0] for row in strangers])
        for key, target in strangers:
            words = REFERRED.format(kind=other.label, id=key if key in seen else "…", field=dotted)
            self.found.clash(kind.key, target, "", "referred", words, **_who(self._made_by(other, key) if key in seen else None))

    def _made_by(self, kind: Kind, key: int) -> t.Any:
        c = journal.c
        columns = (c.at, c.actor, c.tx, c.operation)
        newest = sa.select(*columns).where(c.kind == kind.key, c.record_id == key, in_force()).order_by(c.id.desc()).limit(1)
        return self.uow.connection.execute(newest).first()

    def _beside(self, kind: Kind, keys: list[int]) -> None:
        """Other systems' keys and merges of other units hold a record as well."""
        number, e, m = self.unit.operation, external.c, merged.c
        others = sa.select(e.source, e.external_id, e.record_id).where(
            e.kind == kind.key, among(self.uow, e.record_id, keys), e.operation.is_distinct_from(number))
        known = {(key[1], key[2]) for effect in effects(self.uow, self.unit, kind, keys).values() for key in effect.beside if key[0] == EXTERNAL}
        for source, name, key in self.uow.connection.execute(others.limit(MOST)) if keys else ():
            if (source, name) not in known:
                self.found.clash(kind.key, key, "", "referred", KNOWN.format(source=source, id=name))
        either = sa.or_(among(self.uow, m.loser_id, keys), among(self.uow, m.winner_id, keys))
        joined = sa.select(m.loser_id, m.winner_id).where(m.kind == kind.key, either,
            m.operation.is_distinct_from(number))
        for loser, winner in self.uow.connection.execute(joined.limit(MOST)) if keys else ():
            key, other = (loser, winner) if loser in keys else (winner, loser)
            self.found.clash(kind.key, key, "", "referred", MERGED_WITH.format(id=other))

    # ---- rights ------------------------------------------------------------------------------------------------
    def _rights(self, kind: Kind, mine: Mapping[int, Effect], rows: Rows, action: str) -> set[int]:
        """Return the records of which the actor may do the reverse by hand; note the others."""
        if self.uow.elevated:
            return set(mine)
        refused: dict[int, Text] = {}
        for right, keys in _needed(mine, action).items():
            may = self._may(kind, right, keys, rows)
            refused |= {key: MAY_NOT.format(action=ACTION_WORDS[right]) for key in keys if key not in may}
        if action == "change":
            fixed = self._hidden[kind.key] | self.uow.crm.access.read_only(self.uow.actor, kind)
            for key, effect in mine.items():
                shut = next((n for n in effect.changes if n in fixed), None)
                if shut is not None and key not in refused:
                    place = resolve(kind, shut)
                    label = place[1].label if place is not None and shut not in self._hidden[kind.key] else _("a field", ru="поле")
                    refused[key] = MAY_NOT_FIELD.format(field=label)
        seen = self._seen(kind, list(refused)) if action != "recreate" else set[int]()
        for key, words in refused.items():
            if key in seen:
                self.found.clash(kind.key, key, "", "forbidden", words)
            else:
                self.found.clash(kind.key, None, "", "forbidden", UNSEEN)
        return mine.keys() - refused.keys()

    def _may(self, kind: Kind, right: str, keys: Sequence[int], rows: Rows) -> set[int]:
        uow, permission = self.uow, kind.permission(right)
        if not uow.crm.access.may(uow.actor, permission):
            return set()
        if right == "create":
            return set(keys)  # in which scope is asked when they are there again
        found = self._seen(kind, keys, right)
        if "crm_may" in uow.crm.hooked:
            found = {k for k in found if uow.crm.access.may(uow.actor, permission, _detached(kind, rows[k]))}
        return found

    def _seen(self, kind: Kind, keys: Sequence[int], right: str = "read") -> set[int]:
        if self.uow.elevated or not keys:
            return set(keys)
        if not self.uow.crm.access.may(self.uow.actor, kind.permission(right)):
            return set()
        visible = self.uow.visible(kind.cls, right)
        column = kind.table.c.id
        return set(self.uow.connection.execute(sa.select(column).where(among(self.uow, column, keys), column.in_(visible))).scalars())


ACTION_WORDS = {"archive": _("remove", ru="убрать"), "create": _("create", ru="создать"), "change": _("change", ru="изменить"),
    "move": _("move", ru="перевести")}


def _needed(mine: Mapping[int, Effect], action: str) -> dict[str, list[int]]:
    """Return which rights are needed on which records: those of doing the reverse by hand."""
    if action == "delete":
        return {"archive": list(mine)}
    if action == "recreate":
        return {"create": list(mine)}
    needed: dict[str, list[int]] = {}
    for key, effect in mine.items():
        rights = {"move"} if effect.staged else set()
        rights |= {"archive"} if "archived_at" in effect.changes else set()
        if effect.changes.keys() - STAGE - {"archived_at"} or not rights:
            rights.add("change")
        for right in rights:
            needed.setdefault(right, []).append(key)
    return needed


def _detached(kind: Kind, values: Mapping[str, t.Any]) -> t.Any:
    """Return a record to look at, outside any unit of work."""
    record = object.__new__(kind.cls)
    record.__dict__.update({n: v for n, v in values.items() if "." not in n})
    return record


def _who(entry: t.Any) -> dict[str, t.Any]:
    return {} if entry is None else {"actor": entry.actor, "at": entry.at, "tx": entry.tx, "operation": entry.operation}


def _day(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


__all__ = ["MERGED", "Checker", "Clash", "Entry", "Findings"]
