"""How old clients get into the stack: by hand, from lists, when a lost deal has aged, by import; and who never does."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t
import weakref
from collections.abc import Iterable, Mapping, MutableMapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import (
    LOST,
    OPEN,
    Conflict,
    Created,
    Crm,
    Invalid,
    Kind,
    Moved,
    Problem,
    Staged,
    Text,
    Undone,
    Uow,
    Written,
    _,
    command,
    hookimpl,
    on,
    on_enter,
    on_leave,
)  # fmt: skip
from crmkit.ui import button
from crmkit_sales import SALES, Contact, Deal, Lead, LostReason

from .entities import OldClient, OldClientLink, Result, StackState, Task, TaskState
from .roles import FILL
from .settings import TaskqueueSettings

Source = Contact | Lead | Deal | Task
WHEN = t.Annotated[dt.datetime | None, _("Not before", ru="Не раньше")]
WHY = t.Annotated[str, _("Why", ru="Почему")]
LABEL = _("To the stack of old clients", ru="В стек старых клиентов")
BY_HAND = _("Put in by {name}", ru="Добавлен вручную: {name}")
DEAL_LOST = _("Deal lost", ru="Сделка потеряна")
IN_STACK = _("the client is in the stack already", ru="клиент уже в стеке")
NEVER: Mapping[str, Text] = {
    Result.DO_NOT_CALL.value: _("the client asked not to be called", ru="клиент просил не звонить"),
    Result.WRONG_CONTACT.value: _("nobody is reached at this contact", ru="по этому контакту никого не найти"),
}
BUSY = _("somebody works with the client: there is an open deal or lead", ru="с клиентом уже работают: есть открытая сделка или лид")
OUT = (Result.DO_NOT_CALL, Result.WRONG_CONTACT)
LINKED = 20
FILLING, LANES = 0x7461736D, 1024  # many are put in at once: locks are shared by some of them, so that there are few
THOUSAND, YEAR = decimal.Decimal(1000), decimal.Decimal("365.25")
MOST = decimal.Decimal("9999999999.99")
_TOGETHER: weakref.WeakKeyDictionary[Uow, set[int]] = weakref.WeakKeyDictionary()
_client, _link, _task = OldClient.__table__.c, OldClientLink.__table__.c, Task.__table__.c


# ---- who may be there -----------------------------------------------------------------------------------------------
def barred(
    uow: Uow, contact_id: int | None, lead_id: int | None = None, deal_id: int | None = None, *, leave_out: int | None = None,
) -> Text | None:  # fmt: skip
    """Return why a client may not come into the stack: is there already, or never wants to hear of us. Held until the end of the transaction."""
    _hold(uow, contact_id or deal_id or lead_id or 0)
    linked = [column == key for column, key in ((_link.lead_id, lead_id), (_link.deal_id, deal_id)) if key is not None]
    mine = [_client.contact_id == contact_id] if contact_id is not None else []
    if linked and not mine:
        mine.append(_client.id.in_(sa.select(_link.old_client_id).where(sa.or_(*linked), _link.archived_at.is_(None))))
    if not mine:
        return None
    settles = sa.or_(_client.state != StackState.CLOSED, _client.result.in_(OUT))
    others = [_client.id != leave_out] if leave_out is not None else []
    found = sa.select(_client.state, _client.result).where(sa.or_(*mine), settles, _client.archived_at.is_(None), *others)
    rows = uow.connection.execute(found).all()
    never = next((row.result for row in rows if row.state is StackState.CLOSED), None)
    if never is not None:
        return NEVER[never.value]
    if contact_id is not None:
        asked = sa.select(_task.id).where(_task.contact_id == contact_id, _task.state == TaskState.CANCELLED)
        if uow.connection.execute(asked.where(_task.outcome == Result.DO_NOT_CALL.value, _task.archived_at.is_(None)).limit(1)).first():
            return NEVER[Result.DO_NOT_CALL.value]
    return IN_STACK if rows else None


def worked_with(uow: Uow, contact_id: int | None) -> bool:
    """True when a contact has an open deal or lead."""
    if contact_id is None:
        return False
    classes: tuple[type[Deal] | type[Lead], ...] = (Deal, Lead)
    ways = [sa.select(c.id).where(c.contact_id == contact_id, in_outcome(uow.crm, cls, OPEN)) for cls in classes for c in (cls.__table__.c,)]
    return any(uow.connection.execute(way.limit(1)).first() for way in ways)


def in_outcome(crm: Crm, cls: type[Staged], outcome: t.Any) -> sa.ColumnElement[bool]:
    """Return the condition that a record, not archived, is in a stage of an outcome."""
    c = cls.__table__.c
    stages = {p.name: [s.name for s in p.stages.values() if s.outcome is outcome] for p in crm.kind(cls).pipelines.values()}
    ways = [(c.pipeline == name) & c.stage.in_(some) for name, some in stages.items()]
    return sa.and_(sa.or_(sa.false(), *ways), c.archived_at.is_(None))


def outcome_of(uow: Uow, record: Deal | Lead) -> t.Any:
    """Return whether a record is open, won or lost; None where its stage is no longer in the settings."""
    pipeline = uow.crm.kind(type(record)).pipelines.get(record.pipeline)
    stage = pipeline.stages.get(record.stage) if pipeline is not None else None
    return None if stage is None else stage.outcome


def _hold(uow: Uow, key: int) -> None:
    """Let one transaction at a time put a client in; SQLite has one writer anyway."""
    if uow.connection.dialect.name == "postgresql":
        uow.connection.execute(sa.text("SELECT pg_advisory_xact_lock(:space, :lane)"), {"space": FILLING, "lane": key % LANES})


def why_not(uow: Uow, source: Source) -> Text | None:
    """Return why the client of a record may not be put into the stack now; None when they may."""
    uow.flush()
    contact_id, lead_id, deal_id = _about(source)
    found = barred(uow, contact_id, lead_id, deal_id)
    if found is not None:
        return found
    at_work = isinstance(source, Deal | Lead) and outcome_of(uow, source) is OPEN
    return BUSY if at_work or worked_with(uow, contact_id) else None


def _about(source: Source) -> tuple[int | None, int | None, int | None]:
    if isinstance(source, Contact):
        return source.id, None, None
    if isinstance(source, Task):
        return source.contact_id, source.lead_id, source.deal_id
    return source.contact_id, source.id if isinstance(source, Lead) else None, source.id if isinstance(source, Deal) else None


def check_entry(values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Refuse an entry of the stack, however it is made, for a contact who is there already or never wants to hear of us."""
    contact_id = values.get("contact_id")
    if contact_id is None or values.get("archived_at") is not None or values.get("state") is StackState.CLOSED:
        return
    if before is not None and before.get("archived_at") is None and (before.get("contact_id") == contact_id or uow.elevated):
        return  # contacts are merged, say: whoever draws looks for other entries about the same person
    why = barred(uow, contact_id, leave_out=values.get("id"))
    many = _TOGETHER.setdefault(uow, set()) if "id" not in values else set[int]()  # all of a chunk are prepared before the first is written
    if why is None and contact_id in many:
        why = IN_STACK
    if why is not None:
        raise Invalid(problems=[Problem("contact_id", "barred", why)])
    many.add(contact_id)


