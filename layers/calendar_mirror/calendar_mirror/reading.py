"""
Bring one account up to date with one read.

    planning ─▶ cronofy.pages ─▶ records ─▶ diffing ─▶ events_table ─▶ the account's cursor

The order is what makes it safe to stop anywhere: the start of the read is taken before its first
page, and remembered after its last write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendar_mirror import diffing, planning, records
from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.cronofy import Cronofy, Page, callback_url
from calendar_mirror.errors import (
    AccountGoneError,
    CronofyUnavailableError,
    NeedsUserError,
    PageExpiredError,
)
from calendar_mirror.events_table import EventsTable
from calendar_mirror.messages import Message
from calendar_mirror.planning import CompletedRead
from calendar_mirror.reports import Outcome
from calendar_mirror.tokens import StoredGrant


@dataclass(frozen=True, slots=True)
class Edges:
    """
    What a read reaches, and how it is made.

    Attributes:
        cronofy: opens the API of a data center.
        client: our application's credentials at a data center.
        now: our clock; aware.
        public_url: where Cronofy reaches our API.
        overlap: how far a read reaches back beyond what was asked for.
    """

    accounts: AccountsTable
    events: EventsTable
    cronofy: Callable[[str], Cronofy]
    client: Callable[[str], ClientCredentials]
    now: Callable[[], datetime]
    public_url: str
    overlap: timedelta


def bring_up_to_date(
    edges: Edges, account_id: str, wanted: Sequence[Message], counts: Counter[str]
) -> tuple[Outcome, str]:
    """
    Settle *wanted*, all of one account; tell what became of them, and why. Adds to *counts* as it
    goes.

    Raises:
        TryAgainError, AwsCallError, SettingsError: not now.
        UnexpectedAnswerError: not in this way.
    """
    account = edges.accounts.get(account_id)
    if account is None:
        return Outcome.UNKNOWN_ACCOUNT, ""
    unsettled = planning.unsettled(wanted, account.last_read)
    if not unsettled:
        return Outcome.SETTLED_BEFORE, ""
    try:
        return _settled(account, unsettled, edges, counts)
    except AccountGoneError:
        return Outcome.UNKNOWN_ACCOUNT, "erased meanwhile"


def _settled(
    account: Account, wanted: Sequence[Message], edges: Edges, counts: Counter[str]
) -> tuple[Outcome, str]:
    try:
        _Read(account, edges, counts).settle(wanted)
    except NeedsUserError as error:
        edges.accounts.mark_needs_user(account.account_id, error.reason, since=edges.now())
        return Outcome.NEEDS_USER, str(error)
    return Outcome.READ, ""


class _Read:
    """One account's read in the making."""

    def __init__(self, account: Account, edges: Edges, counts: Counter[str]) -> None:
        self._account = account
        self._edges = edges
        self._counts = counts
        self._cronofy = edges.cronofy(account.data_center)
        self._grant = StoredGrant(
            tokens=account.tokens,
            refresh=self._refreshed,
            store=lambda tokens: edges.accounts.store_tokens(account.account_id, tokens),
            now=edges.now,
        )

    def settle(self, wanted: Sequence[Message]) -> None:
        """
        Make the one read that settles *wanted*, and remember it once its last page is written.
        """
        try:
            self._ensure_channel()
            read = self._once_more_if_expired(wanted)
        finally:
            self._counts["calls"] += self._cronofy.calls
        self._edges.accounts.remember_read(self._account.account_id, read)

    def _once_more_if_expired(self, wanted: Sequence[Message]) -> CompletedRead:
        try:
            return self._from_the_start(wanted)
        except PageExpiredError:
            pass
        try:
            return self._from_the_start(wanted)
        except PageExpiredError as error:
            raise CronofyUnavailableError("page links expire before they are followed") from error

    def _from_the_start(self, wanted: Sequence[Message]) -> CompletedRead:
        edges, account = self._edges, self._account
        started_at = edges.now()
        plan = planning.plan(wanted, account.last_read, now=started_at, overlap=edges.overlap)
        for page in self._cronofy.pages(plan, self._grant):
            self._counts.update(_written(account.account_id, page, edges))
        return CompletedRead(started_at, plan.last_modified)

    def _ensure_channel(self) -> None:
        """Create the channel before the first read, so that nothing falls between the two."""
        edges, account = self._edges, self._account
        if account.channel_id is None:
            address = callback_url(edges.public_url, account.account_id)
            channel_id = self._cronofy.create_channel(address, self._grant)
            edges.accounts.remember_channel(account.account_id, channel_id)

    def _refreshed(self, refresh_token: str) -> Tokens:
        return self._cronofy.refresh(refresh_token, self._edges.client(self._account.data_center))


def _written(account_id: str, page: Page, edges: Edges) -> Mapping[str, int]:
    """Write what differs of one page, and count."""
    found, malformed = records.readable(account_id, page.events)
    latest = diffing.latest(found)
    difference = diffing.compare(latest, edges.events.stored([record.key for record in latest]))
    refused = edges.events.write(difference.writes, synced_at=edges.now())
    return {
        "pages": 1,
        "written": len(difference.writes) - refused,
        "deleted": difference.deletions,
        "unchanged": difference.unchanged,
        "truncated": sum(bool(record.truncated) for record in difference.writes),
        "malformed": malformed + refused,
    }
