"""The filter as chips: there and back, what fits which field, and what is said of a filter that will not do."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import Crm, ListRequest
from crmkit.ui.lists.conditions import Condition, Group, every, read, write
from crmkit_sales import Company, Deal
from tests.ui.lists.conftest import ANN, BOSS, PART, As
from tests.ui.lists.test_list import titles

PLAIN = st.sampled_from([
    Condition("amount", "gt", "100"), Condition("amount", "lte", "5.50"), Condition("title", "contains", "a"), Condition("title", "eq", "x"),
    Condition("company_id", "empty"), Condition("owner_id", "filled"), Condition("owner_id", "eq", {"relative": "me"}),
    Condition("closes_on", "within", "this_month"), Condition("created_at", "lt", {"relative": "-7d"}), Condition("stage", "in", ["new", "won"]),
    Condition("been", "in", ["new"]), Condition("no_next_step", "eq", True), Condition("company.city", "ne", "Perm"),
])  # fmt: skip
GROUPS = st.builds(lambda any_, items: Group(any_, tuple(items)), st.booleans(), st.lists(PLAIN, min_size=2, max_size=3))


@st.composite
def builders(draw: st.DrawFn) -> Group:
    """What a person can put together: conditions, and groups of the other sort one level deep."""
    of_any = draw(st.booleans())
    items = draw(st.lists(PLAIN | GROUPS.map(lambda g: Group(not of_any, g.items)), max_size=4))
    return Group(of_any, tuple(items)).tidied()


@given(builders())
def test_conditions_become_a_tree_and_are_the_same_again(group: Group):
    tree = write(group)
    again = read(tree)
    assert again is not None
    assert write(again) == tree
    assert list(every(again)) == list(every(group))


LEAVES = st.sampled_from([
    {"amount": {"gt": "3000"}}, {"amount": {"gte": "2000", "lt": "9000"}}, {"title": {"contains": "1"}}, {"company_id": None},
    {"company.name": {"starts": "oak"}}, {"closes_on": {"lt": "2026-03-07"}}, {"stage": "new", "amount": {"lte": "8000"}}, {},
])  # fmt: skip
JOINED = st.sampled_from(["and", "or"])


def deeper(inner: st.SearchStrategy[dict]) -> st.SearchStrategy[dict]:
    several = st.builds(lambda word, parts: {word: parts}, JOINED, st.lists(inner, max_size=3))
    return several | inner.map(lambda tree: {"not": tree})


TREES = st.recursive(LEAVES, deeper, max_leaves=6)


@pytest.fixture
def found(crm: Crm, deals: list[int]):
    """Return the numbers of the deals a tree finds."""

    def ask(tree: object) -> list[int]:
        with crm.read(BOSS) as uow:
            return [row["id"] for row in uow.page(Deal, ListRequest(filter=tree, sort=("id",), fields=("id",))).rows]

    return ask


def test_a_tree_shown_as_chips_finds_what_it_found_before(found):
    @settings(max_examples=60, deadline=None)
    @given(TREES)
    def same(tree: dict) -> None:
        group = read(tree)
        if group is not None:
            assert found(write(group)) == found(tree)

    same()


BEYOND = [
    {"not": {"amount": 1}}, {"or": []}, {"or": [{}, {"amount": 1}]}, [1], "x", 5, {"amount": {"gt": {"field": "x"}}},
    {"been": {"stage": "new", "left_at": {"lt": "2026-01-01T00:00:00Z"}}}, {"or": [{"or": [{"a": 1}], "and": [{"or": [{"b": 1}, {"c": 2}]}]}]},
]  # fmt: skip


@pytest.mark.parametrize("tree", BEYOND)
def test_a_tree_that_says_more_is_left_as_it_is(tree: object):
    assert read(tree) is None


def test_an_advanced_filter_is_applied_and_can_be_edited(deals: list[int], visiting: As):
    client, tree = visiting(BOSS), '{"not":{"amount":{"gt":"2000"}}}'
    page = client.get("/crm/sales/deal", params={"filter": tree}).text
    assert sorted(titles(page)) == ["Deal 01", "Deal 02"]
    assert "Advanced filter" in page
    editor = client.get("/crm/sales/deal/filter", params={"filter": tree, "json": "1"}, headers=PART).text
    assert "&#34;not&#34;" in editor
    asked = {"filter": tree, "do": "json", "json": '{"not":{"nonsense":1}}'}
    wrong = client.get("/crm/sales/deal/filter/apply", params=asked, headers=PART)
    assert wrong.status_code == 422
    assert "filter.not.nonsense" in wrong.text
    right = client.get("/crm/sales/deal/filter/apply", params=asked | {"json": '{"amount":1}'}, headers=PART)
    assert tree_of(right) == {"amount": 1}


def test_a_filter_that_is_no_json_shows_nothing_and_says_so(deals: list[int], visiting: As):
    page = visiting(BOSS).get("/crm/sales/deal", params={"filter": '{"amount":'}).text
    assert titles(page) == []
    assert "The filter cannot be applied" in page


def tree_of(answer) -> dict:
    path = json.loads(answer.headers["hx-location"])["path"]
    tree: dict = json.loads(parse_qs(urlsplit(path).query)["filter"][0])
    return tree


CASES: list[tuple[dict, dict]] = [
    ({"field": "amount", "way": "gt", "v": "1 000,50"}, {"amount": {"gt": "1000.50"}}),
    ({"field": "amount", "way": "empty"}, {"amount": {"empty": True}}),
    ({"field": "title", "way": "contains", "v": "oak"}, {"title": {"contains": "oak"}}),
    ({"field": "stage", "way": "in", "v": ["new", "won"]}, {"stage": {"in": ["new", "won"]}}),
    ({"field": "been", "way": "in", "v": ["new"]}, {"been": {"stage": {"in": ["new"]}}}),
    ({"field": "closes_on", "way": "within", "v": "this_month"}, {"closes_on": {"within": "this_month"}}),
    ({"field": "closes_on", "way": "within", "v": "last_n", "n": "45"}, {"closes_on": {"within": "last_45_days"}}),
    ({"field": "closes_on", "way": "lt", "rel": "exact", "v": "2026-03-01"}, {"closes_on": {"lt": "2026-03-01"}}),
    ({"field": "closes_on", "way": "gt", "rel": "ago", "n": "2", "unit": "w"}, {"closes_on": {"gt": {"relative": "-2w"}}}),
    ({"field": "created_at", "way": "lt", "rel": "ahead", "n": "3", "unit": "h"}, {"created_at": {"lt": {"relative": "+3h"}}}),
    ({"field": "created_at", "way": "gt", "rel": "exact", "v": "2026-03-01T10:00"}, {"created_at": {"gt": "2026-03-01T07:00:00Z"}}),
    ({"field": "owner_id", "way": "mine"}, {"owner_id": {"in": {"relative": "mine"}}}),
    ({"field": "owner_id", "way": "in", "v": ["2", "3"]}, {"owner_id": {"in": [2, 3]}}),
    ({"field": "no_next_step", "way": "yes"}, {"no_next_step": True}),
    ({"field": "company.city", "way": "eq", "v": "Perm"}, {"company.city": "Perm"}),
]  # fmt: skip


@pytest.mark.parametrize(("form", "tree"), CASES, ids=[f"{form['field']}-{form['way']}-{i}" for i, (form, _tree) in enumerate(CASES)])
def test_what_is_filled_in_becomes_a_condition_and_can_be_edited(form: dict, tree: object, deals: list[int], visiting: As):
    client = visiting(BOSS)
    answer = client.get("/crm/sales/deal/filter/apply", params={**form, "at": "+"}, headers=PART)
    assert answer.status_code == 200, answer.text
    assert tree_of(answer) == tree
    asked = {"filter": json.dumps(tree)}
    assert client.get("/crm/sales/deal", params=asked).text.count('class="fchip "') == 1
    editor = client.get("/crm/sales/deal/filter", params=asked | {"at": "0"}, headers=PART).text
    assert f'name="field" value="{form["field"]}"' in editor


@pytest.mark.parametrize("form", [
    {"field": "amount", "way": "gt", "v": ""}, {"field": "amount", "way": "gt", "v": "much"}, {"field": "stage", "way": "in"},
    {"field": "closes_on", "way": "lt", "rel": "ago", "n": "x"}, {"field": "closes_on", "way": "within", "v": "last_n", "n": "0"},
    {"field": "created_at", "way": "lt", "rel": "exact", "v": "soon"},
])  # fmt: skip
def test_a_value_that_will_not_do_is_told_in_the_editor(form: dict, deals: list[int], visiting: As):
    answer = visiting(BOSS).get("/crm/sales/deal/filter/apply", params={**form, "at": "+"}, headers=PART)
    assert answer.status_code == 422
    assert 'class="fld-bad"' in answer.text


def test_a_condition_joins_the_others_where_it_was_put(deals: list[int], visiting: As):
    client = visiting(BOSS)
    start = '{"amount":{"gt":"1000"},"or":[{"title":"a"},{"title":"b"}]}'
    asked = {"filter": start, "field": "amount", "way": "lt", "v": "9000"}
    third = {"amount": {"lt": "9000"}}
    made = {at: tree_of(client.get("/crm/sales/deal/filter/apply", params=asked | {"at": at}, headers=PART)) for at in ("0", "1.+", "+")}
    assert made["0"] == {**third, "or": [{"title": "a"}, {"title": "b"}]}
    assert made["1.+"]["or"][2] == third
    assert made["+"]["and"][2] == third


def test_chips_name_records_and_ask_once_for_them_all(crm: Crm, deals: list[int], visiting: As, queries):
    with crm.uow(BOSS) as uow:
        made = [uow.add(Company(name=f"Firm {n}", owner_id=2)) for n in range(6)]
        uow.flush()
        ids = [c.id for c in made]
    client, counted = visiting(BOSS), []
    for tree in ({"company_id": ids[0]}, {"or": [{"company_id": {"in": ids[:2]}}, *({"company_id": key} for key in ids)]}):
        client.get("/crm/sales/deal", params={"filter": json.dumps(tree)})
        queries.clear()
        page = client.get("/crm/sales/deal", params={"filter": json.dumps(tree)}).text
        counted.append(queries.count)
        assert "Firm 0" in page
    assert counted[0] == counted[1]


def test_what_is_not_there_stays_a_number_in_a_chip(crm: Crm, deals: list[int], visiting: As):
    with crm.uow(BOSS) as uow:
        firm = uow.add(Company(name="Secret firm", owner_id=1))
        uow.flush()
    page = visiting(ANN).get("/crm/sales/contact", params={"filter": json.dumps({"company_id": firm.id})}).text
    assert "Secret firm" in page  # companies are everybody's here
    assert "№ 987654" in visiting(ANN).get("/crm/sales/contact", params={"filter": '{"company_id":987654}'}).text
