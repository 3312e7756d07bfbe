"""Cases begin and end: by a button, a task, a call, the next client, a time limit or silence."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import WON, Actor, Conflict, Invalid, Problem, Topic, Uow, _, on
from crmkit_sales import Deal

from .entities import Case, EndedHow, Worker
from .locks import hold
from .roles import MEASURED
from .settings import MonitorSettings
from .tables import spans, talks

SERVING = Topic("process_monitor.serving", permission=MEASURED, personal=True)
"""A case of somebody began or ended: their pages measure, or stop."""
NOBODY = _("only people serve clients: sign in", ru="обслуживают клиентов только люди: войдите в систему")
NONE_OPEN = _("you are serving nobody at the moment", ru="сейчас вы никого не обслуживаете")
NO_KIND = _("there is no kind {kind!r}; there are {known}", ru="нет вида {kind!r}; есть {known}")
_case, _worker = Case.__table__.c, Worker.__table__.c


@attrs.frozen
class CaseDue:
    """A case is to be looked at: whether its time is over, or nothing was heard of it for too long."""

    case_id: int


def open_case(uow: Uow, user_id: int | None = None) -> Case | None:
    """Return the case somebody (whoever asks, if nobody is named) is serving at the moment."""
    user = uow.actor.id if user_id is None else user_id
    if user is None:
        return None
    with uow.as_system():
        return uow.find(Case).where(_case.owner_id == user, _case.ended_at.is_(None), _case.log_id.is_(None)).first()


def begin(
    uow: Uow, *, user_id: int | None = None, kind: str | None = None, product: str | None = None, channel: str | None = None,
    contact_id: int | None = None, point_of_sale_id: int | None = None, key: str | None = None, at: dt.datetime | None = None,
) -> Case:  # fmt: skip
    """Begin to serve a client: of whoever asks, or of `user_id`. A case that is open there ends: the next client came.

    `kind` left out is new or repeat by what is known of the contact. `key` says what began it: ``task:5``, ``call:7``. `at` is a
    moment that has just passed.
    """
    user = uow.actor.id if user_id is None else user_id
    if user is None:
        raise Conflict(NOBODY)
    known = uow.crm[MonitorSettings].case_kinds
    if kind and kind not in known:
        raise Invalid(problems=[Problem("kind", "choice", NO_KIND.format(kind=kind, known=", ".join(known)))])
    hold(uow, user)
    at = min(at or uow.now, uow.now)
    if (before := open_case(uow, user)) is not None:
        at = max(at, before.began_at)
        end(uow, before, how=EndedHow.NEXT, at=at)
    with uow.as_system():
        worker = worker_of(uow, user)
        case = uow.add(Case(
            owner_id=user, team_id=worker.team_id, worker_id=worker.id, kind=kind or kind_of(uow, contact_id), product=product, channel=channel,
            contact_id=contact_id, point_of_sale_id=point_of_sale_id, began_at=at,
        ))  # fmt: skip
        uow.flush()
        if key is not None:
            uow.keep(case, key=key)
            uow.flush()
    watch(uow, case, at)
    uow.publish(SERVING.name, user)
    return case


def end(
    uow: Uow, case: Case | None = None, *, how: EndedHow = EndedHow.DONE, outcome: str | None = None, at: dt.datetime | None = None
) -> Case:  # fmt: skip
    """End a case, or that of whoever asks; `at` is a moment that has passed. One that has ended stays as it is."""
    case = case or open_case(uow)
    if case is None or case.owner_id is None:
        raise Conflict(NONE_OPEN)
    hold(uow, case.owner_id)
    with uow.as_system():
        case = uow.get(Case, case.id, lock=True)
        if case.ended_at is None:
            uow.keep(case, ended_at=max(case.began_at, at or uow.now), ended_how=how)
            uow.cancel(f"process_monitor.case:{case.id}")
        if outcome is not None:
            case.outcome = outcome[:60]
        uow.flush()
    uow.publish(SERVING.name, t.cast(int, case.owner_id))
    return case


def kind_of(uow: Uow, contact_id: int | None, of: Case | None = None) -> str:
    """Say whether a client is new: nobody has served them, and nothing was sold to them. Empty where settings have other kinds.

    `of` is a case that is there already: what came before it counts.
    """
    known = uow.crm[MonitorSettings].case_kinds
    if contact_id is None:
        return "new" if "new" in known else ""
    served = sa.select(sa.literal(1)).where(_case.contact_id == contact_id, _case.ended_at.is_not(None), _case.archived_at.is_(None))
    if of is not None:
        served = served.where(_case.id != of.id, _case.began_at < of.began_at)
    deal = Deal.__table__.c
    won = [
        sa.and_(deal.pipeline == name, deal.stage.in_([s.name for s in pipeline.stages.values() if s.outcome is WON]))
        for name, pipeline in uow.crm.kind(Deal).pipelines.items()
    ]
    bought = sa.select(sa.literal(1)).where(deal.contact_id == contact_id, sa.or_(sa.false(), *won), deal.archived_at.is_(None))
    name = "repeat" if uow.connection.execute(sa.select(sa.or_(served.exists(), bought.exists()))).scalar_one() else "new"
    return name if name in known else ""


def worker_of(uow: Uow, user: int) -> Worker:
    """Return who serves, as the monitor knows them; whoever calls has `hold` of them."""
    team = team_of(uow, user)
    with uow.as_system():
        found = uow.find(Worker).where(_worker.user_id == user).first()
        if found is None:
            found = uow.add(Worker(name="", user_id=user, team_id=team))
        elif team is not None and found.team_id != team:
            found.team_id = team
        uow.flush()
    return found


def team_of(uow: Uow, user: int) -> int | None:
    """Return the team of somebody, as whoever keeps people says."""
    actor: Actor | None = uow.actor if uow.actor.id == user else person(uow, user)
    return next(iter(actor.teams), None) if actor is not None else None


def person(uow: Uow, user: int) -> Actor | None:
    """Return what somebody may do now, where a plugin knows."""
    return uow.crm.hook.crm_person(crm=uow.crm, id=user) if "crm_person" in uow.crm.hooked else None


def is_measured(uow: Uow, user: int) -> bool:
    """True for those whose cases begin by themselves: they hold the permission."""
    actor = uow.actor if uow.actor.id == user else person(uow, user)
    return actor is not None and uow.crm.access.may(actor, MEASURED.name, None)


# ---- ends that nobody makes ------------------------------------------------------------------------------------------------
def watch(uow: Uow, case: Case, heard: dt.datetime) -> None:
    """Have a case looked at when its time is over, or when nothing was heard of it for long."""
    settings = uow.crm[MonitorSettings]
    at = min(case.began_at + settings.longest, heard + settings.silent_for)
    uow.schedule(CaseDue(case.id), at=at, key=f"process_monitor.case:{case.id}", about=case)


def last_word(uow: Uow, case: Case) -> dt.datetime:
    """Return when a page last told something of a case."""
    span = spans.c
    rows = uow.connection.execute(
        sa.select(span.began_at, span.active + span.idle + span.hidden).where(span.case_id == case.id).order_by(span.began_at.desc()).limit(20)
    )
    return max((row[0] + dt.timedelta(milliseconds=row[1]) for row in rows), default=case.began_at)


def in_call(uow: Uow, user: int) -> bool:
    """True while somebody talks, as far as is known."""
    talk = talks.c
    since = uow.now - uow.crm[MonitorSettings].longest
    going_on = sa.select(talk.call_id).where(talk.user_id == user, talk.began_at > since, talk.ended_at.is_(None))
    return uow.connection.execute(going_on).first() is not None


@on(CaseDue)
def look_at(event: CaseDue, uow: Uow) -> None:
    """End a case whose time is over, or of which nothing was heard for long: at its last word."""
    settings, case = uow.crm[MonitorSettings], uow.peek(Case, event.case_id)
    if case is None or case.ended_at is not None or case.owner_id is None or case.archived_at is not None:
        return
    hold(uow, case.owner_id)
    word, over = uow.now if in_call(uow, case.owner_id) else last_word(uow, case), case.began_at + settings.longest
    if uow.now >= over:
        end(uow, case, how=EndedHow.TIME, at=over)
    elif uow.now >= word + settings.silent_for:
        end(uow, case, how=EndedHow.TIME, at=word)
    else:
        watch(uow, case, word)


__all__ = ["SERVING", "CaseDue", "begin", "end", "is_measured", "kind_of", "last_word", "open_case", "worker_of"]
