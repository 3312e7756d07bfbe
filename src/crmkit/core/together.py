"""Moving every record for which something holds at once: as many statements for two hundred thousand as for two.

Rows, journal, stage history and totals are those of moves one by one. Where somebody must hear of each record, or may refuse
it, they are moved one by one.
"""

from __future__ import annotations

import collections
import datetime as dt
import enum
import typing as t
from collections.abc import Iterator, Mapping, Sequence

import attrs
import sqlalchemy as sa

from . import wire
from .errors import Invalid, Misuse, Problem, closest
from .events import Changed, Moved
from .field import Field
from .filter import EVERYTHING
from .jobs.statements import PG_TX
from .kind import Kind
from .ledger import history, journal, tally
from .live import Message
from .model import Staged
from .moves import BY_MOVE_ONLY, move
from .pipeline import Pipeline, Stage
from .search.documents import touches
from .settle import scale_of
from .sql import dump_json
from .types import Exact, UtcDateTime
from .undo.effect import rows_of
from .written import Written, settled, tell_plugins, told

if t.TYPE_CHECKING:
    from .uow import Uow

Moves = dict[tuple[str, str], int]
Values = Mapping[str, Mapping[str, t.Any]]
Sql = t.Any
CHUNK, MAX_PROBLEMS = 1_000, 100
TOTALS = ("t0", "t1", "t2")
SIMPLE = (str, int, bool, dt.date)  # what both databases write into JSON as Python does


def move_all(uow: Uow, pipeline: Pipeline[t.Any], to: Mapping[str, Sql], where: Sql = None, values: Values | None = None) -> Moves:
    """Move every record of a pipeline to the first stage whose condition holds; see `Uow.move_all`."""
    kind, funnel = uow.crm.kind(pipeline.of), uow.crm.pipelines.get(pipeline.name)
    if funnel is None:
        raise Misuse(f"pipeline {pipeline.name!r} is not in this CRM.{closest(pipeline.name, uow.crm.pipelines)}")
    stages = {name: funnel[name].stage for name in to}
    plan = _Plan(uow, kind, funnel, stages, to, where, _read(kind, stages, values or {}))
    uow.require(kind.permission("move"))
    uow.settle()
    if not to:
        return {}
    moved = plan.one_by_one() if plan.heard() else plan.at_once()
    if moved:
        uow.messages[Message(kind.key, None)] = None
    return moved


def _read(kind: Kind, stages: Mapping[str, Stage], values: Values) -> Values:
    """Return what is filled in with the moves, cleaned."""
    found = {}
    for stage, given in values.items():
        if stage not in stages:
            raise Misuse(f"values for {stage!r}, which nothing is moved to.{closest(stage, stages)}")
        for name in given:
            if name not in kind.fields or name in (*BY_MOVE_ONLY, "id", "created_at", "updated_at", "version", "archived_at"):
                raise Misuse(f"{kind.key} has no field {name!r} that a move can fill in")
        found[stage] = {name: kind.fields[name].accept(value) for name, value in given.items()}
    return found


