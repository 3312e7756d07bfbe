"""Who may bring files in and take lists out, by the roles that come with sales: alone, and joined with those of accounts."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

import crmkit.accounts
import crmkit.activities
import crmkit_sales
from crmkit import Crm, Role
from crmkit.accounts.roles import offered


def who_may(roles: Iterable[Role], permission: str) -> set[str]:
    return {role.name for role in roles if any(fnmatch.fnmatchcase(permission, pattern) for pattern in role.grants)}


def test_those_who_answer_for_all_records_bring_files_in_and_nobody_else() -> None:
    crm = Crm(crmkit.activities.plugin, crmkit.accounts.plugin, crmkit_sales.plugin, database="sqlite:///never-opened.db")
    assert who_may(crmkit_sales.ROLES, "crmkit.import") == {"director"}
    assert who_may(offered(crm), "crmkit.import") == {"administrator", "director"}
    assert who_may(offered(crm), "crmkit.export") == {"administrator", "director", "team_lead"}
