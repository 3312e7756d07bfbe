"""The references in ``docs/reference/``, written from the code itself: ``python -m crmkit.cli.reference
docs/reference``."""

from __future__ import annotations

import datetime as dt
import enum
import inspect
import re
import sys
import typing as t
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

HEAD = "<!-- Written by `make docs` from the code. Do not edit: change the docstring or the label instead. -->\n\n"


def pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    made: dict[str, Callable[[], Iterator[str]]] = {
        "hooks.md": _hooks,
        "marks.md": _marks,
        "settings.md": _settings,
        "permissions.md": _permissions,
        "cli.md": _cli,
        "filters.md": _filters,
        "errors.md": _errors,
        "http.md": _http,
        "fixtures.md": _fixtures,
        "components.md": _components,
        "pages.md": _pages,
    }
    return {name: HEAD + "\n".join(lines()).rstrip() + "\n" for name, lines in made.items()}


def signature(function: t.Any, *, without: tuple[str, ...] = ("self",)) -> str:
    """Return a function's signature as its author wrote it."""
    made = inspect.signature(function)
    kept = [p for p in made.parameters.values() if p.name not in without]
    return re.sub(r"\b(?:dt|t|datetime)\.", "", str(made.replace(parameters=kept)).replace("'", ""))


def _text(thing: t.Any) -> str:
    text = inspect.getdoc(thing) or ""
    return re.sub(r"``([^`]*)``", r"`\1`", text)


def hook_line(name: str, function: t.Any) -> str:
    """Return a hook with the exact names of its arguments: ``crm_check(record, changes, uow)``."""
    names = [p for p in inspect.signature(function).parameters if p != "self"]
    return f"{name}({', '.join(names)})"


def _hooks() -> Iterator[str]:
    from crmkit.core.hooks import Specs

    yield "# Hooks\n"
    yield _text(sys.modules["crmkit.core.hooks"]).partition("\n")[2].strip() + "\n"
    yield ("Mark an implementation with `@hookimpl` in one of the plugin's modules. A plugin publishes hooks of its own with")
    yield "`Plugin(specs=…)`, a class of `@hookspec` functions whose names begin with the plugin's name.\n"
    for name, function in vars(Specs).items():
        if name.startswith("crm_"):
            first = (getattr(function, "crmkit_spec", None) or {}).get("firstresult")
            yield f"## `{hook_line(name, function)}`\n"
            yield f"```text\n{name}{signature(function)}\n```\n"
            yield _text(function) + (" *The first answer that is not None ends the call.*" if first else "") + "\n"


def mark_functions() -> dict[str, t.Any]:
    """Return the marks by name: the kernel's, then those of the interface."""
    import crmkit
    from crmkit.ui import marks

    names = ("on", "after", "outside", "every", "on_enter", "on_leave", "while_in", "command", "route", "hookimpl", "hookspec")
    return {n: getattr(crmkit, n) for n in names} | ui_marks(marks)


def ui_marks(module: t.Any) -> dict[str, t.Any]:
    """Return the interface's marks by name: its functions that give back a decorator."""
    public = {n: f for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__ and not n.startswith("_")}
    return {n: f for n, f in public.items() if "Callable" in str(f.__annotations__.get("return", ""))}


def _marks() -> Iterator[str]:
    yield "# Marks\n"
    yield ("A mark says what a plain function is; composition finds it in the plugin's modules. Those of the")
    yield "kernel are imported from `crmkit`, those of the interface from `crmkit.ui`.\n"
    for name, function in mark_functions().items():
        yield f"## `@{name}`\n"
        if inspect.isfunction(function):
            yield f"```text\n@{name}{signature(function).partition(' -> ')[0]}\n```\n"
            yield _text(function) + "\n"
        else:
            what = "implements a hook of the kernel or of another plugin" if name == "hookimpl" else "declares a hook of the plugin's own"
            yield f"Put on a function, it {what}; see [hooks](hooks.md).\n"


def _components() -> Iterator[str]:
    from crmkit.ui.components.catalogue import SECTIONS, signature

    yield "# Components\n"
    yield "Everything pages are made of; `crmkit demo` shows it live, light and dark, at `/_/components`. Templates extend `ui/base.html`,"
    yield "which brings `ui`; a fragment begins with `{% import 'ui/macros.html' as ui with context %}`.\n"
    for section in SECTIONS:
        yield f"## {section.label}\n"
        if section.more:
            yield f"{section.more}\n"
        for component in section.components:
            called = signature(component)
            yield f"### {component.label}: `{component.name}`\n"
            yield f"{component.purpose}\n"
            yield from [f"```text\n{called}\n```\n"] if called else []
            yield from (f"```{example.language}\n{example.source}\n```\n" for example in component.examples)
            yield from (f"- `{name}`: {words}" for name, words in component.attributes)
            yield from [f"- States: {'; '.join(component.states)}."] if component.states else []
            yield from [f"- For everybody: {component.access}"] if component.access else []
            yield ""


