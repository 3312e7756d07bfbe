"""What an integrator sets: what cannot work is refused before anybody is served, and it is said what to write."""

from __future__ import annotations

import datetime as dt

import pytest

import crmkit.activities
import crmkit_prosthesis_feedback
import crmkit_sales
import crmkit_taskqueue
from crmkit import CompositionError, Crm, Tick
from crmkit_prosthesis_feedback.planning_anew import follow_settings

from .people import cards_of, won

PLUGINS = [crmkit.activities.plugin, crmkit_sales.plugin, crmkit_taskqueue.plugin, crmkit_prosthesis_feedback.plugin]


def refusal(tmp_path, **settings):
    with pytest.raises(CompositionError) as refused:
        Crm(*PLUGINS, settings={"prosthesis_feedback": settings}, database=f"sqlite:///{tmp_path}/none.db")
    return "\n".join(refused.value.problems)


def test_settings_that_name_what_is_not_there(tmp_path):
    told = refusal(
        tmp_path,
        opens_at="sales.handed_over", issued="handed_on", child_protocol="adults", task_kind="follow",
        reasons={"theft": {"label": "Stolen", "pipeline": "incident_theft"}},
    )  # fmt: skip
    for word in ("opens_at = 'sales.handed_over'", "sales.won", "issued = 'handed_on'", "child_protocol", "task_kind", "follow_up", "reasons.theft"):
        assert word in told
    assert "holds no day" in refusal(tmp_path, issued="title")
    assert "00:30" in refusal(tmp_path, correct_at="midnight")
    assert "sales.won" in refusal(tmp_path, opens_at="won")
    assert "at least 1" in refusal(tmp_path, attempts=0)


def test_settings_that_work(tmp_path):
    settings = {
        "prosthesis_feedback": {
            "opens_at": "sales.offer", "reasons": {"theft": {"label": {"en": "Stolen", "ru": "Украден"}, "pipeline": "theft", "remakes": True}},
        },
        "pipelines": {"theft": {"of": "prosthesis_feedback.incident", "like": "incident_other"}},
    }  # fmt: skip
    crm = Crm(*PLUGINS, settings=settings, database=f"sqlite:///{tmp_path}/none.db")
    assert list(crm[crmkit_prosthesis_feedback.FeedbackSettings].all_reasons) == ["repair", "visit", "refit", "remake", "other", "theft"]
    crm.engine.dispose()


def test_cards_follow_the_hour_of_calls_and_the_working_days(crm, uow, clock):
    service = won(uow)
    (card,) = cards_of(uow, service)
    uow.commit()
    clock.forward(days=1)
    with crm.uow() as inner:  # as every night; the whole day would run what is due each minute of it
        follow_settings(Tick(clock.now()), inner)
    url = crm.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    settings = {"crmkit": {"timezone": "Asia/Omsk"}, "sales": {"days_off": [dt.date(2026, 3, 16)]}, "prosthesis_feedback": {"call_at": "11:30"}}
    other = Crm(*PLUGINS, settings=settings, database=url, clock=clock)
    for _again in range(2):  # what was followed already is left alone
        with other.uow() as inner:
            follow_settings(Tick(clock.now()), inner)
        other.deliver(reraise=True)
    other.engine.dispose()
    uow.refresh()
    assert (card.ideal, card.planned_at) == (dt.date(2026, 3, 16), dt.datetime(2026, 3, 17, 5, 30, tzinfo=dt.UTC))
