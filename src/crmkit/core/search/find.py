"""Finding: one statement over every kind the actor may read, each under its own row rule."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from ..filter import EVERYTHING, NOTHING
from ..kind import Kind
from ..lists import at_least, literal
from ..types import BigId
from ..where import Where
from .documents import SearchField, search_fields
from .port import PORTS, FullText
from .question import Question

if t.TYPE_CHECKING:
    from ..uow import Uow

LIMITS = (10, 20, 50, 100, 200)
Values = dict[str, t.Any]


@attrs.frozen
class Source:
    """Documents of one kind that lead to a record: its own, or (with `via`) those of its parts."""

    kind: Kind
    fields: tuple[SearchField, ...]
    via: str | None = None


def sources_of(uow: Uow, kind: Kind, *, parts: bool = True) -> tuple[Source, ...]:
    """Return where the words of a record stand, hidden fields left out; nothing when none may be searched."""
    kinds = [(kind, None), *((k, w.field.name) for k in uow.crm.kinds.values() if parts and (w := k.whole) is not None and w.target == kind.key)]
    found = []
    for one, via in kinds:
        hidden = frozenset[str]() if uow.elevated else uow.crm.access.hidden(uow.actor, one)
        shown = tuple(f for f in search_fields(one) if f.dotted not in hidden)
        if shown and (via is None or via not in hidden) and uow.rule(one) is not NOTHING:
            found.append(Source(one, shown, via))
    return tuple(found)


class Match:
    """The condition of answering a question, for one kind; its parameters begin with `prefix`."""

    def __init__(self, uow: Uow, kind: Kind, question: Question, prefix: str = "s", *, parts: bool = True) -> None:
        self.uow, self.kind, self.question, self.prefix = uow, kind, question, prefix
        self.sources = sources_of(uow, kind, parts=parts)
        self.port: FullText = PORTS[uow.db.dialect.name]
        # Words that stand in a record and its parts may answer together: then each is looked for by itself.
        self.split = len(self.sources) > 1 and any(len(terms) > 1 for terms in question.readings)

    @property
    def shape(self) -> t.Hashable:
        """What the condition depends on but the values."""
        rules = tuple((s.kind.key, s.via, self._rule(s).shape) for s in self.sources)
        return (self.kind.key, rules, self.question.shape if self.split else bool(self.question.readings))

    def condition(self, *, exact: bool = False) -> t.Any:
        """Return the condition on the kind's table."""
        key, name = self.kind.table.c.id, f"{self.prefix}{'x' if exact else 'w'}"
        if not self.sources or not self.question.readings:
            return sa.false()
        if not self.split:
            return key.in_(self._keys(name))
        shape = self.question.shape[:1] if exact else self.question.shape
        return sa.or_(*(sa.and_(*(key.in_(self._keys(f"{name}{r}_{n}_")) for n in range(count))) for r, count in enumerate(shape)))

    def values(self, *, exact: bool = False) -> Values:
        """Return the parameters of the condition."""
        name, question = f"{self.prefix}{'x' if exact else 'w'}", self.question.exact() if exact else self.question
        found: Values = {}
        for i, source in enumerate(self.sources if question.readings else ()):
            found |= self.uow.rule_values(self._rule(source), f"{self.prefix}p{i}_")
            if not self.split:
                found[f"{name}{i}"] = self.port.ask(question, source.fields)
                continue
            for r, terms in enumerate(question.readings):
                found |= {f"{name}{r}_{n}_{i}": self.port.ask_term(term, source.fields) for n, term in enumerate(terms)}
        return found

    def _rule(self, source: Source) -> t.Any:
        """A part is seen with its whole; only where plugins narrow rows its own rule may say more."""
        return self.uow.rule(source.kind) if source.via is not None and "crm_visible" in self.uow.crm.hooked else EVERYTHING

    def _keys(self, name: str) -> t.Any:
        """Return a select of the keys of records one of whose documents matches the parameter ``<name><source>``."""
        found = []
        for i, source in enumerate(self.sources):
            ids = self.port.keys(source.kind.key, f"{name}{i}")
            if source.via is None:
                found.append(ids)
                continue
            uow, table, rule = self.uow, source.kind.table, self._rule(source)
            where = Where(source.kind, uow.crm.kinds, uow.db.dialect, uow.rule)
            seen = [] if rule is EVERYTHING else [where.own_rule(rule, f"{self.prefix}p{i}_")]
            found.append(sa.select(table.c[source.via]).select_from(where.source).where(table.c.id.in_(ids), table.c.archived_at.is_(None), *seen))
        return found[0] if len(found) == 1 else sa.union_all(*found)


