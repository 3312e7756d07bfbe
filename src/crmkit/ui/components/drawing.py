"""Charts: functions of `crmkit.ui.charts`, in a template or in a widget."""

from __future__ import annotations

import typing as t

from ...core.text import _
from .kinds import Component, Example, Section

ROWS = "[charts.Bar(_(words.site), 120), charts.Bar(_(words.dealers), 80), charts.Bar(_(words.fairs), 34)]"
SERIES = "[charts.Series(_(words.plan), [10, 12, 14]), charts.Series(_(words.fact), [8, 13, 17])]"
MONTHS = "[_(words.jan), _(words.feb), _(words.mar)]"
SAME = _("Its caption is read first, every mark says its figure, and a table for screen readers holds them all.",
    ru="Сначала читается название, каждая точка произносит значение, все они есть в таблице для программ чтения с экрана.")  # fmt: skip


def _chart(name: str, label: str, purpose: str, source: str, *states: str) -> Component:
    said: t.Any = {"label": label, "purpose": purpose, "states": states}
    return Component(name=f"charts.{name}", access=SAME, examples=(Example(source=source),), **said)


def _helper(name: str, label: str, purpose: str, source: str) -> Component:
    said: t.Any = {"label": label, "purpose": purpose}
    return Component(name=f"charts.{name}", examples=(Example(source=source),), **said)


EMPTY = _("no data: a sentence in its place", ru="нет данных: фраза на его месте")
DRAWING = Section(
    key="charts", label=_("Charts", ru="Графики"),
    components=(
        _chart("kpi", _("Figure", ru="Показатель"),
            _("One figure, how it changed, which way it goes.", ru="Одно число, как изменилось, куда движется."),
            "{{ charts.kpi(_(words.won_month), 184, before=164, spark=[12, 14, 11, 16, 18]) }}"),
        _chart("steps", _("Against a norm", ru="Против нормы"),
            _("Line by line, what is held against a norm and a usual range: time in stage.",
                ru="По строкам: значение против нормы и обычного размаха, например время на стадии."),
            "{{ charts.steps([charts.Step(label=_(words.offer), fact=13.2, norm=8, low=4, high=12), "
            "charts.Step(label=_(words.talks), fact=5, norm=6, low=3, high=9)], "
            "caption=_(words.in_stage), unit=_(words.hours)) }}",
            _("within the norm, worse, out of the range",
                ru="в норме, хуже нормы, вне размаха")),
        _chart("bars", _("Bars", ru="Полосы"),
            _("Figures with long names: sources, managers.", ru="Значения с длинными названиями: источники, менеджеры."),
            f"{{{{ charts.bars({ROWS}, caption=_(words.by_source)) }}}}", EMPTY),
        _chart("columns", _("Columns", ru="Столбцы"),
            _("Figures over time, against a range and a norm.", ru="Значения во времени, против размаха и нормы."),
            f"{{{{ charts.columns({ROWS}, caption=_(words.by_source), low=40, high=110, norm=90, good='high') }}}}", EMPTY),
        _chart("stacked", _("Stacked columns", ru="Столбцы друг на друге"),
            _("What each figure is made of, over time.", ru="Из чего складывается значение, во времени."),
            f"{{{{ charts.stacked({MONTHS}, {SERIES}, caption=_(words.won_month)) }}}}"),
        _chart("grouped", _("Columns side by side", ru="Столбцы рядом"),
            _("Several series over time: plan and fact.", ru="Несколько рядов во времени: план и факт."),
            f"{{{{ charts.grouped({MONTHS}, {SERIES}, caption=_(words.plan_fact)) }}}}"),
        _chart("line", _("Lines", ru="Линии"),
            _("Several series with gaps, each with its range.", ru="Несколько рядов с пропусками, у каждого размах."),
            f"{{{{ charts.line({MONTHS}, {SERIES}, caption=_(words.plan_fact), norm=12) }}}}"),
        _chart("sparkline", _("Sparkline", ru="Спарклайн"), _("Which way a figure goes, beside it.", ru="Куда движется число, рядом с ним."),
            "{{ charts.sparkline([4, 6, 5, 9, 8, 12], caption=_(words.deals)) }}"),
        _chart("funnel", _("Funnel", ru="Воронка"),
            _("How many reached each stage, and the share that went on.", ru="Сколько дошло до каждой стадии и какая доля пошла дальше."),
            "{{ charts.funnel([charts.Level(_(words.new), 120, lost=40), charts.Level(_(words.offer), 80), charts.Level(_(words.won), 24)], "
            "caption=_(words.deals)) }}"),
        _chart("donut", _("Ring", ru="Кольцо"), _("Parts of a whole, six at most.", ru="Части целого, не больше шести."),
            f"{{{{ charts.donut({ROWS}, caption=_(words.by_source)) }}}}"),
        _chart("heat", _("Heat map", ru="Тепловая карта"), _("A grid by shade: weekday and hour.", ru="Сетка по насыщенности: день недели и час."),
            f"{{{{ charts.heat({MONTHS}, {SERIES}, caption=_(words.plan_fact)) }}}}"),
        _chart("legend", _("Legend", ru="Легенда"),
            _("Names and colours of several series; charts put it there by themselves.", ru="Названия и цвета рядов; графики ставят её сами."),
            "{{ charts.legend([('lg-bar blue', _(words.plan)), ('lg-bar amber', _(words.fact))]) }}"),
        _helper("write", _("A figure in words", ru="Число словами"),
            _("A figure with its unit, as charts write it.", ru="Число с единицей, как его пишут графики."),
            "{{ charts.write(0.256, charts.PERCENT, lang) }} {{ charts.write(28530000, charts.Unit(currency='RUB'), lang, short=True) }}"),
        _helper("time_unit", _("A unit of time", ru="Единица времени"),
            _("Minutes, hours or days, whichever suits these durations.", ru="Минуты, часы или дни, что лучше подходит длительностям."),
            "{{ charts.write(stays[0], charts.time_unit(stays), lang) }}"),
        _helper("month_name", _("Name of a month", ru="Название месяца"),
            _("A month as labels of charts name it.", ru="Месяц, как его пишут подписи графиков."),
            "{{ charts.month_name(visit.now.date(), lang) }}"),
    ),
    more=_("`from crmkit.ui import charts`; see [charts](../charts.md).", ru="`from crmkit.ui import charts`; подробнее — [графики](../charts.md)."),
)  # fmt: skip
