"""A report for others: JSON for programs, CSV for spreadsheets, with words in the reader's language."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import enum
import io
import re
import typing as t

import attrs

from crmkit import Text

from .frame import LABELS
from .table import Report, Row

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
HOURS = Text("{label}, h", ru="{label}, ч")


def said(value: t.Any, language: str) -> t.Any:
    """Return a text in a language; anything else as it is."""
    return value.to(language) if isinstance(value, Text) else value


def figures(report: Report[t.Any]) -> list[attrs.Attribute[t.Any]]:
    """Return the columns of a report that its reader may see."""
    return [a for a in attrs.fields(report.of) if "label" in a.metadata and a.name not in report.without]


def as_json(report: Report[t.Any], language: str) -> dict[str, t.Any]:
    """Return a report as JSON data: durations in seconds, amounts as text, shares from 0 to 1."""
    shown = figures(report)
    columns = [{"name": a.name, "label": said(a.metadata["label"], language), "type": _type(a)} for a in shown]
    rows = [
        {
            **({"by": {k.name: {"value": k.value, "label": k.label} for k in row.by}} if row.by else {}),
            **{a.name: _plain(getattr(row, a.name), language) for a in shown},
            "drill": {n: tree for n, tree in row.drill.items() if n not in report.without},
        }
        for row in report.rows
    ]  # fmt: skip
    return {
        "report": report.name, "kind": report.kind, "pipeline": report.pipeline, "from": report.since.isoformat(), "to": report.until.isoformat(),
        "as_of": _plain(report.as_of, language), "archived": {False: "false", True: "true", None: "all"}[report.archived],
        "archived_left_out": report.archived_left_out, "split_by": list(report.split_by), "columns": columns, "rows": rows,
    }  # fmt: skip


def _type(attribute: attrs.Attribute[t.Any]) -> str:
    named = str(attribute.type)
    for word, name in (("timedelta", "seconds"), ("Decimal", "amount"), ("float", "share"), ("int", "count")):
        if word in named:
            return name
    return "text"


def _plain(value: t.Any, language: str) -> t.Any:
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()[:-6] + "Z"
    if isinstance(value, enum.Enum):
        return value.value
    return said(value, language)


def as_csv(report: Report[Row], language: str) -> bytes:
    """Return a report as CSV with a byte order mark: durations in hours, no cell that would run as a formula."""
    shown, text = figures(report), io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    heads = [said(LABELS[name], language) for name in report.split_by]
    for a in shown:
        label = a.metadata["label"]
        heads.append(said(HOURS.format(label=label) if _type(a) == "seconds" else label, language))
    writer.writerow(heads)
    for row in report.rows:
        writer.writerow([_cell(v) for v in [*(k.label for k in row.by), *(_number(getattr(row, a.name), language) for a in shown)]])
    return text.getvalue().encode()


def _number(value: t.Any, language: str) -> t.Any:
    if isinstance(value, dt.timedelta):
        return f"{value.total_seconds() / 3600:.4f}"
    if isinstance(value, float):
        return f"{value:.4f}"
    return _plain(value, language)


def _cell(value: t.Any) -> str:
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(FORMULA) and not NUMBER.fullmatch(shown) else shown
