"""Ask for what is due: accounts that nobody notified us of come round by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from calendar_mirror import due, messages
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.messages import Kind, Message


def ask(
    accounts: AccountsTable, send: Callable[[Message], None], *, now: datetime, most: int
) -> int:
    """
    Put a message on the queue for each account that is due, the longest overdue first, and for no
    more than *most*; return for how many.

    An account is put off before its message is sent, so that two runs do not ask for it twice. A
    stop in between delays it by `due.ASKED_FOR`.
    """
    asked = 0
    for account_id, due_at in accounts.due(now=now, most=most):
        if accounts.postpone(account_id, due_at, until=now + due.ASKED_FOR):
            send(messages.request(account_id, Kind.CHECK, now=now, cause="reconcile"))
            asked += 1
    return asked
