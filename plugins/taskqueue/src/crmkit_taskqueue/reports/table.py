"""A report as data, and for others: JSON for programs, CSV for spreadsheets."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from crmkit import Text, _

from .asked import SPLITS

Tree = Mapping[str, t.Any]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
IN_MINUTES = _("{label}, min", ru="{label}, мин")


def figure(label: Text, default: t.Any = 0) -> t.Any:
    """Declare a column of a report."""
    return attrs.field(default=default, metadata={"label": label})


@attrs.frozen
class Key:
    """What a row is about in one respect: its value, and how people call it."""

    name: str
    value: t.Any
    label: str | Text


@attrs.frozen(kw_only=True)
class Row:
    """One line of a report. `drill` gives, by the name of a figure, the filter of the list of tasks that makes it up."""

    by: tuple[Key, ...] = ()
    drill: Mapping[str, Tree] = attrs.field(factory=dict)


R = t.TypeVar("R", bound=Row)


@attrs.frozen(kw_only=True)
class Report(t.Generic[R]):
    """A report: rows of one class, and the days they are about."""

    name: str
    of: type[R]
    since: dt.date
    until: dt.date
    as_of: dt.datetime
    split_by: tuple[str, ...]
    rows: Sequence[R]


def figures(report: Report[t.Any]) -> list[attrs.Attribute[t.Any]]:
    """Return the columns of a report."""
    return [a for a in attrs.fields(report.of) if "label" in a.metadata]


def as_json(report: Report[t.Any], language: str) -> dict[str, t.Any]:
    """Return a report as JSON data; times are in seconds."""
    shown = figures(report)
    return {
        "report": report.name, "kind": "taskqueue.task", "from": report.since.isoformat(), "to": report.until.isoformat(),
        "as_of": report.as_of.astimezone(dt.UTC).isoformat()[:-6] + "Z", "split_by": list(report.split_by),
        "columns": [{"name": a.name, "label": said(a.metadata["label"], language), "type": "seconds" if _is_time(a) else "count"} for a in shown],
        "rows": [
            {
                "by": {k.name: {"value": _plain(k.value), "label": said(k.label, language)} for k in row.by},
                **{a.name: _plain(getattr(row, a.name)) for a in shown}, "drill": dict(row.drill),
            }
            for row in report.rows
        ],
    }  # fmt: skip


def as_csv(report: Report[t.Any], language: str) -> bytes:
    """Return a report as CSV with a byte order mark: times in minutes, no cell that would run as a formula."""
    shown, text = figures(report), io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    heads = [said(SPLITS[name], language) for name in report.split_by]
    writer.writerow([*heads, *(said(IN_MINUTES.format(label=a.metadata["label"]) if _is_time(a) else a.metadata["label"], language) for a in shown)])
    for row in report.rows:
        values = [getattr(row, a.name) for a in shown]
        writer.writerow([_cell(x) for x in [*(said(k.label, language) for k in row.by), *(_in_minutes(v) for v in values)]])
    return text.getvalue().encode()


def said(value: t.Any, language: str) -> t.Any:
    """Return a text in a language; anything else as it is."""
    return value.to(language) if isinstance(value, Text) else value


def _is_time(attribute: attrs.Attribute[t.Any]) -> bool:
    return "timedelta" in str(attribute.type)


def _plain(value: t.Any) -> t.Any:
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, dt.date) else value


def _in_minutes(value: t.Any) -> t.Any:
    return f"{value.total_seconds() / 60:.2f}" if isinstance(value, dt.timedelta) else value


def _cell(value: t.Any) -> str:
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(FORMULA) and not PLAIN.fullmatch(shown) else shown
