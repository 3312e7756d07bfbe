"""Search over everything an actor may see: ``uow.search("ива 916")``."""

from __future__ import annotations

import typing as t
from collections import defaultdict
from collections.abc import Iterable

import attrs

from .. import wire
from ..errors import Invalid, Problem
from ..kind import Kind
from ..model import Entity
from ..text import _
from .documents import SearchField, search_fields, text_of, tokens
from .find import LIMITS, Source, find, rows_of, sources_of
from .question import Question, read

if t.TYPE_CHECKING:
    from ..uow import Uow

MAX_HITS = LIMITS[-1]
MOST_MATCHED, LONGEST_SHOWN = 10, 200


@attrs.frozen
class Matched:
    """A field that answered: ``phone`` of the record itself, or of the part `kind` `id`; `value` is as the API shows it."""

    field: str
    label: str
    value: t.Any
    kind: str | None = None
    id: int | None = None


@attrs.frozen
class Hit:
    """A record that was found: `title` is the first of its search fields that is filled in."""

    kind: str
    id: int
    title: str
    matched: tuple[Matched, ...]
    archived: bool = False


def search(uow: Uow, text: str, *, kinds: Iterable[type[Entity] | str] | None = None, limit: int = 20, archived: bool | None = False) -> list[Hit]:
    """Return what answers `text` and the actor may see, whole words first, then what changed last; see `Uow.search`."""
    uow.flush()
    question = read(text)
    if not 1 <= limit <= MAX_HITS:
        raise Invalid(problems=[Problem("limit", "invalid", _("from 1 to {max}", ru="от 1 до {max}").format(max=MAX_HITS))])
    chosen = [uow.crm.kind(k) for k in kinds] if kinds is not None else searched(uow)
    found = find(uow, [k for k in chosen if uow.may(k.permission("read"))], question, limit, archived)
    keys = defaultdict[str, list[int]](list)
    for kind, key, _gone in found:
        keys[kind].append(key)
    shown = {kind: _described(uow, uow.crm.kind(kind), ids, question) for kind, ids in keys.items()}
    return [Hit(kind, key, *shown[kind][key], archived=gone) for kind, key, gone in found if key in shown[kind]]


def searched(uow: Uow) -> list[Kind]:
    """Return the kinds whose records are found, by their own words or by those of their parts; parts are found as their wholes."""
    wholes = {k.whole.target for k in uow.crm.kinds.values() if k.whole is not None and search_fields(k)}
    return [k for k in uow.crm.kinds.values() if k.whole is None and (search_fields(k) or k.key in wholes)]


def _described(uow: Uow, kind: Kind, keys: list[int], question: Question) -> dict[int, tuple[str, tuple[Matched, ...]]]:
    """Return title and what matched of some records of one kind: one statement for it, and one for each kind of part."""
    titles: dict[int, str] = {key: f"{kind.label} {key}" for key in keys}
    matched = defaultdict[int, list[Matched]](list)
    for source in sources_of(uow, kind):
        for row in rows_of(uow, source, keys):
            if source.via is None:
                titles[row["id"]] = _title(source.fields, row) or titles[row["id"]]
            matched[row["of"]] += [_matched(source, f, row) for f in source.fields if question.meets(f, set(tokens(f, row[f.dotted])))]
    return {key: (titles[key], tuple(matched[key][:MOST_MATCHED])) for key in keys}


def _title(fields: Iterable[SearchField], row: t.Mapping[str, t.Any]) -> str:
    return next((text for f in fields if (text := text_of(row[f.dotted]).strip())), "")[:LONGEST_SHOWN]


def _matched(source: Source, field: SearchField, row: t.Mapping[str, t.Any]) -> Matched:
    value = wire.dump(row[field.dotted])
    value = value[:LONGEST_SHOWN] if isinstance(value, str) else value
    if source.via is None:
        return Matched(field.dotted, field.field.label, value)
    return Matched(field.dotted, field.field.label, value, source.kind.key, row["id"])


__all__ = ["MAX_HITS", "Hit", "Matched", "search", "searched"]
