"""Commands of plugins as buttons and forms, with and without a record."""

from __future__ import annotations

import json
import re

from crmkit.ui.marks import ButtonMark
from crmkit.ui.records.doing import _fits
from tests.ui.records import works
from tests.ui.records.conftest import ANNA, BOSS, PART, READER, RU


def at(job: works.Job, verb: str) -> str:
    return f"/works/job/{job.id}/do/{verb}"


def test_buttons_say_what_they_do(client, job):
    head = client.act_as(ANNA).get(f"/works/job/{job.id}?part=head", headers=RU).text
    assert re.search(r'<button type="button" class="btn sm primary" hx-post="/works/job/\d+/do/finish"', head)  # asks nothing: it runs at once
    assert re.search(r'<a class="btn sm" href="/works/job/\d+/do/discount" data-ask>', head)
    assert head.index("do/finish") < head.index("do/discount") < head.index("do/send_away")
    assert "new_key" not in head
    assert "/do/" not in client.act_as(READER).get(f"/works/job/{job.id}?part=head", headers=RU).text


def test_a_button_that_makes_no_sense_is_left_out(client, job, caplog):
    job.title = "Finished"
    head = client.act_as(ANNA).get(f"/works/job/{job.id}?part=head", headers=RU).text
    assert "do/finish" not in head
    assert "do/discount" in head
    assert _fits(ButtonMark(shown=lambda job: bool(1 // 0)), job)  # one that cannot tell is shown, and says so in the log
    assert "could not tell" in caplog.text


def test_a_command_without_arguments_runs_at_once(client, job):
    job.urgent = True
    told = client.act_as(ANNA).post(at(job, "finish"), headers=PART)
    assert told.status_code == 204
    assert json.loads(told.headers["hx-trigger"])["crm:toast"]["text"] == "Закончить: готово"
    assert not job.urgent


def test_a_form_asks_for_what_a_command_takes(client, job):
    text = client.act_as(ANNA).get(at(job, "discount"), headers=PART).text
    assert "<html" not in text
    for label in ("Процент", "Для кого", "Срок", "Цвет", "Why"):
        assert label in text
    assert '<option value="red" selected>Красный</option>' in text
    assert 'data-source="/works/client/pick"' in text
    [key] = re.findall(r'name="_key" value="([^"]+)"', text)
    typed = {"_key": key, "percent": "x", "why": "потому", "colour": "blue", "due_on": "2026-03-01", "sure": "true", "client": str(job.client_id)}
    wrong = client.post(at(job, "discount"), headers=PART, data=typed)
    assert wrong.status_code == 422
    assert 'value="x"' in wrong.text
    assert "потому" in wrong.text
    assert "Завод" in wrong.text
    assert wrong.text.count('class="fld-bad"') == 1
    refused = client.post(at(job, "discount"), headers=PART, data=typed | {"percent": "120"})
    assert "от 1 до 99" in refused.text
    right = client.post(at(job, "discount"), headers=PART, data=typed | {"percent": "50"})
    assert right.status_code == 204
    assert job.wish == f"потому blue {job.client_id} 2026-03-01 True"
    again = client.post(at(job, "discount"), headers=PART, data=typed | {"percent": "50"})
    assert again.status_code == 204
    assert str(job.price) == "750.25"  # pressed twice, done once


def test_it_is_asked_before_what_cannot_be_called_back(client, job):
    text = client.act_as(ANNA).get(at(job, "send_away"), headers=RU).text
    assert "Это не отзовёшь" in text
    assert "<html" in text
    told = client.post(at(job, "send_away"), headers=PART, data={"_key": "k" * 16})
    assert json.loads(told.headers["hx-trigger"])["crm:toast"]["text"] == "Уже в пути"


def test_a_command_that_makes_a_record_leads_to_it(client, job, uow):
    told = client.act_as(ANNA).post(at(job, "copy"), headers=PART)
    made = uow.find(works.Job).where(works.Job.title == "Ворота 2").one()
    assert json.loads(told.headers["hx-location"])["path"] == f"/works/job/{made.id}"


def test_what_is_told_once_is_kept_nowhere(client, job):
    assert client.act_as(ANNA).get(at(job, "new_key"), headers=PART).status_code == 403
    first = client.act_as(BOSS).post(at(job, "new_key"), headers=PART, data={"_key": "q" * 16, "size": "1"})
    assert "s3cr3t&lt;b&gt;" in first.text
    assert "no-store" in first.headers["cache-control"]
    assert client.post(at(job, "new_key"), headers=PART, data={"_key": "q" * 16, "size": "1"}).status_code == 200


def test_a_command_without_a_record(client):
    text = client.act_as(BOSS).get("/_/command/works.sweep", headers=RU).text
    assert "Уборка" in text
    assert client.post("/_/command/works.sweep", headers=PART, data={"deep": "true"}).status_code == 204
    assert client.get("/_/command/works.job.finish", headers=PART).status_code == 404
    assert client.get("/_/command/nothing", headers=PART).status_code == 404
    assert client.act_as(READER).get("/_/command/works.sweep", headers=PART).status_code == 403


def test_who_may_not_is_told_so(client, job):
    assert client.act_as(READER).get(at(job, "discount"), headers=PART).status_code == 403
    assert client.post(at(job, "discount"), headers=PART, data={"percent": "5"}).status_code == 403
    assert client.post(at(job, "nothing"), headers=PART).status_code == 404