@attrs.frozen
class _Plan:
    uow: Uow
    kind: Kind
    pipeline: Pipeline[t.Any]
    stages: Mapping[str, Stage]
    to: Mapping[str, Sql]
    where: Sql
    values: Values

    # ---- who must be told --------------------------------------------------------------------------------------
    def heard(self) -> bool:
        """True when somebody must hear of each record or may refuse it, or it holds what only Python writes down."""
        crm, name = self.uow.crm, self.pipeline.name
        record = object.__new__(self.kind.cls)
        probes: list[object] = [Moved(record, name, "", name, "")] + [Changed(record, {})] * bool(self.values)
        if any(crm.subscribers(phase, probe) for phase in ("on", "after", "outside") for probe in probes) or crm.checked(self.kind.cls):
            return True
        if self.kind.prepares and (self.kind.cls.prepares_moves or not self.uow.elevated):
            return True
        if self.pipeline.moves is not None or crm.checked(self.kind.cls, "crm_can_move"):
            return True
        if "crm_may" in crm.hooked and not self.uow.elevated:
            return True
        if any(stage.needs or stage.guards or crm.at_stage("enter", (name, stage.name)) for stage in self.stages.values()):
            return True
        if any(crm.at_stage(phase, (name, stage)) for phase in ("leave", "while") for stage in self.pipeline.stages):
            return True
        filled = [self.kind.fields[n] for given in self.values.values() for n in given]
        return not all(map(_simple, filled)) or not all(f.type is int or isinstance(f.column.type, Exact) for f in self.kind.totals)

    # ---- what moves where --------------------------------------------------------------------------------------
    def goal(self) -> Sql:
        """Return the stage a row belongs in; empty where none of the conditions holds."""
        return sa.case(*((condition, sa.literal_column(_quoted(name), sa.String())) for name, condition in self.to.items()))

    def astray(self) -> list[Sql]:
        """Return the conditions of the rows that move."""
        table = self.kind.table
        found = [table.c.pipeline == self.pipeline.name, table.c.archived_at.is_(None), self.goal() != table.c.stage]
        if self.where is not None:
            found.append(self.where)
        if self.uow.rule(self.kind, "move") is not EVERYTHING:
            found.append(table.c.id.in_(self.uow.visible(self.kind.cls, "move")))
        return found

    # ---- one by one --------------------------------------------------------------------------------------------
    def one_by_one(self) -> Moves:
        """Move records as `Uow.move` does, so that everybody hears of each."""
        uow, kind, table = self.uow, self.kind, self.kind.table
        moved: Moves = collections.Counter()
        problems: list[Problem] = []
        asked = sa.select(table.c.id, self.goal()).where(*self.astray()).order_by(table.c.id)
        wanted = dict(tuple(row) for row in uow.connection.execute(asked))
        with uow.whole():
            for start in range(0, len(wanted), CHUNK):
                for row in rows_of(uow, kind, list(wanted)[start : start + CHUNK], lock=True).values():
                    record = t.cast(Staged, uow.adopt(kind, [row[n] for n in kind.names]))
                    source, target = record.stage, wanted[record.id]
                    if source == target or record.pipeline != self.pipeline.name or record.archived_at is not None:
                        continue  # somebody was quicker
                    try:
                        self._one(record, target)
                        moved[source, target] += 1
                    except Invalid as refusal:
                        problems += [attrs.evolve(p, path=f"{record.id}.{p.path}" if p.path else str(record.id)) for p in refusal.problems]
                        if len(problems) >= MAX_PROBLEMS:
                            raise Invalid(problems=problems[:MAX_PROBLEMS]) from refusal
            if problems:
                raise Invalid(problems=problems)
        return dict(moved)

    def _one(self, record: Staged, target: str) -> None:
        if "crm_may" in self.uow.crm.hooked and not self.uow.elevated:
            self.uow.require(self.kind.permission("move"), record)
        given, fields = self.values.get(target, {}), self.kind.fields
        own = {n: v for n, v in given.items() if not fields[n].generated}
        move(self.uow, record, self.pipeline[target], own, {n: v for n, v in given.items() if fields[n].generated})

    # ---- at once -----------------------------------------------------------------------------------------------
    def at_once(self) -> Moves:
        """Move them in a fixed number of statements."""
        with self.uow.whole():
            rows = self._postgres() if self.uow.db.postgres else self._sqlite()
            moved = {(row.stage, row.goal): int(row.n) for row in rows}
            if moved:
                self.uow.ledger.told = True
                self._tell(sum(moved.values()), int(rows[0].first))
        return moved

    def _columns(self) -> list[Sql]:
        """Return what is told of a row that moves: key, stages, and what it counts for."""
        table, kind = self.kind.table, self.kind
        owner, team = (sa.func.coalesce(table.c[n], 0) if kind.owned else sa.literal_column("0") for n in ("owner_id", "team_id"))
        names = {n for given in self.values.values() for n in given}
        return [
            table.c.id, table.c.stage, table.c.stage_since, self.goal().label("goal"), owner.label("owner"), team.label("team"),
            *(self._units(f).label(TOTALS[i]) for i, f in enumerate(kind.totals)), *(table.c[n].label(f"was_{n}") for n in sorted(names)),
        ]  # fmt: skip

    def _units(self, field: Field) -> Sql:
        """Return an amount in its smallest unit, as totals keep it."""
        column = self.kind.table.c[field.name]
        if self.uow.db.postgres:
            return sa.cast(sa.func.trunc(sa.func.coalesce(column, 0) * 10 ** scale_of(field)), sa.BigInteger)
        return sa.func.coalesce(sa.type_coerce(column, sa.BigInteger), 0)

    def _postgres(self) -> list[t.Any]:
        """Lock, move, journal, keep history and count in one statement."""
        table, now = self.kind.table, self.uow.now
        was = sa.select(*self._columns()).where(*self.astray()).order_by(table.c.id).with_for_update(key_share=True, of=table).cte("was")
        moving = table.update().where(table.c.id == was.c.id).values(self._new(was.c, now)).returning(table.c.id).cte("moved")
        tx = sa.literal_column(PG_TX, sa.BigInteger())
        told = journal.insert().from_select([*JOURNAL, "tx"], self._journal(was, tx)).returning(journal.c.id).cte("told")
        stays = history.insert().from_select(STAY, self._stays(was)).cte("stays")
        tallied = tally.insert().from_select(TALLY, self._tallied(was)).cte("tallied")
        counted = _counted(was, sa.select(sa.func.min(told.c.id)).scalar_subquery())
        return list(self.uow.connection.execute(counted.add_cte(moving, told, stays, tallied)))

    def _sqlite(self) -> list[t.Any]:
        """Note the rows that move, then write: there is one writer at a time, so nothing comes between."""
        connection, table, now = self.uow.connection, self.kind.table, self.uow.now
        chosen = sa.select(*self._columns()).where(*self.astray()).order_by(table.c.id)
        was = sa.Table("crm_moving", sa.MetaData(), *(sa.Column(str(c.name), c.type) for c in chosen.selected_columns), prefixes=["TEMPORARY"])
        tx = self.uow.tx
        connection.execute(sa.schema.CreateTable(was))
        try:
            connection.execute(was.insert().from_select([c.name for c in was.columns], chosen))
            rows = list(connection.execute(_counted(was, sa.select(sa.func.coalesce(sa.func.max(journal.c.id), 0) + 1).scalar_subquery())))
            if rows:
                connection.execute(journal.insert().from_select([*JOURNAL, "tx"], self._journal(was, sa.literal(tx))))
                connection.execute(history.insert().from_select(STAY, self._stays(was)))
                connection.execute(tally.insert().from_select(TALLY, self._tallied(was)))
                connection.execute(table.update().where(table.c.id == was.c.id).values(self._new(was.c, now)))
        finally:
            connection.execute(sa.schema.DropTable(was))
        return rows

    def _new(self, was: Sql, now: dt.datetime) -> dict[str, Sql]:
        table = self.kind.table
        new: dict[str, Sql] = {"stage": was.goal, "stage_since": now, "version": table.c.version + 1, "updated_at": now}
        for name in sorted({n for given in self.values.values() for n in given}):
            column = table.c[name]
            cases = [(was.goal == stage, sa.literal(given[name], column.type)) for stage, given in self.values.items() if name in given]
            new[name] = sa.case(*cases, else_=column)
        return new

    def _tallied(self, was: Sql) -> Sql:
        """Return the rows that take what moves from the totals of the one stage and add it to those of the other."""
        parts = []
        for stage, sign in ((was.c.stage, -1), (was.c.goal, 1)):
            sums = [sa.func.sum(sign * was.c[n]) if i < len(self.kind.totals) else sa.literal_column("0") for i, n in enumerate(TOTALS)]
            place = sa.literal(self.kind.key), sa.literal(self.pipeline.name), stage, was.c.owner, was.c.team
            parts.append(sa.select(*place, sa.func.sum(sa.literal_column(str(sign))), *sums).group_by(stage, was.c.owner, was.c.team))
        return sa.union_all(*parts)

    def _stays(self, was: Sql) -> sa.Select[t.Any]:
        uow, name = self.uow, sa.literal(self.pipeline.name)
        return sa.select(
            sa.literal(self.kind.key), was.c.id, name, was.c.stage, was.c.stage_since, sa.literal(uow.now, UtcDateTime()), name, was.c.goal,
            sa.literal(uow.actor.id, sa.BigInteger()), sa.literal(uow.settling.cause, sa.Text()),
        ).order_by(was.c.id)  # fmt: skip

    def _journal(self, was: Sql, tx: Sql) -> sa.Select[t.Any]:
        uow = self.uow
        return sa.select(
            sa.literal(uow.now, UtcDateTime()), sa.literal(uow.actor.id, sa.BigInteger()), sa.literal(uow.actor.name), sa.literal(self.kind.key),
            was.c.id, sa.literal("moved"), self._changes(was), sa.literal(uow.settling.cause, sa.Text()),
            sa.literal(uow.operation_id, sa.BigInteger()), tx,
        ).order_by(was.c.id)  # fmt: skip

    # ---- JSON in SQL -------------------------------------------------------------------------------------------
    def _changes(self, was: Sql) -> Sql:
        """Return what the journal keeps of a move: old and new of every field that is another now."""
        write = _Json(self.uow.db.postgres)
        now = sa.literal(self.uow.now, UtcDateTime())
        parts = {"stage": write.pair(was.c.stage, was.c.goal)}
        parts["stage_since"] = sa.case((was.c.stage_since != now, write.pair(write.moment(was.c.stage_since), sa.literal(wire.moment(self.uow.now)))))
        for name in sorted({n for given in self.values.values() for n in given}):
            field, old = self.kind.fields[name], was.c[f"was_{name}"]
            cases = []
            for stage, given in self.values.items():
                if name in given:
                    differs = old.is_distinct_from(sa.literal(given[name], field.column.type))
                    cases.append((sa.and_(was.c.goal == stage, differs), write.pair(write.plain(field, old), write.constant(given[name]))))
            parts[name] = sa.case(*cases)
        return write.whole(parts)

    # ---- telling others ----------------------------------------------------------------------------------------
    def _tell(self, count: int, first: int) -> None:
        """Show the present in records somebody holds, and tell plugins and indexes: who looks at rows has them fetched."""
        uow, kind = self.uow, self.kind
        held = [key for cls, key in uow.records.known if cls is kind.cls]
        for row in rows_of(uow, kind, held).values() if held else ():
            uow.records.adopt(kind, [row[n] for n in kind.names])
        names = frozenset({"stage", "stage_since", *(n for given in self.values.values() for n in given)})
        rows = _Rows(uow, kind, names, count, first)
        (told if touches(kind, names) else tell_plugins)(uow, kind, rows)
        if "crm_settle" in uow.crm.hooked:
            with uow.settling.for_sets():
                settled(uow, kind, rows)


