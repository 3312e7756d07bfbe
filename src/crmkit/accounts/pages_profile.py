"""The profile: who one is, the password and the second factor, open sessions, who stands in, tokens for programs."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Callable, Mapping

import sqlalchemy as sa
from markupsafe import Markup

from crmkit import PUBLIC, Forbidden, Invalid, Problem, Uow
from crmkit.ui import Menu, Redirect, View, Visit, page

from .asked import address_of, myself, whole
from .entities import LANGUAGES, Delegation, Token, User
from .pages import has_session, said
from .pages_words import WORDS
from .second_factor import forget, new_app, turn_on, uri_of, wanted
from .sessions import current, demand_session, end, end_one, open_sessions
from .settings import AccountsSettings
from .sign_in import change, doubt
from .tokens import NewToken, issue, revoke

if t.TYPE_CHECKING:
    from crmkit import Refusal
    from crmkit.ui import Result

PAGE = "/accounts/profile"
DELEGATE = "accounts.delegation.create"
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))
BROWSERS = (("Edg/", "Edge"), ("YaBrowser/", "Yandex"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
METHODS = {"password": WORDS["by_password"], "link": WORDS["by_link"]}


@page(
    "/profile", label=WORDS["profile"], permission=PUBLIC, methods=("GET", "POST"),
    menu=Menu(icon="circle-user-round", section="person", order=10, shown=has_session),
)  # fmt: skip
def profile_page(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Show the profile, or do what one of its forms asks; `refusal` is why that could not be."""
    me = myself(uow)
    done = visit.form.get("do", "") if visit.method == "POST" else ""
    if refusal is not None:
        problems = {p.path: visit.say(p.message) for p in refusal.problems}
        return _page(visit, uow, me, done, problems, **(_app(visit, me) if done == "app-confirm" else {}))
    act = ACTS.get(done)
    return act(visit, uow, me) if act is not None else _page(visit, uow, me)


def _page(visit: Visit, uow: Uow, me: User, done: str = "", problems: Mapping[str, str] | None = None, **shown: t.Any) -> View:
    here = current(visit.request, uow)
    once = {"app": None, "recovery": None, "token": None}
    may_change = uow.may("accounts.user.change", me)
    return View(
        "profile.html", status=422 if problems else 200, words=WORDS, me=me, roles=_roles(visit, uow), second_factor=wanted(me), here=here,
        sessions=[_session(visit, one) for one in open_sessions(uow, me.id, here)], tokens=_tokens(uow, me), may_change=may_change,
        delegations=_delegations(uow, me), may_delegate=uow.may(DELEGATE), done=done, problems=problems or {}, form=visit.form if problems else {},
        length=uow.crm[AccountsSettings].password_length, longest=uow.crm[AccountsSettings].token_length.days,
        today=uow.now.astimezone(uow.crm.zone).date(), **(once | shown),
    )  # fmt: skip


def _roles(visit: Visit, uow: Uow) -> list[str]:
    known = uow.crm.access.roles
    return [visit.say(known[name].label or name) for name in uow.actor.roles if name in known]


def _session(visit: Visit, one: dict[str, t.Any]) -> dict[str, t.Any]:
    agent, method = one["agent"] or "", one["method"]
    names = [next((said for part, said in known if part in agent), "") for known in (BROWSERS, SYSTEMS)]
    way = METHODS.get(method) or WORDS["by_provider"].format(name=method.partition(":")[2] or method)
    return {**one, "device": ", ".join(filter(None, names)) or visit.say(WORDS["unknown_device"]), "way": visit.say(way),
        "phone": "Mobile" in agent}  # fmt: skip


def _tokens(uow: Uow, me: User) -> list[t.Any]:
    c = Token.__table__.c
    shown = sa.select(c.id, c.name, c.roles, c.created_at, c.expires_at, c.seen_at)
    good = (c.user_id == me.id, c.revoked_at.is_(None), c.expires_at > uow.now)
    return list(uow.connection.execute(shown.where(*good).order_by(c.id.desc())))


def _delegations(uow: Uow, me: User) -> list[t.Any]:
    """Return who stands in for this person, and for whom they do, from today on, with both names."""
    d, away, there = Delegation.__table__, User.__table__.alias("away"), User.__table__.alias("there")
    today = uow.now.astimezone(uow.crm.zone).date()
    shown = sa.select(d.c.id, d.c.from_user_id, d.c.starts_on, d.c.ends_on, d.c.with_roles, away.c.name.label("away"), there.c.name.label("there"))
    joined = shown.join_from(d, away, away.c.id == d.c.from_user_id).join(there, there.c.id == d.c.to_user_id)
    mine = sa.or_(d.c.from_user_id == me.id, d.c.to_user_id == me.id)
    return list(uow.connection.execute(joined.where(mine, d.c.archived_at.is_(None), d.c.ends_on >= today).order_by(d.c.starts_on, d.c.id)))


# ---- what the forms do --------------------------------------------------------------------------------------------------------
def _facts(visit: Visit, uow: Uow, me: User) -> Result:
    form, mine = visit.form, uow.get(User, me.id)
    uow.require("accounts.user.change", mine)
    mine.name, mine.phone, mine.language = form.get("name", ""), form.get("phone", "").strip() or None, form.get("language") or None
    if not mine.name.strip():
        raise Invalid(problems=[Problem("name", "required", WORDS["required"])])
    uow.flush()
    if mine.language in LANGUAGES:
        visit.keep_language(mine.language)
    return Redirect(PAGE, say=WORDS["saved"])


