"""Plugins' own routes: ``/x/<plugin>/…``, plain functions of a request and a unit of work."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ..core.errors import Misuse
from ..core.plugin import RouteMark
from .answer import Answer, as_json
from .idempotency import written

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .call import Call


def endpoint(function: Callable[[Request, Uow], t.Any], mark: RouteMark) -> Callable[[Call], Answer]:
    """Return the endpoint of a marked function. GET reads only; other methods may write.

    The function runs in a thread, with the body read already: ``request.state.body`` (bytes), ``request.state.json()``.
    """

    def run(call: Call) -> Answer:
        request = Request(call.scope)
        request.state.body, request.state.json = call.body, call.json

        def answer(uow: Uow) -> Answer:
            if mark.permission is not None:
                uow.require(mark.permission)
            result = function(request, uow)
            uow.settle()
            return _as_answer(result)

        if call.method in ("GET", "HEAD"):
            with call.reading() as uow:
                return answer(uow)
        return written(call, answer)

    return run


def _as_answer(result: t.Any) -> Answer:
    if isinstance(result, StreamingResponse):
        raise Misuse("a route returns a whole Response or data for JSON; for what never ends publish a Topic to the live stream")
    if isinstance(result, Response):
        kept = [(n, v) for n, v in result.raw_headers if n != b"content-length"]
        return Answer(bytes(result.body), result.status_code, kept, None)
    return as_json(result)
