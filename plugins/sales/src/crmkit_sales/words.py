"""Words that settings and entities share."""

from __future__ import annotations

import enum

from crmkit import _


class ForecastCategory(enum.Enum):
    """How sure a deal is, in the words of sales managers."""

    OMITTED = "omitted"
    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """What a person reads."""
        return FORECASTS[self]


FORECASTS: dict[ForecastCategory, str] = {
    ForecastCategory.OMITTED: _("Left out", ru="Не учитывать"),
    ForecastCategory.PIPELINE: _("Pipeline", ru="В работе"),
    ForecastCategory.BEST_CASE: _("Best case", ru="Оптимистично"),
    ForecastCategory.COMMIT: _("Commit", ru="Обещано"),
    ForecastCategory.CLOSED: _("Closed", ru="Закрыто"),
}
