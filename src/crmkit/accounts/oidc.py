"""Signing in with an OpenID Connect provider: authorization code with PKCE, state bound to the browser, nonce, signed answer.

Sources: OpenID Connect Core 1.0 (3.1), RFC 7636 (PKCE), RFC 9700 (Best Current Practice for OAuth 2.0 Security, January 2025).
"""

from __future__ import annotations

import datetime as dt
import hmac
import logging
import typing as t
from urllib.parse import urlsplit

import sqlalchemy as sa
from starlette.responses import RedirectResponse, Response

from crmkit import PUBLIC, CompositionError, Crm, NotFound, Text, Uow, _, hookimpl, route

from .asked import SECRET, refusal, root_of
from .entities import Handshake, Identity, User
from .passwords import digest, new_secret
from .sessions import begin, set_cookie
from .settings import AccountsSettings, Provider
from .sign_in import normal

if t.TYPE_CHECKING:
    from starlette.requests import Request

log = logging.getLogger("crmkit.accounts")
GOOD_FOR = dt.timedelta(minutes=10)
SECONDS = 10.0
LEEWAY = 60
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
COOKIE = "crmkit_handshake"
table = Handshake.__table__
AGAIN = _("This sign-in was not begun here, or too long ago; try again", ru="Этот вход начат не здесь или слишком давно; попробуйте ещё раз")
FAILED = _("The sign-in provider did not confirm who you are; try again", ru="Сервис входа не подтвердил вашу личность; попробуйте ещё раз")
DENIED = _("The sign-in provider refused", ru="Сервис входа отказал")
STRANGER = _("Nobody here is linked to this account; ask an administrator", ru="Эта учётная запись ни с кем не связана; обратитесь к администратору")


class Unconfirmed(Exception):
    """The provider's answer proves nothing; the message says why, without any secret."""


@hookimpl
def crm_composed(crm: Crm) -> None:
    """Refuse providers nobody could come back from, or that would send secrets in the clear."""
    settings = crm[AccountsSettings]
    bare = [(n, p.issuer) for n, p in settings.oidc.items() if not _guarded(p.issuer)]
    problems = [f"[accounts.oidc.{name}] issuer = {issuer!r} must begin with https://" for name, issuer in bare]
    if settings.oidc and not settings.base_url:
        problems.append('[accounts] base_url is missing: write base_url = "https://crm.example.com", where the provider sends people back to')
    if problems:
        raise CompositionError(problems)


def _guarded(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))


@route("/oidc", permission=PUBLIC)
def list_providers(request: Request, uow: Uow) -> t.Any:
    """List the providers people may sign in with."""
    root = root_of(request)
    return {"providers": [
        {"name": n, "label": p.label or n, "start": f"{root}/x/accounts/oidc/{n}/start"}
        for n, p in uow.crm[AccountsSettings].oidc.items()]}  # fmt: skip


