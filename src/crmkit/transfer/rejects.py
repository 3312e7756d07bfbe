"""Rows that will not do, kept beside the mapping with their reasons: mend them there and import the file again."""

from __future__ import annotations

import csv
import typing as t
from collections.abc import Sequence
from pathlib import Path

import orjson

from ..core.errors import Problem
from ..core.kind import Kind
from ..core.text import translate
from .writing import Mapped

HEAD = ("@line", "@reason")


def reasons(problems: Sequence[Problem], kind: Kind, language: str) -> str:
    """Return what is wrong with a row, fields by their labels."""
    found = []
    for problem in problems:
        extension, dot, name = problem.path.rpartition(".")
        fields = kind.extensions[extension].fields if dot and extension in kind.extensions else kind.fields
        label = translate(fields[name].label, language) if name in fields and name != "id" else problem.path
        words = translate(problem.message, language)
        found.append(f"{label}: {words}" if label else words)
    return "; ".join(dict.fromkeys(found))


class Rejects:
    """The error file of one step; it appears with the first row that will not do."""

    def __init__(self, file: Path, names: Sequence[str] | None, kind: Kind, language: str) -> None:
        self.file, self._names, self._kind, self._language = file, names, kind, language
        self._stream: t.Any = None
        file.unlink(missing_ok=True)

    def add(self, rows: Sequence[Mapped]) -> None:
        """Write rows with their lines and reasons, and see them on the disk."""
        if not rows:
            return
        if self._stream is None:
            self._stream = self.file.open("w", encoding="utf-8-sig" if self._names is not None else "utf-8", newline="")
            if self._names is not None:
                csv.writer(self._stream).writerow([*self._names, *HEAD])
        for row in rows:
            why = reasons(row.problems, self._kind, self._language)
            if self._names is not None:
                csv.writer(self._stream).writerow([*self._cells(row, self._names), row.line, why])
            else:
                cells = {n: v for n, v in row.cells.items() if not n.startswith("@")} if row.cells else {"@raw": row.raw}
                self._stream.write(orjson.dumps({**cells, "@line": row.line, "@reason": why}, default=str).decode() + "\n")
        self._stream.flush()

    def _cells(self, row: Mapped, names: Sequence[str]) -> list[t.Any]:
        if row.cells:
            return [row.cells.get(n) for n in names]
        raw = list(row.raw) if isinstance(row.raw, list) else [row.raw]
        return (raw + [None] * len(names))[: max(len(names), len(raw))]

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
