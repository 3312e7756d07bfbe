"""What a report is asked over HTTP, read strictly: every mistake is told by the name of its parameter."""

from __future__ import annotations

import datetime as dt
import json
import typing as t

from starlette.requests import Request

from crmkit import Invalid, Problem, Text, _

from .ask import Ask
from .frame import CHOOSE, SPLITS

COMMON = ("from", "to", "by", "pipeline", "owner", "team", "dealer", "filter", "archived", "format")
ANY = tuple(name for name in COMMON if name != "pipeline")  # of reports that are not about one pipeline
ARCHIVED: dict[str, bool | None] = {"false": False, "true": True, "all": None}
FORMATS = ("json", "csv")
UNKNOWN = _("unknown parameter; there are: {known}", ru="неизвестный параметр; есть: {known}")
TWICE = _("given twice", ru="указан дважды")
A_DAY = _("expected a day such as 2026-01-31", ru="ожидается день, например 2026-01-31")
A_NUMBER = _("expected the number of a record", ru="ожидается номер записи")
AN_OBJECT = _('expected a filter tree such as {"amount": {"gte": "100"}}', ru='ожидается дерево фильтра, например {"amount": {"gte": "100"}}')
BIGGEST = 2**63 - 1


class Asked:
    """The parameters of one request; `choices` are words of the report's own, ``basis=entered``."""

    def __init__(self, request: Request, choices: t.Mapping[str, t.Sequence[str]] = {}, flags: t.Sequence[str] = COMMON) -> None:
        self.problems: list[Problem] = []
        self._given: dict[str, str] = {}
        known = (*flags, *choices)
        for name, value in request.query_params.multi_items():
            if name not in known:
                self._wrong(name.replace("\x00", "�"), "unknown", UNKNOWN.format(known=", ".join(known)))
            elif name in self._given:
                self._wrong(name, "repeated", TWICE)
            self._given[name] = value
        self.chosen = {name: self._choice(name, words) for name, words in choices.items()}
        self.format = self._choice("format", FORMATS)
        self.ask = Ask(
            since=self._day("from"), until=self._day("to"), by=tuple(self._given["by"].split(",")) if "by" in self._given else (),
            pipeline=self._given.get("pipeline"), owner=self._whole("owner"), team=self._whole("team"), dealer=self._whole("dealer"),
            filter=self._tree(), archived=ARCHIVED[self._choice("archived", tuple(ARCHIVED))],
        )  # fmt: skip
        if self.problems:
            raise Invalid(problems=self.problems)

    def _wrong(self, name: str, code: str, message: str) -> None:
        self.problems.append(Problem(name, code, message))

    def _choice(self, name: str, words: t.Sequence[str]) -> str:
        given = self._given.get(name, words[0])
        if given in words:
            return given
        self._wrong(name, "invalid", CHOOSE.format(known=", ".join(words)))
        return words[0]

    def _day(self, name: str) -> dt.date | None:
        given = self._given.get(name)
        try:
            if given is None or (len(given) == 10 and given[4] == given[7] == "-"):
                return None if given is None else dt.date.fromisoformat(given)
        except ValueError:
            pass
        self._wrong(name, "invalid", A_DAY)
        return None

    def _whole(self, name: str) -> int | None:
        given = self._given.get(name)
        if given is None or (given.isascii() and given.isdigit() and len(given) <= 19 and int(given) <= BIGGEST):
            return None if given is None else int(given)
        self._wrong(name, "invalid", A_NUMBER)
        return None

    def _tree(self) -> t.Any:
        given = self._given.get("filter")
        if given is None:
            return None
        try:
            found = json.loads(given)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self._wrong("filter", "invalid", AN_OBJECT)
        return found


def described(summary: Text, choices: t.Mapping[str, t.Sequence[str]] = {}, flags: t.Sequence[str] = COMMON) -> dict[str, t.Any]:
    """Return what the OpenAPI document says of a report."""
    whole = {"type": "integer", "minimum": 0, "maximum": BIGGEST}
    day = {"type": "string", "format": "date"}
    schemas: dict[str, t.Any] = {
        "from": day, "to": day, "pipeline": {"type": "string"}, "owner": whole, "team": whole, "dealer": whole,
        "archived": {"enum": list(ARCHIVED)}, "format": {"enum": list(FORMATS)},
        "by": {"type": "array", "maxItems": 3, "items": {"enum": [*(s for s in SPLITS if s != "stage"), "month"]}},
    } | {name: {"enum": list(words)} for name, words in choices.items()}  # fmt: skip
    parameters: list[dict[str, t.Any]] = []
    for name in (*flags, *choices):
        one: dict[str, t.Any] = {"name": name, "in": "query", "required": False}
        if name == "filter":
            one["content"] = {"application/json": {"schema": {"type": "object"}}}
        else:
            one |= {"schema": schemas[name], "style": "form", "explode": False}
        parameters.append(one)
    table = {"type": "object", "required": ["report", "kind", "columns", "rows"]}
    content = {"application/json": {"schema": table}, "text/csv": {"schema": {"type": "string"}}}
    return {"summary": summary, "parameters": parameters, "responses": {"200": {"description": "The report", "content": content}}}
