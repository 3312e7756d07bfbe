"""What happens to records, for automations: ``Created[Deal]``, ``Changed[Deal]``, ``Moved[Deal]`` …"""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

import attrs

from .model import Entity

E_co = t.TypeVar("E_co", bound=Entity, covariant=True)  # a handler may ask for something wider: Created[Staged]


@attrs.frozen
class RecordEvent(t.Generic[E_co]):
    """Something happened to `record`.

    In an ``@on`` handler the record is the very object that was changed. In an ``@after`` handler it is read afresh: it
    shows the present, and `Changed.changes` what was changed then.
    """

    record: E_co


@attrs.frozen
class Created(RecordEvent[E_co]):
    """A record was added."""


@attrs.frozen
class Changed(RecordEvent[E_co]):
    """Fields were edited: `changes` maps the dotted field to ``(old, new)``."""

    changes: Mapping[str, tuple[t.Any, t.Any]]


@attrs.frozen
class Moved(RecordEvent[E_co]):
    """A record went from one stage to another; the pipeline may have changed too."""

    from_pipeline: str
    from_stage: str
    pipeline: str
    stage: str


@attrs.frozen
class Archived(RecordEvent[E_co]):
    """A record was put into the archive (recycle bin)."""


@attrs.frozen
class Restored(RecordEvent[E_co]):
    """A record was taken out of the archive."""


@attrs.frozen
class Undone(RecordEvent[E_co]):
    """A record was put back by an undo: `action` is ``undone`` (fields as before), ``deleted`` or ``recreated``.

    No other event tells of it, since nothing new happened: it is for plugins that mirror records elsewhere. A deleted record
    is as it was; in an ``@after`` handler all that is left of it is its `id`.
    """

    action: str


@attrs.frozen
class Tick:
    """The moment an ``@every`` automation was due, aware, in UTC. After a pause one tick stands for all missed ones."""

    at: dt.datetime


RECORD_EVENTS: dict[str, type[RecordEvent[t.Any]]] = {c.__name__: c for c in (Created, Changed, Moved, Archived, Restored, Undone)}


def event_key(event: object) -> tuple[type, type[Entity] | None]:
    """Split ``Created[Deal]`` into ``(Created, Deal)``; a plugin's own event class gives ``(Class, None)``."""
    origin = t.get_origin(event)
    if origin is None:
        return t.cast(type, event), None
    (of,) = t.get_args(event)
    return origin, of if isinstance(of, type) and issubclass(of, Entity) else None