# ---- putting in -----------------------------------------------------------------------------------------------------
def take_in(uow: Uow, source: Source, reason: str, not_before: dt.datetime | None = None, *, sure: bool = False) -> OldClient | None:
    """Put the client of a contact, lead, deal or task into the stack, with links to what was lost; None where they may not come in.

    `sure` says that `why_not` was asked already. One who was drawn before is left alone until the rest since then is over.
    """
    if not sure and (barred(uow, *_about(source)) if isinstance(source, Task) else why_not(uow, source)) is not None:
        return None
    contact_id, lead_id, deal_id = _about(source)
    if contact_id is None and lead_id is None and deal_id is None:
        return None
    title = source.name if isinstance(source, Contact) else source.title
    client = uow.add(
        OldClient(
            title=title, contact_id=contact_id, owner_id=source.owner_id, team_id=source.team_id, reason=reason[:200] or None,
            not_before=_rested(uow, contact_id, not_before),
        )
    )  # fmt: skip
    uow.flush()
    links: dict[tuple[str, int], None] = {(n, k): None for n, k in (("contact_id", contact_id), ("lead_id", lead_id), ("deal_id", deal_id)) if k}
    kinds: tuple[tuple[str, type[Deal] | type[Lead]], ...] = (("deal_id", Deal), ("lead_id", Lead))
    for name, cls in kinds:
        if contact_id is not None:
            c = cls.__table__.c
            lost = sa.select(c.id).where(c.contact_id == contact_id, in_outcome(uow.crm, cls, LOST)).order_by(c.id.desc()).limit(LINKED)
            links |= {(name, key): None for key in uow.connection.execute(lost).scalars()}
    for name, key in links:
        uow.add(OldClientLink(old_client_id=client.id, **{name: key}))
    return client


