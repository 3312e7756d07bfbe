"""Inquiries from site forms, chats and other systems: one route, with a token that may do nothing else."""

from __future__ import annotations

import typing as t
import urllib.parse
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crmkit import Invalid, Permission, Problem, Uow, _, route

from .entities import Channel, Dealer, Inquiry, PointOfSale, Source

TAKE = Permission("sales.take_inquiry", _("Hand in inquiries (for site forms)", ru="Передавать обращения (для форм сайта)"))
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
TEXTS = ("name", "phone", "email", "text", "city", "page", "referrer", *UTM)
LINKS = {"dealer_id": Dealer, "point_of_sale_id": PointOfSale}
KNOWN = (*TEXTS, *LINKS, "channel", "source")
UNKNOWN = _("unknown field; known are {known}", ru="неизвестное поле; есть поля {known}")
TEXT = _("expected text", ru="ожидается текст")
NUMBER = _("expected a number", ru="ожидается число")
ONE_OF = _("one of {known}", ru="одно из {known}")
NOBODY = _("give a phone or an e-mail address, so that somebody can answer", ru="укажите телефон или почту, чтобы было кому ответить")
NOT_FOUND = _("there is no such record", ru="нет такой записи")
FIELDS = {name: {"type": ["integer", "null"] if name in LINKS else ["string", "null"]} for name in KNOWN}
BODY = {"type": "object", "properties": FIELDS, "additionalProperties": False}
ANSWER = {"type": "object", "properties": {"id": {"type": "integer"}, "stage": {"type": "string"}, "lead_id": {"type": ["integer", "null"]}}}


@route(
    "/inquiries", permission=TAKE, methods=("POST",),
    operation={
        "requestBody": {"required": True, "content": {"application/json": {"schema": BODY}}},
        "responses": {"201": {"description": "The inquiry was taken.", "content": {"application/json": {"schema": ANSWER}}}},
    },
)  # fmt: skip
def take_inquiry(request: Request, uow: Uow) -> Response:
    """Take an inquiry from a form: JSON, or what a browser's form sends. A source that is new is noted under its code."""
    given = _body(request)
    with uow.as_system():
        values = _read(given, uow)
        inquiry = uow.add(Inquiry(**values, received_at=uow.now))
        uow.settle()
    return JSONResponse({"id": inquiry.id, "stage": inquiry.stage, "lead_id": inquiry.lead_id}, 201)


def _body(request: Request) -> Mapping[str, t.Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip() == "application/x-www-form-urlencoded":
        try:
            pairs = urllib.parse.parse_qsl(request.state.body.decode(), keep_blank_values=True, max_num_fields=100)
        except (UnicodeDecodeError, ValueError):
            raise Invalid(problems=[Problem("", "invalid", _("the form cannot be read", ru="форму не удалось прочитать"))]) from None
        return {name: int(value) if name in LINKS and value.isdecimal() and len(value) < 19 else value or None for name, value in pairs}
    given = request.state.json()
    if not isinstance(given, Mapping):
        raise Invalid(problems=[Problem("", "invalid", _("expected an object", ru="ожидается объект"))])
    return given


def _read(given: Mapping[str, t.Any], uow: Uow) -> dict[str, t.Any]:
    """Return the values of an inquiry, or refuse with everything that is wrong."""
    filled = {name: value for name, value in given.items() if value not in (None, "")}
    problems = [Problem(n, "unknown", UNKNOWN.format(known=", ".join(KNOWN))) for n in given if n not in KNOWN]
    problems += [Problem(n, "invalid", TEXT) for n in (*TEXTS, "channel", "source") if not isinstance(filled.get(n, ""), str)]
    problems += [Problem(n, "invalid", NUMBER) for n in LINKS if n in filled and type(filled[n]) is not int]
    if not problems and not (filled.get("phone") or filled.get("email")):
        problems.append(Problem("phone", "required", NOBODY))
    channels = {c.value: c for c in Channel}
    if not problems and filled.get("channel", "site") not in channels:
        problems.append(Problem("channel", "invalid", ONE_OF.format(known=", ".join(channels))))
    if not problems:
        problems += [Problem(n, "reference", NOT_FOUND) for n, cls in LINKS.items() if n in filled and not _there(uow, cls, filled[n])]
    if problems:
        raise Invalid(problems=problems)
    values = {n: filled[n] for n in (*TEXTS, *LINKS) if n in filled}
    for name, value in _utm(values.get("page", "")):
        values.setdefault(name, value)
    values["channel"] = channels[filled.get("channel", "site")]
    code = filled.get("source")
    return values | ({"source_id": _source(uow, code).id} if code else {})


def _there(uow: Uow, cls: type[Dealer] | type[PointOfSale], key: int) -> bool:
    return 0 < key < 2**63 and uow.peek(cls, key) is not None


def _utm(page: str) -> list[tuple[str, str]]:
    """Return the UTM marks of a page's address."""
    try:
        pairs = urllib.parse.parse_qsl(urllib.parse.urlsplit(page).query, max_num_fields=100)
    except ValueError:
        return []
    return [(name, value[:200]) for name, value in pairs if name in UTM and "\x00" not in value]


def _source(uow: Uow, code: str) -> Source:
    found = uow.find(Source).archived(only=False).where(Source.code == code).first()
    if found is None:
        found = uow.add(Source(name=code, code=code))
        uow.flush()
    return found