ENVIRONMENT = {
    "CRMKIT_SETTINGS": "the settings file, instead of `crmkit.toml`",
    "CRMKIT_DATABASE, CRMKIT_LANGUAGE, CRMKIT_…": "any key of `[crmkit]`, in capitals; `CRMKIT_LANGUAGE` also chooses the command line's language",
    "CRMKIT_SALES__REVIEW_AFTER": "any key of a plugin's table: plugin, two underscores, key",
    "CRMKIT_TRACE=1": "print every hook call, and stack traces of refusals",
    "CRMKIT_TEST_POSTGRES": "the PostgreSQL server tests use, instead of the embedded one",
}


def _settings() -> Iterator[str]:
    from crmkit.core.settings import CoreSettings
    from crmkit.ui.settings import UiSettings

    yield "# Settings\n"
    yield ("`crmkit.toml`, over it the environment. Unknown keys are refused, with the closest known one named. Durations are")
    yield 'written `"5d"`, `"1h 30min"`, or as a number of seconds.\n'
    yield from _settings_table("crmkit", CoreSettings)
    yield from _settings_table("ui", UiSettings)
    for plugin in _every_plugin():
        if plugin.settings is not None:
            yield from _settings_table(plugin.name, plugin.settings)
    yield "## The environment\n"
    yield "| variable | what it sets |\n|---|---|"
    yield from (f"| `{name}` | {what} |" for name, what in ENVIRONMENT.items())


def _settings_table(name: str, cls: type) -> Iterator[str]:
    import attrs

    from crmkit.testing.checks.words import explained

    told = explained(cls)
    yield f"## `[{name}]`\n"
    yield "| key | type | default | what it does |\n|---|---|---|---|"
    for field in attrs.fields(cls):
        default = "required" if field.default is attrs.NOTHING else f"`{_default(field.default)}`"
        kind = str(field.type).replace("dt.", "").replace("decimal.", "").replace("|", "\\|")
        text = " ".join(re.sub(r"``([^`]*)``", r"`\1`", told.get(field.name, "")).split())
        yield f"| `{field.name}` | `{kind}` | {default} | {text} |"
    yield ""


def _default(value: t.Any) -> str:
    """Return a default as a settings file would have it."""
    import attrs

    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]  # a function for checkers, a class in truth
        value = value.factory()
    if isinstance(value, dt.timedelta):
        days, seconds = divmod(int(value.total_seconds()), 86400)
        return f'"{days}d"' if not seconds else f'"{int(value.total_seconds())}s"'
    if isinstance(value, enum.Enum):
        return repr(value.value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(_default(one) for one in value)}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_default(one)}' for key, one in value.items())} }}" if value else "{}"
    return repr(value).replace("True", "true").replace("False", "false")


def _plugins() -> list[t.Any]:
    """Return the first-party plugins this reference describes."""
    from crmkit.core.compose import installed

    return installed(["sales", "accounts", "views", "duplicates", "webhooks"])


MORE = ("taskqueue", "telephony", "telephony_dialer", "telephony_telfin", "telephony_mango", "prosthesis_feedback", "process_monitor")


def _every_plugin() -> list[t.Any]:
    """Return those and the other plugins of this checkout, whose settings and permissions are listed too."""
    from crmkit.core.compose import installed

    found = {plugin.name: plugin for plugin in [*_plugins(), *installed(MORE)]}
    return list(found.values())


def _crm(plugins: list[t.Any] | None = None) -> t.Any:
    from crmkit import Crm

    return Crm(*(plugins or _plugins()), database="sqlite:///never-opened.db")


def _permissions() -> Iterator[str]:
    from crmkit.core.kind import ACTIONS
    from crmkit.core.scopes import SCOPES

    yield "# Permissions\n"
    yield ('A role grants permissions by name or pattern (`"sales.deal.*"`), each with a scope. Nothing is allowed that no role grants.\n')
    yield "| scope | which rows |\n|---|---|"
    yield from (f"| `{name}` | {text} |" for name, text in SCOPES.items())
    yield '| a filter tree | the rows that match, such as `{"stage": "new"}` |\n'
    yield "## Of every entity\n"
    yield "| permission | lets people | по-русски |\n|---|---|---|"
    yield from (f"| `<plugin>.<entity>.{name}` | {text} | {text.to('ru')} |" for name, text in ACTIONS.items())
    yield "\n## Of the kernel and of plugins\n"
    yield "| permission | lets people | по-русски |\n|---|---|---|"
    crm = _crm(_every_plugin())
    generated = {k.permission(a) for k in crm.kinds.values() for a in ACTIONS}
    for name, permission in sorted(crm.permissions.items()):
        if name not in generated:
            yield f"| `{name}` | {permission.label} | {permission.label.to('ru')} |"


def _cli() -> Iterator[str]:
    from .app import EXIT_CODES, crmkit

    yield "# The command line\n"
    yield "| exit code | means |\n|---|---|"
    yield from (f"| {code} | {text} |" for code, text in EXIT_CODES.items())
    yield ""
    yield from _verb(crmkit, "crmkit")


