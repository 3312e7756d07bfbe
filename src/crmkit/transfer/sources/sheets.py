"""Excel workbooks (XLSX), read as a stream."""

from __future__ import annotations

import re
import typing as t
import warnings
import zipfile
from collections.abc import Iterator

from ...core.errors import Invalid, closest
from ...core.text import Text, _
from .base import From, Row, file_identity
from .delimited import named

MOST_TEXT = 512 * 1024 * 1024  # a workbook's texts are held in memory while it is read
FORMULA = re.compile(rb"<f[ >/]")
NO_VALUE = _("{cell} is a formula without a value: open the file in Excel and save it",
    ru="в {cell} формула без значения: откройте файл в Excel и сохраните")
ERROR = _("{cell} holds the error {value}", ru="в {cell} ошибка {value}")


class Sheet:
    """Rows of one sheet. Formulas give the value Excel saved with them."""

    tabular = True

    def __init__(self, source: From) -> None:
        assert source.file is not None
        self._file, self._source = source.file, source
        self.notes: list[Text] = []
        self._check()
        self._books: list[t.Any] = []
        self._rows: Iterator[t.Any] | None = None
        self._behind: Iterator[t.Any] | None = None
        try:
            self._begin(source)
        except Invalid:
            self.close()
            raise
        self._strip = source.strip is not False

    def _begin(self, source: From) -> None:
        self._sheet = self._open(data_only=True)
        self._formulas = self._open(data_only=False) if self._has_formulas() else None
        self._rows = self._cells(self._sheet)
        self._seen, self._height = 0, self._sheet.max_row or 0
        if self._formulas is not None:
            self._behind = self._cells(self._formulas)
        self.names: tuple[str, ...] | None = named(source.columns or self._header())

    def _check(self) -> None:
        if not zipfile.is_zipfile(self._file):
            self._source.refuse(_("this is no XLSX workbook (an old .xls, or one with a password?): save it as .xlsx",
                ru="это не книга XLSX (старый .xls или книга с паролем?): сохраните её как .xlsx"))  # fmt: skip
        with zipfile.ZipFile(self._file) as archive:
            if any(i.file_size > MOST_TEXT for i in archive.infolist() if i.filename.endswith("sharedStrings.xml")):
                self._source.refuse(_("the workbook holds more than 512 MB of text: save the sheet as CSV",
                    ru="в книге больше 512 МБ текста: сохраните лист как CSV"))  # fmt: skip

    def _open(self, *, data_only: bool) -> t.Any:
        import openpyxl

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl does not support (print areas, styles) has no part in the data
            try:
                book = openpyxl.load_workbook(self._file, read_only=True, data_only=data_only)
            except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
                self._source.refuse(_("the workbook cannot be read: {why}", ru="книга не читается: {why}").format(why=str(error)))
        self._books.append(book)
        name = self._source.sheet
        if name and name not in book.sheetnames:
            self._source.refuse(_("there is no sheet {name!r}.{near}",
                ru="нет листа {name!r}.{near}").format(name=name, near=closest(name, book.sheetnames)))
        sheet = book[name] if name else book.worksheets[0]
        return sheet

    def _has_formulas(self) -> bool:
        """True when the sheet holds any formula: only then is it read twice, for values and for formulas."""
        target = self._sheet._worksheet_path
        with zipfile.ZipFile(self._file) as archive, archive.open(target) as stream:
            tail = b""
            while block := stream.read(1 << 20):
                if FORMULA.search(tail + block):
                    return True
                tail = block[-3:]
        return False

    def _cells(self, sheet: t.Any) -> Iterator[t.Any]:
        sheet.reset_dimensions()  # programs write wrong ones
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from sheet.iter_rows()

    def _next(self) -> tuple[t.Any, t.Any] | None:
        assert self._rows is not None
        cells = next(self._rows, None)
        self._seen += 1
        return None if cells is None else (cells, next(self._behind, ()) if self._behind is not None else ())

    def _header(self) -> list[t.Any]:
        while (found := self._next()) is not None:
            if any(c.value is not None for c in found[0]):
                return [c.value for c in found[0]]
        self._source.refuse(_("the sheet is empty", ru="лист пуст"))

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not empty."""
        names, strip = self.names or (), self._strip
        width = len(names)
        while (found := self._next()) is not None:
            cells, behind = found
            values = [c.value for c in cells[:width]]
            problem = None
            for index, (cell, value) in enumerate(zip(cells, values, strict=False)):
                if value is None:
                    if index < len(behind) and behind[index].value is not None:
                        problem = NO_VALUE.format(cell=behind[index].coordinate)
                elif isinstance(value, str):
                    if cell.data_type == "e":
                        problem = ERROR.format(cell=cell.coordinate, value=value)
                    elif strip:
                        values[index] = value.strip()
            if problem is None and all(v is None or v == "" for v in values):
                continue
            values += [None] * (width - len(values))
            yield Row(self._seen, dict(zip(names, values, strict=True)), problem, values)

    def share(self) -> float | None:
        """Return how much has been read, as far as the sheet tells its height."""
        return min(1.0, self._seen / self._height) if self._height else None

    def identity(self) -> str:
        """Return what changes with the file."""
        return file_identity(self._file)

    def close(self) -> None:
        """Close the workbook, and what still reads from it first: its file is not closed before."""
        for reading in (self._rows, self._behind):
            if reading is not None:
                t.cast(t.Any, reading).close()
        for book in self._books:
            book.close()
