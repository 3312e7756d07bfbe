"""Who waits for whom: what two transactions must not do at once for the same colleague."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import Uow

# The first half of the name under which PostgreSQL keeps a lock; the second is of whom.
CASES, SUMS = (int.from_bytes(name, "big") for name in (b"pmcs", b"pmon"))


def hold(uow: Uow, *of: int, what: int = CASES) -> None:
    """Have somebody's cases (0: the steps), or their sums, to ourselves until the end of the transaction.

    Several are held in one order, or two who want the same could wait for each other for ever. SQLite has one writer at a time anyhow.
    """
    if uow.connection.dialect.name == "postgresql":
        for one in sorted(of):
            uow.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(what, one % 2**31)))


__all__ = ["CASES", "SUMS", "hold"]
