"""Working time, and the clock of the first answer."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Actor, CompositionError, Crm, Invalid, Misuse, MovableClock, Uow
from crmkit_sales import INQUIRIES, Channel, Dealer, Inquiry, Lead, LostReason, PointOfSale, SalesSettings, Source, plugin
from crmkit_sales.calendar import WorkCalendar, read_hours
from crmkit_sales.response import ResponseLate

MOSCOW, PERM, LONDON = ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Yekaterinburg"), ZoneInfo("Europe/London")
OFFICE = WorkCalendar(read_hours(["mon-fri 09:00-13:00", "mon-fri 14:00-18:00", "sat 10:00-15:00"]), "RU")


def at(text: str, zone: ZoneInfo = MOSCOW) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    "start, minutes, end",
    [
        ("2026-01-12 09:00", 30, "2026-01-12 09:30"),
        ("2026-01-12 12:50", 30, "2026-01-12 14:20"),  # over the lunch break
        ("2026-01-12 20:00", 30, "2026-01-13 09:30"),
        ("2026-01-16 17:50", 30, "2026-01-17 10:20"),  # Friday evening, then Saturday's own hours
        ("2026-01-17 15:00", 1, "2026-01-19 09:01"),
        ("2025-12-31 17:00", 60, "2026-01-10 11:00"),  # the holidays of the New Year, to a Saturday
        ("2026-03-06 17:30", 60, "2026-03-07 10:30"),
    ],
)
def test_working_time_passes(start: str, minutes: int, end: str):
    time = dt.timedelta(minutes=minutes)
    assert OFFICE.add(at(start), time, MOSCOW) == at(end)
    assert OFFICE.between(at(start), at(end), MOSCOW) == time


moments = st.integers(0, 4 * 365 * 1440).map(lambda m: dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=m))


@given(moments, st.timedeltas(dt.timedelta(seconds=1), dt.timedelta(days=20)), st.sampled_from([MOSCOW, LONDON, PERM]))
def test_adding_and_counting_are_one(start: dt.datetime, time: dt.timedelta, zone: ZoneInfo):
    end = OFFICE.add(start, time, zone)
    assert OFFICE.between(start, end, zone) == time
    assert end >= start + time


def test_days_off_and_days_worked_instead():
    hours = read_hours(["mon-fri 09:00-18:00"])
    friday, saturday = dt.date(2026, 5, 15), dt.date(2026, 5, 16)
    calendar = WorkCalendar(hours, None, frozenset({friday}), frozenset({saturday}))
    assert (calendar.of(friday), calendar.of(saturday)) == ((), ((540, 1080),))
    assert WorkCalendar(hours, "RU").of(dt.date(2026, 1, 5)) == ()
    assert WorkCalendar(hours, None).of(dt.date(2026, 1, 5)) != ()
    assert WorkCalendar(hours, "RU").of(dt.date(2024, 11, 2)) == ((540, 1080),), "a Saturday worked by decree"


def test_a_clock_put_forward_makes_a_short_night():
    night = WorkCalendar(read_hours(["sun-sat 00:00-24:00"]))
    day = dt.datetime(2026, 3, 29, tzinfo=LONDON)  # 23 hours long
    assert night.between(day, dt.datetime(2026, 3, 30, tzinfo=LONDON), LONDON) == dt.timedelta(hours=23)


@pytest.mark.parametrize(
    "spans", [[], ["mon 9-18"], ["day 09:00-18:00"], ["mon 18:00-09:00"], ["mon 09:00-12:00", "mon 11:00-13:00"], ["mon 09:00-25:00"]]
)
def test_hours_that_cannot_be_read_are_refused(spans: list[str]):
    with pytest.raises(Misuse, match="working_hours"):
        read_hours(spans)


def test_no_working_time_at_all_is_said():
    calendar = WorkCalendar(read_hours(["mon 09:00-10:00"]), None, frozenset(dt.date(2026, 1, 5) + dt.timedelta(days=7 * i) for i in range(400)))
    with pytest.raises(Misuse, match="three years"):
        calendar.add(at("2026-01-04 12:00"), dt.timedelta(hours=1), MOSCOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "Russia"},
        {"working_hours": ["sometimes"]},
        {"on_conflict": "fight"},
        {"probability": {"sales": {"offer": 150}}},
        {"country": "ZZ"},
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(wrong: dict[str, Any]):
    import crmkit.activities

    with pytest.raises(CompositionError) as refused:
        Crm(crmkit.activities.plugin, plugin, database="sqlite:///never.db", settings={"sales": wrong})
    assert next(iter(wrong)) in str(refused.value)


# ---- the clock --------------------------------------------------------------------------------------------------
@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"crmkit": {"timezone": "Europe/Moscow"}}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(at("2026-01-16 17:50").astimezone(dt.UTC))  # a Friday


def test_an_inquiry_waits_in_working_time(uow: Uow, make: Any, clock: Any, deliver: Any, emitted: Any, published: Any):
    inquiry = make(Inquiry)
    assert inquiry.respond_by == at("2026-01-19 09:20")
    deliver(until=at("2026-01-19 09:19"))
    assert inquiry.response_late is False
    emitted.clear()
    deliver(until=at("2026-01-19 09:21"))
    assert inquiry.response_late is True
    assert ResponseLate(inquiry.id) in list(emitted)
    assert ("sales.response_late", inquiry.id) in [(m.topic, m.id) for m in published]


def test_an_answer_stops_it(crm: Crm, uow: Uow, make: Any, clock: Any, deliver: Any):
    inquiry = make(Inquiry)
    clock.set(at("2026-01-19 09:05"))
    with crm.uow(Actor(7, "Ann", roles=["operator"])) as theirs:
        crm.commands["sales.inquiry.answer"].run(theirs, theirs.get(Inquiry, inquiry.id), {})
    assert (inquiry.stage, inquiry.owner_id) == ("working", 7)
    assert (inquiry.first_response_at, inquiry.response_minutes, inquiry.response_late) == (clock.now(), 15, False)
    assert deliver(until=dt.timedelta(days=3)) >= 0
    assert inquiry.response_late is False


def test_an_answer_that_comes_too_late_is_told(crm: Crm, uow: Uow, make: Any, clock: Any, deliver: Any):
    inquiry = make(Inquiry)
    deliver(until=at("2026-01-19 10:00"))
    crm.commands["sales.inquiry.answer"].run(uow, inquiry, {})
    uow.settle()
    assert (inquiry.response_minutes, inquiry.response_late) == (70, True)
    with pytest.raises(Invalid):
        crm.commands["sales.inquiry.answer"].run(uow, make(Inquiry), {"at": "2026-01-01T00:00:00Z"})


def test_the_time_zone_is_that_of_the_point_of_sale(uow: Uow, make: Any):
    dealer = make(Dealer, timezone="Europe/London")
    shop = make(PointOfSale, dealer_id=dealer.id, timezone="Asia/Yekaterinburg")
    assert make(Inquiry, point_of_sale_id=shop.id).respond_by == at("2026-01-19 09:30", PERM)
    assert make(Inquiry, dealer_id=dealer.id).respond_by == at("2026-01-16 15:20", LONDON)
    with pytest.raises(Invalid):
        Dealer(name="x", timezone="Mars/North")


def test_spam_and_rejections_are_no_answers(uow: Uow, make: Any, deliver: Any):
    spam, rejected = make(Inquiry), make(Inquiry)
    uow.move(spam, INQUIRIES["spam"])
    uow.move(rejected, INQUIRIES["rejected"], {"lost_reason_id": make(LostReason).id})
    uow.settle()
    deliver(until=dt.timedelta(days=5))
    assert [(i.first_response_at, i.response_late) for i in (spam, rejected)] == [(None, False)] * 2


# ---- the site ---------------------------------------------------------------------------------------------------
URL = "/x/sales/inquiries"


@pytest.fixture
def site(client: Any) -> Any:
    client.act_as(Actor(100, "site", roles=["site_form"]))
    return client


def test_a_form_hands_in_an_inquiry(uow: Uow, site: Any):
    given = {"name": "Анна", "phone": "8 912 000-00-01", "text": "Кухня", "source": "spring", "page": "https://x.example/?utm_source=vk&utm_term=k"}
    answer = site.post(URL, json=given)
    assert answer.status_code == 201, answer.text
    inquiry = uow.get(Inquiry, answer.json()["id"])
    assert (inquiry.name, inquiry.phone_number, inquiry.channel, inquiry.utm_source, inquiry.utm_term) == (
        "Анна", "+79120000001", Channel.SITE, "vk", "k")  # fmt: skip
    assert inquiry.source is not None
    assert uow.find(Source).one().code == "spring"
    assert site.post(URL, json={"email": "a@example.com", "source": "spring"}).status_code == 201
    assert uow.find(Source).count() == 1


def test_a_browsers_form_will_do(uow: Uow, site: Any):
    answer = site.post(
        URL, content="name=%D0%90%D0%BD%D1%8F&phone=%2B79120000001&email=", headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 201, answer.text
    assert uow.get(Inquiry, answer.json()["id"]).name == "Аня"


def test_several_forms_of_one_client_join_the_lead(crm: Crm, uow: Uow, site: Any):
    first = site.post(URL, json={"phone": "+79120000001"}).json()
    with crm.uow() as other:
        lead = crm.commands["sales.inquiry.to_lead"].run(other, other.get(Inquiry, first["id"]), {})
    answer = site.post(URL, json={"phone": "8 912 0000001", "text": "again"}).json()
    assert (answer["stage"], answer["lead_id"]) == ("attached", lead.id)
    assert uow.find(Lead).count() == 1


@pytest.mark.parametrize(
    "given, path",
    [
        ({}, "phone"), ({"phone": 5}, "phone"), ({"fone": "1"}, "fone"), ({"phone": "+79120000001", "channel": "telepathy"}, "channel"),
        ({"phone": "+79120000001", "dealer_id": 99}, "dealer_id"), ({"phone": "+79120000001", "name": "x" * 500}, "name"),
        ({"phone": "+79120000001", "dealer_id": 10**30}, "dealer_id"), ({"phone": "+79120000001", "name": "\x00"}, "name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_path(site: Any, given: dict[str, Any], path: str):
    answer = site.post(URL, json=given)
    assert answer.status_code == 422
    assert path in [e["path"] for e in answer.json()["problems"]]


def test_the_token_of_a_form_may_do_nothing_else(site: Any, client: Any, make: Any):
    inquiry = make(Inquiry)
    assert site.get("/api/sales/inquiry").status_code == 403
    assert site.get(f"/api/sales/inquiry/{inquiry.id}").status_code in (403, 404)
    client.act_as(Actor(7, "Somebody"))
    assert client.post(URL, json={"phone": "+79120000001"}).status_code == 403


def test_settings_have_their_usual_values(crm: Crm):
    settings = crm[SalesSettings]
    assert (settings.country, settings.respond_within) == ("RU", dt.timedelta(minutes=30))
