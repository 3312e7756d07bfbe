"""Sales reports from history: funnel, time in stage, won and lost, cohorts, forecast, first response."""

from .ask import Ask
from .funnel import FunnelRow, funnel
from .hours import Hours
from .outcomes import OutcomeRow, won_lost
from .stays import StageTimeRow, time_in_stage
from .table import Key, Report, Row

__all__ = ["Ask", "FunnelRow", "Hours", "Key", "OutcomeRow", "Report", "Row", "StageTimeRow", "funnel", "time_in_stage", "won_lost"]
