"""Whatever becomes of a model, `make` follows: up, clean, down, clean as before, up again, on both databases."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmkit.core.migrate import Owner, check, downgrade, make, upgrade
from crmkit.core.migrate.owner import history
from crmkit.core.types import BigId, Exact, Money, Phone, UtcDateTime
from tests.migrate.conftest import table

# What one column may turn into without a word from its author; the rest `make` points out (see test_make).
TYPES: dict[str, list[Any]] = {
    "b": [sa.String(20), sa.String(40), sa.Text(), Phone()],
    "c": [sa.Integer(), BigId],
    "d": [Money(), Exact(16, 4)],
    "e": [sa.JSON()],
    "f": [UtcDateTime()],
    "g": [sa.Boolean()],
}
CONDITIONS = [None, "a IS NULL", "a IS NOT NULL"]
column = st.fixed_dictionaries(
    {
        "type": st.sampled_from(range(len(TYPES))),
        "nullable": st.booleans(),
        "index": st.booleans(),
        "unique": st.booleans(),
    }
)
model = st.fixed_dictionaries(
    {
        "columns": st.dictionaries(st.sampled_from(sorted(TYPES)), column, max_size=4),
        "parent": st.sampled_from([None, "CASCADE", "SET NULL"]),
        "where": st.sampled_from(CONDITIONS),
        "check": st.sampled_from([None, "a <> 'x'"]),
    }
)


def build(shape: dict[str, Any]) -> list[sa.Table]:
    parent = table("shop_parent", sa.Column("name", sa.String(20)))
    parts: list[Any] = [sa.Column("a", sa.String(10))]
    for name, facts in sorted(shape["columns"].items()):
        kind = TYPES[name][facts["type"] % len(TYPES[name])]
        keyed = not isinstance(kind, sa.JSON)  # PostgreSQL cannot compare JSON
        parts.append(
            sa.Column(
                name, kind, nullable=facts["nullable"], index=facts["index"] and keyed, unique=facts["unique"] and keyed
            )
        )
    if shape["parent"]:
        parts.append(sa.Column("parent_id", sa.ForeignKey(parent.c.id, ondelete=shape["parent"])))
    if shape["check"]:
        parts.append(sa.CheckConstraint(shape["check"], name="a"))
    made = table("shop_item", *parts)
    if shape["where"]:
        where = sa.text(shape["where"])
        sa.Index("ix_shop_item_where", made.c.a, unique=True, postgresql_where=where, sqlite_where=where)
    return [parent, made]


def walk(engine: sa.Engine, shapes: list[dict[str, Any]]) -> None:
    with engine.begin() as connection:  # left by an example that failed
        for name in ("shop_item", "shop_parent", "crmkit_version_shop"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    with tempfile.TemporaryDirectory() as folder:

        def shop(shape: dict[str, Any]) -> list[Owner]:
            return [Owner("shop", build(shape), Path(folder))]

        last = None
        for number, shape in enumerate(shapes):
            before = len(list(Path(folder).glob("*.py")))
            make(shop(shape)[0], f"change {number}")
            written = len(list(Path(folder).glob("*.py"))) - before
            upgrade(engine, shop(shape))
            assert check(engine, shop(shape)) == []
            assert make(shop(shape)[0], "nothing") is None
            if last is not None and written:
                downgrade(engine, shop(shape), "shop")
                assert check(engine, shop(last)) == []
                upgrade(engine, shop(shape))
                assert check(engine, shop(shape)) == []
            last = shape
        for _ in history(shop(shapes[-1])[0]):
            downgrade(engine, shop(shapes[-1]), "shop")
        with engine.connect() as connection:
            assert sa.inspect(connection).get_table_names() == ["crmkit_version_shop"]


@settings(
    max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(shapes=st.lists(model, min_size=2, max_size=3))
def test_any_change_of_a_model_is_followed(engine: sa.Engine, shapes: list[dict[str, Any]]) -> None:
    walk(engine, shapes)