def _password(visit: Visit, uow: Uow, me: User) -> Result:
    here, refused = demand_session(visit.request, uow), _doubt(visit, uow, me)
    if refused is not None:
        return refused
    change(uow, me, visit.form.get("new", ""), here)
    return Redirect(PAGE, say=WORDS["password_changed"])


def _doubt(visit: Visit, uow: Uow, me: User) -> Result:
    """Return None when the visitor's password is right, else the page that says why not; guesses are kept count of."""
    found = doubt(uow, address_of(visit.request), me, visit.form.get("password", ""))
    return None if found is None else _page(visit, uow, me, visit.form["do"], {"password": visit.say(said(found))})


def _begin_app(visit: Visit, uow: Uow, me: User) -> Result:
    demand_session(visit.request, uow)
    refused = _doubt(visit, uow, me)
    if refused is not None:
        return refused
    new_app(uow, me)
    return _page(visit, uow, me, "app-confirm", **_app(visit, me))


def _app(visit: Visit, me: User) -> dict[str, t.Any]:
    """Return what a telephone's app is set up with: a QR code, and the same in letters."""
    import segno

    made = me.totp_pending
    if made is None:
        return {}
    code = segno.make(uri_of(me, made, visit.site.settings.name), error="m")
    drawn = Markup(code.svg_inline(scale=4, border=2, omitsize=True, svgclass="qr", lineclass=None))
    return {"app": {"qr": drawn, "secret": " ".join(made[i : i + 4] for i in range(0, len(made), 4))}}


def _confirm_app(visit: Visit, uow: Uow, me: User) -> Result:
    codes = turn_on(uow, me.id, visit.form.get("code", ""), demand_session(visit.request, uow))
    return _page(visit, uow, myself(uow), "app-confirm", recovery=codes)


def _app_off(visit: Visit, uow: Uow, me: User) -> Result:
    demand_session(visit.request, uow)
    refused = _doubt(visit, uow, me)
    if refused is not None:
        return refused
    forget(uow, me)
    return Redirect(PAGE, say=WORDS["app_is_off"])


def _end(visit: Visit, uow: Uow, me: User) -> Result:
    end_one(uow, me.id, whole(visit.form.get("id", ""), "id"))
    return Redirect(PAGE, say=WORDS["session_ended"])


def _end_others(visit: Visit, uow: Uow, me: User) -> Result:
    end(uow, me.id, but=demand_session(visit.request, uow))
    return Redirect(PAGE, say=WORDS["sessions_ended"])


def _new_token(visit: Visit, uow: Uow, me: User) -> Result:
    demand_session(visit.request, uow)
    days = visit.form.get("days", "")
    made, token = issue(uow, me, NewToken(visit.form.get("name", ""), whole(days, "days"), visit.form.all("roles") or None))
    return _page(visit, uow, me, "token", token={"secret": made, "name": token.name})


def _revoke(visit: Visit, uow: Uow, me: User) -> Result:
    demand_session(visit.request, uow)
    revoke(uow, me.id, whole(visit.form.get("id", ""), "id"))
    return Redirect(PAGE, say=WORDS["token_revoked"])


def _delegate(visit: Visit, uow: Uow, me: User) -> Result:
    form, problems = visit.form, list[Problem]()
    uow.require(DELEGATE)
    days = {name: _day(form.get(name, "")) for name in ("starts_on", "ends_on")}
    problems += [Problem(name, "required", WORDS["required"]) for name, day in days.items() if day is None]
    to = form.get("to", "")
    if not to.isdecimal() or len(to) > 18:
        problems.append(Problem("to", "required", WORDS["required"]))
    if problems:
        raise Invalid(problems=problems)
    starts, ends, lent = t.cast(dt.date, days["starts_on"]), t.cast(dt.date, days["ends_on"]), form.get("with_roles") == "true"
    made = uow.add(Delegation(owner_id=me.id, from_user_id=me.id, to_user_id=int(to), starts_on=starts, ends_on=ends, with_roles=lent))
    try:
        uow.flush()
    except Invalid as refused:  # the form calls the field otherwise
        raise Invalid(problems=[Problem("to" if p.path == "to_user_id" else p.path, p.code, p.message) for p in refused.problems]) from None
    uow.require(DELEGATE, made)
    return Redirect(PAGE, say=WORDS["saved"])


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _no_delegation(visit: Visit, uow: Uow, me: User) -> Result:
    found = uow.get(Delegation, whole(visit.form.get("id", ""), "id"))
    if found.from_user_id != me.id:
        raise Forbidden()
    uow.require("accounts.delegation.archive", found)
    uow.archive(found)
    return Redirect(PAGE, say=WORDS["saved"])


ACTS: dict[str, Callable[[Visit, Uow, User], Result]] = {
    "facts": _facts, "password": _password, "app": _begin_app, "app-confirm": _confirm_app, "app-off": _app_off, "end": _end,
    "end-others": _end_others, "token": _new_token, "revoke": _revoke, "delegate": _delegate, "no-delegation": _no_delegation,
}  # fmt: skip
