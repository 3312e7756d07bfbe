"""Who has a number."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Found:
    """Somebody or something that has a number."""

    kind: str
    """The entity, such as ``sales.contact``."""
    id: int
    title: str
    about: str = ""
    """A few words that tell it from others: the company, the stage."""
    owner_id: int | None = None
    team_id: int | None = None
