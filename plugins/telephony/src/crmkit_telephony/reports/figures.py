"""The figures of the reports on calls, counted by the database within the row rules of whoever asks."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Invalid, Problem, Text, Uow, _
from crmkit_sales import Source

from ..entities import Call, CallState, Direction, OurNumber
from ..events import Outcome
from ..roles import REPORTS
from ..screen.mine import number_of, people_of
from ..settings import TelephonySettings

DAY, HALF = dt.timedelta(days=1), 1800
LONGEST = 92
BY = ("day", "hour", "manager", "source", "number", "outcome")
CHOOSE = _("choose one of: {known}", ru="выберите одно из: {known}")
ORDER = _("the period ends before it begins", ru="период кончается раньше, чем начинается")
TOO_LONG = _("at most {days} days at once", ru="не больше {days} дней за раз")
NOBODY, NO_SOURCE = _("Nobody", ru="Никто"), _("Not advertised", ru="Без рекламы")
NO_NUMBER, NOT_SAID = _("Number not told", ru="Номер не передан"), _("Not known", ru="Неизвестно")


@attrs.frozen(kw_only=True)
class Ask:
    """What is asked of a report. Days are the CRM's own, the last one included; without them it is today."""

    since: dt.date | None = None
    until: dt.date | None = None
    by: str = ""
    manager: int | None = None
    team: int | None = None
    """Calls at telephones of one team's people."""


@attrs.define(kw_only=True)
class CallRow:
    """Calls that began in these days. Times are in seconds; those of one's own telephone and technical failures count as neither."""

    key: t.Any = None
    label: str | Text = ""
    incoming: int = 0
    answered: int = 0
    """Incoming calls somebody took."""
    outgoing: int = 0
    reached: int = 0
    """Outgoing calls the client took."""
    talk: int = 0
    talks: int = 0
    wait: int = 0
    """How long clients who were answered had waited, together."""
    wrap: int = 0
    wrapped: int = 0
    """How many calls were written up, and how long that took together (no more than the setting for each)."""

    @property
    def missed(self) -> int:
        """Incoming calls nobody took."""
        return self.incoming - self.answered

    @property
    def average_talk(self) -> dt.timedelta | None:
        """How long a conversation lasted."""
        return dt.timedelta(seconds=round(self.talk / self.talks)) if self.talks else None

    @property
    def average_wait(self) -> dt.timedelta | None:
        """How long a client waited for an answer."""
        return dt.timedelta(seconds=round(self.wait / self.answered)) if self.answered else None

    @property
    def average_wrap(self) -> dt.timedelta | None:
        """How long writing a call up took."""
        return dt.timedelta(seconds=round(self.wrap / self.wrapped)) if self.wrapped else None

    def take_in(self, other: CallRow) -> None:
        """Add another row's figures."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


SUMS = ("incoming", "answered", "outgoing", "reached", "talk", "talks", "wait", "wrap", "wrapped")


def span_of(uow: Uow, ask: Ask) -> tuple[dt.date, dt.date, dt.datetime, dt.datetime]:
    """Return the days asked for, and the moments they begin and end; `Invalid` names what will not do."""
    zone = uow.crm.zone
    until = ask.until or uow.now.astimezone(zone).date()
    since = ask.since or until
    problems = [] if until >= since else [Problem("to", "invalid", ORDER)]
    if not problems and (until - since).days >= LONGEST:
        problems.append(Problem("from", "invalid", TOO_LONG.format(days=LONGEST)))
    if ask.by and ask.by not in BY:
        problems.append(Problem("by", "unknown", CHOOSE.format(known=", ".join(BY))))
    if problems:
        raise Invalid(problems=problems)
    start, end = (dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC) for day in (since, until + DAY))
    return since, until, start, end


def _where(uow: Uow, ask: Ask, start: dt.datetime, end: dt.datetime) -> list[t.Any]:
    c = Call.__table__.c
    where = [c.began_at >= start, c.began_at < end, c.state == CallState.ENDED, c.archived_at.is_(None), c.id.in_(uow.visible(Call))]
    where += [c.owner_id == ask.manager] if ask.manager is not None else []
    return where + ([c.team_id == ask.team] if ask.team is not None else [])


def teams(uow: Uow, ask: Ask) -> list[int]:
    """Return the teams at whose telephones there were calls in these days, as far as whoever asks sees them."""
    uow.require(REPORTS)
    _since, _until, start, end = span_of(uow, ask)
    team = Call.__table__.c.team_id
    found = sa.select(team).where(*_where(uow, attrs.evolve(ask, manager=None, team=None), start, end), team.is_not(None)).distinct()
    return sorted(uow.connection.execute(found).scalars())


def seconds(uow: Uow, moment: t.Any) -> t.Any:
    """Return a moment as seconds since 1970, on either database."""
    if uow.connection.dialect.name == "postgresql":
        return sa.cast(sa.extract("epoch", moment), sa.BigInteger)
    return sa.cast(sa.func.strftime("%s", sa.func.substr(sa.type_coerce(moment, sa.String), 1, 19)), sa.BigInteger)


def half_hour(uow: Uow, moment: t.Any) -> t.Any:
    """Return the half hour of a moment, to group by: what every zone's days and hours are made of."""
    return seconds(uow, moment) // HALF


