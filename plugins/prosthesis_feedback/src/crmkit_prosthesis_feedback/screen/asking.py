"""The check-list page: what is due of a person is asked in one call, every answer is kept at once."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

from crmkit import Conflict, NotFound, Problem, Uow
from crmkit.ui import Redirect, Result, View, Visit, page
from crmkit.ui import near_day as near
from crmkit_sales import Contact

from ..cards import locked, replan
from ..collecting import REQUIRED, accepted, answers_of_card, asked_of, collect
from ..days import today
from ..entities import Feedback, Respondent, Service
from ..privacy import look
from ..publish import body_of, period_label
from ..roles import COLLECT, MEDICAL
from ..titles import naming
from . import words
from .person import person_of, waiting
from .sheet import cards_for, field_of, sheets, typed_answers

LONGEST_NOTE = 4000
NO_DAY = words.call_on


def service_at(visit: Visit, uow: Uow, right: t.Any = COLLECT) -> Service:
    """Return the service card of an address, for whoever may take down its answers."""
    given = visit.path["service"]
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise NotFound()
    service = uow.get(Service, int(given))
    uow.require(right, service)
    return service


@page("/ask/{service}", label=words.check_list, permission=COLLECT)
def ask(visit: Visit, uow: Uow) -> View:
    """The questions of everything that is due of a person, or of one card (``?card=5``)."""
    return _shown(visit, uow, service_at(visit, uow))


@page("/ask/{service}/{what}", label=words.check_list, permission=COLLECT, methods=["POST"])
def answer(visit: Visit, uow: Uow) -> Result:
    """Keep what was answered; finish; put the call off to a day the person asked for; take an answer back."""
    service = service_at(visit, uow)
    doing = {"save": _save, "finish": _finish, "put_off": _put_off, "drop": _drop}.get(visit.path["what"])
    if doing is None:
        raise NotFound()
    uow.require(MEDICAL, service)
    return doing(visit, uow, service)


# ---- what is shown ------------------------------------------------------------------------------------------------------
def _chosen(visit: Visit) -> int | None:
    given = visit.form.get("card") or visit.query.get("card") or ""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


def _cards(visit: Visit, uow: Uow, service: Service) -> list[Feedback]:
    """Return the cards that are asked: nothing while an incident is open, and of a service that has ended."""
    chosen = _chosen(visit)
    cards = cards_for(uow, service, chosen)
    stops = service.ended is not None or service.stage == "incident"
    return [c for c in cards if c.skipped is None and (not stops or c.done_on is not None)]


def _shown(
    visit: Visit, uow: Uow, service: Service, typed: Mapping[str, str] | None = None, problems: Sequence[Problem] = (), *, say: str = "",
) -> View:  # fmt: skip
    cards = _cards(visit, uow, service)
    may_see = uow.may(MEDICAL, service)
    if may_see and cards:
        look(uow, "card", service, cards=[card.id for card in cards])
    drawn = sheets(visit, uow, cards, typed, problems) if may_see else []
    first = cards[0] if cards else None
    typed = typed or {}
    respondent = typed.get("respondent") or (first.respondent or service.respondent if first is not None else service.respondent).value
    note = typed.get("note") if "note" in typed else (first.note or "" if first is not None else "")
    context: dict[str, t.Any] = {
        "s": words, "p": person_of(visit, uow, service), "named": naming(uow), "service": service, "sheets": drawn, "chosen": _chosen(visit),
        "respondent": respondent,
        "note": note, "answered": sum(sheet.answered for sheet in drawn), "count": sum(len(sheet.asks) for sheet in drawn),
        "flags": sum(sheet.flags for sheet in drawn), "scores": [sheet.score for sheet in drawn if sheet.score is not None], "said": say,
        "done": bool(cards) and all(card.done_on is not None for card in cards), "next": waiting(visit, uow, service) if not drawn else None,
        "wanted": typed.get("wanted_on", ""), "today": today(uow).isoformat(),
        "problem": next((visit.say(p.message) for p in problems if p.path == "wanted_on"), ""),
        "may_see": may_see, "told": may_see, "bad": len([p for p in problems if p.path != "wanted_on"]),
    }  # fmt: skip
    template = "ask.html" if visit.whole else "sheet.html"
    return View(template, status=422 if problems else 200, **context)


# ---- what is done -------------------------------------------------------------------------------------------------------
def _respondent(visit: Visit) -> Respondent | None:
    given = visit.form.get("respondent", "")
    return Respondent(given) if given in {r.value for r in Respondent} else None


def _note(visit: Visit) -> str | None:
    return visit.form["note"].replace("\r\n", "\n").strip()[:LONGEST_NOTE] if "note" in visit.form else None


def _keep(visit: Visit, uow: Uow, cards: Sequence[Feedback]) -> list[Problem]:
    """Keep every answer that will do, and say of the others why not."""
    problems: list[Problem] = []
    for card in cards:
        body, given, held = body_of(uow, card.protocol_version_id), dict[str, t.Any](), answers_of_card(uow, card)
        for name, text in typed_answers(visit.form, card, body).items():
            try:
                given[name] = accepted(uow, card, body.questions[name], text.replace("\r\n", "\n").strip(), held.get(name))
            except ValueError as error:
                problems.append(Problem(field_of(card, name), "invalid", error.args[0]))
        after = {**held, **given}
        missing = _missing(uow, card, after) if card.done_on is not None else []
        if missing:  # what is collected stays whole
            problems += missing
            continue
        collect(uow, card, given, respondent=_respondent(visit), note=_note(visit))
    return problems


def _missing(uow: Uow, card: Feedback, answers: Mapping[str, t.Any]) -> list[Problem]:
    body = body_of(uow, card.protocol_version_id)
    asked = asked_of(body, card.period, answers)
    return [Problem(field_of(card, n), "required", REQUIRED) for n in asked if body.questions[n].required and answers.get(n) is None]


def _save(visit: Visit, uow: Uow, service: Service) -> Result:
    problems = _keep(visit, uow, _cards(visit, uow, service))
    if not visit.whole:
        found = _shown(visit, uow, service, visit.form, problems)
        found.status = 200  # it is drawn with what is wrong; the rest is kept
        return found
    if problems:
        return _shown(visit, uow, service, visit.form, problems)
    return Redirect(_here(visit, service), say=words.saved)


def _finish(visit: Visit, uow: Uow, service: Service) -> Result:
    cards = _cards(visit, uow, service)
    problems = _keep(visit, uow, cards)
    open_ = [card for card in cards if card.done_on is None]
    told = {p.path for p in problems}
    problems += [p for card in open_ for p in _missing(uow, card, answers_of_card(uow, card)) if p.path not in told]
    if problems or not cards:
        return _shown(visit, uow, service, visit.form, problems)
    for card in open_:
        collect(uow, card, {}, finish=True, respondent=_respondent(visit), note=_note(visit))
    uow.settle()
    onward = "/taskqueue/" if visit.form.get("from") == "task" and not visit.window else f"/prosthesis_feedback/service/{service.id}"
    return Redirect(onward, say=_said(visit, uow, service, open_))


def _said(visit: Visit, uow: Uow, service: Service, cards: Sequence[Feedback]) -> str:
    if not cards:
        return visit.say(words.corrected)
    periods = ", ".join(dict.fromkeys(period_label(uow, card.protocol_version_id, card.period) for card in cards))
    follows = waiting(visit, uow, service)
    return visit.say(words.finished_next, periods=periods, next=follows.day) if follows is not None else visit.say(words.finished, periods=periods)


def _put_off(visit: Visit, uow: Uow, service: Service) -> Result:
    """The person asks to be called on another day: it goes before the best one of every card that is due."""
    cards = [card for card in _cards(visit, uow, service) if card.done_on is None]
    problems = _keep(visit, uow, cards)
    try:
        day = dt.date.fromisoformat(visit.form.get("wanted_on", ""))
    except ValueError:
        day = None
    if day is None or not today(uow) < day <= today(uow) + dt.timedelta(days=366):
        problems.append(Problem("wanted_on", "invalid", words.bad_day))
    if problems or not cards or day is None:
        return _shown(visit, uow, service, visit.form, problems)
    service = locked(uow, service)
    with uow.as_system():
        for card in cards:
            uow.keep(uow.get(Feedback, card.id, lock=True), wanted_on=day)
        uow.flush()
        replan(uow, service)
    uow.settle()
    return Redirect(f"/prosthesis_feedback/service/{service.id}", say=visit.say(words.was_put_off, day=near(day, today(uow), visit.language)))


def _drop(visit: Visit, uow: Uow, service: Service) -> Result:
    """Take one answer back; the others are kept as they stand in the form."""
    field = visit.form.get("drop", "")
    for card in _cards(visit, uow, service):
        body = body_of(uow, card.protocol_version_id)
        name = next((n for n in body.periods[card.period].questions if field_of(card, n) == field), None)
        if name is not None and card.done_on is None:
            collect(uow, card, {name: None})
        elif name is not None:
            raise Conflict(REQUIRED)
    return _shown(visit, uow, service) if not visit.whole else Redirect(_here(visit, service))


def _here(visit: Visit, service: Service) -> str:
    chosen = _chosen(visit)
    more = "&".join(f"{k}={v}" for k, v in (("card", chosen), ("from", visit.form.get("from", ""))) if v)
    return f"/prosthesis_feedback/ask/{service.id}" + (f"?{more}" if more else "")


def name_of(uow: Uow, service: Service) -> str:
    """Return what the wearer is called."""
    contact = uow.peek(Contact, service.contact_id)
    return contact.name if contact is not None else f"№ {service.id}"


__all__ = ["answer", "ask", "name_of", "service_at"]
