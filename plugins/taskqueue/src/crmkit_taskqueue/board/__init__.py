"""The supervisor's board, live: who works at what, since when, and what may be done about it."""

from . import actions, page
from .day import Manager, WorkDay, forecast, read_day

__all__ = ["Manager", "WorkDay", "actions", "forecast", "page", "read_day"]
