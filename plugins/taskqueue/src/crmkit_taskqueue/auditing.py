"""Replaying the journal for the audit: what every task was at each opening, and what had to come first."""

from __future__ import annotations

import collections
import datetime as dt
import heapq
import typing as t
from zoneinfo import ZoneInfo

import attrs

from crmkit import Uow
from crmkit_sales import SalesSettings

from .settings import TaskqueueSettings

LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)
# From what a task may come to what. Backwards from done or cancelled leads an undo alone.
STEPS = {
    ("waiting", "open"), ("waiting", "cancelled"), ("waiting", "held"), ("open", "waiting"), ("open", "done"), ("open", "cancelled"),
    ("open", "held"), ("held", "waiting"), ("held", "open"), ("held", "cancelled"),
}  # fmt: skip
Key = tuple[int, str, str | None]  # priority class, kind, time zone of the client
Heap = list[tuple[dt.datetime, int, int]]  # due, task, its stamp


@attrs.define
class Known:
    """A task as the journal has it so far."""

    id: int
    state: str = "waiting"
    kind: str = ""
    priority: int = 0
    due: dt.datetime = LONG_AGO
    owner: int | None = None
    team: int | None = None
    zone: str | None = None
    user: int | None = None
    archived: bool = False
    old_client: int | None = None
    outcome: str | None = None
    attempt: int = 1
    stamp: int = 0
    since: dt.datetime | None = None


FIELDS = {
    "state": "state", "kind": "kind", "priority": "priority", "owner_id": "owner", "team_id": "team", "zone": "zone", "opened_by": "user",
    "old_client_id": "old_client", "outcome": "outcome", "attempt": "attempt",
}  # fmt: skip
PLACED = frozenset({"state", "kind", "priority", "owner_id", "team_id", "zone", "due_at", "archived_at"})


@attrs.frozen
class Doubt:
    """A task that seems to have been passed over, which time has to confirm."""

    task: int
    stamp: int
    until: dt.datetime
    words: str


def moment_of(value: t.Any) -> dt.datetime | None:
    """Return a moment of the journal."""
    return None if value is None else dt.datetime.fromisoformat(value).astimezone(dt.UTC)


