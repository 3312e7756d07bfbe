"""click in two languages: groups whose verbs are imported when asked for, help that shows how it is done."""

from __future__ import annotations

import difflib
import importlib
import typing as t
from collections.abc import Callable, Sequence

import attrs
import click

from .speak import Text, _, told

USAGE, OPTIONS, VERBS = _("Usage", ru="Использование"), _("Options", ru="Параметры"), _("Verbs", ru="Команды")
EXAMPLES, FROM_PLUGINS = _("Examples", ru="Примеры"), _("From plugins", ru="Из плагинов")
SHOW_HELP = _("Show this help.", ru="Показать эту справку.")


class Option(click.Option):
    """An option with its help in every language."""

    def __init__(self, names: Sequence[str], help: str = "", **kw: t.Any) -> None:
        self.words = help
        super().__init__(names, help=str(help), **kw)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return name and help, translated."""
        self.help = told(self.words)
        return super().get_help_record(ctx)


class Speaking(click.Command):
    """A command whose help, examples included, is in the language spoken."""

    def __init__(self, name: str | None = None, help: str = "", examples: str = "", **kw: t.Any) -> None:
        self.words, self.examples = help, examples
        super().__init__(name, help=str(help), **kw)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help``, explained in the language spoken."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = told(SHOW_HELP)
        return option

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence."""
        return told(self.words).partition("\n")[0]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is typed."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=f"{told(USAGE)}: ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what it does, and how that looks."""
        for paragraph in told(self.words).split("\n\n"):
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(paragraph)
        if self.examples:
            with formatter.section(told(EXAMPLES)):
                for line in told(self.examples).strip().splitlines():
                    formatter.write(" " * formatter.current_indent + line.strip() + "\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        records = [r for p in self.get_params(ctx) if (r := p.get_help_record(ctx)) is not None]
        if records:
            with formatter.section(told(OPTIONS)):
                formatter.write_dl(records)


class Verb(Speaking):
    """One verb."""


@attrs.frozen
class Lazy:
    """A verb that is not imported yet: ``module:attribute``, and its first sentence for the list."""

    place: str
    words: Text

    def load(self) -> click.Command:
        """Import it."""
        module, _colon, name = self.place.partition(":")
        return t.cast(click.Command, getattr(importlib.import_module(module), name))


class VerbGroup(Speaking, click.Group):
    """A group of verbs, some of them imported only when asked for, some of them found at run time."""

    command_class = Verb

    def __init__(
        self,
        name: str | None = None,
        lazy: dict[str, Lazy] | None = None,
        found: Callable[[click.Context], dict[str, click.Command]] | None = None,
        elsewhere: Callable[[click.Context], str] | None = None,
        **kw: t.Any,
    ) -> None:
        self.lazy = lazy or {}
        self.found = found or (lambda ctx: {})
        self.elsewhere = elsewhere or (lambda ctx: "")
        super().__init__(name, **kw)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every verb's name, in the order they are taught."""
        own = [*self.lazy, *self.commands]
        return own + [n for n in sorted(self.found(ctx)) if n not in own]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a verb, importing it, or asking the plugins for it."""
        if name in self.lazy:
            return self.lazy[name].load()
        return self.commands.get(name) or self.found(ctx).get(name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> t.Any:
        """Find the verb that was typed, or say what is close to it."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            words = _("there is no {name!r} in `{path}`.", ru="в `{path}` нет команды {name!r}.")
            near = difflib.get_close_matches(name, self.list_commands(ctx), 1, 0.6)
            meant = _(" Did you mean {near}?", ru=" Может быть, {near}?").format(near=near[0]) if near else ""
            ctx.fail(told(words.format(name=name, path=ctx.command_path)) + told(meant) + told(self.elsewhere(ctx)))
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the verbs."""
        super().format_options(ctx, formatter)
        own = [(n, told(v.words)) for n, v in self.lazy.items()]
        own += [(n, c.get_short_help_str()) for n, c in self.commands.items()]
        others = [(n, c.get_short_help_str()) for n, c in sorted(self.found(ctx).items()) if n not in dict(own)]
        for title, rows in ((VERBS, own), (FROM_PLUGINS, others)):
            if rows:
                with formatter.section(told(title)):
                    formatter.write_dl(rows)


F = t.TypeVar("F", bound=Callable[..., t.Any])


def option(*names: str, help: str, **kw: t.Any) -> Callable[[F], F]:
    """Declare an option whose help is in every language."""
    return click.option(*names, cls=Option, help=help, **kw)


def verb(name: str, help: str, examples: str = "", **kw: t.Any) -> Callable[[Callable[..., t.Any]], Verb]:
    """Declare a verb."""
    return click.command(name, cls=Verb, help=help, examples=examples, **kw)


def group(name: str, help: str, examples: str = "", **kw: t.Any) -> Callable[[Callable[..., t.Any]], VerbGroup]:
    """Declare a group of verbs."""
    return click.group(name, cls=VerbGroup, help=help, examples=examples, **kw)
