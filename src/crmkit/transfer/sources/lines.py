"""Lines of a file, however long, broken or encoded, in constant memory."""

from __future__ import annotations

import codecs
import typing as t
from collections.abc import Iterator
from pathlib import Path

from ...core.text import Text, _
from .base import From

BLOCK = 256 * 1024
LONGEST = 4 * 1024 * 1024
SAMPLE = 256 * 1024
TOO_LONG = _("the line is longer than {most} MB", ru="строка длиннее {most} МБ").format(most=LONGEST // 2**20)
BROKEN = _("byte {byte} of the line is not {encoding}", ru="байт {byte} строки не в кодировке {encoding}")
GUESSED = _(
    "{file} is not UTF-8 and its encoding is not said; it looks like {encoding}. If letters come out wrong, write encoding = \"…\" in the mapping.",
    ru="{file} не в UTF-8, а кодировка не указана; похоже на {encoding}. Если буквы окажутся неверными, укажите в описании encoding = \"…\".",
)
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
LIKELY = ["cp1251", "cp1252", "cp866", "koi8_r", "cp1250", "iso8859_5"]


class Readable(t.Protocol):
    """Bytes to read."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; nothing at the end."""


def split_lines(stream: Readable, longest: int = LONGEST) -> Iterator[tuple[int, bytes | None]]:
    """Yield numbered lines; None stands for one that is too long, of which only a block is ever in memory."""
    number, rest, skipping = 0, b"", False
    while block := stream.read(BLOCK):
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            number += 1
            yield number, None if skipping or len(line) > longest else line + b"\n"
            skipping = False
        if skipping or len(rest) > longest:
            rest, skipping = b"", True
    if rest or skipping:
        yield number + 1, None if skipping else rest


class Recoded:
    """A file in UTF-16 or UTF-32, read as UTF-8: its line ends can then be found by the byte."""

    def __init__(self, stream: t.BinaryIO, encoding: str) -> None:
        self._stream, self._decoder = stream, codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        while block := self._stream.read(size):
            if made := self._decoder.decode(block):
                return made.encode()
        return self._decoder.decode(b"", final=True).encode()


def encoding_of(file: Path, said: str, source: From) -> tuple[str, Text | None]:
    """Return the encoding of a file and, where it was guessed, the words that say so."""
    if said:
        try:
            return codecs.lookup(said).name, None
        except LookupError:
            source.refuse(_("there is no encoding {name!r}; try utf-8, utf-16 or cp1251",
                ru="нет кодировки {name!r}; попробуйте utf-8, utf-16 или cp1251")
                .format(name=said))  # fmt: skip
    with file.open("rb") as stream:
        sample = stream.read(SAMPLE)
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name, None
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(sample)
    bad, good = text.count("\ufffd"), sum(1 for c in text if c > "\x7f" and c != "\ufffd") if not text.isascii() else 0
    if bad * 10 <= good:  # a byte or two gone wrong in UTF-8: those lines are told, the rest is read
        return "utf-8", None
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=LIKELY).best()
    name = best.encoding if best is not None else "cp1252"
    return name, GUESSED.format(file=file.name, encoding=name)


class TextLines:
    """The decoded lines of a file; `trouble` says what is wrong with the line yielded last."""

    def __init__(self, file: Path, encoding: str) -> None:
        self.stream = file.open("rb")
        self.size = file.stat().st_size
        self.trouble: Text | None = None
        self._wide = encoding.startswith(("utf-16", "utf-32"))
        self._encoding = "utf-8" if self._wide else encoding
        self._shown = encoding

    def __iter__(self) -> Iterator[str]:
        stream: Readable = Recoded(self.stream, self._shown) if self._wide else self.stream
        encoding = self._encoding
        for _number, line in split_lines(stream):
            self.trouble = None
            if line is None:
                self.trouble = TOO_LONG
                yield ""
                continue
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError as error:
                self.trouble = BROKEN.format(byte=error.start + 1, encoding=encoding)
                text = line.decode(encoding, "replace")
            encoding = "utf-8" if encoding == "utf-8-sig" else encoding
            if self._wide and "\ufffd" in text:
                self.trouble = BROKEN.format(byte=text.index("\ufffd") + 1, encoding=self._shown)
            yield text

    def share(self) -> float:
        """Return how much has been read."""
        return 1.0 if self.stream.closed or not self.size else min(1.0, self.stream.tell() / self.size)

    def close(self) -> None:
        """Close the file."""
        self.stream.close()
