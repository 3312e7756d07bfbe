"""The supervisor's board: who does what at this moment, and what may be done about it."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow
from crmkit.ui import Menu, View, Visit, page
from crmkit_sales import Contact

from .. import labels
from ..entities import Task, TaskState
from ..people import names_of
from ..reach import Reach, reach_of
from ..roles import REPORTS, SUPERVISE
from ..settings import TaskqueueSettings
from ..tables import paused, turns
from .day import STATES, Manager, WorkDay, read_day
from .words import COLORS, ONE, SORTS, TITLE, WORDS
from .words import STATES as STATE_WORDS

PER_PAGE, HELD_SHOWN = 60, 4
TOO_LONG = 2  # so many times the usual minutes of a kind, and the clock turns red


@attrs.frozen(kw_only=True)
class Asked:
    """What the address asks for."""

    question: str = ""
    team: int | None = None
    state: str = ""
    sort: str = "state"
    page: int = 1

    def query(self, **changed: t.Any) -> dict[str, t.Any]:
        """Return the parameters of an address with some of them changed; what is as usual is left out."""
        asked = attrs.evolve(self, **{"page": 1, **changed})
        usual = Asked()
        found = {"q": asked.question, "team": asked.team, "state": asked.state, "sort": asked.sort, "page": asked.page}
        same = {"q": usual.question, "team": usual.team, "state": usual.state, "sort": usual.sort, "page": usual.page}
        return {name: value for name, value in found.items() if value != same[name]}


def asked_of(visit: Visit) -> Asked:
    """Return what the address asks for; what cannot be read is as usual."""
    given = visit.query
    team, number = given.get("team", ""), given.get("page", "")
    return Asked(
        question=given.get("q", "").strip()[:100], team=int(team) if team.isdecimal() and len(team) < 19 else None,
        state=given.get("state", "") if given.get("state") in STATES else "", sort=given.get("sort", "") if given.get("sort") in SORTS else "state",
        page=max(1, int(number)) if number.isdecimal() and len(number) < 5 else 1,
    )  # fmt: skip


@page("/board", label=TITLE, permission=SUPERVISE, menu=Menu(icon="monitor-check", order=12))
def board(visit: Visit, uow: Uow) -> View:
    """The board, with its search and switches."""
    return View("board.html", **_shown(visit, uow))


@page("/board/rows", label=TITLE, permission=SUPERVISE)
def rows(visit: Visit, uow: Uow) -> View:
    """What changes on the board: fetched again whenever somebody begins or ends something."""
    return View("board_rows.html", **_shown(visit, uow))


def _shown(visit: Visit, uow: Uow) -> dict[str, t.Any]:
    asked, reach = asked_of(visit), reach_of(uow, SUPERVISE)
    day = read_day(uow, reach)
    names = names_of(uow, "person", [m.id for m in day.managers], {m.id: m.name for m in day.managers})
    for manager in day.managers:
        manager.name = names[manager.id]
    teams = names_of(uow, "team", [m.team_id for m in day.managers])
    of_team = attrs.evolve(day, managers=[m for m in day.managers if asked.team is None or m.team_id == asked.team])
    wanted = _ordered([m for m in of_team.managers if asked.question.casefold() in m.name.casefold()], asked.sort, uow.now)
    counts = {state: sum(m.state == state for m in wanted) for state in STATES}
    found = [m for m in wanted if not asked.state or m.state == asked.state]
    last = max(1, -(-len(found) // PER_PAGE))
    asked = attrs.evolve(asked, page=min(asked.page, last))
    first = (asked.page - 1) * PER_PAGE
    here = found[first : first + PER_PAGE]
    titles = _titles(uow, here)
    return {
        "a": WORDS, "asked": asked, "day": of_team, "rows": [_row(uow, m, teams, day, titles) for m in here],
        "teams": sorted(teams.items(), key=lambda pair: pair[1].casefold()), "sorts": SORTS, "total": len(found), "first": first + 1,
        "last": first + len(here), "pages": last,
        "states": [(s, STATE_WORDS[s], counts[s], COLORS[s]) for s in STATES if counts[s] or s == asked.state],
        "everybody": len(wanted), "clock_at": clock(uow, day.ends_at), "now": stamp(uow.now), "held": _held(uow, reach), "kinds": _kinds(uow),
        "may_pause": reach.everybody, "may_report": uow.may(REPORTS), "span": Span(visit.language), "any": bool(day.managers),
    }  # fmt: skip


def clock(uow: Uow, at: dt.datetime) -> str:
    """Return a time of day."""
    return f"{at.astimezone(uow.crm.zone):%H:%M}"


def stamp(at: dt.datetime) -> int:
    """Return a moment as the browser counts time."""
    return int(at.timestamp() * 1000)


@attrs.frozen
class Span:
    """Writes lengths of time for a template."""

    language: str

    def __call__(self, time: dt.timedelta) -> str:
        """Return a time as people say it: ``1 ч 20 мин``."""
        from ..deciding.why import span

        return span(int(time.total_seconds())).to(self.language)


# ---- rows --------------------------------------------------------------------------------------------------------------
ORDERS: dict[str, t.Callable[[Manager, dt.datetime], t.Any]] = {
    "state": lambda m, now: STATES.index(m.state),
    "name": lambda m, now: 0,
    "behind": lambda m, now: (not m.working, m.forecast if m.forecast is not None else m.closed),
    "longest": lambda m, now: (not m.working, m.since or now),
    "lost": lambda m, now: -m.lost,
}


def _ordered(managers: Sequence[Manager], sort: str, now: dt.datetime) -> list[Manager]:
    key = ORDERS[sort]
    return sorted(managers, key=lambda m: (key(m, now), m.name.casefold(), m.id))


def _titles(uow: Uow, managers: Sequence[Manager]) -> dict[int, t.Any]:
    """Return kind, title, minutes and client of the tasks that are open, as far as they may be seen."""
    keys = [m.task_id for m in managers if m.task_id is not None]
    if not keys:
        return {}
    c, k = Task.__table__.c, Contact.__table__.c
    client = sa.and_(k.id == c.contact_id, k.id.in_(uow.visible(Contact)))
    wanted = sa.select(c.id, c.kind, c.title, c.minutes, k.name, c.attempt).select_from(c.id.table.outerjoin(k.id.table, client))
    return {row[0]: row for row in uow.connection.execute(wanted.where(c.id.in_(keys), c.id.in_(uow.visible(Task))))}


def _row(uow: Uow, m: Manager, teams: t.Mapping[int, str], day: WorkDay, titles: t.Mapping[int, t.Any]) -> dict[str, t.Any]:
    task = titles.get(m.task_id or 0)
    kind = task.kind if task is not None else ""
    norm = 60 * TOO_LONG * (task.minutes or 5) if task is not None else 0
    return {
        "m": m, "team": teams.get(m.team_id or 0, ""), "task": task, "icon": labels.icon_of(uow.crm, kind), "kind": labels.kind_of(uow.crm, kind),
        "norm": norm, "late": bool(norm and m.since and (uow.now - m.since).total_seconds() > norm), "said": ONE.get(m.state, ""),
        "color": COLORS[m.state], "since": stamp(m.since) if m.since else None, "seconds": int((uow.now - m.since).total_seconds()) if m.since else 0,
        "pause": labels.break_of(uow.crm, m.pause) if m.pause else "", "then": labels.break_of(uow.crm, m.pause_after) if m.pause_after else "",
        "breaks": [(labels.break_of(uow.crm, name), time) for name, time in m.breaks.items()],
        "exits": [(labels.outcome_of(uow.crm, None, name), count) for name, count in m.exits.items()],
        "percent": min(100, round(100 * m.closed / day.goal)), "behind": m.forecast is not None and m.forecast < day.goal,
        "began": clock(uow, m.started_at) if m.started_at else "",
    }  # fmt: skip


# ---- what was left with supervisors --------------------------------------------------------------------------------------
def _held(uow: Uow, reach: Reach) -> dict[str, t.Any]:
    """Return the tasks that were left for a reason, the oldest first, with who left them and why."""
    c = Task.__table__.c
    is_held = c.state == sa.literal_column(f"'{TaskState.HELD.value}'"), c.archived_at.is_(None)
    mine = *is_held, reach.where(c.owner_id, c.team_id), c.id.in_(uow.visible(Task))
    found = uow.connection.execute(sa.select(c.id, c.kind, c.title, sa.func.count().over()).where(*mine).order_by(c.id).limit(HELD_SHOWN)).all()
    if not found:
        return {"rows": [], "count": 0, "more": False}
    latest = sa.select(sa.func.max(turns.c.id)).where(turns.c.task_id.in_([row[0] for row in found]), turns.c.ended == "exit")
    left = sa.select(turns.c.task_id, turns.c.user_id, turns.c.outcome, turns.c.note, turns.c.ended_at)
    by = {row[0]: row for row in uow.connection.execute(left.where(turns.c.id.in_(latest.group_by(turns.c.task_id))))}
    names = names_of(uow, "person", [row.user_id for row in by.values()])
    shown = [
        {
            "id": key, "title": title, "kind": labels.kind_of(uow.crm, kind), "icon": labels.icon_of(uow.crm, kind), "left": by.get(key),
            "reason": labels.outcome_of(uow.crm, None, by[key].outcome) if key in by else "", "who": names[by[key].user_id] if key in by else "",
        }
        for key, kind, title, _count in found
    ]  # fmt: skip
    return {"rows": shown, "count": found[0][3], "more": found[0][3] > len(found)}


def _kinds(uow: Uow) -> list[dict[str, t.Any]]:
    """Return the kinds of tasks, and which of them stand still since when and why."""
    still = {row.kind: row for row in uow.connection.execute(sa.select(*paused.c))}
    known = {name: kind.text for name, kind in uow.crm[TaskqueueSettings].all_kinds.items()}
    return [
        {"name": name, "label": label, "icon": labels.icon_of(uow.crm, name), "paused": still.get(name),
         "since": clock(uow, still[name].since) if name in still else ""}
        for name, label in known.items()
    ]  # fmt: skip


__all__ = ["asked_of", "board", "rows"]
