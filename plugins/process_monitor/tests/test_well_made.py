"""The process monitor keeps the rules it asks of other plugins."""

from __future__ import annotations

from crmkit.testing import check_plugin


def test_it_is_well_made():
    check_plugin("crmkit_process_monitor:plugin", databases=("sqlite",))
