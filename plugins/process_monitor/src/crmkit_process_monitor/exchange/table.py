"""An event log in a table: CSV whose columns are found by usual names, or named by a mapping."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import typing as t
import zlib
from collections.abc import Iterator, Sequence

from crmkit import Invalid, Problem, _

from ..xes import BadLog, Event, Head, Trace, moment
from ..xes.reading import BROKEN_GZIP, EMPTY, GZIP
from . import mapping as m

USUAL: dict[str, tuple[str, ...]] = {
    "case": ("case:concept:name", "case_id", "case id", "caseid", "case", "случай", "номер", "id"),
    "activity": ("concept:name", "activity", "activity name", "task", "event", "step", "шаг", "действие", "операция"),
    "time": ("time:timestamp", "timestamp", "complete timestamp", "completetimestamp", "end_timestamp", "end", "time", "date", "время", "дата",
             "окончание"),
    "start": ("start_timestamp", "start timestamp", "starttimestamp", "start", "начало"),
    "resource": ("org:resource", "resource", "user", "employee", "сотрудник", "исполнитель", "менеджер"),
    "transition": ("lifecycle:transition", "lifecycle", "transition"),
}  # fmt: skip
NEEDED = ("case", "activity", "time")
FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d.%m.%Y")
ATTRIBUTE = "case:"
MOST = 1 << 30  # a table is read whole: its rows are in any order
TOO_LONG = _("a table may have {most} MiB; XES is read piece by piece and may have more",
    ru="в таблице может быть до {most} МиБ; XES читается по частям и бывает больше")  # fmt: skip
NO_COLUMN = _("no column says the {what}; the file has: {columns}", ru="не найден столбец «{what}»; в файле есть: {columns}")
WHAT = {"case": _("case", ru="случай"), "activity": _("activity", ru="шаг"), "time": _("time", ru="время")}
NO_MOMENT = _("«{column}»: {value!r} is no moment", ru="«{column}»: {value!r} не похоже на дату и время")
NO_VALUE = _("«{column}» is empty", ru="«{column}» не заполнен")
NO_CELL = _("more cells than columns", ru="ячеек больше, чем столбцов")


class TableReader:
    """Reads a CSV file as a log; rows of a case need not be together, its events are put in the order of their time."""

    def __init__(self, file: t.BinaryIO, mapping: m.Mapping, zone: dt.tzinfo) -> None:
        self.mapping, self.zone, self.head = mapping, zone, Head(xml={}, attributes=[["origin", "string", "csv"]])
        self._lines = csv.reader(io.StringIO(text := _text(file), newline=""), delimiter=_separator(text))
        self.columns = [name.strip() for name in next(self._lines, [])]
        if not any(self.columns):
            raise BadLog(EMPTY)
        self.places = {what: place for what in USUAL if (place := self._place(what)) is not None}

    def _place(self, what: str) -> int | None:
        named: str | None = getattr(self.mapping, what)
        lower = [name.lower() for name in self.columns]
        for name in (named,) if named else USUAL[what]:
            if name in self.columns:
                return self.columns.index(name)
            if not named and name in lower:
                return lower.index(name)
        if named or what in NEEDED:
            said = NO_COLUMN.format(what=named or WHAT[what], columns=", ".join(self.columns))
            raise Invalid(problems=[Problem(what, "unknown" if named else "required", said)])
        return None

    def __iter__(self) -> Iterator[Trace]:
        found: dict[str, Trace] = {}
        order: dict[str, list[tuple[dt.datetime, Event]]] = {}
        try:
            for cells in self._lines:
                if any(cells):
                    self._row(cells, found, order)
        except csv.Error as error:
            raise BadLog(str(error), self._lines.line_num) from None
        for name, trace in found.items():
            trace.events = [event for _at, event in sorted(order.pop(name), key=lambda one: one[0])]
            yield trace

    def _row(self, cells: Sequence[str], found: dict[str, Trace], order: dict[str, list[tuple[dt.datetime, Event]]]) -> None:
        line, places = self._lines.line_num, self.places
        if len(cells) > len(self.columns):
            raise BadLog(NO_CELL, line)
        row = dict(enumerate(cell.replace("\0", "") for cell in cells))
        for what in NEEDED:
            if not row.get(places[what], "").strip():
                raise BadLog(NO_VALUE.format(column=self.columns[places[what]]), line)
        case = row[places["case"]].strip()
        trace = found.get(case)
        if trace is None:
            trace = found[case] = Trace([[m.CASE, "string", case]], line=line)
            trace.attributes += [[n.removeprefix(ATTRIBUTE), "string", v] for i, v, n in self._others(row) if n.startswith(ATTRIBUTE)]
            order[case] = []
        event: Event = [[m.ACTIVITY, "string", row[places["activity"]].strip()]]
        if (place := places.get("resource")) is not None and row.get(place, "").strip():
            event.append([m.RESOURCE, "string", row[place].strip()])
        rest = [[n, "string", v] for _i, v, n in self._others(row) if not n.startswith(ATTRIBUTE)]
        at = self._moment(row, places["time"], line)
        began = self._moment(row, places["start"], line) if row.get(places.get("start", -1), "").strip() else None
        if began is None:
            if (place := places.get("transition")) is not None and row.get(place, "").strip():
                event.append([m.TRANSITION, "string", row[place].strip()])
            order[case].append((at, [*event, _at(at), *rest]))
            return
        # Two of the same at once must not be taken for one another.
        mark = [] if any(a[0] == m.INSTANCE for a in rest) else [[m.INSTANCE, "string", str(line)]]
        order[case].append((began, [*event, [m.TRANSITION, "string", "start"], _at(began), *mark, *rest]))
        order[case].append((at, [*event, [m.TRANSITION, "string", "complete"], _at(at), *mark, *rest]))

    def _others(self, row: dict[int, str]) -> Iterator[tuple[int, str, str]]:
        taken = set(self.places.values())
        for i, value in row.items():
            if i not in taken and value != "" and self.columns[i]:
                yield i, value, self.columns[i]

    def _moment(self, row: dict[int, str], place: int, line: int) -> dt.datetime:
        text = row[place].strip()
        for form in (self.mapping.format,) if self.mapping.format else (None, *FORMATS):
            try:
                found = moment(text, self.zone) if form is None else dt.datetime.strptime(text, form)  # noqa: DTZ007 (the zone is put in below)
            except ValueError:
                continue
            return found if found.tzinfo is not None else found.replace(tzinfo=self.zone)
        raise BadLog(NO_MOMENT.format(column=self.columns[place], value=text), line)


def _at(at: dt.datetime) -> list[str]:
    return [m.TIME, "date", at.astimezone(dt.UTC).isoformat()]


def _text(file: t.BinaryIO) -> str:
    content = file.read()
    if content.startswith(GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
                content = unpacked.read(MOST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BadLog(BROKEN_GZIP.format(why=error)) from None
    if len(content) > MOST:
        raise BadLog(TOO_LONG.format(most=MOST >> 20))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", errors="replace")


def _separator(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t|", key=first.count)


__all__ = ["TableReader"]
