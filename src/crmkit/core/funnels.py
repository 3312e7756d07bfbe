"""Pipelines from the settings file: relabelled, extended, added, without code."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs

from .errors import Misuse, closest
from .kind import Kind
from .pipeline import Outcome, Pipeline, Stage
from .settings import duration
from .text import Text

PIPELINE_KEYS = ("label", "of", "like", "stages", "moves")
STAGE_KEYS = ("label", "needs", "outcome", "rots_after", "color", "icon", "after")


class Funnels:
    """Lays ``[pipelines.*]`` of the settings over the pipelines of the plugins."""

    def __init__(self, pipelines: Mapping[str, Pipeline[t.Any]], kinds: Mapping[str, Kind]) -> None:
        self.pipelines, self.kinds, self.problems = dict(pipelines), kinds, list[str]()

    def apply(self, tables: Mapping[str, t.Any]) -> dict[str, Pipeline[t.Any]]:
        """Return all pipelines; what is wrong is in `problems`."""
        for name, table in tables.items():
            where = f"[pipelines.{name}]"
            if not isinstance(table, Mapping):
                self.problems.append(f"{where} must be a table")
                continue
            self.problems += [f"{where} has no key {k!r}.{closest(k, PIPELINE_KEYS)}" for k in table if k not in PIPELINE_KEYS]
            misshapen = _misshapen(table)
            if misshapen:
                self.problems += [f"{where} {told}" for told in misshapen]
                continue
            base = self.pipelines.get(name) or self._base(name, table, where)
            if base is None and "of" not in table:
                continue
            self._lay(name, table, base, where)
        return self.pipelines

    def _base(self, name: str, table: Mapping[str, t.Any], where: str) -> Pipeline[t.Any] | None:
        like = table.get("like")
        if like is not None:
            if like not in self.pipelines:
                self.problems.append(f"{where} like = {like!r}: there is no such pipeline.{closest(str(like), self.pipelines)}")
                return None
            return self.pipelines[like]
        if "of" not in table:
            self.problems.append(f'{where} is new: say like = "…" to copy a pipeline, or of = "…" and its stages.{closest(name, self.pipelines)}')
        return None

    def _lay(self, name: str, table: Mapping[str, t.Any], base: Pipeline[t.Any] | None, where: str) -> None:
        of = base.of if base is not None else self._entity(table, where)
        if of is None:
            return
        stages = dict(base.stages) if base is not None else {}
        for stage, facts in table.get("stages", {}).items():
            stages = self._stage(stages, stage, facts, f"[pipelines.{name}.stages.{stage}]")
        moves = None if base is None or base.moves is None else dict(base.moves)
        if "moves" in table:
            moves = (moves or {}) | {k: tuple(v) for k, v in table["moves"].items()}
        if moves is not None and base is not None:
            reached = {target for targets in moves.values() for target in targets}
            for stage in stages:
                if stage not in base.stages and stage not in reached:
                    how = f"name it under [pipelines.{name}.moves], as in {base.first.name} = [..., {stage!r}]"
                    self.problems.append(f"{where}: no move leads to the new stage {stage!r}; {how}")
        label = text(table["label"]) if "label" in table else base.label if base is not None else name.capitalize()
        like = table.get("like") or (base.like if base is not None else None)
        try:
            made = Pipeline(name, of=of, stages=list(stages.values()), label=label, moves=moves, like=like, defined_in="settings")
        except Misuse as error:
            self.problems.append(f"{where}: {error}")
            return
        self.pipelines[name] = made

    def _entity(self, table: Mapping[str, t.Any], where: str) -> t.Any:
        kind = self.kinds.get(table["of"])
        if kind is None or not kind.staged:
            staged = [k.key for k in self.kinds.values() if k.staged]
            self.problems.append(f"{where} of = {table['of']!r}: there is no such entity with stages.{closest(str(table['of']), staged)}")
            return None
        return kind.cls

    def _stage(self, stages: dict[str, Stage], name: str, facts: Mapping[str, t.Any], where: str) -> dict[str, Stage]:
        self.problems += [f"{where} has no key {k!r}.{closest(k, STAGE_KEYS)}" for k in facts if k not in STAGE_KEYS]
        after = facts.get("after")
        if after is not None and after not in stages:
            self.problems.append(f"{where} after = {after!r}: there is no such stage so far.{closest(str(after), stages)}")
            after = None
        changes: dict[str, t.Any] = {}
        try:
            if "label" in facts:
                changes["label"] = text(facts["label"])
            if "needs" in facts:
                changes["needs"] = tuple(facts["needs"])
            if "outcome" in facts:
                changes["outcome"] = Outcome(facts["outcome"])
            if "rots_after" in facts:
                changes["rots_after"] = duration(facts["rots_after"])
            changes |= {key: str(facts[key]) for key in ("color", "icon") if key in facts}
            made = attrs.evolve(stages[name], **changes) if name in stages else Stage(name, **changes)
        except (ValueError, TypeError, Misuse) as error:
            self.problems.append(f"{where}: {error}")
            made = stages.get(name) or Stage(name)
        return _placed(stages, made, after)


def _misshapen(table: Mapping[str, t.Any]) -> list[str]:
    """Return what in a pipeline's table is not of the shape it must have."""
    found = [f"{key} must be text, not {table[key]!r}" for key in ("of", "like") if not isinstance(table.get(key, ""), str)]
    stages, moves = table.get("stages", {}), table.get("moves", {})
    if not isinstance(stages, Mapping):
        found.append(f"stages must be tables, such as [pipelines.NAME.stages.paid], not {stages!r}")
    else:
        found += [f"stages.{name} must be a table, not {facts!r}" for name, facts in stages.items() if not isinstance(facts, Mapping)]
        needs = {n: f["needs"] for n, f in stages.items() if isinstance(f, Mapping) and "needs" in f}
        found += [f'stages.{name} needs must be a list, such as ["amount"], not {value!r}' for name, value in needs.items() if not _is_list(value)]
    if not isinstance(moves, Mapping):
        found.append(f"moves must be a table of lists, such as new = [\"paid\"], not {moves!r}")
    else:
        found += [f'moves.{name} must be a list, such as ["paid"], not {value!r}' for name, value in moves.items() if not _is_list(value)]
    try:
        text(table.get("label", ""))
    except ValueError as error:
        found.append(f"label: {error}")
    return found


def _is_list(value: t.Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)


def _placed(stages: dict[str, Stage], made: Stage, after: str | None) -> dict[str, Stage]:
    """Put a stage after another one; a stage that was there keeps its place, a new one comes last."""
    if after is None or after == made.name:
        return stages | {made.name: made}
    found: dict[str, Stage] = {}
    for name, stage in stages.items():
        if name != made.name:
            found[name] = stage
        if name == after:
            found[made.name] = made
    return found


def text(value: t.Any) -> Text:
    """Return a label of the settings: a string, or a table of languages ``{en = "Offer", ru = "Предложение"}``."""
    if isinstance(value, Mapping) and value and all(isinstance(v, str) for v in value.values()):
        english = value.get("en") or next(iter(value.values()))
        return Text(english, **{k: v for k, v in value.items() if k != "en"})
    if not isinstance(value, str):
        raise ValueError(f'a label is text, or {{en = "…", ru = "…"}}; not {value!r}')
    return value if isinstance(value, Text) else Text(value)
