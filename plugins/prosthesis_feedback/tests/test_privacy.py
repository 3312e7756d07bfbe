"""What people told stays with those who ask them: sales finds it nowhere, every look is written down, and it can be erased for good."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

import crmkit_prosthesis_feedback
from crmkit import Actor, Forbidden, Invalid, Plugin, Role
from crmkit.activities import File, Note
from crmkit.activities import plugin as activities
from crmkit.webhooks import Endpoint, Payload
from crmkit.webhooks import plugin as webhooks
from crmkit_prosthesis_feedback import ROLES, Answer, Device, Feedback, FollowUpCall, Incident, Service, collect, open_incident
from crmkit_prosthesis_feedback.privacy import erase, looks_at
from crmkit_prosthesis_feedback.tables import accesses
from crmkit_sales import Contact, Deal
from crmkit_taskqueue import Task, leave, next_turn, start
from tests.activities.world import PDF, png

from .people import answers_to, cards_of, won

WORD = "zebrawound"
SALES = {f"sales.{kind}.*": "all" for kind in ("contact", "deal", "lead")} | {"crmkit.*": "all"}
SELLER = Actor(8, "Boris", roles=["manager", "sales"])
DIRECTOR = Actor(9, "Vera", roles=["director", "sales"])
ADMIN = Actor(1, "Root", roles=["admin"])
HEAD = Actor(5, "Olga", roles=["service_head"])
CALLER = Actor(6, "Ivan", roles=["service_caller"], teams=(7,))


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_prosthesis_feedback.plugin, activities, webhooks]


@pytest.fixture
def crm_roles() -> list[Role]:
    reads = {f"prosthesis_feedback.{kind}.read": "all" for kind in ("service", "card", "incident")}
    files = {"activities.file.*": "all", "activities.note.read": "all"}
    return [
        *ROLES, Role("sales", SALES), Role("admin", {"*": "all"}), Role("files", files), Role("reader", {**reads, **files, "crmkit.*": "all"}),
        Role("half", {"prosthesis_feedback.medical": "team"}),
    ]  # fmt: skip


@pytest.fixture
def crm_settings(crm_settings, tmp_path) -> dict:
    local = {"allow_http": True, "allow_networks": ["127.0.0.0/8"], "ports": []}
    return {**crm_settings, "activities": {"folder": str(tmp_path)}, "webhooks": local}


@pytest.fixture
def told(crm, uow, make):
    """Anna told what hurts; it stands in answers, notes, an incident, on the service card, and somebody wrote a note about it."""
    uow.add(Endpoint(url="http://127.0.0.1:1/hook", events=["*"], payload=Payload.FULL))
    service = won(uow)
    service.team_id = 7
    service.worked = f"ointment against the {WORD}"
    card = cards_of(uow, service)[0]
    card.team_id = 7
    uow.commit()
    with crm.uow(CALLER) as theirs:
        card = theirs.get(Feedback, card.id)
        given = {**answers_to(theirs, card, wears="no", why_not="pain"), "why_not_words": f"the {WORD} of the stump"}
        collect(theirs, card, {k: v for k, v in given.items() if k not in ("hours", "comfort")}, finish=True, note=f"weeps about the {WORD}")
        incident = open_incident(theirs, theirs.get(Service, service.id), reason="visit", description=f"{WORD}, see a doctor", feedback=card)
        theirs.add(Note(text=f"{WORD} again", **theirs.about(card)))
    call = make(Task, kind="task", title="Call", contact_id=service.contact_id, owner_id=6, team_id=7, due_at=uow.now)
    uow.get(Task, call.id).attach(FollowUpCall(service_id=service.id))
    uow.commit()
    with crm.uow(CALLER) as theirs:
        start(theirs)
        turn = next_turn(theirs)
        assert turn is not None
        leave(theirs, turn.id, "not_mine", f"{WORD}: for a doctor")
    with crm.uow() as mine:
        mine.get(Incident, incident.id).description = f"the {WORD} is worse"
    return service


def test_sales_finds_no_answer_anywhere(crm, uow, client, told, deliver):
    contact, deal = uow.find(Contact).one(), uow.find(Deal).one()
    deliver()
    for who in (SELLER, DIRECTOR):
        client.act_as(who)
        pages = [f"/sales/{kind}/{key}{part}" for kind, key in (("contact", contact.id), ("deal", deal.id)) for part in ("", "/history", "/timeline")]
        pages += [f"/api/sales/{kind}/{key}/timeline" for kind, key in (("contact", contact.id), ("deal", deal.id))]
        pages += ["/sales/contact", "/search?q=zebra", "/admin/journal", "/admin/journal?text=zebra", "/api/search?q=zebra", "/api/journal", "/"]
        for path in (*pages, "/prosthesis_feedback/reports"):
            answer = client.get(path)
            assert answer.status_code in (200, 403, 404), path
            assert WORD not in answer.text.casefold(), path
        for key in crm.kinds if who is SELLER else ():
            path = key.replace(".", "/", 1)
            addresses = [f"/api/{path}", f"/api/{path}/1", f"/api/{path}/export?format=csv"]
            if key.startswith("prosthesis_feedback."):
                addresses += [f"/api/{path}/1/timeline", f"/{path}", f"/{path}/1", f"/{path}/1/history"]
            for address in addresses:
                answer = client.get(address)
                assert WORD not in answer.text.casefold(), address
                if key.startswith("prosthesis_feedback."):
                    assert answer.status_code in (403, 404), address
        for path in (f"/prosthesis_feedback/ask/{told.id}", "/prosthesis_feedback/privacy", f"/prosthesis_feedback/privacy/{told.id}",
                     f"/x/prosthesis_feedback/medical/{told.id}"):  # fmt: skip
            assert client.get(path).status_code in (403, 404), path
    assert "Being followed" in client.get(f"/sales/contact/{contact.id}").text or "Incident" in client.get(f"/sales/contact/{contact.id}").text
    assert not uow.connection.execute(sa.select(accesses)).all()


def test_answers_leave_the_follow_up_by_no_other_door(crm, uow, client, told, deliver):
    """Whoever may do everything, and programs that are told everything, get no answer either: only the screens that write it down."""
    deliver()
    client.act_as(ADMIN)
    words = f"the {WORD} of the stump"
    answer = uow.find(Answer).where(Answer.question == "why_not_words").one()
    assert answer.text == words
    for path in (f"/api/prosthesis_feedback/answer/{answer.id}", "/api/prosthesis_feedback/answer", "/prosthesis_feedback/answer",
                 f"/prosthesis_feedback/answer/{answer.id}", f"/prosthesis_feedback/answer/{answer.id}/history", "/admin/journal",
                 "/api/prosthesis_feedback/answer/export?format=csv", "/prosthesis_feedback/answer/export?format=csv", f"/search?q={WORD}",
                 f"/api/prosthesis_feedback/answer/{answer.id}/timeline"):  # fmt: skip
        assert words not in client.get(path).text, path
    assert client.get("/api/prosthesis_feedback/answer", params={"filter": json.dumps({"text": {"contains": WORD}})}).status_code == 422
    tables = sa.MetaData()
    tables.reflect(uow.connection, only=["crm_journal", "webhooks_delivery", "crm_job", "crm_search"])
    for table in tables.tables.values():
        kept = str(uow.connection.execute(sa.select(table)).all())
        assert words not in kept, table.name
    assert not uow.connection.execute(sa.select(accesses)).all()


def test_every_look_is_written_down_once(crm, uow, client, told, clock):
    def looks():
        uow.refresh()
        c = accesses.c
        return [tuple(row) for row in uow.connection.execute(sa.select(c.user, c.what, c.service_id).order_by(c.id))]

    card = cards_of(uow, told)[0]
    client.act_as(CALLER)
    assert WORD in client.get(f"/_/panel/prosthesis_feedback/answers_of_service/prosthesis_feedback.service/{told.id}").text
    assert looks() == [("Ivan", "service", told.id)]
    client.get(f"/_/panel/prosthesis_feedback/answers_of_service/prosthesis_feedback.service/{told.id}")
    assert len(looks()) == 1  # a page that refreshes itself is the same look
    clock.forward(minutes=11)
    client.get(f"/_/panel/prosthesis_feedback/answers_of_service/prosthesis_feedback.service/{told.id}")
    assert len(looks()) == 2
    client.get(f"/prosthesis_feedback/ask/{told.id}?card={card.id}")
    assert {what for _who, what, _of in looks()} >= {"service"}
    client.act_as(HEAD)
    assert client.get("/x/prosthesis_feedback/reports/red_flags").status_code == 200
    assert ("Olga", "report", None) in looks()
    page = client.get("/prosthesis_feedback/privacy").text
    assert "Ivan" in page
    assert "Anna Petrova" in page
    assert "Хранится 1095 дней" in client.get("/prosthesis_feedback/privacy", headers={"accept-language": "ru"}).text
    mine = client.get(f"/prosthesis_feedback/privacy/{told.id}").text
    assert "Ivan" in mine
    assert WORD not in mine
    client.act_as(CALLER)
    assert client.get("/prosthesis_feedback/privacy").status_code == 403
    with crm.read(CALLER) as theirs, pytest.raises(Forbidden):
        looks_at(theirs, told.id)


def test_a_person_s_data_is_handed_out_whole(uow, client, told):
    client.act_as(HEAD)
    answer = client.get(f"/x/prosthesis_feedback/medical/{told.id}", headers={"accept-language": "ru"})
    assert answer.headers["content-disposition"] == f'attachment; filename="prosthesis-{told.id}.json"'
    assert answer.headers["cache-control"] == "no-store"
    found = json.loads(answer.content)
    assert (found["person"]["name"], found["devices"][0]["model"]) == ("Anna Petrova", "Hand M1")
    answers = {a["question"]: a["answer"] for card in found["feedback"] for a in card["answers"]}
    assert answers["Вы носите протез?"] == "Нет"
    assert f"the {WORD} of the stump" in answers.values()
    assert found["incidents"][0]["description"] == f"the {WORD} is worse"
    assert uow.connection.execute(sa.select(accesses.c.user, accesses.c.what, accesses.c.service_id)).all() == [("Olga", "export", told.id)]
    client.act_as(CALLER)
    assert client.get(f"/x/prosthesis_feedback/medical/{told.id}").status_code == 403


def everything(uow) -> str:
    tables = sa.MetaData()
    tables.reflect(uow.connection)
    return "\n".join(f"{name}: {list(row)}" for name, table in tables.tables.items() for row in uow.connection.execute(sa.select(table)))


def test_erased_is_gone_for_good(crm, uow, client, told, deliver):
    deliver()
    done = cards_of(uow, told)[0].done_on
    assert [line for line in everything(uow).splitlines() if line.startswith("taskqueue_turn") and WORD in line]
    client.act_as(HEAD)
    here = f"/prosthesis_feedback/privacy/{told.id}/erase"
    refused = client.post(here, data={"reason": "", "name": "Anna"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert WORD in everything(uow)
    assert client.post(here, data={"reason": "She asked for it", "name": "anna petrova"}).status_code in (200, 204, 302, 303)
    uow.refresh()
    left = [line for line in everything(uow).splitlines() if WORD in line.casefold()]
    assert not left, left
    deliver()
    assert WORD not in everything(uow)
    card = cards_of(uow, told)[0]
    assert (card.stage, card.done_on, card.score, card.red_flags, card.in_use, card.note) == ("done", done, None, 0, None, None)
    assert not uow.find(Answer).exists()
    assert uow.find(Device).exists()
    last = uow.connection.execute(sa.select(accesses).order_by(accesses.c.id.desc())).first()
    assert (last.user, last.what, last.facts["reason"]) == ("Olga", "erased", "She asked for it")
    assert last.facts["erased"]["answers"] > 3
    with crm.uow(CALLER) as theirs, pytest.raises(Forbidden):
        erase(theirs, theirs.get(Service, told.id), "no")
    assert uow.find(File).count() == 0


def test_who_looked_is_forgotten_in_time(uow, clock, deliver):
    row = {"user": "Ivan", "service_id": 1, "what": "card", "facts": {}}
    uow.connection.execute(accesses.insert(), [{**row, "at": uow.now - dt.timedelta(days=n)} for n in (10, 3 * 365 + 10)])
    clock.forward(days=1)
    deliver()
    assert len(uow.connection.execute(sa.select(accesses)).all()) == 1


# ---- photos, and what came of a card ------------------------------------------------------------------------------------
READER = Actor(11, "Rita", roles=["reader"], teams=(7,))
HALF = Actor(12, "Hal", roles=["reader", "half"], teams=(8,))
MEDIC = Actor(13, "Mia", roles=["service_caller", "files"], teams=(7,))


@pytest.fixture
def photo(crm, uow, client, told) -> int:
    """A photo of the damage, taken with the answers: the browser sends the file, then its number as the answer."""
    card = cards_of(uow, told)[0]
    client.act_as(MEDIC)
    sent = client.post("/x/activities/files", data={"about_kind": "prosthesis_feedback.card", "about_id": str(card.id), "name": "stump.png"},
                       files={"file": ("stump.png", png())})  # fmt: skip
    assert sent.status_code == 201, sent.text
    answers = {"broken": "useless", "broken_photo": str(sent.json()["id"])}
    assert client.post("/x/prosthesis_feedback/answers", json={"card": card.id, "answers": answers}).status_code == 200
    return sent.json()["id"]


def test_a_photo_is_seen_by_those_alone_who_may_see_answers(crm, uow, client, told, photo, clock):
    card = cards_of(uow, told)[0]
    at = f"/x/activities/files/{photo}"
    for who in (READER, HALF, SELLER):  # may read every card and every file; half may see the answers of another team alone
        client.act_as(who)
        for path in (at, f"{at}?download=1", f"/api/activities/file/{photo}", f"/api/activities/file/{photo}/timeline", f"/activities/file/{photo}"):
            assert client.get(path).status_code in (403, 404), (who, path)
        for path in ("/api/activities/file", "/api/activities/file/export?format=csv", "/search?q=stump", "/api/search?q=stump", "/",
                     f"/prosthesis_feedback/card/{card.id}", f"/_/panel/activities/files_of/prosthesis_feedback.card/{card.id}",
                     f"/api/prosthesis_feedback/card/{card.id}/timeline"):  # fmt: skip
            assert "stump.png" not in client.get(path).text, (who, path)
        more = client.post("/x/activities/files", data={"about_kind": "prosthesis_feedback.card", "about_id": str(card.id)},
                           files={"file": ("other.png", png())})  # fmt: skip
        assert more.status_code in (403, 404, 422), who
    c = accesses.c
    opened = sa.select(c.user, c.service_id, c.facts).where(c.what == "photo")
    assert uow.connection.execute(opened).all() == []
    client.act_as(MEDIC)
    assert client.get(at).content == png()
    client.get(at, headers={"range": "bytes=0-3"})
    uow.refresh()
    assert [tuple(row) for row in uow.connection.execute(opened)] == [("Mia", told.id, {"card": card.id, "file": photo})]
    assert client.get(f"/api/activities/file/{photo}").json()["name"] == "stump.png"


def test_a_photo_is_one_of_its_own_card(crm, uow, client, told, photo):
    card, other = cards_of(uow, told)[0], cards_of(uow, won(uow, name="Somebody Else"))[0]
    uow.commit()
    client.act_as(MEDIC)
    pdf = client.post("/x/activities/files", data={"about_kind": "prosthesis_feedback.card", "about_id": str(card.id)},
                      files={"file": ("letter.pdf", PDF)}).json()["id"]  # fmt: skip
    with crm.uow(ADMIN) as theirs:
        for given, of in ((str(photo), other), ("999", card), (str(pdf), card), ("../1", card)):
            with pytest.raises(Invalid) as refused:
                collect(theirs, theirs.get(Feedback, of.id), {"broken_photo": given})
            assert [p.path for p in refused.value.problems] == ["broken_photo"]
    client.act_as(HEAD)
    client.post(f"/prosthesis_feedback/privacy/{told.id}/erase", data={"reason": "asked", "name": "Anna Petrova"})
    client.act_as(MEDIC)
    assert client.get(f"/x/activities/files/{photo}").status_code == 404
    uow.refresh()
    left = [line[:200] for line in everything(uow).splitlines() if "stump.png" in line]
    assert not left, left


def test_what_came_of_a_card_is_seen_by_those_alone_who_may_see_answers(crm, uow, client, told):
    card = cards_of(uow, told)[0]
    fields = {"score", "red_flags", "in_use", "note"}
    kept = f"weeps about the {WORD}"
    assert (card.in_use, card.note) == (False, kept)
    for who in (READER, HALF):
        client.act_as(who)
        assert not fields & client.get(f"/api/prosthesis_feedback/card/{card.id}").json().keys()
        assert not {"worked", "did_not_work"} & client.get(f"/api/prosthesis_feedback/service/{told.id}").json().keys()
        for name in fields:
            assert client.get("/api/prosthesis_feedback/card", params={"filter": json.dumps({name: {"empty": False}})}).status_code == 422
            assert client.get("/api/prosthesis_feedback/card", params={"sort": name}).status_code == 422
        for path in (f"/prosthesis_feedback/card/{card.id}", f"/prosthesis_feedback/card/{card.id}/history", "/prosthesis_feedback/card",
                     "/prosthesis_feedback/card/board", f"/prosthesis_feedback/service/{told.id}", f"/prosthesis_feedback/service/{told.id}/history",
                     f"/_/panel/prosthesis_feedback/calendar_of_service/prosthesis_feedback.service/{told.id}", "/",
                     "/api/prosthesis_feedback/card/export?format=csv", f"/api/prosthesis_feedback/card/{card.id}/timeline"):  # fmt: skip
            answer = client.get(path, headers={"accept-language": "en"})
            assert answer.status_code == 200, path
            assert not [word for word in (WORD, "Red flags", "red: ", "Not used", "Score") if word in answer.text], (path, answer.text)
        assert client.patch(f"/api/prosthesis_feedback/card/{card.id}", json={"note": "x"}, headers={"if-match": "*"}).status_code in (403, 422)
    client.act_as(CALLER)
    assert client.get(f"/api/prosthesis_feedback/card/{card.id}").json()["note"] == kept
    assert "Red flags" in client.get(f"/prosthesis_feedback/card/{card.id}", headers={"accept-language": "en"}).text
