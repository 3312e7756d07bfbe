"""Invitations and ways to a new password: secrets that are good once, stored as digests, in no log, journal or job."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa
from starlette.responses import Response

from crmkit import PUBLIC, Conflict, Crm, Invalid, NotFound, Problem, Uow, _, outside, route

from . import throttle
from .asked import address_of, key_of, person, plain, read, root_of, secret
from .entities import Link, StoredRole, User, UserRole
from .guard import demand_reach
from .passwords import digest, new_secret, problem_with
from .permissions import INVITE
from .sessions import end
from .settings import AccountsSettings

if t.TYPE_CHECKING:
    from starlette.requests import Request

INVITATION, RESET = "invite", "reset"
table = Link.__table__
DEAD = _("This link was used already or is too old; ask for a new one", ru="Ссылка уже использована или устарела; попросите новую")
NO_SENDER = _("No plugin of this CRM sends links: leave out \"send\" and pass the link on yourself",
    ru="В этой CRM нет плагина, который отправляет ссылки: уберите «send» и передайте ссылку сами")  # fmt: skip
INACTIVE = _("This person may not sign in; let them first", ru="Этому сотруднику вход запрещён; сначала разрешите")
NO_ROLE = _("there is no role {name}", ru="нет роли {name}")
NO_BASE = _("Set base_url under [accounts]: links that are sent need to know where this CRM is",
    ru="Укажите base_url в [accounts]: в отправляемых ссылках нужен адрес CRM")  # fmt: skip


@attrs.frozen
class LinkWanted:
    """Somebody is to be sent a link. It says who, not the link: that is made when it is sent, and stored nowhere."""

    user_id: int | None
    login: str | None
    purpose: str


@attrs.frozen
class Wanted:
    """Whether the link is to be sent instead of shown."""

    send: bool = False


@attrs.frozen
class Invitation:
    """A new person, with roles, main team and whether the link is sent instead of shown."""

    login: str
    name: str
    language: str | None = None
    position: str | None = None
    phone: str | None = None
    team_id: int | None = None
    manager_id: int | None = None
    roles: list[str] = attrs.field(factory=list)
    send: bool = False


@attrs.frozen
class Login:
    """Whose password is forgotten."""

    login: str


@attrs.frozen
class Secret:
    """What stands after the # of a link."""

    token: str = attrs.field(repr=False)


@attrs.frozen
class Chosen:
    """What stands after the # of a link, and the password to be."""

    token: str = attrs.field(repr=False)
    password: str = attrs.field(repr=False)


# ---- making -----------------------------------------------------------------------------------------------------------------
def new_link(uow: Uow, user: User, purpose: str) -> str:
    """Make a link and return its secret. Links made for the person before are dead from now on."""
    settings = uow.crm[AccountsSettings]
    made, kept = new_secret()
    uow.connection.execute(table.update().where(table.c.user_id == user.id, table.c.used_at.is_(None)).values(used_at=uow.now))
    length = settings.invitation_length if purpose == INVITATION else settings.reset_length
    with uow.as_system():
        uow.add(Link(user_id=user.id, digest=kept, purpose=purpose, expires_at=uow.now + length))
        uow.flush()
    return made


def url_of(crm: Crm, made: str, root: str = "") -> str:
    """Return the address of a link. The secret comes after a #, which browsers keep to themselves: no server logs it."""
    settings = crm[AccountsSettings]
    return f"{settings.base_url.rstrip('/') or root}{settings.link_page}#{made}"


def pass_on(uow: Uow, user: User, purpose: str, send: bool, root: str) -> tuple[str, str]:
    """Return a new link's address and secret, to be shown this once; nothing of either when a plugin sends it (`send`)."""
    if not user.active:
        raise Conflict(INACTIVE)
    if not send:
        made = new_link(uow, user, purpose)
        return url_of(uow.crm, made, root), made
    if "accounts_send_link" not in uow.crm.hooked:
        raise Conflict(NO_SENDER)
    if not uow.crm[AccountsSettings].base_url:
        raise Conflict(NO_BASE)
    uow.schedule(LinkWanted(user.id, None, purpose))
    return "", ""


def hand_over(request: Request, uow: Uow, user: User, purpose: str, send: bool, status: int = 200) -> Response:
    """Show a link to whoever asked for it, or let a plugin send it."""
    url, made = pass_on(uow, user, purpose, send, root_of(request))
    return secret({"id": user.id, "url": url, "token": made} if made else {"id": user.id, "sent": True}, status)


def link_for(uow: Uow, user: User) -> str:
    """Return what a link for somebody is for (an invitation until they have a password), when the actor may make one."""
    uow.require(INVITE, user)
    demand_reach(uow, user.id)
    return RESET if user.password_hash is not None else INVITATION


@route("/users/{id}/link", permission=INVITE, methods=["POST"])
def make_link(request: Request, uow: Uow) -> t.Any:
    """Make a link for somebody: an invitation until they have a password, a way to a new one afterwards."""
    asked, user = read(request, Wanted), person(uow, key_of(request))
    return hand_over(request, uow, user, link_for(uow, user), asked.send)


@route("/invite", permission=INVITE, methods=["POST"])
def invite(request: Request, uow: Uow) -> t.Any:
    """Add a person with roles and a main team, and make their invitation."""
    asked = read(request, Invitation)
    return hand_over(request, uow, add_person(uow, asked), INVITATION, asked.send, 201)


