"""Sales reports from history: funnel, time in stage, won and lost, cohorts, forecast, first response."""

from .ask import Ask
from .cohorts import CohortRow, cohorts
from .forecast import ForecastRow, forecast
from .funnel import FunnelRow, funnel
from .hours import Hours, office
from .outcomes import OutcomeRow, won_lost
from .responses import ResponseRow, first_response
from .stays import StageTimeRow, time_in_stage
from .table import Key, Report, Row

__all__ = [
    "Ask", "CohortRow", "ForecastRow", "FunnelRow", "Hours", "Key", "OutcomeRow", "Report", "ResponseRow", "Row", "StageTimeRow",
    "cohorts", "first_response", "forecast", "funnel", "office", "time_in_stage", "won_lost",
]  # fmt: skip
