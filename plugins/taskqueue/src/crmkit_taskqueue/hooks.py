"""Hooks of this plugin, for other plugins."""

from __future__ import annotations

import typing as t

from crmkit import Uow, hookspec

if t.TYPE_CHECKING:
    import decimal

    from .deciding import Choice, Question
    from .entities import OldClient, Task
    from .following import Retry
    from .handing import Turn


class Specs:
    """What other plugins may change about the work queue."""

    @hookspec(firstresult=True)
    def taskqueue_decide(self, question: Question) -> Choice | None:
        """Decide what a manager gets next, instead of the usual strategy; None leaves it to that (or to the next plugin).

        Called in the transaction that will open it, the manager's desk locked. `question` finds candidates; a task that somebody
        else got meanwhile is in `question.lost` (an old client in `question.lost_clients`) and asked about once more. What is not
        there, or is chosen again though it cannot be opened, is refused with a message that names this hook; nothing is lost.
        """

    @hookspec(firstresult=True)
    def taskqueue_score(self, client: OldClient, uow: Uow) -> decimal.Decimal | None:
        """Score an old client when it comes into the stack; higher comes first. None leaves it to the next plugin.

        Where none has an opinion: the dearest of the lost deals, in thousands, halved with every year since. A score given by hand stays.
        """

    @hookspec(firstresult=True)
    def taskqueue_retry(self, task: Task, uow: Uow) -> Retry | None:
        """Say when a task that reached nobody is tried again, instead of its kind's `retry_after`; None leaves it to that.

        Called in the transaction that ends it. Old clients are not asked about: they return to the stack.
        """

    @hookspec
    def taskqueue_opened(self, task: Task, turn: Turn, uow: Uow) -> None:
        """Do your part when a task was opened at a manager, in the same transaction: schedule the dialling, note a time."""

    @hookspec
    def taskqueue_ended(self, task: Task, turn: Turn, uow: Uow) -> None:
        """Do your part when an open task ended or went back, in the same transaction; `turn.ended` says how."""
