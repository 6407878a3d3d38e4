"""
Erase an account: nothing of it is left, and nothing can bring it back.

First it is marked, so that nothing reads it any more. Its rows go before Cronofy is asked for
anything: they must not wait for an outage to end. Its item goes last, since it holds the tokens
with which the grant is ended; a stop anywhere lets the message come again, and all is repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from calendar_mirror import announcements, channel_keeping
from calendar_mirror.accounts import Account, State
from calendar_mirror.errors import NeedsUserError, TryAgainError
from calendar_mirror.messages import Message
from calendar_mirror.records import Key
from calendar_mirror.visit import Edges, Visit

_ROWS_AT_ONCE = 500
_COUNTED = ("rows_erased", "dead_letters_removed", "channels_closed", "grants_ended")


def is_overtaken(account: Account, asked: Message) -> bool:
    """
    Tell whether the user has connected *account* anew since *asked*: that is a new consent. An
    erasure that has begun is finished all the same, since its rows are gone already.
    """
    if account.state is State.ERASING:
        return False
    return account.connected_at is not None and account.connected_at > asked.stands_until


def erase(visit: Visit, asked: Sequence[Message]) -> None:
    """Erase the account. *asked*: the messages that ask for it."""
    account, edges = visit.account, visit.edges
    first = min(asked, key=lambda message: message.received_at)
    edges.accounts.mark_erasing(account.account_id, since=first.received_at)
    _erase_what_was_made(edges, account.account_id, visit.counts, visit.time_is_up)
    _end_grant(visit, pii_erasure=any(message.pii_erasure for message in asked))
    edges.bus.publish(announcements.erased(account))
    _keep_receipt(edges, account.account_id, first, visit.counts)
    edges.accounts.remove(account.account_id)


def erase_remains(
    edges: Edges,
    account_id: str,
    asked: Sequence[Message],
    counts: Counter[str],
    time_is_up: Callable[[], bool],
) -> None:
    """Erase what there may be of an account that is not in the accounts table (any more)."""
    _erase_what_was_made(edges, account_id, counts, time_is_up)
    if counts["rows_erased"] or counts["dead_letters_removed"]:
        first = min(asked, key=lambda message: message.received_at)
        _keep_receipt(edges, account_id, first, counts)


def _erase_what_was_made(
    edges: Edges, account_id: str, counts: Counter[str], time_is_up: Callable[[], bool]
) -> None:
    keys: list[Key] = []
    for key, _ in edges.events.rows(account_id):
        keys.append(key)
        if len(keys) == _ROWS_AT_ONCE:
            _erase_rows(edges, keys, counts)
            keys = []
            if time_is_up():
                raise TryAgainError("there are more rows than can be erased in one go")
    _erase_rows(edges, keys, counts)
    counts["dead_letters_removed"] += edges.dead_letters.remove(account_id, time_is_up=time_is_up)


def _erase_rows(edges: Edges, keys: Sequence[Key], counts: Counter[str]) -> None:
    edges.events.erase(keys)
    counts["rows_erased"] += len(keys)


def _end_grant(visit: Visit, *, pii_erasure: bool) -> None:
    """Close the channels while the grant holds, and end it; one that has ended is as good."""
    account = visit.account
    try:
        channel_keeping.close_all(visit)
    except NeedsUserError:
        visit.counts["channels_out_of_reach"] += 1
    client = visit.edges.client(account.data_center)
    refresh_token = visit.edges.accounts.tokens(account.account_id).refresh
    try:
        visit.cronofy.revoke(refresh_token, client, pii_erasure=pii_erasure)
    except NeedsUserError:
        return
    visit.counts["grants_ended"] += 1


def _keep_receipt(edges: Edges, account_id: str, first: Message, counts: Counter[str]) -> None:
    edges.erasures.keep(
        account_id,
        asked_for_by=first.cause,
        asked_at=first.received_at,
        finished_at=edges.now(),
        counts={name: counts[name] for name in _COUNTED},
    )
