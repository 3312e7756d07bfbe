"""The CRM the browser looks at: every plugin there is, the demo's people, a little of its data."""

from __future__ import annotations

import contextlib
import functools
import random
import typing as t
from pathlib import Path

import attrs

from crmkit import Crm, MovableClock, Plugin, Uow
from crmkit.accounts import open_doors
from crmkit.core.compose import installed
from crmkit.testing.databases import Databases, Prepare
from crmkit.testing.kit import Kit

NAMES = ("accounts", "activities", "duplicates", "sales", "views", "webhooks")
ZONE = "Europe/Moscow"
PASSWORD = "a long word for tests"
DEALS = 40
CHEAP = {"argon2_time": 1, "argon2_memory": 64, "argon2_lanes": 1}  # everybody signs in in every test


@functools.cache
def plugins() -> tuple[Plugin, ...]:
    """All plugins of this checkout."""
    return tuple(installed(NAMES))


def settings(folder: Path, composed: t.Iterable[Plugin]) -> dict[str, t.Any]:
    """The tables of crmkit.toml for a test's own folder."""
    tables: dict[str, t.Any] = {"crmkit": {"timezone": ZONE}, "ui": {"imports": str(folder / "imports")}}
    names = {plugin.name for plugin in composed}
    if "activities" in names:
        tables["activities"] = {"folder": str(folder / "files")}
    if "accounts" in names:
        tables["accounts"] = dict(CHEAP)
    return tables


class Furnished(Databases):
    """Databases with the demo's people and data in them, made once for each kind, then copied."""

    def copy(self, kind: str, key: t.Hashable, prepare: Prepare) -> str:
        """Return a new database; where a plugin of ours is left out, an empty one."""
        composed = t.cast("tuple[tuple[tuple[str, int], ...], str]", key)[0]
        if not {name for name, _number in composed}.issuperset(NAMES):
            return super().copy(kind, key, prepare)

        def furnished(url: str) -> None:
            prepare(url)
            self._fill(url)

        return super().copy(kind, key, furnished)

    def _fill(self, url: str) -> None:
        tables = settings(self.folder, plugins())
        tables["crmkit"]["jobs"] = False
        crm = Crm(*plugins(), database=url, settings=tables, clock=MovableClock())
        with crm.uow() as uow:
            crm.hook.crm_demo(uow=uow, random=random.Random(1), size=DEALS)
        open_doors(crm, PASSWORD)
        crm.engine.dispose()


@attrs.frozen
class Served:
    """A CRM on a real server of this machine: where it is, and the test's way into it."""

    url: str
    kit: Kit

    @property
    def crm(self) -> Crm:
        """The CRM that is served."""
        return self.kit.crm

    def uow(self) -> contextlib.AbstractContextManager[Uow]:
        """SYSTEM at work, beside whoever works in the browser."""
        return self.crm.uow()


def login(name: str) -> str:
    """What somebody of the demo types: ``login("manager")``."""
    return f"{name}@demo.example"
