"""A mapping file: what is read from where, into which fields, in TOML that an integrator writes by hand."""

from __future__ import annotations

import graphlib
import hashlib
import os
import tomllib
import typing as t
from collections.abc import Mapping as AMapping
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import orjson

from ..core.errors import Invalid, Problem, closest
from ..core.text import Text, _
from .rules import Each, Get, Reference, Rule, When
from .sources import From

if t.TYPE_CHECKING:
    from ..core.compose import Crm

UPDATES = ("always", "empty", "never")
ENVIRONMENT = "CRMKIT_IMPORT_"
WRONG = _("The mapping {file} will not do", ru="Описание {file} не годится")


@attrs.frozen(kw_only=True)
class Step:
    """One source that becomes records of one kind. `source` is the name under which their ids are remembered."""

    name: str
    path: str
    source: str
    kind: str
    origin: From
    id: Get
    id_columns: tuple[str, ...]
    update: str
    when: tuple[When, ...]
    each: Each | None
    fields: tuple[Rule, ...]
    references: tuple[Reference, ...]
    stage: Rule | None
    pipeline: Rule | None
    created_at: Rule | None
    archived: Rule | None
    fingerprint: bytes

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is read, with the place in the mapping that names it first."""
        found: dict[str, str] = {}
        named = [rule for r in self.references for rule in (r.rule, r.which) if rule is not None]
        rules = [*self.fields, *named, *(r for r in (self.stage, self.pipeline, self.created_at, self.archived) if r)]
        for path, columns in [(f"{self.path}.id", self.id_columns), *((r.path, r.columns) for r in rules)]:
            for column in columns:
                found.setdefault(column, path)
        for rule in rules:
            for when in rule.when:
                found.setdefault(when.column, f"{rule.path}.when")
        for when in self.when:
            found.setdefault(when.column, f"{self.path}.when")
        for column in self.each.columns if self.each else ():
            found.setdefault(column, f"{self.path}.each")
        return found

    @property
    def own(self) -> tuple[Reference, ...]:
        """References to records of this very step: a tree."""
        return tuple(r for r in self.references if r.source == self.source)


@attrs.frozen(kw_only=True)
class Mapping:
    """A mapping that was read and found good; `steps` are in the order in which they can be loaded."""

    file: Path
    name: str
    zone: ZoneInfo
    steps: tuple[Step, ...]
    fingerprint: str


def read_mapping(file: Path, crm: Crm, data: AMapping[str, str] | None = None, environment: AMapping[str, str] | None = None) -> Mapping:
    """Read a mapping file; `Invalid` names everything that is wrong with it, each by its path.

    `data` fills in or replaces what the file says under ``[data]``; so does ``CRMKIT_IMPORT_<NAME>`` in the environment.
    """
    try:
        text = file.read_bytes()
        tables = tomllib.loads(text.decode("utf-8-sig"))
    except FileNotFoundError:
        near = closest(file.name, [p.name for p in file.parent.glob("*.toml")]) if file.parent.is_dir() else ""
        raise Invalid(_("There is no mapping {file}.{near}", ru="Нет описания {file}.{near}").format(file=str(file), near=near)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise Invalid(_("{file} cannot be read: {why}", ru="{file} не читается: {why}").format(file=str(file), why=str(error))) from None
    return mapping_of(tables, file, crm, data or {}, os.environ if environment is None else environment)


def mapping_of(tables: AMapping[str, t.Any], file: Path, crm: Crm, data: AMapping[str, str], environment: AMapping[str, str]) -> Mapping:
    """Return the mapping a parsed file describes."""
    from .reader import Reader

    reader = Reader(crm, file, tables, data, environment)
    steps = reader.steps()
    ordered = _ordered(steps, reader.problems) if not reader.problems else []
    if reader.problems:
        raise Invalid(WRONG.format(file=file.name), reader.problems)
    # Where files lie and how a database is reached may change; what is read and what becomes of it may not.
    what = orjson.dumps([tables, str(reader.zone)], option=orjson.OPT_SORT_KEYS, default=str)
    return Mapping(file=file, name=reader.name, zone=reader.zone, steps=tuple(ordered), fingerprint=hashlib.sha256(what).hexdigest()[:32])


def _ordered(steps: list[Step], problems: list[Problem]) -> list[Step]:
    """Return steps so that what is referred to comes first; what has no say keeps the order of the file."""
    by_source = {s.source: s for s in steps}
    graph: dict[str, list[str]] = {}
    for step in steps:
        graph[step.source] = [r.source for r in step.references if r.source in by_source and r.source != step.source]
    # A person found by e-mail may be loaded by the same file.
    kinds = {s.kind: s for s in steps}
    for step in steps:
        graph[step.source] += [kinds[r.kind].source for r in step.references if r.by and r.kind in kinds and kinds[r.kind] is not step]
    _whatever_comes(steps, graph)
    sorter = graphlib.TopologicalSorter(graph)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        names = " → ".join(by_source[s].name for s in error.args[1])
        message = _("these refer to each other in a circle: {names}; leave one reference out and load it by a second mapping",
            ru="ссылаются друг на друга по кругу: {names}; уберите одну ссылку и загрузите её вторым описанием")  # fmt: skip
        problems.append(Problem("import", "circle", message.format(names=names)))
        return []
    found: list[Step] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=list(by_source).index)
        found += [by_source[s] for s in ready]
        sorter.done(*ready)
    return found


def _whatever_comes(steps: list[Step], graph: dict[str, list[str]]) -> None:
    """Let steps whose rows say themselves where they point wait for all others, but for those that wait for them."""
    for step in steps:
        if any(r.which is not None for r in step.references):
            waiting, seen = [step.source], {step.source}
            while waiting:
                here = waiting.pop()
                fresh = [s for s, before in graph.items() if here in before and s not in seen]
                seen.update(fresh)
                waiting += fresh
            graph[step.source] += [s for s in graph if s not in seen]


__all__ = ["UPDATES", "Mapping", "Step", "Text", "read_mapping"]
