"""Pages for coming in and going out: a password, the code of a second factor, a forgotten password."""

from __future__ import annotations

import datetime as dt
import typing as t
from urllib.parse import urlencode

from crmkit import PUBLIC, Crm, Text, Uow, _, hookimpl
from crmkit.ui import Menu, Redirect, View, Visit, page

from .asked import address_of
from .entities import Link, User
from .links import ask_for_way, can_send, look, spend
from .passwords import new_secret
from .settings import AccountsSettings
from .sign_in import Refused, leave, normal, prove, prove_code, signed_in

if t.TYPE_CHECKING:
    from crmkit.ui import Result

HOME, SIGN_IN = "/", "/accounts/login"
PENDING, PENDING_COOKIE, PENDING_PAGE = "code", "crmkit_pending", "/accounts/code"
PENDING_FOR = dt.timedelta(minutes=10)
DAY = dt.timedelta(days=1)
LONGEST_NEXT = 2000

TITLE = _("Sign in", ru="Вход")
CODE_TITLE = _("Second factor", ru="Второй фактор")
FORGOT_TITLE = _("Forgotten password", ru="Забыли пароль")
SIGN_OUT = _("Sign out", ru="Выйти")
WAIT = _("Too many attempts. Try again in {seconds} s", ru="Слишком много попыток. Повторите через {seconds} с")
BAD_CODE = _("This code is wrong or was used before", ru="Неверный код, или он уже использован")
TOO_LATE = _("That took too long; sign in again", ru="Прошло слишком много времени; войдите ещё раз")
WORDS: dict[str, Text] = {
    "title": TITLE, "login": _("E-mail", ru="Электронная почта"), "password": _("Password", ru="Пароль"), "enter": _("Sign in", ru="Войти"),
    "forgot": _("Forgot your password?", ru="Забыли пароль?"), "with": _("Sign in with {name}", ru="Войти через {name}"), "or": _("or", ru="или"),
    "out": _("You have signed out.", ru="Вы вышли."), "show": _("Show the password", ru="Показать пароль"), "code_title": CODE_TITLE,
    "code": _("Code of the app, or a recovery code", ru="Код из приложения или резервный код"), "go_on": _("Continue", ru="Продолжить"),
    "back": _("Back to signing in", ru="Вернуться ко входу"), "forgot_title": FORGOT_TITLE,
    "forgot_more": _(
        "We send a link to a new password, if there is such a person.", ru="Отправим ссылку для нового пароля, если такой сотрудник есть."),
    "send": _("Send the link", ru="Отправить ссылку"),
    "sent": _("If there is such a person, a link is on its way.", ru="Если такой сотрудник есть, ссылка уже отправлена."),
    "sent_more": _("It is good for a short time. Look into the spam folder too.", ru="Она действует недолго. Загляните и в папку «Спам»."),
    "no_sender": _("Ask your administrator for a link to a new password.", ru="Попросите у администратора ссылку для нового пароля."),
}  # fmt: skip
PROBLEMS: dict[str, Text] = {
    "again": _("This sign-in was not begun here, or too long ago; try again", ru="Этот вход начат не здесь или слишком давно; попробуйте ещё раз"),
    "denied": _("The sign-in provider refused", ru="Сервис входа отказал"),
    "failed": _("The sign-in provider did not confirm who you are; try again", ru="Сервис входа не подтвердил вашу личность; попробуйте ещё раз"),
    "stranger": _(
        "Nobody here is linked to this account; ask an administrator", ru="Эта учётная запись ни с кем не связана; обратитесь к администратору"),
    "late": TOO_LATE,
}  # fmt: skip


@hookimpl
def crm_sign_in_page(crm: Crm) -> str:
    """Say where people sign in."""
    return SIGN_IN


def has_session(visit: Visit) -> bool:
    """True where somebody came in by this plugin: with a host's own people there is nothing to sign out of here."""
    return visit.cookie(visit.crm[AccountsSettings].cookie) is not None


# ---- a password ---------------------------------------------------------------------------------------------------------------
@page("/login", label=TITLE, permission=PUBLIC, methods=("GET", "POST"), shell=False)
def sign_in_page(visit: Visit, uow: Uow) -> Result:
    """Sign in. An unknown login, a wrong password and a person who may not sign in look the same."""
    onward = onward_of(visit)
    if visit.method == "GET":
        if visit.signed_in:
            return Redirect(onward)
        return _form(visit, PROBLEMS.get(visit.query.get("problem", "")))
    form = visit.form
    found = prove(uow, address_of(visit.request), form.get("login", ""), form.get("password", ""), None)
    if isinstance(found, User):
        keep(visit, uow, signed_in(visit.request, uow, found, "password", form["password"]))
        return Redirect(onward)
    if found.user is not None:
        _wait_for_code(visit, uow, found.user)
        return Redirect(with_next(visit, PENDING_PAGE, onward))
    return _form(visit, said(found), found.status)


