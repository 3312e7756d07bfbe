"""The API for httpx without a socket: as quick as a function call, and connections can be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from .api import Answered, Asked

if TYPE_CHECKING:
    from .pbx import FakePbx


class FakeTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """`httpx.Client(transport=pbx.transport())`. A slow answer is a `ReadTimeout` if the client would not wait so long."""

    def __init__(self, pbx: FakePbx) -> None:
        self.pbx = pbx

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer at once."""
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer at once."""
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        url = request.url
        asked = Asked(
            request.method,
            url.path,
            dict(url.params),
            {name.lower(): value for name, value in request.headers.items()},
            body,
            f"{url.scheme}://{url.netloc.decode()}",
        )
        answered = self.pbx.api.handle(asked)
        self.pbx.api.done(answered)
        self._fail(request, answered)
        return httpx.Response(answered.status, headers=answered.headers, content=answered.body, request=request)

    def _fail(self, request: httpx.Request, answered: Answered) -> None:
        if answered.refused:
            raise httpx.ConnectError("[Errno 111] Connection refused", request=request)
        patience = request.extensions.get("timeout", {}).get("read")
        if answered.delay and patience is not None and patience < answered.delay:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
