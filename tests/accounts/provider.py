"""A small OpenID Connect provider on this machine: real HTTP, real signatures, PKCE checked. `lies` spoil its answers."""

from __future__ import annotations

import base64
import functools
import hashlib
import secrets
import socket
import threading
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

CLIENT, SECRET = "crm", "shared between the two"


@functools.cache
def key(name: str) -> RSAKey:
    """Return a key, made once: that takes a tenth of a second."""
    return RSAKey.generate_key(2048, auto_kid=True)


class Provider:
    """Signs in whoever `person` says, and keeps what it was asked."""

    def __init__(self, clock: Any) -> None:
        self.clock, self.key, self.other = clock, key("ours"), key("another")
        self.person: dict[str, Any] = {"sub": "p-1", "email": "Ann@example.com", "email_verified": True}
        self.lies: dict[str, Any] = {}
        self.sign_with_other = False
        self.codes: dict[str, dict[str, str]] = {}
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.issuer = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        app = Starlette(routes=[
            Route("/.well-known/openid-configuration", self.discovery), Route("/jwks", self.jwks), Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"])])  # fmt: skip
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.thread.start()

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.socket.close()

    async def discovery(self, request: Request) -> JSONResponse:
        about = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks"}  # fmt: skip
        return JSONResponse(about | self.lies.get("discovery", {}))

    async def jwks(self, request: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 303)

    async def token(self, request: Request) -> JSONResponse:
        form = await request.form()
        basic = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        asked = self.codes.pop(str(form["code"]), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or basic != f"{CLIENT}:{SECRET}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(self.clock.now().timestamp())
        usual = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person}
        claims = usual | self.lies.get("claims", {})
        key = self.other if self.sign_with_other else self.key
        said = {k: v for k, v in claims.items() if v is not None}
        signed = jwt.encode({"alg": "RS256", "kid": self.key.kid}, said, key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": self.lies.get("id_token", signed)})
