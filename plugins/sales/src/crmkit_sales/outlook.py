"""What is to be expected of a deal: its chance, the amount weighed with it, and its forecast category."""

from __future__ import annotations

import decimal
import typing as t
from collections.abc import Mapping, MutableMapping

from crmkit import LOST, WON, Invalid, Problem, _

from .entities import ForecastCategory

if t.TYPE_CHECKING:
    from crmkit import Uow

CENT = decimal.Decimal("0.01")


def foresee(values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Fill in chance, expected amount, forecast category and the moment of closing."""
    from .settings import SalesSettings

    own = values.get("probability")
    if own is not None and not 0 <= own <= 100:
        raise Invalid(problems=[Problem("probability", "invalid", _("from 0 to 100", ru="от 0 до 100"))])
    settings, pipeline = uow.crm[SalesSettings], uow.crm.pipelines.get(values["pipeline"])
    stage = pipeline.stages.get(values["stage"]) if pipeline is not None else None
    outcome = stage.outcome if stage is not None else None
    names = [n for n in (values["pipeline"], pipeline.like if pipeline is not None else None, "sales") if n]
    usual = next((settings.chances[n][values["stage"]] for n in names if values["stage"] in settings.chances.get(n, {})), 0)
    category = next((settings.categories[n][values["stage"]] for n in names if values["stage"] in settings.categories.get(n, {})), "pipeline")
    chance = 100 if outcome is WON else 0 if outcome is LOST else own if own is not None else usual
    amount = values.get("amount")
    values["chance"] = chance
    values["expected_amount"] = None if amount is None else (amount * chance / 100).quantize(CENT, decimal.ROUND_HALF_UP)
    closed = outcome in (WON, LOST)
    values["forecast_category"] = (
        ForecastCategory.CLOSED if outcome is WON else ForecastCategory.OMITTED if closed else values.get("forecast") or ForecastCategory(category)
    )
    values["closed_at"] = values["stage_since"] if closed else None
    if values.get("no_next_step") is None:
        values["no_next_step"] = False
