"""JSON Lines: an object on every line."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from ...core.text import Text, _
from .base import From, Row, file_identity
from .lines import TOO_LONG, split_lines

NO_JSON = _("not a JSON object: {why}", ru="не объект JSON: {why}")


class JsonLines:
    """Rows of a JSON Lines file; what is nested is reached by dots (``address.city``)."""

    tabular = False
    names: tuple[str, ...] | None = None

    def __init__(self, source: From) -> None:
        assert source.file is not None
        self._file = source.file
        self.notes: list[Text] = []
        self._stream = source.file.open("rb")
        self._size = source.file.stat().st_size

    def rows(self) -> Iterator[Row]:
        """Yield every row."""
        for number, line in split_lines(self._stream):
            if line is None:
                yield Row(number, {}, TOO_LONG)
                continue
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not line.strip():
                continue
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield Row(number, {}, NO_JSON.format(why=str(error)), line.decode("utf-8", "replace").rstrip()[:10_000])
                continue
            if isinstance(found, dict):
                yield Row(number, found)
            else:
                yield Row(number, {}, NO_JSON.format(why=type(found).__name__), found)

    def share(self) -> float | None:
        """Return how much has been read."""
        return 1.0 if self._stream.closed or not self._size else self._stream.tell() / self._size

    def identity(self) -> str:
        """Return what changes with the file."""
        return file_identity(self._file)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
