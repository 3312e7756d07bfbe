"""CSV and its relatives."""

from __future__ import annotations

import collections
import csv
import typing as t
from collections.abc import Iterator, Sequence

from ...core.errors import Invalid
from ...core.text import Text, _
from .base import From, Row, file_identity
from .lines import SAMPLE, TextLines, encoding_of

DELIMITERS = (",", ";", "\t", "|")
SHOWN = {"\t": "tab"}
RAGGED = _("{got} cells, the header has {want}", ru="ячеек: {got}, в заголовке: {want}")
SWALLOWED = _("{got} cells, the header has {want}: a quote may be open that is never closed",
    ru="ячеек: {got}, в заголовке: {want}: возможно, кавычка не закрыта")  # fmt: skip
NOT_CSV = _("not CSV: {why}", ru="не CSV: {why}")


class Delimited:
    """Rows of a CSV file. A line that cannot be read spoils only itself."""

    tabular = True

    def __init__(self, source: From) -> None:
        assert source.file is not None
        self._file, self._source = source.file, source
        encoding, note = encoding_of(source.file, source.encoding, source)
        self.notes: list[Text] = [note] if note is not None else []
        self.encoding = encoding
        self.delimiter = source.delimiter or self._sniffed()
        if len(self.delimiter) != 1:
            source.refuse(_("delimiter is one character, such as \";\"", ru="delimiter — один символ, например \";\""))
        self._lines = TextLines(source.file, encoding)
        self._waiting: collections.deque[tuple[str, Text | None]] = collections.deque()
        self._consumed: list[tuple[str, Text | None]] = []
        self._feeding = self._feed()
        self._reader = csv.reader(self._feeding, delimiter=self.delimiter)
        self._done = 0  # lines read before the record at hand
        try:
            self.names: tuple[str, ...] | None = named(source.columns or self._header())
        except Invalid:
            self.close()
            raise
        self._strip = source.strip is not False

    def _sniffed(self) -> str:
        """Return the delimiter that cuts the first lines into most cells, all into the same number of them."""
        with self._file.open("rb") as stream:
            text = stream.read(min(SAMPLE, 64 * 1024)).decode(self.encoding, "replace").removeprefix("\ufeff")
        lines = text.splitlines()[:20]
        lines = lines[:-1] if len(lines) > 1 and len(lines) < 20 and not text.endswith(("\n", "\r")) else lines
        best, most = ",", (0, 0)
        for delimiter in DELIMITERS:
            try:
                counts = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
            except csv.Error:
                continue
            if counts and counts[0] > 1:
                score = (sum(c == counts[0] for c in counts), counts[0])
                best, most = (delimiter, score) if score > most else (best, most)
        return best

    def _feed(self) -> Iterator[str]:
        lines = iter(self._lines)
        while True:
            if self._waiting:
                item = self._waiting.popleft()
            else:
                text = next(lines, None)
                if text is None:
                    return
                item = (text, self._lines.trouble)
            self._consumed.append(item)
            yield item[0]

    def _record(self) -> tuple[list[str], Text | None] | None:
        """Return the next record and what is wrong with it, or None at the end."""
        self._consumed.clear()
        try:
            cells, problem = next(self._reader), None
        except StopIteration:
            return None
        except csv.Error as error:
            cells, problem = [], NOT_CSV.format(why=str(error))
        trouble = next((why for _text, why in self._consumed if why is not None), None)
        return cells, trouble or problem

    def _header(self) -> Sequence[str]:
        found = self._record()
        self._done += len(self._consumed)
        if found is None or (not any(c.strip() for c in found[0]) and found[1] is None):
            self._source.refuse(_("the file is empty", ru="файл пуст"))
        if found[1] is not None:
            self._source.refuse(_("the header cannot be read: {why}", ru="заголовок не читается: {why}").format(why=found[1]))
        return [c.strip() for c in found[0]]

    def rows(self) -> Iterator[Row]:
        """Yield every row with the number of the line it begins on."""
        names = self.names or ()
        width, strip = len(names), self._strip
        while True:
            line = self._done + 1
            found = self._record()
            if found is None:
                return
            cells, problem = found
            if problem is None and len(cells) != width:
                if not cells:
                    self._done += len(self._consumed)
                    continue
                if len(cells) > width and not any(c.strip() for c in cells[width:]):
                    cells = cells[:width]
                else:
                    problem = (RAGGED if len(self._consumed) == 1 else SWALLOWED).format(got=len(cells), want=width)
            if problem is None:
                self._done += len(self._consumed)
                yield Row(line, dict(zip(names, [c.strip() for c in cells] if strip else cells, strict=True)))
                continue
            raw = cells if len(self._consumed) == 1 and cells else self._consumed[0][0].rstrip("\r\n")[:10_000]
            self._waiting.extendleft(reversed(self._consumed[1:]))  # what a lost quote swallowed is read again, line by line
            self._done += 1
            yield Row(line, {}, problem, raw)

    def missing(self, wanted: str) -> Text:
        """Return words for a column that is not there, in case the delimiter is the reason."""
        shown = SHOWN.get(self.delimiter, self.delimiter)
        return _(" The line was cut at {shown!r}; if that is wrong, write delimiter = \"…\".",
            ru=" Строка разрезана по {shown!r}; если это неверно, укажите delimiter = \"…\".").format(shown=shown)  # fmt: skip

    def share(self) -> float | None:
        """Return how much has been read."""
        return self._lines.share()

    def identity(self) -> str:
        """Return what changes with the file."""
        return file_identity(self._file)

    def close(self) -> None:
        """Close the file."""
        t.cast(t.Any, self._feeding).close()
        self._lines.close()


def named(header: Sequence[t.Any]) -> tuple[str, ...]:
    """Return names for columns: those that come twice are numbered (``Phone#1``, ``Phone#2``), those without one too."""
    words = [str(h).strip() if h is not None else "" for h in header]
    while words and not words[-1]:
        words.pop()
    times, seen = collections.Counter(words), collections.Counter[str]()
    found = []
    for word in words:
        seen[word] += 1
        found.append(f"{word}#{seen[word]}" if times[word] > 1 or not word else word)
    return tuple(found)
