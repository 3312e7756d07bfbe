"""The settings tab, and the alarm: whose telephone is which, how providers are, and that webhooks do not arrive."""

import pytest
import sqlalchemy as sa

from crmkit import Actor, Role
from crmkit_sales import Source
from crmkit_telephony import DoNotCall, OurNumber, call, of_past, take
from crmkit_telephony.health import health_of, is_silent, silent_ones
from crmkit_telephony.tables import orders

BOSS, LEAD, ANN = Actor(1, "Boss", ("boss",)), Actor(2, "Lead", ("lead",)), Actor(7, "Ann", ("manager",))
ANNA = "+79123456789"
RU = {"accept-language": "ru"}


@pytest.fixture
def crm_roles():
    return [
        Role("boss", {"telephony.*": "all", "sales.*": "all"}), Role("lead", {"telephony.reports.read": "all", "telephony.use": "own"}),
        Role("manager", {"telephony.use": "own", "telephony.call.*": "own"}),
    ]  # fmt: skip


def test_the_tab_says_who_has_which_telephone_and_how_the_provider_is(client, crm, lines, make, uow, pbx, deliver):
    make(OurNumber, number="+74950000001", name="Билборд", source_id=make(Source, name="Радио").id)
    make(DoNotCall, number="+79990000009")
    uow.commit()
    boss = client.act_as(BOSS)
    page = boss.get("/settings/telephony.set_up", headers=RU)
    assert page.status_code == 200
    for words in ("Телефоны сотрудников", "102", "Билборд", "Радио", "+7 495 000-00-01", "Сообщений ещё не было", "Номеров, по которым не звонят: 1"):
        assert words in page.text, words
    assert "/telephony/line/new" in page.text
    pbx.ring(ANNA, "101")
    with crm.uow() as told:
        take(told, "paper", pbx.heard())
    with crm.uow(ANN) as ann:
        placed = call(ann, "+79990000001")
    with crm.uow() as told:
        told.connection.execute(sa.update(orders).where(orders.c.call_id == placed.id).values(state="failed", error="the line is dead"))
    page = boss.get("/settings/telephony.set_up", headers=RU).text
    assert "Работает" in page
    assert "the line is dead" in page
    aligned = []
    pbx.align = lambda lines: aligned.append(list(lines)) or ()
    assert boss.post("/settings/telephony.set_up", data={"provider": "paper"}).status_code in (200, 204)
    deliver()
    assert aligned == [[("101", None), ("102", None)]]
    assert boss.post("/settings/telephony.set_up", data={"provider": "none"}).status_code == 404
    assert client.act_as(LEAD).get("/settings/telephony.set_up").status_code in (403, 404)


def test_webhooks_that_do_not_arrive_are_an_alarm_on_every_page_of_supervisors(client, crm, lines, pbx, clock, deliver):
    def strip(who):
        return client.act_as(who).get("/_/strip/telephony/alarm", headers={**RU, "hx-request": "true", "hx-request-type": "partial"})

    def asked(key):
        with crm.uow() as uow:
            past = pbx.past(key)
            take(uow, "paper", of_past(past))

    assert "не сообщает" not in strip(LEAD).text
    for _number in range(2):
        ringing = pbx.ring(ANNA, "101")
        clock.forward(seconds=20)
        pbx.end(ringing)
        pbx.heard()  # lost on the way
        asked(ringing.key)
    clock.forward(minutes=2)
    with crm.uow() as uow:
        assert is_silent(uow, pbx)
    assert "не сообщает" in strip(LEAD).text
    assert "Проверить подключение" not in strip(LEAD).text
    assert "Проверить подключение" in strip(BOSS).text
    assert strip(ANN).status_code in (403, 404)
    assert "Сообщения не приходят" in client.act_as(BOSS).get("/settings/telephony.set_up", headers=RU).text
    pbx.ring(ANNA, "101")
    with crm.uow() as uow:
        take(uow, "paper", pbx.heard())
    clock.forward(minutes=2)
    with crm.read() as uow:
        assert silent_ones(uow) == []
        assert health_of(uow, pbx).heard_at is not None
    assert "не сообщает" not in strip(LEAD).text
