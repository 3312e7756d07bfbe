"""How saved views are shown where they are listed themselves; lists offer them by name."""

from __future__ import annotations

from crmkit.ui import Look

from .entities import View

VIEWS = Look(
    of=View, icon="bookmark", section="", title="name", sort="position", columns=("name", "kind", "layout", "shared", "is_default", "owner_id"),
)  # fmt: skip
