"""Pipelines: the stages a record goes through, what each stage needs, and which moves are allowed."""

from __future__ import annotations

import datetime as dt
import enum
import sys
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs

from .errors import Misuse, Problem, closest
from .model import Staged
from .text import Text

if t.TYPE_CHECKING:
    from .uow import Uow

E = t.TypeVar("E", bound=Staged)
Guard = t.Callable[[t.Any, "Uow"], "str | None"]


class Outcome(enum.Enum):
    """What it means to be in a stage."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


OPEN, WON, LOST = Outcome.OPEN, Outcome.WON, Outcome.LOST
COLORS = ("red", "amber", "green", "blue", "violet", "gray")


def _text(value: str) -> Text:
    return value if isinstance(value, Text) else Text(value)


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _guards(values: Iterable[Guard]) -> tuple[Guard, ...]:
    return tuple(values)


@attrs.frozen
class Stage:
    """One step of a pipeline.

    `needs` names fields that must be filled on entering (``"amount"``, or an extension's ``"patient.born"``); `guards` are
    functions ``(record, uow) -> None`` or the reason why not; `rots_after` marks records that stay too long. `color` (red, amber,
    green, blue, violet, gray) and `icon` (a name of lucide's) are how pages show it, where its place among the others is not enough.
    """

    name: str
    label: Text = attrs.field(default=Text(""), converter=_text, kw_only=True)
    needs: tuple[str, ...] = attrs.field(default=(), converter=_names, kw_only=True)
    outcome: Outcome = attrs.field(default=OPEN, kw_only=True)
    rots_after: dt.timedelta | None = attrs.field(default=None, kw_only=True)
    guards: tuple[Guard, ...] = attrs.field(default=(), converter=_guards, kw_only=True)
    color: str = attrs.field(default="", kw_only=True)
    icon: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.color and self.color not in COLORS:
            raise Misuse(f"stage {self.name!r}: color = {self.color!r} is none of {', '.join(COLORS)}")
        if not self.label:
            object.__setattr__(self, "label", Text(self.name.replace("_", " ").capitalize()))


@attrs.frozen
class StageOf(t.Generic[E]):
    """A stage of one pipeline: what ``SALES["offer"]`` gives, for moves and automations."""

    pipeline: Pipeline[E]
    stage: Stage

    @property
    def name(self) -> str:
        """The stage's name within its pipeline."""
        return self.stage.name

    @property
    def key(self) -> tuple[str, str]:
        """``(pipeline name, stage name)``."""
        return self.pipeline.name, self.stage.name

    def __repr__(self) -> str:
        return f"{self.pipeline.name}[{self.stage.name!r}]"


@attrs.frozen(eq=False, init=False)
class Pipeline(t.Generic[E]):
    """An ordered list of stages for one entity; the first stage is where new records start.

    `moves` maps a stage to the stages that may follow; left out, every move is allowed. A stage listed after itself may be
    entered again: its time starts anew. `like` names the pipeline this one is a variant of: automations on a stage of that
    pipeline hold for the stage of the same name here.
    """

    name: str
    of: type[E]
    label: Text
    stages: Mapping[str, Stage]
    moves: Mapping[str, tuple[str, ...]] | None
    like: str | None
    defined_in: str

    def __init__(
        self, name: str, *, of: type[E], stages: Sequence[Stage], label: str = "",
        moves: Mapping[str, Sequence[str]] | None = None, like: str | None = None, defined_in: str = "",
    ) -> None:  # fmt: skip
        by_name = {s.name: s for s in stages}
        problems = [f"{s!r} is listed twice" for s in by_name if [x.name for x in stages].count(s) > 1]
        if not stages:
            problems.append("it has no stages")
        for source, targets in (moves or {}).items():
            problems += [f"moves name {s!r}, which is no stage.{closest(s, by_name)}" for s in (source, *targets) if s not in by_name]
        if not issubclass(t.cast(type, of), Staged):  # not everybody runs a checker
            problems.append(f"{of.__name__} has no stage fields: write `class {of.__name__}(Staged, table=...)`")
        if problems:
            raise Misuse(f"pipeline {name!r}: " + "; ".join(problems))
        self.__attrs_init__(
            name, of, _text(label or name.capitalize()), by_name, None if moves is None else {k: tuple(v) for k, v in moves.items()},
            like, defined_in or sys._getframe(1).f_globals.get("__name__", ""),
        )  # fmt: skip

    def __getitem__(self, stage: str) -> StageOf[E]:
        """Return a stage for moves and automations; a wrong name fails at once, naming the closest one."""
        if stage not in self.stages:
            raise Misuse(f"pipeline {self.name!r} has no stage {stage!r}.{closest(stage, self.stages)}")
        return StageOf(self, self.stages[stage])

    def __iter__(self) -> t.Iterator[StageOf[E]]:
        return (StageOf(self, s) for s in self.stages.values())

    @property
    def first(self) -> Stage:
        """The stage new records start in."""
        return next(iter(self.stages.values()))

    def allows(self, source: str, target: str) -> bool:
        """True when a record may go from one stage to the other."""
        return source != target if self.moves is None else target in self.moves.get(source, ())

    def targets(self, source: str) -> list[str]:
        """Return the stages that may follow `source`, in pipeline order."""
        return [s for s in self.stages if self.allows(source, s)]


@attrs.frozen
class Verdict:
    """Whether a move may happen, and everything that stands in its way. True when allowed."""

    problems: tuple[Problem, ...] = ()

    @property
    def allowed(self) -> bool:
        """True when nothing stands in the way."""
        return not self.problems

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields to fill first, as dotted paths."""
        return tuple(p.path for p in self.problems if p.code == "required")

    def __bool__(self) -> bool:
        return self.allowed
