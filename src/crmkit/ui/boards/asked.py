"""What the address of a board says beside the bar it shares with lists: pipeline, whose records; and which columns are folded."""

from __future__ import annotations

import typing as t
from urllib.parse import quote, unquote

from ...core.kind import Kind
from ...core.pipeline import OPEN, Pipeline
from ..lists.asked import read
from ..lists.bar import Bar

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

FOLDS = "crmkit_folds"
MOST_FOLDS = 12


class BoardAsked:
    """The state of a board: that of its bar, the pipeline, and whether only one's own records are shown."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind) -> None:
        self.visit, self.kind = visit, kind
        self.bar = Bar(visit, uow, kind, read(visit), "board")
        self.pipeline: Pipeline[t.Any] = kind.pipelines.get(visit.query.get("pipeline", ""), kind.first_pipeline)
        self.may_be_mine = kind.owned and visit.actor.id is not None and "owner_id" not in visit.crm.access.hidden(visit.actor, kind)
        self.mine = self.may_be_mine and visit.query.get("mine") == "1"

    @property
    def filter(self) -> t.Any:
        """The filter tree, narrowed to the visitor's own records where only they are wanted."""
        own = {"owner_id": self.visit.actor.id} if self.mine else None
        return {"and": [own, self.bar.filter]} if own and self.bar.filter else own or self.bar.filter

    def url(self, pipeline: str = "", mine: bool | None = None) -> str:
        """Return the address of the board with another pipeline, or of everybody's records or one's own."""
        named = pipeline or self.visit.query.get("pipeline") or None
        own = 1 if (self.mine if mine is None else mine) else None
        return self.visit.url(f"{self.bar.path}/board", **self.bar.asked.query(), pipeline=named, mine=own)


def folded(visit: Visit, kind: Kind, pipeline: Pipeline[t.Any]) -> frozenset[str]:
    """Return the stages that are folded: those somebody folded in this browser; at first won and lost, where nothing is to be done."""
    kept = _kept(visit).get(f"{kind.key}~{pipeline.name}")
    if kept is None:
        return frozenset(s.name for s in pipeline.stages.values() if s.outcome is not OPEN)
    return frozenset(kept)


def fold(visit: Visit, kind: Kind, pipeline: Pipeline[t.Any], stage: str, folds: bool) -> None:
    """Keep in the browser whether a stage is folded."""
    stages = folded(visit, kind, pipeline) - {stage} | ({stage} if folds else set())
    kept = _kept(visit)
    key = f"{kind.key}~{pipeline.name}"
    kept.pop(key, None)
    kept[key] = [s for s in pipeline.stages if s in stages]
    newest = list(kept.items())[-MOST_FOLDS:]
    visit.set_cookie(FOLDS, "!".join("~".join(quote(part, safe="~") for part in (name, *names)) for name, names in newest))


def _kept(visit: Visit) -> dict[str, list[str]]:
    found = {}
    for entry in (visit.cookie(FOLDS) or "").split("!"):
        kind, _tilde, rest = entry.partition("~")
        if rest:
            pipeline, *stages = map(unquote, rest.split("~"))
            found[f"{unquote(kind)}~{pipeline}"] = stages
    return found
