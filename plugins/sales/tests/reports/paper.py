"""The reports again, with paper and pencil: plain loops over what is known of the cases. Shares no code with the real ones."""

from __future__ import annotations

import datetime as dt
import decimal
import statistics
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from .trial import END, LOST_STAGES, OPEN_STAGES, WON_STAGES, ZONE, Known

Inside = Callable[[dt.datetime], bool]


def inside(since: dt.date, until: dt.date) -> Inside:
    return lambda moment: since <= moment.astimezone(ZoneInfo(ZONE)).date() <= until


def month(moment: dt.datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(ZONE)):%Y-%m}"


def reach(case: Known, stages: Iterable[str]) -> dt.datetime | None:
    return min((at for pipeline, stage, at in case.stays if pipeline == "cases" and stage in stages), default=None)


def funnel(cases: list[Known], within: Inside, basis: str) -> list[dict[str, Any]]:
    if basis == "created":
        cases = [c for c in cases if within(c.created)]
    order = ("new", "talk", "offer", "pay")
    rows = []
    for number, stage in enumerate(order):
        rows.append({"stage": stage, "reached": _reached(cases, (*order[number:], *WON_STAGES), within, basis)})
    won = _reached(cases, WON_STAGES, within, basis)
    for row, following in zip(rows, [*(r["reached"] for r in rows[1:]), won], strict=True):
        row["to_next"] = following / row["reached"] if row["reached"] else None
        row["to_won"] = won / row["reached"] if row["reached"] else None
    rows += [{"stage": s, "reached": _reached(cases, (s,), within, basis), "to_next": None, "to_won": None} for s in WON_STAGES]
    for row in rows:
        counted = [c for c in cases if c.now[0] == "cases" and (basis == "created" or within(c.now[2]))]
        row["here"] = sum(c.now[1] == row["stage"] for c in counted)
        row["lost"] = sum(c.now[1] in LOST_STAGES and len(c.stays) > 1 and c.stays[-2][:2] == ("cases", row["stage"]) for c in counted)
    return rows


def _reached(cases: list[Known], stages: Iterable[str], within: Inside, basis: str) -> int:
    moments = [reach(c, tuple(stages)) for c in cases]
    return sum(m is not None and (basis == "created" or within(m)) for m in moments)


def stays(cases: list[Known], within: Inside, lasted: Callable[[dt.datetime, dt.datetime], dt.timedelta]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for stage in (*OPEN_STAGES, *WON_STAGES, *LOST_STAGES):
        done, who = [], set()
        for number, case in enumerate(cases):
            for (pipeline, name, since), (_pipeline, _name, until) in zip(case.stays, case.stays[1:], strict=False):
                if (pipeline, name) == ("cases", stage) and within(until):
                    done.append(lasted(since, until))
                    who.add(number)
        now = [lasted(c.now[2], END) for c in cases if c.now[:2] == ("cases", stage)]
        found[stage] = {"stays": len(done), "records": len(who), **spread(done, ""), "now": len(now), **spread(now, "now_")}
        del found[stage]["now_p75"]
    return found


def spread(values: list[dt.timedelta], prefix: str) -> dict[str, Any]:
    if not values:
        return {prefix + name: None for name in ("mean", "median", "p75", "p90")}
    seconds = [v / dt.timedelta(microseconds=1) for v in values]
    cuts = statistics.quantiles(seconds, n=20, method="inclusive") if len(seconds) > 1 else seconds * 19
    return {prefix + "mean": statistics.fmean(seconds), prefix + "median": cuts[9], prefix + "p75": cuts[14], prefix + "p90": cuts[17]}


def outcomes(cases: list[Known], within: Inside, key: Callable[[Known], Any]) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for case in cases:
        pipeline, stage, since = case.now
        if pipeline == "cases" and stage in (*WON_STAGES, *LOST_STAGES) and within(since):
            row = found.setdefault(key(case), {"won": 0, "lost": 0, "won_amount": decimal.Decimal(), "lost_amount": decimal.Decimal()})
            name = "won" if stage in WON_STAGES else "lost"
            row[name] += 1
            row[f"{name}_amount"] += case.amount or 0
    for row in found.values():
        row["rate"] = row["won"] / (row["won"] + row["lost"])
    return found
