"""A record's page: what it is, what happened, what can be done; under row rules, with parts of plugins that may fail."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from crmkit import Role
from crmkit.activities import Activity, Note, plan
from tests.ui.records import works
from tests.ui.records.conftest import ANNA, BOSS, CLERK, EN, OLEG, PART, READER, RU, SAME


def at(record: object, verb: str = "") -> str:
    return f"/works/{type(record).__name__.lower()}/{record.id}{verb}"  # type: ignore[attr-defined]


def test_the_page_tells_what_a_record_is(client, job):
    text = client.act_as(ANNA).get(at(job), headers=RU).text
    assert "<title>Ворота · " in text
    assert '<h2 class="rec-t">Ворота</h2>' in text
    assert re.search(r'<div class="rec-sub"><a class="ref" href="/works/client/\d+">Завод</a>', text)
    assert "1\u00a0500,50" in text
    assert 'aria-current="step"' in text
    assert "Доставка" in text  # the fields of an extension, below their own name
    assert "&lt;marked&gt;" in text
    english = client.get(at(job), headers=EN).text
    assert "1,500.50" in english
    assert "Properties" in english


def test_nobody_sees_what_the_rules_keep_from_them(client, job):
    assert client.act_as(OLEG).get(at(job), headers=RU).status_code == 404
    for verb in ("?part=head", "?part=props", "/timeline", "/field?name=price", "/edit", "/parts?of=works.line.job_id", "/do/discount"):
        assert client.get(at(job, verb), headers=RU).status_code == 404, verb
    assert client.get(f"/_/panel/works/beside/works.job/{job.id}").status_code == 404
    for verb in ("/do/finish", "/field?name=title", "/archive", "/edit"):
        assert client.post(at(job, verb), headers=PART, data={"title": "x", "_version": "1"}).status_code == 404, verb


def test_fields_that_are_hidden_are_nowhere_and_those_to_read_have_no_pencil(client, job):
    text = client.act_as(CLERK).get(at(job), headers=RU).text
    assert "Маржа" not in text
    assert "77" not in re.sub(r"\d{3,}", "", text.partition('class="rec-props"')[2].partition("</aside>")[0])
    assert "/field?name=title" in text
    assert "/field?name=price" not in text
    assert client.get(at(job, "/field?name=margin"), headers=PART).status_code == 404
    assert client.post(at(job, "/field?name=price"), headers=PART, data={"price": "5", "_version": str(job.version)}).status_code in (404, 422)
    reading = client.act_as(READER).get(at(job), headers=RU).text
    assert "prop-e" not in reading
    assert "data-move" not in reading
    assert "/archive" not in reading


def test_panels_stand_in_their_slots_and_one_that_fails_costs_only_itself(client, job, make, caplog):
    text = client.act_as(ANNA).get(at(job), headers=RU).text
    assert "beside Ворота" in text
    assert "Рядом &lt;i&gt;" in text
    assert text.index("in the head") < text.index("above the timeline") < text.index("beside Ворота")
    assert "on top of all" not in text
    assert "in a tab" not in text  # it comes when its tab is chosen
    assert "came later" not in text
    assert "Эта часть не сработала" in text
    assert "secret of the house" not in text
    assert "for few eyes" not in text
    assert "broken of plugin works failed" in caplog.text
    assert f'data-live="works.job:{job.id} works.client"' in text
    assert "in a tab" in client.get(f"/_/panel/works/in_tab/works.job/{job.id}", headers=PART).text
    assert "came later" in client.get(f"/_/panel/works/later/works.job/{job.id}", headers=PART).text
    assert client.get(f"/_/panel/works/secrets/works.job/{job.id}", headers=PART).status_code == 403
    assert client.get(f"/_/panel/works/nothing/works.job/{job.id}", headers=PART).status_code == 404
    assert client.get(f"/_/panel/works/waits/works.job/{job.id}", headers=PART).status_code == 404
    job.urgent = True
    assert "on top of all" in client.get(at(job), headers=RU).text
    assert "for few eyes" in client.act_as(BOSS).get(at(job), headers=RU).text


def test_stages_show_where_a_record_is(client, job, uow):
    text = client.act_as(ANNA).get(at(job), headers=RU).text
    assert len(re.findall('data-move="/works/job/', text)) == 3
    uow.move(job, works.JOBS["done"])
    text = client.get(at(job), headers=RU).text
    assert len(re.findall('<li class="past', text)) == 2
    assert '<li class="now o-won">' in text


def test_the_timeline_tells_changes_in_words_and_what_plugins_add(client, job, uow, clock):
    clock.forward(hours=1)
    job.price, job.urgent = Decimal(2000), True
    uow.settle()
    clock.forward(days=1)
    uow.add(Note(text="<script>alert(1)</script>", owner_id=11, **uow.about(job)))
    plan(uow, job, "call", "Позвонить", uow.now)
    text = client.act_as(ANNA).get(at(job, "/timeline"), headers=PART).text
    assert "<del>1\u00a0500,50</del>" in text
    assert "<ins>2\u00a0000</ins>" in text
    assert "Срочно:" in text
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert "Звонок" in text
    assert "Вчера" in text
    assert text.index("Позвонить") < text.index("2\u00a0000") < text.index("создание записи")
    notes = client.get(at(job, "/timeline?only=activities.note"), headers=PART).text
    assert "&lt;script&gt;" in notes
    assert "Позвонить" not in notes
    assert "2\u00a0000" in client.get(at(job, "/timeline?only=changes"), headers=PART).text
    assert client.get(at(job, "/timeline?before=yesterday"), headers=PART).status_code == 422


def test_the_timeline_goes_on_where_it_ended_and_tears_no_moment_apart(client, job, uow, clock):
    for number in range(70):
        if number % 7:
            clock.forward(minutes=1)
        uow.add(Note(text=f"n{number:02}", owner_id=11, **uow.about(job)))
        uow.settle()
    seen, address, text = list[str](), at(job, "/timeline"), ""
    for _round in range(9):
        text = client.act_as(ANNA).get(address, headers=PART).text
        seen += re.findall(r"n\d\d(?=\s*</div>)", text)
        found = re.search(r'hx-get="([^"]*before=[^"]*)"', text)
        if found is None:
            break
        address = found[1].replace("&amp;", "&")
    assert sorted(seen) == [f"n{n:02}" for n in range(70)]
    assert text.count("Сегодня") == 0  # said once, on the first stretch


def test_what_points_here_is_counted_and_listed_and_led_to(client, job, make):
    text = client.act_as(ANNA).get(f"/works/client/{job.client_id}", headers=RU).text
    assert re.search(r'Заказы<i class="num">1</i>', text)
    shown = client.get(f"/works/client/{job.client_id}/related?of=works.job.client_id", headers=PART).text
    assert f'href="/works/job/{job.id}"' in shown
    assert "/works/job?filter=%7B%22client_id%22%3A" in shown
    assert f"/works/job/new?client_id={job.client_id}&amp;_next=" in shown
    assert "Пока ничего нет" in client.act_as(OLEG).get(f"/works/client/{job.client_id}/related?of=works.job.client_id", headers=PART).text
    assert '>Заказы</button>' in client.get(f"/works/client/{job.client_id}", headers=RU).text
    assert client.get(f"/works/client/{job.client_id}/related?of=works.job.owner_id", headers=PART).status_code == 404


def test_parts_are_added_changed_and_taken_away_in_their_place(client, job, uow):
    source = at(job, "/parts?of=works.line.job_id")
    client.act_as(ANNA)
    assert "Пока ничего нет" in client.get(source, headers=PART).text
    assert 'name="name"' in client.get(f"{source}&edit=new", headers=PART).text
    wrong = client.post(source, headers=PART, data={"_part": "", "name": "", "price": "x"})
    assert wrong.status_code == 422
    assert wrong.text.count('class="fld-bad"') == 2
    added = client.post(source, headers=PART, data={"_part": "", "name": "Петли", "price": "12,5"})
    assert added.status_code == 200
    assert "Петли" in added.text
    line = uow.find(works.Line).one()
    assert (line.job_id, str(line.price)) == (job.id, "12.50")
    changed = client.post(source, headers=PART, data={"_part": str(line.id), "_version": str(line.version), "name": "Ручка", "price": "1"})
    assert "Ручка" in changed.text
    stale = client.post(source, headers=PART, data={"_part": str(line.id), "_version": "1", "name": "Замок", "price": "1"})
    assert stale.status_code == 422
    assert "Замок" in stale.text
    assert "загрузите её заново" in stale.text
    other = uow.add(works.Job(title="Другой", owner_id=11))
    uow.flush()
    alien = client.post(at(other, "/parts?of=works.line.job_id"), headers=PART, data={"_part": str(line.id), "_do": "remove"})
    assert alien.status_code == 404
    gone = client.post(source, headers=PART, data={"_part": str(line.id), "_version": str(line.version), "_do": "remove"})
    assert "Пока ничего нет" in gone.text
    assert client.act_as(READER).get(f"{source}&edit=new", headers=PART).text.count("<form") == 0


def test_the_archive_and_back(client, job):
    told = client.act_as(ANNA).post(at(job, "/archive"), headers=PART)
    assert told.status_code == 204
    assert job.archived_at is not None
    text = client.get(at(job), headers=RU).text
    assert "Запись в архиве с" in text
    assert "prop-e" not in text
    assert "/restore" in text
    assert "/do/finish" not in text
    assert client.post(at(job, "/restore"), headers=PART).status_code == 204
    assert job.archived_at is None


def test_hostile_text_stays_text(client, make, job):
    evil = '"><script>alert(1)</script>{{7*7}}'
    other = make(works.Client, name=evil, owner_id=11)
    job.title, job.client_id, job.wish, job.extra, job.site = evil[:60], other.id, evil, {evil: evil}, "javascript:alert(1)"
    job.attach(works.Delivery(address=evil))
    for verb in ("", "?part=head", "?part=props", "/timeline", "/edit", "/field?name=wish", "/do/discount", "?view=window"):
        text = client.act_as(BOSS).get(at(job, verb), headers=RU).text
        assert "<script>alert" not in text, verb
        assert "49" not in re.sub(r"[0-9.]*49[0-9.]+|[0-9.]+49", "", re.sub(r'd="[^"]*"', "", text)), verb
        assert 'href="javascript' not in text, verb


@pytest.mark.parametrize("lines", [0, 12])
def test_a_page_asks_the_same_few_questions_however_much_there_is(client, job, uow, queries, lines):
    for number in range(lines):
        uow.add(works.Line(job_id=job.id, name=f"l{number}"))
        uow.add(Note(text=f"n{number}", owner_id=11, **uow.about(job)))
        uow.add(works.Job(title=f"j{number}", client_id=job.client_id, owner_id=11))
        plan(uow, job, "call", "Позвонить", uow.now)
    client.act_as(ANNA)
    client.get(at(job), headers=RU)
    with queries.at_most(34):
        client.get(at(job), headers=RU)
    with queries.at_most(8):
        client.get(at(job, "?part=props"), headers=RU)
    with queries.at_most(8):
        client.get(at(job, "/parts?of=works.line.job_id"), headers=PART)


def test_a_page_of_every_kind_of_every_plugin_comes(client, crm, uow, make):
    kinds = [works.Client, works.Line, Note, Activity]
    job = make(works.Job, title="J", owner_id=1)
    for cls in kinds:
        given = uow.about(job) if cls in (Note, Activity) else {"job_id": job.id} if cls is works.Line else {}
        record = make(cls, **given, **({"kind": "call"} if cls is Activity else {}))
        found = client.get(f"/{crm.kind(cls).key.replace('.', '/')}/{record.id}", headers=RU)
        assert found.status_code == 200, cls


class TestWhoMayWhat:
    @pytest.fixture
    def crm_roles(self):
        return [Role("mover", {"works.job.read": "all", "works.job.move": "own", "works.run": "own"})]

    def test_buttons_are_for_the_very_record(self, client, make):
        from crmkit import Actor

        me = Actor(5, "Я", ("mover",))
        mine, other = make(works.Job, title="A", owner_id=5), make(works.Job, title="B", owner_id=6)
        text = client.act_as(me).get(at(mine), headers=RU).text
        assert "data-move" in text
        assert "/do/finish" in text
        text = client.get(at(other), headers=RU).text
        assert "data-move" not in text
        assert "/do/finish" not in text
        assert client.post(at(other, "/do/finish"), headers={**SAME, **PART}).status_code == 403
