"""Calendars: which days, what is on them, in whose time zone, and what it costs."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from crmkit import Crm
from crmkit.activities import Activity
from crmkit_sales import Deal
from tests.ui.lists.conftest import ANN, BEN, BOSS, As, crm_plugins, crm_roles, crm_settings, deals, visiting

__all__ = ["crm_plugins", "crm_roles", "crm_settings", "deals", "visiting"]
MARCH = "/crm/sales/deal/calendar?month=2026-03"


def on(page: str, day: str) -> list[str]:
    """Return what is written on a day."""
    cell = re.search(rf'<td id="day-{day}".*?</td>', page, re.S)
    assert cell is not None, day
    return re.findall(r"<span>([^<]+)</span>", cell[0])


def test_a_month_shows_records_on_their_days(deals: list[int], visiting: As):
    page = visiting(BOSS).get(MARCH).text
    assert "<h2>March 2026</h2>" in page
    assert on(page, "2026-03-05") == ["Deal 05"]
    assert on(page, "2026-03-13") == []
    assert re.findall(r'<td id="day-([^"]+)"', page)[0] == "2026-02-23"
    assert len(re.findall(r"<td id=", page)) == 42


def test_a_week_shows_seven_days(deals: list[int], visiting: As):
    page = visiting(BOSS).get("/crm/sales/deal/calendar?scale=week&day=2026-03-04").text
    assert re.findall(r'<td id="day-([^"]+)"', page) == [f"2026-03-{n:02}" for n in range(2, 9)]
    assert on(page, "2026-03-04") == ["Deal 04"]


def test_more_than_three_are_told_with_a_way_to_see_them(deals: list[int], crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        uow.add_many(Deal, [{"title": f"More {n}", "closes_on": dt.date(2026, 3, 20), "owner_id": 1} for n in range(5)])
    page = visiting(BOSS).get(MARCH).text
    assert "+2 more" in page
    assert 'href="/crm/sales/deal/calendar?scale=week&amp;day=2026-03-20"' in page


def test_filters_and_search_are_those_of_the_list(deals: list[int], visiting: As):
    client = visiting(BOSS)
    page = client.get(MARCH + '&filter={"amount":{"gt":"4000"}}').text
    assert on(page, "2026-03-04") == []
    assert on(page, "2026-03-05") == ["Deal 05"]
    assert 'class="fchip "' in page
    assert on(client.get(MARCH + "&q=07").text, "2026-03-07") == ["Deal 07"]
    assert "The filter cannot be applied" in client.get(MARCH + '&filter={"nonsense":1}').text


def test_a_row_one_may_not_see_is_on_no_day(deals: list[int], crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        uow.add(Deal(title="Of somebody else", owner_id=1, closes_on=dt.date(2026, 3, 5)))
    assert on(visiting(ANN).get(MARCH).text, "2026-03-05") == ["Deal 05"]
    assert len(on(visiting(BOSS).get(MARCH).text, "2026-03-05")) == 2


def test_moments_fall_on_days_of_the_crm_s_time_zone(deals: list[int], crm: Crm, visiting: As):
    with crm.uow(BOSS) as uow:
        deal = uow.get(Deal, deals[0])
        for title, hour in (("Before midnight", 20), ("After midnight", 21)):  # Moscow is three hours ahead
            due = dt.datetime(2026, 3, 31, hour, 30, tzinfo=dt.UTC)
            uow.add(Activity(kind="todo", subject=title, due_at=due, owner_id=1, **uow.about(deal)))
    client = visiting(BOSS)
    page = client.get("/crm/activities/activity/calendar?month=2026-03").text
    assert on(page, "2026-03-31") == ["Before midnight"]
    assert on(page, "2026-04-01") == ["After midnight"]
    assert '<time class="num">23:30</time>' in page


@pytest.mark.parametrize("by", ["created_at", "closes_on", "nonsense", "probability"])
def test_another_date_can_be_gone_by(by: str, deals: list[int], visiting: As):
    answer = visiting(BOSS).get(f"{MARCH}&by={by}")
    assert answer.status_code == 200
    assert on(answer.text, "2026-03-05") == ([] if by == "created_at" else ["Deal 05"])


ODD = ["month=2026-13", "month=x", "day=0001-01-01", "day=9999-12-31&scale=week", "month=1901-01", "month=2999-12", "scale=year"]


@pytest.mark.parametrize("asked", ODD)
def test_days_that_make_no_sense_show_today_s(asked: str, deals: list[int], visiting: As):
    assert visiting(BOSS).get(f"/crm/sales/deal/calendar?{asked}").status_code == 200


def test_a_month_is_one_statement(deals: list[int], crm: Crm, visiting: As, queries):
    client, counted = visiting(BEN), []
    for more in (0, 60):
        with crm.uow(BOSS) as uow:
            uow.add_many(Deal, [{"title": f"More {n}", "closes_on": dt.date(2026, 3, 1 + n % 28), "owner_id": 1} for n in range(more)])
        client.get(MARCH)
        queries.clear()
        client.get(MARCH)
        counted.append(queries.count)
    assert counted[0] == counted[1] == 1


def test_what_has_no_date_has_no_calendar(visiting: As):
    assert visiting(BOSS).get("/crm/sales/nonsense/calendar").status_code == 404
