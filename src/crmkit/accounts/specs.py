"""The hook of this plugin."""

from __future__ import annotations

import typing as t

from crmkit import hookspec

if t.TYPE_CHECKING:
    from crmkit import Crm

    from .entities import User


class AccountsSpecs:
    """What other plugins may do for accounts."""

    @hookspec(firstresult=True)
    def accounts_send_link(self, crm: Crm, user: User, url: str, purpose: str) -> bool | None:
        """Send somebody an invitation (`purpose` ``"invite"``) or a way to a new password (``"reset"``); True when it is on its way.

        Called outside any transaction. The url carries a secret that is stored nowhere: send it, and keep it out of jobs and logs.
        """
