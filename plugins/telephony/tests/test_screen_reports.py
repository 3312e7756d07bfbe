"""Reports on calls: counted within the row rules, split by who, when and which advertising; and recordings, heard by whoever may."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Actor, Role
from crmkit_sales import Contact, Source
from crmkit_telephony import Call, CallState, Direction, OurNumber, Outcome, take
from crmkit_telephony.reports import Ask, calls, tries
from crmkit_telephony.screen.recording import part_of

BOSS, ANN, BEN = Actor(1, "Boss", ("boss",)), Actor(7, "Анна", ("manager",)), Actor(8, "Бен", ("manager",))
ANNA, NUMBER = "+79123456789", "+74950000001"
TODAY = dt.date(2026, 3, 16)
RU = {"accept-language": "ru"}


@pytest.fixture
def crm_roles():
    own = dict.fromkeys(("telephony.call.*", "telephony.listen", "telephony.use", "telephony.reports.read"), "own")
    return [Role("boss", {"telephony.*": "all", "sales.*": "all"}), Role("manager", own), Role("guest", {"telephony.use": "own"})]


@pytest.fixture
def day(make, uow, clock):
    """A morning of calls: two incoming answered and one missed at Ann's, two attempts until a client of Ben's answered, one never."""
    radio = make(Source, name="Радио")
    make(OurNumber, number=NUMBER, name="Билборд", source_id=radio.id)
    client = make(Contact, name="Мария")

    def keep(minutes, owner, direction, outcome, **more):
        at = clock.now() - dt.timedelta(hours=2) + dt.timedelta(minutes=minutes)
        made = make(Call, owner_id=owner, team_id=70 if owner == 7 else 80)
        contact = more.pop("contact_id", None)
        uow.keep(made, direction=direction, state=CallState.ENDED, outcome=outcome, began_at=at, ended_at=at + dt.timedelta(minutes=2), **more)
        made.contact_id = contact
        return made

    ours = {"our_number": NUMBER, "source_id": radio.id}
    keep(0, 7, Direction.IN, Outcome.ANSWERED, rang=10, talked=60, number=ANNA, **ours)
    first = keep(70, 7, Direction.IN, Outcome.ANSWERED, rang=20, talked=120, number=ANNA, **ours)
    uow.keep(first, wrapped_at=first.ended_at + dt.timedelta(seconds=90))
    keep(75, 7, Direction.IN, Outcome.CANCELLED, number=ANNA)
    keep(80, 8, Direction.OUT, Outcome.NO_ANSWER, number="+79990000001", contact_id=client.id)
    keep(82, 8, Direction.OUT, Outcome.AGENT_NO_ANSWER, number="+79990000002", contact_id=client.id)  # not the client's doing
    keep(85, 8, Direction.OUT, Outcome.ANSWERED, talked=30, number="+79990000002", contact_id=client.id)
    keep(90, 8, Direction.OUT, Outcome.BUSY, number="+79990000009")
    uow.commit()


def figures(row):
    return row.incoming, row.answered, row.missed, row.outgoing, row.reached, row.talk


def test_figures_of_a_day(crm, day, uow):
    with crm.read(BOSS) as boss:
        (row,) = calls(boss, Ask(since=TODAY, until=TODAY))
        assert figures(row) == (3, 2, 1, 3, 1, 210)
        assert [v.total_seconds() for v in (row.average_wait, row.average_talk, row.average_wrap)] == [15, 70, 90]
        assert {r.key: figures(r) for r in calls(boss, Ask(by="manager"))} == {7: (3, 2, 1, 0, 0, 180), 8: (0, 0, 0, 3, 1, 30)}
        assert {r.key: r.incoming + r.outgoing for r in calls(boss, Ask(by="hour"))} == {7: 1, 8: 5}
        assert [(str(r.label.to("ru")) if hasattr(r.label, "to") else r.label, r.incoming) for r in calls(boss, Ask(by="source")) if r.incoming]
        assert {r.key: r.label for r in calls(boss, Ask(by="number")) if r.key} == {NUMBER: "Билборд (+7 495 000-00-01)"}
        assert [r.key for r in calls(boss, Ask(since=TODAY - dt.timedelta(days=3), by="day"))] == [TODAY]
        found = tries(boss)
        assert (found.reached, found.unreached, found.average) == ({2: 1}, 1, 2.0)
    with crm.read(ANN) as ann:
        assert [figures(r) for r in calls(ann)] == [(3, 2, 1, 0, 0, 180)]
        assert tries(ann).reached == {}


def test_the_page_and_the_file(client, day):
    boss = client.act_as(BOSS)
    page = boss.get("/telephony/reports?period=today", headers=RU)
    assert (page.status_code, "Отчёты о звонках" in page.text) == (200, True)
    for tile in ("call_results", "by_hour", "attempts", "by_colleague", "by_number", "by_source", "by_outcome"):
        shown = boss.get(f"/_/widget/telephony/{tile}?period=today", headers={**RU, "hx-request": "true", "hx-request-type": "partial"})
        assert shown.status_code == 200, tile
        assert "не сработала" not in shown.text, tile
    rows = boss.get("/x/telephony/reports/calls?by=manager").json()["rows"]
    assert [(r["key"], r["missed"], r["average_talk"]) for r in sorted(rows, key=lambda r: r["key"])] == [(7, 1, 90.0), (8, 0, 30.0)]
    file = boss.get("/x/telephony/reports/calls?by=number&format=csv", headers=RU)
    assert "Билборд" in file.text
    assert "Пропущено" in file.text
    assert [(r["incoming"], r["outgoing"]) for r in boss.get("/x/telephony/reports/calls?team=80").json()["rows"]] == [(0, 3)]
    assert 'name="team"' in page.text
    chosen = boss.get("/telephony/reports?period=today&team=80", headers=RU).text
    assert '<option value="80" selected>' in chosen
    assert 'name="team"' not in client.act_as(ANN).get("/telephony/reports?period=today").text  # one team: nothing to choose
    client.act_as(BOSS)
    for wrong in ("by=moon", "team=x", "from=x", "from=2026-03-02&to=2026-03-01", "from=2020-01-01", "manager=x", "format=pdf", "colour=red"):
        assert boss.get(f"/x/telephony/reports/calls?{wrong}").status_code == 422, wrong
    assert client.act_as(Actor(9, "Guest", ("guest",))).get("/telephony/reports").status_code == 403


def test_a_recording_is_heard_by_whoever_may_piece_by_piece(client, lines, pbx, clock, uow):
    ringing = pbx.ring(ANNA, "101")
    pbx.answer(ringing)
    clock.forward(seconds=30)
    pbx.end(ringing)
    with uow.crm.uow() as told:
        key = take(told, "paper", pbx.heard())[-1].id
    at, ann = f"/x/telephony/recording/{key}", client.act_as(ANN)
    assert ann.get(at).status_code == 404  # nobody said that there is one
    with uow.crm.uow() as late:
        late.keep(late.get(Call, key), recording=ringing.recording)
    whole = ann.get(at)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, b"ID3abc", "audio/mpeg")
    assert (whole.headers["accept-ranges"], whole.headers["cache-control"]) == ("bytes", "private, no-store")
    part = ann.get(at, headers={"range": "bytes=3-"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"abc", "bytes 3-5/6")
    assert ann.get(at, headers={"range": "bytes=9-"}).status_code == 416
    assert "attachment" in ann.get(f"{at}?download=1").headers["content-disposition"]
    assert pbx.asked.count("recording") == 1  # seeking asks the provider once
    assert "tel-sound" in ann.get(f"/telephony/call/{key}", headers=RU).text
    assert "tel-sound" in ann.get("/telephony/call", headers=RU).text
    assert client.act_as(BEN).get(at).status_code == 404
    assert client.act_as(Actor(7, "Анна", ("guest",))).get(at).status_code == 403
    with uow.crm.uow() as lost:
        lost.keep(lost.get(Call, key), recording="other")
    gone = client.act_as(ANN).get(at, headers=RU)
    assert (gone.status_code, "нет" in gone.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("asked", "found"),
    [(None, (0, 10)), ("bytes=0-", (0, 10)), ("bytes=2-4", (2, 5)), ("bytes=-3", (7, 10)), ("bytes=-0", None), ("bytes=10-", None),
     ("bytes=4-2", (0, 10)), ("bytes=0-1,3-4", (0, 10)), ("lines=1-2", (0, 10)), ("bytes=5-99", (5, 10))],
)  # fmt: skip
def test_ranges(asked, found):
    assert part_of(asked, 10) == found
