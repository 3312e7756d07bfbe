"""Charts of a simulation: a page of its own, drawn without scripts."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup, escape

from crmkit import Misuse, _
from crmkit.ui import charts

TITLE = _("{managers} managers, {days} days", ru="Менеджеров: {managers}, дней: {days}")
CLOSED = _("Closed per manager and day: mean, and the range of most", ru="Закрыто на менеджера за день: среднее и разброс большинства")
OVERDUE = _("Overdue at the end of the day", ru="Просрочено к концу дня")
STACK = _("Stack of old clients", ru="Стек старых клиентов")
LEFT, UNTRIED = _("Not closed yet", ru="Ещё не закрыты"), _("Never tried", ru="Ни одной попытки")
MEAN = _("Closed", ru="Закрыто")
STYLE = """
:root { color-scheme: light dark; font: 15px system-ui, sans-serif } body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem } table { border-collapse: collapse; font-size: 13px; margin: .5rem 2rem } caption { display: none }
th, td { padding: .15rem .6rem; text-align: right }
"""


def write_plot(path: Path, report: Mapping[str, t.Any], language: str) -> None:
    """Write the charts to a file; `Misuse` names the option where the file cannot be written."""
    days: Sequence[Mapping[str, t.Any]] = report["by_day"]
    labels = [str(day["day"])[5:] for day in days]
    closed = charts.Series(MEAN, [d["mean"] for d in days], low=[d["p10"] for d in days], high=[d["p90"] for d in days])
    overdue = charts.Series(OVERDUE, [d["overdue"] for d in days], color="amber")
    stack = [charts.Series(LEFT, [d["stack_left"] for d in days]), charts.Series(UNTRIED, [d["stack_untried"] for d in days], color="gray")]
    drawn = [
        (CLOSED.to(language), charts.line(labels, [closed], caption=CLOSED, language=language, norm=report["goal"])),
        (OVERDUE.to(language), charts.line(labels, [overdue], caption=OVERDUE, language=language)),
        (STACK.to(language), charts.line(labels, stack, caption=STACK, language=language)),
    ]
    title = TITLE.format(managers=report["managers"], days=report["days"])
    try:
        path.write_text(page(title.to(language), drawn, language), encoding="utf-8")
    except OSError as error:
        raise Misuse(f"plot = {str(path)!r} cannot be written: {error.strerror or error}") from error


def page(title: str, drawn: Sequence[tuple[str, Markup]], language: str) -> str:
    """Return a page that needs nothing but itself."""
    head = f'<!doctype html><html lang="{escape(language)}"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}{_sheets()}</style>'
    each = "".join(f"<h2>{escape(caption)}</h2>{chart}" for caption, chart in drawn)
    return f"{head}<body><h1>{escape(title)}</h1>{each}</body></html>"


def _sheets() -> str:
    """Return the style sheets that colour charts on the CRM's own pages."""
    folder = Path(charts.__file__).parents[1] / "static" / "css"
    return "".join((folder / name).read_text(encoding="utf-8") for name in ("tokens.css", "charts.css") if (folder / name).exists())


__all__ = ["page", "write_plot"]
