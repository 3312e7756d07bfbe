"""Where rows come from: CSV, XLSX, JSON Lines and SQL databases, all read the same way."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import closest
from ...core.text import _
from .base import From, Row, Source

FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite"}  # fmt: skip


def open_source(source: From) -> Source:
    """Open what a mapping names; `Invalid` says what is wrong with it."""
    if source.file is None:
        from .database import Tables

        return Tables(source)
    form = source.format or FORMATS.get(source.file.suffix.lower(), "")
    if not source.file.exists():
        beside = source.file.parent.iterdir() if source.file.parent.is_dir() else ()
        near = closest(source.file.name, [p.name for p in beside if p.suffix == source.file.suffix])
        source.refuse(_("there is no file {file}; correct the mapping, or --data where it names files there.{near}",
            ru="нет файла {file}; исправьте описание, а где файлы названы в [data] — укажите --data.{near}").format(file=str(source.file), near=near))
    if source.file.is_dir():
        source.refuse(_("{file} is a folder", ru="{file} — папка").format(file=str(source.file)))
    return _opened(source, source.file, form)


def _opened(source: From, file: Path, form: str) -> Source:
    if form == "csv":
        from .delimited import Delimited

        return Delimited(source)
    if form == "xlsx":
        from .sheets import Sheet

        return Sheet(source)
    if form == "jsonl":
        from .jsonlines import JsonLines

        return JsonLines(source)
    if form == "sqlite":
        from .database import Tables

        return Tables(source)
    source.refuse(_("what {suffix!r} is cannot be told by its name; write format = \"csv\", \"xlsx\", \"jsonl\" or \"sqlite\"",
        ru="по имени не понять, что такое {suffix!r}; укажите format = \"csv\", \"xlsx\", \"jsonl\" или \"sqlite\"").format(
            suffix=file.suffix))  # fmt: skip


__all__ = ["FORMATS", "From", "Row", "Source", "open_source"]
