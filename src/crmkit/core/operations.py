"""Writing on somebody's behalf: the one way in for the API, batches, import and agents.

Every function checks the permission, the row rule and the field rules, takes JSON values, and refuses with every problem at
once, each under its dotted path.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import sqlalchemy as sa

from . import wire
from .errors import Invalid, NotFound, Problem, Stale, closest
from .field import REQUIRED, Field
from .filter import EVERYTHING
from .kind import ExtensionKind, Kind
from .model import Entity, Staged
from .pipeline import StageOf
from .records import NO_KIND, NO_SUCH
from .tables import merged
from .text import _

if t.TYPE_CHECKING:
    from .uow import Uow

UNKNOWN = _("unknown field.{near}", ru="неизвестное поле.{near}")
KEPT = _("kept by the system and not for writing", ru="заполняется системой")
READ_ONLY = _("you may see this field, not change it", ru="это поле доступно вам только для чтения")
Values = Mapping[str, t.Any]


def create(uow: Uow, kind: Kind, values: Values) -> Entity:
    """Add a record and return it. Without an owner it belongs to the actor and their first team."""
    uow.require(kind.permission("create"))
    reading = _Reading(uow, kind, values, new=True)
    into = reading.start()
    own, extensions = reading.done()
    if kind.owned and not uow.actor.system:
        own.setdefault("owner_id", uow.actor.id)
        own.setdefault("team_id", uow.actor.teams[0] if uow.actor.teams else None)
    record = kind.cls(**own)
    for extension, given in extensions.items():
        record.attach(extension.cls(**given))
    uow.add(record, into=into)
    uow.flush()
    rule = uow.rule(kind, "create")
    if rule is not EVERYTHING and not uow.matches(record, rule):
        with uow.whole():
            uow.forbid(kind.permission("create"))
    return record


def change(uow: Uow, kind: Kind, key: int, values: Values, version: int | None) -> Entity:
    """Edit a record and return it. `version` is the one the caller saw; None edits whatever is there."""
    record = locked(uow, kind, key, "change", None)
    own, extensions = _Reading(uow, kind, values, new=False, record=record).done()
    _same(record, version)
    for name, value in own.items():
        setattr(record, name, value)
    for extension, given in extensions.items():
        change_extension(record, extension, given)
    uow.flush()
    return record


def read_values(uow: Uow, kind: Kind, values: Values, record: Entity | None) -> tuple[dict[str, t.Any], dict[ExtensionKind, dict[str, t.Any]]]:
    """Return an edit's JSON as values of the record (None: of any) and its extensions, or refuse with everything that is wrong."""
    return _Reading(uow, kind, values, new=False, record=record).done()


def change_extension(record: Entity, extension: ExtensionKind, given: Values) -> None:
    """Edit what an extension adds to a record, giving it one where it has none."""
    held = record.get(extension.cls)
    if held is None:
        record.attach(extension.cls(**given))
        return
    for name, value in given.items():
        setattr(held, name, value)


def move(uow: Uow, kind: Kind, key: int, stage: str, pipeline: str | None = None, values: Values | None = None, version: int | None = None) -> Entity:
    """Move a record to a stage, filling in `values` first, and return it."""
    record = t.cast(Staged, locked(uow, kind, key, "move", None))
    to = find_stage(uow, kind, stage, pipeline or record.pipeline)
    own: dict[str, t.Any] = {}
    if values:
        uow.require(kind.permission("change"), record)
        own, extensions = _Reading(uow, kind, values, new=False, record=record).done()
        _same(record, version)
        for extension, given in extensions.items():
            change_extension(record, extension, given)
    _same(record, version)
    return t.cast(Entity, uow.move(record, to, own))


def find_stage(uow: Uow, kind: Kind, stage: str, pipeline: str) -> StageOf[t.Any]:
    """Return a stage by its names; `Invalid` names the close ones."""
    found = kind.pipelines.get(pipeline)
    if found is None:
        message = _("there is no pipeline {name!r}.{near}", ru="нет воронки {name!r}.{near}").format(name=pipeline,
            near=closest(pipeline, kind.pipelines))
        raise Invalid(problems=[Problem("pipeline", "unknown", message)])
    if stage not in found.stages:
        message = _("there is no stage {name!r}.{near}", ru="нет стадии {name!r}.{near}").format(name=stage, near=closest(stage, found.stages))
        raise Invalid(problems=[Problem("stage", "unknown", message)])
    return found[stage]


