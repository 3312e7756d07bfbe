"""Words that settings and entities share."""

from __future__ import annotations

import enum


class ForecastCategory(enum.Enum):
    """How sure a deal is, in the words of sales managers."""

    OMITTED = "omitted"
    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"
    CLOSED = "closed"
