"""What an integrator sets under ``[sales]``."""

from __future__ import annotations

import datetime as dt

import attrs


@attrs.frozen(kw_only=True)
class SalesSettings:
    """Settings of the sales plugin."""

    first_call_within: dt.timedelta = dt.timedelta(days=1)
    """How soon a new deal is to be followed up."""
    review_after: dt.timedelta = dt.timedelta(days=14)
    """How long after an offer somebody asks again."""
