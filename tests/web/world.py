"""The CRM the web tests talk to: sales, and a small plugin with an extension, a topic, routes and commands."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

from sqlalchemy import String
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

import crmkit.activities
import crmkit_sales
from crmkit import PUBLIC, Extension, Mapped, Permission, Plugin, Role, Topic, Uow, _, column, command, hookimpl, route
from crmkit_sales import Contact, Deal
from tests.web import faulty

GIVE = Permission("loyalty.give", _("Give points", ru="Начислять баллы"))
POINTS = Topic("loyalty.points", of=Contact)
NEWS = Topic("loyalty.news", permission=GIVE)
BELL = Topic("loyalty.bell", of=Contact, personal=True)


class Member(Extension[Contact], table="loyalty_member", label=_("Member", ru="Участник")):
    """A contact's card."""

    card: Mapped[str] = column(String(20), unique=True, label=_("Card", ru="Карта"))
    born: Mapped[dt.date | None] = column(default=None, personal=True)
    pin: Mapped[str | None] = column(String(10), default=None, secret=True)


@command(_("Give points", ru="Начислить баллы"), permission=GIVE, of=Contact)
def give(contact: Contact, uow: Uow, *, points: int, because: str = "", worth: decimal.Decimal | None = None) -> dict[str, Any]:
    """Give a contact points."""
    uow.publish("loyalty.points", contact.id)
    return {"points": points, "worth": worth, "on": uow.now.date(), "to": contact}


@command(_("Tell the news", ru="Рассказать новости"), permission=GIVE)
def tell(uow: Uow, *, words: list[str], at: dt.datetime | None = None) -> int:
    """Tell everybody."""
    uow.publish("loyalty.news")
    return len(words)


@route("/hello/{name}", permission=PUBLIC)
def hello(request: Any, uow: Uow) -> Any:
    return PlainTextResponse(f"hello {request.path_params['name']} {uow.actor.name}")


@route("/files/{rest:path}", permission=GIVE)
def files(request: Any, uow: Uow) -> Any:
    return {"rest": request.path_params["rest"]}


@route("/contacts", permission=GIVE, methods=["POST", "PUT"])
def add_contact(request: Any, uow: Uow) -> Any:
    made = uow.add(Contact(name=request.state.json()["name"]))
    uow.flush()
    return {"id": made.id}


@hookimpl
def crm_describe(kind: Any) -> Any:
    return {"x-loyal": True} if kind.key == "sales.contact" else None


loyalty = Plugin("loyalty", requires=["sales"], modules=[__name__])
PLUGINS = (crmkit.activities.plugin, crmkit_sales.plugin, loyalty)
WITH_FAULTS = (*PLUGINS, faulty.plugin)
ROLES = (
    Role("boss", {"sales.*": "all", "activities.*": "all", "loyalty.*": "all", "crmkit.*": "all"}),
    Role("seller", {"sales.*": "own"}, hidden=["sales.contact.email"], read_only=["sales.deal.competitor"]),
)  # fmt: skip
FAULTY_ROLES = (Role("boss", {**ROLES[0].grants, "faulty.*": "all"}), *ROLES[1:])


class Api:
    """One caller."""

    def __init__(self, client: TestClient, token: str | None = None) -> None:
        self.client, self.token = client, token

    def __call__(self, method: str, path: str, json: Any = None, status: int | None = None, **headers: str) -> Any:
        sent = {k.replace("_", "-"): v for k, v in headers.items()}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        answer = self.client.request(method, path, json=json, headers=sent) if json is not None else self.client.request(method, path, headers=sent)
        if status is not None:
            assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer

    def deal(self, **values: Any) -> int:
        """Make a deal and return its key."""
        key: int = self("POST", "/api/sales/deal", {"title": "A deal", **values}, 201).json()["id"]
        return key


def problems(answer: Any) -> dict[str, str]:
    """Path to code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json"
    return {p["path"]: p["code"] for p in answer.json()["problems"]}


__all__ = ["NEWS", "POINTS", "Api", "Deal", "problems"]
