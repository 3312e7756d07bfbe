"""The whole CRM as files: a JSON Lines file for every kind of record, and a mapping that loads them again."""

from __future__ import annotations

import datetime as dt
import graphlib
import itertools
import json
import typing as t
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
import sqlalchemy as sa

from ..core import lists, wire
from ..core.kind import Kind
from ..core.ledger import history, journal
from ..core.lists import ListRequest
from .export import every_field, pieces

if t.TYPE_CHECKING:
    from ..core.access import Actor
    from ..core.compose import Crm
    from ..core.uow import Uow

MAPPING = "import.toml"
BOOKS = {"crm_stage_history": history, "crm_journal": journal}
BLOCK = 5_000


@attrs.frozen
class Written:
    """One file that was written."""

    name: str
    file: Path
    rows: int


def exportable(crm: Crm) -> list[Kind]:
    """Return the kinds that can leave the CRM: those that are more than secrets (sessions and tokens are not)."""
    return [k for k in crm.kinds.values() if not any(f.secret and f.required for f in k.fields.values())]


def export_kind(uow: Uow, kind: Kind, file: Path, form: str, *, request: ListRequest | None = None, guard: bool = True) -> Written:
    """Write one kind of record to a file, under the rights of the unit of work's actor."""
    asked = request or ListRequest(sort=("id",), archived=None)
    if asked.fields is None:
        asked = attrs.evolve(asked, fields=every_field(uow.crm, uow.actor, kind))
    with _whole(file) as stream:
        for piece in pieces(uow, kind, asked, form, guard=guard):
            stream.write(piece)
    total = lists.page(uow, kind, attrs.evolve(asked, fields=["id"], limit=1, count=lists.MAX_COUNT)).total or 0
    return Written(kind.key, file, total)


class _whole:  # used like a function
    """A file that appears under its name when it is complete."""

    def __init__(self, file: Path) -> None:
        self._file, self._part = file, file.with_name(f"{file.name}.part")

    def __enter__(self) -> t.BinaryIO:
        self._stream = self._part.open("wb")
        return self._stream

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._stream.close()
        if error is None:
            self._part.replace(self._file)
        else:
            self._part.unlink()


def export_books(uow: Uow, folder: Path, told: Callable[[Written], None]) -> None:
    """Write the stage history and the journal: for reading and keeping, not for loading."""
    uow.require("crmkit.journal")
    for name, table in BOOKS.items():
        file = folder / f"{name}.jsonl"
        count = 0
        with _whole(file) as stream:
            for row in _rows(uow, table):
                stream.write(json.dumps({n: wire.dump(v) for n, v in row.items()}, ensure_ascii=False, default=str).encode() + b"\n")
                count += 1
        told(Written(name, file, count))


def _rows(uow: Uow, table: sa.Table) -> Iterator[t.Any]:
    last = 0
    while True:
        found = uow.connection.execute(sa.select(table).where(table.c.id > last).order_by(table.c.id).limit(BLOCK)).mappings().all()
        yield from found
        if len(found) < BLOCK:
            return
        last = found[-1]["id"]


# ---- the mapping that loads it again ---------------------------------------------------------------------------------
def mapping_for(crm: Crm, kinds: Sequence[Kind], name: str, at: dt.datetime) -> str:
    """Return the text of a mapping that loads exported files into an empty CRM of the same plugins."""
    keys = [k.key for k in kinds]
    dropped = _circular(kinds)
    lines = [f"# Written by `crmkit export` on {at:%Y-%m-%d}; change what you like.", f"name = {json.dumps(name)}", ""]
    for kind in kinds:
        here = json.dumps(kind.key)
        lines += [f"[import.{here}]", f'from = {{file = "{kind.key}.jsonl"}}', f"into = {here}", 'id = "id"', f"[import.{here}.fields]"]
        lines += [f"{json.dumps(n) if '.' in n else n} = {said}" for n, said in _fields(crm, kind, keys, dropped)]
        lines.append("")
    return "\n".join(lines)


def _fields(crm: Crm, kind: Kind, keys: Sequence[str], dropped: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    secret = {n for n, f in kind.fields.items() if f.secret}
    own = [n for n, f in kind.fields.items() if not f.generated and n != "id" and n not in secret]
    for name in own:
        field = kind.fields[name]
        to = crm.kind(field.to).key if field.to is not None else _person(name, keys)
        if (kind.key, name) in dropped:
            continue
        if name == "about_id" and "about_kind" in kind.fields:
            yield name, '{column = "about_id", ref = "{about_kind}"}'
        elif to in keys:
            missing = ', missing = "empty"' if field.to is None else ""
            yield name, f'{{column = "{name}", ref = "{to}"{missing}}}'
        else:
            yield name, json.dumps(name)
    for extension in kind.extensions.values():
        for name, field in extension.fields.items():
            if name != "id" and not field.generated and not field.secret:
                yield f"{extension.name}.{name}", json.dumps(f"{extension.name}.{name}")
    for name in (*(("pipeline", "stage") if kind.staged else ()), "created_at", "archived_at"):
        yield name, json.dumps(name)


def _person(name: str, keys: Sequence[str]) -> str:
    """Return what an owner and a team are where the CRM keeps its own people."""
    wanted = {"owner_id": "accounts.user", "team_id": "accounts.team"}.get(name, "")
    return wanted if wanted in keys else ""


def _circular(kinds: Sequence[Kind]) -> set[tuple[str, str]]:
    """Return links to leave out, because two kinds name each other; only such as may be empty."""
    keys = [k.key for k in kinds]
    links = {(k.key, link.field.name): (link.target, link.field.nullable) for k in kinds for link in k.links.values() if link.target in keys}
    for key in keys:
        kind = next(k for k in kinds if k.key == key)
        links |= {(key, n): (to, True) for n in ("owner_id", "team_id") if kind.owned and (to := _person(n, keys))}
    dropped: set[tuple[str, str]] = set()
    while True:
        graph: dict[str, set[str]] = {k: set() for k in keys}
        for (key, name), (to, _nullable) in links.items():
            if (key, name) not in dropped and to != key:
                graph[key].add(to)
        try:
            graphlib.TopologicalSorter(graph).prepare()
            return dropped
        except graphlib.CycleError as error:
            circle = error.args[1]
            steps = {(b, a) for a, b in itertools.pairwise(circle)}
            loose = [place for place, (to, nullable) in links.items() if nullable and place not in dropped and (place[0], to) in steps]
            if not loose:
                return dropped
            dropped.add(loose[-1])


__all__ = ["MAPPING", "Actor", "Written", "export_books", "export_kind", "exportable", "mapping_for"]
