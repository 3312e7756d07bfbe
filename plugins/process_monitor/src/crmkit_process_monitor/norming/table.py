"""Norms as a table: read from CSV or from what was pasted out of a spreadsheet, every mistake named by line and column; written as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import typing as t
from collections.abc import Callable, Mapping, Sequence

from crmkit import Invalid, Problem, Text, Uow, _

from ..entities import Norm, Step
from ..times import clock, seconds_of
from .entering import Wanted, faults, kinds_of

HEADS: Mapping[str, tuple[str, ...]] = {
    "step": ("step", "шаг"), "case_kind": ("kind", "case_kind", "вид", "вид случая"), "since": ("since", "in force since", "с", "действует с"),
    "reference": ("reference", "эталон", "норма"), "least": ("minimum", "least", "min", "минимум", "мин"),
    "most": ("maximum", "most", "max", "максимум", "макс"), "note": ("note", "заметка", "комментарий"),
}  # fmt: skip
TITLES: Mapping[str, Text] = {
    "step": _("Step", ru="Шаг"), "case_kind": _("Kind", ru="Вид"), "since": _("Since", ru="Действует с"),
    "reference": _("Reference", ru="Эталон"), "least": _("Minimum", ru="Минимум"), "most": _("Maximum", ru="Максимум"),
    "note": _("Note", ru="Заметка"),
}  # fmt: skip
NEEDED = ("step", "since", "reference", "most")
MOST_ROWS, MOST_PROBLEMS = 5000, 40
DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
AT = _("line {line}, column “{column}”: {why}", ru="строка {line}, столбец «{column}»: {why}")
AT_LINE = _("line {line}: {why}", ru="строка {line}: {why}")
EMPTY = _("there are no rows in it", ru="в ней нет строк")
NO_COLUMN = _(
    "there is no column “{name}”; the first line names the columns: {known}", ru="нет столбца «{name}»; первая строка называет столбцы: {known}"
)
NOT_TEXT = _("this is no text table: save it as CSV", ru="это не текстовая таблица: сохраните её как CSV")
TOO_MANY = _("at most {most} rows at a time", ru="не больше {most} строк за раз")
NO_STEP = _("there is no step {name!r}", ru="нет шага {name!r}")
NO_DAY = _("a day is written as in 2026-06-30 or 30.06.2026", ru="день записывают так: 30.06.2026 или 2026-06-30")
NO_KIND = _("there is no kind of case {name!r}; there are: {known}", ru="нет вида случаев {name!r}; есть: {known}")
TWICE = _("the same step, kind and day as in line {line}", ru="тот же шаг, вид и день, что в строке {line}")
MISSING = _("is missing", ru="не указано")


def decoded(data: bytes) -> str:
    """Return the text of a file: UTF-8, or what spreadsheets of Russian Windows save."""
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid(problems=[Problem("file", "invalid", NOT_TEXT)])


def read(uow: Uow, text: str, log: int | None = None) -> list[Wanted]:
    """Return the norms of a table; `Invalid` names every line and column that will not do."""
    lines = list(csv.reader(io.StringIO(text.strip("\ufeff\r\n"), newline=""), delimiter=_delimiter(text)))
    if len(lines) < 2:
        raise Invalid(problems=[Problem("table", "empty", EMPTY)])
    if len(lines) > MOST_ROWS:
        raise Invalid(problems=[Problem("table", "too_many", TOO_MANY.format(most=MOST_ROWS))])
    columns = _columns(lines[0])
    return _Reader(uow, log, columns, lines[0]).all(lines[1:])


def _delimiter(text: str) -> str:
    first = text.strip("\ufeff\r\n").partition("\n")[0]
    return max(("\t", ";", ","), key=first.count)


def _columns(head: Sequence[str]) -> dict[str, int]:
    named = {" ".join(cell.casefold().split()): place for place, cell in reversed(list(enumerate(head)))}
    found = {name: named[word] for name, words in HEADS.items() for word in words if word in named}
    wrong = [n for n in NEEDED if n not in found]
    if wrong:
        known = ", ".join(words[0] for words in HEADS.values())
        raise Invalid(problems=[Problem("table", "column", NO_COLUMN.format(name=HEADS[n][0], known=known)) for n in wrong])
    return found


class _Reader:
    def __init__(self, uow: Uow, log: int | None, columns: Mapping[str, int], head: Sequence[str]) -> None:
        self.uow, self.log, self.columns, self.head = uow, log, columns, head
        self.problems: list[Problem] = []
        steps = uow.find(Step).where(Step.log_id.is_(None) if log is None else Step.log_id == log).order_by(Step.position.desc(), Step.id.desc())
        self.steps = {word.casefold(): s.id for s in steps for word in (s.title, s.name)}
        kinds = kinds_of(uow, log)
        self.kinds = {word.casefold(): name for name, said in kinds.items() for word in (*_said(said), name)}
        self.known = ", ".join(kinds)

    def all(self, lines: Sequence[Sequence[str]]) -> list[Wanted]:
        made: list[Wanted] = []
        seen: dict[tuple[int, str | None, dt.date], int] = {}
        for number, cells in enumerate(lines, 2):
            if not any(cell.strip() for cell in cells):
                continue
            found = self._one(number, cells)
            if found is None:
                continue
            key = (found.step, found.kind, found.since)
            if key in seen:
                self.problems.append(Problem(f"{number}", "twice", AT_LINE.format(line=number, why=TWICE.format(line=seen[key]))))
            seen.setdefault(key, number)
            made.append(found)
        if self.problems:
            raise Invalid(problems=self.problems[:MOST_PROBLEMS])
        if not made:
            raise Invalid(problems=[Problem("table", "empty", EMPTY)])
        return made

    def _one(self, number: int, cells: Sequence[str]) -> Wanted | None:
        before = len(self.problems)
        step = self._cell(number, cells, "step", self._step)
        since = self._cell(number, cells, "since", _day)
        reference, most = (self._cell(number, cells, name, seconds_of) for name in ("reference", "most"))
        least = self._cell(number, cells, "least", lambda text: seconds_of(text) if text else 0, needed=False)
        kind = self._cell(number, cells, "case_kind", self._kind, needed=False)
        note = self._cell(number, cells, "note", lambda text: text[:300] or None, needed=False)
        if len(self.problems) > before or step is None or since is None or reference is None or most is None:
            return None
        for problem in faults(self.uow, reference, least or 0, most, since, kind, step):
            self._wrong(number, problem.path, problem.message)
        return Wanted(step=step, kind=kind, since=since, reference=reference, least=least or 0, most=most, note=note)

    def _cell(self, number: int, cells: Sequence[str], name: str, read_: Callable[[str], t.Any], *, needed: bool = True) -> t.Any:
        place = self.columns.get(name)
        text = cells[place].strip() if place is not None and place < len(cells) else ""
        if needed and not text:
            return self._wrong(number, name, MISSING)
        try:
            return read_(text)
        except ValueError as error:
            return self._wrong(number, name, error.args[0] if error.args else str(error))

    def _wrong(self, number: int, name: str, why: str) -> None:
        place = self.columns.get(name)
        column = self.head[place].strip() if place is not None else HEADS[name][0]
        self.problems.append(Problem(f"{number}.{name}", "invalid", AT.format(line=number, column=column, why=why)))

    def _step(self, text: str) -> int:
        if (found := self.steps.get(text.casefold())) is None:
            raise ValueError(NO_STEP.format(name=text))
        return found

    def _kind(self, text: str) -> str | None:
        if not text:
            return None
        if (found := self.kinds.get(text.casefold())) is None:
            raise ValueError(NO_KIND.format(name=text, known=self.known))
        return found


def _said(text: Text | str) -> list[str]:
    return [text.to(language) for language in ("en", "ru")] if isinstance(text, Text) else [text]


def _day(text: str) -> dt.date:
    try:
        if found := DOTTED.fullmatch(text):
            return dt.date(int(found[3]), int(found[2]), int(found[1]))
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(NO_DAY) from None


def written(uow: Uow, log: int | None = None) -> str:
    """Return the norms as CSV that `read` takes again: to be changed in a spreadsheet."""
    steps = {s.id: s for s in uow.find(Step).where(Step.log_id.is_(None) if log is None else Step.log_id == log).order_by(Step.position, Step.id)}
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";", lineterminator="\r\n")
    rows.writerow([TITLES[name].to(uow.language) for name in HEADS])
    place = {key: number for number, key in enumerate(steps)}
    held = uow.find(Norm).where(Norm.step_id.in_(sorted(steps))).all()
    for norm in sorted(held, key=lambda n: (place[n.step_id], n.case_kind or "", n.since)):
        times = (clock(seconds) for seconds in (norm.reference, norm.least, norm.most))
        cells = (steps[norm.step_id].title, norm.case_kind or "", norm.since.isoformat(), *times, norm.note or "")
        rows.writerow([_calm(cell) for cell in cells])
    return out.getvalue()


def _calm(cell: str) -> str:
    """Keep a spreadsheet from running a text as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


__all__ = ["TITLES", "decoded", "read", "written"]
