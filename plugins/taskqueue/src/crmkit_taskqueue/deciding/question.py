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
from ..zones import asleep, in_client_hours

FAR = dt.timedelta(days=2)  # as far ahead as one looks for what begins with a client's morning
_task, _client = Task.__table__.c, OldClient.__table__.c


@attrs.frozen
class Candidate:
    """A task that might come next."""

    id: int
    kind: str
    priority: int
    due_at: dt.datetime
    owner_id: int | None
    wakes_at: dt.datetime | None = attrs.field(default=None, eq=False)
    """When its client may be called, if that is not so now."""

    @property
    def begins_at(self) -> dt.datetime:
        """When it may be opened at the earliest."""
        return self.due_at if self.wakes_at is None else self.wakes_at


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
    """Tasks that could not be opened: somebody else got them while this was being decided."""
    lost_clients: frozenset[int] = frozenset()
    """Old clients who could not be drawn, for the same reason."""
    stands_for: tuple[int, ...] = ()
    """People the manager stands in for: what is theirs comes like the manager's own."""
    shown: dict[int, Candidate] = attrs.field(factory=dict, eq=False, repr=False)
    """Every candidate found so far: what has changed since is asked about once more."""

    @property
    def owners(self) -> tuple[int, ...]:
        """Whose tasks count as the manager's own."""
        return (self.user_id, *self.stands_for)

    @property
    def dials(self) -> tuple[str, ...]:
        """Kinds that are opened only while the client may be called."""
        return tuple(name for name in self.kinds if self.settings.all_kinds[name].dials)

    def own_due(self) -> Sequence[Candidate]:
        """Return the first due task of each priority class of the manager's own, the first class first."""
        return self._heads("due")

    def own_planned(self) -> Candidate | None:
        """Return the manager's own task that is planned next, the lower class number first at the same time.

        One whose client sleeps now begins when that client may be called: it counts with that moment.
        """
        found = [*self._heads("planned"), *self._sleeping()]
        return min(found, key=lambda c: (c.begins_at, c.priority, c.due_at, c.id), default=None)

    def team_due(self) -> Candidate | None:
        """Return the first task the team may help with, held for this transaction: nobody's, or overdue for `team_after`.

        What belongs to nobody and to no team may be done by everybody.
        """
        values, sizes = self._values(), self._sizes()
        for priority in self.settings.classes:
            ways = [_team("team", priority, len(self.teams), *sizes)] if self.teams else []
            rows = [row for way in (*ways, _team("nobodys", priority, 0, *sizes)) for row in self.uow.run(way, values)]
            found = min((Candidate(*row) for row in rows), key=lambda c: (c.due_at, c.id), default=None)
            if found is not None:
                self.shown[found.id] = found
                return found
        return None

    def old_client(self) -> int | None:
        """Return the old client who comes next, held for this transaction: the manager's own first, then the team's."""
        if self.settings.stack_kind not in self.kinds:
            return None
        zones = sorted(asleep(self.uow, self.now)) if self.settings.stack_kind in self.dials else []
        values: dict[str, t.Any] = {
            "now": self.now, "shy": self.now - self.settings.rest, "since": self.now - self.settings.team_draws_after,
            **_numbered("owner", self.owners), **_numbered("team", self.teams), **_numbered("zone", zones),
            **_numbered("lost", sorted(self.lost_clients)),
        }  # fmt: skip
        ways = [("own", n) for n in range(len(self.owners))] + ([("team", len(self.teams))] if self.teams else []) + [("nobodys", 0)]
        for way, number in ways:
            rows = self.uow.run(_old(way, number, len(zones), len(self.lost_clients)), values)
            if rows:
                return int(rows[0][0])
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
        waits = sa.and_(_task.owner_id.in_(self.owners), _task.due_at <= self.now, _waiting(), _task.zone.in_(zones), _task.kind.in_(self.dials))
        return int(self.uow.connection.execute(sa.select(sa.func.count()).where(waits)).scalar_one())

    def without_kind(self) -> int:
        """Return how many of the manager's own due tasks are of kinds that are no longer in the settings."""
        mine = sa.and_(_task.owner_id.in_(self.owners), _task.due_at <= self.now, _waiting(), _task.kind.not_in(tuple(self.settings.all_kinds)))
        return int(self.uow.connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one())

    # ---- statements --------------------------------------------------------------------------------------------
    def _heads(self, which: str) -> list[Candidate]:
        statement = _own(which, self.settings.classes, len(self.owners), *self._sizes())
        rows = [Candidate(*row) for row in self.uow.run(statement, self._values())]
        self.shown.update((c.id, c) for c in rows)
        first: dict[int, Candidate] = {}
        for found in sorted(rows, key=lambda c: (c.priority, c.due_at, c.id)):
            first.setdefault(found.priority, found)
        return list(first.values())

    def _sleeping(self) -> list[Candidate]:
        """Return the manager's own tasks, the first of each time zone that sleeps, with the moment from which they may be opened."""
        zones = asleep(self.uow, self.now)
        if not zones:
            return []
        values = {"until": self.now + FAR, **self._values()}
        rows = self.uow.run(_asleep(len(self.owners), len(self.dials), len(zones), len(self.lost)), values)
        found = []
        for key, kind, priority, due, owner, zone, _number in rows:
            found.append(Candidate(key, kind, priority, due, owner, in_client_hours(self.uow, max(due, self.now), zone)))
        return found

    def _sizes(self) -> tuple[int, int, int, int]:
        """How many kinds, kinds that dial, sleeping zones and lost tasks there are: for as many values a statement is built, once."""
        zones = len(asleep(self.uow, self.now))
        return len(self.kinds), len(self.dials) if zones else 0, zones, len(self.lost)

    def _values(self) -> dict[str, t.Any]:
        values: dict[str, t.Any] = {"user": self.user_id, "now": self.now, "late": self.now - self.settings.team_after}
        lists = {
            "kind": self.kinds, "team": self.teams, "lost": sorted(self.lost), "zone": sorted(asleep(self.uow, self.now)), "dials": self.dials,
            "owner": self.owners,
        }  # fmt: skip
        for name, some in lists.items():
            values |= _numbered(name, some)
        return values


