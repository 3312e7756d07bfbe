from __future__ import annotations

import pytest

from crmkit import Role
from crmkit.duplicates import plugin as duplicates
from tests.duplicates import people

ALL = {"people.person.*": "all", "duplicates.*": "all"}


@pytest.fixture
def crm_plugins():
    return [people.plugin, duplicates]


@pytest.fixture
def crm_roles():
    return [
        Role("lead", ALL),
        Role("clerk", {"people.person.*": "own", "duplicates.*": "all"}),
        Role("outsider", ALL, hidden=["people.person.phone"]),
        Role("stranger", {"duplicates.*": "all"}),
        Role("blind", ALL, hidden=["people.number.value"]),
    ]
