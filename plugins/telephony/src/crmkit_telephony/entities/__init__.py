"""What telephony keeps."""

from .calls import Call, CallState, Direction
from .lines import DoNotCall, Line, OurNumber

__all__ = ["Call", "CallState", "Direction", "DoNotCall", "Line", "OurNumber"]
