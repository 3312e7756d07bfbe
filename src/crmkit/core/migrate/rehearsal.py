"""Trying a plugin's whole history before anybody's data meets it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event

from ..text import Text
from .compare import check
from .owner import Owner, history, ordered
from .upgrade import downgrade, upgrade
from .words import SchemaError


def rehearse(owners: Iterable[Owner], engine: sa.Engine | None = None) -> list[Text]:
    """Run upgrade, check, every step back, and upgrade again; return what went wrong, in sentences.

    Happens in a SQLite file of its own, or in `engine`, which must be empty.
    """
    order = ordered(owners)
    with _place(engine) as place:
        try:
            upgrade(place, order)
            if found := check(place, order):
                return found
            for owner in reversed(order):
                for _revision in history(owner):
                    downgrade(place, order, owner.name, confirm=owner.name)
            upgrade(place, order)
            return check(place, order)
        except SchemaError as error:
            return [error.message]


@contextlib.contextmanager
def _place(engine: sa.Engine | None) -> Iterator[sa.Engine]:
    if engine is not None:
        yield engine
        return
    with tempfile.TemporaryDirectory(prefix="crmkit-rehearsal-") as folder:
        made = sa.create_engine(f"sqlite:///{Path(folder) / 'rehearsal.db'}")
        event.listen(made, "connect", lambda raw, _record: raw.execute("PRAGMA foreign_keys = ON"))
        try:
            yield made
        finally:
            made.dispose()
