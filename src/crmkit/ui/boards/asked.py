"""What the address of a board says: pipeline, filter, search, saved view, whose records."""

from __future__ import annotations

import typing as t
from urllib.parse import quote, unquote

import attrs

from ...core.kind import Kind
from ...core.pipeline import OPEN, Pipeline
from ..lists.asked import Asked, read
from ..shown import path_of

if t.TYPE_CHECKING:
    from ..visit import Visit

FOLDS = "crmkit_folds"
MOST_FOLDS = 12


@attrs.frozen(kw_only=True)
class BoardAsked:
    """The state of a board."""

    kind: Kind
    list: Asked
    pipeline: str = ""
    mine: bool = False

    def query(self, **changes: t.Any) -> dict[str, t.Any]:
        """Return the parameters of an address with this state, changed as said."""
        own = {name: changes.pop(name) for name in ("pipeline", "mine") if name in changes}
        now = attrs.evolve(self, **own)
        found: dict[str, t.Any] = self.list.query(sort=(), columns=(), archived="", **changes)
        return found | ({"pipeline": now.pipeline} if now.pipeline else {}) | ({"mine": 1} if now.mine else {})

    def url(self, visit: Visit, verb: str = "board", /, **changes: t.Any) -> str:
        """Return the address of the board, or of a part of it."""
        more = {name: changes.pop(name) for name in ("stage", "after", "ids") if name in changes}
        return visit.url(f"{path_of(self.kind)}/{verb}", **self.query(**changes), **more)

    def filter(self, visit: Visit, tree: t.Any) -> t.Any:
        """Return a filter tree, narrowed to the visitor's own records where only they are wanted."""
        own = {"owner_id": visit.actor.id} if self.mine and visit.actor.id is not None and self.kind.owned else None
        return {"and": [own, tree]} if own and tree else own or tree or None


def asked_of(visit: Visit) -> BoardAsked:
    """Return the state a board's address asks for."""
    pipeline = visit.query.get("pipeline", "")
    known = pipeline if pipeline in visit.kind.pipelines else ""
    return BoardAsked(kind=visit.kind, list=attrs.evolve(read(visit), after=None), pipeline=known, mine=visit.query.get("mine") == "1")


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
