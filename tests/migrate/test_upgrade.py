"""Upgrading: order, target, progress, failures that leave nothing half done, two processes at once."""

from __future__ import annotations

import subprocess
import sys
import threading

import attrs
import pytest
import sqlalchemy as sa

from crmkit.core.migrate import (
    MigrationFailed,
    NotMigrated,
    Owner,
    SchemaError,
    check,
    create,
    downgrade,
    is_current,
    rehearse,
    status,
    upgrade,
)
from tests.migrate.conftest import House, rows, table
from tests.suite.forked import Forked


def states(engine: sa.Engine, house: House) -> dict[str, str]:
    return {state.name: state.state for state in status(engine, house)}


def test_everything_is_upgraded_in_dependency_order_and_checks_clean(house: House, engine: sa.Engine) -> None:
    backwards = list(house)[::-1]
    assert [state.state for state in status(engine, backwards)] == ["new", "new", "new"]
    seen: list[object] = []
    steps = upgrade(engine, backwards, progress=seen.append)
    assert [step.revision for step in steps] == ["core_0001", "sales_0001", "dental_0001"]
    assert seen == steps
    assert [(step.number, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert check(engine, house) == []
    is_current(engine, house)
    assert upgrade(engine, house) == []


def test_a_whole_history_runs_up_down_and_up_again(house: House, engine: sa.Engine) -> None:
    assert rehearse(house, engine) == []
    assert rehearse(house) == []


def test_what_is_missing_is_said_before_the_program_starts(house: House, engine: sa.Engine) -> None:
    with pytest.raises(NotMigrated, match=r"sales: its tables do not exist yet. Run `crmkit migrate`"):
        is_current(engine, house)
    upgrade(engine, house)
    house.script("sales", 2, "op.execute('SELECT 1')")
    with pytest.raises(
        NotMigrated, match="sales: the database is at sales_0001, the program needs sales_0002"
    ) as caught:
        is_current(engine, house)
    assert "Запустите `crmkit migrate`" in caught.value.message.to("ru")


def test_the_check_at_start_imports_no_alembic() -> None:
    program = (
        "import sys, sqlalchemy as sa, tempfile, pathlib\nfrom crmkit.core.migrate import is_current, Owner\n"
        "is_current(sa.create_engine('sqlite://'), [Owner('sales', [], pathlib.Path(tempfile.gettempdir(), 'none'))])\n"
        "assert not [m for m in sys.modules if m.split('.')[0] in ('alembic', 'mako')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_target_stops_there_and_takes_only_what_it_requires(house: House, engine: sa.Engine) -> None:
    house.script("sales", 2, "op.execute('SELECT 1')")
    house.script("sales", 3, "op.execute('SELECT 1')")
    upgrade(engine, house, "sales_0002")
    assert states(engine, house) == {"core": "current", "sales": "behind", "dental": "new"}
    upgrade(engine, house, "dental")
    assert states(engine, house) == {"core": "current", "sales": "current", "dental": "current"}
    with pytest.raises(SchemaError, match=r"No revision 'sales_0009'. Did you mean 'sales_000"):
        upgrade(engine, house, "sales_0009")


def test_a_failed_revision_leaves_nothing_of_its_plugin_and_keeps_the_ones_before(
    house: House, engine: sa.Engine
) -> None:
    house.script("sales", 2, "op.add_column('sales_deal', sa.Column('region', sa.String(10)))")
    path = house.script("sales", 3, "op.execute('INSERT INTO sales_deal (nowhere) VALUES (1)')")
    with pytest.raises(MigrationFailed) as caught:
        upgrade(engine, house)
    assert (caught.value.plugin, caught.value.revision) == ("sales", "sales_0003")
    assert str(path) in str(caught.value)
    assert "is still at the beginning" in str(caught.value)
    assert states(engine, house) == {"core": "current", "sales": "new", "dental": "new"}
    with engine.connect() as connection:
        assert not [name for name in sa.inspect(connection).get_table_names() if name.startswith("sales_")]
    path.unlink()
    upgrade(engine, house)
    assert states(engine, house)["dental"] == "current"


def test_a_failure_in_the_middle_of_data_keeps_the_old_rows(ready: House, engine: sa.Engine) -> None:
    ready.script(
        "sales", 2, "op.execute(\"UPDATE sales_deal SET title = 'gone'\")\n"
        "    with op.batch_alter_table('sales_deal') as batch_op:\n"
        "        batch_op.alter_column('title', type_=sa.Text())\n    raise RuntimeError('the plug was pulled')"
    )  # fmt: skip
    with pytest.raises(MigrationFailed, match="the plug was pulled"):
        upgrade(engine, ready)
    assert rows(engine, "SELECT title FROM sales_deal ORDER BY id") == [("first",), ("second",)]
    assert states(engine, ready)["sales"] == "behind"


def test_a_rebuilt_table_keeps_the_rows_that_point_to_it(ready: House, engine: sa.Engine) -> None:
    """SQLite changes a column by copying the table: the old copy's removal must not cascade."""
    ready.script(
        "sales", 2, "with op.batch_alter_table('sales_company') as batch_op:\n"
        "        batch_op.alter_column('name', type_=sa.String(300))",
    )  # fmt: skip
    upgrade(engine, ready)
    assert rows(engine, "SELECT id, teeth FROM dental_patient ORDER BY id") == [(1, 32), (2, 30)]
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sales_deal SET company_id = NULL")
        connection.exec_driver_sql("DELETE FROM sales_company WHERE id = 1")
    assert rows(engine, "SELECT id FROM dental_patient") == [(2,)]


def test_a_rebuilt_table_keeps_its_partial_and_expression_indexes(ready: House, engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER sales_deal_seen AFTER INSERT ON sales_deal "
                "BEGIN UPDATE sales_company SET name = 'seen'; END"
            )
    ready.script(
        "sales",
        2,
        "with op.batch_alter_table('sales_deal') as batch_op:\n"
        "        batch_op.alter_column('title', type_=sa.String(99))",
    )
    upgrade(engine, ready)
    assert [str(text) for text in check(engine, ready)] == [
        "sales_deal.title is VARCHAR(99) in the database, the model says VARCHAR(200)."
    ]
    if engine.dialect.name == "sqlite":
        assert rows(engine, "SELECT name FROM sqlite_master WHERE type = 'trigger'") == [("sales_deal_seen",)]


def test_rows_left_pointing_at_nothing_undo_the_upgrade(ready: House, engine: sa.Engine) -> None:
    ready.script("sales", 2, "op.execute('DELETE FROM sales_company WHERE id = 2')")
    with pytest.raises(MigrationFailed):
        upgrade(engine, ready)
    assert rows(engine, "SELECT count(*) FROM sales_company") == [(2,)]


@pytest.mark.parametrize("statement", [
    "op.add_column('sales_deal', sa.Column('tooth', sa.Integer))",
    "op.execute('DELETE FROM sales_deal')",
    "op.get_bind().execute(sa.text('update \"sales_deal\" set title = null'))",
    "op.create_table('tooth', sa.Column('id', sa.Integer))",
    "op.drop_table('crmkit_version_sales')",
])  # fmt: skip
def test_a_script_may_not_touch_what_is_not_its_own(ready: House, engine: sa.Engine, statement: str) -> None:
    ready.script("dental", 2, statement)
    with pytest.raises(MigrationFailed, match="which is not its table"):
        upgrade(engine, ready)
    assert rows(engine, "SELECT count(*) FROM sales_deal") == [(2,)]


def test_a_plugin_whose_name_begins_another_ones_does_not_own_its_tables(house: House, engine: sa.Engine) -> None:
    house.put("sales_extra", [table("sales_extra_note", sa.Column("text", sa.Text))], ("sales",))
    house.write()
    upgrade(engine, house)
    assert check(engine, house) == []
    house.script("sales", 2, "op.execute('DELETE FROM sales_extra_note')")
    with pytest.raises(MigrationFailed, match="not its table"):
        upgrade(engine, house)


def test_an_older_program_says_so_and_touches_nothing(house: House, engine: sa.Engine) -> None:
    path = house.script("dental", 2, "op.execute('SELECT 1')")
    upgrade(engine, house)
    path.unlink()
    house.script("sales", 2, "op.execute('SELECT 1')")
    with pytest.raises(SchemaError, match=r"knows only up to dental_0001. Install the newer version of dental again"):
        upgrade(engine, house)
    assert states(engine, house) == {"core": "current", "sales": "behind", "dental": "ahead"}
    with pytest.raises(NotMigrated, match="dental: the database is at dental_0002"):
        is_current(engine, house)


def test_stepping_back_needs_a_word_when_rows_would_go(ready: House, engine: sa.Engine) -> None:
    with pytest.raises(SchemaError, match=r"dental \(dental\) points|points to its table sales_company"):
        downgrade(engine, ready, "sales")
    with pytest.raises(SchemaError, match=r"hold rows \(dental_patient: 2 rows\)"):
        downgrade(engine, ready, "dental")
    assert downgrade(engine, ready, "dental", confirm="dental").revision == "dental_0001"
    assert states(engine, ready)["dental"] == "new"
    with pytest.raises(SchemaError, match="nothing to step back from"):
        downgrade(engine, ready, "dental")


def test_requirements_are_checked_in_sentences(house: House, engine: sa.Engine) -> None:
    with pytest.raises(SchemaError, match="dental requires sales, which is not among the plugins"):
        upgrade(engine, [house.owners["dental"]])
    circle = attrs.evolve(house.owners["sales"], requires=("dental",))
    with pytest.raises(SchemaError, match="in a circle: dental, sales"):
        upgrade(engine, [circle, house.owners["dental"]])


@pytest.mark.parametrize("name", ["crm", "parked", "Sales", "with-dash", "a" * 28])
def test_names_that_would_break_tables_are_refused(house: House, name: str) -> None:
    with pytest.raises(SchemaError, match="will not do as a plugin name"):
        Owner(name, [], house.folder)


def test_a_history_with_a_fork_or_a_foreign_file_is_refused(house: House, engine: sa.Engine) -> None:
    other = house.script("sales", 2, "pass")
    other.rename(other.with_name("0002_one.py"))
    house.script("sales", 2, "pass")
    with pytest.raises(SchemaError, match="give the later script the next free number"):
        upgrade(engine, house)
    other.with_name("0002_one.py").rename(other.with_name("notes.py"))
    with pytest.raises(SchemaError, match=r"name it like 0001_first_tables.py"):
        upgrade(engine, house)


def test_a_plugin_without_tables_needs_no_scripts_and_one_with_tables_does(house: House, engine: sa.Engine) -> None:
    house.put("plain", [])
    upgrade(engine, house)
    is_current(engine, house)
    house.put("fresh", [table("fresh_thing")])
    for act in (is_current, upgrade):
        with pytest.raises(SchemaError, match="fresh has tables but no migration script"):
            act(engine, house)


def test_two_at_once_upgrade_once(house: House, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmkit.core.migrate.store._in_process", threading.Semaphore(9))  # as two processes would be
    source = f"{engine.url.render_as_string(hide_password=False)}"
    program = (
        "import sys, pathlib\nfrom crmkit.core.database import open_engine\n"
        "from crmkit.core.migrate import Owner, upgrade\n"
        "from crmkit.core.migrate.ledger import PLUGIN\nfrom tests.migrate.conftest import cron, dental, job, sales\n"
        "folder = pathlib.Path(sys.argv[2])\ntables = sales()\n"
        "own = lambda n, t, r=(): Owner(n, t, folder / n / 'migrations', r)\n"
        "owners = [own('core', [PLUGIN, job, cron]), own('sales', tables), "
        "own('dental', dental(tables[0]), ('sales',))]\n"
        "print(len(upgrade(open_engine(sys.argv[1]), owners)))"
    )
    arguments = ["-c", program, source.replace("+psycopg", ""), str(house.folder)]
    running = [Forked(arguments, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    counts = [int(process.communicate(timeout=120)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sum(counts) == 3
    assert check(engine, house) == []


def test_two_threads_on_two_databases_do_not_mix(house: House, empty: object) -> None:
    engines = [empty() for _ in range(3)]  # type: ignore[operator]
    threads = [threading.Thread(target=upgrade, args=(engine, list(house))) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        assert check(engine, house) == []


def test_the_engine_is_given_back_as_it_was(house: House, tmp_path: object) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/host.db")
    upgrade(engine, house)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw.isolation_level == ""  # type: ignore[union-attr]
        assert rows(engine, "PRAGMA foreign_keys") == [(0,)]
    assert check(engine, house) == []
    engine.dispose()


def test_tables_straight_from_the_models_count_as_current(house: House, engine: sa.Engine) -> None:
    create(engine, house)
    is_current(engine, house)
    assert check(engine, house) == []
    assert upgrade(engine, house) == []


def test_a_database_in_use_is_named_as_the_reason(
    house: House, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crmkit.core.migrate.store.WAIT_SECONDS", 0.2)
    upgrade(engine, house)
    house.script("sales", 2, "op.add_column('sales_deal', sa.Column('region', sa.String(10)))")
    with engine.connect() as busy:
        if engine.dialect.name == "sqlite":
            busy.connection.driver_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]
        else:
            busy.exec_driver_sql("SELECT * FROM sales_deal")
        with pytest.raises(
            SchemaError, match=r"sales: the schema cannot be changed while|core: the schema cannot be changed while"
        ):
            upgrade(engine, house)
        busy.connection.driver_connection.rollback()  # type: ignore[union-attr]
    upgrade(engine, house)
