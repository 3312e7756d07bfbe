"""``Idempotency-Key``: an answer is remembered in the transaction of the work it answers, so nothing is done twice."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Callable

import sqlalchemy as sa

from ..core.errors import Conflict, Invalid, Problem
from ..core.tables import idempotency as table
from ..core.text import _
from .answer import Answer
from .problems import BadRequest

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .call import Call

HEADER = "Idempotency-Key"
OTHER = _("this key was used for another request", ru="этот ключ уже использован для другого запроса")
WRONG = _("expected 1 to 200 visible ASCII characters", ru="ожидается от 1 до 200 видимых символов ASCII")


def written(call: Call, work: Callable[[Uow], Answer]) -> Answer:
    """Open the unit of work of a change and answer it; with a key, at most once.

    Of two requests with one key at once, the second waits for the first. Refusals undo everything and are not remembered, nor is an answer
    that says ``Cache-Control: no-store``: of two such requests with one key both are done.
    """
    key = key_of(call)
    with call.writing() as uow:
        return work(uow) if key is None else once(uow, call, key, work)


def once(uow: Uow, call: Call, key: str, work: Callable[[Uow], Answer]) -> Answer:
    """Answer a change in a unit of work that is open already, at most once for a key: forms carry theirs in a field."""
    remembered = _claim(uow, call, key, _digest(call))
    if remembered is not None:
        return remembered
    answer = work(uow)
    uow.settle()
    if answer.status >= 400 or (b"cache-control", b"no-store") in answer.headers:  # what holds a secret is kept nowhere
        _forget(uow, call, key)
    else:
        _remember(uow, call, key, answer)
    return answer


def key_of(call: Call) -> str | None:
    key = call.header(b"idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= 200 or not all("!" <= c <= "~" for c in key):
        raise BadRequest(problems=[Problem(HEADER, "invalid", WRONG)])
    return key


def _digest(call: Call) -> str:
    query: bytes = call.scope.get("query_string", b"")
    said = "\n".join([call.method, call.path, query.decode("latin-1"), call.header(b"if-match") or "", ""])
    body = call.body if call.upload is None else call.upload.digest.encode()
    return hashlib.sha256(said.encode() + body).hexdigest()


def _claim(uow: Uow, call: Call, key: str, request: str) -> Answer | None:
    """Take the key, waiting for whoever holds it; return the answer when it has been given already."""
    values = {"key": key, "caller": call.caller, "request": request, "status": 0, "headers": [], "body": "", "at": uow.now}
    if uow.db.run(uow.db.statements.get("idempotency-claim", _insert), values).rowcount == 1:
        return None
    row = uow.db.one(uow.db.statements.get("idempotency-find", _select), {"k": key, "c": call.caller})
    if row is None or row[1] == 0:
        raise Conflict(_("The same request is being worked on", ru="Такой же запрос ещё выполняется"))
    if row[0] != request:
        raise Invalid(problems=[Problem(HEADER, "reused", OTHER)])
    _request, status, headers, body = row
    kept = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]
    media = dict(kept).get(b"content-type")
    return Answer(body.encode(), status, [*[h for h in kept if h[0] != b"content-type"], (b"idempotency-replayed", b"true")], media)


def _insert() -> t.Any:
    from sqlalchemy.dialects import postgresql

    # The same words on both databases: ON CONFLICT DO NOTHING waits for a transaction that holds the key.
    return postgresql.insert(table).values({c.name: sa.bindparam(c.name, type_=c.type) for c in table.columns}).on_conflict_do_nothing()


def _select() -> t.Any:
    c = table.c
    return sa.select(c.request, c.status, c.headers, c.body).where(c.key == sa.bindparam("k"), c.caller == sa.bindparam("c"))


def _mine(call: Call, key: str) -> t.Any:
    return (table.c.key == key) & (table.c.caller == call.caller)


def _remember(uow: Uow, call: Call, key: str, answer: Answer) -> None:
    media = [] if answer.media is None else [(b"content-type", answer.media)]
    headers = [[n.decode("latin-1"), v.decode("latin-1")] for n, v in [*answer.headers, *media]]
    update = table.update().where(_mine(call, key)).values(status=answer.status, headers=headers, body=answer.body.decode())
    uow.connection.execute(update)


def _forget(uow: Uow, call: Call, key: str) -> None:
    uow.connection.execute(table.delete().where(_mine(call, key)))