def _verb(command: t.Any, path: str) -> Iterator[str]:
    from .verb import Option

    yield f"## `{path}`\n"
    yield str(command.words) + "\n"
    yield "```console\n" + "\n".join(f"$ {line.strip()}" for line in command.examples.strip().splitlines()) + "\n```\n"
    options = [p for p in command.params if isinstance(p, Option)]
    if options:
        yield "| option | what it does |\n|---|---|"
        yield from (f"| `{', '.join(o.opts)}` | {o.words} |" for o in options)
        yield ""
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in [*getattr(command, "lazy", {}), *command.commands]:
            yield from _verb(command.get_command(ctx, name), f"{path} {name}")


def _filters() -> Iterator[str]:
    from crmkit.core.filter import OPERATORS, PERIODS, WORDS

    yield "# Filters\n"
    yield "One tree, for lists, boards, row rules, `when=` of automations, and export:\n"
    yield ('```json\n{"amount": {"gte": "100"}, "company.city": "Perm", "or": [{"stage": "new"}, {"owner_id": {"eq": {"relative": "me"}}}]}\n```\n')
    yield "Several keys mean all of them; `and` and `or` take lists, `not` one tree. A field is reached over links"
    yield ('(`company.name`) and into extensions (`patient.born`). `{"rotten": true}` finds records that stay too long in a stage.\n')
    yield ('`{"been": {"stage": "offer", "entered_at": {"within": "last_month"}}}` finds records by the stages they were in, the present one')
    yield "included: a tree over `pipeline`, `stage`, `entered_at`, `left_at`, `to_pipeline`, `to_stage` (the latter three empty while the stay goes"
    yield "on) and `last` (true for the stay from which the record came to where it is now).\n"
    yield ('`{"done_at": {"lte": {"field": "due_at"}}}` compares a field with another of the same record, by `eq`, `ne`, `lt`, `lte`, `gt`, `gte`.\n')
    yield "| operator | means | по-русски |\n|---|---|---|"
    yield from (f"| `{name}` | {text} | {text.to('ru')} |" for name, text in OPERATORS.items())
    yield "\n## Relative values\n"
    yield ('Write `{"relative": "…"}` for a value: ' + ", ".join(f"`{w}`" for w in WORDS) + ", or a distance such as `-7d`, `+2h`, `-1mo`")
    yield "(units: `min`, `h`, `d`, `w`, `mo`, `y`).\n"
    yield "`within` takes one of " + ", ".join(f"`{p}`" for p in PERIODS) + ", `last_30_days`."


def _errors() -> Iterator[str]:
    from crmkit.core import errors

    yield "# Errors\n"
    yield "Everything crmkit raises on purpose is a `CrmError`.\n"
    yield "## In code\n"
    for cls in (errors.CompositionError, errors.Misuse, errors.NotRunning, errors.EndlessLoop, errors.Refusal):
        yield f"### `{cls.__name__}`\n"
        yield _text(cls) + "\n"
    yield "## Refusals, in code and over HTTP\n"
    yield ("Over HTTP a refusal is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail` and `problems`: a list of")
    yield "`{path, code, message}`, one for every wrong field.\n"
    yield "| class | status | code | says | по-русски | when |\n|---|---|---|---|---|---|"
    for refusal in sorted(errors.Refusal.__subclasses__(), key=lambda c: (c.status, c.__name__)):
        if refusal.__module__ != errors.__name__:
            continue
        when = _text(refusal).partition("\n\n")[0].replace("\n", " ")
        yield (f"| `{refusal.__name__}` | {refusal.status} | `{refusal.code}` | {refusal.title} | {refusal.title.to('ru')} | {when} |")


def _http() -> Iterator[str]:
    from crmkit.web.openapi import document

    yield "# HTTP\n"
    yield ("The endpoints of a CRM with the plugins that come with crmkit. `crmkit openapi` prints the whole description, `/api/docs` shows it.\n")
    yield "| | path | what it does |\n|---|---|---|"
    for path, methods in document(_crm())["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield f"| {method.upper()} | `{path}` | {operation.get('summary', '')} |"


def _pages() -> Iterator[str]:
    from .reference_pages import lines

    yield from lines(_crm())


def _fixtures() -> Iterator[str]:
    import ast

    file = Path(__file__).parents[1] / "testing" / "plugin.py"
    yield "# Fixtures of the test kit\n"
    yield "pytest finds them by itself once crmkit is installed.\n"
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any("fixture" in ast.unparse(d) for d in node.decorator_list):
            yield f"## `{node.name}`\n"
            yield re.sub(r"``([^`]*)``", r"`\1`", ast.get_docstring(node) or "") + "\n"


def write(folder: Path) -> list[Path]:
    """Write the pages that changed into `folder` and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in pages().items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")):
        click.echo(f"wrote {path}")
