"""XES, the standard of event logs (IEEE 1849): read and written piece by piece, nothing lost on the way."""

from .model import TYPES, Attribute, BadLog, Event, Head, Trace, moment
from .reading import LogReader
from .writing import LogWriter

__all__ = ["TYPES", "Attribute", "BadLog", "Event", "Head", "LogReader", "LogWriter", "Trace", "moment"]
