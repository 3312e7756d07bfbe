"""Commands: what a person can do beyond plain editing, from one declaration."""

from __future__ import annotations

import inspect
import typing as t
import weakref
from collections.abc import Mapping

import attr
import attrs

from . import wire
from .errors import Invalid, Problem
from .kind import Kind
from .plugin import CommandMark, Permission
from .text import Text

if t.TYPE_CHECKING:
    from .model import Entity
    from .uow import Uow


@attrs.frozen(eq=False)
class Command:
    """One command of one CRM. `name` is ``"sales.register_call"``; `arguments` an attrs class of what the caller fills in."""

    name: str
    plugin: str
    label: Text
    permission: Permission
    kind: Kind | None
    function: t.Callable[..., t.Any]
    arguments: type
    returns: t.Any

    @property
    def verb(self) -> str:
        """The last part of the name, as in URLs."""
        return self.name.rpartition(".")[2]

    @property
    def help(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def run(self, uow: Uow, record: Entity | None, given: Mapping[str, t.Any]) -> t.Any:
        """Check the permission and the arguments (JSON values), do it, journal it, and return what the function returns."""
        uow.require(self.permission, record)
        arguments = self.read(given)
        call = {a.name: getattr(arguments, a.name) for a in attrs.fields(self.arguments)}
        result = self.function(record, uow, **call) if self.kind is not None else self.function(uow, **call)
        uow.flush()
        noted = {"arguments": wire.strict_converter().unstructure(arguments)}
        uow.settling.journal(self.kind.key if self.kind else self.plugin, record.id if record else None, self.name, noted)
        return result

    def read(self, given: Mapping[str, t.Any]) -> t.Any:
        """Return the arguments structured strictly; `Invalid` names every wrong one."""
        import cattrs

        try:
            return wire.strict_converter().structure(given, self.arguments)
        except (cattrs.BaseValidationError, cattrs.ForbiddenExtraKeysError) as error:
            raise Invalid(problems=[Problem(path, "invalid", message) for path, message in wire.structure_problems(error)]) from error


def make_command(plugin: str, function: t.Callable[..., t.Any], mark: CommandMark, kind: Kind | None) -> tuple[Command | None, list[str]]:
    """Describe a marked function, or say what is wrong with its signature."""
    hints, parameters = _signature(function)
    wanted = ["record", "uow"] if kind is not None else ["uow"]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    where = f"command {function.__qualname__} of {plugin!r}"
    problems = []
    if len(positional) != len(wanted):
        shown = "(record, uow, *, …)" if kind is not None else "(uow, *, …)"
        problems.append(f"{where} must take {shown}; put a * before what the caller fills in")
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    problems += [f"{where}: annotate {p.name!r}, so that its input can be checked" for p in named if p.name not in hints]
    if problems:
        return None, problems
    arguments = _arguments.get(function)
    if arguments is None:  # made once, however many CRMs have the command: attrs and cattrs compile code for it
        fields = {p.name: attr.ib(type=hints[p.name], default=attrs.NOTHING if p.default is p.empty else p.default, kw_only=True) for p in named}
        arguments = _arguments[function] = attrs.make_class(f"{function.__name__}_arguments", fields, frozen=True)
    verb = mark.name or function.__name__
    name = f"{plugin}.{verb}" if kind is None else f"{kind.key}.{verb}"
    return Command(name, plugin, mark.label, mark.permission, kind, function, arguments, hints.get("return")), []


_Signature = tuple[dict[str, t.Any], list[inspect.Parameter]]
_signatures: weakref.WeakKeyDictionary[t.Callable[..., t.Any], _Signature] = weakref.WeakKeyDictionary()
_arguments: weakref.WeakKeyDictionary[t.Callable[..., t.Any], type] = weakref.WeakKeyDictionary()


def _signature(function: t.Callable[..., t.Any]) -> _Signature:
    found = _signatures.get(function)
    if found is None:
        found = _signatures[function] = (t.get_type_hints(function), list(inspect.signature(function).parameters.values()))
    return found
