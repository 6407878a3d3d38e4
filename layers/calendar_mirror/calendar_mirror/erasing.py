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
from calendar_mirror.errors import NeedsUserError, TryAgainError, UnexpectedAnswerError
from calendar_mirror.messages import Message
from calendar_mirror.records import Key
from calendar_mirror.visit import Edges, Visit

_ROWS_AT_ONCE = 500
_MADE_HERE = ("rows_erased", "dead_letters_removed")
_AT_CRONOFY = ("channels_closed", "grants_ended")


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
    _erase_what_was_made(edges, account.account_id, first, visit.counts, visit.time_is_up)
    _end_grant(visit, pii_erasure=any(message.pii_erasure for message in asked))
    edges.bus.publish(announcements.erased(account))
    _finish_receipt(edges, account.account_id, first, visit.counts)
    edges.accounts.remove(account.account_id)


def erase_remains(
    edges: Edges,
    account_id: str,
    asked: Sequence[Message],
    counts: Counter[str],
    time_is_up: Callable[[], bool],
) -> None:
    """Erase what there may be of an account that is not in the accounts table (any more)."""
    first = min(asked, key=lambda message: message.received_at)
    _erase_what_was_made(edges, account_id, first, counts, time_is_up)
    if any(counts[name] for name in _MADE_HERE):
        _finish_receipt(edges, account_id, first, counts)


def _erase_what_was_made(
    edges: Edges,
    account_id: str,
    asked: Message,
    counts: Counter[str],
    time_is_up: Callable[[], bool],
) -> None:
    """Erase rows and dead letters, and note on the receipt how many: a repetition finds fewer."""
    try:
        _erase_all_rows(edges, account_id, counts, time_is_up)
        counts["dead_letters_removed"] += edges.dead_letters.remove(
            account_id, time_is_up=time_is_up
        )
    finally:
        made_here = {name: counts[name] for name in _MADE_HERE}
        if any(made_here.values()):
            edges.erasures.begin(
                account_id,
                asked_at=asked.received_at,
                asked_for_by=asked.cause,
                counts=made_here,
            )


def _erase_all_rows(
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


def _erase_rows(edges: Edges, keys: Sequence[Key], counts: Counter[str]) -> None:
    edges.events.erase(keys)
    counts["rows_erased"] += len(keys)


def _end_grant(visit: Visit, *, pii_erasure: bool) -> None:
    """Close the channels while the grant holds, and end it; one that has ended is as good."""
    account = visit.account
    try:
        channel_keeping.close_all(visit)
    except (NeedsUserError, UnexpectedAnswerError):
        visit.counts["channels_out_of_reach"] += 1
    client = visit.edges.client(account.data_center)
    refresh_token = visit.edges.accounts.tokens(account.account_id).refresh
    try:
        visit.cronofy.revoke(refresh_token, client, pii_erasure=pii_erasure)
    except NeedsUserError:
        return
    except UnexpectedAnswerError as error:
        raise TryAgainError(f"the grant could not be ended: {error}") from error
    visit.counts["grants_ended"] += 1


def _finish_receipt(edges: Edges, account_id: str, first: Message, counts: Counter[str]) -> None:
    edges.erasures.finish(
        account_id,
        asked_at=first.received_at,
        asked_for_by=first.cause,
        finished_at=edges.now(),
        counts={name: counts[name] for name in _AT_CRONOFY},
    )
