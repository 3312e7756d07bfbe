"""How notes, files and activities are shown: activities are the one list people work through."""

from __future__ import annotations

from crmkit.ui import Look

from .entities import Activity, File, Note
from .kinds import labels_of

KEYS = ("about_kind", "about_id")
ACTIVITIES = Look(
    of=Activity, icon="circle-check-big", section="work", order=20, title="subject", sort="due_at", filter={"done_at": {"empty": True}}, day="due_at",
    hidden=KEYS,
    choices={"kind": labels_of}, columns=("subject", "kind", "due_at", "done_at", "outcome", "owner_id"), form=("subject", "kind", "due_at", "text"),
)  # fmt: skip
NOTES = Look(of=Note, icon="sticky-note", section="", title="text", columns=("text", "pinned", "owner_id", "created_at"), hidden=KEYS)
FILES = Look(
    of=File, icon="paperclip", section="", title="name", columns=("name", "media_type", "size", "owner_id", "created_at"), hidden=(*KEYS, "digest"),
)  # fmt: skip
