"""Disabled, uninstalled and purged are three different things, and only the last loses data."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit.core.migrate import NotMigrated, Owner, SchemaError, check, is_current, purge, status, uninstall, upgrade
from crmkit.core.migrate.park import parked_name
from tests.migrate.conftest import House, rows

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def without(house: House, *names: str) -> list[Owner]:
    return [owner for owner in house if owner.name not in names]


def tables(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(name for name in sa.inspect(connection).get_table_names() if not name.startswith("crm"))


def test_a_disabled_plugin_keeps_everything_and_is_listed(ready: House, engine: sa.Engine) -> None:
    left = without(ready, "dental")
    found = {state.name: (state.state, state.tables) for state in status(engine, left)}
    assert found["dental"] == ("disabled", ("dental_patient",))
    is_current(engine, left)
    assert check(engine, left) == []
    assert upgrade(engine, left) == []
    assert rows(engine, "SELECT count(*) FROM crm_job WHERE state = 'pending'") == [(2,)]
    assert rows(engine, "SELECT count(*) FROM dental_patient") == [(2,)]


def test_uninstalling_parks_rows_and_jobs_and_reinstalling_brings_them_back(ready: House, engine: sa.Engine) -> None:
    gone = uninstall(engine, without(ready, "dental"), "dental", now=NOON)  # its package may be away already
    assert (gone.tables, gone.jobs, gone.version) == ({"dental_patient": 2}, 3, "dental_0001")
    assert tables(engine) == ["parked_dental_patient", "sales_company", "sales_deal"]
    parked = [(1, "parked"), (2, "dead"), (3, "pending"), (4, "parked"), (5, "parked")]
    assert rows(engine, "SELECT id, state FROM crm_job ORDER BY id") == parked
    assert rows(engine, "SELECT count(*) FROM crm_job_cron") == [(0,)]
    state = next(state for state in status(engine, without(ready, "dental")) if state.name == "dental")
    assert (state.state, state.current, state.tables) == ("parked", "dental_0001", ("parked_dental_patient",))
    with pytest.raises(NotMigrated, match="dental: its data is parked since it was uninstalled"):
        is_current(engine, ready)

    ready.script(
        "dental",
        2,
        "op.add_column('dental_patient', sa.Column('crown', sa.Integer))",
        "op.drop_column('dental_patient', 'crown')",
    )
    assert [step.revision for step in upgrade(engine, ready)] == ["dental_0002"]
    assert rows(engine, "SELECT id, teeth, crown FROM dental_patient ORDER BY id") == [(1, 32, None), (2, 30, None)]
    # Jobs 1 and 5 had one key (a job at work that scheduled itself again): the newer stands, as keys promise.
    woken = [(2, "dead"), (3, "pending"), (4, "held"), (5, "pending")]
    assert rows(engine, "SELECT id, state FROM crm_job ORDER BY id") == woken
    is_current(engine, ready)


def test_reinstalling_twice_leaves_the_schema_as_it_was(ready: House, engine: sa.Engine) -> None:
    for _ in range(2):
        uninstall(engine, ready, "dental")
        uninstall(engine, ready, "sales")
        assert tables(engine) == ["parked_dental_patient", "parked_sales_company", "parked_sales_deal"]
        assert upgrade(engine, without(ready, "dental")) == []
        assert upgrade(engine, ready) == []
        assert check(engine, ready) == []
    assert rows(engine, "SELECT count(*) FROM sales_deal") == [(2,)]
    with engine.begin() as connection:  # numbering goes on, keys and conditions hold
        connection.exec_driver_sql("INSERT INTO sales_deal (id, title, company_id, won) VALUES (9, 'second', 1, true)")
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            connection.exec_driver_sql(
                "INSERT INTO sales_deal (id, title, company_id, won) VALUES (10, 'first', 1, true)"
            )
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            connection.exec_driver_sql(
                "INSERT INTO sales_deal (id, title, company_id, won) VALUES (11, 'x', 99, false)"
            )


def test_parked_rows_still_follow_what_they_extend(ready: House, engine: sa.Engine) -> None:
    notes = uninstall(engine, ready, "dental").notes
    assert [str(note) for note in notes] == [
        "parked_dental_patient still follows sales_company: rows deleted there are deleted or detached here too."
    ]
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sales_deal SET company_id = 2")
        connection.exec_driver_sql("DELETE FROM sales_company WHERE id = 1")
    assert rows(engine, "SELECT id FROM parked_dental_patient") == [(2,)]
    uninstall(engine, without(ready, "dental"), "sales")
    upgrade(engine, ready)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM sales_deal")
        connection.exec_driver_sql("DELETE FROM sales_company")
    assert rows(engine, "SELECT count(*) FROM dental_patient") == [(0,)]


def test_what_others_require_stays(ready: House, engine: sa.Engine) -> None:
    for owners in (ready, without(ready, "dental")):  # dental counts while it is only disabled, too
        with pytest.raises(
            SchemaError, match=r"sales cannot be uninstalled: dental requires it. Uninstall dental first"
        ):
            uninstall(engine, owners, "sales")
        with pytest.raises(SchemaError, match="dental requires it"):
            purge(engine, owners, "sales", "sales")


@pytest.mark.parametrize("act", [uninstall, purge])
def test_the_kernel_and_strangers_cannot_go(ready: House, engine: sa.Engine, act: object) -> None:
    with pytest.raises(SchemaError, match="The kernel itself"):
        act(engine, ready, "core")  # type: ignore[operator]
    with pytest.raises(SchemaError, match=r"Nothing of dentel is installed in this database. Did you mean 'dental'\?"):
        act(engine, ready, "dentel")  # type: ignore[operator]


def test_uninstalling_needs_a_migrated_database(house: House, engine: sa.Engine) -> None:
    with pytest.raises(SchemaError, match=r"no crm_plugin table yet. Run `crmkit migrate` first"):
        uninstall(engine, house, "sales")


def test_twice_uninstalled_says_so(ready: House, engine: sa.Engine) -> None:
    uninstall(engine, ready, "dental")
    with pytest.raises(SchemaError, match="already uninstalled"):
        uninstall(engine, ready, "dental")


def test_tables_in_the_way_are_named_and_nothing_moves(ready: House, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parked_sales_deal (id int)")
    uninstall(engine, ready, "dental")
    with pytest.raises(SchemaError, match="a table parked_sales_deal already exists"):
        uninstall(engine, without(ready, "dental"), "sales")
    assert "sales_company" in tables(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE dental_patient (id int)")
    with pytest.raises(SchemaError, match="a table dental_patient exists meanwhile"):
        upgrade(engine, ready)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE dental_patient")
    upgrade(engine, ready)
    assert rows(engine, "SELECT count(*) FROM dental_patient") == [(2,)]


def test_parked_data_that_was_dropped_is_not_passed_over(ready: House, engine: sa.Engine) -> None:
    uninstall(engine, ready, "dental")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE parked_dental_patient")
    with pytest.raises(SchemaError, match="its table parked_dental_patient is gone"):
        upgrade(engine, ready)
    purge(engine, ready, "dental", "dental")
    upgrade(engine, ready)
    assert check(engine, ready) == []


@pytest.mark.parametrize("parked", [False, True])
def test_purging_asks_for_the_name_and_tells_what_was_lost(ready: House, engine: sa.Engine, parked: bool) -> None:
    if parked:
        uninstall(engine, ready, "dental")
    table = "parked_dental_patient" if parked else "dental_patient"
    for wrong in (None, "sales"):
        with pytest.raises(
            SchemaError,
            match=rf"drops its tables for good \({table}: 2 rows\). To do it, confirm with its name: dental",
        ):
            purge(engine, ready, "dental", wrong)
    lost = purge(engine, ready, "dental", "dental")
    assert (lost.tables, lost.jobs) == ({table: 2}, 4)
    assert tables(engine) == ["sales_company", "sales_deal"]
    assert "dental" not in [state.name for state in status(engine, without(ready, "dental"))]
    assert [step.revision for step in upgrade(engine, ready)] == ["dental_0001"]
    assert rows(engine, "SELECT count(*) FROM dental_patient") == [(0,)]


def test_purging_is_refused_while_parked_rows_point_there(ready: House, engine: sa.Engine) -> None:
    uninstall(engine, ready, "dental")
    with pytest.raises(
        SchemaError, match=r"parked_dental_patient \(dental\) points to its table sales_company. First purge dental"
    ):
        purge(engine, without(ready, "dental"), "sales", "sales")
    purge(engine, without(ready, "dental"), "dental", "dental")
    assert purge(engine, without(ready, "dental"), "sales", "sales").tables == {"sales_company": 2, "sales_deal": 2}
    assert tables(engine) == []


def test_a_failed_uninstall_leaves_everything(ready: House, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the plug was pulled")

    monkeypatch.setattr("crmkit.core.migrate.ledger.write", fail)
    with pytest.raises(RuntimeError):
        uninstall(engine, ready, "dental")
    assert tables(engine) == ["dental_patient", "sales_company", "sales_deal"]
    is_current(engine, ready)


def test_long_table_names_stay_apart_when_parked(tmp_path: Path) -> None:
    long = "sales_" + "x" * 56
    assert parked_name("sales_deal") == "parked_sales_deal"
    assert len(parked_name(long + "a")) == 63
    assert parked_name(long + "a") != parked_name(long + "b")
