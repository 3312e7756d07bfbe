"""Imports under way: a folder for each, outside the database, with its files and what was decided about them.

Whoever works on one writes files of their own, whole or not at all: pages `state.json`, jobs `progress.json` and a report for
each run. So a killed process leaves nothing half written, and reading needs no lock.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import attrs
import orjson

from ...core.access import Actor
from ...core.errors import NotFound
from ...core.text import _

if t.TYPE_CHECKING:
    from ..settings import UiSettings

ID = re.compile(r"[0-9a-f]{20}")
STATE, PROGRESS, STOP, LOCK, ERRORS = "state.json", "progress.json", "stop", "lock", "errors"
MAP, CHECK, RUN = "map", "check", "run"
GONE = _("This import is no longer here. Begin anew with the file", ru="Этой загрузки уже нет. Начните заново с файла")
DAY = 86_400


@attrs.frozen(kw_only=True)
class Sent:
    """One file that was sent: what it was called, and under which name it lies in the folder."""

    name: str
    file: str
    size: int


@attrs.define(kw_only=True)
class Draft:
    """One import: whose it is, its files, and what was decided so far."""

    id: str
    folder: Path
    at: str
    actor: dict[str, t.Any]
    language: str
    kind: str = ""
    files: list[Sent] = attrs.field(factory=list)
    origin: dict[str, str] = attrs.field(factory=dict)
    """Encoding, delimiter and sheet, where somebody said otherwise than was guessed."""
    source: str = ""
    identity: str = ""
    update: str = "always"
    columns: dict[str, dict[str, str]] = attrs.field(factory=dict)
    """What becomes of each column: ``{"Phone": {"field": "phone", "convert": "phone RU"}}``."""
    values: dict[str, t.Any] = attrs.field(factory=dict)
    """What every record gets."""
    tables: dict[str, t.Any] | None = None
    """A mapping file that was sent and says more than the page can show."""
    phase: str = MAP
    turn: int = 0
    """Which check or run this is: reports are told apart by it."""

    # ---- what jobs say -----------------------------------------------------------------------------------------
    def report(self) -> dict[str, t.Any] | None:
        """Return the report of the present check or run, once it has ended."""
        return _read(self.folder / f"report-{self.turn}.json")

    def progress(self) -> dict[str, t.Any]:
        """Return how far the present check or run is."""
        found = _read(self.folder / PROGRESS) or {}
        return found if found.get("turn") == self.turn else {}

    def tell(self, **said: t.Any) -> None:
        """Note how far the work is."""
        write(self.folder / PROGRESS, {"turn": self.turn, **said})

    def end(self, report: dict[str, t.Any]) -> None:
        """Write the report: the check or run has ended."""
        write(self.folder / f"report-{self.turn}.json", report)

    @property
    def errors(self) -> Path:
        """The folder of rows that will not do, of the present check or run."""
        return self.folder / f"{ERRORS}-{self.turn}"

    @property
    def stopping(self) -> bool:
        """True when somebody asked to stop."""
        return (self.folder / f"{STOP}-{self.turn}").exists()

    def stop(self) -> None:
        """Ask the work to stop after the chunk at hand."""
        write(self.folder / f"{STOP}-{self.turn}", {})

    # ---- who -----------------------------------------------------------------------------------------------------
    def whose(self) -> Actor:
        """Return on whose behalf it is."""
        said = self.actor
        return Actor(said["id"], said["name"], tuple(said["roles"]), tuple(said["teams"]), said["language"], system=said["system"],
            acts_for=tuple(said["acts_for"]))  # fmt: skip

    @property
    def title(self) -> str:
        """What it is called: the names of its files."""
        return ", ".join(f.name for f in self.files)


class Store:
    """The imports of one CRM."""

    def __init__(self, settings: UiSettings) -> None:
        self.folder, self.days = settings.imports, settings.import_days

    def begin(self, actor: Actor, language: str, at: str, kind: str = "") -> Draft:
        """Return a new import with a folder of its own, which nobody else on this machine may read."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sweep()
        made = Draft(id=secrets.token_hex(10), folder=self.folder, at=at, actor=attrs.asdict(actor), language=language, kind=kind)
        made.folder = self.folder / made.id
        made.folder.mkdir(mode=0o700)
        return made

    def add(self, draft: Draft, name: str, suffix: str, stream: t.BinaryIO) -> Sent:
        """Put a file into an import's folder; it is there whole, or not at all."""
        place = draft.folder / f"{len(draft.files)}{suffix}"
        part = place.with_suffix(".part")
        with part.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
            size = out.tell()
        part.replace(place)
        sent = Sent(name=name, file=place.name, size=size)
        draft.files = [f for f in draft.files if f.name != name] + [sent]
        self.save(draft)
        return sent

    def save(self, draft: Draft) -> None:
        """Keep what was decided."""
        kept = attrs.asdict(draft)
        del kept["folder"]
        write(draft.folder / STATE, kept)

    def find(self, key: str, actor: Actor | None = None) -> Draft:
        """Return an import; to others than whose it is, it is not there."""
        said = _read(self.folder / key / STATE) if ID.fullmatch(key) else None
        if said is None or (actor is not None and (said["actor"]["id"], said["actor"]["name"]) != (actor.id, actor.name)):
            raise NotFound(GONE)
        files = [Sent(**f) for f in said.pop("files")]
        return Draft(folder=self.folder / key, files=files, **said)

    def mine(self, actor: Actor, most: int = 20) -> list[Draft]:
        """Return somebody's imports, the newest first."""
        found = []
        for place in self._all():
            with contextlib.suppress(NotFound):
                found.append(self.find(place.name, actor))
        return sorted((d for d in found if d.files), key=lambda d: d.at, reverse=True)[:most]

    def remove(self, key: str) -> None:
        """Remove an import's files; what was imported stays."""
        if ID.fullmatch(key):
            shutil.rmtree(self.folder / key, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what is older than it is kept, unless it is being worked on."""
        for place in self._all():
            with contextlib.suppress(OSError):
                if place.stat().st_mtime < time.time() - self.days * DAY:
                    with working(place) as free:
                        if free:
                            shutil.rmtree(place, ignore_errors=True)

    def _all(self) -> list[Path]:
        return [p for p in self.folder.iterdir() if ID.fullmatch(p.name)] if self.folder.is_dir() else []


@contextlib.contextmanager
def working(folder: Path, name: str = LOCK) -> Iterator[bool]:
    """Hold a folder for oneself; False when another process (or thread) holds it. A killed process lets go by itself."""
    try:
        import fcntl
    except ImportError:  # not a Unix: there is one process at work
        yield True
        return
    with (folder / name).open("ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def write(place: Path, value: dict[str, t.Any]) -> None:
    """Write a file whole, or not at all."""
    part = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    with part.open("wb") as out:
        out.write(orjson.dumps(value, default=str))
        out.flush()
        os.fsync(out.fileno())
    part.replace(place)


def _read(place: Path) -> dict[str, t.Any] | None:
    try:
        return t.cast("dict[str, t.Any]", orjson.loads(place.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None
