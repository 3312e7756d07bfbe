"""``crmkit do``: every ``@command`` of the plugins as a verb."""

from __future__ import annotations

import json
import types
import typing as t

import attrs
import click

from ..load import at_work, given, ready_crm, settled_crm
from ..speak import _, told
from ..verb import Option, Verb, VerbGroup

if t.TYPE_CHECKING:
    from crmkit.core.commands import Command

HELP = _(
    "Run a command of a plugin, as the system; the journal names you.\n\n"
    "A command of a record takes the record's number first. Values are checked as strictly as those of the API.",
    ru="Выполнить команду плагина от имени системы; в журнале будет ваше имя.\n\n"
    "Команда над записью принимает сначала номер записи. Значения проверяются так же строго, как в API.",
)
EXAMPLES = """
crmkit do
crmkit do sales.deal.register_call 42 --note "asked for a discount"
"""


def _commands(ctx: click.Context) -> dict[str, click.Command]:
    """Return a verb for each command of the CRM."""
    found: dict[str, click.Command] | None = ctx.meta.get("crmkit.do")
    if found is None:
        found = {}
        if given().is_there:
            crm = settled_crm()
            found = {name: _verb(name, command) for name, command in crm.commands.items()}
        ctx.meta["crmkit.do"] = found
    return found


def _verb(name: str, command: Command) -> Verb:
    parameters: list[click.Parameter] = [click.Argument(["number"], type=int)] if command.kind is not None else []
    attrs.resolve_types(command.arguments)
    parameters += [_option(a) for a in attrs.fields(command.arguments)]
    shown = " ".join(f"--{a.name.replace('_', '-')} …" for a in attrs.fields(command.arguments) if a.default is attrs.NOTHING)
    words = _("{label}. {help}", ru="{label}. {help}").format(label=command.label, help=command.help)
    example = f"crmkit do {name} {'42 ' if command.kind else ''}{shown}".rstrip()

    def call(number: int | None = None, **given: t.Any) -> None:
        _run(name, number, {n: v for n, v in given.items() if v is not None})

    return Verb(name, params=parameters, callback=call, help=words, examples=example)


def _option(field: attrs.Attribute[t.Any]) -> Option:
    names = [f"--{field.name.replace('_', '-')}", field.name]
    plain = _plain(field.type)
    required = field.default is attrs.NOTHING
    if plain is bool:
        flag = names[0].removeprefix("--")
        return Option([f"--{flag}/--no-{flag}", field.name], default=None, required=required)
    kind: t.Any = _Text() if plain is str else _Json()
    return Option(names, type=kind, required=required, metavar=getattr(plain, "__name__", "VALUE").upper())


def _plain(kind: t.Any) -> t.Any:
    if t.get_origin(kind) in (t.Union, types.UnionType):
        return next(a for a in t.get_args(kind) if a is not type(None))
    return kind


class _Text(click.ParamType[t.Any]):
    name = "text"


class _Json(click.ParamType[t.Any]):
    """A JSON value; what is none is taken as text, so that dates and amounts need no quotes."""

    name = "json"

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> t.Any:
        """Read it."""
        if not isinstance(value, str):
            return value
        try:
            found = json.loads(value)
        except ValueError:
            return value
        return value if isinstance(found, float) else found


def _run(name: str, number: int | None, values: dict[str, t.Any]) -> None:
    from crmkit.web.commands import run

    crm = ready_crm()
    with crm.uow(at_work()) as uow:
        result = run(uow, crm.commands[name], number, values)
    if result is not None:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2, default=str))


@click.pass_context
def _without_verb(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        if not given().is_there:
            click.echo(
                told(
                    _(
                        "There is no settings file here, so no command is known.",
                        ru="Здесь нет файла настроек, поэтому команды неизвестны.",
                    )
                )
            )


do = VerbGroup("do", callback=_without_verb, invoke_without_command=True, help=HELP, examples=EXAMPLES, found=_commands)
