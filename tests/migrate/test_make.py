"""`make` writes one script that runs on both databases, is pleasant to read, and leaves `check` nothing to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from crmkit.core.database import fold, open_engine
from crmkit.core.migrate import SchemaError, check, downgrade, make, rehearse, upgrade
from crmkit.core.types import BigId, Choice, Email, Exact, Money, Phone, UtcDateTime
from tests.migrate.conftest import House, rows, table


class Shout(TypeDecorator[str]):
    """A type of a plugin's own, with another type on each database."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.String(7))


def first() -> sa.Table:
    return table(
        "shop_item",
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("old", Money()),
        sa.Column("note", sa.Text),
    )


def rich() -> list[sa.Table]:
    """The same table later: with every kind of column and index we have."""
    maker = table("shop_maker", sa.Column("name", sa.String(50), nullable=False, unique=True))
    item = table(
        "shop_item",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("price", Money()),
        sa.Column("rate", Exact(18, 6)),
        sa.Column("sold_at", UtcDateTime(), index=True),
        sa.Column("phone", Phone()),
        sa.Column("email", Email(), unique=True),
        sa.Column("kind", Choice()),
        sa.Column("shout", Shout()),
        sa.Column("big", BigId),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
        sa.Column("stock", sa.Integer, nullable=False, server_default="0"),
        sa.Column("live", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("key", sa.Uuid()),
        sa.Column("born", sa.Date),
        sa.Column("maker_id", sa.ForeignKey(maker.c.id, ondelete="SET NULL"), index=True),
        sa.Column("parent_id", sa.ForeignKey("shop_item.id")),
        sa.CheckConstraint("stock >= 0", name="stock"),
    )
    open_ = item.c.live.is_(True) & item.c.sold_at.is_(None)
    sa.Index("ix_shop_item_open", item.c.name, unique=True, postgresql_where=open_, sqlite_where=open_)
    sa.Index("ix_shop_item_fold", fold(item.c.name), postgresql_where=item.c.live, sqlite_where=item.c.live)
    sa.Index("ix_shop_item_brin", item.c.born, postgresql_using="brin")
    return [maker, item]


@pytest.fixture
def shop(tmp_path: Path) -> House:
    made = House(tmp_path / "shop-plugins")
    made.put("shop", [first()])
    made.write()
    return made


def grow(house: House, tables: list[sa.Table], message: str = "grow") -> Any:
    return make(house.put("shop", tables), message)


def test_everything_a_model_can_have_survives_on_both_databases(shop: House, engine: sa.Engine) -> None:
    upgrade(engine, shop)
    assert str(check(engine, [shop.put("shop", rich())])[0]) == "shop_maker is missing in the database."
    made = grow(shop, rich())
    assert (made.path.name, made.revision) == ("0002_grow.py", "shop_0002")
    upgrade(engine, shop)
    assert check(engine, shop) == []
    assert grow(shop, rich()) is None
    downgrade(engine, shop, "shop")
    assert check(engine, [shop.put("shop", [first()])]) == []
    shop.put("shop", rich())
    upgrade(engine, shop)
    assert check(engine, shop) == []


def test_from_nothing_too(tmp_path: Path, engine: sa.Engine) -> None:
    house = House(tmp_path / "plugins")
    house.put("shop", rich())
    house.write()
    assert rehearse(house, engine) == []


def test_a_script_reads_well_and_passes_the_linter(shop: House) -> None:
    source = grow(shop, rich()).path.read_text()
    assert source.startswith('"""Grow.\n\nRevision shop_0002, after shop_0001.\n"""\n')
    assert 'sqlite_where=sa.text("live IS 1 AND sold_at IS NULL")' in source
    assert 'postgresql_where=sa.text("live IS true AND sold_at IS NULL")' in source
    assert 'postgresql_using="brin"' in source
    assert '"lower(name)" if op.get_context().dialect.name == "postgresql" else "crm_fold(name)"' in source
    assert "server_default=sa.true()" in source
    assert "Shout" not in source
    assert 'sa.String(length=7).with_variant(sa.Text(), "sqlite")' in source
    assert max(map(len, source.splitlines())) <= 120
    subprocess.run([sys.executable, "-m", "ruff", "check", str(shop.folder)], check=True)


def test_types_of_crmkit_are_written_by_their_public_names(shop: House, monkeypatch: pytest.MonkeyPatch) -> None:
    import crmkit

    for public in (Money, UtcDateTime, Phone, Email, Exact):
        monkeypatch.setattr(crmkit, public.__name__, public, raising=False)
    source = grow(shop, rich()).path.read_text()
    for written in (
        '"price", c.Money()',
        '"rate", c.Exact(18, 6)',
        '"sold_at", c.UtcDateTime()',
        '"phone", c.Phone()',
        '"email", c.Email()',
    ):
        assert written in source
    assert "\n\nimport crmkit as c\n" in source
    assert rehearse(shop) == []


def test_a_step_back_makes_the_column_as_it_was_not_as_sqlite_had_it(shop: House, engine: sa.Engine) -> None:
    """The scratch database has no decimals: a dropped amount must not come back as a whole number."""
    source = grow(shop, rich()).path.read_text()
    back = source[source.index("def downgrade") :]
    assert "Numeric" in back or "c.Money()" in back
    assert "sa.BIGINT()" not in source


def test_a_changed_condition_is_a_changed_index(shop: House, engine: sa.Engine) -> None:
    upgrade(engine, shop)
    for condition in ("note IS NULL", "note IS NOT NULL"):
        item = first()
        sa.Index("ix_shop_item_note", item.c.name, postgresql_where=sa.text(condition), sqlite_where=sa.text(condition))
        made = grow(shop, [item], "index")
        assert made is not None
        assert check(engine, shop) != []
        upgrade(engine, shop)
        assert check(engine, shop) == []


@pytest.mark.parametrize(
    "old, new", [(sa.JSON(), sa.JSON().with_variant(postgresql.JSONB(), "postgresql")), (Exact(14, 2), Exact(20, 4))]
)
def test_a_type_that_changes_only_on_the_other_database_is_noticed(
    tmp_path: Path, engine: sa.Engine, old: Any, new: Any
) -> None:
    house = House(tmp_path / "plugins")
    house.put("shop", [table("shop_item", sa.Column("x", old))])
    house.write()
    made = grow(house, [table("shop_item", sa.Column("x", new))])
    assert made is not None
    upgrade(engine, house)
    assert check(engine, house) == []


def test_what_could_hurt_is_pointed_out(shop: House) -> None:
    later = table(
        "shop_item",
        sa.Column("title", sa.String(50), nullable=False),
        sa.Column("old", Money()),
        sa.Column("note", sa.Text, nullable=False),
    )
    made = grow(shop, [later])
    notes = " ".join(made.notes)
    assert "shop_item.title is required and new" in notes
    assert "shop_item.note becomes required" in notes
    assert "batch_op.alter_column('name', new_column_name='title')" in notes
    assert "# shop_item.title is required and new" in made.path.read_text()
    assert "существующих строк" in made.notes[0].to("ru")
    other = grow(
        shop,
        [table("shop_item", sa.Column("title", sa.Integer, nullable=False), sa.Column("old", Exact(14, 4)))],
        "types",
    )
    assert "shop_item.title changes from VARCHAR(50) to INTEGER" in " ".join(other.notes)
    assert "shop_item.old changes from NUMERIC(14, 2) to NUMERIC(14, 4)" in " ".join(other.notes)
    assert "dropped with all its rows" in str(grow(shop, [], "away").notes[0])


def test_a_renaming_written_by_hand_is_understood(shop: House, engine: sa.Engine) -> None:
    upgrade(engine, shop)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO shop_item (name, old) VALUES ('cup', 5)")
    shop.script(
        "shop",
        2,
        "with op.batch_alter_table('shop_item') as batch_op:\n"
        "        batch_op.alter_column('old', new_column_name='price')",
    )
    later = table(
        "shop_item",
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("price", Money()),
        sa.Column("note", sa.Text),
    )
    assert grow(shop, [later]) is None
    upgrade(engine, shop)
    assert check(engine, shop) == []
    assert rows(engine, "SELECT name FROM shop_item") == [("cup",)]


def test_tables_need_the_prefix_of_their_plugin(shop: House, engine: sa.Engine) -> None:
    stray = shop.put("shop", [first(), table("item")])
    for act in (lambda: make(stray, "stray"), lambda: upgrade(engine, shop)):
        with pytest.raises(
            SchemaError,
            match="shop may only have tables that begin with 'shop_', not 'item'",
        ):
            act()
    assert not list(stray.scripts.glob("0002*"))


def test_scripts_that_no_longer_run_are_named(shop: House) -> None:
    shop.script("shop", 2, "op.drop_table('shop_gone')")
    with pytest.raises(
        SchemaError,
        match="scripts do not run from the beginning, so nothing can be compared: shop: revision shop_0002",
    ):
        grow(shop, rich())


def test_an_empty_postgresql_may_be_the_scratch(shop: House, engine: sa.Engine) -> None:
    made = make(shop.put("shop", rich()), "with an engine", engine)
    assert made is not None
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    assert rehearse(shop, engine) == []


def test_check_tells_every_difference(shop: House, engine: sa.Engine) -> None:
    upgrade(engine, shop)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE shop_item DROP COLUMN note")
        connection.exec_driver_sql("ALTER TABLE shop_item ADD COLUMN extra integer")
        connection.exec_driver_sql("CREATE INDEX stray ON shop_item (extra)")
        connection.exec_driver_sql("CREATE TABLE shop_extra (id integer)")
    stray = "(extra)" if engine.dialect.name == "sqlite" else "btree (extra)"
    assert [str(text) for text in check(engine, shop)] == [
        "shop_extra is in the database, but no model declares it.",
        "shop_item.note is missing in the database.",
        "shop_item.extra is in the database, but not in the model.",
        f"shop_item: index stray ({stray}) is in the database, but not in the model.",
    ]


def test_the_words_are_the_same_in_a_host_engine(shop: House, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    upgrade(engine, shop)
    assert [text.to("ru") for text in check(engine, [shop.put("shop", [first(), table("shop_new")])])] == [
        "в базе нет таблицы shop_new."
    ]
    engine.dispose()