Found = tuple[str, int, bool]


def find(uow: Uow, kinds: Sequence[Kind], question: Question, limit: int, archived: bool | None) -> list[Found]:
    """Return kind, key and whether it is archived of what answers a question: whole words first, then what changed last."""
    matches = [m for i, k in enumerate(kinds) if (m := Match(uow, k, question, f"s{i}_")).sources and uow.rule(k) is not NOTHING]
    if not matches or not question.readings:
        return []
    taken = at_least(limit, LIMITS)
    shape = ("search", archived, taken, tuple((m.shape, m.prefix, uow.rule(m.kind).shape) for m in matches))
    prepared = uow.db.statements.get(shape, lambda: _statement(uow, matches, taken, archived))
    values: Values = {}
    for match in matches:
        values |= match.values() | match.values(exact=True) | uow.rule_values(uow.rule(match.kind), f"{match.prefix}m")
    return [(row[0], row[1], bool(row[2])) for row in uow.db.rows(prepared, values)][:limit]


def _statement(uow: Uow, matches: Iterable[Match], limit: int, archived: bool | None) -> t.Any:
    some = [_of_kind(uow, match, limit, archived).subquery() for match in matches]
    every = sa.union_all(*(sa.select(s) for s in some)).subquery() if len(some) > 1 else some[0]
    columns = (every.c.kind, every.c.id, every.c.archived)
    return sa.select(*columns).order_by(every.c.rank, every.c.at.desc(), every.c.kind, every.c.id.desc()).limit(literal(limit))


def _of_kind(uow: Uow, match: Match, limit: int, archived: bool | None) -> sa.Select[t.Any]:
    kind, table = match.kind, match.kind.table
    where = Where(kind, uow.crm.kinds, uow.db.dialect, uow.rule)
    rule = uow.rule(kind)
    conditions = [match.condition()] + ([] if rule is EVERYTHING else [where.own_rule(rule, f"{match.prefix}m")])
    if archived is not None:
        conditions.append(table.c.archived_at.is_not(None) if archived else table.c.archived_at.is_(None))
    rank = sa.case((match.condition(exact=True), 0), else_=1).label("rank")
    gone = sa.case((table.c.archived_at.is_(None), 0), else_=1).label("archived")
    name = sa.literal_column(f"'{kind.key}'", sa.String).label("kind")
    found = sa.select(name, table.c.id.cast(BigId).label("id"), gone, rank, table.c.updated_at.label("at"))
    return found.select_from(where.source).where(*conditions).order_by(rank, table.c.updated_at.desc(), table.c.id.desc()).limit(literal(limit))


def rows_of(uow: Uow, source: Source, keys: Sequence[int]) -> list[Mapping[str, t.Any]]:
    """Return the search fields of some records by dotted name, with ``id``; of parts, of all that belong to these records."""
    kind, table = source.kind, source.kind.table
    rule = uow.rule(kind)
    where = Where(kind, uow.crm.kinds, uow.db.dialect, uow.rule)
    columns = [where.column(kind.path(f.dotted, uow.crm.kinds)).label(f"c{n}") for n, f in enumerate(source.fields)]
    named = table.c[source.via] if source.via is not None else table.c.id
    conditions = [named.in_(list(keys))] + ([] if rule is EVERYTHING else [where.own_rule(rule, "m")])
    if source.via is not None:
        conditions.append(table.c.archived_at.is_(None))
    chosen = sa.select(table.c.id, named, *columns).select_from(where.source).where(*conditions).order_by(table.c.id)
    values = {n: v for n, v in uow.rule_values(rule, "m").items() if n in where.names}
    dotted = ("id", "of", *(f.dotted for f in source.fields))
    return [dict(zip(dotted, row, strict=True)) for row in uow.connection.execute(chosen.params(values))]
