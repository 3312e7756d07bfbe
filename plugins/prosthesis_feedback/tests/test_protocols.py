"""Protocols as integrators write them: what is read, what is refused and where, drafts, and versions that never change."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Conflict, Invalid
from crmkit_prosthesis_feedback import (
    Group,
    Offset,
    ProtocolVersion,
    body_of,
    collect,
    followers,
    in_force,
    move_everybody,
    move_on,
    new_draft,
    period_label,
    preview_move,
    protocol_of,
    publish,
    read,
    read_toml,
    save_draft,
    write,
)
from crmkit_prosthesis_feedback.publish import usual_body
from crmkit_prosthesis_feedback.settings import USUAL_REASONS

from .people import answers_to, astray, cards_of, won

SMALL = """
[questions.wears]
label = "Do you wear it?"
kind = "yes_no"
tells_use = true
incidents = { no = "repair" }

[questions.why]
label = { en = "Why not?", ru = "Почему?" }
kind = "choice"
choices = { pain = "Pain", size = "Size" }
when = { question = "wears", values = ["no"] }

[questions.pain]
label = "Pain"
kind = "scale"
least = 0
most = 10
scored = true
red_flag = { least = 7 }

[periods.first]
label = "First"
after = "2w"
earliest = "-4d"
latest = "1w"
questions = ["wears", "why"]

