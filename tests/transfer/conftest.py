"""A CRM to import into, on both databases, and files to import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crmkit import SYSTEM, Crm
from crmkit.testing.databases import migrate
from crmkit.transfer.mapping import read_mapping
from crmkit.transfer.run import Import, Report

from .shop import compose


@pytest.fixture
def crm_url(copy_of: Callable[..., str]) -> str:
    """The address of a database with the shop's tables."""
    return copy_of("transfer", make_tables)


def make_tables(url: str) -> None:
    crm = compose(url)
    migrate(crm, url)
    crm.engine.dispose()


@pytest.fixture
def crm(crm_url: str) -> Iterator[Crm]:
    made = compose(crm_url)
    yield made
    made.engine.dispose()


Load = Callable[..., Report]


@pytest.fixture
def load(crm: Crm, tmp_path: Path) -> Load:
    """`load("…toml…", {"a.csv": "…"})`: import files by a mapping and return the report."""

    def load_(mapping: str, files: dict[str, str | bytes] | None = None, *, dry: bool = False, chunk: int = 5000, resume: bool = False,
              restart: bool = False, actor: Any = SYSTEM, data: dict[str, str] | None = None) -> Report:  # fmt: skip
        for name, text in (files or {}).items():
            file = tmp_path / name
            content = text if isinstance(text, bytes) else text.encode()
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)
        toml = tmp_path / "m.toml"
        toml.write_text(mapping, encoding="utf-8")
        work = Import(crm=crm, mapping=read_mapping(toml, crm, data, {}), actor=actor, dry=dry, chunk=chunk)
        work.begin(resume=resume, restart=restart)
        return work.run()

    return load_


def counts(report: Report) -> dict[str, tuple[int, int, int, int]]:
    """Return created, updated, unchanged and wrong by step."""
    return {name: (c.created, c.updated, c.unchanged, c.wrong) for name, c in report.steps.items()}
