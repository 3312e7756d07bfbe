"""Reports on work: what was done, breaks, and what waits; as charts, JSON and CSV."""

from .asked import Ask
from .done import WorkRow, work
from .rests import BreakRow, breaks
from .table import Key, Report, Row
from .waits import QueueRow, queue

__all__ = ["Ask", "BreakRow", "Key", "QueueRow", "Report", "Row", "WorkRow", "breaks", "queue", "work"]
