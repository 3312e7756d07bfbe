"""Which records are still open, as a condition of SQL: their stage has neither outcome."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import OPEN, Crm, Staged


def is_open(crm: Crm, cls: type[Staged]) -> sa.ColumnElement[bool]:
    """Return the condition under which a record is in an open stage of its pipeline, and not archived."""
    c = cls.__table__.c
    ways = [(c.pipeline == p.name) & c.stage.in_([s.name for s in p.stages.values() if s.outcome is OPEN]) for p in crm.kind(cls).pipelines.values()]
    return sa.and_(sa.or_(sa.false(), *ways), c.archived_at.is_(None))