class Replay:
    """Takes the journal's entries one after the other."""

    def __init__(self, uow: Uow, turns: dict[int, collections.deque[t.Any]], slack: dt.timedelta | None) -> None:
        self.settings, self.zone, self.turns, self.slack = uow.crm[TaskqueueSettings], uow.crm.zone, turns, slack
        self.company = uow.crm[SalesSettings].calendar
        self.found: list[str] = []
        self.tasks: dict[int, Known] = {}
        self.open: dict[int, int] = {}
        self.clients: dict[int, dict[str, t.Any]] = {}
        self.followed: set[int] = set()
        self.done: list[int] = []
        self.paused: set[str] = set()
        self.breaks: dict[int, int] = {}  # session: how many breaks are on
        self.hooked = uow.crm.hooked
        self.pause_of: dict[int, int] = {}
        self.ended: set[int] = set()
        self._own: dict[int | None, dict[Key, Heap]] = collections.defaultdict(lambda: collections.defaultdict(list))
        self._team: dict[int | None, dict[Key, Heap]] = collections.defaultdict(lambda: collections.defaultdict(list))
        self._nobodys: dict[int | None, dict[Key, Heap]] = collections.defaultdict(lambda: collections.defaultdict(list))
        self._awake: dict[tuple[str, dt.datetime], bool] = {}
        self._doubts: list[Doubt] = []

    # ---- entries -----------------------------------------------------------------------------------------------
    def take(self, row: t.Any) -> None:
        """Take one entry."""
        changes = {name: change for name, change in row.changes.items() if not name.startswith("~")}
        match row.kind if "arguments" not in changes else "a command":
            case "taskqueue.task":
                self._take_task(row, changes)
            case "taskqueue.old_client":
                self._take_client(row, changes)
            case "taskqueue.pause":
                self._take_break(row, changes)
            case "taskqueue.session":
                if changes.get("ended_at", [None, None])[1] is not None:
                    self.ended.add(row.record_id)
            case _:
                self._take_command(row)

    def _take_command(self, row: t.Any) -> None:
        kind = row.changes.get("arguments", {}).get("kind")
        if row.action == "taskqueue.pause_kind":
            self.paused.add(kind)
        elif row.action == "taskqueue.resume_kind":
            self.paused.discard(kind)

    def _take_break(self, row: t.Any, changes: dict[str, t.Any]) -> None:
        session = changes.get("session_id", [None, None])[1]
        if session is not None:
            self.pause_of[row.record_id] = session
            self.breaks[session] = self.breaks.get(session, 0) + 1
        if changes.get("ended_at", [None, None])[1] is not None and row.record_id in self.pause_of:
            self.breaks[self.pause_of[row.record_id]] -= 1

    def _take_task(self, row: t.Any, changes: dict[str, t.Any]) -> None:
        if row.action == "deleted":
            gone = self.tasks.pop(row.record_id, None)
            if gone is not None and gone.user is not None:
                self.open.pop(gone.user, None)
            self.turns.pop(row.record_id, None)
            return
        task = self.tasks.get(row.record_id)
        if task is None:
            # One that is older than the journal is taken for what the entry says that it was.
            task = self.tasks[row.record_id] = Known(row.record_id)
            self._set(task, {n: [None, c[0]] for n, c in changes.items() if row.action not in ("created", "recreated")})
        before, was = task.state, task.user
        if "state" in changes and changes["state"][0] not in (None, before):
            self.found.append(f"task {task.id} was {before}, the journal's entry {row.id} says {changes['state'][0]}")
        if "previous_id" in changes and changes["previous_id"][1] is not None:
            self.followed.add(changes["previous_id"][1])
        if self._opens(task, row, changes.get("state", [None, None])[1]):
            self._check_opening(task, row, changes)
        self._set(task, changes)
        if PLACED & changes.keys():
            task.stamp, task.since = row.id, row.at
            if task.state == "waiting" and not task.archived:
                self._place(task)
        if "state" in changes and row.action not in ("undone", "recreated") and before != task.state and self._strange(before, task):
            self.found.append(f"task {task.id} went from {before} to {task.state} (entry {row.id})")
        if before == "open" and task.state != "open" and was is not None and self.open.get(was) == task.id:
            del self.open[was]
        if task.state == "open" and task.user is not None and before != "open":
            if task.user in self.open:
                self.found.append(f"user {task.user} got task {task.id} with task {self.open[task.user]} still open")
            self.open[task.user] = task.id
        if task.state == "done" and before != "done":
            self.done.append(task.id)
        self._settle(row.at)

    def _strange(self, before: str, task: Known) -> bool:
        return (before, task.state) not in STEPS and not (task.user is not None and task.state == "done" and before in ("waiting", "held"))

    def _opens(self, task: Known, row: t.Any, state: str | None) -> bool:
        """True for an opening, and for one that ended in the same transaction: the journal has both as one entry."""
        if row.action not in ("changed", "created"):
            return False
        if state in ("open", "done"):
            return state == "open" or task.state != "open"
        queue = self.turns.get(task.id)
        return state in ("held", "cancelled") and task.state != "open" and queue is not None and len(queue) > 0 and queue[0].opened_at == row.at

    def _set(self, task: Known, changes: dict[str, t.Any]) -> None:
        for name, (_old, new) in changes.items():
            if name in FIELDS:
                setattr(task, FIELDS[name], new)
            elif name == "due_at":
                task.due = moment_of(new) or LONG_AGO
            elif name == "archived_at":
                task.archived = new is not None

    def _place(self, task: Known) -> None:
        key, entry = (task.priority, task.kind, task.zone), (task.due, task.id, task.stamp)
        heapq.heappush(self._own[task.owner][key], entry)
        whose = self._team if task.owner is not None else self._nobodys
        heapq.heappush(whose[task.team][key], entry)

    def _take_client(self, row: t.Any, changes: dict[str, t.Any]) -> None:
        client = self.clients.setdefault(row.record_id, {"state": "waiting", "drawn_at": None})
        state = changes.get("state", [None, None])[1]
        if state == "drawn" and row.action == "changed":
            drawn = moment_of(changes.get("drawn_at", [None, None])[1])
            if client["state"] == "drawn":
                self.found.append(f"old client {row.record_id} was drawn twice at once (entry {row.id})")
            if drawn is not None and client["drawn_at"] is not None and dt.timedelta(0) <= drawn - client["drawn_at"] < self.settings.rest:
                self.found.append(f"old client {row.record_id} was drawn again after {drawn - client['drawn_at']}, sooner than {self.settings.rest}")
            if drawn is not None and not self._may_call(self.settings.stack_kind, client.get("zone"), drawn):
                self.found.append(f"old client {row.record_id} was drawn while asleep ({client.get('zone')}, {drawn:%H:%M} UTC)")
        client |= {name: change[1] for name, change in changes.items() if name in ("state", "zone")}
        if "drawn_at" in changes:
            client["drawn_at"] = moment_of(changes["drawn_at"][1])

    # ---- openings ----------------------------------------------------------------------------------------------
    def _check_opening(self, task: Known, row: t.Any, changes: dict[str, t.Any]) -> None:
        if task.state == "open":
            self.found.append(f"task {task.id} was handed out twice: at user {task.user} and again (entry {row.id})")
        if task.archived:
            self.found.append(f"task {task.id} was opened from the archive (entry {row.id})")
        queue = self.turns.get(task.id)
        if not queue:
            self.found.append(f"task {task.id} was opened without a turn (entry {row.id})")
            return
        turn = queue.popleft()
        user = changes.get("opened_by", [None, task.user])[1]
        if turn.user_id != user:
            self.found.append(f"task {task.id} was opened by user {user}, its turn {turn.id} is of user {turn.user_id}")
        if self.breaks.get(turn.session_id, 0):
            self.found.append(f"turn {turn.id}: user {turn.user_id} got task {task.id} on a break")
        if turn.session_id in self.ended:
            self.found.append(f"turn {turn.id}: user {turn.user_id} got task {task.id} after the work session had ended")
        self._set(task, {n: c for n, c in changes.items() if n in ("owner_id", "team_id", "priority", "kind", "due_at", "zone")})
        Opening(self, task, turn).check()

    def heads(self, whose: dict[int | None, dict[Key, Heap]], of: int | None, turn: t.Any, *, asleep: bool = False) -> t.Iterator[Known]:
        """Yield the first waiting task of each class, kind and zone that could be opened then; or of those whose clients slept."""
        for (_priority, kind, zone), heap in list(whose.get(of, {}).items()):
            if kind in self.paused or kind not in self.settings.all_kinds or self._may_call(kind, zone, turn.opened_at) == asleep:
                continue
            while heap:
                _due, key, stamp = heap[0]
                task = self.tasks.get(key)
                if task is not None and task.stamp == stamp and task.state == "waiting" and not task.archived:
                    yield task
                    break
                heapq.heappop(heap)

    def own(self, owner: int, turn: t.Any) -> t.Iterator[Known]:
        """Yield the first ones of somebody's own."""
        return self.heads(self._own, owner, turn)

    def sleeping(self, owner: int, turn: t.Any, until: dt.datetime) -> t.Iterator[Known]:
        """Yield the first ones of somebody's own whose clients slept then, but may be called before `until` has passed."""
        for task in self.heads(self._own, owner, turn, asleep=True):
            minute = max(task.due, turn.opened_at)
            while minute <= until and not self._is_awake(task.zone, minute):
                minute += dt.timedelta(minutes=1)
            if minute <= until:
                yield task

    def team(self, team: int | None, turn: t.Any) -> t.Iterator[Known]:
        """Yield the first ones of a team: those of its people, and nobody's."""
        yield from self.heads(self._team, team, turn)
        yield from self.heads(self._nobodys, team, turn)
        yield from self.heads(self._nobodys, None, turn)

    def _may_call(self, kind: str, zone: str | None, at: dt.datetime) -> bool:
        return not self.settings.all_kinds[kind].dials or self._is_awake(zone, at)

    def _is_awake(self, zone: str | None, at: dt.datetime) -> bool:
        if zone is None:
            return True
        minute = at.replace(second=0, microsecond=0)
        found = self._awake.get((zone, minute))
        if found is None:
            local = minute.astimezone(ZoneInfo(zone))
            now, hours, day = local.hour * 60 + local.minute, self.settings.calling_hours.hours, local.weekday()
            if self.company.hours.get(day) and not self.company.of(local.date()):
                day = 6  # a public holiday is to clients what a Sunday is
            found = self._awake[zone, minute] = any(b <= now < e for b, e in hours.get(day, ()))
        return found

    # ---- passed over -------------------------------------------------------------------------------------------
    def passed_over(self, other: Known, turn: t.Any, words: str) -> None:
        """Note that a task should have come first; with slack once it has waited for long enough on both sides."""
        if self.slack is None:
            self.found.append(words)
        elif other.since is not None and other.since <= turn.opened_at - self.slack:
            self._doubts.append(Doubt(other.id, other.stamp, turn.opened_at + self.slack, words))

    def _settle(self, now: dt.datetime) -> None:
        still = []
        for doubt in self._doubts:
            task = self.tasks.get(doubt.task)
            if task is None or task.stamp != doubt.stamp:
                continue  # somebody was at it at the same time
            if now > doubt.until:
                self.found.append(doubt.words)
            else:
                still.append(doubt)
        self._doubts = still

    def finish(self) -> None:
        """Say what only the end of the journal shows."""
        self._settle(dt.datetime.max.replace(tzinfo=dt.UTC))
        elsewhere = "taskqueue_retry" in self.hooked  # a plugin says how often
        for key in self.done:
            task = self.tasks.get(key)
            kind = None if task is None else self.settings.all_kinds.get(task.kind)
            outcome = None if task is None or kind is None else kind.outcomes.get(task.outcome or "")
            if task is None or kind is None or outcome is None or task.state != "done" or key in self.followed:
                continue
            if outcome.then == "again":
                self.found.append(f"task {key} ended by {task.outcome!r}, and never came again")
            if outcome.then == "retry" and not elsewhere and task.old_client is None and task.attempt <= len(kind.retry_after):
                self.found.append(f"task {key} reached nobody at attempt {task.attempt}, and was not tried again")


