"""Norms proposed from the best quarter, with what each would change; the chosen ones are put in force."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Invalid, Problem, Refusal, Uow
from crmkit.ui import Redirect, Result, View, Visit, page

from ..entities import NormFrom, Step
from ..norms import Norms
from ..proposing import Proposal, propose
from ..reading import PERIODS, Chosen, conditions
from ..roles import NORMS
from ..settings import MonitorSettings
from ..tables import work
from ..times import clock
from . import words
from .entering import Wanted, kinds_of, put
from .page import HERE, steps_of

USUAL = "quarter"
AT_ONCE = 60


@attrs.frozen(kw_only=True)
class Offer:
    """A proposed norm beside the one that holds. Shares of what was done in the period."""

    key: str
    step: str
    kind: str
    proposal: Proposal
    now: tuple[int, int, int] | None
    """Reference, minimum and maximum in seconds."""
    slow: float
    fast: float
    slow_now: float | None
    fast_now: float | None
    same: bool


def chosen_at(visit: Visit) -> Chosen:
    """Return the days to look at: a quarter, unless an address says others."""
    given = Chosen.of(visit)
    if "period" in visit.query or "since" in visit.query:
        return given
    return attrs.evolve(given, since=given.until - dt.timedelta(days=PERIODS[USUAL] - 1), period=USUAL)


@page("/norms/propose", label=words.proposed, permission=NORMS, methods=["GET", "POST"])
def proposals(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Norms from the best quarter: each with what it would change, to be put in force or left."""
    chosen = attrs.evolve(chosen_at(visit), worker=None, step=None)
    found = propose(uow, chosen)
    if visit.method == "POST" and refusal is None:
        made = put(uow, _chosen(visit, found), NormFrom.PROPOSED, label=words.proposed)
        return Redirect(HERE + (f"?log={chosen.log}" if chosen.log else ""), say=words.put.format(count=len(made)), undo=uow.tx)
    problems = {p.path: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    today = visit.now.astimezone(visit.zone).date()
    offers = offers_of(visit, uow, chosen, found, today)
    taken = set(visit.form.all("take")) if refusal is not None else {o.key for o in offers if not o.same}
    return View(
        "norms_propose.html", s=words, offers=offers, chosen=chosen, clock=clock, problems=problems, taken=taken,
        since=visit.form.get("since", today.isoformat()), here=visit.url(f"{HERE}/propose", **chosen.query()),
        periods=[(name, words.periods[name], visit.url(f"{HERE}/propose", **_asked(chosen, name))) for name in PERIODS],
        least=visit.say(words.too_little_more, least=uow.crm[MonitorSettings].least_sample),
    )  # fmt: skip


def _asked(chosen: Chosen, period: str) -> dict[str, object]:
    query = {n: v for n, v in chosen.query().items() if n not in ("since", "until")}
    return {**query, "period": period}


def key_of(proposal: Proposal) -> str:
    """Return what names a proposal in the form."""
    return f"{proposal.step}:{proposal.kind or ''}"


def _chosen(visit: Visit, found: Sequence[Proposal]) -> list[Wanted]:
    try:
        since = dt.date.fromisoformat(visit.form.get("since", ""))
    except ValueError:
        raise Invalid(problems=[Problem("since", "invalid", words.no_day)]) from None
    taken = set(visit.form.all("take"))
    wanted = [
        Wanted(step=p.step, kind=p.kind, since=since, reference=p.reference, least=p.least, most=p.most) for p in found if key_of(p) in taken
    ]
    if not wanted:
        raise Invalid(problems=[Problem("take", "required", words.none_chosen)])
    return wanted


def offers_of(visit: Visit, uow: Uow, chosen: Chosen, found: Sequence[Proposal], today: dt.date) -> list[Offer]:
    """Return proposals beside the norms that hold, with the shares either calls too slow and too fast."""
    norms, kinds = Norms.load(uow, chosen.log), kinds_of(uow, chosen.log)
    steps = {s.id: s for s in steps_of(uow, chosen.log)}
    shares = shares_of(uow, chosen, found, norms, today)
    made = []
    for proposal, (slow, fast, slow_now, fast_now) in zip(found, shares, strict=True):
        held = norms.of(proposal.step, proposal.kind or "", today)
        now = (held.reference // 1000, held.least // 1000, held.most // 1000) if held is not None else None
        made.append(Offer(
            key=key_of(proposal), step=_titled(steps, proposal.step), proposal=proposal, now=now, slow=slow, fast=fast, slow_now=slow_now,
            fast_now=fast_now,
            kind=visit.say(kinds.get(proposal.kind, proposal.kind) if proposal.kind else words.all_kinds),
            same=now == (proposal.reference, proposal.least, proposal.most) and held is not None and held.kind == proposal.kind,
        ))  # fmt: skip
    order = list(steps)
    return sorted(made, key=lambda o: (order.index(o.proposal.step) if o.proposal.step in steps else len(order), o.proposal.kind or ""))


def _titled(steps: dict[int, Step], key: int) -> str:
    return steps[key].title if key in steps else f"№ {key}"


Shares = tuple[float, float, float | None, float | None]


def shares_of(uow: Uow, chosen: Chosen, found: Sequence[Proposal], norms: Norms, today: dt.date) -> list[Shares]:
    """Return for each proposal the share of work it, and today's norm, would call too slow and too fast: one question for all of them."""
    if not found:
        return []
    w = work.c
    if len(found) > AT_ONCE:
        return [*shares_of(uow, chosen, found[:AT_ONCE], norms, today), *shares_of(uow, chosen, found[AT_ONCE:], norms, today)]
    columns: list[t.Any] = []
    for p in found:
        of = (w.step_id == p.step) & (w.kind == p.kind if p.kind is not None else sa.true())
        held = norms.of(p.step, p.kind or "", today)
        marks = [sa.true(), w.took > p.most * 1000, w.took < p.least * 1000]
        marks += [w.took > held.most, w.took < held.least] if held is not None else [sa.false(), sa.false()]
        columns += [sa.func.coalesce(sa.func.sum(sa.case((of & mark, 1), else_=0)), 0) for mark in marks]
    row = uow.connection.execute(sa.select(*columns).where(*conditions(uow, chosen, work))).one()
    made: list[Shares] = []
    for place, p in enumerate(found):
        n, slow, fast, slow_now, fast_now = (int(value) for value in row[place * 5 : place * 5 + 5])
        known = norms.of(p.step, p.kind or "", today) is not None
        share = n or 1
        made.append((slow / share, fast / share, slow_now / share if known else None, fast_now / share if known else None))
    return made


__all__ = ["Offer", "chosen_at", "offers_of", "proposals", "shares_of"]