def _rested(uow: Uow, contact_id: int | None, not_before: dt.datetime | None) -> dt.datetime | None:
    if contact_id is None:
        return not_before
    last = uow.connection.execute(sa.select(sa.func.max(_client.drawn_at)).where(_client.contact_id == contact_id)).scalar()
    rested = None if last is None else last + uow.crm[TaskqueueSettings].rest
    return max((x for x in (not_before, rested if rested is not None and rested > uow.now else None) if x is not None), default=None)


def _by_hand(source: Contact | Lead | Deal, uow: Uow, not_before: dt.datetime | None, reason: str) -> OldClient | None:
    """Put a client in for a person. Of many chosen ones those who may not come in are left out; of one it is said why."""
    with uow.as_system():
        why = why_not(uow, source)
        if why is not None:
            if uow.operation_id is not None:
                return None
            raise Conflict(why)
        told = reason.strip() or BY_HAND.format(name=uow.actor.name or uow.actor.id or "").to(uow.crm.settings.language)
        client = take_in(uow, source, told, not_before, sure=True)
        if client is not None and client.owner_id is None:
            client.owner_id, client.team_id = uow.actor.id, next(iter(uow.actor.teams), None)
        return client


@button(icon="history", menu=True, bulk=True, order=60)
@command(LABEL, of=Contact, permission=FILL)
def contact_to_stack(contact: Contact, uow: Uow, *, not_before: WHEN = None, reason: WHY = "") -> OldClient | None:
    """Put a contact into the stack of old clients."""
    return _by_hand(contact, uow, not_before, reason)


@button(icon="history", menu=True, bulk=True, order=60)
@command(LABEL, of=Lead, permission=FILL)
def lead_to_stack(lead: Lead, uow: Uow, *, not_before: WHEN = None, reason: WHY = "") -> OldClient | None:
    """Put the client of a lost lead into the stack of old clients."""
    return _by_hand(lead, uow, not_before, reason)


@button(icon="history", menu=True, bulk=True, order=60)
@command(LABEL, of=Deal, permission=FILL)
def deal_to_stack(deal: Deal, uow: Uow, *, not_before: WHEN = None, reason: WHY = "") -> OldClient | None:
    """Put the client of a lost deal into the stack of old clients."""
    return _by_hand(deal, uow, not_before, reason)


# ---- by itself ------------------------------------------------------------------------------------------------------
@attrs.frozen
class LossIsOld:
    """A deal was lost long enough ago for its client to be asked again."""

    deal_id: int


@on_enter(SALES["lost"])
def wait_for_a_loss_to_age(moved: Moved[Deal], uow: Uow) -> None:
    """Some time after a loss its client gets into the stack."""
    after = uow.crm[TaskqueueSettings].revive_lost_after
    if after:
        uow.schedule(LossIsOld(moved.record.id), at=uow.now + after, key=f"taskqueue.loss:{moved.record.id}", about=moved.record)


@on_leave(SALES["lost"])
def loss_is_over(moved: Moved[Deal], uow: Uow) -> None:
    """A deal that is open again makes its client nobody's old one."""
    uow.cancel(f"taskqueue.loss:{moved.record.id}")
    came_back(uow, moved.record.contact_id)


@on(Undone[Deal])
def loss_is_undone(event: Undone[Deal], uow: Uow) -> None:
    """An undo that makes a deal lost again lets its loss age from when it was lost; one that opens it makes nobody wait."""
    after, deal = uow.crm[TaskqueueSettings].revive_lost_after, event.record
    if event.action == "deleted" or outcome_of(uow, deal) is not LOST or not after:
        uow.cancel(f"taskqueue.loss:{deal.id}")
    else:
        uow.schedule(LossIsOld(deal.id), at=deal.stage_since + after, key=f"taskqueue.loss:{deal.id}", about=deal)


