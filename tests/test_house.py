"""The shape of the house: who may import whom, what a plugin looks like, what no file may contain.

Rules come from the architecture: core <- web <- ui, plugins on top, each on its own tables.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "crmkit"
PLUGINS = sorted(folder.parent for folder in ROOT.glob("plugins/*/pyproject.toml"))
HOUSE = re.compile(r"crmkit_\w+")
FIRST_PARTY = ("accounts", "activities", "duplicates", "views", "webhooks")  # plugins that come with crmkit

# Every room of the house and the rooms it may import. What is not listed here may import all of crmkit.
MAY_IMPORT = {
    "core": {"core"},
    "transfer": {"core", "transfer"},
    "web": {"core", "transfer", "web"},
    "ui": {"core", "transfer", "web", "ui"},
}
# Imports against the direction, inside a function only, each with its reason.
LATE = {
    ("core", "web"): "crm.lifespan runs what the edge needs when somebody asks for it",
    ("core", "ui"): "crm.app and crm.embedded build the edge and the pages when somebody asks for them",
}
# `import crmkit` stays light: each of these is loaded by what needs it, when it needs it.
HEAVY = {
    *("sqlalchemy.orm", "alembic", "click", "starlette", "cattrs", "psycopg", "uvicorn", "croniter", "procrastinate"),
    *("jinja2", "lucide", "babel", "markupsafe"),
}

LONGEST_MODULE = 400  # a module over 300 lines, or a function over 40, asks to be two; here it stops asking
LONGEST_FUNCTION = 60


def modules(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.py") if "scaffold" not in file.relative_to(folder).parts[:-1])


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


class Imports(ast.NodeVisitor):
    """What a module imports: (line, full name, whether inside a function), imports for checkers only left out."""

    def __init__(self, file: Path, package_root: Path) -> None:
        self.package = file.relative_to(package_root).with_suffix("").parts[:-1]
        self.found: list[tuple[int, str, bool]] = []
        self.depth = 0
        self.visit(ast.parse(file.read_text("utf-8")))

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(node.lineno, alias.name, self.depth > 0) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        start = self.package[: len(self.package) + 1 - node.level] if node.level else ()
        module = ".".join([*start, *([node.module] if node.module else [])])
        self.found += [(node.lineno, f"{module}.{alias.name}", self.depth > 0) for alias in node.names]

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef


def room(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "crmkit" and len(parts) > 1 and (SRC / parts[1]).is_dir() else None


def test_core_web_ui_import_downwards_only():
    wrong = []
    for file in modules(SRC):
        own = file.relative_to(SRC).parts[0]
        for line, name, late in Imports(file, SRC.parent).found:
            other = room(name)
            if own not in MAY_IMPORT or other is None or other in MAY_IMPORT[own] or (late and (own, other) in LATE):
                continue
            wrong.append(f"{shown(file)}:{line} imports {name}, but {own} may import {sorted(MAY_IMPORT[own])}")
    assert not wrong, "\n".join(wrong)


def test_nothing_in_src_imports_a_plugin():
    wrong = [
        f"{shown(file)}:{line} imports {name}"
        for file in modules(SRC)
        for line, name, _ in Imports(file, SRC.parent).found
        if HOUSE.match(name)
    ]
    assert not wrong, "\n".join(wrong)


def test_import_crmkit_is_light():
    program = "import json, sys, crmkit; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    loaded = HEAVY.intersection(json.loads(run.stdout))
    assert not loaded, f"`import crmkit` loads {sorted(loaded)}; import them in the function that needs them"


def test_modules_and_functions_are_small():
    wrong = []
    for file in [file for folder in (SRC, *PLUGINS) for file in modules(folder) if "tests" not in file.parts]:
        text = file.read_text("utf-8")
        if (lines := text.count("\n")) > LONGEST_MODULE and "migrations" not in file.parts:
            wrong.append(f"{shown(file)} has {lines} lines: split it where its jobs part")
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if "migrations" in file.parts:  # a script lists tables, one after the other
                continue
            if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION:
                wrong.append(f"{shown(file)}:{node.lineno} {node.name} has {lines} lines")
    assert not wrong, "\n".join(wrong)


# Plugins


def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(params=PLUGINS, ids=lambda folder: folder.name)
def plugin(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    return folder


def test_a_plugin_is_packaged_like_the_others(plugin: Path):
    about = project(plugin)
    name = plugin.name
    assert about["project"]["name"] == f"crmkit-{name.replace('_', '-')}"
    assert about["project"]["entry-points"]["crmkit.plugins"] == {name: f"crmkit_{name}:plugin"}
    assert about["project"]["dynamic"] == ["dependencies"], "requirements belong in [tool.crmkit]"
    assert any(re.match(r"crmkit\b(?!-)", line) for line in about["tool"]["crmkit"]["dependencies"])
    assert (plugin / "src" / f"crmkit_{name}" / "py.typed").exists()
    assert (plugin / "hatch_build.py").read_text("utf-8") == (PLUGINS[0] / "hatch_build.py").read_text("utf-8")


def test_a_plugin_imports_the_public_api_only(plugin: Path):
    dependencies = project(plugin)["tool"]["crmkit"]["dependencies"]
    required = {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in dependencies}
    own = f"crmkit_{plugin.name}"
    wrong = []
    for file in modules(plugin / "src"):
        for line, name, _ in Imports(file, plugin / "src").found:
            package, *rest = name.split(".")
            deep = len(rest) > (2 if rest[:1] and rest[0] in (*FIRST_PARTY, "ui", "cli") else 1)
            if package == "crmkit" and (deep or rest[:1] == ["*"]) and rest[0] != "testing":
                wrong.append(f"{shown(file)}:{line} imports {name}; write `from crmkit import …`")
            elif HOUSE.fullmatch(package) and package != own and package not in required:
                wrong.append(f"{shown(file)}:{line} imports {name}, which [tool.crmkit] dependencies do not name")
            elif HOUSE.fullmatch(package) and package != own and len(rest) > 1:
                wrong.append(f"{shown(file)}:{line} imports {name}; write `from {package} import …`")
    assert not wrong, "\n".join(wrong)


def tables(folder: Path) -> Iterator[tuple[str, str]]:
    for file in modules(folder):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for keyword in node.keywords:
                if keyword.arg == "table" and isinstance(keyword.value, ast.Constant):
                    yield f"{shown(file)}:{node.lineno}", str(keyword.value.value)


def test_a_plugin_has_tables_of_its_own_name_only(plugin: Path):
    wrong = [f"{place} {table}" for place, table in tables(plugin / "src") if not table.startswith(f"{plugin.name}_")]
    assert not wrong, f"tables of this plugin begin with {plugin.name}_: {wrong}"


def test_the_kernel_s_tables_begin_with_crm():
    own = [f"src/crmkit/{name}/" for name in FIRST_PARTY]
    wrong = [f"{place} {table}" for place, table in tables(SRC) if not place.startswith(tuple(own)) and not table.startswith("crm_")]
    assert not wrong, wrong


@pytest.mark.parametrize("name", FIRST_PARTY)
def test_a_plugin_that_comes_with_crmkit_uses_the_public_api_and_its_own_tables(name: str):
    folder = SRC / name
    wrong = [f"{place} {table}" for place, table in tables(folder) if not table.startswith(f"{name}_")]
    public = set(json.loads(_run("import json, crmkit; print(json.dumps(crmkit.__all__))")))
    for file in modules(folder):
        for line, full, _ in Imports(file, SRC.parent).found:
            package, *rest = full.split(".")
            if package != "crmkit" or not rest or rest[0] == name or (rest[0] in ("cli", "ui") and len(rest) <= 2):  # verbs, pages
                continue
            if len(rest) > 1 if rest[0] in FIRST_PARTY else rest[0] not in public:
                wrong.append(f"{shown(file)}:{line} imports {full}")
    assert not wrong, "\n".join(wrong)


def _run(program: str) -> str:
    return subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout


# Every file


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: nobody knows which files are ours")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


# Spelled in halves, or this file would be the first to break its own rule.
INDEXES = [
    "".join(halves)
    for halves in [
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("np", "mjs.org"),
        ("np", "mjs.com"),
        ("yarn", "pkg.com"),
        ("debian", ".org"),
        ("crates", ".io"),
        ("docker", ".io"),
        ("jsdel", "ivr.net"),
        ("un", "pkg.com"),
    ]
]


def test_no_file_names_a_package_index():
    """Where packages come from is the business of the machine that installs them."""
    wrong = []
    for file in tracked():
        text = file.read_bytes().decode("utf-8", "replace").lower()
        wrong += [f"{shown(file)} names {index}" for index in INDEXES if index in text]
    assert not wrong, "\n".join(wrong)


LOCKS = re.compile(r"(.*\.lock|.*-lock\.(json|yaml)|pylock.*\.toml|npm-shrinkwrap\.json)", re.IGNORECASE)


def test_no_lock_file_names_a_host():
    locks = [file for file in tracked() if LOCKS.fullmatch(file.name)]
    assert locks
    wrong = [shown(file) for file in locks if "://" in file.read_text("utf-8")]
    how = "npm install --package-lock-only --omit-lockfile-registry-resolved leaves the hosts out; take `funding` out by hand"
    assert not wrong, f"{wrong}: {how}"


def test_every_fragment_of_the_changelog_has_a_known_type():
    types = {entry["directory"] for entry in project(ROOT)["tool"]["towncrier"]["type"]}
    pattern = re.compile(rf"(\d+|\+[\w-]+)\.({'|'.join(types)})(\.\d+)?\.md")
    wrong = [
        file.name
        for file in (ROOT / "changelog.d").iterdir()
        if file.name != "README.md" and not pattern.fullmatch(file.name)
    ]
    assert not wrong, f"changelog.d/README.md says how to name {wrong}"


def test_every_lint_exception_names_its_rule():
    bare = re.compile(r"#\s*(noqa|type:\s*ignore)(?!\S*[:\[])", re.IGNORECASE)
    wrong = [
        f"{shown(file)}:{number}"
        for file in tracked()
        if file.suffix == ".py" and file != Path(__file__)
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert not wrong, wrong
