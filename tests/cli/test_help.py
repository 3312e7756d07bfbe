"""Help that teaches, in two languages."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from crmkit.cli.app import EXIT_CODES, crmkit, run
from crmkit.cli.speak import language
from crmkit.cli.verb import Option, Speaking
from crmkit.core.text import Text


def verbs(group: click.Group = crmkit, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every verb there is, with the groups above it."""
    yield path
    names = [*getattr(group, "lazy", {}), *group.commands]
    for name in names:
        command = found((*path, name))
        if isinstance(command, click.Group):
            yield from verbs(command, (*path, name))
        else:
            yield (*path, name)


def found(path: tuple[str, ...]) -> click.Command:
    command: click.Command = crmkit
    ctx = click.Context(crmkit)
    for name in path:
        assert isinstance(command, click.Group)
        inner = command.get_command(ctx, name)
        assert inner is not None
        command = inner
    return command


@pytest.mark.parametrize("path", list(verbs()), ids=" ".join)
def test_every_verb_teaches_in_both_languages(path, typed):
    command = found(path)
    assert isinstance(command, Speaking)
    assert "ru" in command.words.translations if isinstance(command.words, Text) else False
    assert command.examples.strip(), "help without an example teaches nothing"
    for parameter in command.params:
        if isinstance(parameter, Option):
            assert isinstance(parameter.words, Text), parameter.name
            assert "ru" in parameter.words.translations, parameter.name
    code, english, _said = typed(*path, "--help")
    assert code == 0
    assert "Usage:" in english
    assert "Examples:" in english
    code, russian, _said = typed("--language", "ru", *path, "--help")
    assert code == 0
    assert "Примеры:" in russian
    assert "Использование:" in russian


def test_examples_are_real_commands():
    for path in verbs():
        for line in found(path).examples.strip().splitlines():  # type: ignore[attr-defined]
            words = [w for w in line.replace("&&", "|").split("|")[0].split(">")[0].split() if "=" not in w.split(" ")[0] or w.startswith("-")]
            assert words[0] == "crmkit", line
            names = [w for w in words[1:] if not w.startswith("-")]
            assert names, line


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({"LANG": "ru_RU.UTF-8"}, "Использование"),
        ({"LANG": "de_DE"}, "Usage"),
        ({"CRMKIT_LANGUAGE": "ru", "LANG": "C"}, "Использование"),
    ],
)
def test_the_locale_chooses_the_language(environment, expected, here, monkeypatch, capsys):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run(["--help"]) == 0
    assert expected in capsys.readouterr().out
    assert language() == "en", "one command line's language is not the next one's"


def test_the_exit_codes_are_told():
    for code in EXIT_CODES:
        assert f"{code} " in crmkit.words


@pytest.mark.parametrize("args", [["nothing"], ["serve", "--prot", "1"], ["token", "revoke", "x"], ["new", "plugin"]])
def test_what_is_typed_wrongly_is_code_2_and_says_how(args, typed):
    code, _out, said = typed(*args)
    assert code == 2
    assert "--help" in said
    assert "Traceback" not in said


def test_a_near_miss_is_named(typed):
    assert "Did you mean migrate?" in typed("migrte")[2]
    assert "Может быть, migrate?" in typed("--language", "ru", "migrte")[2]
