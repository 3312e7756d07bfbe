"""An independent audit: it reads tables alone, and works dates, stages and calls out by itself.

Nothing of the code that plans and moves cards is used here, so that a mistake there is found here. It is given the tables, the moment
and what the settings say; what it finds are sentences.
"""

from __future__ import annotations

import collections
import datetime as dt
import json
import typing as t
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from .recalculating import Line, Rules, birthday, day, moment, worked_out, working_day

Row = t.Any
SERVICE, CARD, DEVICE, APPLIED, PAUSE, INCIDENT, ANSWER, CALL, VERSION = (
    f"prosthesis_feedback_{name}"
    for name in ("service", "card", "device", "device_protocol", "pause", "incident", "answer", "call", "protocol_version")
)
MOST = 50
CLOSED = ("solved", "cancelled")


class Audit:
    """Looks at everything again and again. `since` is the moment it has looked at last."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.since = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        self.turn = 0
        self.bodies: dict[int, Mapping[str, t.Any]] = {}
        self.found: list[str] = []
        self.looked: collections.Counter[str] = collections.Counter()

    def look(self, connection: sa.Connection, now: dt.datetime, *, every: bool = False, aligned: dt.datetime | None = None) -> list[str]:
        """Return what is wrong now. Calendars are worked out anew for everybody of whom something was written, or of `every`body.

        `aligned` is the moment of the last daily run: what came due after it has its call with the next one.
        """
        self.found = []
        self.sql, self.now = connection, now
        self.today = now.astimezone(self.rules.zone).date()
        for version, body in self._rows(f"SELECT id, body FROM {VERSION}"):
            self.bodies.setdefault(version, body if isinstance(body, dict) else json.loads(body))
        self.services = {row.id: row for row in self._rows(f"SELECT * FROM {SERVICE} WHERE archived_at IS NULL")}
        self.open_pauses = collections.Counter(row[0] for row in self._rows(f"SELECT service_id FROM {PAUSE} WHERE ended_on IS NULL"))
        undone = f"SELECT id, service_id, stage, planned_at, latest FROM {CARD} WHERE done_on IS NULL AND skipped IS NULL AND archived_at IS NULL"
        self.waiting = [tuple(row) for row in self._rows(undone)]
        self._pauses()
        self._stages()
        self._calls(aligned or now)
        self._turns()
        self._counts(every=every)
        touched = list(self.services) if every else self._touched()
        for start in range(0, len(touched), 500):
            self._calendars(touched[start : start + 500])
        self.since = now
        self.looked["looks"] += 1
        self.looked["calendars"] += len(touched)
        return self.found

    # ---- reading -----------------------------------------------------------------------------------------------
    def _rows(self, sql: str, **values: t.Any) -> Iterable[Row]:
        return self.sql.execute(sa.text(sql), values)

    def _wrong(self, said: str) -> None:
        if len(self.found) < MOST:
            self.found.append(f"{self.today}: {said}")

    def _touched(self) -> list[int]:
        """Return the service cards of which something was written since the last look."""
        since = self._bound(self.since)
        parts = [f"SELECT service_id FROM {table} WHERE updated_at > :since" for table in (CARD, DEVICE, PAUSE, INCIDENT)]
        parts.append(f"SELECT id FROM {SERVICE} WHERE updated_at > :since")
        parts.append(f"SELECT d.service_id FROM {APPLIED} a JOIN {DEVICE} d ON d.id = a.device_id WHERE a.updated_at > :since")
        return sorted({row[0] for row in self._rows(" UNION ".join(parts), since=since)} & self.services.keys())

    def _bound(self, moment: dt.datetime) -> t.Any:
        sqlite = self.sql.dialect.name == "sqlite"
        return moment.astimezone(dt.UTC).isoformat(" ", "microseconds")[:26] if sqlite else moment

    def _bound_day(self, value: dt.date) -> t.Any:
        return value.isoformat() if self.sql.dialect.name == "sqlite" else value

    def _month(self, ahead: int) -> dt.datetime:
        """Return when this month, or one after it, begins."""
        years, month = divmod(self.today.month - 1 + ahead, 12)
        return dt.datetime(self.today.year + years, month + 1, 1, tzinfo=self.rules.zone)

    # ---- incidents and pauses ----------------------------------------------------------------------------------
    def _pauses(self) -> None:
        """A pause is open exactly while an incident is, and there is never more than one."""
        closed = ", ".join(f"'{name}'" for name in CLOSED)
        going: collections.Counter[int] = collections.Counter(
            row[0] for row in self._rows(f"SELECT service_id FROM {INCIDENT} WHERE stage NOT IN ({closed}) AND archived_at IS NULL")
        )
        for service in going.keys() | self.open_pauses.keys():
            if self.open_pauses[service] != (1 if going[service] else 0):
                self._wrong(f"service {service} has {going[service]} open incidents and {self.open_pauses[service]} open pauses")
        for row in self._rows(f"SELECT id, service_id FROM {PAUSE} WHERE ended_on < began_on"):
            self._wrong(f"pause {row.id} of service {row.service_id} ends before it begins")

    # ---- stages ------------------------------------------------------------------------------------------------
    def _stages(self) -> None:
        """Every undone card is where its dates, the person's pause and their silence put it."""
        # Compared as the database keeps them: there are many, and this is done every day.
        today, (this, following, after) = self._bound_day(self.today), [self._bound(self._month(n)) for n in range(3)]
        paused = {key for key, n in self.open_pauses.items() if n}
        away = {key for key, service in self.services.items() if self._away(service)}
        asked = set()
        for card, of, stage, planned, latest in self.waiting:
            asked.add(of)
            if of not in self.services:
                self._wrong(f"card {card} is of service {of}, which is not there")
                continue
            if of in paused:
                right = "incident"
            elif of in away:
                right = "unreachable"
            elif latest < today or planned < this:
                right = "overdue"
            else:
                right = "this_month" if planned < following else "next_month" if planned < after else "later"
            if stage != right:
                self._wrong(f"card {card} planned for {planned}, latest {latest}, is in {stage}, not in {right}")
        for service in self.services.values():
            if service.ended is not None:
                right = "ended"
            elif self.open_pauses[service.id]:
                right = "incident"
            elif service.id not in asked:
                right = "finished"
            else:
                right = "unreachable" if self._away(service) else "active"
            if service.stage != right:
                self._wrong(f"service {service.id} is in {service.stage}, not in {right}")
        over = f"SELECT id, stage, done_on, skipped FROM {CARD} WHERE (stage = 'done') <> (done_on IS NOT NULL)"
        for card in self._rows(f"{over} OR (stage = 'skipped') <> (skipped IS NOT NULL) OR (done_on IS NOT NULL AND skipped IS NOT NULL)"):
            self._wrong(f"card {card.id} is in {card.stage}, done on {card.done_on}, skipped {card.skipped}")

    def _away(self, service: Row) -> bool:
        return service.try_again_on is not None and day(service.try_again_on) > self.today

    # ---- calls -------------------------------------------------------------------------------------------------
    def _calls(self, aligned: dt.datetime) -> None:
        """Whoever is due and may be called has one call and not two; whoever must not be called has none that waits."""
        going: dict[int, list[Row]] = collections.defaultdict(list)
        sql = f"SELECT c.service_id, t.id, t.state, t.previous_id, t.due_at FROM {CALL} c JOIN taskqueue_task t ON t.id = c.id"
        for task in self._rows(f"{sql} WHERE t.state IN ('waiting', 'open', 'held') AND t.archived_at IS NULL"):
            going[task.service_id].append(task)
        until = self._bound(aligned + self.rules.ahead)
        waits = {of for _card, of, _stage, _planned, _latest in self.waiting}
        due = {of for _card, of, _stage, planned, _latest in self.waiting if planned <= until}
        for key, service in self.services.items():
            quiet = service.ended is not None or self.open_pauses[key] > 0 or self._away(service)
            tasks = going.get(key, [])
            if quiet and any(task.state == "waiting" for task in tasks):
                self._wrong(f"service {key} must not be called, and task {tasks[0].id} waits")
            if not quiet and len(tasks) != (1 if key in due else 0):
                promised = [task for task in tasks if task.previous_id is not None]
                if len(tasks) != 1 or not (promised or moment(tasks[0].due_at) > aligned) or key not in waits:
                    self._wrong(f"service {key} has {len(tasks)} calls, and is {'' if key in due else 'not '}due")

    def _turns(self) -> None:
        """Nobody was called while an incident of theirs was open: by the moments at which incidents entered and left their stages."""
        kind, closed = "prosthesis_feedback.incident", ", ".join(f"'{name}'" for name in CLOSED)
        sql = f"SELECT u.id, u.opened_at, c.service_id FROM taskqueue_turn u JOIN {CALL} c ON c.id = u.task_id WHERE u.id > :turn ORDER BY u.id"
        turns = list(self._rows(sql, turn=self.turn))
        if not turns:
            return
        self.turn = turns[-1].id
        self.looked["calls"] += len(turns)
        keys = sorted({row.service_id for row in turns})
        spans: dict[int, list[tuple[dt.datetime, dt.datetime | None]]] = collections.defaultdict(list)
        for start in range(0, len(keys), 500):
            some = ", ".join(str(key) for key in keys[start : start + 500])
            past = f"SELECT i.service_id, h.entered_at, h.left_at FROM crm_stage_history h JOIN {INCIDENT} i ON i.id = h.record_id"
            for row in self._rows(f"{past} WHERE h.kind = '{kind}' AND h.stage NOT IN ({closed}) AND i.service_id IN ({some})"):
                spans[row.service_id].append((moment(row.entered_at), moment(row.left_at)))
            here = f"SELECT service_id, stage_since FROM {INCIDENT} WHERE stage NOT IN ({closed}) AND service_id IN ({some})"
            for row in self._rows(here):
                spans[row.service_id].append((moment(row.stage_since), None))
        for turn in turns:
            at = moment(turn.opened_at)
            if any(begin <= at and (end is None or at < end) for begin, end in spans[turn.service_id]):
                self._wrong(f"service {turn.service_id} was called at {at} in an incident (turn {turn.id})")

    # ---- nothing lost, nothing doubled -------------------------------------------------------------------------
    def _counts(self, *, every: bool) -> None:
        doubled = {
            "two service cards of one contact": f"SELECT contact_id FROM {SERVICE} GROUP BY contact_id HAVING count(*) > 1",
            "a card that is done without an answer": f"SELECT c.id FROM {CARD} c WHERE c.done_on IS NOT NULL AND NOT EXISTS"
                f" (SELECT 1 FROM {ANSWER} a WHERE a.feedback_id = c.id AND a.archived_at IS NULL)",
            "a device without a calendar": f"SELECT d.id FROM {DEVICE} d WHERE NOT EXISTS (SELECT 1 FROM {APPLIED} a WHERE a.device_id = d.id)",
            "a won deal without a device": "SELECT d.id FROM sales_deal d WHERE d.pipeline = 'sales' AND d.stage = 'won' AND d.contact_id IS NOT NULL"
                f" AND NOT EXISTS (SELECT 1 FROM {DEVICE} v WHERE v.deal_id = d.id)",
        }  # fmt: skip
        if every:  # what unique indexes forbid anyhow, over everything there ever was
            doubled |= {
                "two cards of one period": f"SELECT max(id) FROM {CARD} GROUP BY device_id, protocol_version_id, period HAVING count(*) > 1",
                "two answers to one question": f"SELECT max(id) FROM {ANSWER} GROUP BY feedback_id, question HAVING count(*) > 1",
                "an answer of a card that is not there":
                    f"SELECT a.id FROM {ANSWER} a LEFT JOIN {CARD} c ON c.id = a.feedback_id WHERE c.id IS NULL",
            }  # fmt: skip
        for what, sql in doubled.items():
            for row in self._rows(f"{sql} LIMIT 5"):
                self._wrong(f"{what}: {row[0]}")
        for kind, table in (("card", CARD), ("service", SERVICE), ("incident", INCIDENT)):
            rows = {(r[0], r[1]): int(r[2]) for r in self._rows(
                f"SELECT pipeline, stage, count(*) FROM {table} WHERE archived_at IS NULL GROUP BY pipeline, stage")}  # fmt: skip
            told = {(r[0], r[1]): int(r[2]) for r in self._rows(
                "SELECT pipeline, stage, sum(n) FROM crm_tally WHERE kind = :kind GROUP BY pipeline, stage", kind=f"prosthesis_feedback.{kind}")}
            if rows != {place: n for place, n in told.items() if n}:
                self._wrong(f"boards of {kind}s count {told}, the rows {rows}")

    # ---- calendars ---------------------------------------------------------------------------------------------
    def _calendars(self, keys: list[int]) -> None:
        some = ", ".join(str(key) for key in keys) or "0"
        devices: dict[int, list[Row]] = collections.defaultdict(list)
        applied: dict[int, list[Row]] = collections.defaultdict(list)
        pauses: dict[int, list[Row]] = collections.defaultdict(list)
        cards: dict[int, list[Row]] = collections.defaultdict(list)
        for row in self._rows(f"SELECT * FROM {DEVICE} WHERE service_id IN ({some}) AND archived_at IS NULL"):
            devices[row.service_id].append(row)
        mine = f"SELECT a.* FROM {APPLIED} a JOIN {DEVICE} d ON d.id = a.device_id WHERE d.service_id IN ({some})"
        for row in self._rows(f"{mine} AND a.archived_at IS NULL"):
            applied[row.device_id].append(row)
        for row in self._rows(f"SELECT * FROM {PAUSE} WHERE service_id IN ({some}) AND ended_on IS NOT NULL ORDER BY began_on, id"):
            pauses[row.service_id].append(row)
        for row in self._rows(f"SELECT * FROM {CARD} WHERE service_id IN ({some}) AND archived_at IS NULL"):
            cards[row.device_id].append(row)
        for key in keys:
            service = self.services[key]
            self._grown(service)
            for device in devices[key]:
                self._device(service, device, applied[device.id], pauses[key], cards[device.id])

    def _grown(self, service: Row) -> None:
        """Whoever is grown up is asked as an adult; a child as a child."""
        if service.born is None:
            return
        grown = birthday(day(service.born), self.rules.adult_at) <= self.today
        if grown and service.group == "child":
            self._wrong(f"service {service.id} is of age since {birthday(day(service.born), self.rules.adult_at)}, and followed as a child")
        if not grown and service.group == "adult":
            self._wrong(f"service {service.id} is a child, and followed as an adult")

    def _device(self, service: Row, device: Row, applied: list[Row], pauses: list[Row], cards: list[Row]) -> None:
        """Compare the cards of a device with its calendar, worked out from the facts alone."""
        groups = [row.group for row in applied]
        if len(set(groups)) != len(groups):
            return  # moved to a newer version of the same protocol: not worked out here
        stored = {(card.protocol_version_id, card.period): card for card in cards}
        where, first = f"service {service.id}, device {device.id}", True
        for line in worked_out(self.rules, self.bodies, service, device, applied, pauses, cards):
            made = line.ours and line.skipped not in ("crossed", "device", "ended")
            if made and device.begun_on is None:
                made, first = first, False
            card = stored.pop((line.version, line.period), None)
            if card is None:
                if made:
                    self._wrong(f"{where}: no card for {line.period}")
                continue
            self._same(where, service, line, card)
        for version, period in stored:
            self._wrong(f"{where}: a card for {period} of version {version}, which is not in the calendar")

    def _same(self, where: str, service: Row, line: Line, card: Row) -> None:
        on = working_day(self.rules, line)
        latest = max(line.latest, on) if line.wanted is not None else line.latest
        zone = ZoneInfo(service.zone) if service.zone else self.rules.zone
        planned = dt.datetime.combine(on, self.rules.call_at, zone).astimezone(dt.UTC)
        right = (line.earliest, line.ideal, latest, planned, line.skipped)
        here = (day(card.earliest), day(card.ideal), day(card.latest), moment(card.planned_at), card.skipped)
        if right != here:
            self._wrong(f"{where}, {line.period}: from scratch {_told(right)}, stored {_told(here)}")
        if card.group != line.group or not card.title.startswith("🧒" if line.group == "child" else "🧑"):
            self._wrong(f"{where}, {line.period}: marked {card.title!r}, group {card.group}, the protocol is for {line.group}")


def _told(values: tuple[t.Any, ...]) -> str:
    return " ".join(str(value) for value in values)


__all__ = ["Audit", "Rules"]
