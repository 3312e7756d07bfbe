"""What an integrator sets: what cannot work is refused before anybody is served, and it is said what to write."""

from __future__ import annotations

import pytest

import crmkit.activities
import crmkit_prosthesis_feedback
import crmkit_sales
import crmkit_taskqueue
from crmkit import CompositionError, Crm

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
