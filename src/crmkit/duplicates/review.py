"""The review list: pairs to decide, the likeliest first."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa

from crmkit import Invalid, Permission, Problem, Uow, _, command, route

from .entities import Pair, PairState
from .live import CANDIDATE, shown, told
from .pairs import Comparing
from .registry import Declared, find
from .settings import DuplicatesSettings

# The same as those of the entity, by the same names.
READ = Permission("duplicates.pair.read", _("Possible duplicate: see", ru="Возможный дубликат: видеть"))
DECIDE = Permission("duplicates.decide", _("Decide about possible duplicates", ru="Решать о возможных дубликатах"))
MOST = 50
BAD_AFTER = _("this is not where a page ended", ru="здесь не кончалась страница")
BAD_LIMIT = _("a number from 1 to {most}", ru="число от 1 до {most}")
MERGED = _("These records are merged already; undo the merge first", ru="Эти записи уже объединены; сначала отмените объединение")

PAIR = {
    "type": "object",
    "required": ["id", "score", "reasons", "records", "merge"],
    "properties": {
        "id": {"type": "integer"},
        "score": {"type": "number"},
        "reasons": CANDIDATE["properties"]["reasons"],  # type: ignore[index]
        "records": {"type": "array", "items": {"type": "object", "required": ["id", "values"]}},
        "merge": {"type": "string", "description": "Where to merge the first record into: its address with /merge"},
        "via": {"type": ["integer", "null"], "description": "A third record both are like"},
    },
}
OPERATION: dict[str, t.Any] = {
    "summary": "Pairs to decide",
    "parameters": [
        {"name": "kind", "in": "query", "required": True, "schema": {"type": "string"}, "description": "The kind of records, such as sales.contact"},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 20}},
        {"name": "after", "in": "query", "schema": {"type": "string"}, "description": "`next` of the page before"},
    ],
    "responses": {
        "200": {
            "description": "A page, the likeliest first",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["pairs", "next"],
                        "properties": {"pairs": {"type": "array", "items": PAIR}, "next": {"type": ["string", "null"]}},
                    }
                }
            },
        }
    },
}


@route("/pairs", permission=READ, operation=OPERATION)
def pairs(request: t.Any, uow: Uow) -> t.Any:
    """Return open pairs of a kind whose records the actor sees both, with the reasons that are not about hidden fields."""
    asked = request.query_params
    here = find(uow, asked.get("kind", ""))
    limit = asked.get("limit", "20")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MOST):
        raise Invalid(problems=[Problem("limit", "invalid", BAD_LIMIT.format(most=MOST))])
    rows, following = listed(uow, here, int(limit), asked.get("after"))
    return {"pairs": told_pairs(uow, here, rows), "next": following}


def listed(uow: Uow, here: Declared, limit: int, after: str | None, *, about: int | None = None) -> tuple[list[t.Any], str | None]:
    """Return a page of open pairs, those `about` one record or all, and where the next page begins."""
    living = sa.select(here.kind.table.c.id).where(here.kind.table.c.archived_at.is_(None))
    query = uow.find(Pair).where(
        Pair.kind == here.kind.key, Pair.state == PairState.OPEN, t.cast(t.Any, Pair.a_id).in_(living), t.cast(t.Any, Pair.b_id).in_(living)
    )
    if about is not None:
        query = query.where(sa.or_(Pair.a_id == about, Pair.b_id == about))
    if after is not None:
        score, _colon, key = after.partition(":")
        try:
            place = (float(score), int(key))
        except ValueError:
            raise Invalid(problems=[Problem("after", "invalid", BAD_AFTER)]) from None
        if not (0 <= place[0] <= 1 and 0 <= place[1] < 2**63):
            raise Invalid(problems=[Problem("after", "invalid", BAD_AFTER)])
        query = query.where(sa.or_(t.cast(t.Any, Pair.score) < place[0], sa.and_(Pair.score == place[0], t.cast(t.Any, Pair.id) > place[1])))
    query = query.order_by(sa.desc(t.cast(t.Any, Pair.score)), Pair.id).limit(limit + 1)
    found = query.columns(Pair.id, Pair.a_id, Pair.b_id, Pair.score, Pair.via_id)
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return found[:limit], None if last is None else f"{last[3]!r}:{last[0]}"


def told_pairs(uow: Uow, here: Declared, rows: list[t.Any]) -> list[dict[str, t.Any]]:
    """Compare the records of a page anew, without what is hidden: what only hidden fields say is not told."""
    hidden = here.hidden(uow)
    comparing = Comparing(uow, here)
    ids = {i for row in rows for i in (row[1], row[2])}
    raw = here.raw(uow, ids)
    comparing.prepared.update((key, here.what.prepare(values)) for key, values in raw.items())
    comparing.count({n for p in comparing.prepared.values() for n in here.numbers(p)})
    seen_third = _visible(uow, here, {row[4] for row in rows if row[4] is not None})
    plugin, _dot, name = here.kind.key.partition(".")
    least, found = uow.crm[DuplicatesSettings].propose_from, []
    for key, a, b, score, via in rows:
        judged = comparing.judge(a, b, hidden)
        if judged is None or (hidden and via is None and judged.score < least):
            continue
        found.append({
            "id": key, "score": round(score if not hidden or via is not None else judged.score, 4), "reasons": told(uow, judged.reasons),
            "records": [{"id": i, "values": shown(here, raw[i], hidden)} for i in (a, b)], "merge": f"/api/{plugin}/{name}/{a}/merge",
            "via": via if via in seen_third else None,
        })  # fmt: skip
    return found


def _visible(uow: Uow, here: Declared, ids: set[int]) -> set[int]:
    return set(uow.find(here.kind.cls).where(here.kind.table.c.id.in_(sorted(ids))).ids()) if ids else set()


@command(_("Not duplicates", ru="Это разные записи"), of=Pair, permission=DECIDE)
def different(pair: Pair, uow: Uow) -> None:
    """Say that two records are not one: they are never proposed again."""
    decide(pair, uow, PairState.DIFFERENT)


@command(_("Look at again", ru="Рассмотреть снова"), of=Pair, permission=DECIDE)
def reopen(pair: Pair, uow: Uow) -> None:
    """Take a decision back: the pair stands in the review list again."""
    decide(pair, uow, PairState.OPEN)


def decide(pair: Pair, uow: Uow, state: PairState) -> None:
    """Keep what was decided about a pair, by whom and when."""
    if pair.state is PairState.MERGED:
        raise Invalid(problems=[Problem("state", "merged", MERGED)])
    pair.state = state
    pair.decided_at = None if state is PairState.OPEN else uow.now
    pair.decided_by = None if state is PairState.OPEN else uow.actor.id