def moves(uow: Uow, kind: Kind, key: int) -> list[dict[str, t.Any]]:
    """Return every stage of the record's pipeline, with whether it may go there and what is missing."""
    record = t.cast(Staged, uow.get(kind.cls, key))
    found = []
    for to in kind.pipelines.get(record.pipeline, ()):
        if to.name != record.stage:
            verdict = uow.can_move(record, to)
            problems = [{"path": p.path, "code": p.code, "message": p.message} for p in verdict.problems]
            found.append({"pipeline": to.pipeline.name, "stage": to.name, "label": to.stage.label, "outcome": to.stage.outcome.value,
                "allowed": verdict.allowed, "problems": problems})
    return found


def archive(uow: Uow, kind: Kind, key: int, version: int | None = None) -> Entity:
    """Put a record into the archive and return it."""
    return uow.archive(locked(uow, kind, key, "archive", version))


def restore(uow: Uow, kind: Kind, key: int, version: int | None = None) -> Entity:
    """Take a record out of the archive and return it."""
    return uow.restore(locked(uow, kind, key, "archive", version))


def locked(uow: Uow, kind: Kind, key: int, action: str, version: int | None) -> Entity:
    """Return a record to be changed, held until the end of the transaction; the right to do `action` is checked."""
    record = uow.get(kind.cls, key, lock=True, action=action)  # the scope is part of this statement
    if not uow.elevated and not uow.crm.access.may(uow.actor, kind.permission(action), record):
        uow.forbid(kind.permission(action))
    _same(record, version)
    return record


def _same(record: Entity, version: int | None) -> None:
    """Refuse an edit of another version. What is wrong with the request itself comes first (RFC 9110, 13.2.1)."""
    if version is not None and record.version != version:
        message = _(
            "You edit version {old}, the record is at version {new}: load it again",
                ru="Вы правите версию {old}, а у записи уже версия {new}: загрузите её заново"
        ).format(old=version, new=record.version)
        raise Stale(message, current_version=record.version)


