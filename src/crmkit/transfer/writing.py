"""Writing a chunk of mapped rows through the same doors as everybody: good rows together, bad ones left out and named."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Callable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from ..core import operations, wire
from ..core.errors import Invalid, Problem, Refusal, Unavailable
from ..core.kind import Kind
from ..core.model import Staged
from ..core.pipeline import StageOf
from ..core.text import _
from .external import among

if t.TYPE_CHECKING:
    from ..core.access import Actor
    from ..core.uow import Uow

BATCH = 100  # rows that are written one by one and fail together
CIRCLE = _("this would make a circle", ru="получится круг")


@attrs.define(slots=True)
class Mapped:
    """One row on its way: what it becomes, and what became of it."""

    line: int
    cells: Mapping[str, t.Any]
    id: str = ""
    digest: str | None = None
    values: dict[str, t.Any] = attrs.field(factory=dict)
    stage: str | None = None
    pipeline: str | None = None
    created_at: dt.datetime | None = None
    archived: bool | None = None
    record_id: int | None = None
    fresh: bool = False
    changed: bool = False
    problems: list[Problem] = attrs.field(factory=list)
    raw: t.Any = None

    @property
    def nested(self) -> dict[str, t.Any]:
        """The values as the API takes them, those of extensions under their names; empty extensions are left out."""
        found: dict[str, t.Any] = {}
        for name, value in self.values.items():
            extension, dot, own = name.rpartition(".")
            if dot:
                found.setdefault(extension, {})[own] = wire.dump(value)
            else:
                found[name] = wire.dump(value)
        return found

    def placed(self) -> dict[str, t.Any]:
        """The values of a new record, with the stage it starts in."""
        found = {n: v for n, v in self.nested.items() if not isinstance(v, dict) or n in self.values or any(x is not None for x in v.values())}
        where = {"stage": self.stage, "pipeline": self.pipeline}
        return found | {n: v for n, v in where.items() if v is not None}


class _Named(Exception):
    """Some rows will not do; `problems` are theirs by place."""

    def __init__(self, problems: dict[int, list[Problem]]) -> None:
        super().__init__()
        self.problems = problems


Work = Callable[["Uow", Sequence[Mapped]], None]


class Writer:
    """Writes rows of one kind inside an open transaction, each attempt in a savepoint of its own."""

    def __init__(self, outer: Uow, kind: Kind, actor: Actor, update: str, trees: Sequence[str]) -> None:
        self.outer, self.kind, self.actor, self.update, self.trees = outer, kind, actor, update, trees
        self.crm = outer.crm

    def create(self, rows: Sequence[Mapped]) -> None:
        """Add a record for each row."""
        together: dict[tuple[str | None, str | None], list[Mapped]] = {}
        alone: list[Mapped] = []
        for row in rows:
            # In bulk nothing is asked about fields a role may not write, and side tables are not filled.
            if not self.actor.system or row.created_at is not None or row.archived or any("." in n for n in row.values):
                alone.append(row)
            else:
                together.setdefault((row.pipeline, row.stage), []).append(row)
        for place, group in together.items():
            self._placed(group, *place)
        for start in range(0, len(alone), BATCH):
            self._attempt(alone[start : start + BATCH], self._create_each)

    def _placed(self, rows: list[Mapped], pipeline: str | None, stage: str | None) -> None:
        into: StageOf[t.Any] | None = None
        if stage is not None or pipeline is not None:
            try:
                chosen = pipeline or self.kind.first_pipeline.name
                if stage is None and chosen in self.kind.pipelines:
                    stage = self.kind.pipelines[chosen].first.name
                into = operations.find_stage(self.outer, self.kind, stage or "", chosen)
            except Invalid as refusal:
                for row in rows:
                    row.problems += refusal.problems
                return

        def work(uow: Uow, some: Sequence[Mapped]) -> None:
            for row, key in zip(some, uow.add_many(self.kind.cls, [r.values for r in some], into), strict=True):
                row.record_id, row.fresh = key, True

        self._attempt(rows, work)

    def _create_each(self, uow: Uow, rows: Sequence[Mapped]) -> None:
        now = uow.now
        for place, row in enumerate(rows):
            try:
                if row.created_at is not None:
                    uow.at(row.created_at)
                record = operations.create(uow, self.kind, row.placed())
                if row.archived:
                    uow.archive(record)
                row.record_id, row.fresh = record.id, True
            except Refusal as refusal:
                self._refused(place, refusal)
        if uow.now != now:
            uow.at(now)

    def change(self, rows: Sequence[Mapped]) -> None:
        """Take over what changed in records that are there."""
        for start in range(0, len(rows), BATCH):
            self._attempt(rows[start : start + BATCH], self._change_each)

    def _change_each(self, uow: Uow, rows: Sequence[Mapped]) -> None:
        for place, row in enumerate(rows):
            try:
                row.changed = self._change(uow, row)
            except Refusal as refusal:
                self._refused(place, refusal)
        uow.flush()
        self._no_circles(uow, rows)

    def _change(self, uow: Uow, row: Mapped) -> bool:
        assert row.record_id is not None
        record = uow.get(self.kind.cls, row.record_id)
        before = record.version
        values = row.nested
        if self.update == "empty":
            values = {n: v for n, v in values.items() if n in self.kind.fields and record.__dict__.get(n) in (None, "")}
            values |= {n: v for n, v in row.nested.items() if n in self.kind.extensions and record.get(self.kind.extensions[n].cls) is None}
        for name in [n for n in values if n in self.kind.extensions and record.get(self.kind.extensions[n].cls) is None]:
            if all(v is None for v in values[name].values()):
                del values[name]
        operations.change(uow, self.kind, row.record_id, values, None)
        if isinstance(record, Staged) and self.update == "always" and row.stage is not None:
            pipeline = row.pipeline or record.pipeline
            if (record.pipeline, record.stage) != (pipeline, row.stage):
                operations.move(uow, self.kind, row.record_id, row.stage, pipeline)
        if row.archived is not None and row.archived is not (record.archived_at is not None):
            (operations.archive if row.archived else operations.restore)(uow, self.kind, row.record_id)
        return record.version != before

    def _no_circles(self, uow: Uow, rows: Sequence[Mapped]) -> None:
        """Refuse the rows whose records would now lie below themselves."""
        table = self.kind.table
        for name in self.trees:
            start = sa.select(table.c.id.label("start"), table.c[name].label("above"))
            start = start.where(among(uow, table.c.id, [r.record_id for r in rows if r.record_id is not None]), table.c[name].is_not(None))
            up = start.cte("up", recursive=True)
            up = up.union(sa.select(up.c.start, table.c[name]).join(table, table.c.id == up.c.above))
            circular = {row[0] for row in uow.connection.execute(sa.select(up.c.start).where(up.c.start == up.c.above))}
            if circular:
                raise _Named({place: [Problem(name, "circle", CIRCLE)] for place, row in enumerate(rows) if row.record_id in circular})

    # ---- what fails --------------------------------------------------------------------------------------------
    def _refused(self, place: int, refusal: Refusal) -> t.NoReturn:
        if isinstance(refusal, Unavailable):
            raise refusal
        raise _Named({place: _problems(refusal)}) from refusal

    def _attempt(self, rows: Sequence[Mapped], work: Work) -> None:
        """Do `work` for all rows, or for all but those that spoil it; the others are told their problems."""
        rows = list(rows)
        while rows:
            named = self._failed(rows, work)
            if named is None:
                return
            if not named and len(rows) > 1:
                half = len(rows) // 2
                self._attempt(rows[:half], work)
                rows = rows[half:]
                continue
            rows = [row for place, row in enumerate(rows) if place not in named]

    def _failed(self, rows: Sequence[Mapped], work: Work) -> dict[int, list[Problem]] | None:
        """Do `work` once; return None when it is done, else whose fault it was, as far as that is known."""
        try:
            with self.crm.uow(self.actor, connection=self.outer.connection, operation=self.outer.operation_id) as uow:
                work(uow, rows)
            return None
        except _Named as refusal:
            named = refusal.problems
        except Unavailable:
            raise
        except Refusal as refusal:
            named = _by_row(refusal, len(rows))
            if not named and len(rows) == 1:
                named = {0: _problems(refusal)}
        for row in rows:
            row.record_id, row.fresh, row.changed = (None if row.fresh else row.record_id), False, False
        for place, problems in named.items():
            rows[place].problems += problems
        return named


def _problems(refusal: Refusal) -> list[Problem]:
    return list(refusal.problems) or [Problem("", refusal.code, refusal.message)]


def _by_row(refusal: Refusal, count: int) -> dict[int, list[Problem]]:
    """Return the problems that adding in bulk names as ``17.amount``, by row."""
    found: dict[int, list[Problem]] = {}
    for problem in refusal.problems:
        number, dot, path = problem.path.partition(".")
        if dot and number.isdigit() and int(number) < count:
            found.setdefault(int(number), []).append(attrs.evolve(problem, path=path))
    return found
