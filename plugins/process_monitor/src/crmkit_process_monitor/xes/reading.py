"""An XES file read trace by trace, in the memory of its longest one."""

from __future__ import annotations

import gzip
import io
import typing as t
import zlib
from collections.abc import Callable, Iterator
from xml.parsers import expat

from crmkit import _

from .model import NOT_XES, TYPES, Attribute, BadLog, Head, Trace, moment

PIECE = 1 << 16
DEEPEST = 50
GZIP = b"\x1f\x8b"
BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "True": True, "False": False}
CHECKS: dict[str, Callable[[str], t.Any]] = {"int": int, "float": float, "boolean": BOOLEANS.__getitem__, "date": moment}
NO_VALUE = _("«{key}» has no value", ru="у «{key}» нет значения")
BAD_VALUE = _("«{key}»: {value!r} is no {type}", ru="«{key}»: {value!r} не годится для типа {type}")
MISPLACED = _("<{tag}> does not belong here", ru="<{tag}> здесь не на месте")
TOO_DEEP = _("attributes are nested deeper than {most}", ru="атрибуты вложены глубже {most} уровней")
ENTITIES = _("the file defines entities of its own, which event logs have no use for",
    ru="файл определяет собственные сущности XML, журналам событий они не нужны")  # fmt: skip
EMPTY = _("the file is empty", ru="файл пуст")
BROKEN_GZIP = _("the file is not whole: it cannot be unpacked ({why})", ru="файл повреждён: он не распаковывается ({why})")


class LogReader:
    """Reads one log: iterate for its traces; `head` is complete when they are through, and told so far while they come.

    Plain or packed by gzip, whichever its first bytes say. Entities are refused: nothing of a log needs them, and they are how
    XML takes a machine's memory.
    """

    def __init__(self, file: t.BinaryIO) -> None:
        self._file, self.head = file, Head()
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._done: list[Trace] = []
        self._stray = Trace()
        self._seen_log = False
        self.events = 0
        self._arm()

    def __iter__(self) -> Iterator[Trace]:
        parse, some = self._parser.Parse, False
        try:
            for piece in _pieces(self._file):
                some = True
                parse(piece, False)
                if self._done:
                    yield from self._done
                    self._done.clear()
            if not some:
                raise BadLog(EMPTY)
            parse(b"", True)
        except expat.ExpatError as error:
            raise BadLog(expat.errors.messages[error.code], error.lineno) from None
        yield from self._done
        if self._stray.events:
            yield self._stray

    @property
    def line(self) -> int:
        """Where reading has come to."""
        return self._parser.CurrentLineNumber

    def _arm(self) -> None:
        """Give expat its handlers; closures over plain lists, since they run for every element of the file."""
        parser, done, stray = self._parser, self._done, self._stray
        held: list[Attribute] = []  # the attributes that are open, from the outside in
        places: list[list[Attribute]] = []  # where the next attribute goes when none is open
        trace: Trace | None = None

        def start(tag: str, given: dict[str, str]) -> None:
            if tag in TYPES:
                try:
                    attribute = [given["key"], tag, given["value"]]
                except KeyError:
                    attribute = self._without(tag, given)
                if tag in CHECKS:
                    self._check(tag, attribute)
                if held:
                    self._nest(held, attribute)
                elif places:
                    places[-1].append(attribute)
                else:
                    raise BadLog(NOT_XES.format(tag=tag), parser.CurrentLineNumber)
                held.append(attribute)
            else:
                begin(tag, given)

        def begin(tag: str, given: dict[str, str]) -> None:
            nonlocal trace
            if tag == "event":
                event: list[Attribute] = []
                (stray if trace is None else trace).events.append(event)
                self.events += 1
                places.append(event)
            elif tag == "trace":
                trace = Trace(line=parser.CurrentLineNumber)
                places.append(trace.attributes)
            elif tag == "values" and held:
                held[-1].extend([[], []] if len(held[-1]) == 3 else [[]] if len(held[-1]) == 4 else [])
                held.append(["", "values", None, held[-1][4]])
            elif ":" in tag:  # <xes:log xmlns:xes=…>
                start(tag.rpartition(":")[2], given)
            else:
                self._head(tag, given, places)

        def end(tag: str) -> None:
            nonlocal trace
            if tag in TYPES or tag == "values":
                held.pop()
            elif tag == "event":
                places.pop()
            elif tag == "trace":
                places.pop()
                if trace is not None:
                    done.append(trace)
                trace = None
            elif ":" in tag:
                end(tag.rpartition(":")[2])
            elif tag in ("log", "global"):
                places.pop()

        parser.StartElementHandler, parser.EndElementHandler, parser.EntityDeclHandler = start, end, self._entity

    def _entity(self, *_given: t.Any) -> None:
        raise BadLog(ENTITIES, self.line)

    def _check(self, tag: str, attribute: Attribute) -> None:
        """Refuse a value that is none of its type."""
        try:
            CHECKS[tag](attribute[2])
        except (ValueError, KeyError):
            raise BadLog(BAD_VALUE.format(key=attribute[0], value=attribute[2], type=tag), self.line) from None

    def _without(self, tag: str, given: dict[str, str]) -> Attribute:
        """Return an attribute without a key or a value. Real logs have some without a key, which comes back as it was; only
        lists and containers have no value."""
        value = given.get("value")
        if value is None and tag not in ("list", "container"):
            raise BadLog(NO_VALUE.format(key=given.get("key", tag)), self.line)
        return [given.get("key"), tag, value]

    def _nest(self, held: list[Attribute], attribute: Attribute) -> None:
        parent = held[-1]
        if len(parent) == 3:
            parent.append([])
        parent[3].append(attribute)
        if len(held) > DEEPEST:
            raise BadLog(TOO_DEEP.format(most=DEEPEST), self.line)

    def _head(self, tag: str, given: dict[str, str], places: list[list[Attribute]]) -> None:
        head = self.head
        if tag == "log" and not self._seen_log:
            self._seen_log = True
            head.xml.update(given)
            places.append(head.attributes)
        elif not self._seen_log:
            raise BadLog(NOT_XES.format(tag=tag), self.line)
        elif tag == "extension":
            head.extensions.append(given)
        elif tag == "classifier":
            head.classifiers.append(given)
        elif tag == "global":
            kept: list[Attribute] = []
            head.globals.append((given.get("scope", "event"), kept))
            places.append(kept)
        else:
            raise BadLog(MISPLACED.format(tag=tag), self.line)


def _pieces(file: t.BinaryIO) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked."""
    first = file.read(PIECE)
    if not first.startswith(GZIP):
        while first:
            yield first
            first = file.read(PIECE)
        return
    file.seek(-len(first), io.SEEK_CUR)
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
            while piece := unpacked.read(PIECE):
                yield piece
    except (OSError, EOFError, zlib.error) as error:
        raise BadLog(BROKEN_GZIP.format(why=error)) from None


__all__ = ["LogReader"]
