"""Parts every operation of the document is built from."""

from __future__ import annotations

import typing as t

from ...core.text import Text, _, translate
from .schemas import HIGHEST, ID, NO_NUL, Schema, obj

PROBLEM: Schema = obj(
    {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "problems": {
            "type": "array",
            "items": obj({"path": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}, "extra": {"type": "object"}},
                ["path", "code", "message"]),
        },
        "current_version": {"type": "integer", "minimum": 1},
        "error_id": {"type": "string"},
    },
    ["type", "title", "status", "detail", "code", "problems"],
    examples=[
        {
            "type": "/api/docs#invalid",
            "title": "Some fields need attention",
            "status": 422,
            "detail": "required",
            "code": "invalid",
            "problems": [{"path": "amount", "code": "required", "message": "required"}],
        }
    ],
)
STATUSES: dict[int, Text] = {
    400: _("The request cannot be read: not JSON, or bad encoding", ru="Запрос не удаётся прочитать: не JSON или неверная кодировка"),
    401: _("Nobody is known to be calling, or the token is not valid", ru="Неизвестно, кто обращается, или токен недействителен"),
    403: _("The caller lacks the permission", ru="У вызывающего нет права"),
    404: _("There is no such record, or the caller may not see it", ru="Записи нет, или она не видна"),
    409: _("Someone or something else got there first", ru="Кто-то или что-то уже изменило состояние"),
    412: _("The record is at another version than If-Match says", ru="Версия записи не та, что в If-Match"),
    413: _("The body is larger than is read here: 4 MiB, unless said otherwise", ru="Тело больше, чем здесь читается: 4 МиБ, если не сказано иное"),
    415: _("The body is not of the kind that is read here: JSON in UTF-8", ru="Тело не того вида, который здесь читается: JSON в UTF-8"),
    422: _("The data will not do: problems names every field", ru="Данные не подходят: problems называет каждое поле"),
    428: _("If-Match is missing", ru="Нет If-Match"),
    503: _("The database does not answer; nothing was changed", ru="База данных не отвечает; ничего не изменено"),
}
READS, WRITES = (400, 401, 403, 422, 503), (400, 401, 403, 409, 413, 415, 422, 503)
PRINTABLE = "^[!-~]+$"
ID_IN_PATH = {"name": "id", "in": "path", "required": True, "schema": ID}
MATCH = {"type": "string", "pattern": '^(\\*|"?[0-9]{1,18}"?)$', "examples": ['"3"', "*"]}
KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": PRINTABLE, "minLength": 1, "maxLength": 200},
}


def ref(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def query(name: str, schema: Schema, description: str = "") -> Schema:
    """Return a query parameter."""
    found: Schema = {"name": name, "in": "query", "required": False, "schema": schema}
    return found | ({"description": description} if description else {})


def number(name: str, most: int = HIGHEST, least: int = 1) -> Schema:
    """Return a whole number in the query."""
    return query(name, {"type": "integer", "minimum": least, "maximum": most})


def text(name: str, most: int | None = None) -> Schema:
    """Return a text in the query."""
    return query(name, {"type": "string", "pattern": NO_NUL} | ({"maxLength": most} if most else {}))


def if_match(*, required: bool) -> Schema:
    """Return the If-Match header."""
    return {"name": "If-Match", "in": "header", "required": required, "schema": MATCH}


class Writer:
    """Builds operations in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def say(self, text_: str) -> str:
        """Return a text in the document's language."""
        return translate(text_, self.language)

    def errors(self, *statuses: int) -> Schema:
        """Return the responses of refusals."""
        return {str(s): self.error(s) for s in statuses}

    def error(self, status: int) -> Schema:
        """Return one refusal: they are written once for the whole document."""
        return {"$ref": f"#/components/responses/Refused{status}"}

    def refusals(self) -> Schema:
        """Return every refusal, for the document's components."""
        return {f"Refused{status}": self._refusal(status) for status in STATUSES}

    def _refusal(self, status: int) -> Schema:
        found: Schema = {"description": self.say(STATUSES[status]), "content": {"application/problem+json": {"schema": ref("Problem")}}}
        if status == 503:
            found["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "required": True}}
        return found

    def ok(self, schema: Schema, description: str = "OK", headers: Schema | None = None, media: str = "application/json") -> Schema:
        """Return a good answer."""
        return {"description": description, "content": {media: {"schema": schema}}} | ({"headers": headers} if headers else {})

    def body(self, schema: Schema, *, required: bool = True, example: t.Any = None) -> Schema:
        """Return a JSON body."""
        return {"required": required, "content": {"application/json": {"schema": schema} | ({"example": example} if example is not None else {})}}

    def operation(
        self, tag: str, name: str, summary: str, responses: Schema, *, parameters: t.Sequence[Schema] = (), body: Schema | None = None, **more: t.Any
    ) -> Schema:
        """Return an operation."""
        found: Schema = {"tags": [tag], "operationId": name, "summary": self.say(summary), "responses": dict(sorted(responses.items()))}
        if parameters:
            found["parameters"] = list(parameters)
        if body is not None:
            found["requestBody"] = body
        return found | more
