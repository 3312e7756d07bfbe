"""What may be in a table only once: the rules of its unique constraints and indexes."""

from __future__ import annotations

import sqlalchemy as sa


def unique_rules(table: sa.Table) -> list[tuple[str, ...]]:
    """Return the column sets of a table of which each combination may be there only once."""
    rules = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint)] + [i for i in table.indexes if i.unique]
    found = [tuple(str(c.name) for c in rule.columns) for rule in rules]
    return found + [(str(c.name),) for c in table.columns if c.unique and (str(c.name),) not in found]


def unique_names(table: sa.Table) -> set[str]:
    """Return the columns that take part in such a rule."""
    return {name for rule in unique_rules(table) for name in rule}
