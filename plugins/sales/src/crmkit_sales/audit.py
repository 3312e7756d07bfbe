"""The promises the sales plugin makes, held against the database by other means than those that keep them."""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from crmkit import OPEN, Uow
from crmkit.activities import Activity

from .audit_more import MORE
from .automations import NUDGE
from .entities import Deal
from .pipelines import SALES

PATIENCE = dt.timedelta(days=5)  # what @while_in(SALES["offer"]) promises
Stay = tuple[str, dt.datetime, dt.datetime, str]


class Audit:
    """Looks for broken promises about some deals, and about everything else there is."""

    def __init__(self, uow: Uow, deals: Sequence[int]) -> None:
        self.uow, self.deals = uow, set(deals)
        self.tables = {table.name: table for table in uow.crm.tables}
        shown = Deal.id, Deal.stage, Deal.created_at, Deal.stage_since, Deal.archived_at
        self.records = {row.id: row for row in self._rows(sa.select(*shown)) if row.id in self.deals}
        self.stays: dict[int, list[Stay]] = defaultdict(list)
        c = self.tables["crm_stage_history"].c
        stays = sa.select(c.record_id, c.stage, c.entered_at, c.left_at, c.to_stage).where(c.kind == "sales.deal")
        for key, *stay in self._rows(stays.order_by(c.id)):
            self.stays[key].append(t.cast(Stay, tuple(stay)))

    def _rows(self, statement: sa.Select[*tuple[t.Any, ...]]) -> Sequence[t.Any]:
        return self.uow.connection.execute(statement).all()

    def broken(self) -> list[str]:
        """Return a sentence for every promise that was broken."""
        checks: tuple[Callable[[], Iterator[str]], ...] = (self._next_step, self._totals, self._history, self._nudges, self._jobs)
        return [*(s for check in checks for s in check()), *(s for check in MORE for s in check(self.uow))]

    def _next_step(self) -> Iterator[str]:
        """Every deal has an open activity, or is closed and has none."""
        mine = (Activity.about_kind == "sales.deal") & Activity.done_at.is_(None)
        waiting = {row[0] for row in self._rows(sa.select(Activity.about_id).where(mine))}
        for key, deal in self.records.items():
            still_open = SALES.stages[deal.stage].outcome is OPEN
            if deal.archived_at is None and still_open != (key in waiting):
                yield f"deal {key} in {deal.stage!r} has {'no' if still_open else 'an'} open activity"

    def _totals(self) -> Iterator[str]:
        """The running totals equal a recount."""
        c = self.tables["crm_tally"].c
        where = c.stage, c.owner_id, c.team_id
        kept = sa.select(*where, *(sa.func.sum(x) for x in (c.n, c.t0, c.t1))).where(c.kind == "sales.deal").group_by(*where)
        totals = {tuple(row[:3]): tuple(int(x) for x in row[3:]) for row in self._rows(kept) if any(row[3:])}
        counted: dict[t.Any, tuple[int, int, int]] = {}
        shown = Deal.stage, Deal.owner_id, Deal.team_id, Deal.amount, Deal.expected_amount
        for stage, owner, team, amount, expected in self._rows(sa.select(*shown).where(Deal.archived_at.is_(None))):
            place = stage, owner or 0, team or 0
            number, summed, hoped = counted.get(place, (0, 0, 0))
            counted[place] = number + 1, summed + int((amount or 0) * 100), hoped + int((expected or 0) * 100)
        for place in totals.keys() | counted.keys():
            if totals.get(place, (0, 0, 0)) != counted.get(place, (0, 0, 0)):
                yield f"the totals of {place} are {totals.get(place)}, a recount gives {counted.get(place)}"

    def _history(self) -> Iterator[str]:
        """Every stay begins where and when the one before it ended."""
        for key, deal in self.records.items():
            stays = self.stays[key]
            if (stays[0][1] if stays else deal.stage_since) != deal.created_at:
                yield f"the history of deal {key} does not begin with its creation"
            if stays and (stays[-1][3], stays[-1][2]) != (deal.stage, deal.stage_since):
                yield f"the history of deal {key} does not end where the deal is"
            for (_stage, _entered, left, target), (stage, entered, _left, _target) in itertools.pairwise(stays):
                if (left, target) != (entered, stage):
                    yield f"the history of deal {key} has a gap at {left}"

    def _nudges(self) -> Iterator[str]:
        """An offer that waits too long gets one more step, exactly once for each stay."""
        texts = {NUDGE, NUDGE.to("ru"), NUDGE.to("en")}
        steps = sa.select(Activity.about_id, Activity.created_at, Activity.subject).where(Activity.about_kind == "sales.deal")
        given = Counter((row[0], row[1]) for row in self._rows(steps) if row[2] in texts)
        for key, deal in self.records.items():
            stays = [*self.stays[key], (deal.stage, deal.stage_since, self.uow.now, "")]
            due = {entered + PATIENCE for stage, entered, left, _to in stays if stage == "offer" and entered + PATIENCE <= left}
            for moment in due | {at for number, at in given if number == key}:
                if given[key, moment] != (moment in due):
                    yield f"deal {key} was nudged {given[key, moment]} times at {moment}, not {int(moment in due)}"

    def _jobs(self) -> Iterator[str]:
        """Nothing that was due is left undone."""
        c = self.tables["crm_job"].c
        late = c.run_at <= int(self.uow.now.timestamp() * 1000)
        for number, kind, state in self._rows(sa.select(c.id, c.kind, c.state).where(late | (c.state != "pending"))):
            yield f"job {number} ({kind}) is {state}, and was to be done by now"
