"""Who owns which tables and scripts: the kernel and each plugin, with one linear history each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs
import sqlalchemy as sa

from ..errors import closest
from ..text import Text
from . import words
from .words import SchemaError

KERNEL = "core"
VERSIONS = "crmkit_version_"
NAME_LIMIT = 27  # Alembic keeps "<name>_0001" in 32 characters
_FILE = re.compile(r"(\d{4})_\w+\.py")
_REVISION = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*(?:[\"'](\w*)[\"']|None)", re.MULTILINE)
_TITLE = re.compile(r'^\s*"""(.+?)\.?\s*(?:"""|$)', re.MULTILINE)


def _fits(_owner: object, _attribute: object, value: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value) or len(value) > NAME_LIMIT or value in ("crm", "crmkit", "parked"):
        raise SchemaError(words.NAME.format(plugin=value, limit=NAME_LIMIT))


def _tables(given: Iterable[sa.Table]) -> Sequence[sa.Table]:
    return tuple(given)


@attrs.frozen
class Owner:
    """One plugin (or the kernel, ``"core"``) as migrations see it.

    `tables` are its tables as the models declare them, `scripts` the folder of its revision files, `requires` the
    plugins whose tables its own may point to.
    """

    name: str = attrs.field(validator=_fits)
    tables: Sequence[sa.Table] = attrs.field(converter=_tables)
    scripts: Path
    requires: Sequence[str] = ()

    @property
    def prefix(self) -> str:
        """What every table of this owner begins with."""
        return prefix_of(self.name)

    @property
    def version_table(self) -> str:
        """The table that remembers how far this owner's history has run."""
        return VERSIONS + self.name


@attrs.frozen
class Revision:
    """One script of a history."""

    id: str
    title: str
    path: Path


@attrs.frozen
class State:
    """Where one plugin's schema stands.

    `state` is ``current``, ``behind``, ``new`` (no tables yet), ``ahead`` (the database is newer than the program),
    ``disabled`` (in the database, not in the settings) or ``parked`` (uninstalled, data kept). `pending` are the
    revisions still to run; `tables` what the database keeps for it.
    """

    name: str
    state: str
    current: str | None
    head: str | None
    pending: tuple[Revision, ...] = ()
    tables: tuple[str, ...] = ()


def prefix_of(name: str) -> str:
    """Return what the tables of plugin `name` begin with."""
    return "crm_" if name == KERNEL else f"{name}_"


def history(owner: Owner) -> list[Revision]:
    """Return the owner's revisions, first to last, read from file names alone."""
    found: list[Revision] = []
    if not owner.scripts.is_dir():
        return found
    for path in sorted(owner.scripts.glob("*.py")):
        if path.name.startswith(("__", ".")):
            continue
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise SchemaError(words.FILE_NAME.format(path=path, plugin=owner.name))
        found.append(Revision(f"{owner.name}_{match[1]}", path.stem[5:].replace("_", " "), path))
    return found


def checked_history(owner: Owner) -> list[Revision]:
    """Return the history after reading every script's own words: revision, what it follows, its title."""
    found: list[Revision] = []
    for revision in history(owner):
        source = revision.path.read_text(encoding="utf-8")
        said = {match[1]: match[2] for match in _REVISION.finditer(source)}
        down = found[-1].id if found else None
        if said.get("revision") != revision.id or "down_revision" not in said or said["down_revision"] != down:
            raise SchemaError(words.HISTORY.format(path=revision.path, revision=revision.id, down=down))
        title = _TITLE.search(source)
        found.append(attrs.evolve(revision, title=title[1]) if title else revision)
    return found


def prefix_problems(owner: Owner) -> list[Text]:
    """Return a sentence for every table that does not begin with the owner's prefix."""
    return [
        words.PREFIX.format(plugin=owner.name, prefix=owner.prefix, table=table.name)
        for table in owner.tables
        if not table.name.startswith(owner.prefix)
    ]


def owner_of(table: str, names: Iterable[str]) -> str | None:
    """Return whose table it is: the longest prefix wins (``telephony_telfin_line`` is not telephony's)."""
    fitting = [name for name in names if table.startswith(prefix_of(name))]
    return max(fitting, key=lambda name: len(prefix_of(name)), default=None)


def ordered(owners: Iterable[Owner]) -> list[Owner]:
    """Return the owners so that each comes after what it requires, the kernel first."""
    waiting = {owner.name: owner for owner in owners}
    for owner in waiting.values():
        for wanted in owner.requires:
            if wanted not in waiting:
                raise SchemaError(words.MISSING.format(plugin=owner.name, wanted=wanted))
    done: dict[str, Owner] = {}
    if KERNEL in waiting:
        done[KERNEL] = waiting.pop(KERNEL)
    while waiting:
        ready = [owner for owner in waiting.values() if all(name in done for name in owner.requires)]
        if not ready:
            raise SchemaError(words.CIRCLE.format(names=", ".join(sorted(waiting))))
        for owner in ready:
            done[owner.name] = waiting.pop(owner.name)
    return list(done.values())


def pick(name: str, owners: Iterable[Owner]) -> Owner:
    """Return the owner called `name`, or say which ones there are."""
    known = {owner.name: owner for owner in owners}
    if name not in known:
        raise SchemaError(words.UNKNOWN_OWNER.format(plugin=name, near=closest(name, known)))
    return known[name]
