"""People and teams are named, chosen and sent to sign in by whoever knows them: a plugin's hooks."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

import crmkit.activities
import crmkit_sales
from crmkit import Crm, Plugin, Uow, hookimpl
from crmkit_sales import Deal

PEOPLE = {7: "Ann Lee", 8: "Boris"}


@hookimpl
def crm_names(crm: Crm, of: str, ids: Sequence[int]) -> Mapping[int, str]:
    return {key: PEOPLE[key] for key in ids if of == "person" and key in PEOPLE}


@hookimpl
def crm_pick(crm: Crm, uow: Uow, of: str, question: str) -> Sequence[tuple[int, str]]:
    return [pair for pair in PEOPLE.items() if of == "person" and question.lower() in pair[1].lower()]


@hookimpl
def crm_sign_in_page(crm: Crm) -> str:
    return "/people/door"


def people() -> Plugin:
    module = types.ModuleType("tests_people")
    for function in (crm_names, crm_pick, crm_sign_in_page):
        function.__module__ = module.__name__
        setattr(module, function.__name__, function)
    return Plugin("people", modules=[module])


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit.activities.plugin, crmkit_sales.plugin, people()]


def test_owners_are_named_in_lists(client: TestClient, make: Any):
    make(Deal, title="Kitchen", owner_id=7)
    make(Deal, title="Roof", owner_id=99)
    page = client.get("/sales/deal").text
    assert "Ann Lee" in page
    assert "№ 99" in page


def test_people_are_chosen_by_what_is_typed(client: TestClient):
    found = client.get("/_/pick/person?q=bor").text
    assert ("Boris" in found, "Ann Lee" in found) == (True, False)


def test_who_is_nobody_yet_is_sent_to_the_door(crm: Crm):
    with TestClient(crm.app, follow_redirects=False) as stranger:
        answer = stranger.get("/sales/deal?q=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/people/door?next=%2Fsales%2Fdeal%3Fq%3Dx")
