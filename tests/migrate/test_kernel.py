"""The kernel's own scripts fit its tables, and a composed CRM is migrated as it stands."""

from __future__ import annotations

import shutil
import sys
import types
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest
import sqlalchemy as sa

import crmkit as c
from crmkit.core.migrate import check, is_current, make, owners_of, rehearse, upgrade
from crmkit.core.migrate.owners import scripts_of
from tests.migrate.conftest import rows

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapped
else:
    Mapped = c.Mapped


class Ship(c.Owned, c.Entity, table="harbour_ship", label=c._("Ship", ru="Судно")):
    """An entity with everything the base classes bring."""

    name: Mapped[str] = c.column(sa.String(80), index=True)
    phone: Mapped[str | None] = c.column(c.Phone, default=None)
    price: Mapped[Decimal | None] = c.column(c.Money, default=None)


class Crew(c.Extension[Ship], table="crew_list"):
    """A side table of another plugin."""

    captain: Mapped[str | None] = c.column(default=None)


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[types.ModuleType]:
    made = []
    for name, entity in (("harbour_module", Ship), ("crew_module", Crew)):
        module = types.ModuleType(name)
        module.__file__ = str(tmp_path / f"{name}.py")
        setattr(module, entity.__name__, entity)
        monkeypatch.setattr(entity, "__module__", name)
        monkeypatch.setitem(sys.modules, name, module)
        made.append(module)
    return made


@pytest.fixture
def crm(modules: list[types.ModuleType], tmp_path: Path, engine: sa.Engine) -> c.Crm:
    return c.Crm(
        c.Plugin("harbour", modules=modules[:1], migrations=tmp_path / "harbour"),
        c.Plugin("crew", modules=modules[1:], requires=("harbour",)),
        database=engine,
    )


def test_the_kernel_s_scripts_make_the_kernel_s_tables(crm: c.Crm, empty: object, tmp_path: Path) -> None:
    kernel = owners_of(crm)[0]
    assert rehearse([kernel], empty()) == []  # type: ignore[operator]
    copy = shutil.copytree(kernel.scripts, tmp_path / "kernel", ignore=shutil.ignore_patterns("__pycache__"))
    made = make(attrs.evolve(kernel, scripts=copy), "change")
    assert made is None, f"the kernel's tables changed: run make, then look at {made.path}"


def test_a_composed_crm_is_migrated(crm: c.Crm, engine: sa.Engine) -> None:
    owners = owners_of(crm)
    assert [(o.name, [table.name for table in o.tables]) for o in owners[1:]] == [
        ("harbour", ["harbour_ship"]),
        ("crew", ["crew_list"]),
    ]
    for owner in owners[1:]:
        made = make(owner, "first tables")
        assert made is not None
        assert made.notes == ()
    upgrade(engine, owners)
    is_current(engine, owners)
    assert check(engine, owners) == []
    assert rows(engine, "SELECT name, state FROM crm_plugin ORDER BY name") == [
        ("core", "installed"),
        ("crew", "installed"),
        ("harbour", "installed"),
    ]
    with crm.uow(c.SYSTEM) as uow:
        ship = uow.add(Ship(name="Aurora", price=Decimal("5.50")))
        ship.attach(Crew(captain="Ann"))
    assert rows(engine, "SELECT captain FROM crew_list") == [("Ann",)]


def test_scripts_are_looked_for_in_the_package(modules: list[types.ModuleType], tmp_path: Path) -> None:
    assert scripts_of(c.Plugin("crew", modules=modules[1:])) == tmp_path / "crew_migrations"
    assert scripts_of(c.Plugin("harbour", modules=modules[:1], migrations=tmp_path / "x")) == tmp_path / "x"
    modules[0].__package__ = "harbour_package"
    assert scripts_of(c.Plugin("harbour", modules=modules[:1])) == tmp_path / "migrations"