@attrs.frozen
class Opening:
    """One opening, held against everything that waited at that moment."""

    replay: Replay
    task: Known
    turn: t.Any

    def check(self) -> None:
        """Find what had to come first."""
        rule = self.turn.why.get("rule")
        if rule in ("due", "planned", "old_client", "team", "starving", "share"):
            getattr(self, f"_{rule}")()

    def _name(self, other: Known) -> str:
        who = f"turn {self.turn.id} ({self.turn.why['rule']}) of user {self.turn.user_id}"
        first, second = (f"task {x.id} of class {x.priority}, due {x.due:%d.%m %H:%M:%S}," for x in (self.task, other))
        return f"{who}: {first} came before {second} which waited"

    def _others(self) -> t.Iterator[Known]:
        return (other for other in self.replay.own(self.turn.user_id, self.turn) if other.id != self.task.id)

    def _blame(self, others: t.Iterator[Known], first: t.Callable[[Known], bool]) -> None:
        for other in others:
            if first(other):
                self.replay.passed_over(other, self.turn, self._name(other))

    def _due(self) -> None:
        now, mine = self.turn.opened_at, (self.task.priority, self.task.due, self.task.id)
        if self.task.due > now:
            self.replay.found.append(f"turn {self.turn.id} says that task {self.task.id} is due, but it is due {self.task.due}")
        others = list(self._others())
        self._blame(iter(others), lambda o: o.due <= now and (o.priority, o.due, o.id) < mine)
        limit = self.replay.settings.starving_after
        if limit is not None:
            self._blame(iter(others), lambda o: now - o.due >= limit and o.due < self.task.due)

    def _starving(self) -> None:
        limit, now = self.replay.settings.starving_after, self.turn.opened_at
        if limit is None or now - self.task.due < limit:
            self.replay.found.append(f"turn {self.turn.id} says that task {self.task.id} starves, but it is due {self.task.due}")
        self._blame(self._others(), lambda o: (o.due, o.priority, o.id) < (self.task.due, self.task.priority, self.task.id))

    def _share(self) -> None:
        if str(self.task.priority) not in self.replay.settings.min_share:
            self.replay.found.append(f"turn {self.turn.id} says that class {self.task.priority} is behind its share, but it has none")
        now = self.turn.opened_at
        self._blame(self._others(), lambda o: o.due <= now and o.priority == self.task.priority and (o.due, o.id) < (self.task.due, self.task.id))

    def _team(self) -> None:
        now, settings = self.turn.opened_at, self.replay.settings
        self._blame(self._others(), lambda o: o.due <= now)
        late = now - settings.team_after
        if self.task.due > (now if self.task.owner is None else late):
            self.replay.found.append(f"turn {self.turn.id} helps with task {self.task.id} too early: it is due {self.task.due}")
        if self.task.team is not None and self.task.team == self.turn.team_id:
            mine = (self.task.priority, self.task.due, self.task.id)
            self._blame(self._help(), lambda o: o.priority < mine[0])

    def _planned(self) -> None:
        now, settings = self.turn.opened_at, self.replay.settings
        if not now < self.task.due <= now + settings.max_break or settings.wait != "open":
            self.replay.found.append(f"turn {self.turn.id} opens task {self.task.id} early, which is planned for {self.task.due}: the break rule")
        self._blame(self._others(), lambda o: (o.due, o.priority, o.id) < (self.task.due, self.task.priority, self.task.id))
        self._blame(self._help(), lambda o: True)

    def _old_client(self) -> None:
        latest = self.turn.opened_at + self.replay.settings.max_break
        self._blame(self._others(), lambda o: o.due <= latest)
        self._blame(self.replay.sleeping(self.turn.user_id, self.turn, latest), lambda o: True)
        self._blame(self._help(), lambda o: True)

    def _help(self) -> t.Iterator[Known]:
        """Yield what the manager may help with: the team's, and what is nobody's."""
        now, late = self.turn.opened_at, self.turn.opened_at - self.replay.settings.team_after
        for other in self.replay.team(self.turn.team_id, self.turn):
            if other.id != self.task.id and other.owner != self.turn.user_id and other.due <= (now if other.owner is None else late):
                yield other
