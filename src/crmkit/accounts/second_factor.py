"""A second factor: time-based codes (RFC 6238), each good once, and recovery codes for the day the telephone is gone."""

from __future__ import annotations

import base64
import hmac
import secrets
import typing as t

import attrs

from crmkit import PUBLIC, Conflict, Invalid, Problem, Uow, _, route

from .asked import key_of, myself, person, read, secret
from .entities import User
from .guard import demand_reach
from .passwords import digest
from .permissions import ADMINISTER, require_administrator

if t.TYPE_CHECKING:
    from starlette.requests import Request

STEP = 30
RECOVERY = 10
ON_ALREADY = _("There is a second factor already; turn it off first", ru="Второй фактор уже включён; сначала отключите его")
NOT_BEGUN = _("Begin with a new secret first", ru="Сначала получите новый секрет")
WRONG_CODE = _("this code is wrong or was used before", ru="неверный код, или он уже использован")


@attrs.frozen
class Password:
    """The person's own password, to be sure it is them."""

    password: str = attrs.field(repr=False)


@attrs.frozen
class Code:
    """A code of the app."""

    code: str = attrs.field(repr=False)


def wanted(user: User) -> bool:
    """True when somebody signs in with a second factor."""
    return user.totp_secret is not None


def passes(uow: Uow, user: User, code: str | None) -> bool:
    """True when a code is right, and used for the first time. The person's row is held by the caller."""
    given = (code or "").replace(" ", "").replace("-", "").upper()
    if not given or user.totp_secret is None:
        return False
    step = _step_of(uow, user.totp_secret, given, user.totp_step)
    with uow.as_system():
        if step is not None:
            user.totp_step = step
        elif (kept := digest(given)) in user.recovery:
            user.recovery = [code for code in user.recovery if code != kept]
        else:
            return False
        uow.flush()
    return True


def _step_of(uow: Uow, totp_secret: str, given: str, last: int) -> int | None:
    """Return the time step a code belongs to: of now, one before or one after, and later than the last one used."""
    import pyotp

    app, here = pyotp.TOTP(totp_secret), int(uow.now.timestamp()) // STEP
    typed = given.encode("utf-8", "replace")
    steps = [s for s in (here - 1, here, here + 1) if hmac.compare_digest(app.generate_otp(s).encode(), typed)]
    return next((s for s in steps if s > last), None)


@route("/second-factor/begin", permission=PUBLIC, methods=["POST"])
def begin_second_factor(request: Request, uow: Uow) -> t.Any:
    """Make a secret for an app and show it, this once; it counts when a code of it has been given back."""
    from .sessions import demand_session
    from .sign_in import confirm

    asked, me = read(request, Password), myself(uow)
    demand_session(request, uow)
    if wanted(me):
        raise Conflict(ON_ALREADY)
    refused = confirm(request, uow, me, asked.password)
    if refused is not None:
        return refused
    made = new_app(uow, me)
    return secret({"secret": made, "uri": uri_of(me, made)})


def new_app(uow: Uow, me: User) -> str:
    """Make a secret for an app and return it; it counts when a code of it has been given back."""
    import pyotp

    if wanted(me):
        raise Conflict(ON_ALREADY)
    made = pyotp.random_base32()
    with uow.as_system():
        me.totp_pending = made
        uow.flush()
    return made


def uri_of(me: User, made: str, issuer: str = "crmkit") -> str:
    """Return what the app reads from a QR code."""
    import pyotp

    return pyotp.TOTP(made).provisioning_uri(name=me.login, issuer_name=issuer)


@route("/second-factor/confirm", permission=PUBLIC, methods=["POST"])
def confirm_second_factor(request: Request, uow: Uow) -> t.Any:
    """Turn the second factor on with a first code, and show the recovery codes, this once."""
    from .sessions import demand_session

    asked, key = read(request, Code), myself(uow).id
    return secret({"recovery_codes": turn_on(uow, key, asked.code, demand_session(request, uow))})


def turn_on(uow: Uow, key: int, code: str, here: int | None) -> list[str]:
    """Turn a person's second factor on with a first code, end their other sessions and return the recovery codes."""
    from .sessions import end

    me = _held(uow, key)
    if me.totp_pending is None:
        raise Conflict(NOT_BEGUN if not wanted(me) else ON_ALREADY)
    step = _step_of(uow, me.totp_pending, code.replace(" ", ""), 0)
    if step is None:
        raise Invalid(problems=[Problem("code", "invalid", WRONG_CODE)])
    codes = [base64.b32encode(secrets.token_bytes(10)).decode() for _number in range(RECOVERY)]
    with uow.as_system():
        me.totp_secret, me.totp_pending, me.totp_step = me.totp_pending, None, step
        me.recovery = [digest(code) for code in codes]
        uow.flush()
    end(uow, me.id, but=here)
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]


@route("/second-factor/off", permission=PUBLIC, methods=["POST"])
def turn_off_second_factor(request: Request, uow: Uow) -> t.Any:
    """Turn one's own second factor off, by one's password."""
    from .sessions import demand_session
    from .sign_in import confirm

    asked, me = read(request, Password), myself(uow)
    demand_session(request, uow)
    refused = confirm(request, uow, me, asked.password)
    if refused is not None:
        return refused
    forget(uow, me)
    return {"second_factor": False}


@route("/users/{id}/second-factor/off", permission=ADMINISTER, methods=["POST"])
def turn_off_for(request: Request, uow: Uow) -> t.Any:
    """Turn somebody's second factor off, because their telephone is gone."""
    take_from(uow, key_of(request))
    return {"second_factor": False}


def take_from(uow: Uow, key: int) -> User:
    """Take somebody's second factor away, as an administrator who may do as much as they, and return the person."""
    require_administrator(uow)
    user = person(uow, key)
    demand_reach(uow, user.id)
    forget(uow, user)
    return user


def forget(uow: Uow, user: User) -> None:
    """Take a person's second factor away."""
    with uow.as_system():
        user.totp_secret = user.totp_pending = None
        user.totp_step, user.recovery = 0, []
        uow.flush()


def _held(uow: Uow, key: int) -> User:
    """Return a person with the row held, so that two codes at once are looked at one after the other."""
    with uow.as_system():
        return uow.get(User, key, lock=True)
