"""`check_plugin` tells everything at once."""

from __future__ import annotations

import textwrap

import pytest

from crmkit.testing import Findings, check_plugin

BAD = """
import attrs
from crmkit import PUBLIC, Entity, Mapped, Permission, Plugin, Uow, column, command, route
from crmkit.core.access import Role
from crmkit_sales.entities import Deal
from sqlalchemy import String


class Note(Entity, table="{name}_note"):
    text: Mapped[str] = column(String(100))


@attrs.frozen(kw_only=True)
class Settings:
    limit: int = 3


READ = Permission("{name}.read", "Read")


@command("Shout", of=Note, permission=READ)
def shout(note: Note, uow: Uow, *, louder: int) -> None:
    raise ZeroDivisionError


@route("/broken", permission=READ)
def broken(request: object, uow: Uow) -> object:
    return {{}}["missing"]


@route("/open", permission=PUBLIC)
def welcome(request: object, uow: Uow) -> object:
    return {{"ok": True}}


plugin = Plugin("{name}", modules=[__name__], settings=Settings)
"""


@pytest.fixture
def bad(tmp_path, monkeypatch):
    folder = tmp_path / "crmkit_bad"
    folder.mkdir()
    (folder / "__init__.py").write_text(textwrap.dedent(BAD.format(name="bad")))
    (folder / "page.html").write_text('<p style="color: red" onclick="x()">\n<script>alert(1)</script>\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    return "crmkit_bad:plugin"


def test_everything_is_told_at_once(bad):
    with pytest.raises(Findings) as caught:
        check_plugin(bad)
    told = "\n".join(caught.value.problems)
    for expected in (
        "crmkit_bad/__init__.py:4 imports crmkit.core.access: write `from crmkit import …`",
        "requires=['sales']",
        "no migrations",
        "setting [bad] limit is not explained",
        "command bad.note.shout has no docstring",
        "Plugin('bad') has no label",
        "Read",
        "no entry point",
        "a style attribute",
        "an event handler",
        "an inline script",
        "GET /x/bad/broken answers 500",
        'command bad.note.shout({"louder": 1}) answers 500',
    ):
        assert expected in told, told
    assert "/x/bad/open" not in told
    assert "shout({})" not in told, "input that is refused is no crash"


def test_sales_is_well_made_on_both_databases():
    check_plugin("sales", databases=("sqlite", "postgresql"))


OPEN_ROUTE = """
from crmkit import Plugin, route

@route("/x", permission=None)
def x(request, uow): ...

plugin = Plugin("worse", modules=[__name__])
"""


@pytest.mark.parametrize(
    "text, expected",
    [
        ("import no_such_thing\n", "no_such_thing"),
        ("plugin = 1\n", "not a Plugin"),
        ('from crmkit import Plugin\nplugin = Plugin("lost", requires=["nothing"])\n', "nothing"),
        (OPEN_ROUTE, "PUBLIC"),
    ],
)
def test_a_plugin_that_does_not_even_load_is_told(text, expected, tmp_path, monkeypatch, request):
    name = f"crmkit_broken_{abs(hash(text))}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(Findings, match=expected):
        check_plugin(f"{name}:plugin")
