"""The page an invitation or a way to a new password leads to.

The link's secret stands behind its #, which browsers send nowhere. The page's script takes it out of the address at once
(so that it stays in no history), sends it in a form, and gets a cookie in its place, good for this page alone and for a few
minutes. Without a script the link is pasted into a field.
"""

from __future__ import annotations

import datetime as dt
import typing as t

from crmkit import PUBLIC, Text, Uow, _
from crmkit.ui import Redirect, View, Visit, page

from .entities import User
from .links import DEAD, INVITATION, look, set_by_link
from .pages import DAY, HOME, SIGN_IN, keep
from .passwords import problem_with
from .second_factor import wanted
from .settings import AccountsSettings
from .sign_in import signed_in

if t.TYPE_CHECKING:
    from crmkit.ui import Result

COOKIE, PAGE = "crmkit_link", "/accounts/password"
GOOD_FOR = dt.timedelta(minutes=20)
LABEL = _("Your link", ru="Ваша ссылка")
WORDS: dict[str, Text] = {
    "title": LABEL, "reading": _("One moment…", ru="Одну секунду…"),
    "paste": _("Paste the whole link you were given", ru="Вставьте полученную ссылку целиком"), "go_on": _("Continue", ru="Продолжить"),
    "dead": _("This link is no longer good", ru="Ссылка больше не действует"), "dead_more": DEAD,
    "back": _("To the sign-in page", ru="На страницу входа"), "welcome": _("Welcome, {name}", ru="Добро пожаловать, {name}"),
    "renew": _("New password", ru="Новый пароль"), "show": _("Show the password", ru="Показать пароль"),
    "choose": _("Choose a password to come in with.", ru="Придумайте пароль, с которым будете входить."),
    "login": _("Your login", ru="Ваш логин"), "password": _("Password", ru="Пароль"),
    "rules": _(
        "At least {length} characters; a few words in a row are good.", ru="Не короче {length} символов; хорошо подходят несколько слов подряд."),
    "save": _("Save and sign in", ru="Сохранить и войти"),
}  # fmt: skip


@page("/enter", label=LABEL, permission=PUBLIC, methods=("GET", "POST"), shell=False)
def link_page(visit: Visit, uow: Uow) -> Result:
    """Exchange a link's secret for a cookie."""
    if visit.method == "GET":
        return View("link.html", words=WORDS, dead=False)
    made = visit.form.get("token", "").strip().rpartition("#")[2]
    if not made or look(uow, made) is None:
        return View("link.html", status=404, words=WORDS, dead=True)
    visit.set_cookie(COOKIE, made, days=GOOD_FOR / DAY, hidden=True, path=PAGE, secure=uow.crm[AccountsSettings].cookie_secure)
    return Redirect(PAGE)


@page("/password", label=LABEL, permission=PUBLIC, methods=("GET", "POST"), shell=False)
def password_page(visit: Visit, uow: Uow) -> Result:
    """Choose a password by a link, and come in, or go on to the second factor."""
    made = visit.cookie(COOKIE) or ""
    link = look(uow, made)
    if link is None:
        return View("link.html", status=404, words=WORDS, dead=True)
    if visit.method == "GET":
        return _form(uow, link)
    password, whose = visit.form.get("password", ""), uow.peek(User, link.user_id)
    wrong = problem_with(password, whose, uow.crm[AccountsSettings]) if whose is not None else None
    if wrong is not None:
        return _form(uow, link, wrong, 422)
    user = set_by_link(uow, made, password)
    visit.set_cookie(COOKIE, "", days=0, hidden=True, path=PAGE)
    if wanted(user):
        return Redirect(SIGN_IN)
    keep(visit, uow, signed_in(visit.request, uow, user, "link"))
    return Redirect(HOME)


def _form(uow: Uow, link: t.Any, problem: Text | None = None, status: int = 200) -> View:
    return View(
        "password.html", status=status, words=WORDS, link=link, invited=link.purpose == INVITATION, problem=problem,
        length=uow.crm[AccountsSettings].password_length,
    )  # fmt: skip
