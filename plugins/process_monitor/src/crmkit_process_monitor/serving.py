"""The line above every page of those who serve: whom, since when, the next client, the end; and the same as commands."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Conflict, Invalid, Problem, Uow, _, command
from crmkit.ui import Look, Result, View, Visit, button, list_column, page, strip
from crmkit_sales import Contact, Deal, PointOfSale

from . import cases
from .cases import NO_KIND, NONE_OPEN, SERVING
from .entities import Case, EndedHow, Step, Worker
from .fairness import names
from .roles import MEASURED
from .settings import MonitorSettings

CASES = Look(
    of=Case, icon="timer", title="began_at", columns=("began_at", "process_monitor:served_by", "contact_id", "kind", "ended_at", "outcome", "active"),
    card=("contact_id", "kind", "active"), section="reports", order=16, sort="-began_at", day="began_at",
    # Who serves is told by the column, by name only to those who may see names.
    hidden=("key", "log_id", "worker_id", "owner_id", "team_id"),
)  # fmt: skip
STEPS = Look(of=Step, icon="list-ordered", title="title", columns=("title", "name", "position", "in_use"), section="", sort="position")
WORKERS = Look(of=Worker, icon="users", title="code", columns=("code", "log_id", "team_id"), section="")
LABEL = _("Serving clients", ru="Обслуживание клиентов")
WORDS = {
    "begin": _("Begin to serve a client", ru="Начать обслуживание"), "serving": _("Being served", ru="Обслуживается"),
    "client": _("Client", ru="Клиент"), "next": _("Next client", ru="Следующий клиент"), "end": _("Client served", ru="Клиент обслужен"),
    "kind": _("Kind of client", ru="Вид клиента"), "since": _("Since", ru="С"),
    "begin_as": _("Begin as", ru="Начать как"),
}  # fmt: skip
Kind = t.Annotated[str | None, _("Kind", ru="Вид")]
Product = t.Annotated[str | None, _("Product", ru="Продукт")]
Channel = t.Annotated[str | None, _("Channel", ru="Канал")]
Client = t.Annotated[int | None, _("Number of the contact", ru="Номер контакта")]
Point = t.Annotated[int | None, _("Number of the point of sale", ru="Номер точки продаж")]
Outcome = t.Annotated[str | None, _("Outcome", ru="Результат")]


@list_column(Case, label=_("Employee", ru="Сотрудник"))
def served_by(ids: Sequence[int], uow: Uow) -> Mapping[int, str]:
    """Who serves, called as whoever looks may call them."""
    c = Case.__table__.c
    rows = uow.connection.execute(sa.select(c.id, c.worker_id).where(c.id.in_(ids), c.worker_id.is_not(None))).all()
    known = names(uow, {row.worker_id for row in rows})
    return {row.id: known[row.worker_id] for row in rows if row.worker_id in known}


@strip(label=LABEL, permission=MEASURED, order=80, live=[SERVING, Case])
def serving(visit: Visit, uow: Uow) -> Result:
    """Whom one serves at the moment and for how long; while nobody: the button to begin."""
    settings = uow.crm[MonitorSettings]
    case = cases.open_case(uow)
    if uow.actor.id is None or (case is None and "button" not in settings.begins):
        return None
    seen = uow.find(Contact).where(Contact.id == case.contact_id).first() if case is not None and case.contact_id is not None else None
    kinds = {name: visit.say(text) for name, text in settings.case_kinds.items()}
    idle = round(settings.idle_after.total_seconds() * 1000)
    return View("serving.html", s=WORDS, case=case, client=seen, kinds=kinds, idle=idle)


@page("/serve/{what}", label=LABEL, permission=MEASURED, methods=("POST",))
def serve(visit: Visit, uow: Uow) -> View:
    """A button of the line was pressed."""
    what, kind = visit.path["what"], visit.form.get("kind") or None
    if what == "end":
        finish_serving(uow)
    elif what == "next":
        next_client(uow, kind=kind)
    elif what == "kind":
        rename(uow, kind or "")
    else:
        begin_serving(uow, kind=kind)
    return View("nothing.html", headers=[("HX-Trigger", json.dumps({f"crm:{SERVING.name}": {"own": True}}))])


def rename(uow: Uow, kind: str) -> None:
    """Say that the client one serves is of another kind."""
    case, known = cases.open_case(uow), uow.crm[MonitorSettings].case_kinds
    if case is None:
        raise Conflict(NONE_OPEN)
    if kind not in known:
        raise Invalid(problems=[Problem("kind", "choice", NO_KIND.format(kind=kind, known=", ".join(known)))])
    with uow.as_system():
        case.kind = kind


# ---- commands ---------------------------------------------------------------------------------------------------------------
@button(palette=False)
@command(_("Begin to serve a client", ru="Начать обслуживание"), permission=MEASURED)
def begin_serving(
    uow: Uow, *, kind: Kind = None, product: Product = None, channel: Channel = None, contact_id: Client = None, point_of_sale_id: Point = None
) -> Case:  # fmt: skip
    """Begin to serve a client. Whoever was being served until now is done."""
    if contact_id is not None:
        uow.get(Contact, contact_id)
    if point_of_sale_id is not None:
        uow.get(PointOfSale, point_of_sale_id)
    return cases.begin(uow, kind=kind, product=product, channel=channel, contact_id=contact_id, point_of_sale_id=point_of_sale_id)


@button(palette=False)
@command(_("Next client", ru="Следующий клиент"), permission=MEASURED)
def next_client(uow: Uow, *, kind: Kind = None, contact_id: Client = None) -> Case:
    """Go on to the next client, at the same point of sale and by the same channel."""
    before = cases.open_case(uow)
    same = {"channel": before.channel, "point_of_sale_id": before.point_of_sale_id} if before is not None else {}
    if contact_id is not None:
        uow.get(Contact, contact_id)
    return cases.begin(uow, kind=kind, contact_id=contact_id, **t.cast("t.Any", same))


@button(palette=False)
@command(_("Finish serving", ru="Завершить обслуживание"), permission=MEASURED)
def finish_serving(uow: Uow, *, outcome: Outcome = None) -> Case:
    """Say that the client has been served."""
    return cases.end(uow, how=EndedHow.DONE if outcome else EndedHow.BY_HAND, outcome=outcome)


@button(icon="timer", order=70, menu=True)
@command(_("Serve this client", ru="Обслужить клиента"), permission=MEASURED, of=Contact)
def serve_contact(contact: Contact, uow: Uow) -> Case:
    """Begin to serve this client; of the one that is open it becomes known who it is, where that is not known yet."""
    return _serve(uow, contact.id)


@button(icon="timer", order=70, menu=True)
@command(_("Serve this client", ru="Обслужить клиента"), permission=MEASURED, of=Deal)
def serve_deal(deal: Deal, uow: Uow) -> Case:
    """Begin to serve the client of this deal."""
    return _serve(uow, deal.contact_id)


def _serve(uow: Uow, contact: int | None) -> Case:
    case = cases.open_case(uow)
    if case is not None and contact is not None and case.contact_id in (None, contact):
        with uow.as_system():
            case.contact_id = contact
        uow.publish(SERVING.name, uow.actor.id)
        return case
    return cases.begin(uow, contact_id=contact)


__all__ = ["begin_serving", "finish_serving", "next_client", "serve", "serve_contact", "serve_deal", "serving"]
