"""A page of a plugin that shows its form once more, when it wants to be told what is wrong."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit import Actor, Conflict, Crm, Entity, Forbidden, Invalid, Mapped, Permission, Plugin, Problem, Refusal, Role, Uow, column
from crmkit.ui import Redirect, Visit, page

ORDER = Permission("store.order", "Order")
MODULE = types.ModuleType("tests_store")
sys.modules["tests_store"] = MODULE


class Box(Entity, table="store_box"):
    name: Mapped[str] = column(default="")


@page("/told", label="Told", permission=ORDER, methods=("GET", "POST"))
def told(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> Any:
    if visit.method == "POST" and refusal is None:
        return send(visit, uow)
    said = "; ".join(f"{p.path}: {visit.say(p.message)}" for p in refusal.problems) if refusal is not None else "form"
    return Markup("<p>{} [{}] {}</p>").format(said, visit.form.get("how", ""), uow.find(Box).count())


@page("/untold", label="Untold", permission=ORDER, methods=("GET", "POST"))
def untold(visit: Visit, uow: Uow) -> Any:
    return send(visit, uow) if visit.method == "POST" else Markup("<p>form</p>")


def send(visit: Visit, uow: Uow) -> Any:
    uow.add(Box(name="half"))
    uow.flush()
    problems = [Problem("pieces", "invalid", "expected a number")]
    how = visit.form.get("how")
    if how == "invalid":
        raise Invalid(problems=problems)
    if how == "taken":
        raise Conflict("taken", problems)
    if how == "forbidden":
        raise Forbidden("not you")
    return Redirect("/store/told")


for thing in (Box, told, untold):
    thing.__module__ = MODULE.__name__
    setattr(MODULE, thing.__name__, thing)
MODULE.ORDER = ORDER  # type: ignore[attr-defined]


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [Plugin("store", modules=[MODULE])]


@pytest.fixture
def crm_roles() -> list[Role]:
    return [Role("clerk", {"store.*": "all"})]


@pytest.fixture
def client(crm: Crm) -> Iterator[TestClient]:
    app = Starlette(routes=[Mount("/crm", crm.embedded(actor=lambda connection: Actor(1, "Ann", ("clerk",))))], lifespan=crm.lifespan())
    with TestClient(app, base_url="http://testserver", headers={"accept-language": "en"}) as made:
        yield made


@pytest.mark.parametrize("how", ["invalid", "taken"])
def test_the_form_is_shown_again_and_everything_is_undone(how: str, client: TestClient):
    answer = client.post("/crm/store/told", data={"how": how})
    assert (answer.status_code, answer.text) == (422 if how == "invalid" else 409, f"<p>pieces: expected a number [{how}] 0</p>")


def test_what_is_no_problem_of_a_field_is_refused_as_ever(client: TestClient):
    answer = client.post("/crm/store/told", data={"how": "forbidden"})
    assert (answer.status_code, "not you" in answer.text) == (403, True)


def test_a_page_that_does_not_ask_is_not_asked_again(client: TestClient):
    answer = client.post("/crm/store/untold", data={"how": "invalid"})
    assert (answer.status_code, "pieces: " in answer.text) == (422, False)


def test_what_is_good_is_done(client: TestClient):
    assert client.post("/crm/store/told", data={"how": ""}, follow_redirects=False).status_code == 303
    assert client.get("/crm/store/told").text == "<p>form [] 1</p>"