def _counted(was: Sql, first: Sql) -> sa.Select[t.Any]:
    """Count what moved, and tell which entry of the journal is the first."""
    place = was.c.stage, was.c.goal
    return sa.select(*place, sa.func.count().label("n"), first.label("first")).group_by(*place).order_by(*place)


class _Rows(Sequence[Written]):
    """The records of one move, fetched by the thousand for whoever looks at them: most plugins look at the kind and go."""

    def __init__(self, uow: Uow, kind: Kind, changed: frozenset[str], count: int, first: int) -> None:
        self._uow, self._kind, self._changed, self._count, self._first = uow, kind, changed, count, first
        self._tx = uow.tx

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Written]:
        last = self._first - 1
        while some := self._entries(last, CHUNK):
            last = some[-1][0]
            rows = rows_of(self._uow, self._kind, [key for _entry, key in some])
            for _entry, key in some:
                yield Written(key, rows[key], self._changed)

    @t.overload
    def __getitem__(self, index: int) -> Written: ...
    @t.overload
    def __getitem__(self, index: slice) -> Sequence[Written]: ...
    def __getitem__(self, index: int | slice) -> Written | Sequence[Written]:
        return list(self)[index]

    def _entries(self, after: int, limit: int) -> list[tuple[int, int]]:
        c = journal.c
        mine = c.tx == self._tx, c.kind == self._kind.key, c.action == "moved", c.id > after
        found = sa.select(c.id, c.record_id).where(*mine).order_by(c.id).limit(limit)
        return [(row[0], row[1]) for row in self._uow.connection.execute(found)]