def _numbered(name: str, some: Sequence[t.Any]) -> dict[str, t.Any]:
    return {f"{name}_{n}": value for n, value in enumerate(some)}


def _bind(name: str, like: t.Any) -> t.Any:
    return sa.bindparam(name, type_=like.type)


def _some(name: str, count: int, like: t.Any) -> list[t.Any]:
    return [_bind(f"{name}_{n}", like) for n in range(count)]


_COLUMNS = (_task.id, _task.kind, _task.priority, _task.due_at, _task.owner_id)


def _whose(which: str, number: int) -> tuple[t.Any, ...]:
    """Return whose tasks are looked at and when they are due; `number` is that of the owner, or how many teams there are."""
    now, late = _bind("now", _task.due_at), _bind("late", _task.due_at)
    if which == "nobodys":
        return _task.team_id.is_(None), _task.owner_id.is_(None), _task.due_at <= now
    if which != "team":
        return _task.owner_id == _bind(f"owner_{number}", _task.owner_id), _task.due_at <= now if which == "due" else _task.due_at > now
    user = _bind("user", _task.owner_id)
    helps = sa.or_(sa.and_(_task.owner_id.is_(None), _task.due_at <= now), sa.and_(_task.owner_id != user, _task.due_at <= late))
    return _task.team_id.in_(_some("team", number, _task.team_id)), helps


