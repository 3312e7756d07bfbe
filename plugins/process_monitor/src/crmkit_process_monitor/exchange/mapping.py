"""How the attributes or columns of a log are read."""

from __future__ import annotations

import collections.abc as c
import typing as t

import attrs

from crmkit import Invalid, Problem, _

CASE = ACTIVITY = "concept:name"
RESOURCE, TIME, TRANSITION, INSTANCE = "org:resource", "time:timestamp", "lifecycle:transition", "concept:instance"
UNKNOWN = _("there is no {name!r}; there is: {known}", ru="нет {name!r}; есть: {known}")
TEXTS = _("a table of texts: \"as the log has it\" = \"as it shall be called\"", ru='таблица текстов: "как в журнале" = "как называть"')


def _texts(value: t.Any) -> dict[str, str]:
    if not isinstance(value, c.Mapping) or not all(isinstance(v, str) and v.strip() for v in value.values()):
        raise ValueError(TEXTS)
    return {str(k): v.strip() for k, v in value.items()}


@attrs.frozen(kw_only=True)
class Mapping:
    """What is what in a log. Left out: as XES has it; in CSV files columns are found by usual names."""

    case: str | None = None
    """What names a case."""
    activity: str | None = None
    """What becomes a step."""
    time: str | None = None
    """When it happened; with `start`, when it was completed."""
    start: str | None = None
    """CSV: when it was begun."""
    resource: str | None = None
    """Who did it."""
    transition: str | None = None
    """``start`` or ``complete``."""
    kind: str | None = None
    """The attribute of a case that says its kind: new or repeat client, product …"""
    steps: dict[str, str] = attrs.field(factory=dict, converter=_texts)
    """How activities shall be called; those called alike become one step."""
    workers: dict[str, str] = attrs.field(factory=dict, converter=_texts)
    """How resources shall be called; those called alike become one employee."""
    since_previous: bool = attrs.field(default=False, converter=bool)
    """What has no start begins with the event before it in its case, instead of taking no time."""
    zone: str | None = None
    """The time zone of moments without one; left out: UTC in XES, that of the CRM in CSV."""
    format: str | None = None
    """CSV: how moments are written, as in ``%d.%m.%Y %H:%M``; left out: ISO 8601, or days, months and years with dots."""


def mapping_of(values: c.Mapping[str, t.Any]) -> Mapping:
    """Return a mapping from a file's or a form's values; `Invalid` names what will not do."""
    known = {a.name for a in attrs.fields(Mapping)}
    wrong = [Problem(n, "unknown", UNKNOWN.format(name=n, known=", ".join(sorted(known)))) for n in values if n not in known]
    if wrong:
        raise Invalid(problems=wrong)
    try:
        return Mapping(**{n: v for n, v in values.items() if v not in (None, "")})
    except ValueError as error:
        raise Invalid(problems=[Problem("steps" if "steps" in values else "workers", "invalid", str(error))]) from None
