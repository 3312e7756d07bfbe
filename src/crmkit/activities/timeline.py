"""Notes, files and activities in the timeline of the record they are about."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

from crmkit import Entity, Uow, hookimpl

from .entities import Activity, File, Note
from .kinds import kinds_of
from .ui_words import icons, minutes, tones

MOST = 200
SHOWN: tuple[tuple[type[Note | File | Activity], str, tuple[str, ...]], ...] = (
    (Note, "text", ("pinned",)),
    (File, "name", ("size", "media_type", "removed_at")),
    (Activity, "subject", ("outcome", "due_at", "done_at", "duration")),
)


@hookimpl
def crm_timeline(record: Entity, uow: Uow, before: dt.datetime | None) -> Sequence[Mapping[str, t.Any]] | None:
    """Add what the actor may see of the notes, files and activities about a record."""
    about = uow.about(record)
    if uow.crm.kinds[about["about_kind"]].fields.get("about_id") is not None:
        return None
    return [entry for cls, text, more in SHOWN for entry in _entries(uow, cls, about, text, more, before)]


def _entries(
    uow: Uow, cls: type[Note | File | Activity], about: Mapping[str, t.Any], text: str, more: tuple[str, ...], before: dt.datetime | None
) -> list[Mapping[str, t.Any]]:
    kind = uow.crm.kind(cls)
    hidden = uow.crm.access.hidden(uow.actor, kind) if not uow.elevated else frozenset()
    found = uow.find(cls).where(cls.about_kind == about["about_kind"], cls.about_id == about["about_id"])
    if before is not None:
        found = found.where(cls.created_at < before)
    fields = [f for f in ("owner_id", *(["kind"] if cls is Activity else []), *more) if f not in hidden]
    names = ["id", "created_at", *([] if text in hidden else [text]), *fields]
    entries: list[Mapping[str, t.Any]] = []
    for row in found.order_by(cls.id.desc()).limit(MOST).columns(*(kind.table.c[n] for n in names)):
        values = dict(zip(names, row, strict=True))
        entry: dict[str, t.Any] = {"at": values.pop("created_at"), "kind": kind.key, "record_id": values.pop("id"), "action": "added"}
        entry["text"] = values.pop(text, "")
        if cls is Activity:
            values["activity_kind"] = values.pop("kind", None)
            known = kinds_of(uow.crm).get(values["activity_kind"] or "")
            if values.get("duration"):
                entry["lasted"] = minutes.format(count=values["duration"])
            entry |= {"title": known.label if known is not None else "", "icon": icons.get(values["activity_kind"] or "", "circle-check-big"),
                "tone": "ok" if values.get("done_at") else tones.get(values["activity_kind"] or "", "")}  # fmt: skip
        elif cls is Note:
            entry["tone"] = "note"
        entries.append(entry | values)
    return entries