class _Json:
    """Writes JSON within a statement, as `wire` does outside."""

    def __init__(self, postgres: bool) -> None:
        self.postgres = postgres

    def pair(self, old: Sql, new: Sql) -> Sql:
        return sa.func.json_build_array(old, new) if self.postgres else sa.func.json_array(old, new)

    def whole(self, parts: Mapping[str, Sql]) -> Sql:
        """Return an object of the parts that are not empty."""
        listed: list[Sql] = []
        for name, part in parts.items():
            listed += [sa.literal_column(_quoted(name)), part if self.postgres else sa.func.json(part)]
        if self.postgres:
            return sa.func.json_strip_nulls(sa.func.json_build_object(*listed))
        return sa.func.json_patch("{}", sa.func.json_object(*listed))

    def moment(self, column: Sql) -> Sql:
        if self.postgres:
            shown = sa.func.to_char(sa.func.timezone(sa.literal_column("'UTC'"), column), sa.literal_column("'YYYY-MM-DD\"T\"HH24:MI:SS.US'"))
        else:
            shown = sa.func.replace(sa.type_coerce(column, sa.String()), " ", "T")
        return sa.func.replace(shown + "Z", sa.literal_column("'.000000Z'"), sa.literal_column("'Z'"), type_=sa.String())

    def plain(self, field: Field, column: Sql) -> Sql:
        if self.postgres or field.type is not bool:
            return column
        return sa.func.json(sa.case((column.is_(sa.true()), "true"), (column.is_(sa.false()), "false"), else_="null"))

    def constant(self, value: t.Any) -> Sql:
        text = dump_json(wire.dump(value))
        return sa.cast(sa.literal(text), sa.JSON) if self.postgres else sa.func.json(text)


def _simple(field: Field) -> bool:
    """True when both databases write its values into JSON as Python does."""
    kind = field.type
    return not field.secret and (kind in SIMPLE or issubclass(kind, enum.Enum))


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


JOURNAL = ("at", "actor_id", "actor", "kind", "record_id", "action", "changes", "cause", "operation")
TALLY = ("kind", "pipeline", "stage", "owner_id", "team_id", "n", *TOTALS)
STAY = ("kind", "record_id", "pipeline", "stage", "entered_at", "left_at", "to_pipeline", "to_stage", "actor_id", "cause")
