"""For whom something is drawn just now, for what is drawn without being told: a chart in a widget."""

from __future__ import annotations

from contextvars import ContextVar

import attrs


@attrs.frozen
class Here:
    """The language of the visit, and the path the CRM is mounted at (``/crm``, or nothing)."""

    language: str = "en"
    root: str = ""


NOWHERE = Here()
HERE: ContextVar[Here] = ContextVar("crmkit_here", default=NOWHERE)