def in_zone(uow: Uow, half: int) -> dt.datetime:
    """Return when a half hour began, by the CRM's own clock."""
    return dt.datetime.fromtimestamp(int(half) * HALF, dt.UTC).astimezone(uow.crm.zone)


def calls(uow: Uow, ask: Ask | None = None) -> list[CallRow]:
    """Return how calls went, within the row rules of whoever asks; split by one of `BY`, or all together."""
    uow.require(REPORTS)
    ask = ask or Ask()
    _since, _until, start, end = span_of(uow, ask)
    c = Call.__table__.c
    half = half_hour(uow, c.began_at)
    columns: Mapping[str, t.Any] = {
        "day": half, "hour": half, "manager": c.owner_id, "source": c.source_id, "number": c.our_number, "outcome": c.outcome, "": sa.literal(0),
    }  # fmt: skip
    longest = int(uow.crm[TelephonySettings].wrap_up.total_seconds())
    took = seconds(uow, c.wrapped_at) - seconds(uow, c.ended_at)
    took = sa.case((c.wrapped_at.is_(None), None), (took > longest, longest), (took < 0, 0), else_=took)
    coming, talked = c.direction == Direction.IN, c.outcome.in_([Outcome.ANSWERED])
    own = c.outcome.in_([Outcome.AGENT_NO_ANSWER, Outcome.FAILED])

    def count(condition: t.Any) -> t.Any:
        return sa.func.count(sa.case((condition, 1)))

    def total(value: t.Any, condition: t.Any) -> t.Any:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, value))), 0)

    key = columns[ask.by].label("k")
    found = sa.select(
        key, count(coming), count(coming & talked), count(~coming & ~sa.func.coalesce(own, sa.false())), count(~coming & talked),
        total(c.talked, talked), count(talked & c.talked.is_not(None)), total(c.rang, coming & talked), sa.func.coalesce(sa.func.sum(took), 0),
        sa.func.count(took),
    ).where(*_where(uow, ask, start, end)).group_by(key)  # fmt: skip
    rows = []
    for row in uow.connection.execute(found):
        rows.append(CallRow(key=row[0]))
        for name, value in zip(SUMS, row[1:], strict=True):
            setattr(rows[-1], name, int(value))
    return _named(uow, ask.by, _local(uow, rows, ask.by) if ask.by in ("day", "hour") else rows)


