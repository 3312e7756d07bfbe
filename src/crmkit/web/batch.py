"""Many changes in one request: all of them or none (``all``), or each on its own (``each``)."""

from __future__ import annotations

import typing as t

from ..core import operations
from ..core.errors import Invalid, Problem, Refusal, closest
from ..core.kind import Kind
from ..core.text import _
from .answer import Answer, as_json
from .call import BIGGEST, Call
from .commands import run
from .idempotency import written
from .problems import problem_body

if t.TYPE_CHECKING:
    from ..core.uow import Uow

MOST = 1000
Json = dict[str, t.Any]
KEYS: dict[str, frozenset[str]] = {
    "create": frozenset({"op", "kind", "values"}), "change": frozenset({"op", "kind", "id", "values", "version"}),
    "move": frozenset({"op", "kind", "id", "stage", "pipeline", "values", "version"}),
    "archive": frozenset({"op", "kind", "id", "version"}), "restore": frozenset({"op", "kind", "id", "version"}),
    "do": frozenset({"op", "command", "id", "arguments"}),
}  # fmt: skip
TYPES: dict[str, type] = {"kind": str, "id": int, "values": dict, "version": int, "stage": str, "pipeline": str, "command": str, "arguments": dict}
REQUIRED: dict[str, tuple[str, ...]] = {
    "create": ("kind", "values"), "change": ("kind", "id", "values"), "move": ("kind", "id", "stage"), "archive": ("kind", "id"),
    "restore": ("kind", "id"), "do": ("command",),
}  # fmt: skip
UNKNOWN = _("unknown field.{near}", ru="неизвестное поле.{near}")
MISSING = _("required", ru="обязательное поле")
BATCH = _("Batch of {count}", ru="Пакет: {count}")
WRONG = _("expected {type}", ru="ожидается {type}")
TYPE_WORDS = {str: _("text", ru="текст"), int: _("a positive whole number", ru="положительное целое число"), dict: _("an object", ru="объект")}


def batch(call: Call) -> Answer:
    """POST /api/batch."""
    call.query()
    body = call.object()
    problems = [Problem(k, "unknown", UNKNOWN.format(near=closest(k, ("mode", "operations")))) for k in body if k not in ("mode", "operations")]
    mode, asked = body.get("mode", "all"), body.get("operations")
    if mode not in ("all", "each"):
        problems.append(Problem("mode", "invalid", _("choose one of: {known}", ru="выберите одно из: {known}").format(known="all, each")))
    if not isinstance(asked, list) or not 1 <= len(asked) <= MOST:
        problems.append(
            Problem(
                "operations",
                "invalid",
                _("expected a list of 1 to {most} operations", ru="ожидается список от 1 до {most} операций").format(most=MOST),
            )
        )
    if problems:
        raise Invalid(problems=problems)
    operations_: list[t.Any] = t.cast("list[t.Any]", asked)
    # What is malformed is a mistake of the program that sends it: nothing is done, in either mode.
    problems = [p for i, one in enumerate(operations_) for p in _wrong(call, one, f"operations.{i}")]
    if problems:
        raise Invalid(problems=problems)
    if mode == "all":
        return written(call, lambda uow: _all(uow, call, operations_))
    return written(call, lambda uow: _each(uow, call, operations_))


def _all(uow: Uow, call: Call, asked: list[t.Any]) -> Answer:
    results = []
    uow.operation("bulk", BATCH.format(count=len(asked)), count=len(asked))
    for index, one in enumerate(asked):
        try:
            results.append(_do(uow, call, one))
        except Refusal as refusal:
            at = f"operations.{index}"
            refusal.problems = tuple(_below(p, at, one["op"]) for p in refusal.problems) or (Problem(at, refusal.code, refusal.message),)
            raise
    uow.finish()
    uow.settle()
    return as_json({"results": [render() for render in results], "failed": 0})


