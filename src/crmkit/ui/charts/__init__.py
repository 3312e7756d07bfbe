"""Charts drawn on the server: SVG that needs no script to be read, in the colours of the page, with a table for screen readers.

Each function returns `Markup` for a template: ``{{ chart }}``. What lies across is in percent and what stands upright in
pixels, so that a chart is as wide as its place and its words keep their size.
"""

from .columns import Series, columns, grouped, stacked
from .donut import donut
from .draw import legend
from .funnel import Level, funnel
from .heat import heat
from .kpi import kpi
from .lines import line, sparkline
from .numbers import DAYS, HOURS, MINUTES, NUMBER, PERCENT, Unit, Value, month_name, time_unit, write
from .rows import Bar, Step, bars, steps

__all__ = [
    "DAYS", "HOURS", "MINUTES", "NUMBER", "PERCENT", "Bar", "Level", "Series", "Step", "Unit", "Value", "bars", "columns", "donut", "funnel",
    "grouped", "heat", "kpi", "legend", "line", "month_name", "sparkline", "stacked", "steps", "time_unit", "write",
]  # fmt: skip
