"""Reports on feedback: who answered, who uses the device, how long incidents take, red flags, devices with complaints, recalls."""

from .asked import Ask
from .complaints import DeviceRow, devices
from .flags import FlagRow, red_flags
from .recalling import RecallRow, recall
from .resolving import IncidentRow, incidents
from .responding import ResponseRow, response
from .table import Key, Report, Row
from .using import UseRow, use

__all__ = [
    "Ask", "DeviceRow", "FlagRow", "IncidentRow", "Key", "RecallRow", "Report", "ResponseRow", "Row", "UseRow", "devices", "incidents",
    "recall", "red_flags", "response", "use",
]  # fmt: skip
