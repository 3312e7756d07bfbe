"""A line above every page, and a button beside every telephone number: what one plugin adds to the pages of all others."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from sqlalchemy import String

from crmkit import Actor, Entity, Mapped, Permission, Phone, Plugin, Role, Topic, Uow, _, column
from crmkit.ui import PhoneButton, Result, Toast, View, Visit, page, strip

TALK = Permission("horn.talk", _("Talk", ru="Говорить"))
RUNG = Topic("horn.rung", permission=TALK)
ANN, BOB = Actor(5, "Ann", ("talker",)), Actor(6, "Bob", ("reader",))
PART = {"hx-request": "true", "hx-request-type": "partial"}


class Sheet(Entity, table="horn_sheet", label=_("Sheet", ru="Лист"), plural=_("Sheets", ru="Листы")):
    name: Mapped[str] = column(String(50))
    phone: Mapped[str | None] = column(Phone, default=None)
    note: Mapped[str | None] = column(String(50), default=None)


BUTTON = PhoneButton(label=_("Call", ru="Позвонить"), path="/horn/blow", permission=TALK, shown=lambda uow: uow.actor.id != 9)


@page("/blow", label="Blow", permission=TALK, methods=["POST"])
def blow(visit: Visit, uow: Uow) -> Result:
    return Toast(" ".join(visit.form[n] for n in ("number", "kind", "id")))


@strip(label=_("Calls", ru="Звонки"), permission=TALK, live=[RUNG, Sheet])
def calls(visit: Visit, uow: Uow) -> Result:
    count = uow.find(Sheet).count()
    return View("ui/broken.html", words=f"{count} sheets", plugin="horn") if count else None


@strip(label="Broken", permission=TALK, order=60)
def cracked(visit: Visit, uow: Uow) -> Result:
    raise RuntimeError("cracked")


horn = Plugin("horn", modules=[__name__])


@pytest.fixture
def crm_plugins():
    return [horn]


@pytest.fixture
def crm_roles():
    return [Role("talker", {"horn.*": "all"}), Role("reader", {"horn.sheet.*": "all"})]


def test_a_button_stands_beside_each_number_wherever_it_is_shown(client, make):
    sheet = make(Sheet, name="Ann", phone="+74951234567", note="+74957654321")
    person = client.act_as(ANN)
    for address in (f"/horn/sheet/{sheet.id}", "/horn/sheet?columns=name,phone,note"):
        found = re.findall(r'<button [^>]*tel-b[^>]*>', person.get(address, headers={"accept-language": "ru"}).text)
        told = [json.loads(unescape(one.partition('hx-vals="')[2].partition('"')[0])) for one in found]
        assert told == [{"number": n, "kind": "horn.sheet", "id": sheet.id} for n in ("+74951234567", "+74957654321")], address
        assert 'aria-label="Позвонить +7 495 123-45-67"' in found[0]
        assert 'hx-post="/horn/blow"' in found[0]
    sent = person.post("/horn/blow", data={"number": "+7", "kind": "a", "id": "1"}, headers={"hx-request": "true"})
    assert json.loads(sent.headers["hx-trigger"])["crm:toast"]["text"] == "+7 a 1"
    for other in (BOB, Actor(9, "Eve", ("talker",))):  # may not; and where it makes no sense
        assert "tel-b" not in client.act_as(other).get(f"/horn/sheet/{sheet.id}").text


def test_a_line_stands_above_every_page_and_costs_nothing_when_it_fails(client, make, caplog):
    person = client.act_as(ANN)
    page = person.get("/horn/sheet", headers={"accept-language": "ru"}).text
    assert '<div class="strip" id="strip-horn-calls" role="region" aria-label="Звонки" data-plugin="horn" data-live="horn.rung horn.sheet"' in page
    assert 'hx-trigger="load"' in page
    assert page.index('class="strips"') < page.index('<main id="main"')
    empty = person.get("/_/strip/horn/calls", headers=PART).text
    assert " hidden></div>" in empty
    assert "hx-trigger" not in empty
    make(Sheet, name="one")
    told = person.get("/_/strip/horn/calls", headers=PART).text
    assert "1 sheets" in told
    assert " hidden>" not in told
    assert " hidden></div>" in person.get("/_/strip/horn/cracked", headers=PART).text
    assert "cracked" in caplog.text
    assert person.get("/_/strip/horn/other", headers=PART).status_code == 404
    assert "strip-horn" not in client.act_as(BOB).get("/horn/sheet").text
    assert client.act_as(BOB).get("/_/strip/horn/calls", headers=PART).status_code == 403