# ---- going there --------------------------------------------------------------------------------------------------------------
@route("/oidc/{provider}/start", permission=PUBLIC)
def start(request: Request, uow: Uow) -> t.Any:
    """Send a browser to the provider; ``?back=/path`` says where it goes on afterwards."""
    crm, name = uow.crm, request.path_params["provider"]
    provider = _provider(crm, name)
    try:
        about = _discover(provider)
    except Unconfirmed as why:
        return _told(request, uow, name, why, FAILED)
    from authlib.common.security import generate_token

    (state, kept), (browser, kept_browser), (nonce, _digest), verifier = new_secret(), new_secret(), new_secret(), generate_token(64)
    with crm.uow() as writing:
        writing.add(Handshake(
            digest=kept, browser=kept_browser, provider=name, nonce=nonce, verifier=verifier,
            back=_local(request.query_params.get("back", "")), expires_at=writing.now + GOOD_FOR))  # fmt: skip
    with _client(crm, name, provider) as client:
        url, _state = client.create_authorization_url(about["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier)
    answer = RedirectResponse(url, 303, SECRET)
    secure = crm[AccountsSettings].base_url.startswith("https://")
    age = int(GOOD_FOR.total_seconds())
    answer.set_cookie(COOKIE, browser, max_age=age, path=_cookie_path(request), secure=secure, httponly=True, samesite="lax")
    return answer


def _cookie_path(request: Request) -> str:
    return f"{root_of(request)}/x/accounts/oidc"


def _provider(crm: Crm, name: str) -> Provider:
    found = crm[AccountsSettings].oidc.get(name)
    if found is None:
        raise NotFound(_("There is no such provider", ru="Такого провайдера нет"))
    return found


def _local(path: str) -> str:
    """Return a path of this CRM; anything that could lead elsewhere becomes the start page."""
    bad = not path.startswith("/") or path.startswith(("//", "/\\")) or len(path) > 500 or any(ord(c) < 33 or c == "\\" for c in path)
    return "/" if bad else path


def _client(crm: Crm, name: str, provider: Provider) -> t.Any:
    from authlib.integrations.httpx_client import OAuth2Client

    back = f"{crm[AccountsSettings].base_url.rstrip('/')}/x/accounts/oidc/{name}/back"
    way = "client_secret_basic" if provider.client_secret else "none"
    return OAuth2Client(
        client_id=provider.client_id, client_secret=provider.client_secret or None, token_endpoint_auth_method=way, scope=" ".join(provider.scopes),
        redirect_uri=back, code_challenge_method="S256", timeout=SECONDS)  # fmt: skip


def _fetch(url: str) -> dict[str, t.Any]:
    """Return a JSON object of the provider's."""
    import httpx

    if not _guarded(url):
        raise Unconfirmed(f"{url} is not https")
    try:
        answer = httpx.get(url, timeout=SECONDS).raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unconfirmed(f"{url}: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Unconfirmed(f"{url}: not a JSON object")
    return found


def _discover(provider: Provider) -> dict[str, t.Any]:
    about = _fetch(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if about.get("issuer") != provider.issuer:
        raise Unconfirmed("the discovery document names another issuer")
    missing = [n for n in ("authorization_endpoint", "token_endpoint", "jwks_uri") if not isinstance(about.get(n), str) or not _guarded(about[n])]
    if missing:
        raise Unconfirmed(f"the discovery document has no good {missing[0]}")
    return about


# ---- coming back --------------------------------------------------------------------------------------------------------------
@route("/oidc/{provider}/back", permission=PUBLIC)
def come_back(request: Request, uow: Uow) -> t.Any:
    """Take what the provider says, and sign in whom it proves."""
    crm, name, asked = uow.crm, request.path_params["provider"], request.query_params
    provider = _provider(crm, name)
    begun = _take(crm, name, asked.get("state", ""), request.cookies.get(COOKIE, ""))
    if begun is None:
        return _back_to_start(request, uow, "again", AGAIN)
    if "error" in asked or not asked.get("code"):
        return _back_to_start(request, uow, "denied", DENIED)
    if "iss" in asked and asked["iss"] != provider.issuer:  # RFC 9207: the answer of another provider
        return _told(request, uow, name, Unconfirmed("the answer comes from another issuer"), FAILED)
    try:
        claims = _claims(crm, name, provider, asked["code"], begun)
    except Unconfirmed as why:
        return _told(request, uow, name, why, FAILED)
    with crm.uow() as writing:
        user = _person(writing, name, provider, claims)
        cookie = begin(writing, user, request, f"oidc:{name}"[:40]) if user is not None else ""
    if user is None:
        return _back_to_start(request, uow, "stranger", STRANGER)
    answer: Response = RedirectResponse(root_of(request) + begun.back, 303, SECRET)
    answer.delete_cookie(COOKIE, path=_cookie_path(request))
    return set_cookie(answer, request, crm, cookie)


def _told(request: Request, uow: Uow, name: str, why: Unconfirmed, words: Text) -> Response:
    log.warning("sign-in with %s failed: %s", name, why)
    return _back_to_start(request, uow, "failed", words)


def _back_to_start(request: Request, uow: Uow, code: str, words: Text) -> Response:
    """Answer that nobody was signed in: people are told on the sign-in page, programs by a problem document."""
    pages = uow.crm.raw_settings.get("ui", {}).get("enabled", True)
    if pages and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{root_of(request)}/accounts/login?problem={code}", 303, SECRET)
    return refusal(request, uow, 403, "forbidden", words)


def _take(crm: Crm, name: str, state: str, browser: str) -> t.Any:
    """Return the sign-in a browser comes back from, once; None when it was never begun, begun elsewhere, or too long ago."""
    if not state or not browser:
        return None
    c = table.c
    with crm.uow() as uow:
        gone = table.delete().where(c.digest == digest(state), c.provider == name).returning(c.browser, c.nonce, c.verifier, c.back, c.expires_at)
        row = uow.connection.execute(gone).one_or_none()
    if row is None or row.expires_at <= crm.clock.now() or not hmac.compare_digest(row.browser, digest(browser)):
        return None
    return row


def _claims(crm: Crm, name: str, provider: Provider, code: str, begun: t.Any) -> dict[str, t.Any]:
    """Exchange the code and return what the signed answer says of the person."""
    import httpx
    from authlib.integrations.httpx_client import OAuthError
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    about = _discover(provider)
    try:
        with _client(crm, name, provider) as client:
            answer = client.fetch_token(about["token_endpoint"], code=code, code_verifier=begun.verifier, grant_type="authorization_code")
    except (OAuthError, httpx.HTTPError, ValueError) as error:
        raise Unconfirmed(f"the token endpoint: {type(error).__name__}") from error
    keys = _fetch(about["jwks_uri"])
    try:
        token = jwt.decode(str(answer.get("id_token", "")), KeySet.import_key_set(t.cast(t.Any, keys)), algorithms=list(ALGORITHMS))
        wanted: dict[str, t.Any] = {
            "iss": {"essential": True, "value": provider.issuer}, "aud": {"essential": True, "value": provider.client_id}, "exp": {"essential": True},
            "iat": {"essential": True}, "sub": {"essential": True}, "nonce": {"essential": True, "value": begun.nonce},
        }  # fmt: skip
        jwt.JWTClaimsRegistry(now=int(crm.clock.now().timestamp()), leeway=LEEWAY, **wanted).validate(token.claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unconfirmed(f"the id token: {type(error).__name__}") from error
    claims = dict(token.claims)
    audience = claims["aud"]
    if claims.get("azp", provider.client_id) != provider.client_id or (isinstance(audience, list) and len(audience) > 1 and "azp" not in claims):
        raise Unconfirmed("the id token is for another party")
    return claims


def _person(uow: Uow, name: str, provider: Provider, claims: dict[str, t.Any]) -> User | None:
    """Return who the claims stand for: somebody linked before, or by a verified e-mail address where the settings allow it."""
    key = digest(f"{name} {provider.issuer} {claims['sub']}")
    linked = uow.connection.execute(sa.select(Identity.__table__.c.user_id).where(Identity.__table__.c.digest == key)).scalar_one_or_none()
    if linked is not None:
        found = uow.peek(User, linked)
        return found if found is not None and found.active and found.archived_at is None else None
    if not provider.link_by_email or claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
        return None
    user = uow.find(User).where(User.login == normal(claims["email"]), User.active.is_(True)).first()
    if user is not None:
        uow.add(Identity(user_id=user.id, provider=name, digest=key))
    return user
