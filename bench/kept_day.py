"""Keeping a simulated day, so that it is played on where it was: after `kill -9` as well, and with better code.

The database is copied at a moment at which nothing is half done, and the exchange, the people and their dice are written down beside it.
What waits to happen at the exchange is functions, so that it takes `cloudpickle` (`pip install cloudpickle`).
"""

from __future__ import annotations

import copyreg
import io
import itertools
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crmkit import MovableClock
from plugins.telephony_dialer.tests.day import Day, compose

FIELDS = ("pbx", "chance", "due", "serial", "seconds")


class Kept:
    """A folder with the last kept moment of a day."""

    def __init__(self, folder: Path, address: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file, self._url = folder / "state", sa.make_url(address)
        self._names = itertools.cycle([f"{self._url.database}_kept{n}" for n in (0, 1)])  # the one before is there until the new one is whole

    @property
    def there(self) -> bool:
        """True when something was kept."""
        return self._file.exists()

    def keep(self, day: Day, hours: float) -> None:
        """Keep a day as it is: nothing must be under way."""
        import cloudpickle  # type: ignore[import-not-found]

        name = next(self._names)
        day.crm.engine.dispose()
        self._copy(str(self._url.database), name)
        crashes = (day.crashes.chance, day.crashes.count)
        written = io.BytesIO()
        pickler = _pickler(cloudpickle, written, day)
        pickler.dump({"copy": name, "hours": hours, "now": day.clock.now(), "crashes": crashes, **{n: getattr(day, n) for n in FIELDS}})
        new = self._file.with_suffix(".new")
        new.write_bytes(written.getvalue())
        new.replace(self._file)

    def go_on(self, **asked: Any) -> tuple[Day, float]:
        """Return the day that was kept, and how many hours of it have been played."""
        import pickle

        clock = MovableClock()
        whole: dict[str, Any] = {}

        class Reader(pickle.Unpickler):
            def persistent_load(self, pid: str) -> Any:
                return whole[pid]

        class Deliver:  # stands for the day until it is there
            def _webhook(self, *given: Any) -> int:
                raise AssertionError

        whole |= {"clock": clock, "crm": None, "day": Deliver()}
        found = Reader(io.BytesIO(self._file.read_bytes())).load()
        clock.set(found["now"])
        self._copy(found["copy"], str(self._url.database))
        crm = compose(self._url.render_as_string(hide_password=False), clock)
        day = Day(crm, clock, **asked)
        for name in FIELDS:
            setattr(day, name, found[name])
        day.crashes.chance, day.crashes.count = found["crashes"]
        day.pbx._api = None  # another server: its tokens are gone, as after any restart
        day.provider.client.through(day.pbx.transport())
        day.pbx.deliver_to(day._webhook)
        return day, found["hours"]

    def _copy(self, name: str, to: str) -> None:
        if self._url.get_backend_name() == "sqlite":
            source = sqlite3.connect(name)
            source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            source.close()
            for rest in ("-wal", "-shm"):
                Path(to + rest).unlink(missing_ok=True)
            shutil.copy(name, to)
            return
        server = sa.create_engine(self._url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with server.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{to}" WITH (FORCE)'))
            connection.execute(sa.text(f'CREATE DATABASE "{to}" TEMPLATE "{name}" STRATEGY FILE_COPY'))


def _pickler(cloudpickle: Any, file: io.BytesIO, day: Day) -> Any:
    """Return what writes a day down without its database, clock and locks."""
    known = {id(day.clock): "clock", id(day.crm): "crm", id(day): "day"}

    class Writer(cloudpickle.CloudPickler):  # type: ignore[misc]
        def persistent_id(self, found: object) -> str | None:
            return known.get(id(found))

    for made in (threading.RLock, threading.Lock):
        copyreg.pickle(type(made()), lambda _lock, made=made: (made, ()))  # type: ignore[misc]
    return Writer(file)


def begun(address: str) -> None:
    """Make the database of a day that is kept, anew."""
    url = sa.make_url(address)
    if url.get_backend_name() == "sqlite":
        for rest in ("", "-wal", "-shm"):
            Path(str(url.database) + rest).unlink(missing_ok=True)
        return
    with sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)'))
        connection.execute(sa.text(f"CREATE DATABASE \"{url.database}\" TEMPLATE template0 ENCODING 'UTF8'"))


__all__ = ["Kept", "begun"]
