"""The follow-up keeps the rules it asks of other plugins."""

from __future__ import annotations

import pytest

from crmkit.testing import check_plugin


@pytest.mark.slow
def test_it_is_well_made():
    check_plugin("crmkit_prosthesis_feedback:plugin", databases=("sqlite",))
