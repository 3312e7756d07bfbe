"""The pages and parts of boards of records."""

from __future__ import annotations

import typing as t

from ...core.errors import Invalid, Problem
from ...web.answer import Answer
from ...web.problems import NoSuchPath
from ..lists.words import WORDS as LIST_WORDS
from ..results import View
from ..shown import path_of
from . import words
from .asked import fold
from .drawn import SPRITE
from .stages import MOST_IDS, BoardOf

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

WORDS = {name: value for name, value in vars(words).items() if isinstance(value, str) and not name.startswith("__")}


def shown(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/board: the board of an entity that goes through a pipeline."""
    kind = visit.kind
    if not kind.staged:
        raise NoSuchPath()
    uow.require(kind.permission("read"))
    look = visit.site.shown(kind)
    if not kind.pipelines:
        return View("ui/boards/none.html", kind=kind, shown=look, bw=WORDS)
    found = BoardOf(visit, uow, kind)
    board = found.draw()
    return View("ui/boards/stages.html", of=found, bar=found.bar, board=board, kind=kind, shown=look, path=path_of(kind), lw=LIST_WORDS, **common())


def common() -> dict[str, t.Any]:
    """Return what every template of a board has."""
    return {"bw": WORDS, "sprite_names": SPRITE}


def changes(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/board/changes: the cards of `ids` as far as they are on the board, or the whole board; the heads in any case."""
    found = BoardOf(visit, uow, visit.kind)
    ids = _ids(visit.query.get("ids", ""))
    return View("ui/boards/changes.html", board=found.changes(ids) if ids else found.draw(), **common())


def more(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/board/more: further cards of a column."""
    found = BoardOf(visit, uow, visit.kind)
    stage = visit.query.get("stage", "")
    if stage not in found.pipeline.stages:
        raise NoSuchPath()
    return View("ui/boards/more.html", column=found.more(stage, visit.query.get("after") or None), **common())


def folds(visit: Visit, uow: Uow) -> Answer:
    """POST /sales/deal/board/fold: keep in the browser that a column is folded, or no longer."""
    kind = visit.kind
    uow.require(kind.permission("read"))
    pipeline = kind.pipelines.get(visit.form.get("pipeline", ""))
    stage = visit.form.get("stage", "")
    if pipeline is None or stage not in pipeline.stages:
        raise Invalid(problems=[Problem("stage", "unknown", words.lost_column)])
    fold(visit, kind, pipeline, stage, visit.form.get("folded") == "1")
    return Answer(b"", 204, [], None)


def _ids(text: str) -> list[int]:
    found = [int(part) for part in text.split(",") if part.isascii() and part.isdigit() and len(part) < 19]
    return list(dict.fromkeys(found))[:MOST_IDS]


__all__ = ["changes", "common", "folds", "more", "shown"]