class _Reading:
    """Turns a JSON object into field values, collecting every problem."""

    def __init__(self, uow: Uow, kind: Kind, values: Values, *, new: bool, record: Entity | None = None) -> None:
        self.uow, self.kind, self.values, self.new, self.record = uow, kind, dict(values), new, record
        self.hidden = frozenset[str]() if uow.elevated else uow.crm.access.hidden(uow.actor, kind)
        self.fixed = frozenset[str]() if uow.elevated else uow.crm.access.read_only(uow.actor, kind, "create" if new else "change")
        self.problems: list[Problem] = []

    def start(self) -> StageOf[t.Any] | None:
        """Take ``stage`` and ``pipeline`` out of the values of a new record."""
        if not self.kind.staged:
            return None
        stage, pipeline = self.values.pop("stage", None), self.values.pop("pipeline", None)
        for name, value in (("stage", stage), ("pipeline", pipeline)):
            if value is not None and not isinstance(value, str):
                self.problems.append(Problem(name, "invalid", _("expected text", ru="ожидается текст")))
        if self.problems or (stage is None and pipeline is None):
            return None
        try:
            chosen = pipeline or self.kind.first_pipeline.name
            if stage is None and chosen in self.kind.pipelines:
                stage = self.kind.pipelines[chosen].first.name
            return find_stage(self.uow, self.kind, stage or "", chosen)
        except Invalid as refusal:
            self.problems += refusal.problems
            return None

    def done(self) -> tuple[dict[str, t.Any], dict[ExtensionKind, dict[str, t.Any]]]:
        """Return the values of the record itself and of its extensions, or refuse with everything that is wrong."""
        own, extensions = self._fields(self.kind.fields, self.values, ""), {}
        for name, extension in self.kind.extensions.items():
            given = self.values.get(name)
            if given is None:
                continue
            if not isinstance(given, Mapping):
                self.problems.append(Problem(name, "invalid", _("expected an object", ru="ожидается объект")))
                continue
            extensions[extension] = self._fields(extension.fields, given, f"{name}.")
            if self.new or self.record is None or self.record.get(extension.cls) is None:
                self._required(extension.fields, given, f"{name}.")
        if self.new:
            self._required(self.kind.fields, self.values, "")
        if not self.problems:
            self._references(self.kind.fields, own, "")
            self._abouts(own)
            for extension, given in extensions.items():
                self._references(extension.fields, given, f"{extension.name}.")
        if self.problems:
            raise Invalid(problems=self.problems)
        return own, extensions

    def _fields(self, fields: Mapping[str, Field], values: Values, prefix: str) -> dict[str, t.Any]:
        found: dict[str, t.Any] = {}
        for name, value in values.items():
            path = f"{prefix}{name}"
            field = fields.get(name)
            if field is None or path in self.hidden or (prefix and name == "id"):
                if not prefix and name in self.kind.extensions:
                    continue
                known = [n for n in fields if f"{prefix}{n}" not in self.hidden and not fields[n].generated]
                self.problems.append(Problem(path, "unknown", UNKNOWN.format(near=closest(name, known))))
            elif field.generated or name == "id":
                self.problems.append(Problem(path, "generated", KEPT))
            elif path in self.fixed:
                self.problems.append(Problem(path, "read-only", READ_ONLY))
            else:
                self._accept(field, value, path, found)
        return found

    def _accept(self, field: Field, value: t.Any, path: str, found: dict[str, t.Any]) -> None:
        try:
            found[field.name] = field.accept(wire.load(field, value))
        except ValueError as error:
            self.problems.append(Problem(path, "invalid", error.args[0]))
        except Invalid as refusal:
            self.problems += [Problem(path, p.code, p.message) for p in refusal.problems]

    def _required(self, fields: Mapping[str, Field], values: Values, prefix: str) -> None:
        told = {p.path for p in self.problems}
        for name, field in fields.items():
            if field.required and name not in values and f"{prefix}{name}" not in told:
                self.problems.append(Problem(f"{prefix}{name}", "required", REQUIRED))

    def _references(self, fields: Mapping[str, Field], values: Values, prefix: str) -> None:
        """A record may point only to what the actor may see; anything else looks as if it did not exist. A part is a change of its whole."""
        if self.uow.elevated:
            return
        for name, value in values.items():
            to = fields[name].to
            if to is None or value is None or (self.record is not None and not prefix and self.record.__dict__.get(name) == value):
                continue
            try:
                self.uow.get(to, value, action="change" if fields[name].part else "read")
            except NotFound:
                self.problems.append(Problem(f"{prefix}{name}", "reference", NO_SUCH))

    def _abouts(self, values: Values) -> None:
        """What a record is about must be of a kind there is, and a record the actor may see."""
        for field in self.kind.abouts:
            named = t.cast(str, field.about)
            if not {field.name, named} & values.keys():
                continue
            held = {} if self.record is None else self.record.__dict__
            other = self.uow.crm.kinds.get(values.get(named, held.get(named)))
            if other is None or other.abouts:
                known = [k.key for k in self.uow.crm.kinds.values() if not k.abouts and self.uow.may(k.permission("read"))]
                self.problems.append(Problem(named, "unknown", NO_KIND.format(near=closest(str(values.get(named, held.get(named))), known))))
                continue
            try:
                self.uow.get(other.cls, values.get(field.name, held.get(field.name)))
            except NotFound:
                self.problems.append(Problem(field.name, "reference", NO_SUCH))


def show(uow: Uow, kind: Kind, record: Entity, fields: t.Collection[str] | None = None) -> dict[str, t.Any]:
    """Return a record as JSON: its visible fields, each extension as an object under its name (null where there is none)."""
    hidden = uow.crm.access.hidden(uow.actor, kind)
    values, dump = record.__dict__, wire.dump
    found: dict[str, t.Any] = {n: dump(values[n]) for n in kind.names if n not in hidden and (fields is None or n in fields)}
    for name, extension in kind.extensions.items():
        if fields is not None and name not in fields and not any(f.startswith(f"{name}.") for f in fields):
            continue
        held = record.get(extension.cls)
        shown = [n for n in extension.fields if n != "id" and f"{name}.{n}" not in hidden]
        found[name] = None if held is None else {n: dump(held.__dict__[n]) for n in shown}
    if values["archived_at"] is not None and fields is None and (into := merged_into(uow, kind, record.id)) is not None:
        found["merged_into"] = into
    return found


def merged_into(uow: Uow, kind: Kind, key: int) -> int | None:
    """Return the record that another one was merged into in the end, or None."""
    c, seen, here = merged.c, {key}, key
    while True:
        found = uow.connection.execute(sa.select(c.winner_id).where(c.kind == kind.key, c.loser_id == here)).scalar_one_or_none()
        if found is None or found in seen:
            return None if here == key else here
        seen.add(found)
        here = found

