"""What is kept beside a record and goes back with it: stage history, timers, other systems' keys, merges."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from .. import wire
from ..jobs.handler import to_ms
from ..jobs.table import IS_WAITING, job
from ..kind import Kind
from ..ledger import history, journal
from ..tables import external, merged
from .effect import EXTERNAL, HELD, HISTORY, MERGED, TIMERS, Effect, Json, moment
from .unit import ACTIONS, Unit, among

if t.TYPE_CHECKING:
    from ..uow import Uow

Asides = dict[int, dict[str, t.Any]]
STAY = tuple(str(c.name) for c in history.columns if c.name not in ("id", "kind", "record_id"))
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Beside:
    """Puts back what lies beside some records, and notes in `asides` what a later undo of this needs."""

    def __init__(self, uow: Uow, unit: Unit) -> None:
        self.uow, self.unit = uow, unit

    # ---- stage history -----------------------------------------------------------------------------------------
    def stays(self, kind: Kind, mine: Mapping[int, Effect], asides: Asides, *, every: bool = False) -> None:
        """Take back the stays the unit added (or, of records that go, every one) and put back those it took away."""
        c, counts = history.c, {key: e.moves for key, e in mine.items() if e.moves or every}
        taken: list[int] = []
        if counts:
            mine_too = sa.select(history).where(c.kind == kind.key, among(self.uow, c.record_id, counts))
            rows = self.uow.connection.execute(mine_too.order_by(c.id))
            by_record: dict[int, list[t.Any]] = {}
            for row in rows:
                by_record.setdefault(row.record_id, []).append(row)
            for key, stays in by_record.items():
                chosen = stays if every else stays[-counts[key]:]
                taken += [row.id for row in chosen]
                asides[key][HISTORY] = [[{n: wire.dump(getattr(row, n)) for n in STAY} for row in chosen], []]
            if taken:
                self.uow.connection.execute(history.delete().where(among(self.uow, c.id, taken)))
        for key, effect in mine.items():
            for stay in effect.removed_stays:
                back = {n: moment(v) if n in ("entered_at", "left_at") else v for n, v in stay.items()}
                self.uow.ledger.history.append({"kind": kind.key, "record_id": key, **back})
                asides[key].setdefault(HISTORY, [[], []])[1].append(stay)

    # ---- timers ------------------------------------------------------------------------------------------------
    def stop(self, kind: Kind, keys: Sequence[int], asides: Asides, *, every: bool = False) -> None:
        """Cancel the timers of the stages that records are in; of records that go, all that waits about them."""
        subjects = {f"{kind.key}:{key}": key for key in keys}
        waiting = sa.select(job.c.id, job.c.subject, job.c.key, job.c.run_at).where(IS_WAITING, among(self.uow, job.c.subject, list(subjects)))
        gone = []
        for row in self.uow.connection.execute(waiting):
            name = (row.key or "").removeprefix("while:").removesuffix(f":{row.subject}")
            timer = row.key == f"while:{name}:{row.subject}"
            if timer:
                asides[subjects[row.subject]].setdefault(TIMERS, {})[name] = row.run_at
            if timer or every:
                gone.append(row.id)
        if gone:
            self.uow.connection.execute(job.delete().where(IS_WAITING, among(self.uow, job.c.id, gone)))

    def restart(self, kind: Kind, mine: Iterable[Effect], places: Mapping[int, tuple[str, str]]) -> None:
        """Start again the timers that waited in the stages records return to, due when they were due."""
        crm, rows = self.uow.crm, []
        for effect in mine:
            pipeline, stage = places[effect.id]
            for name, due in (effect.timers or {}).items():
                if crm.patience(name, (pipeline, stage)) is not None:
                    subject = f"{kind.key}:{effect.id}"
                    args = {"kind": kind.key, "id": effect.id, "pipeline": pipeline, "stage": stage}
                    rows.append(crm.jobs.row(f"while:{name}", args, at=EPOCH + dt.timedelta(milliseconds=due), key=f"while:{name}:{subject}",
                        subject=subject, actor_id=self.uow.actor.id, tx=self.uow.tx))
        if rows:
            crm.jobs.schedule_many(self.uow.connection, rows)

    def wake(self, kind: Kind, rows: Mapping[int, Mapping[str, t.Any]]) -> None:
        """Let timers that were put off because their record was in the archive be due when they would have been."""
        crm, subjects = self.uow.crm, {f"{kind.key}:{key}": key for key in rows}
        waiting = sa.select(job.c.id, job.c.subject, job.c.key, job.c.run_at).where(IS_WAITING, among(self.uow, job.c.subject, list(subjects)))
        for row in self.uow.connection.execute(waiting).all():
            values, name = rows[subjects[row.subject]], (row.key or "").removeprefix("while:").removesuffix(f":{row.subject}")
            mark = crm.patience(name, (values["pipeline"], values["stage"])) if row.key == f"while:{name}:{row.subject}" else None
            if mark is not None and row.run_at > to_ms(self.uow.now + mark.longer_than):  # further than any timer of its own waits
                due = to_ms(values["stage_since"] + mark.longer_than)
                self.uow.connection.execute(job.update().where(job.c.id == row.id).values(run_at=due))
                self.uow.ledger.wake_jobs = True

    def hold(self, kind: Kind, mine: Mapping[int, Effect], asides: Asides) -> None:
        """Set going again what a merge froze, due as it was; or freeze it again."""
        jobs, db = self.uow.crm.jobs, self.uow.connection
        for key, effect in mine.items():
            if effect.held is not None and effect.held[0] != effect.held[1]:
                subject = f"{kind.key}:{key}"
                if effect.held[0]:
                    jobs.hold(db, subject)
                else:
                    jobs.release(db, subject, shift=dt.timedelta(0))
                asides[key][HELD] = effect.held[::-1]

    def cancel_scheduled(self) -> int:
        """Cancel what the unit scheduled and nobody has begun: deliveries of its events, timers of plugins."""
        own = sa.or_(job.c.kind.like("after:%"), job.c.kind.like("outside:%"), job.c.kind.like("event:%"))
        statement = job.delete().where(IS_WAITING, own, job.c.tx.in_(self.unit.transactions))
        return self.uow.connection.execute(statement).rowcount

    # ---- other systems' keys and merges --------------------------------------------------------------------------
    def keys(self, kind: Kind, mine: Mapping[int, Effect], asides: Asides, *, every: bool = False) -> None:
        """Remove the keys the unit noted (of records that go, every one), and put back those it took away."""
        e, db = external.c, self.uow.connection
        held = sa.select(e.source, e.external_id, e.digest, e.operation, e.record_id).where(e.kind == kind.key, among(self.uow, e.record_id, mine))
        if not every:
            held = held.where(e.operation == self.unit.operation)
        for row in db.execute(held):
            mine[row.record_id].beside.setdefault((EXTERNAL, row.source, row.external_id), [None, list(row[:4])])
        for key, effect in mine.items():
            for (name, *rest), (before, after) in effect.beside.items():
                if name == EXTERNAL:
                    self._key(kind, key, tuple(rest), before, after)
                else:
                    self._merge(kind, key, before, after)
                note = asides[key].setdefault(name, [[], []])
                note[0] += [after] if after is not None else []
                note[1] += [before] if before is not None else []

    def _key(self, kind: Kind, key: int, place: tuple[str, ...], before: Json, after: Json) -> None:
        e, db = external.c, self.uow.connection
        here = sa.and_(e.source == place[0], e.kind == kind.key, e.external_id == place[1])
        if before is None:
            db.execute(external.delete().where(here, e.record_id == key))
            return
        row = {"record_id": key} | dict(zip(("source", "external_id", "digest", "operation", "record_id"), before, strict=False))
        back = {"record_id": key} if after is None else row  # what a merge moved comes as it is now
        if not db.execute(external.update().where(here).values(back)).rowcount:
            db.execute(external.insert().values(kind=kind.key, **row))

    def _merge(self, kind: Kind, key: int, before: Json, after: Json) -> None:
        m, db = merged.c, self.uow.connection
        if after is not None:
            db.execute(merged.delete().where(m.kind == kind.key, m.loser_id == key, m.winner_id == after[0]))
        if before is not None:
            winner, operation, at = before
            db.execute(merged.insert().values(kind=kind.key, loser_id=key, winner_id=winner, operation=operation, at=moment(at)))

    def stray_keys(self) -> dict[str, list[int]]:
        """Return records that have a key of the unit's and no entry of it: they were recognised and left as they were."""
        e, c = external.c, journal.c
        if self.unit.operation is None:
            return {}
        told = sa.select(sa.literal(1)).where(c.operation == self.unit.operation, c.kind == e.kind, c.record_id == e.record_id, c.action.in_(ACTIONS))
        found: dict[str, list[int]] = {}
        strays = sa.select(e.kind, e.record_id).where(e.operation == self.unit.operation, sa.not_(sa.exists(told))).distinct()
        for kind, key in self.uow.connection.execute(strays):
            found.setdefault(kind, []).append(key)
        return found


__all__ = ["MERGED", "Asides", "Beside"]