def add_person(uow: Uow, asked: Invitation) -> User:
    """Add a person with roles and a main team, as far as the actor may."""
    uow.require("accounts.user.create")
    if asked.roles:
        uow.require("accounts.user_role.create")
    c = StoredRole.__table__.c
    wanted = sa.select(c.name, c.id).where(c.name.in_(asked.roles), c.archived_at.is_(None))
    known: dict[str, int] = dict(uow.connection.execute(wanted).all())
    unknown = [Problem(f"roles.{place}", "unknown", NO_ROLE.format(name=name)) for place, name in enumerate(asked.roles) if name not in known]
    if unknown:
        raise Invalid(problems=unknown)
    facts = {n: getattr(asked, n) for n in ("login", "name", "language", "position", "phone", "team_id", "manager_id")}
    user = uow.add(User(owner_id=uow.actor.id, **facts))
    uow.flush()
    for name in dict.fromkeys(asked.roles):
        uow.add(UserRole(user_id=user.id, role_id=known[name]))
    uow.flush()
    uow.require("accounts.user.create", user)
    return user


# ---- forgotten passwords ------------------------------------------------------------------------------------------------------
@route("/forgot", permission=PUBLIC, methods=["POST"])
def forgot(request: Request, uow: Uow) -> t.Any:
    """Ask for a new password. The answer, and the work, are the same whether there is such a person or not."""
    from .sign_in import normal, too_many

    wait = ask_for_way(uow, address_of(request), normal(read(request, Login).login))
    return too_many(request, uow, wait) if wait is not None else secret({"accepted": True}, 202)


def ask_for_way(uow: Uow, address: str | None, login: str) -> dt.timedelta | None:
    """Let whoever has this login be sent a way to a new password; return how long to wait when it was asked too often."""
    wait = throttle.claim(uow, throttle.keys(uow, "forgot", login, address))
    if wait is None:
        uow.schedule(LinkWanted(None, login, RESET), key=f"accounts:forgot:{digest(login)[:32]}")
    return wait


def can_send(crm: Crm) -> bool:
    """True when a link can reach somebody: a plugin sends it, and it is known where this CRM is."""
    return "accounts_send_link" in crm.hooked and bool(crm[AccountsSettings].base_url)


@outside(LinkWanted)
def send_link(event: LinkWanted, crm: Crm) -> None:
    """Make a link and let a plugin send it; done again, it makes another one and the first is dead."""
    if not can_send(crm):
        return
    with crm.uow() as uow:
        found = uow.find(User).where(User.active.is_(True))
        user = found.where(User.id == event.user_id if event.login is None else User.login == event.login).first()
        made = new_link(uow, user, event.purpose) if user is not None else ""
    if user is not None:
        crm.hook.accounts_send_link(crm=crm, user=user, url=url_of(crm, made), purpose=event.purpose)


# ---- using --------------------------------------------------------------------------------------------------------------------
def _good(uow: Uow, made: str, *purposes: str) -> tuple[t.Any, ...]:
    return (table.c.digest == digest(made), table.c.purpose.in_(purposes), table.c.used_at.is_(None), table.c.expires_at > uow.now)


def look(uow: Uow, made: str, *purposes: str) -> t.Any:
    """Return the row of a link that is still good (`user_id`, `purpose`, `expires_at`, `login`, `name`), or None; it is not used by it."""
    u = User.__table__.c
    shown = sa.select(table.c.user_id, table.c.purpose, table.c.expires_at, u.login, u.name).join(User.__table__, u.id == table.c.user_id)
    good = _good(uow, made, *(purposes or (INVITATION, RESET)))
    return uow.connection.execute(shown.where(*good, u.active, u.archived_at.is_(None))).one_or_none()


def spend(uow: Uow, made: str, *purposes: str) -> User | None:
    """Use a link and return whose it is: of two who use it at once one gets nothing."""
    used = table.update().where(*_good(uow, made, *(purposes or (INVITATION, RESET)))).values(used_at=uow.now).returning(table.c.user_id)
    key = uow.connection.execute(used).scalar_one_or_none()
    user = uow.peek(User, key) if key is not None else None
    return user if user is not None and user.active and user.archived_at is None else None


def set_by_link(uow: Uow, made: str, password: str) -> User:
    """Set a password by a link, end every session and return whose it is; `NotFound` for a dead link, `Invalid` for a weak password."""
    from .sign_in import store_password

    user = spend(uow, made)
    if user is None:
        raise NotFound(DEAD)
    wrong = problem_with(password, user, uow.crm[AccountsSettings])
    if wrong is not None:
        raise Invalid(problems=[Problem("password", "weak", wrong)])  # raising gives the link back
    store_password(uow, user, password)
    end(uow, user.id)
    return user


@route("/links/look", permission=PUBLIC, methods=["POST"])
def look_at_link(request: Request, uow: Uow) -> t.Any:
    """Tell whom a link is for and until when it is good, without using it."""
    row = look(uow, read(request, Secret).token)
    if row is None:
        raise NotFound(DEAD)
    return secret({name: value for name, value in plain(row).items() if name != "user_id"})


@route("/links/use", permission=PUBLIC, methods=["POST"])
def use_link(request: Request, uow: Uow) -> t.Any:
    """Set a password by a link. Every session ends, and the link is spent: of two who use it at once one is refused."""
    asked = read(request, Chosen)
    return {"login": set_by_link(uow, asked.token, asked.password).login}


def tidy(uow: Uow, before: dt.datetime) -> None:
    """Remove links that have been dead for long."""
    uow.connection.execute(table.delete().where(table.c.expires_at < before))
