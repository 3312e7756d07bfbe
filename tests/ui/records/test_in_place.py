"""Changing one property where it stands: saved with its version, errors at the field, nobody's work overwritten."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from crmkit.testing.client import Client
from tests.ui.records import works
from tests.ui.records.conftest import ANNA, BOSS, CLERK, PART


def at(job: works.Job, name: str) -> str:
    return f"/works/job/{job.id}/field?name={name}"


def opened(client: Client, job: works.Job, name: str) -> dict[str, str]:
    """Return the hidden fields of the control."""
    text = client.get(at(job, name), headers=PART).text
    return {n: v.replace("&#34;", '"') for n, v in re.findall(r'name="(_version|_was)" value="([^"]*)"', text)}


def test_a_value_is_changed_in_its_place(client, job):
    client.act_as(ANNA)
    text = client.get(at(job, "price"), headers=PART).text
    assert 'value="1 500,50"' in text
    told = client.post(at(job, "price"), headers=PART, data=opened(client, job, "price") | {"price": "1 600,25"})
    assert told.status_code == 200
    assert "1\u00a0600,25" in told.text
    assert job.price == Decimal("1600.25")
    events = json.loads(told.headers["hx-trigger"])
    assert events["crm:toast"]["text"] == "Сохранено"
    assert events["crm:toast"]["undo"]
    assert events["crm:works.job"]["id"] == job.id
    assert "1\u00a0600,25" in client.get(at(job, "price") + "&shown=1", headers=PART).text


def test_what_was_not_changed_is_not_written(client, job):
    version = job.version
    told = client.act_as(ANNA).post(at(job, "price"), headers=PART, data=opened(client, job, "price") | {"price": "1500,50"})
    assert told.status_code == 200
    assert "hx-trigger" not in told.headers
    assert job.version == version


def test_what_will_not_do_is_told_at_the_field_and_stays_as_typed(client, job):
    told = client.act_as(ANNA).post(at(job, "price"), headers=PART, data=opened(client, job, "price") | {"price": "много"})
    assert told.status_code == 422
    assert 'value="много"' in told.text
    assert 'aria-invalid="true"' in told.text
    assert "ожидается десятичное число" in told.text
    assert client.post(at(job, "title"), headers=PART, data=opened(client, job, "title") | {"title": " "}).status_code == 422


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("urgent", "true", True), ("colour", "blue", works.Colour.BLUE), ("count", "12", 12), ("ratio", "0,5", 0.5), ("mail", "a@b.example", None),
        ("due_on", "2026-05-01", None), ("tags", "a, b\r\nc", ["a", "b", "c"]), ("extra", '{"a": 1}', {"a": 1}), ("wish", "a\r\nb", "a\nb"),
        ("colour", "", None), ("weight", "2,125", Decimal("2.125")), ("owner_id", "12", 12),
    ],
)  # fmt: skip
def test_every_sort_of_field(client, job, name, typed, kept):
    told = client.act_as(BOSS).post(at(job, name), headers=PART, data=opened(client, job, name) | {name: typed})
    assert told.status_code == 200, told.text
    if kept is not None or typed == "":
        assert getattr(job, name) == kept


def test_a_moment_is_typed_in_the_zone_of_the_crm(client, job):
    client.act_as(BOSS).post(at(job, "meets_at"), headers=PART, data=opened(client, job, "meets_at") | {"meets_at": "2026-02-01T12:00"})
    assert job.meets_at.isoformat() == "2026-02-01T09:00:00+00:00"
    assert 'value="2026-02-01T12:00"' in client.get(at(job, "meets_at"), headers=PART).text


def test_a_field_of_an_extension(client, job, uow):
    typed = opened(client.act_as(BOSS), job, "delivery.address") | {"delivery.address": "Мира, 1"}
    told = client.post(at(job, "delivery.address"), headers=PART, data=typed)
    assert "Мира, 1" in told.text
    assert uow.get(works.Job, job.id)[works.Delivery].address == "Мира, 1"


def test_another_field_that_changed_meanwhile_is_in_nobody_s_way(client, job, uow):
    client.act_as(ANNA)
    hidden = opened(client, job, "price")
    job.urgent = True
    uow.settle()
    assert client.post(at(job, "price"), headers=PART, data=hidden | {"price": "1"}).status_code == 200
    assert (job.urgent, job.price) == (True, 1)


def test_two_who_change_one_field_are_told_and_choose(client, job):
    client.act_as(ANNA)
    hidden = opened(client, job, "price")
    client.act_as(BOSS).post(at(job, "price"), headers=PART, data=opened(client, job, "price") | {"price": "1800"})
    told = client.act_as(ANNA).post(at(job, "price"), headers=PART, data=hidden | {"price": "1700"})
    assert told.status_code == 422
    assert "Вера: изменение" in told.text
    assert "<del>1\u00a0500,50</del>" in told.text
    assert "<ins>1\u00a0800</ins>" in told.text
    assert 'value="1700"' in told.text
    assert "Оставить новое" in told.text
    assert job.price == 1800
    again = {n: v.replace("&#34;", '"') for n, v in re.findall(r'name="(_version|_was)" value="([^"]*)"', told.text)}
    assert client.post(at(job, "price"), headers=PART, data=again | {"price": "1700"}).status_code == 200
    assert job.price == 1700


def test_fields_that_are_not_one_s_to_write(client, job):
    client.act_as(CLERK)
    for name in ("score", "stage", "id", "margin", "nothing", "client.name"):
        assert client.get(at(job, name), headers=PART).status_code in (200, 404)
        told = client.post(at(job, name), headers=PART, data={name: "1", "_version": str(job.version), "_was": "{}"})
        assert told.status_code in (403, 404, 422), name
    told = client.post(at(job, "price"), headers=PART, data={"price": "1", "_version": str(job.version), "_was": "{}"})
    assert told.status_code in (404, 422)
    assert job.price == Decimal("1500.50")
