"""Everything that goes wrong, as RFC 9457 ``application/problem+json`` in the caller's language."""

from __future__ import annotations

import logging
import secrets
import typing as t

import orjson
import sqlalchemy as sa

from ..core.errors import Problem, Refusal, Stale, Unauthenticated, Unavailable
from ..core.text import Text, _, translate
from .answer import Answer

if t.TYPE_CHECKING:
    from .call import Call

log = logging.getLogger("crmkit.web")
MEDIA = b"application/problem+json"
RETRY_SECONDS = 2


class BadRequest(Refusal):
    """The request cannot be read at all."""

    status, code, title = 400, "bad-request", _("The request cannot be read", ru="Запрос не удаётся прочитать")


class NoSuchPath(Refusal):
    """Nothing is served at this address."""

    status, code, title = 404, "not-found", _("There is nothing at this address", ru="По этому адресу ничего нет")


class MethodNotAllowed(Refusal):
    """The address exists, the method does not."""

    status, code, title = 405, "method-not-allowed", _("This address does not take this method", ru="Этот адрес не поддерживает такой метод")

    def __init__(self, allow: str) -> None:
        self.allow = allow
        super().__init__(_("This address takes: {allow}", ru="Этот адрес поддерживает: {allow}").format(allow=allow))


class TooLarge(Refusal):
    """The body is larger than is read."""

    status, code, title = 413, "too-large", _("The request is too large", ru="Слишком большой запрос")


class UnsupportedMedia(Refusal):
    """The body is not JSON in UTF-8."""

    status, code = 415, "unsupported-media-type"
    title = _("Send JSON in UTF-8 with Content-Type: application/json", ru="Отправляйте JSON в UTF-8 с Content-Type: application/json")


INTERNAL = _("Something went wrong on our side; nothing was changed", ru="Что-то пошло не так на нашей стороне; ничего не изменено")
QUOTE = _("Quote this id when you report it: {id}", ru="Укажите этот номер, когда сообщите об ошибке: {id}")
SCOPED = {401: b"Bearer"}


def problem_body(refusal: Refusal, language: str, root: str) -> dict[str, t.Any]:
    """Return a refusal as the JSON object that is served."""
    body: dict[str, t.Any] = {
        "type": f"{root}/api/docs#{refusal.code}", "title": translate(type(refusal).title, language), "status": refusal.status,
        "detail": translate(refusal.message, language), "code": refusal.code,
        "problems": [one_problem(p, language) for p in refusal.problems],
    }  # fmt: skip
    if isinstance(refusal, Stale) and refusal.current_version is not None:
        body["current_version"] = refusal.current_version
    return body


def one_problem(problem: Problem, language: str) -> dict[str, t.Any]:
    """Return one thing to mend."""
    told = {"path": problem.path, "code": problem.code, "message": translate(problem.message, language)}
    return told | ({"extra": problem.extra} if problem.extra else {})


def refused(call: Call, refusal: Refusal) -> Answer:
    """Return the answer to a call that was refused."""
    body = problem_body(refusal, call.language, call.root)
    headers: list[tuple[bytes, bytes]] = []
    if isinstance(refusal, MethodNotAllowed):
        headers.append((b"allow", refusal.allow.encode()))
    elif isinstance(refusal, Unauthenticated):
        headers.append((b"www-authenticate", b"Bearer"))
    elif isinstance(refusal, Unavailable):
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    elif isinstance(refusal, Stale) and refusal.current_version is not None:
        headers.append((b"etag", f'"{refusal.current_version}"'.encode()))
    return Answer(orjson.dumps(body), refusal.status, headers, MEDIA)


def failed(call: Call, error: Exception) -> Answer:
    """Return the answer to a call that met a bug: an id for the caller, the whole story for the log and `crm_error`."""
    number = secrets.token_hex(6)
    where = f"{call.method} {call.path}"  # without the query, which may hold personal data
    _hide_values(error)
    log.error("error %s in %s", number, where, exc_info=error)
    crm = call.crm
    if "crm_error" in crm.hooked:
        try:
            crm.hook.crm_error(error=error, where=where)
        except Exception:
            log.exception("crm_error itself failed on error %s", number)
    body = {
        "type": f"{call.root}/api/docs#internal", "title": translate(INTERNAL, call.language), "status": 500,
        "detail": translate(QUOTE.format(id=number), call.language), "code": "internal", "problems": [], "error_id": number,
    }  # fmt: skip
    return Answer(orjson.dumps(body), 500, [], MEDIA)


def _hide_values(error: BaseException | None) -> None:
    """Keep the values of a failed statement, which are people's data, out of the log."""
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, sa.exc.StatementError):
            error.hide_parameters = True
        error, seen = error.__cause__ or error.__context__, seen + 1


__all__ = ["BadRequest", "MethodNotAllowed", "NoSuchPath", "Text", "TooLarge", "UnsupportedMedia", "failed", "problem_body", "refused"]
