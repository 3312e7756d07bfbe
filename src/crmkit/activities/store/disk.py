"""Files in a folder of this machine, or of a disk that several machines share."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator
from pathlib import Path

from . import PIECE, Pieces, checked

NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)


class DiskStore:
    """Keeps each file as a file: written beside its place, synced, then renamed, so that it is whole or not there."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()

    def _path(self, key: str) -> Path:
        return self.folder.joinpath(*checked(key).split("/"))

    def put(self, key: str, content: t.BinaryIO) -> None:
        """Keep content under a key."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = path.with_name(f"{path.name}.part")
        try:
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINKS | BINARY, 0o600), "wb") as file:
                while piece := content.read(PIECE):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
        self._sync(path.parent)

    def _sync(self, folder: Path) -> None:
        """Make new names survive a power cut: those in the folder, and those of the folders above, which may be new too."""
        if os.name == "nt":
            return
        while folder == self.folder or self.folder in folder.parents:
            number = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)
            folder = folder.parent

    def open(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return content in pieces."""
        file = open(os.open(self._path(key), os.O_RDONLY | NO_LINKS | BINARY), "rb")  # noqa: SIM115 (closed by its reader)
        file.seek(start)
        return Pieces(file, length)

    def delete(self, key: str) -> None:
        """Remove content."""
        self._path(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """True when there is content."""
        return self._path(key).is_file()

    def every(self) -> Iterator[str]:
        """Yield every key, day by day."""
        for folder, below, names in os.walk(self.folder):
            below.sort()
            for name in sorted(names):
                yield (Path(folder) / name).relative_to(self.folder).as_posix()