[periods.second]
label = "Second"
after = "1y 6mo"
earliest = "-1mo"
latest = "2mo"
questions = ["wears", "pain"]
"""


@pytest.mark.parametrize(
    ("text", "months", "days"), [("2w", 0, 14), ("1y 6mo", 18, 0), ("-10d", 0, -10), ("0", 0, 0), ("1mo 3d", 1, 3), ("-1mo", -1, 0), ("2w 1d", 0, 15)]
)
def test_offsets(text, months, days):
    found = Offset.read(text)
    assert found == Offset(months, days)
    assert Offset.read(str(found)) == found


@pytest.mark.parametrize("text", ["", "three weeks", "1h", "-", "1.5mo"])
def test_no_offsets(text):
    with pytest.raises(ValueError, match="expected an offset"):
        Offset.read(text)


def test_the_usual_protocols_cover_two_years_and_ask_children_more_often():
    bodies = {group: usual_body(group) for group in Group}
    for body in bodies.values():
        assert list(body.periods.values())[-1].after >= Offset(24)
        assert read(write(body), USUAL_REASONS) == body
        assert all(isinstance(q.label, dict) and {"en", "ru"} <= q.label.keys() for q in (*body.questions.values(), *body.periods.values()))
        used = {name for period in body.periods.values() for name in period.questions}
        assert used == body.questions.keys()
    assert len(bodies[Group.CHILD].periods) > len(bodies[Group.ADULT].periods)


def test_what_is_written_is_read_again():
    body = read_toml(SMALL)
    assert read(write(body)) == body
    assert write(body)["periods"]["second"] == {
        "label": "Second", "after": "1y 6mo", "earliest": "-1mo", "latest": "2mo", "questions": ["wears", "pain"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("kind = \"scale\"", "kind = \"stars\""), "questions.pain.kind"), (("least = 0", "least = 20"), "questions.pain.least"),
        (("least = 0", "leest = 0"), "questions.pain.leest"), (("scored = true", "scored = 1"), "questions.pain.scored"),
        (('label = "Pain"', ""), "questions.pain.label"), (("{ least = 7 }", '{ values = ["yes"] }'), "questions.pain.red_flag.values"),
        (('values = ["no"]', 'values = ["never"]'), "questions.why.when.values.0"), (('no = "repair"', 'no = "war"'), "questions.wears.incidents.no"),
        (('no = "repair"', 'maybe = "repair"'), "questions.wears.incidents.maybe"),
        (('question = "wears"', 'question = "wear"'), "questions.why.when.question"),
        (('question = "wears"', 'question = "why"'), "questions.why.when"),
        (('["wears", "why"]', '["why", "wears"]'), "periods.first.questions.0"),
        (('["wears", "pain"]', '["wears", "wears"]'), "periods.second.questions.1"),
        (('["wears", "pain"]', '["wears", "sleep"]'), "periods.second.questions.1"), (('["wears", "pain"]', "[]"), "periods.second.questions"),
        (('after = "2w"', 'after = "2y"'), "periods.second.after"), (('earliest = "-4d"', 'earliest = "4d"'), "periods.first.earliest"),
        (('latest = "1w"', 'latest = "soon"'), "periods.first.latest"), (('after = "2w"', 'after = "-2w"'), "periods.first.after"),
        (('choices = { pain = "Pain", size = "Size" }', 'choices = { pain = "Pain" }'), "questions.why.choices"),
        (("[periods.first]", "[periods.First]"), "periods.First"), (("[questions.pain]", "[question.pain]"), "body.question"),
        (("[questions.wears]", "[questions.wears"), "body"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_at_its_place(change, place):
    assert change[0] in SMALL
    with pytest.raises(Invalid) as refused:
        read_toml(SMALL.replace(*change, 1), USUAL_REASONS)
    assert place in [p.path for p in refused.value.problems]
    assert all(p.message.to("ru") != p.message.to("en") for p in refused.value.problems if p.path != "body")


def test_a_version_is_published_and_stays(uow, clock):
    protocol = protocol_of(uow, Group.ADULT)
    first = in_force(uow, Group.ADULT)
    assert (protocol.name, protocol.in_force, first.number) == ("adults", 1, 1)
    draft = new_draft(uow, protocol)
    assert (draft.number, draft.body) == (2, first.body)
    save_draft(uow, draft, read_toml(SMALL), "shorter")
    assert in_force(uow, Group.ADULT).number == 1
    publish(uow, draft)
    uow.commit()
    assert in_force(uow, Group.ADULT).number == 2
    assert period_label(uow, draft.id, "first") == "First"
    with pytest.raises(Conflict):
        save_draft(uow, draft, read_toml(SMALL))
    clock.forward(days=1)
    uow.get(ProtocolVersion, draft.id).body = {}
    with pytest.raises(Invalid):
        uow.flush()



def test_people_are_moved_to_a_newer_version_with_a_preview(crm, uow, clock, deliver):
    services = [won(uow, name=f"P{n}") for n in range(2)]
    clock.forward(days=14)
    for service in services:
        (card,) = cards_of(uow, service)
        collect(uow, card, answers_to(uow, card), finish=True)
    draft = new_draft(uow, protocol_of(uow, Group.ADULT))
    body = dict(draft.body)
    body["periods"] = {n: p for n, p in body["periods"].items() if n not in ("month9", "month15")}
    draft.body = body
    with pytest.raises(Conflict):
        move_on(uow, services[0], draft)
    publish(uow, draft)
    uow.commit()
    assert followers(uow, draft) == [s.id for s in services]
    told = preview_move(uow, services[0], draft)
    assert len(cards_of(uow, services[0])) == 11
    changes = move_on(uow, services[0], draft)
    assert [(c.period, c.after) for c in changes] == [(c.period, c.after) for c in told]
    waiting = [c for c in cards_of(uow, services[0]) if c.stage not in ("done", "skipped")]
    assert [c.period for c in waiting] == ["month1", "month3", "month6", "month12", "month18", "month21", "month24", "month27"]
    assert {c.protocol_version_id for c in waiting} == {draft.id}
    assert followers(uow, draft) == [services[1].id]
    assert move_everybody(uow, draft) == 1
    deliver(until=dt.timedelta(minutes=1))
    uow.refresh()
    assert followers(uow, draft) == []
    assert body_of(uow, draft).periods.keys() == body["periods"].keys()
    assert astray(crm, uow) == []
