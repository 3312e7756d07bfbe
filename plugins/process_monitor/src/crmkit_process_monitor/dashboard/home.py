"""The tile of the first page: where most time is lost at present."""

from __future__ import annotations

from crmkit import Uow, _
from crmkit.ui import View, Visit, charts, widget

from ..entities import Case, Norm
from ..fairness import names
from ..judging import Verdict
from ..reading import USUAL, Chosen
from ..roles import COACH, SEE
from .gathered import gather
from .page import PATH
from .words import TITLE, W

SHOWN = 5
MINUTES_A_DAY = _("Minutes lost a day, last 30 days", ru="Потеряно минут в день, последние 30 дней")
STEP_OF = _("{name} · {step}", ru="{name} · {step}")


@widget(label=_("Where time is lost", ru="Где теряется время"), permission=COACH, order=35, span=1, live=[Case, Norm], lazy=True)
def lost_time(visit: Visit, uow: Uow) -> View | None:
    """The drawdowns that cost most, each leading to its profile; nothing for those who see nobody's work."""
    if not uow.may(SEE):
        return None
    chosen = Chosen.last(USUAL, visit.now.astimezone(visit.zone).date())
    found = gather(uow, chosen)
    every = found.alarms(Verdict.SLOW)
    some = every[:SHOWN]
    called = names(uow, [one.worker for one, _cell in some])
    bars = [
        charts.Bar(STEP_OF.format(name=called[one.worker], step=found.steps[cell.step]), round(cell.lost_per_day / 60_000, 1), color="red",
                   href=f"/process_monitor/people/{one.worker}?period={USUAL}&step={cell.step}")
        for one, cell in some
    ]  # fmt: skip
    empty = W["no_slow"] if found.colleagues else W["empty"]
    links = [(W["all_of"].format(n=len(every)) if len(every) > SHOWN else TITLE, PATH, "")]
    return View("monitor_tile.html", chart=charts.bars(bars, caption=MINUTES_A_DAY, empty=empty), note=MINUTES_A_DAY if bars else None, links=links)


__all__ = ["lost_time"]
