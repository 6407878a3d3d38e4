"""Ask for what is due: accounts that nobody notified us of come round by the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from calendar_mirror import due, messages
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.errors import AwsCallError, CalendarMirrorError, TryAgainError
from calendar_mirror.messages import Kind, Message

#: SQS takes so many messages in one call.
_TEN = 10

Due: TypeAlias = tuple[str, datetime]


def ask_all(
    accounts: AccountsTable,
    send_all: Callable[[Sequence[Message]], Sequence[Message]],
    *,
    now: datetime,
    most: int,
    spread: Callable[
        [Callable[[Sequence[Due]], int], Iterable[Sequence[Due]]], Iterable[int]
    ] = map,
) -> int:
    """
    Put a message on the queue for accounts that are due, and for no more than *most*; return for
    how many.

    An account is put off before its message is sent, so that two runs do not ask for it twice. A
    stop in between delays it by `due.ASKED_FOR`; a message that the queue did not take delays
    nothing, since its account is due again at once.

    Args:
        send_all: puts up to ten messages on the queue, and returns those that it did not take.
        spread: maps over tens of accounts; a pool's does it for several at a time.
    """
    found = tuple(accounts.due(now=now, most=most))
    tens = [found[start : start + _TEN] for start in range(0, len(found), _TEN)]
    return sum(spread(lambda ten: _ask_for(accounts, send_all, ten, now), tens))


def ask(
    accounts: AccountsTable, send: Callable[[Message], None], *, now: datetime, most: int
) -> int:
    """Do as `ask_all`, with a queue that takes one message at a time."""

    def send_all(batch: Sequence[Message]) -> Sequence[Message]:
        for message in batch:
            send(message)
        return ()

    return ask_all(accounts, send_all, now=now, most=most)


def _ask_for(
    accounts: AccountsTable,
    send_all: Callable[[Sequence[Message]], Sequence[Message]],
    ten: Sequence[Due],
    now: datetime,
) -> int:
    until = now + due.ASKED_FOR
    trouble: CalendarMirrorError | None = None
    put_off: dict[str, datetime] = {}
    for account_id, due_at in ten:
        try:
            if accounts.postpone(account_id, due_at, until=until):
                put_off[account_id] = due_at
        except TryAgainError as error:
            trouble = error  # what is put off already must be asked for
            break
    asked = [messages.request(each, Kind.CHECK, now=now, cause="reconcile") for each in put_off]
    try:
        refused = send_all(asked) if asked else ()
    except AwsCallError as error:
        refused, trouble = asked, error
    for message in refused:
        accounts.postpone(message.account_id, until, until=put_off[message.account_id])
    if trouble is not None:
        raise trouble
    return len(asked) - len(refused)
