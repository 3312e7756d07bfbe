"""Reports on calls: who reached whom, who was missed, how long it took, and which advertising rang."""

from .figures import Ask, CallRow, Tries, calls, tries

__all__ = ["Ask", "CallRow", "Tries", "calls", "tries"]