@on(LossIsOld)
def revive_lost(event: LossIsOld, uow: Uow) -> None:
    """Put the client of an aged loss into the stack, unless it is lost no longer, or they are worked with, are there, or never want to hear of us."""
    after, deal = uow.crm[TaskqueueSettings].revive_lost_after, uow.peek(Deal, event.deal_id)
    if not after or deal is None or deal.archived_at is not None or outcome_of(uow, deal) is not LOST:
        return
    if deal.stage_since + after > uow.now:  # the setting was made longer meanwhile
        uow.schedule(event, at=deal.stage_since + after, key=f"taskqueue.loss:{deal.id}", about=deal)
        return
    reason = uow.peek(LostReason, deal.lost_reason_id) if deal.lost_reason_id is not None else None
    told = DEAL_LOST.to(uow.crm.settings.language)
    take_in(uow, deal, f"{told}: {reason.name}" if reason is not None else told)


@on(Created[Deal])
@on(Created[Lead])
def client_is_back(event: Created[Deal] | Created[Lead], uow: Uow) -> None:
    """Who has an open deal or lead is no old client any more: others work with them."""
    record = event.record
    if outcome_of(uow, record) is OPEN:
        came_back(uow, record.contact_id)


def came_back(uow: Uow, contact_id: int | None) -> None:
    """Take a client who waits in the stack out of it: they came back by themselves. One who is drawn is left to whoever has them."""
    if contact_id is not None:
        for client in uow.find(OldClient).where(OldClient.contact_id == contact_id, OldClient.state == StackState.WAITING):
            uow.keep(client, state=StackState.CLOSED, result=Result.REVIVED)


# ---- order ----------------------------------------------------------------------------------------------------------
@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Score clients who have come into the stack, or whose links have, unless somebody gave them a score."""
    if kind.cls not in (OldClient, OldClientLink):
        return
    fresh = [row for row in rows if row.changed is None and row.values is not None]
    if kind.cls is OldClient:
        _TOGETHER.pop(uow, None)
        score_anew(uow, [row.id for row in fresh if not t.cast("Mapping[str, t.Any]", row.values)["score"]])
    else:
        score_anew(uow, {t.cast("Mapping[str, t.Any]", row.values)["old_client_id"] for row in fresh})


def score_anew(uow: Uow, ids: Iterable[int]) -> None:
    """Score waiting clients of the stack that have none yet: by what a plugin says, else by what was lost and when."""
    keys = list(ids)
    if not keys:
        return
    plugins = bool(uow.crm.hook.taskqueue_score.get_hookimpls())
    usual = usual_scores(uow, keys)
    for key in keys if plugins else usual:
        client = uow.peek(OldClient, key)
        if client is None or client.score or client.state is StackState.CLOSED:
            continue
        scored = uow.crm.hook.taskqueue_score(client=client, uow=uow) if plugins else None
        found = usual.get(key) if scored is None else scored
        if found:
            client.score = max(-MOST, min(MOST, decimal.Decimal(found)))


def usual_scores(uow: Uow, ids: Sequence[int]) -> dict[int, decimal.Decimal]:
    """Return the usual score of clients: the dearest of their lost deals, in thousands, halved with every year since it was lost."""
    d, found = Deal.__table__.c, dict[int, decimal.Decimal]()
    lost = in_outcome(uow.crm, Deal, LOST) & (d.amount > 0)
    for start in range(0, len(ids), 500):
        some = list(ids)[start : start + 500]
        linked = sa.select(_link.old_client_id, d.amount, d.stage_since).join(Deal.__table__, d.id == _link.deal_id)
        own = sa.select(_client.id, d.amount, d.stage_since).join(Deal.__table__, d.contact_id == _client.contact_id)
        asked = (linked.where(_link.old_client_id.in_(some), _link.archived_at.is_(None), lost), own.where(_client.id.in_(some), lost))
        for key, amount, since in (row for statement in asked for row in uow.connection.execute(statement)):
            years = max(decimal.Decimal(0), decimal.Decimal((uow.now - since).days)) / YEAR
            score = (amount / THOUSAND / decimal.Decimal(2) ** years).quantize(decimal.Decimal("0.01"))
            found[key] = max(found.get(key, decimal.Decimal(0)), min(MOST, score))
    return found
