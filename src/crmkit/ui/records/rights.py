"""What a visitor may do with one record, asked once for each rule rather than once for each button."""

from __future__ import annotations

import typing as t

from ...core.filter import EVERYTHING

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.model import Entity
    from ...core.uow import Uow


class Rights:
    """Answers for one record; two permissions that are granted for the same rows cost one question."""

    def __init__(self, uow: Uow, kind: Kind, record: Entity) -> None:
        self.uow, self.kind, self.record = uow, kind, record
        self._known: dict[t.Any, bool] = {}

    def may(self, permission: str) -> bool:
        """True when the visitor holds a permission for this very record."""
        uow, access = self.uow, self.uow.crm.access
        if uow.elevated:
            return True
        if not access.may(uow.actor, permission, self.record):
            return False
        if permission == "public":
            return True
        rule = access.rule_of(uow.actor, self.kind, permission)
        if rule is EVERYTHING:
            return True
        key = (rule.shape, tuple((leaf.path.dotted, leaf.operator, repr(leaf.value)) for leaf in rule.leaves()))
        if key not in self._known:
            self._known[key] = uow.matches(self.record, rule)
        return self._known[key]

    def can(self, action: str) -> bool:
        """True when the visitor may ``change``, ``move`` or ``archive`` this record."""
        return self.may(self.kind.permission(action))


__all__ = ["Rights"]
