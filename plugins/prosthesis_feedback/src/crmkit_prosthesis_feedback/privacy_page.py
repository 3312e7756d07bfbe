"""Who has seen whose medical answers, as pages; a person's data handed out as a file, and erased."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from starlette.responses import Response

from crmkit import NotFound, Problem, Text, Uow, _, route
from crmkit.ui import Menu, Redirect, Result, Slot, View, Visit, page, panel
from crmkit_sales import Contact

from .entities import Service
from .people import names_of
from .privacy import Access, as_file, erase, hand_out, looks_at, name_of
from .roles import ERASE
from .settings import FeedbackSettings

MOST = 100
TITLE = _("Medical data", ru="Медицинские данные")
WORDS: Mapping[str, Text] = {
    "title": TITLE, "who": _("Who has seen the answers", ru="Кто видел ответы"), "at": _("When", ru="Когда"),
    "person": _("Who", ru="Кто"), "what": _("What", ru="Что"), "whose": _("Whose", ru="Чьи"), "all": _("Of everybody", ru="Всех людей"),
    "many": _("a report about many people", ru="отчёт о многих людях"),
    "nobody": _("Nobody has looked yet", ru="Пока никто не смотрел"),
    "last": _("Last seen {day} by {who}", ru="Последний просмотр {day}, {who}"),
    "see": _("Who looked, hand out, erase", ru="Кто смотрел, выдать, стереть"),
    "more": _("Earlier", ru="Раньше"),
    "hand_out": _("Hand out", ru="Выдать"), "download": _("Download as a file", ru="Скачать файлом"),
    "hand_out_more": _(
        "Everything kept about this person's prostheses as one file: devices, what was asked and answered, incidents. That it was handed out is "
        "written down.",
        ru="Всё, что хранится о протезах этого человека, одним файлом: изделия, вопросы и ответы, инциденты. Выдача попадёт в журнал.",
    ),
    "erase": _("Erase", ru="Стереть"), "do_erase": _("Erase for good", ru="Стереть безвозвратно"),
    "erase_more": _(
        "Answers, points, notes of cards and calls, texts of incidents, notes and files about them: gone from the journal, the search and undo too. "
        "What was asked when stays, so that nobody is asked twice. It cannot be taken back. Recordings of calls are removed where calls are.",
        ru="Ответы, баллы, заметки карточек и звонков, тексты инцидентов, заметки и файлы о них исчезнут, в том числе из журнала, поиска и отмены. "
        "Останется, что и когда спрашивали, чтобы не спросить дважды. Вернуть будет нельзя. Записи разговоров удаляются там, где лежат звонки.",
    ),
    "reason": _("Why", ru="Причина"), "name": _("Type the name {name} to confirm", ru="Для подтверждения введите имя: {name}"),
    "kept": _("Kept for {days} days", ru="Хранится {days} дней"),
}  # fmt: skip
LOOKS: Mapping[str, Text] = {
    "card": _("Check-list of a call", ru="Чек-лист звонка"), "service": _("Service card", ru="Карточка сервиса"),
    "answers": _("Answers", ru="Ответы"), "photo": _("Photo", ru="Фото"), "report": _("Report", ru="Отчёт"),
    "export": _("Handed out as a file", ru="Выдано файлом"),
    "erased": _("Erased", ru="Стёрто"),
}  # fmt: skip
ERASED = _("Erased: {count} answers", ru="Стёрто ответов: {count}")
NO_REASON = _("say why", ru="укажите причину")
NOT_THE_NAME = _("this is not the name", ru="имя не совпадает")


def service_at(visit: Visit, uow: Uow) -> Service:
    """Return the service card of an address, for whoever may hand out or erase its answers."""
    given = visit.path["service"]
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise NotFound()
    service = uow.get(Service, int(given))
    uow.require(ERASE, service)
    return service


def lines(uow: Uow, found: Sequence[Access]) -> list[dict[str, t.Any]]:
    """Return looks as the table shows them: who, whose, what."""
    users = names_of(uow, "person", {one.user_id for one in found})
    s, c = Service.__table__.c, Contact.__table__.c
    keys = sorted({one.service_id for one in found if one.service_id is not None})
    asked = sa.select(s.id, c.name).join(Contact.__table__, c.id == s.contact_id).where(s.id.in_(keys))
    people = {row[0]: row[1] for row in uow.connection.execute(asked)} if keys else {}
    return [
        {"at": one.at, "who": one.user or users.get(one.user_id or 0, ""), "what": LOOKS.get(one.what, Text(one.what)), "key": one.service_id,
         "whose": people.get(one.service_id or 0), "more": str(one.facts.get("reason") or ""), "red": one.what in ("export", "erased")}
        for one in found
    ]  # fmt: skip


def _before(visit: Visit) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(visit.query.get("before", ""))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


@page("/privacy", label=TITLE, permission=ERASE, menu=Menu(icon="shield-check", section="admin", order=70))
def privacy(visit: Visit, uow: Uow) -> View:
    """Who has seen whose medical answers, the last first."""
    found = looks_at(uow, limit=MOST + 1, before=_before(visit))
    more = visit.url("/prosthesis_feedback/privacy", before=found[MOST - 1].at.isoformat()) if len(found) > MOST else None
    days = uow.crm[FeedbackSettings].keep_access_for.days
    return View("privacy.html", s=WORDS, rows=lines(uow, found[:MOST]), more=more, kept=WORDS["kept"].format(days=days))


@page("/privacy/{service}", label=TITLE, permission=ERASE)
def privacy_of(visit: Visit, uow: Uow) -> View:
    """Who has seen a person's medical answers; handing them out, and erasing them."""
    return _shown(visit, uow, service_at(visit, uow), {}, {})


