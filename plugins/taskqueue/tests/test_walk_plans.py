"""The next task, and what follows a task, are found by a short walk along a partial index, whatever plan the database keeps for the statement."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from crmkit_taskqueue import Task
from crmkit_taskqueue.deciding.question import _old, _own, _team

STATEMENTS = {
    "ix_taskqueue_task_own": _own("due", (1, 2, 3), 1, 5, 0, 0, 0),
    "ix_taskqueue_task_help": _team("team", 1, 1, 5, 0, 0, 0),
    "ix_taskqueue_old_client_own": _old("own", 0, 0, 0),
    "ix_taskqueue_old_client_help": _old("team", 1, 0, 0),
    "ix_taskqueue_task_previous": sa.select(Task.id).where(Task.previous_id == 5),
}


@pytest.mark.parametrize("index", STATEMENTS)
def test_the_walk_goes_along_its_index(uow, index):
    sql = str(STATEMENTS[index].compile(dialect=uow.connection.dialect))
    if uow.connection.dialect.name == "postgresql":
        names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", sql)))
        for number, name in enumerate(names, 1):
            sql = sql.replace(f"%({name})s", f"${number}")
        # A plan without the values, as prepared statements get it sooner or later. An empty table would be read whole and sorted.
        for way in ("seqscan", "bitmapscan", "sort"):
            uow.connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        plan = uow.connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {sql}".replace("%", "%%"))
    else:
        plan = uow.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple([1] * sql.count("?")))
    told = "\n".join(str(row) for row in plan)
    assert index in told, told
