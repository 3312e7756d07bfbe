"""The declarations of one CRM, checked, with what they need to know about its entities."""

from __future__ import annotations

import difflib
import typing as t
import weakref
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import CompositionError, Crm, Invalid, Kind, Problem, Text, Uow, _, hookimpl

from .compare import Part, part_name
from .declare import Duplicates, Prepared, Raw, number_of, numbers_of
from .model import Counted, Weights
from .settings import DuplicatesSettings
from .tables import keys as key_table
from .tables import weights as weight_table

UNKNOWN_KIND = _("duplicates of {kind!r} are not looked for.{near}", ru="дубликаты {kind!r} не ищутся.{near}")
BATCH = 800


@attrs.frozen(eq=False)
class PartOf:
    """A part whose values are compared, as this CRM knows it."""

    part: Part
    kind: Kind
    whole: str  # the field that names the record it is a part of


@attrs.frozen(eq=False)
class Declared:
    """One declaration within one CRM."""

    what: Duplicates
    kind: Kind
    labels: Mapping[str, Text]
    parts: tuple[PartOf, ...]
    fields: tuple[str, ...]  # of the record itself and its extensions

    # ---- values ------------------------------------------------------------------------------------------------
    def raw(self, uow: Uow, ids: Iterable[int]) -> dict[int, Raw]:
        """Return the values that are compared of these records, those archived left out; row rules are the caller's to mind."""
        found: dict[int, dict[str, Sequence[t.Any]]] = {}
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            for row in uow.connection.execute(self._statement().where(self.kind.table.c.id.in_(some))):
                found[row[0]] = {name: (value,) for name, value in zip(self.fields, row[1:], strict=True)}
            for one in self.parts:
                self._read_part(uow, one, some, found)
        return t.cast("dict[int, Raw]", found)

    def _statement(self) -> sa.Select[t.Any]:
        table = self.kind.table
        source: t.Any = table
        columns = []
        joined: dict[str, t.Any] = {}
        for name in self.fields:
            extension, _dot, field = name.rpartition(".")
            if extension and extension not in joined:
                side = joined[extension] = self.kind.extensions[extension].table
                source = source.outerjoin(side, side.c.id == table.c.id)
            columns.append((joined[extension] if extension else table).c[field])
        return sa.select(table.c.id, *columns).select_from(source).where(table.c.archived_at.is_(None))

    def _read_part(self, uow: Uow, one: PartOf, ids: Sequence[int], found: dict[int, dict[str, Sequence[t.Any]]]) -> None:
        table = one.kind.table
        statement = sa.select(table.c[one.whole], table.c[one.part.field]).where(table.c[one.whole].in_(ids), table.c.archived_at.is_(None))
        for field, value in one.part.where.items():
            statement = statement.where(table.c[field] == value)
        name = part_name(one.part)
        for key, value in uow.connection.execute(statement.order_by(table.c.id)):
            if key in found:
                found[key][name] = (*found[key].get(name, ()), value)

    def numbers(self, prepared: Prepared, without: frozenset[str] = frozenset()) -> set[int]:
        """Return the numbers of a record's keys."""
        return numbers_of(self.kind.key, self.what.keys(prepared, without))

    # ---- what is known of the whole ----------------------------------------------------------------------------
    def counted(self, uow: Uow, counts: Mapping[int, int]) -> Counted:
        """Return how often values occur, by what was counted of their keys."""
        table = self.kind.table
        records = uow.connection.execute(sa.select(sa.func.count()).select_from(table).where(table.c.archived_at.is_(None))).scalar_one()

        def often(term: str) -> int:
            number = number_of(self.kind.key, term)
            return counts.get(number) or counts.get(number | 1) or 0

        return Counted(records, often)

    def weights(self, uow: Uow) -> Weights:
        """Return the weights: those learned here, or the usual ones."""
        usual = self.what.weights()
        kept = uow.connection.execute(sa.select(weight_table.c.weights).where(weight_table.c.kind == self.kind.key)).scalar()
        if not kept:
            return usual
        return {
            feature: {name: attrs.evolve(level, same=kept.get(feature, {}).get(name, level.same)) for name, level in levels.items()}
            for feature, levels in usual.items()
        }

    def hidden(self, uow: Uow) -> frozenset[str]:
        """Return which compared fields and parts the actor may not see."""
        access, actor = uow.crm.access, uow.actor
        if uow.elevated:
            return frozenset()
        found = set(access.hidden(actor, self.kind))
        for one in self.parts:
            if not uow.may(one.kind.permission("read")) or one.part.field in access.hidden(actor, one.kind):
                found.add(part_name(one.part))
        return frozenset(found)


