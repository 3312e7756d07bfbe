"""The check-list of a call: only what the period asks, checked by kind, kept as it comes, finished when nothing is missing."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

from crmkit import Actor, Conflict, Invalid
from crmkit_prosthesis_feedback import Answer, Question, Respondent, answers_of_card, asked_of, body_of, collect, open_incident
from crmkit_prosthesis_feedback.collecting import accept, weighed
from crmkit_prosthesis_feedback.commands import give_up

from .people import answers_to, cards_of, won

YES_NO = Question(label="?", kind="yes_no", scores={"yes": 3})
CHOICE = Question(label="?", kind="choice", choices={"good": "Good", "bad": "Bad"}, scores={"good": 1.5}, incidents={"bad": "repair"})
SCALE = Question(label="?", kind="scale", least=0, most=10, scored=True)
NUMBER = Question(label="?", kind="number", least=0, most=24)


@pytest.mark.parametrize(
    ("question", "given", "kept"),
    [
        (YES_NO, "yes", True), (YES_NO, False, False), (YES_NO, "", None), (YES_NO, None, None), (CHOICE, "bad", "bad"), (SCALE, "7", 7),
        (NUMBER, "7,5", decimal.Decimal("7.5")), (NUMBER, 24, 24), (Question(label="?", kind="text"), "all is well", "all is well"),
    ],
)  # fmt: skip
def test_answers_are_kept_in_their_type(question, given, kept):
    assert accept(question, given) == kept


@pytest.mark.parametrize(
    ("question", "given"),
    [
        (YES_NO, "maybe"), (YES_NO, 1), (CHOICE, "fair"), (CHOICE, True), (SCALE, 11), (SCALE, "5.5"), (SCALE, -1), (NUMBER, "many"), (NUMBER, 25),
        (NUMBER, float("nan")), (NUMBER, True), (Question(label="?", kind="text"), "x" * 10_001), (Question(label="?", kind="photo"), "x" * 65),
        (YES_NO, ["yes"]), (YES_NO, {}),
    ],
)  # fmt: skip
def test_answers_that_will_not_do(question, given):
    with pytest.raises(ValueError, match=r"\w"):
        accept(question, given)


def test_points_and_offers():
    assert (weighed("q", YES_NO, True).score, weighed("q", YES_NO, False).score) == (3, 0)
    assert (weighed("q", CHOICE, "good").score, weighed("q", CHOICE, "bad").incident) == (decimal.Decimal("1.5"), "repair")
    assert weighed("q", SCALE, decimal.Decimal(7)).score == 7
    assert weighed("q", NUMBER, decimal.Decimal(7)).score is None


def test_a_check_list_goes_on_where_it_was_left(crm, uow, clock):
    service = won(uow)
    (card,) = cards_of(uow, service)
    body = body_of(uow, card.protocol_version_id)
    assert "why_not" not in asked_of(body, card.period, {})
    assert "why_not" in asked_of(body, card.period, {"wears": False})
    with pytest.raises(Invalid) as refused:
        collect(uow, card, {"wears": "no", "skin": "blue", "advise": 3})
    assert {p.path: p.code for p in refused.value.problems} == {"skin": "invalid", "advise": "unknown"}
    assert answers_of_card(uow, card) == {}
    collect(uow, card, {"wears": "no", "why_not": "broken", "broken": "useless"})
    assert (card.stage, card.red_flags, card.in_use, card.respondent) == ("this_month", 3, False, None)
    clock.forward(days=1)
    uow.commit()
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        collect(hers, hers.get(type(card), card.id), {"skin": "fine", "wears": "no"})
    uow.refresh()
    rows = {a.question: a for a in uow.find(Answer).where(Answer.feedback_id == card.id)}
    assert (rows["wears"].answered_by, rows["skin"].answered_by) == (None, 7)  # what is the same again is not new
    assert (rows["wears"].yes, rows["why_not"].choice, rows["wears"].red_flag) == (False, "broken", True)
    collect(uow, card, {"wears": "yes", "hours": "7,5", "comfort": 9, "broken": None})
    assert answers_of_card(uow, card) == {"wears": True, "hours": decimal.Decimal("7.5"), "comfort": 9, "skin": "fine"}  # why_not is asked no more
    with pytest.raises(Invalid) as refused:
        collect(uow, card, {}, finish=True)
    assert [p.path for p in refused.value.problems] == ["broken"]
    collect(uow, card, {"broken": "no", "wears": "no", "why_not": "size"})
    assert answers_of_card(uow, card)["why_not"] == "size"  # it came back from the archive
    collect(uow, card, {"wears": "yes", "hours": 8, "comfort": 9}, finish=True, respondent=Respondent.GUARDIAN, note="busy")
    assert (card.done_on, card.respondent, card.note, card.score) == (dt.date(2026, 3, 3), Respondent.GUARDIAN, "busy", 29)
    collect(uow, card, {"comfort": 2})  # put right afterwards
    assert (card.score, card.red_flags, len(cards_of(uow, service))) == (22, 1, 11)
    with pytest.raises(Invalid):
        collect(uow, card, {"comfort": None})


def test_nobody_is_asked_what_is_not_asked(uow, clock):
    service = won(uow)
    (card,) = cards_of(uow, service)
    give_up(card, uow)
    assert len(cards_of(uow, service)) == 11  # the first one is over, one way or another
    with pytest.raises(Conflict):
        collect(uow, card, {"wears": "yes"})
    second = cards_of(uow, service)[1]
    open_incident(uow, service, reason="repair", feedback=second)
    collect(uow, second, answers_to(uow, second), finish=True)  # the call in which it was found goes on
    assert second.stage == "done"