def _form(visit: Visit, problem: Text | None = None, status: int = 200) -> View:
    crm = visit.crm
    return View(
        "sign_in.html", status=status, words=WORDS, problem=problem, login=visit.form.get("login", ""), next=onward_of(visit), sends=can_send(crm),
        out="out" in visit.query,
        providers=[(p.label or name, f"/x/accounts/oidc/{name}/start") for name, p in crm[AccountsSettings].oidc.items()],
    )  # fmt: skip


def said(refused: Refused) -> Text:
    """Return why somebody is not let in, and for how long."""
    return refused.words if refused.wait is None else WAIT.format(seconds=max(1, round(refused.wait.total_seconds())))


def onward_of(visit: Visit) -> str:
    """Return where a visitor goes on, as an address within this CRM: what the link here said, when that is a page of ours."""
    given = visit.form.get("next") or visit.query.get("next") or ""
    root = visit.url("")
    path = given.removeprefix(root)
    good = given.startswith(f"{root}/") and not path.startswith(("//", "/\\")) and len(given) <= LONGEST_NEXT
    if not good or any(ord(c) < 33 or c == "\\" for c in path) or path.startswith(SIGN_IN):
        return HOME
    return path


def with_next(visit: Visit, path: str, onward: str) -> str:
    """Return an address within this CRM that carries where to go on."""
    return path if onward == HOME else f"{path}?{urlencode({'next': visit.url(onward)})}"


def keep(visit: Visit, uow: Uow, cookie: str) -> None:
    """Give the browser its session; an empty one takes it away."""
    settings = uow.crm[AccountsSettings]
    days = settings.session_length / DAY if cookie else 0
    visit.set_cookie(settings.cookie, cookie, days=days, hidden=True, secure=settings.cookie_secure)


# ---- the code of a second factor ----------------------------------------------------------------------------------------------
def _wait_for_code(visit: Visit, uow: Uow, user: User) -> None:
    """Remember for a few minutes that a password was right: by a secret of this browser, of which only a digest is kept."""
    made, kept = new_secret()
    with uow.as_system():
        uow.add(Link(user_id=user.id, digest=kept, purpose=PENDING, expires_at=uow.now + PENDING_FOR))
        uow.flush()
    visit.set_cookie(PENDING_COOKIE, made, days=PENDING_FOR / DAY, hidden=True, path=PENDING_PAGE, secure=uow.crm[AccountsSettings].cookie_secure)


@page("/code", label=CODE_TITLE, permission=PUBLIC, methods=("GET", "POST"), shell=False)
def second_factor_page(visit: Visit, uow: Uow) -> Result:
    """Ask for the code of somebody whose password was right a moment ago."""
    onward, pending = onward_of(visit), visit.cookie(PENDING_COOKIE) or ""
    waiting = look(uow, pending, PENDING)
    if waiting is None:
        return Redirect(f"{SIGN_IN}?problem=late")
    if visit.method == "GET":
        return View("code.html", words=WORDS, problem=None, next=onward)
    found = prove_code(uow, address_of(visit.request), waiting.user_id, visit.form.get("code", ""))
    if not isinstance(found, User):
        words = BAD_CODE if found.code == "second-factor" and found.user is None else said(found)
        return View("code.html", status=found.status, words=WORDS, problem=words, next=onward)
    if spend(uow, pending, PENDING) is None:
        return Redirect(f"{SIGN_IN}?problem=late")
    visit.set_cookie(PENDING_COOKIE, "", days=0, hidden=True, path=PENDING_PAGE)
    keep(visit, uow, signed_in(visit.request, uow, found, "password"))
    return Redirect(onward)


# ---- forgotten, and out -------------------------------------------------------------------------------------------------------
@page("/forgot", label=FORGOT_TITLE, permission=PUBLIC, methods=("GET", "POST"), shell=False)
def forgotten(visit: Visit, uow: Uow) -> Result:
    """Ask for a link to a new password. The answer is the same whether there is such a person or not."""
    sends = can_send(uow.crm)
    if visit.method == "GET" or not sends:
        return View("forgot.html", words=WORDS, problem=None, sent=False, sends=sends, login="")
    login = visit.form.get("login", "")
    wait = ask_for_way(uow, address_of(visit.request), normal(login)) if login.strip() else None
    if wait is not None:
        problem = WAIT.format(seconds=max(1, round(wait.total_seconds())))
        return View("forgot.html", status=429, words=WORDS, problem=problem, sent=False, sends=True, login=login)
    return View("forgot.html", words=WORDS, problem=None, sent=True, sends=True, login="")


@page(
    "/sign-out", label=SIGN_OUT, permission=PUBLIC, methods=("POST",), shell=False,
    menu=Menu(icon="log-out", section="person", order=90, shown=has_session),
)  # fmt: skip
def sign_out_page(visit: Visit, uow: Uow) -> Result:
    """End this browser's session and begin at the sign-in page again."""
    leave(visit.request, uow)
    keep(visit, uow, "")
    return Redirect(f"{SIGN_IN}?out=1")
