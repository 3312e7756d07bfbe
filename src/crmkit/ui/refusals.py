"""Why something could not be, as people read it: rights by what they allow instead of by their names."""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from ..core.errors import Refusal
    from .visit import Visit

NAME = re.compile(r"[a-z_]\w*(?:\.\w+)+")


def why(visit: Visit, refusal: Refusal) -> str:
    """Return a refusal's message in the visitor's language: ``You need the permission “See and replay jobs”``."""

    def label(found: re.Match[str]) -> str:
        permission = visit.crm.permissions.get(found[0])
        if permission is None or not permission.label:
            return found[0]
        return f"«{visit.say(permission.label)}»" if visit.language == "ru" else f"“{visit.say(permission.label)}”"

    said = visit.say(refusal.message)
    return NAME.sub(label, said) if refusal.status == 403 else said


__all__ = ["why"]
