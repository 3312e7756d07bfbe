"""Plugins' own routes: ``/x/<plugin>/…``, plain functions of a request and a unit of work."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ..core.errors import Misuse
from ..core.plugin import Later, RouteMark, Streamed
from .answer import Answer, Stream, as_json
from .idempotency import written

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .call import Call


def endpoint(function: Callable[[Request, Uow], t.Any], mark: RouteMark) -> Callable[[Call], Answer | Stream]:
    """Return the endpoint of a marked function. GET reads only; other methods may write.

    The function runs in a thread, with the body read already: ``request.state.body`` (bytes), ``request.state.json()``; a
    large body (``upload=…``) as ``request.state.upload``.
    """

    def run(call: Call) -> Answer | Stream:
        request = _request(call, mark)

        def ask(uow: Uow) -> t.Any:
            if mark.permission is not None:
                uow.require(mark.permission)
            result = function(request, uow)
            uow.settle()
            return result

        if call.method in ("GET", "HEAD"):
            with call.reading() as uow:
                result = ask(uow)
                if not isinstance(result, Later):
                    return _as_answer(result)
            return _as_answer(result.answer())
        return written(call, lambda uow: _whole(_as_answer(ask(uow))))

    return run


def _request(call: Call, mark: RouteMark) -> Request:
    request = Request(call.scope)
    request.state.actor = call.actor
    if mark.upload is None:
        request.state.body, request.state.json = call.body, call.json
        return request
    request.state.upload = call.upload
    request.state.prepared = mark.upload.prepare(request, call.crm) if mark.upload.prepare is not None else None
    return request


def _whole(answer: Answer | Stream) -> Answer:
    if isinstance(answer, Stream):
        raise Misuse("a route that may write returns a whole answer, which Idempotency-Key can remember; Streamed is for GET")
    return answer


def _as_answer(result: t.Any) -> Answer | Stream:
    if isinstance(result, Later):
        raise Misuse("Later is for GET: a route that may write answers within its transaction; what is done outside afterwards is a job")
    if isinstance(result, Streamed):
        headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in result.headers.items()]
        return Stream(result.pieces, result.media_type.encode("latin-1"), headers, result.status)
    if isinstance(result, StreamingResponse):
        raise Misuse("a route returns a whole Response, Streamed(pieces=…) or data for JSON; for what never ends publish a Topic to the live stream")
    if isinstance(result, Response):
        kept = [(n, v) for n, v in result.raw_headers if n != b"content-length"]
        return Answer(bytes(result.body), result.status_code, kept, None)
    return as_json(result)
