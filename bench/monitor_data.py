"""Two years of a process monitor, made by the database itself: every value is a function of the record's number, the same on both databases."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from bench.data import settle
from bench.place import Place
from crmkit import Crm, MovableClock, Role
from crmkit.core import migrate
from crmkit.core.compose import installed
from crmkit_process_monitor import Case, Step, Worker, longer, rollups
from crmkit_process_monitor.tables import pages, spans, work
from crmkit_sales import PointOfSale

MANAGERS, TEAM, POINTS, CASES_A_DAY = 500, 10, 40, 5
FIRST = dt.date(2024, 7, 1)
# Seconds that a span of each page typically takes, and the step its page is mapped to: eight stays in a case, six steps.
PAGES = ((0, 40), (1, 60), (1, 25), (2, 90), (3, 120), (2, 30), (4, 45), (5, 75))
STEPS = ("Client", "Request", "Offer", "Contract", "Payment", "Issue")


def working_days(total: int) -> int:
    """Return how many working days so many spans fill."""
    return max(1, round(total / (MANAGERS * CASES_A_DAY * len(PAGES))))


def last_day(total: int) -> dt.date:
    """Return the last of these days: weekends are free."""
    days = working_days(total) - 1
    return FIRST + dt.timedelta(days // 5 * 7 + days % 5)


def compose(place: Place, total: int) -> Crm:
    """Return the CRM over a database, in the afternoon of its last day."""
    now = dt.datetime.combine(last_day(total), dt.time(15), dt.UTC)
    roles = [Role("director", {"*": "all"})]
    return Crm(*installed(["process_monitor"]), database=place.sqlalchemy, clock=MovableClock(now), roles=roles, settings={"crmkit": {"jobs": False}})


def build(place: Place, total: int) -> Crm:
    """Fill a database with so many spans, and what follows from them: work by SQL, its sums by the plugin itself."""
    crm = compose(place, total)
    migrate.upgrade(crm.engine, migrate.owners_of(crm))
    days = working_days(total)
    with crm.uow() as uow:
        for n, name in enumerate(STEPS, 1):
            uow.add(Step(name=name.lower(), title=name, position=n))
        uow.flush()
        for n in range(1, POINTS + 1):
            uow.add(PointOfSale(name=f"Point {n}"))
        common = {"created_at": uow.now, "updated_at": uow.now, "version": 1, "archived_at": None}
        uow.connection.execute(Worker.__table__.insert(), [
            common | {"id": n, "log_id": None, "name": f"Manager {n:03}", "user_id": n, "team_id": (n - 1) // TEAM + 1, "code": f"M{n:03}"}
            for n in range(1, MANAGERS + 1)
        ])  # fmt: skip
        uow.connection.execute(pages.insert(), [
            {"id": n, "path": f"/page/{n}", "step_id": step + 1, "seen_at": uow.now} for n, (step, _typical) in enumerate(PAGES, 1)
        ])  # fmt: skip
    # Norms: what a step takes by the stays there, from the first day on and somewhat less from the second year on.
    with crm.uow() as uow:
        from crmkit_process_monitor import Norm

        for step in range(len(STEPS)):
            typical = sum(seconds for at, seconds in PAGES if at == step)
            for since, part in ((FIRST, 1.1), (dt.date(2025, 7, 1), 1.0)):
                uow.add(Norm(step_id=step + 1, since=since, reference=round(typical * part), least=typical // 4, most=typical * 3))
    postgres = place.database == "postgresql"
    with crm.engine.begin() as connection:
        for statement in _statements(postgres, days):
            connection.execute(sa.text(statement))
    settle(place)
    with crm.uow() as uow:
        rollups.rebuild(uow)
    settle(place)
    return crm


def _statements(postgres: bool, days: int) -> list[str]:
    cases = days * MANAGERS * CASES_A_DAY
    series = "SELECT g AS c FROM generate_series(1, {n}) g" if postgres else (
        "SELECT c FROM (WITH RECURSIVE s(c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM s WHERE c < {n}) SELECT c FROM s)")  # fmt: skip
    # Case c: its manager, day and turn of the day. Weekends are free.
    day_number = f"((c - 1) / {MANAGERS * CASES_A_DAY})"
    offset = f"({day_number} / 5 * 7 + {day_number} % 5)"
    turn = f"(((c - 1) / {MANAGERS}) % {CASES_A_DAY})"
    worker = f"((c - 1) % {MANAGERS} + 1)"
    if postgres:
        day = f"(date '{FIRST}' + {offset}::int)"
        moment = f"({day} + time '06:00' + make_interval(mins => ({turn} * 95 + c % 30)::int)) AT TIME ZONE 'UTC'"
        later = "began_at + make_interval(secs => ({s}))"
    else:
        day = f"date('{FIRST}', '+' || {offset} || ' days')"
        moment = f"(strftime('%Y-%m-%d %H:%M:%S', {day}, '+6 hours', '+' || ({turn} * 95 + c % 30) || ' minutes') || '.000000')"
        later = "strftime('%Y-%m-%d %H:%M:%S', began_at, '+' || ({s}) || ' seconds') || '.000000'"
    case, span = Case.__table__.name, spans.name
    kind = f"CASE WHEN (c + c / {MANAGERS}) % 10 < 3 THEN 'repeat' ELSE 'new' END"
    # Three thirds of a hash each give nearly a normal deviate; each manager has a pace, and some lose much at one step.
    hashed = [f"((k * {m}) % 1000003) / 1000003.0" for m in (7919, 104729, 611953)]
    normal = f"(({' + '.join(hashed)}) - 1.5) * 2"
    seconds = "CASE p " + " ".join(f"WHEN {n} THEN {typical}" for n, (_step, typical) in enumerate(PAGES)) + " END"
    step = "CASE p " + " ".join(f"WHEN {n} THEN {at + 1}" for n, (at, _typical) in enumerate(PAGES)) + " END"
    pace = "(worker_id % 7 - 3) * 0.04 + CASE WHEN worker_id % 11 = p THEN 0.5 ELSE 0 END"
    eight = " UNION ALL ".join(f"SELECT {n} AS p" for n in range(len(PAGES)))
    took = f"{seconds} * 1000 * exp(0.55 * {normal} + {pace})"
    whole = "::bigint" if postgres else ""
    made = (
        f"INSERT INTO {case} (id, created_at, updated_at, version, owner_id, team_id, worker_id, kind, point_of_sale_id, began_at, ended_at,"
        f" ended_how, active, idle, hidden) SELECT c, {moment}, {moment}, 1, {worker}, ({worker} - 1) / {TEAM} + 1, {worker}, {kind},"
        f" {worker} % {POINTS} + 1, {moment}, {moment}, 'done', 400, 60, 30 FROM ({series.format(n=cases)}) s"
    )
    stayed = (
        f"INSERT INTO {span} (id, case_id, worker_id, page_id, step_id, tab, seq, began_at, active, idle, hidden, called)"
        f" SELECT k, case_id, worker_id, p + 1, step, 'tab' || worker_id, k, began, took * 8 / 10, took * 2 / 10, took / 20, 0 FROM ("
        f" SELECT k, case_id, worker_id, p, {step} AS step, {later.format(s='p * 70')} AS began, CAST({took} AS INTEGER) AS took FROM ("
        f" SELECT (c.id - 1) * {len(PAGES)} + p + 1 AS k, c.id AS case_id, c.worker_id, c.began_at, p FROM {case} c CROSS JOIN ({eight}) e"
        f" ORDER BY c.id, p) a) b".replace("(c.id - 1)", f"(c.id{whole} - 1)")
    )
    worked = (
        f"INSERT INTO {work.name} (case_id, step_id, worker_id, log_id, day, kind, team_id, point_id, took, active, idle, hidden, visits)"
        f" SELECT s.case_id, s.step_id, s.worker_id, 0, {'min(s.began_at)::date' if postgres else 'date(min(s.began_at))'}, c.kind, c.team_id,"
        f" c.point_of_sale_id, sum(s.active + s.idle), sum(s.active), sum(s.idle), sum(s.hidden), count(*)"
        f" FROM {span} s JOIN {case} c ON c.id = s.case_id GROUP BY s.case_id, s.step_id, s.worker_id, c.kind, c.team_id, c.point_of_sale_id"
    )
    return [made, f"UPDATE {case} SET ended_at = {later.format(s='600')}", stayed, worked]


def unlike(crm: Crm, total: int) -> int:
    """Return how many sums are not those of the rows of work, month by month: none."""
    wrong = 0
    with crm.uow() as uow:
        month = FIRST
        while month <= last_day(total):
            wrong += len(rollups.differences(uow, 0, month, longer.last_of(month)))
            month = longer.last_of(month) + dt.timedelta(1)
    return wrong


__all__ = ["FIRST", "MANAGERS", "STEPS", "build", "compose", "last_day", "unlike", "working_days"]
