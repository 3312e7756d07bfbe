"""Reading what a request says, and answering it: the small change of this plugin's routes."""

from __future__ import annotations

import typing as t

import attrs
import orjson
from starlette.responses import Response

from crmkit import Invalid, NotFound, Problem, Text, Unauthenticated, Uow, _

from .entities import User

if t.TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request

SECRET = {"cache-control": "no-store"}
"""For answers with a secret in them: nobody keeps such an answer, the memory of ``Idempotency-Key`` included."""
REQUIRED = _("required", ru="обязательное поле")
UNKNOWN = _("unknown field", ru="неизвестное поле")
WRONG_TYPE = _("expected {type}", ru="ожидается {type}")
TYPES: dict[type, Text] = {
    str: _("text", ru="текст"), int: _("a whole number", ru="целое число"), bool: _("true or false", ru="да или нет"),
    list: _("a list", ru="список"),
}  # fmt: skip
NOBODY = _("There is no such person, or you may not see them", ru="Такого сотрудника нет, или он вам не виден")
A = t.TypeVar("A")


def read(request: Request, shape: type[A]) -> A:
    """Return the JSON body as an attrs class with plain types; `Invalid` names everything that is wrong with it."""
    given = request.state.json() if request.state.body else {}
    if not isinstance(given, dict):
        raise Invalid(problems=[Problem("", "type", _("expected a JSON object", ru="ожидается объект JSON"))])
    fields = {a.name: a for a in attrs.fields(t.cast(t.Any, attrs.resolve_types(t.cast(t.Any, shape))))}
    problems = [Problem(str(name), "unknown", UNKNOWN) for name in given if name not in fields]
    for name, field in fields.items():
        if name not in given:
            problems += [Problem(name, "required", REQUIRED)] if field.default is attrs.NOTHING else []
            continue
        wanted = _plain(field.type)
        if type(given[name]) is not wanted and not (given[name] is None and field.default is None):
            problems.append(Problem(name, "invalid", WRONG_TYPE.format(type=TYPES[wanted])))
        elif wanted is list and not all(type(item) is str for item in given[name] or ()):
            problems.append(Problem(name, "invalid", WRONG_TYPE.format(type=TYPES[list])))
    if problems:
        raise Invalid(problems=problems)
    return shape(**given)


def _plain(hint: t.Any) -> type:
    """``str | None`` -> ``str``; ``list[str]`` -> ``list``."""
    inner = next((a for a in t.get_args(hint) if a is not type(None)), hint) if type(None) in t.get_args(hint) else hint
    return t.cast(type, t.get_origin(inner) or inner)


def number(request: Request, name: str) -> int | None:
    """Return a whole number of the query, or None where it is not there."""
    text = request.query_params.get(name)
    if text is None:
        return None
    return whole(text, name)


def whole(text: str, name: str) -> int:
    """Return text as a positive 64-bit number; `Invalid` names where it stood."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) > 0):
        raise Invalid(problems=[Problem(name, "invalid", WRONG_TYPE.format(type=TYPES[int]))])
    return int(text)


def key_of(request: Request) -> int:
    """Return the number in the path; `NotFound` for anything else."""
    text: str = request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound()
    return int(text)


def myself(uow: Uow) -> User:
    """Return the person who asks; `Unauthenticated` when it is nobody of this CRM's own."""
    person = uow.peek(User, uow.actor.id) if uow.actor.id is not None and not uow.actor.system else None
    if person is None or not person.active or person.archived_at is not None:
        raise Unauthenticated()
    return person


def person(uow: Uow, key: int) -> User:
    """Return somebody the actor may see."""
    try:
        found = uow.get(User, key)
    except NotFound:
        raise NotFound(NOBODY) from None
    if found.archived_at is not None:
        raise NotFound(NOBODY)
    return found


def root_of(connection: HTTPConnection) -> str:
    """Return the path this CRM is mounted at, without a slash at the end."""
    root: str = connection.scope.get("root_path", "")
    return root.rstrip("/")


def address_of(connection: HTTPConnection) -> str | None:
    """Return where a request comes from. Behind a proxy the server must be told to trust its headers (uvicorn does it)."""
    return connection.client.host[:60] if connection.client is not None else None


def plain(row: t.Any) -> dict[str, t.Any]:
    """Return a row of the database as a JSON object."""
    return {str(name): value for name, value in row._mapping.items()}


def secret(value: t.Any, status: int = 200) -> Response:
    """Return JSON that nobody keeps."""
    return Response(orjson.dumps(value, default=str), status, SECRET, "application/json")


def refusal(request: Request, uow: Uow, status: int, code: str, title: Text, headers: t.Mapping[str, str] | None = None) -> Response:
    """Return a problem as an answer, so that what was counted on the way to it is kept: raising would undo that."""
    words = title.to(uow.language)
    body = {"type": f"{root_of(request)}/api/docs#{code}", "title": words, "status": status, "detail": words, "code": code, "problems": []}
    return Response(orjson.dumps(body), status, {**SECRET, **(headers or {})}, "application/problem+json")
