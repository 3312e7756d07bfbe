"""A CRM of people on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from crmkit import Crm
from tests.core.search.world import compose


def _prepare(url: str) -> None:
    crm = compose(url)
    for table in crm.tables:
        table.create(crm.engine, checkfirst=True)
    crm.engine.dispose()


@pytest.fixture
def crm(copy_of: Callable[..., str]) -> Iterator[Crm]:
    """The people's CRM, empty."""
    made = compose(copy_of("people to search", _prepare))
    yield made
    made.engine.dispose()