@page("/privacy/{service}/erase", label=TITLE, permission=ERASE, methods=["POST"])
def privacy_erase(visit: Visit, uow: Uow) -> Result:
    """Erase a person's medical answers once the name and a reason were typed."""
    service = service_at(visit, uow)
    reason, name = (visit.form.get(field, "").strip() for field in ("reason", "name"))
    problems = [] if reason else [Problem("reason", "required", NO_REASON)]
    problems += [] if name.casefold() == name_of(uow, service).strip().casefold() else [Problem("name", "invalid", NOT_THE_NAME)]
    if problems:
        return _shown(visit, uow, service, {"reason": reason, "name": name}, {p.path: visit.say(p.message) for p in problems}, status=422)
    told = erase(uow, service, reason)
    return Redirect(f"/prosthesis_feedback/privacy/{service.id}", say=ERASED.format(count=told["answers"]))


def _shown(visit: Visit, uow: Uow, service: Service, form: Mapping[str, str], problems: Mapping[str, str], *, status: int = 200) -> View:
    found = looks_at(uow, service.id, limit=MOST)
    return View(
        "privacy_of.html", status=status, s=WORDS, service=service, name=name_of(uow, service), rows=lines(uow, found), form=form,
        problems=problems,
    )  # fmt: skip


@panel(Service, label=TITLE, icon="shield-check", slot=Slot.ASIDE, order=90, permission=ERASE)
def privacy_panel(service: Service, uow: Uow) -> View | None:
    """Who has seen the answers last, and the way to hand them out or erase them."""
    if not uow.may(ERASE, service):
        return None
    found = lines(uow, looks_at(uow, service.id, limit=1))
    return View("privacy_panel.html", s=WORDS, service=service, last=found[0] if found else None)


OPERATION = {
    "summary": _("Everything kept about a person's prostheses", ru="Всё, что хранится о протезах человека"),
    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
    "responses": {"200": {"description": "A JSON file", "content": {"application/json": {"schema": {"type": "object"}}}}},
}  # fmt: skip


@route("/medical/{id}", permission=ERASE, operation=OPERATION)
def medical(request: t.Any, uow: Uow) -> Response:
    """Hand out everything that is kept about a person's prostheses, by the number of the service card; who asked is written down."""
    given = request.path_params["id"]
    key = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    headers = {"content-disposition": f'attachment; filename="prosthesis-{key}.json"', "cache-control": "no-store"}
    return Response(as_file(hand_out(uow, uow.get(Service, key))), media_type="application/json", headers=headers)