def _first(which: str, priority: int, number: int, kinds: int, dials: int, zones: int, lost: int) -> sa.Select[t.Any]:
    """Return the statement for the first waiting task of one class: a short walk along an index, however many there are."""
    found = sa.select(*_COLUMNS).where(*_whose(which, number), _task.priority == sa.literal_column(str(priority)), _waiting())
    found = found.where(_task.kind.in_(_some("kind", kinds, _task.kind)))
    if zones and dials:
        awake = sa.or_(_task.zone.is_(None), _task.zone.not_in(_some("zone", zones, _task.zone)))
        found = found.where(awake if dials == kinds else sa.or_(awake, _task.kind.not_in(_some("dials", dials, _task.kind))))
    if lost:
        found = found.where(_task.id.not_in(_some("lost", lost, _task.id)))
    return found.order_by(_task.due_at, _task.id).limit(sa.literal_column("1"))


@functools.cache
def _own(which: str, classes: tuple[int, ...], owners: int, *sizes: int) -> t.Any:
    each = ((priority, owner) for priority in classes for owner in range(owners))
    return sa.union_all(*(_first(which, priority, owner, *sizes).subquery().select() for priority, owner in each))


@functools.cache
def _team(way: str, priority: int, teams: int, *sizes: int) -> t.Any:
    return _first(way, priority, teams, *sizes).with_for_update(skip_locked=True)


@functools.cache
def _asleep(owners: int, dials: int, zones: int, lost: int) -> t.Any:
    """Return the statement for the first task of each zone that sleeps."""
    number = sa.func.row_number().over(partition_by=_task.zone, order_by=(_task.due_at, _task.priority, _task.id)).label("n")
    waits = [
        _task.owner_id.in_(_some("owner", owners, _task.owner_id)), _task.due_at <= _bind("until", _task.due_at), _waiting(),
        _task.zone.in_(_some("zone", zones, _task.zone)), _task.kind.in_(_some("dials", dials, _task.kind)),
    ]  # fmt: skip
    if lost:
        waits.append(_task.id.not_in(_some("lost", lost, _task.id)))
    each = sa.select(*_COLUMNS, _task.zone, number).where(*waits).subquery()
    return sa.select(each).where(each.c.n == sa.literal_column("1"))


@functools.cache
def _old(way: str, number: int, zones: int, lost: int) -> t.Any:
    """Return the statement for the old client who comes next: of an owner, of teams, or of nobody."""
    now = _bind("now", _client.not_before)
    free = [
        _client.state == sa.literal_column(f"'{StackState.WAITING.value}'"), _client.archived_at.is_(None),
        sa.or_(_client.not_before.is_(None), _client.not_before <= now),
        sa.or_(_client.drawn_at.is_(None), _client.drawn_at <= _bind("shy", _client.drawn_at)),
    ]  # fmt: skip
    if zones:
        free.append(sa.or_(_client.zone.is_(None), _client.zone.not_in(_some("zone", zones, _client.zone))))
    if lost:
        free.append(_client.id.not_in(_some("lost", lost, _client.id)))
    helped = sa.or_(_client.owner_id.is_(None), _client.created_at <= _bind("since", _client.created_at))
    whose: dict[str, t.Any] = {
        "own": _client.owner_id == _bind(f"owner_{number}", _client.owner_id),
        "team": sa.and_(_client.team_id.in_(_some("team", number, _client.team_id)), helped),
        "nobodys": sa.and_(_client.team_id.is_(None), _client.owner_id.is_(None)),
    }
    found = sa.select(_client.id).where(whose[way], *free).order_by(_client.score.desc(), _client.id).limit(sa.literal_column("1"))
    return found.with_for_update(skip_locked=True)


def _waiting() -> t.Any:
    # Written out, not bound: only so do both databases see that the partial index fits.
    return sa.and_(_task.state == sa.literal_column(f"'{TaskState.WAITING.value}'"), _task.archived_at.is_(None))


def without(question: Question, lost: Iterable[int] = (), clients: Iterable[int] = ()) -> Question:
    """Return the same question, some tasks or old clients left out."""
    return attrs.evolve(question, lost=question.lost | frozenset(lost), lost_clients=question.lost_clients | frozenset(clients))
