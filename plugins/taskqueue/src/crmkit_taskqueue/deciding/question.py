"""What is asked when a manager needs a task, and where candidates are found."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
from collections.abc import Iterable, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow

from ..entities import OldClient, StackState, Task, TaskState
from ..settings import TaskqueueSettings
from ..tables import turns
from ..zones import asleep

_task, _client = Task.__table__.c, OldClient.__table__.c


@attrs.frozen
class Candidate:
    """A task that might come next."""

    id: int
    kind: str
    priority: int
    due_at: dt.datetime
    owner_id: int | None


@attrs.frozen
class Question:
    """One manager at one moment: who asks, what is excluded, and ways to look for candidates.

    Everything it finds may be opened at once: kinds are not paused, clients are awake, nobody else has it.
    """

    uow: Uow
    user_id: int
    teams: tuple[int, ...]
    now: dt.datetime
    session_id: int
    settings: TaskqueueSettings
    kinds: tuple[str, ...] = ()
    """Kinds that are handed out: those of the settings, without the paused ones."""
    lost: frozenset[int] = frozenset()
    """Tasks somebody else got while this was being decided."""

    def own_due(self) -> Sequence[Candidate]:
        """Return the first due task of each priority class of the manager's own, the first class first."""
        return self._heads("due")

    def own_planned(self) -> Candidate | None:
        """Return the manager's own task that is planned next, the lower class number first at the same time."""
        found = self._heads("planned")
        return min(found, key=lambda c: (c.due_at, c.priority, c.id), default=None)

    def team_due(self) -> Candidate | None:
        """Return the first task the team may help with, held for this transaction: nobody's, or overdue for `team_after`."""
        if not self.teams:
            return None
        for priority in self.settings.classes:
            row = self.uow.connection.execute(_team(priority, *self._also()), self._values()).first()
            if row is not None:
                return Candidate(*row)
        return None

    def old_client(self) -> int | None:
        """Return the old client who comes next, held for this transaction: the manager's own first, then the team's."""
        if self.settings.stack_kind not in self.kinds:
            return None
        shy, zones = self.now - self.settings.rest, asleep(self.uow, self.now)
        awake = [sa.or_(_client.zone.is_(None), _client.zone.not_in(zones))] if zones else []
        free = sa.and_(
            _client.state == sa.literal_column(f"'{StackState.WAITING.value}'"), _client.archived_at.is_(None),
            sa.or_(_client.not_before.is_(None), _client.not_before <= self.now),
            sa.or_(_client.drawn_at.is_(None), _client.drawn_at <= shy), *awake,
        )  # fmt: skip
        ways: list[t.Any] = [_client.owner_id == self.user_id]
        if self.teams:
            since = self.now - self.settings.team_draws_after
            ways.append(sa.and_(_client.team_id.in_(self.teams), sa.or_(_client.owner_id.is_(None), _client.created_at <= since)))
        for way in ways:
            found = sa.select(_client.id).where(way, free).order_by(_client.score.desc(), _client.id).limit(1)
            row = self.uow.connection.execute(found.with_for_update(skip_locked=True)).first()
            if row is not None:
                return int(row[0])
        return None

    def closed_today(self) -> dict[int, int]:
        """Return how many tasks of each priority class the manager has done since midnight."""
        zone = self.uow.crm.zone
        midnight = self.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(dt.UTC)
        mine = (turns.c.user_id == self.user_id) & (turns.c.opened_at >= midnight) & (turns.c.ended == "done")
        rows = self.uow.connection.execute(sa.select(turns.c.priority, sa.func.count()).where(mine).group_by(turns.c.priority))
        return {row[0]: row[1] for row in rows}

    def asleep(self) -> int:
        """Return how many of the manager's own due tasks wait for the client's morning."""
        zones = asleep(self.uow, self.now)
        if not zones:
            return 0
        waits = sa.and_(_task.owner_id == self.user_id, _task.due_at <= self.now, _waiting(), _task.zone.in_(zones))
        return int(self.uow.connection.execute(sa.select(sa.func.count()).where(waits)).scalar_one())

    # ---- statements --------------------------------------------------------------------------------------------
    def _heads(self, which: str) -> list[Candidate]:
        rows = self.uow.connection.execute(_own(which, self.settings.classes, *self._also()), self._values()).all()
        return sorted((Candidate(*row) for row in rows), key=lambda c: (c.priority, c.due_at, c.id))

    def _also(self) -> tuple[bool, bool]:
        return bool(asleep(self.uow, self.now)), bool(self.lost)

    def _values(self) -> dict[str, t.Any]:
        late = self.now - self.settings.team_after
        values = {"user": self.user_id, "teams": self.teams, "now": self.now, "late": late, "kinds": self.kinds}
        return {**values, "lost": tuple(self.lost), "zones": tuple(asleep(self.uow, self.now))}


def _bind(name: str, *, many: bool = False) -> t.Any:
    return sa.bindparam(name, expanding=many)


_HELPS = sa.or_(
    sa.and_(_task.owner_id.is_(None), _task.due_at <= _bind("now")), sa.and_(_task.owner_id != _bind("user"), _task.due_at <= _bind("late"))
)
_WHOSE: dict[str, tuple[t.Any, ...]] = {
    "due": (_task.owner_id == _bind("user"), _task.due_at <= _bind("now")),
    "planned": (_task.owner_id == _bind("user"), _task.due_at > _bind("now")),
    "team": (_task.team_id.in_(_bind("teams", many=True)), _HELPS),
}


def _first(which: str, priority: int, zoned: bool, lost: bool) -> sa.Select[t.Any]:
    """Return the statement for the first waiting task of one class: a short walk along an index, however many there are."""
    found = sa.select(_task.id, _task.kind, _task.priority, _task.due_at, _task.owner_id)
    found = found.where(*_WHOSE[which], _task.priority == priority, _waiting(), _task.kind.in_(_bind("kinds", many=True)))
    if zoned:
        found = found.where(sa.or_(_task.zone.is_(None), _task.zone.not_in(_bind("zones", many=True))))
    if lost:
        found = found.where(_task.id.not_in(_bind("lost", many=True)))
    return found.order_by(_task.due_at, _task.id).limit(1)


@functools.cache
def _own(which: str, classes: tuple[int, ...], zoned: bool, lost: bool) -> t.Any:
    return sa.union_all(*(_first(which, priority, zoned, lost).subquery().select() for priority in classes))


@functools.cache
def _team(priority: int, zoned: bool, lost: bool) -> t.Any:
    return _first("team", priority, zoned, lost).with_for_update(skip_locked=True)


def _waiting() -> t.Any:
    # Written out, not bound: only so do both databases see that the partial index fits.
    return sa.and_(_task.state == sa.literal_column(f"'{TaskState.WAITING.value}'"), _task.archived_at.is_(None))


def without(question: Question, lost: Iterable[int]) -> Question:
    """Return the same question, some tasks left out."""
    return attrs.evolve(question, lost=question.lost | frozenset(lost))
