"""The references say what the code says, and nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from crmkit.cli import reference
from crmkit.core.hooks import Specs
from tests.cli.test_help import found, verbs

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
HOOKS = [n for n in vars(Specs) if n.startswith("crm_")]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.pages()


def test_the_written_pages_are_up_to_date(pages):
    stale = [
        n for n, text in pages.items() if not (REFERENCE / n).exists() or (REFERENCE / n).read_text("utf-8") != text
    ]
    assert not stale, f"type `make docs`: {stale}"
    assert {p.name for p in REFERENCE.glob("*.md")} == set(pages)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_exact_signature(name, pages):
    function = vars(Specs)[name]
    assert f"## `{reference.hook_line(name, function)}`" in pages["hooks.md"]
    assert len(reference._text(function)) > 20


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_tested(name):
    tests = [p for p in (ROOT / "tests").rglob("test_*.py") if p != Path(__file__)]
    tests += [*(ROOT / "tests").rglob("conftest.py"), *ROOT.glob("plugins/*/tests/**/*.py")]
    assert any(re.search(rf"def {name}\(", p.read_text("utf-8")) for p in tests), f"no test implements {name}"


def test_every_mark_is_documented(pages):
    for name, function in reference.mark_functions().items():
        assert f"## `@{name}`" in pages["marks.md"]
        assert reference._text(function), name


def test_every_setting_is_documented_and_explained(pages):
    from crmkit.core.settings import CoreSettings
    from crmkit.testing.checks.words import explained
    from crmkit.ui.settings import UiSettings

    classes = [CoreSettings, UiSettings, *(p.settings for p in reference._every_plugin() if p.settings is not None)]
    for cls in classes:
        told = explained(cls)
        for field in attrs.fields(cls):
            assert told.get(field.name), f"{cls.__name__}.{field.name} has no docstring"
            assert f"| `{field.name}` |" in pages["settings.md"]


def test_every_page_is_documented_and_says_what_it_is(pages):
    from crmkit.cli.reference_pages import served

    for one in served(reference._crm()):
        assert f"| {one.method} | `{one.path}` |" in pages["pages.md"]
        assert one.what, f"{one.method} {one.path}: its function has no docstring"


def test_every_permission_is_documented(pages):
    crm = reference._crm(reference._every_plugin())
    from crmkit.core.kind import ACTIONS

    generated = {k.permission(a) for k in crm.kinds.values() for a in ACTIONS}
    for name, permission in crm.permissions.items():
        assert name in generated or f"| `{name}` | {permission.label} |" in pages["permissions.md"]


def test_every_verb_is_documented(pages):
    for path in verbs():
        assert f"## `{' '.join(('crmkit', *path))}`" in pages["cli.md"]
        assert found(path).help


def test_every_operator_and_refusal_is_documented(pages):
    from crmkit.core import errors
    from crmkit.core.filter import OPERATORS

    for name in OPERATORS:
        assert f"| `{name}` |" in pages["filters.md"]
    for cls in errors.Refusal.__subclasses__():
        if cls.__module__ == errors.__name__:
            assert f"| `{cls.__name__}` | {cls.status} |" in pages["errors.md"]


def test_every_public_name_has_a_docstring():
    import crmkit

    bare = [n for n in crmkit.__all__ if n not in ("_", "Mapped") and not (getattr(crmkit, n).__doc__ or "").strip()]
    assert not bare