def _local(uow: Uow, rows: Sequence[CallRow], by: str) -> list[CallRow]:
    """Put half hours together to days or hours of the CRM's own zone, whatever its clocks did meanwhile."""
    found: dict[t.Any, CallRow] = {}
    for row in rows:
        at = in_zone(uow, row.key)
        key = at.date() if by == "day" else at.hour
        found.setdefault(key, CallRow(key=key)).take_in(row)
    return [found[key] for key in sorted(found)]


def _named(uow: Uow, by: str, rows: list[CallRow]) -> list[CallRow]:
    names: Mapping[t.Any, str] = {}
    if by == "manager":
        names = people_of(uow, [row.key for row in rows])
    elif by == "source":
        ids = [row.key for row in rows if row.key is not None]
        names = {s.id: s.name for s in uow.find(Source).where(Source.id.in_(ids))} if ids and uow.may(uow.crm.kind(Source).permission("read")) else {}
    elif by == "number":
        with uow.as_system():  # what our own numbers are called is no secret of anybody's
            names = {n.number: n.name for n in uow.find(OurNumber)}
    for row in rows:
        row.label = _label(by, row.key, names)
    return rows


def _label(by: str, key: t.Any, names: Mapping[t.Any, str]) -> str | Text:
    if by == "hour":
        return f"{key:02}:00"
    if by == "day":
        return f"{key:%d.%m}"
    if key is None:
        return {"source": NO_SOURCE, "number": NO_NUMBER, "outcome": NOT_SAID}.get(by, NOBODY)
    if by == "outcome":
        return t.cast(Outcome, key).label
    if by == "number":
        shown = number_of(key)
        return f"{names[key]} ({shown})" if names.get(key) else shown
    return names.get(key) or f"№ {key}"


@attrs.frozen(kw_only=True)
class Tries:
    """How many calls it took to reach clients."""

    reached: Mapping[int, int]
    """Clients who took a call, by the number of calls it took."""
    unreached: int
    """Clients who were called and took none."""

    @property
    def average(self) -> float | None:
        """Calls for each client who was reached."""
        clients = sum(self.reached.values())
        return sum(n * count for n, count in self.reached.items()) / clients if clients else None


def tries(uow: Uow, ask: Ask | None = None) -> Tries:
    """Return how many outgoing calls it took to reach the clients of these days; one's own failures are not counted."""
    uow.require(REPORTS)
    ask = ask or Ask()
    _since, _until, start, end = span_of(uow, ask)
    c = Call.__table__.c
    client = sa.func.coalesce(sa.literal("c").concat(sa.cast(c.contact_id, sa.String)), c.number).label("client")
    own = c.outcome.in_([Outcome.AGENT_NO_ANSWER, Outcome.FAILED])
    made = (
        sa.select(client, c.began_at.label("at"), sa.case((c.outcome == Outcome.ANSWERED, 1), else_=0).label("took"))
        .where(*_where(uow, ask, start, end), c.direction == Direction.OUT, sa.or_(c.outcome.is_(None), ~own)).subquery()
    )  # fmt: skip
    first = sa.select(made.c.client, sa.func.min(sa.case((made.c.took == 1, made.c.at))).label("at")).group_by(made.c.client).subquery()
    each = (
        sa.select(first.c.at.is_not(None).label("reached"), sa.func.count().label("n"))
        .join(made, made.c.client == first.c.client).where(sa.or_(first.c.at.is_(None), made.c.at <= first.c.at)).group_by(first.c.client, first.c.at)
        .subquery()
    )  # fmt: skip
    reached: dict[int, int] = {}
    unreached = 0
    for took, count, clients in uow.connection.execute(sa.select(each.c.reached, each.c.n, sa.func.count()).group_by(each.c.reached, each.c.n)):
        if took:
            reached[count] = clients
        else:
            unreached += clients
    return Tries(reached=dict(sorted(reached.items())), unreached=unreached)


__all__ = ["BY", "Ask", "CallRow", "Tries", "calls", "half_hour", "in_zone", "seconds", "span_of", "teams", "tries"]
