"""What every source of rows has in common."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from ...core.errors import Invalid, Problem
from ...core.text import Text


class Row(t.NamedTuple):
    """One row: its line (or number), its cells by column, and what is wrong with the row as a whole, if anything.

    `raw` is what stood there when the cells could not be told apart.
    """

    line: int
    cells: Mapping[str, t.Any]
    problem: Text | None = None
    raw: t.Any = None


@attrs.frozen(kw_only=True)
class From:
    """Where rows come from: a file, or a table or query of a database. `path` is where the mapping says so."""

    path: str
    file: Path | None = None
    url: str = ""
    table: str = ""
    query: str = ""
    sheet: str = ""
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    columns: tuple[str, ...] = ()
    strip: bool | None = None

    def refuse(self, message: str, code: str = "source") -> t.NoReturn:
        """Refuse the whole source."""
        raise Invalid(problems=[Problem(self.path, code, message)])


class Source(t.Protocol):
    """Rows, one after the other, in constant memory.

    `names` are the columns, None where every row has its own; `notes` is what a person should know; `tabular` says that
    rows which will not do go back into a table.
    """

    names: tuple[str, ...] | None
    notes: list[Text]
    tabular: bool

    def rows(self) -> Iterator[Row]:
        """Yield every row."""

    def share(self) -> float | None:
        """Return how much of the source has been read, from 0 to 1; None when that is not known."""

    def identity(self) -> str:
        """Return what changes when the data changes, as far as that can be told without reading it all."""

    def close(self) -> None:
        """Let go of files and connections."""


def file_identity(file: Path) -> str:
    """Return name, size and time of change of a file."""
    about = file.stat()
    return f"{file.name}:{about.st_size}:{about.st_mtime_ns}"