def _each(uow: Uow, call: Call, asked: list[t.Any]) -> Answer:
    """Each operation is a unit of work of its own, a savepoint of one transaction, so that one key covers them all."""
    results, failed = [], 0
    number = uow.operation("bulk", BATCH.format(count=len(asked)), count=len(asked))
    uow.finish()
    for one in asked:
        try:
            with call.crm.uow(call.actor, connection=uow.connection, operation=number) as inner:
                done = _do(inner, call, one)
                inner.settle()
                results.append(done())
        except Refusal as refusal:
            failed += 1
            results.append({"status": refusal.status, "problem": problem_body(refusal, call.language, call.root)})
    return as_json({"results": results, "failed": failed})


def _below(problem: Problem, at: str, op: str) -> Problem:
    """Say where in the batch a problem is: fields are among the operation's values, a command's among its arguments."""
    inner = "" if problem.path in ("stage", "pipeline", "") and op == "move" else "arguments." if op == "do" else "values."
    return Problem(f"{at}.{inner}{problem.path}" if problem.path else at, problem.code, problem.message, problem.extra)


def _wrong(call: Call, one: t.Any, at: str) -> list[Problem]:
    """Return what is wrong with the form of one operation."""

    def where(name: str) -> str:
        return f"{at}.{name}" if at else name

    if not isinstance(one, dict):
        return [Problem(at, "type", WRONG.format(type=TYPE_WORDS[dict]))]
    op = one.get("op")
    if not isinstance(op, str) or op not in KEYS:
        return [Problem(where("op"), "invalid", _("choose one of: {known}", ru="выберите одно из: {known}").format(known=", ".join(KEYS)))]
    found = [Problem(where(k), "unknown", UNKNOWN.format(near=closest(k, KEYS[op]))) for k in one if k not in KEYS[op]]
    found += [Problem(where(k), "required", MISSING) for k in REQUIRED[op] if one.get(k) is None]
    for name, kind in TYPES.items():
        value = one.get(name)
        if value is not None and name in KEYS[op] and (type(value) is not kind or (kind is int and not 0 < t.cast(int, value) <= BIGGEST)):
            found.append(Problem(where(name), "type", WRONG.format(type=TYPE_WORDS[kind])))
    return found or _names(call, one, where)


def _names(call: Call, one: Json, where: t.Callable[[str], str]) -> list[Problem]:
    crm = call.crm
    if one["op"] != "do":
        kind = crm.kinds.get(one["kind"])
        if kind is None or (one["op"] == "move" and not kind.pipelines):
            return [
                Problem(
                    where("kind"),
                    "unknown",
                    _("there is no such entity.{near}", ru="нет такой сущности.{near}").format(near=closest(one["kind"], crm.kinds)),
                )
            ]
        return []
    command = crm.commands.get(one["command"])
    if command is None:
        return [
            Problem(
                where("command"),
                "unknown",
                _("there is no such command.{near}", ru="нет такой команды.{near}").format(near=closest(one["command"], crm.commands)),
            )
        ]
    if (command.kind is None) != (one.get("id") is None):
        return [Problem(where("id"), "required" if command.kind else "unknown", MISSING if command.kind else UNKNOWN.format(near=""))]
    return []


def _do(uow: Uow, call: Call, one: Json) -> t.Callable[[], Json]:
    """Do one operation; what is returned shows its result once everything has settled."""
    op = one["op"]
    if op == "do":
        result = run(uow, call.crm.commands[one["command"]], one.get("id"), one.get("arguments") or {})
        return lambda: {"status": 200, "result": result}
    kind: Kind = call.crm.kinds[one["kind"]]
    key, values, version = one.get("id"), one.get("values"), one.get("version")
    if op == "create":
        record = operations.create(uow, kind, values or {})
    elif op == "change":
        record = operations.change(uow, kind, t.cast(int, key), values or {}, version)
    elif op == "move":
        record = operations.move(uow, kind, t.cast(int, key), one["stage"], one.get("pipeline"), values, version)
    else:
        record = (operations.archive if op == "archive" else operations.restore)(uow, kind, t.cast(int, key), version)
    return lambda: {"status": 201 if op == "create" else 200, "record": operations.show(uow, kind, record)}
