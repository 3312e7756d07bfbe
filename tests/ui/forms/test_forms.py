"""Forms for new records and for editing: the API's errors at their fields, nothing lost, nothing done twice, nobody's work overwritten."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest

from crmkit.activities import Note
from crmkit.testing.client import Client
from tests.ui.records import works
from tests.ui.records.conftest import ANNA, BOSS, CLERK, EN, OLEG, PAGE, READER, RU, SAME

NEW = "/works/job/new"


def fields(text: str) -> dict[str, str]:
    """Return what a browser would send of a form as it is."""
    form = text.partition("data-form")[2].partition("</form>")[0]
    typed = r'<input type="(?:text|date|datetime-local|email|tel)"[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"'
    found = {n: html.unescape(v) for n, v in re.findall(typed, form)}
    found |= {n: html.unescape(v) for n, v in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)}
    found |= {n: html.unescape(v) for n, v in re.findall(r'<textarea[^>]*? name="([^"]+)"[^>]*>([^<]*)</textarea>', form)}
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        found[name] = (re.findall(r'value="([^"]*)" selected', options) or [""])[0]
    return found | dict.fromkeys(re.findall(r'<input type="checkbox"[^>]*? name="([^"]+)"[^>]*? checked', form), "true")


def sent(client: Client, address: str, typed: dict[str, str], text: str = "") -> Any:
    return client.post(address, headers=PAGE, data=fields(text or client.get(address, headers=RU).text) | typed, follow_redirects=False)


def test_a_form_asks_first_what_matters_and_folds_the_rest(client):
    text = client.act_as(BOSS).get(NEW, headers=RU).text
    first, _fold, rest = text.partition("<details")
    assert [n for n in ("title", "client_id", "price", "colour") if f'data-field="{n}"' in first] == ["title", "client_id", "price", "colour"]
    for name in ("weight", "wish", "tags", "extra", "owner_id"):
        assert f'data-field="{name}"' in rest
    for name in ("score", "stage", "version", "created_at"):
        assert f'data-field="{name}"' not in text
    assert "<legend>Доставка</legend>" in text
    assert 'data-field="delivery.address"' in text
    assert "novalidate" in text
    assert client.act_as(READER).get(NEW, headers=RU).status_code == 403


def test_the_address_fills_fields_in(client, job):
    text = client.act_as(BOSS).get(f"{NEW}?client_id={job.client_id}&title=Дверь&meets_at=2026-02-01T10:00&_name=x", headers=RU).text
    assert f'name="client_id" value="{job.client_id}"' in text
    assert 'value="Завод"' in text
    assert 'value="Дверь"' in text
    named = client.get("/works/client/new?_name=Ромашка", headers=RU).text
    assert 'value="Ромашка"' in named


def test_a_record_is_created_and_shown(client, uow):
    told = sent(client.act_as(ANNA), NEW, {"title": "Дверь", "price": "1 200,5", "urgent": "true", "delivery.floor": "3", "tags": "a, b"})
    made = uow.find(works.Job).one()
    assert json.loads(told.headers["hx-location"])["path"] == f"/works/job/{made.id}"
    assert (made.title, made.price, made.urgent, made.tags, made.owner_id, made.stage) == ("Дверь", Decimal("1200.5"), True, ["a", "b"], 11, "new")
    assert made[works.Delivery].floor == 3
    assert made.weight == 1  # what was left empty has its default
    plain = client.post(NEW, headers={**SAME, **RU}, data={"title": "Без скриптов"}, follow_redirects=False)
    assert plain.status_code == 303


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_lost(client, uow):
    typed = {
        "title": "x" * 61, "price": "дорого", "count": "1,5", "mail": "почта", "extra": "{", "wish": "моё\r\nпожелание", "delivery.floor": "a",
        "urgent": "true",
    }  # fmt: skip
    told = sent(client.act_as(ANNA), NEW, typed)
    assert told.status_code == 422
    for name in ("title", "price", "count", "mail", "extra", "delivery.floor"):
        assert re.search(rf'<div class="fld bad[^"]*" data-field="{re.escape(name)}"', told.text), name
    summary = told.text.partition('class="form-bad"')[2].partition("</div>")[0]
    assert summary.count("<li>") == 6
    assert "autofocus" in summary
    again = fields(told.text)
    assert {n: again[n] for n in typed} == typed
    assert not uow.find(works.Job).exists()
    english = client.post(NEW, headers={**PAGE, **EN}, data={"title": ""})
    assert "required" in english.text
    assert "Check the fields below" in english.text


def test_a_stage_s_needs_are_asked_for(client, uow):
    address = f"{NEW}?stage=work&pipeline=jobs"
    text = client.act_as(BOSS).get(address, headers=RU).text
    assert "Стадия: <b>В работе</b>" in text
    told = client.post(NEW, headers=PAGE, data=fields(text) | {"title": "A"})
    assert told.status_code == 422
    assert re.search(r'<div class="fld bad[^"]*" data-field="price"', told.text)
    assert sent(client, NEW, {"title": "A", "price": "5"}, told.text).status_code == 200
    assert uow.find(works.Job).one().stage == "work"


def test_pressing_twice_makes_one_record(client, uow):
    text = client.act_as(ANNA).get(NEW, headers=RU).text
    typed = fields(text) | {"title": "Один"}
    first, second = (client.post(NEW, headers=PAGE, data=typed) for _time in range(2))
    assert first.headers["hx-location"] == second.headers["hx-location"]
    assert uow.find(works.Job).count() == 1
    other = client.post(NEW, headers=PAGE, data=typed | {"title": "Другой"})
    assert other.status_code == 422
    assert "Эта форма уже отправлена" in other.text
    assert sent(client, NEW, {}, other.text).status_code == 200
    assert {j.title for j in uow.find(works.Job)} == {"Один", "Другой"}


def test_after_saving_one_goes_where_one_was_led(client, job):
    told = sent(client.act_as(BOSS), f"{NEW}?_next=/works/client/{job.client_id}", {"title": "A"})
    assert json.loads(told.headers["hx-location"])["path"] == f"/works/client/{job.client_id}"
    for evil in ("//evil.example", "https://evil.example", "/\\evil.example"):
        told = sent(client, f"{NEW}?_next={evil}", {"title": "A"})
        assert "evil" not in told.headers["hx-location"]
    told = sent(client, f"/works/line/new?job_id={job.id}", {"name": "L"})
    assert json.loads(told.headers["hx-location"])["path"] == f"/works/job/{job.id}"


def test_a_chooser_gets_back_what_was_made_for_it(client):
    told = sent(client.act_as(BOSS), "/works/client/new?_pick=pick3&_name=Ромашка&view=window", {})
    assert re.search(r'<crm-picked data-for="pick3" data-id="\d+" data-name="Ромашка">', told.text)


def test_what_something_is_about_is_chosen_by_name(client, job, uow):
    text = client.act_as(BOSS).get(f"/activities/note/new?about_kind=works.job&about_id={job.id}", headers=RU).text
    assert 'value="Заказ: Ворота"' in text
    assert sent(client, "/activities/note/new", {"text": "Заметка"}, text).status_code == 200
    assert uow.find(Note).one().about_id == job.id
    missing = sent(client, "/activities/note/new", {"text": "Заметка"})
    assert re.search(r'<div class="fld bad[^"]*" data-field="_about"', missing.text)
    assert f'data-id="works.job:{job.id}"' in client.get("/_/pick/any?q=воро", headers=RU).text


# ---- edit -------------------------------------------------------------------------------------------------------------
def edit(job: works.Job) -> str:
    return f"/works/job/{job.id}/edit"


def test_only_what_was_changed_is_written(client, job, uow):
    text = client.act_as(ANNA).get(edit(job), headers=RU).text
    version = job.version
    told = client.post(edit(job), headers=PAGE, data=fields(text) | {"title": "Калитка"})
    assert told.status_code == 200, told.text
    assert (job.title, job.price, job.version) == ("Калитка", Decimal("1500.50"), version + 1)
    assert job.get(works.Delivery) is None
    same = sent(client, edit(job), {})
    assert "Изменений нет" in json.loads(same.headers["hx-trigger"])["crm:toast"]["text"]
    assert job.version == version + 1
    cleared = sent(client, edit(job), {"price": "", "client_id": ""})
    assert cleared.status_code == 200
    assert (job.price, job.client_id) == (None, None)


def test_read_only_and_hidden_fields_are_not_in_the_form(client, job):
    text = client.act_as(CLERK).get(edit(job), headers=RU).text
    assert 'data-field="title"' in text
    assert 'data-field="price"' not in text
    assert "margin" not in text
    refused = client.post(edit(job), headers=PAGE, data=fields(text) | {"price": "1", "title": "B"})
    assert refused.status_code == 422
    assert "только для чтения" in refused.text
    assert client.post(edit(job), headers=PAGE, data=fields(text) | {"margin": "1", "title": "B"}).status_code == 200
    assert (job.price, job.margin, job.title) == (Decimal("1500.50"), 77, "B")
    assert client.act_as(READER).get(edit(job), headers=RU).status_code == 403
    assert client.act_as(OLEG).post(edit(job), headers=PAGE, data=fields(text)).status_code == 404


def test_two_edit_different_fields_and_both_are_kept(client, job):
    text = client.act_as(ANNA).get(edit(job), headers=RU).text
    sent(client.act_as(BOSS), edit(job), {"wish": "Быстрее"})
    told = client.act_as(ANNA).post(edit(job), headers=PAGE, data=fields(text) | {"title": "Калитка"})
    assert told.status_code == 200
    assert (job.title, job.wish) == ("Калитка", "Быстрее")


@pytest.mark.parametrize(("take", "title"), [("mine", "Моё"), ("theirs", "Её")])
def test_two_edit_one_field_and_choose(client, job, take, title):
    text = client.act_as(ANNA).get(edit(job), headers=RU).text
    sent(client.act_as(BOSS), edit(job), {"title": "Её", "price": "10"})
    told = client.act_as(ANNA).post(edit(job), headers=PAGE, data=fields(text) | {"title": "Моё", "wish": "Тихо"})
    assert told.status_code == 422
    assert "Пока вы правили" in told.text
    assert told.text.count('class="clash"') == 2
    assert told.text.count("Вера, ") == 2
    assert "<del>Ворота</del>" in told.text
    again = fields(told.text)
    assert (again["title"], again["price"], again["wish"]) == ("Моё", "10", "Тихо")  # what only the other changed stands there as it is now
    assert job.title == "Её"
    done = client.post(edit(job), headers=PAGE, data=again | {"_take.title": take})
    assert done.status_code == 200, done.text
    assert (job.title, job.price, job.wish) == (title, 10, "Тихо")


# ---- choosers ---------------------------------------------------------------------------------------------------------
def test_options_keep_to_the_rules(client, make, job):
    make(works.Client, name="Завод <b>", owner_id=12)
    found = client.act_as(ANNA).get("/works/client/pick?q=завод", headers=RU).text
    assert found.count('role="option"') == 2
    assert "Завод &lt;b&gt;" in found
    jobs = client.act_as(OLEG).get("/works/job/pick?q=ворота", headers=RU).text
    assert "Ничего не найдено" in jobs
    assert 'data-name="Ворота"' in client.act_as(ANNA).get("/works/job/pick?q=", headers=RU).text
    assert client.act_as(CLERK).get("/activities/note/pick?q=", headers=RU).status_code == 403
    assert client.get("/_/pick/nobody?q=", headers=RU).status_code == 404
    assert client.get("/_/pick/person?q=", headers=RU).status_code == 200
    assert client.get(f"/works/client/pick?q={'x' * 900}", headers=RU).status_code == 200


def test_what_was_chosen_lately_comes_first(client, make):
    made = [make(works.Client, name=f"К{n}") for n in range(4)]
    found = client.act_as(BOSS).get(f"/works/client/pick?q=&recent={made[1].id},{made[0].id},0,x", headers=RU).text
    assert re.findall(r'data-name="(К\d)"', found)[:3] == ["К1", "К0", "К3"]
