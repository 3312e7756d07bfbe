"""What an integrator sets under ``[accounts]``."""

from __future__ import annotations

import datetime as dt

import attrs


@attrs.frozen(kw_only=True)
class Provider:
    """``[accounts.oidc.NAME]``: an OpenID Connect provider people may sign in with."""

    issuer: str
    """Its address, as its discovery document gives it: ``https://login.example.com``."""
    client_id: str
    """What the provider calls this CRM."""
    client_secret: str = ""
    """The shared secret; empty for a public client, which PKCE alone protects."""
    label: str = ""
    """What the button says; the name of the table when left out."""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    """What is asked of the provider."""
    link_by_email: bool = False
    """Whether a *verified* e-mail address that is somebody's login links the two at the first sign-in."""


@attrs.frozen(kw_only=True)
class AccountsSettings:
    """Settings of the accounts plugin."""

    base_url: str = ""
    """Where people reach this CRM, for links and OpenID Connect: ``https://crm.example.com``, with the path it is mounted at."""
    link_page: str = "/accounts/enter"
    """The page that reads a link's secret (after the ``#``, so that no server logs it) and asks for a password."""
    cookie: str = "crmkit_session"
    """The name of the session cookie."""
    cookie_secure: bool | None = None
    """Whether browsers send the cookie over https only; left out, it follows the request that signs in."""
    session_idle: dt.timedelta = dt.timedelta(hours=12)
    """A session nobody used for so long has ended."""
    session_length: dt.timedelta = dt.timedelta(days=14)
    """No session lives longer, however busy."""
    invitation_length: dt.timedelta = dt.timedelta(days=7)
    """How long an invitation is good."""
    reset_length: dt.timedelta = dt.timedelta(hours=2)
    """How long a link to a new password is good."""
    token_length: dt.timedelta = dt.timedelta(days=365)
    """The longest life of a personal API token."""
    password_length: int = 10
    """The shortest password, in characters."""
    argon2_time: int = 3
    """Rounds of argon2id; stored hashes are made anew at the next sign-in when this changes."""
    argon2_memory: int = 65536
    """Memory of argon2id, in KiB."""
    argon2_lanes: int = 4
    """Threads of argon2id."""
    free_failures: int = 5
    """So many wrong passwords for one account cost no waiting; each further one doubles it, from one second."""
    free_failures_address: int = 20
    """The same for one address, behind which an office may sit."""
    longest_wait: dt.timedelta = dt.timedelta(minutes=15)
    """The longest anybody has to wait before the next try."""
    failures_forgotten: dt.timedelta = dt.timedelta(hours=24)
    """Failures are forgotten after so long without a new one."""
    oidc: dict[str, Provider] = attrs.field(factory=dict)
    """OpenID Connect providers by name; needs the extra ``crmkit[oidc]``."""
