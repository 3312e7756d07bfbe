"""Who reacts to what: the marked functions of a composed CRM, found by event, stage and name."""

from __future__ import annotations

import collections
import inspect
import typing as t
from collections.abc import Mapping

import attrs

from . import funnels
from .assemble import Assembly, Marked
from .errors import Misuse
from .events import RecordEvent, event_key
from .filter import Reader
from .kind import ExtensionKind
from .pipeline import Pipeline, StageOf
from .plugin import EveryMark, OnMark, StageMark, WhileMark
from .settle import Subscriber


class Automations:
    """The reactions a CRM was composed with."""

    hook: t.Any
    pipelines: Mapping[str, Pipeline[t.Any]]
    marked: tuple[Marked, ...]

    def _funnels(self, found: Assembly, tables: Mapping[str, t.Any]) -> Mapping[str, Pipeline[t.Any]]:
        laid = funnels.Funnels(found.pipelines, found.kinds)
        pipelines = laid.apply(tables.get("pipelines", {}))
        found.problems += laid.problems
        for pipeline in pipelines.values():
            kind = found.by_class[pipeline.of]
            kind.pipelines[pipeline.name] = pipeline
            for stage in pipeline.stages.values():
                for need in stage.needs:
                    try:
                        path = kind.path(need, found.kinds)
                        wrong = path.field.generated or any(not isinstance(h, ExtensionKind) for h in path.hops)
                        if wrong:
                            found.problems.append(f"{pipeline.name}[{stage.name!r}] needs {need!r}, which cannot be filled in on a move")
                    except LookupError as error:
                        found.problems.append(f"{pipeline.name}[{stage.name!r}] needs {need!r}: {error.args[0]}")
        return pipelines

    def _subscribe(self, found: Assembly) -> None:
        self._on: dict[tuple[str, type, type | None], list[Subscriber]] = collections.defaultdict(list)
        self._at: dict[tuple[str, str, str], list[Subscriber]] = collections.defaultdict(list)
        self._patience: dict[tuple[str, str, str], WhileMark] = {}
        self._event_names: dict[type, str] = {}
        self._checked: dict[tuple[str, type], bool] = {}
        self.event_classes: dict[str, type] = {}
        for item in found.marked:
            mark = item.mark
            if isinstance(mark, OnMark):
                cls, of = event_key(mark.event)
                node = None
                if mark.when is not None:
                    node = self._condition(item.name, mark.when, of, found)
                self._on[mark.phase, cls, of].append(Subscriber(item.name, item.plugin, item.function, node, frozenset(mark.fields)))
                if not issubclass(cls, RecordEvent):
                    name = f"event:{item.plugin}:{cls.__name__}"
                    self._event_names.setdefault(cls, name)
                    if self.event_classes.setdefault(self._event_names[cls], cls) is not cls:
                        found.problems.append(f"{item.name}: there are two events {cls.__name__}; timers know them by name, so rename one")
            elif isinstance(mark, StageMark | WhileMark):
                phase = mark.phase if isinstance(mark, StageMark) else "while"
                for pipeline in self._variants(mark.stage, item.name, found):
                    self._at[phase, pipeline, mark.stage.name].append(Subscriber(item.name, item.plugin, item.function))
                    if isinstance(mark, WhileMark):
                        self._patience[item.name, pipeline, mark.stage.name] = mark

    def _condition(self, name: str, when: Mapping[str, t.Any], of: type | None, found: Assembly) -> t.Any:
        kind = found.by_class.get(of) if of is not None else None
        if kind is None:
            found.problems.append(f"{name}: when= needs an event of one entity, such as Changed[Deal]")
            return None
        reader = Reader(kind, found.kinds)
        node = reader.read(when, "when")
        found.problems += [f"{name}: {p.path}: {p.message}" for p in reader.problems]
        return node

    def _variants(self, stage: StageOf[t.Any], name: str, found: Assembly) -> list[str]:
        """Return the pipelines in which a stage reference holds: its own, and those made like it."""
        own = stage.pipeline.name
        if own not in self.pipelines:
            found.problems.append(f"{name} waits for {stage!r}, whose pipeline is not in this CRM; add its plugin to requires=")
            return []
        return [p.name for p in self.pipelines.values() if own in self._likes(p.name) and stage.name in p.stages]

    def _likes(self, name: str) -> set[str]:
        """Return a pipeline's name and those it is a variant of, directly or not."""
        found, here = set[str](), self.pipelines.get(name)
        while here is not None and here.name not in found:
            found.add(here.name)
            here = self.pipelines.get(here.like or "")
        return found

    def checked(self, cls: type, hook: str = "crm_check") -> bool:
        """True when some `crm_check` (or `crm_can_move`) wants to see records of `cls`: those it takes by the annotation of `record`, or any."""
        if (hook, cls) not in self._checked:
            wanted = map(_takes, getattr(self.hook, hook).get_hookimpls())
            self._checked[hook, cls] = any(classes is None or issubclass(cls, classes) for classes in wanted)
        return self._checked[hook, cls]

    def subscribers(self, phase: str, event: object) -> list[Subscriber]:
        """Return the handlers of an event, in dependency order."""
        cls = type(event)
        of = type(event.record) if isinstance(event, RecordEvent) else None
        exact = self._on.get((phase, cls, of), ())
        if of is None:
            return list(exact)
        every = self._on.get((phase, cls, None))
        return [*exact, *every] if every else list(exact)

    def heard_outside(self, cls: type) -> str | None:
        """Return the kind of job that runs the one handler of a plugin's own event, where that one is ``@outside``; else None."""
        heard = [s for phase in ("on", "after") for s in self._on.get((phase, cls, None), ())]
        alone = self._on.get(("outside", cls, None), ())
        return f"outside:{alone[0].name}" if not heard and len(alone) == 1 and alone[0].when is None else None

    def at_stage(self, phase: str, stage: tuple[str, str]) -> t.Sequence[Subscriber]:
        """Return what runs when a record enters, leaves or stays in a stage."""
        return self._at.get((phase, *stage), ())

    def patience(self, name: str, stage: tuple[str, str]) -> WhileMark | None:
        """Return how long a ``@while_in`` handler waits in a stage, and whether it repeats."""
        return self._patience.get((name, *stage))

    def event_name(self, cls: type) -> str:
        """Return the name under which a plugin's own event waits as a timer."""
        try:
            return self._event_names[cls]
        except KeyError:
            raise Misuse(f"nobody handles {cls.__name__}: write a function marked @on({cls.__name__}) in a plugin of this CRM") from None

    def crons(self) -> list[tuple[str, EveryMark, str]]:
        """Return the ``@every`` automations: name, mark with its times as the settings have them, plugin."""
        found = [(m.name, m.mark, m.plugin) for m in self.marked if isinstance(m.mark, EveryMark)]
        crm = t.cast(t.Any, self)
        return [(name, attrs.evolve(mark, cron=mark.cron(crm)) if callable(mark.cron) else mark, plugin) for name, mark, plugin in found]


def _takes(implementation: t.Any) -> tuple[type, ...] | None:
    """Return the entities an implementation of `crm_check` or `crm_can_move` is annotated for; None for any."""
    function = inspect.unwrap(implementation.function)
    annotation = function.__annotations__.get("record", t.Any)
    try:
        named = eval(annotation, function.__globals__) if isinstance(annotation, str) else annotation  # as typing.get_type_hints does
    except NameError:  # imported for checkers only
        return None
    classes = t.get_args(named) or (named,)
    return classes if all(isinstance(c, type) and c is not t.Any for c in classes) else None
