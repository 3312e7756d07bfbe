"""Events across the commit: how an ``@after`` handler's event is kept in its job, and found again on delivery."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from . import wire
from .events import RECORD_EVENTS, Changed, Moved, RecordEvent, Undone
from .kind import Kind

if t.TYPE_CHECKING:
    from .compose import Crm
    from .uow import Uow


def event_to_json(event: object, crm: Crm) -> dict[str, t.Any]:
    """Return an event as JSON: a record event by its record's key, a plugin's own by its fields."""
    if not isinstance(event, RecordEvent):
        return {"own": wire.strict_converter().unstructure(event), "name": crm.event_name(type(event))}
    kind = crm.kind(type(event.record))
    kept: dict[str, t.Any] = {"event": type(event).__name__, "kind": kind.key, "id": event.record.id}
    if isinstance(event, Changed):
        kept["changes"] = changes_to_json(kind, event.changes)
    elif isinstance(event, Undone):
        kept["action"] = event.action
    elif isinstance(event, Moved):
        kept["move"] = [event.from_pipeline, event.from_stage, event.pipeline, event.stage]
    return kept


def own_from_json(kept: Mapping[str, t.Any], own_class: type | None, crm: Crm) -> object | None:
    """Return a plugin's own event of a job, which needs no database; None where the event is about a record."""
    if "own" not in kept:
        return None
    cls = crm.event_classes.get(kept.get("name", ""), own_class)  # one function may hear of several
    assert cls is not None
    return t.cast(object, wire.strict_converter().structure(kept["own"], cls))


def event_from_json(kept: Mapping[str, t.Any], own_class: type | None, uow: Uow) -> object | None:
    """Return the event of a job, its record read afresh; None when the record is gone for good."""
    own = own_from_json(kept, own_class, uow.crm)
    if own is not None:
        return own
    kind = uow.crm.kinds.get(kept["kind"])
    record = uow.peek(kind.cls, kept["id"]) if kind is not None else None
    if kind is not None and record is None and kept.get("action") == "deleted":
        record = object.__new__(kind.cls)
        record.__dict__.update(id=kept["id"], _state="deleted")
    if kind is None or record is None:
        return None
    cls = RECORD_EVENTS[kept["event"]]
    if cls is Changed:
        return Changed(record, changes_from_json(kind, kept["changes"]))
    if cls is Undone:
        return Undone(record, kept["action"])
    if cls is Moved:
        return Moved(t.cast(t.Any, record), *kept["move"])
    return cls(record)


SECRET = "•••"


def changes_to_json(kind: Kind, changes: Mapping[str, tuple[t.Any, t.Any]]) -> dict[str, list[t.Any]]:
    """Return changes for the journal: dotted field to ``[old, new]``, secrets blotted out."""
    dump = wire.dump
    kept = {}
    for name, (old, new) in changes.items():
        field = kind.fields.get(name)
        if field is None:
            extension, _dot, own = name.partition(".")
            field = kind.extensions[extension].fields[own]
        kept[name] = [SECRET, SECRET] if field.secret else [dump(old), dump(new)]
    return kept


def changes_from_json(kind: Kind, kept: Mapping[str, t.Any]) -> dict[str, tuple[t.Any, t.Any]]:
    """Return journalled changes with Python's values again."""
    found = {}
    for name, (old, new) in kept.items():
        extension, _dot, own = name.rpartition(".")
        held = kind.extensions.get(extension) if extension else kind
        field = held.fields.get(own) if held is not None else None
        found[name] = (old, new) if field is None or field.secret else (wire.load(field, old), wire.load(field, new))
    return found
