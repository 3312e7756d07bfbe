"""The dialer's figures on the page of the reports on calls: how attempts ended, how many were answered, and when."""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa
from markupsafe import Markup

from crmkit import Uow, _
from crmkit.ui import Visit, charts, widget
from crmkit_taskqueue import Task
from crmkit_telephony import REPORTS, Ask, Outcome, half_hour, in_zone, report_of, span_of

from .choosing import Refused
from .machine import State
from .tables import attempts

REACHED = (Outcome.ANSWERED.value,)
OWN = (Outcome.AGENT_NO_ANSWER.value, Outcome.FAILED.value, Outcome.UNKNOWN.value)
NOTHING = _("The dialer called nobody in this period", ru="За этот период автонабор не звонил")
ATTEMPTS, ANSWERED = _("Attempts", ru="Попытки"), _("Answered", ru="Ответили")
OTHERS, RATE = _("Not answered", ru="Не ответили"), _("Answer rate", ru="Доля ответов")


@attrs.frozen(kw_only=True)
class Dialled:
    """What came of the attempts of some days. One's own failures and calls that were not placed are no attempts to reach a client."""

    by_outcome: dict[str, int]
    by_refusal: dict[str, int]
    late: int
    """Clients who picked up in the very moment of the hang-up."""

    @property
    def counted(self) -> int:
        """Attempts that rang at a client."""
        return sum(n for outcome, n in self.by_outcome.items() if outcome not in OWN)

    @property
    def answered(self) -> int:
        """Attempts the client answered."""
        return sum(self.by_outcome.get(outcome, 0) for outcome in REACHED)

    @property
    def rate(self) -> float | None:
        """The share of answers."""
        return self.answered / self.counted if self.counted else None


def _where(uow: Uow, ask: Ask) -> list[t.Any]:
    a = attempts.c
    _since, _until, start, end = span_of(uow, ask)
    where = [a.state == State.ENDED.value, a.began_at >= start, a.began_at < end, a.task_id.in_(uow.visible(Task))]
    where += [a.user_id == ask.manager] if ask.manager is not None else []
    return where + ([a.team_id == ask.team] if ask.team is not None else [])


def dialled(uow: Uow, ask: Ask) -> Dialled:
    """Return what came of the attempts of some days, about the tasks whoever asks may see."""
    uow.require(REPORTS)
    a = attempts.c
    counts = sa.select(a.outcome, a.refused, sa.func.count(), sa.func.count(sa.case((a.late.is_(True), 1)))).where(*_where(uow, ask))
    outcomes: dict[str, int] = {}
    refusals: dict[str, int] = {}
    late = 0
    for outcome, refused, count, picked in uow.connection.execute(counts.group_by(a.outcome, a.refused)):
        into, key = (refusals, refused) if refused else (outcomes, outcome or Outcome.UNKNOWN.value)
        into[key] = into.get(key, 0) + count
        late += picked
    return Dialled(by_outcome=outcomes, by_refusal=refusals, late=late)


def by_hour(uow: Uow, ask: Ask) -> dict[int, tuple[int, int]]:
    """Return attempts and answers by the hour of the day, in the CRM's own time."""
    uow.require(REPORTS)
    a = attempts.c
    half = half_hour(uow, a.began_at).label("half")
    took = sa.func.count(sa.case((a.outcome.in_(REACHED), 1)))
    counts = sa.select(half, sa.func.count(), took).where(*_where(uow, ask), a.outcome.is_not(None), a.outcome.not_in(OWN)).group_by(half)
    found: dict[int, tuple[int, int]] = {}
    for key, tried, answered in uow.connection.execute(counts):
        hour = in_zone(uow, key).hour
        before = found.get(hour, (0, 0))
        found[hour] = before[0] + tried, before[1] + answered
    return dict(sorted(found.items()))


@widget(label=_("Dialer", ru="Автонабор"), permission=REPORTS, dashboard="telephony", span=3, order=80, lazy=True)
def dialer_results(visit: Visit, uow: Uow) -> Markup | None:
    """Attempts, answers and their share; nothing where the dialer is not used."""
    found = dialled(uow, report_of(visit, uow))
    if not found.by_outcome and not found.by_refusal:
        return None
    tiles = [
        charts.kpi(ATTEMPTS, found.counted, good=None, level=3), charts.kpi(ANSWERED, found.answered, level=3),
        charts.kpi(RATE, found.rate, unit=charts.PERCENT, level=3),
        charts.kpi(_("Machines", ru="Автоответчики"), found.by_outcome.get(Outcome.VOICEMAIL.value, 0), good=None, level=3),
        charts.kpi(_("Own telephone not picked up", ru="Не снята своя трубка"), found.by_outcome.get(Outcome.AGENT_NO_ANSWER.value, 0), good="low",
                   level=3),
        charts.kpi(_("Picked up too late", ru="Ответили в последний миг"), found.late, good="low", level=3),
        charts.kpi(_("Not dialled", ru="Не набраны"), sum(found.by_refusal.values()), good=None, level=3),
    ]  # fmt: skip
    return Markup('<div class="kpis">{}</div>').format(Markup("").join(tiles))


@widget(label=_("Attempts by the hour", ru="Попытки по часам"), permission=REPORTS, dashboard="telephony", span=2, order=81, lazy=True)
def dialer_hours(visit: Visit, uow: Uow) -> Markup | None:
    """When the dialer reaches clients."""
    found = by_hour(uow, report_of(visit, uow))
    if not found:
        return None
    hours = range(min(found), max(found) + 1)
    rows = [found.get(hour, (0, 0)) for hour in hours]
    series = [charts.Series(ANSWERED, [took for _tried, took in rows], color="green"),
              charts.Series(OTHERS, [tried - took for tried, took in rows], color="gray")]  # fmt: skip
    return charts.stacked([f"{hour:02}" for hour in hours], series, caption=_("Attempts by the hour", ru="Попытки по часам"), empty=NOTHING)


@widget(label=_("How attempts ended", ru="Итоги попыток"), permission=REPORTS, dashboard="telephony", order=82, lazy=True)
def dialer_outcomes(visit: Visit, uow: Uow) -> Markup | None:
    """Attempts by their outcome, and what kept the dialer from calling."""
    found = dialled(uow, report_of(visit, uow))
    if not found.by_outcome and not found.by_refusal:
        return None
    ends = sorted(found.by_outcome.items(), key=lambda one: -one[1])
    kept = sorted(found.by_refusal.items(), key=lambda one: -one[1])
    bars = [charts.Bar(Outcome(key).label, n, color=Outcome(key).color) for key, n in ends]
    bars += [charts.Bar(Refused(key).words, n, color="gray") for key, n in kept]
    return charts.bars(bars, caption=ATTEMPTS, share=True, empty=NOTHING)


__all__ = ["Dialled", "by_hour", "dialled"]
