"""The server as an ASGI application."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from .api import Asked
from .page import routes as page_routes

if TYPE_CHECKING:
    from .pbx import FakePbx

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def application(pbx: FakePbx) -> Starlette:
    """The API under /oauth and /api, the recordings under /storage, the page under /fake/."""

    async def everything(request: Request) -> Response:
        asked = Asked(
            request.method,
            request.url.path,
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
            str(request.base_url).rstrip("/"),
        )
        answered = pbx.api.handle(asked)
        try:
            if answered.delay:
                await asyncio.sleep(answered.delay)
        finally:
            pbx.api.done(answered)
        return Response(answered.body, answered.status, answered.headers)

    return Starlette(routes=[Mount("/fake", routes=page_routes(pbx)), Route("/{path:path}", everything, methods=METHODS)])