def count_keys(uow: Uow, numbers: Iterable[int]) -> dict[int, int]:
    """Return how many records have each of these keys."""
    found: dict[int, int] = {}
    wanted = sorted(numbers)
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        statement = sa.select(key_table.c.key, sa.func.count()).where(key_table.c.key.in_(some)).group_by(key_table.c.key)
        found.update((row[0], row[1]) for row in uow.connection.execute(statement))
    return found


_known: weakref.WeakKeyDictionary[Crm, dict[str, Declared]] = weakref.WeakKeyDictionary()


def declared(crm: Crm) -> dict[str, Declared]:
    """Return the declarations of a CRM by the key of their entity."""
    return _known[crm]


def find(uow: Uow, kind: str) -> Declared:
    """Return the declaration for an entity; `Invalid` names the close match."""
    found = declared(uow.crm).get(kind)
    if found is None:
        raise Invalid(problems=[Problem("kind", "unknown", UNKNOWN_KIND.format(kind=kind, near=near(kind, declared(uow.crm))))])
    return found


def near(name: str, known: Iterable[str]) -> Text:
    """Return " Did you mean …?", or nothing."""
    close = difflib.get_close_matches(name, list(known), 1, 0.5)
    return _(" Did you mean {name!r}?", ru=" Может быть, {name!r}?").format(name=close[0]) if close else Text("")


@hookimpl
def crm_composed(crm: Crm) -> None:
    """Find and check the declarations of all plugins."""
    problems: list[str] = []
    found: dict[str, Declared] = {}
    settings = crm[DuplicatesSettings]
    for where, what in _declarations(crm):
        made = _check(crm, what, where, settings, problems)
        if made is not None and made.kind.key in found:
            problems.append(f"{where}: there are two declarations for {made.kind.key}; make them one")
        if made is not None:
            found.setdefault(made.kind.key, made)
    if problems:
        raise CompositionError(problems)
    _known[crm] = found


def _declarations(crm: Crm) -> t.Iterator[tuple[str, Duplicates]]:
    """Yield the declarations that stand in modules of plugins, and those that plugins hand over when asked."""
    seen: set[int] = set()
    for plugin in crm.plugins:
        for module in plugin.loaded():
            for name, value in list(vars(module).items()):
                if isinstance(value, Duplicates) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{plugin.name}: {name}", value
    for answer in crm.hook.duplicates_declared(crm=crm):
        for what in answer or ():
            yield f"duplicates_declared: {what.of.__name__}", what


def _check(crm: Crm, what: Duplicates, where: str, settings: DuplicatesSettings, problems: list[str]) -> Declared | None:
    kind = next((k for k in crm.kinds.values() if k.cls is what.of), None)
    if kind is None:
        problems.append(f"{where}: {what.of.__name__} is not an entity of this CRM; add its plugin to requires=")
        return None
    before = len(problems)
    labels: dict[str, Text] = {}
    fields = dict.fromkeys(n for c in what.compare for n in c.fields)
    known = [*kind.fields, *(f"{e.name}.{n}" for e in kind.extensions.values() for n in e.fields if n != "id")]
    for field in fields:
        if field not in known:
            problems.append(f"{where}: {kind.key} has no field {field!r}.{near(field, known)}")
            continue
        labels[field] = kind.path(field, crm.kinds).field.label
    features = [f for c in what.compare for f in c.model()]
    twice = dict.fromkeys(f.partition(":")[0] for f in features if features.count(f) > 1)
    problems += [f"{where}: two comparisons begin with the field {f!r}; compare it once" for f in twice]
    problems += [f"{where}: a comparison names no field" for c in what.compare if not c.fields and not c.also]
    parts = [p for p in (_part(crm, kind, part, where, problems) for part in what.parts) if p is not None]
    for one in parts:
        labels.setdefault(one.part.field, one.kind.fields[one.part.field].label)
    if len(problems) > before:
        return None
    set_up = tuple(c.configured(settings.phone_region, settings.mailboxes) for c in what.compare)
    return Declared(attrs.evolve(what, compare=set_up), kind, labels, tuple(parts), tuple(fields))


def _part(crm: Crm, kind: Kind, part: Part, where: str, problems: list[str]) -> PartOf | None:
    other = next((k for k in crm.kinds.values() if k.cls is part.of), None)
    if other is None or other.whole is None or other.whole.target != kind.key:
        problems.append(f"{where}: {part.of.__name__} is no part of {kind.key}; its link needs column(to={kind.cls.__name__}, part=True)")
        return None
    wrong = [n for n in (part.field, *part.where) if n not in other.fields]
    problems += [f"{where}: {other.key} has no field {n!r}.{near(n, other.fields)}" for n in wrong]
    return None if wrong else PartOf(part, other, other.whole.field.name)
