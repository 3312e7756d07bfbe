"""The sales dashboard and sales' tiles of the first page: figures, the lists behind them, who sees what."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

import crmkit_sales
from crmkit import Actor, MovableClock, activities
from crmkit_sales import SALES, Deal, Inquiry, Source

BEGIN = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
RU = {"accept-language": "ru"}
MANAGER = Actor(5, "Анна", ("manager",), teams=(1,))
DIRECTOR = Actor(9, "Olga", ("director",))
TILES = ("results", "conversion", "losses", "stays", "months", "by_source", "by_dealer", "by_manager", "answers")


@pytest.fixture
def crm_plugins():
    return [crmkit_sales.plugin, activities.plugin]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(BEGIN)


@pytest.fixture
def deals(crm, make):
    """Four deals of two managers: one won after five days, one lost, two open."""
    site = make(Source, name="Site")
    won = make(Deal, title="Press", amount=900_000, owner_id=5, source_id=site.id)
    lost = make(Deal, title="Ink", amount=1_000, owner_id=5, source_id=site.id)
    make(Deal, title="Paper", amount=20_000, owner_id=5)
    make(Deal, title="Glue", amount=30_000, owner_id=6)
    reason = make(crmkit_sales.LostReason, name="Too <b>expensive</b>")
    crm.clock.forward(days=5)
    with crm.uow() as uow:
        uow.move(uow.get(Deal, won.id), SALES["offer"])
        uow.move(uow.get(Deal, won.id), SALES["won"])
        uow.move(uow.get(Deal, lost.id), SALES["lost"], {"lost_reason_id": reason.id})
    return won, lost


def tile(client, name: str, query: str = "") -> str:
    found = client.get(f"/_/widget/sales/{name}{query}")
    assert found.status_code == 200, found.text
    assert "broken" not in found.text
    return str(found.text)


def links(text: str) -> dict[str, str]:
    """Return what figures lead to, by what they are called."""
    found = {}
    for attributes, inside in re.findall(r"<a ([^>]*)>(.*?)</a>", text, re.S):
        label = re.search(r'aria-label="([^"]*)"', attributes)
        said = html.unescape(label[1] if label else re.sub(r"<[^>]*>", "", inside))
        found[" ".join(said.split())] = html.unescape(re.search(r'href="([^"]*)"', attributes)[1])  # type: ignore[index]
    return found


def listed(client, href: str) -> list[int]:
    """Return the records of the list a figure leads to, as the API has them."""
    parts = urlsplit(href)
    found = client.get(f"/api{parts.path}", params={"filter": parse_qs(parts.query)["filter"][0]})
    assert found.status_code == 200, found.text
    return sorted(row["id"] for row in found.json()["rows"])


def test_the_dashboard_shows_its_switches_at_once_and_fetches_its_tiles(client, deals):
    text = client.get("/sales/dashboard?period=month", headers=RU).text
    assert "<h1>Панель продаж</h1>" in text
    assert '<a href="/sales/dashboard?period=month&amp;pipeline=sales" aria-current="true">30 дней</a>' in text
    assert '<a href="/sales/dashboard?period=month&amp;pipeline=leads">Лиды</a>' in text
    for name in TILES:
        assert f'hx-get="/_/widget/sales/{name}?period=month"' in text
    assert text.count('aria-busy="true"') == len(TILES)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    "query", ["", "?period=year&pipeline=leads", "?period=no&pipeline=no", "?pipeline=inquiries", "?pipeline=registrations"]
)
def test_every_tile_is_drawn_whatever_is_asked(client, deals, query, language):
    for name in TILES:
        found = client.get(f"/_/widget/sales/{name}{query}", headers={"accept-language": language})
        assert found.status_code == 200
        assert "broken" not in found.text, name
        assert "<b>expensive" not in found.text


def test_figures_lead_to_the_lists_that_make_them_up(client, deals):
    won, lost = deals
    client.act_as(DIRECTOR)
    funnel = links(tile(client, "conversion"))
    reached = {label.split()[0]: len(listed(client, href)) for label, href in funnel.items() if "lost" not in label}
    assert reached == {"New": 4, "Qualified": 1, "Offer": 1, "Negotiation": 1, "Won": 1}
    assert listed(client, funnel["New: 1 lost"]) == [lost.id]
    assert listed(client, links(tile(client, "results"))["Won"]) == [won.id]
    assert [listed(client, href) for href in links(tile(client, "losses")).values()] == [[lost.id]]
    source = links(tile(client, "by_source"))
    assert [(label, listed(client, href)) for label, href in source.items()] == [("Site 1 of 2 won 900K 100%", [won.id])]


def test_the_results_are_those_of_the_period(client, deals, crm):
    client.act_as(DIRECTOR)
    text = tile(client, "results", "?period=month")
    assert re.search(r'kpi-v num"[^>]*>1</div>', text)
    assert 'title="900,000"' in text
    assert "50%" in text
    crm.clock.forward(days=40)
    later = tile(client, "results", "?period=month")
    assert re.search(r'kpi-v num"[^>]*>0</div>', later)
    assert "−100%" in later


def test_stages_are_held_against_what_their_pipeline_finds_too_long(client, deals):
    text = tile(client, "stays")
    assert "New there now: 2 5 d +150%, Norm: 2 d, worse than the norm" in links(text)


def test_who_sees_less_is_shown_less(client, deals):
    client.act_as(MANAGER)
    reached = {label.split()[0]: len(listed(client, href)) for label, href in links(tile(client, "conversion")).items() if "lost" not in label}
    assert reached["New"] == 3
    cashier = client.act_as(Actor(7, "C", ("cashier",)))
    assert cashier.get("/sales/dashboard").status_code == 403
    assert cashier.get("/_/widget/sales/results").status_code == 404
    assert "sales/dashboard" not in cashier.get("/").text


def test_my_deals_are_counted_by_stage(client, deals, queries):
    text = tile(client.act_as(MANAGER), "my_deals")
    found = links(text)
    assert listed(client, found["New 20K 1"]) == [3]
    assert listed(client, found["All my open deals"]) == [3]
    assert "You have no open deals" in tile(client.act_as(Actor(8, "New", ("manager",))), "my_deals")


def test_inquiries_wait_in_the_order_their_time_runs_out(client, crm, make):
    for number in range(8):
        make(Inquiry, name=f"Client <{number}>", phone="+7 912 345-67-89", received_at=crm.clock.now())
        crm.clock.forward(minutes=1)
    crm.clock.forward(days=2)
    client.act_as(DIRECTOR)
    text = tile(client, "waiting")
    assert re.findall(r"<b>Client &lt;(\d)&gt;</b>", text) == ["0", "1", "2", "3", "4", "5"]
    assert "late since" in text
    assert len(listed(client, links(text)["All that wait: 8"])) == 8
    with crm.uow() as uow:
        for inquiry in uow.find(Inquiry).all():
            inquiry.first_response_at = uow.now
    assert "Everybody has been answered" in tile(client, "waiting")


def test_the_first_page_has_sales_tiles_and_few_questions_for_them(client, deals, queries):
    client.act_as(DIRECTOR).get("/")
    with queries.at_most(14):
        text = client.get("/", headers=RU).text
    for words in ("Мои сделки", "Обращения без ответа", "Продажи за 30 дней", "Мои следующие шаги"):
        assert words in text
    assert "Панель продаж" in tile(client, "lately") or "Sales dashboard" in tile(client, "lately")


def test_addresses_of_lists_hold_a_whole_filter_tree():
    from crmkit_sales.dashboard.asked import list_of

    tree = {"and": [{"title": {"contains": 'a&b="ё" #?'}}]}
    assert json.loads(parse_qs(urlsplit(list_of("sales.deal", tree) or "").query)["filter"][0]) == tree
    assert (list_of("sales.deal", {}, None) or "").endswith("archived=all")
    assert list_of("sales.deal", None) is None
