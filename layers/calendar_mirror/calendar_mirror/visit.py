"""One account, opened: what a visit of the worker to it reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from calendar_mirror import announcements
from calendar_mirror.accounts import Account, Channel, FullRead, State, Tokens, Trouble
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.change_bus import ChangeBus
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.dead_letter_queue import DeadLetterQueue
from calendar_mirror.erasures_table import ErasuresTable
from calendar_mirror.errors import CalendarMirrorError, NeedsUserError
from calendar_mirror.events_table import EventsTable
from calendar_mirror.messages import Message
from calendar_mirror.planning import CompletedRead
from calendar_mirror.profiles import UserInfo
from calendar_mirror.scopes import Coverage
from calendar_mirror.tokens import StoredGrant


@dataclass(frozen=True, slots=True)
class Edges:
    """
    What visits reach, and how reads are made.

    Attributes:
        cronofy: opens the API of a data center; the flag tells whether nobody waits for the work.
        client: our application's credentials at a data center.
        now: our clock; aware.
        public_url: where Cronofy reaches our API.
        overlap: how far a read reaches back beyond what was asked for.
    """

    accounts: AccountsTable
    events: EventsTable
    erasures: ErasuresTable
    dead_letters: DeadLetterQueue
    bus: ChangeBus
    cronofy: Callable[[str, bool], Cronofy]
    client: Callable[[str], ClientCredentials]
    now: Callable[[], datetime]
    public_url: str
    overlap: timedelta


@dataclass(slots=True)
class Visit:
    """
    Attributes:
        account: as it is now: what is remembered changes it here as well.
        counts: what was done, for the report.
        time_is_up: whether the function is about to be stopped.
        has_seen_profiles: UserInfo was read during this visit.
        is_silent: nothing was notified of the account though a full read found changes.
        freshness_s: how old the earliest notified change was when the read that settled it had
            written its last row; ``None``: no such read was finished.
    """

    account: Account
    edges: Edges
    cronofy: Cronofy
    grant: StoredGrant
    counts: Counter[str] = field(default_factory=Counter)
    time_is_up: Callable[[], bool] = lambda: False
    has_seen_profiles: bool = False
    is_silent: bool = False
    freshness_s: float | None = None

    def remember_channel(
        self, channel: Channel | None, *, refused_at: datetime | None = None
    ) -> None:
        """Keep which channel notifies us, or that Cronofy refuses one."""
        self.edges.accounts.remember_channel(
            self.account.account_id, channel, refused_at=refused_at
        )
        self.account = replace(self.account, channel=channel, channel_refused_at=refused_at)

    def remember_profiles(self, info: UserInfo) -> None:
        """Keep what UserInfo said."""
        self.edges.accounts.remember_profiles(
            self.account.account_id, info.profiles, scope=info.scope
        )
        tokens = self.account.tokens
        scoped = replace(tokens, scope=info.scope or tokens.scope)
        self.account = replace(self.account, profiles=info.profiles, tokens=scoped)

    def remember_full_read(self, under_way: FullRead) -> None:
        """Keep how far a read of the whole window has come."""
        self.edges.accounts.remember_full_read(self.account.account_id, under_way)
        self.account = replace(self.account, full_read=under_way)

    def has_written(self, settled: Iterable[Message]) -> None:
        """Note how old those changes are by now that *settled* told of."""
        received = [each.received_at for each in settled if each.is_notified_change]
        if received:
            age_s = (self.edges.now() - min(received)).total_seconds()
            self.freshness_s = max(age_s, self.freshness_s or 0.0)

    def remember_second_look(self, since: datetime | None) -> None:
        """Keep that the account is to be looked at once more; ``None``: it was."""
        self.edges.accounts.remember_second_look(self.account.account_id, since)
        self.account = replace(self.account, second_look_since=since)

    def remember_read(self, read: CompletedRead, coverage: Coverage, *, drift: int = 0) -> None:
        """Move the cursor."""
        self.edges.accounts.remember_read(self.account.account_id, read, coverage, drift=drift)
        is_full = read.last_modified is None
        account = self.account
        self.account = replace(
            account,
            state=State.CONNECTED,
            state_reason=None,
            last_read=read,
            last_full_read_at=read.started_at if is_full else account.last_full_read_at,
            covered=coverage if is_full else account.covered,
            full_read=None if is_full else account.full_read,
        )

    def mark_needs_user(self, error: NeedsUserError) -> None:
        """Keep that only the user, or who runs the application, can go on."""
        account, now = self.account, self.edges.now()
        self.edges.accounts.mark_needs_user(account.account_id, error.reason, since=now)
        self.account = replace(account, state=State.NEEDS_USER, state_reason=error.reason)

    def remember_trouble(self) -> None:
        """Keep why somebody should know of the account, where that has changed."""
        account, trouble = self.account, self._trouble()
        if trouble is account.trouble:
            return
        self.edges.accounts.remember_trouble(account.account_id, trouble, since=self.edges.now())
        self.account = replace(account, trouble=trouble)

    def _trouble(self) -> Trouble | None:
        if self.account.state is State.NEEDS_USER or self.account.disconnected:
            return Trouble.DISCONNECTED
        if self.account.last_full_read_at is None:
            return Trouble.UNREAD
        return Trouble.SILENT if self.is_silent else None

    def announce(self) -> None:
        """Tell the change feed what it has not been told yet of the account."""
        due = announcements.due(self.account)
        if due is None:
            return
        accounts, account_id = self.edges.accounts, self.account.account_id
        if self.account.announcing != due.condition:
            accounts.remember_announcing(account_id, due.condition, number=due.number)
        self.edges.bus.publish(due)
        accounts.remember_announced(account_id, due.condition)
        self.account = replace(
            self.account,
            announced=due.condition,
            announcing=None,
            announcements=due.number,
        )


def to(
    account: Account,
    edges: Edges,
    counts: Counter[str],
    *,
    is_background: bool,
    time_is_up: Callable[[], bool],
) -> Visit:
    """Open *account*."""
    cronofy = edges.cronofy(account.data_center, is_background)

    def refreshed(refresh_token: str) -> Tokens:
        counts["refreshes"] += 1
        try:
            return cronofy.refresh(refresh_token, edges.client(account.data_center))
        except CalendarMirrorError:
            counts["refreshes_failed"] += 1
            raise

    grant = StoredGrant(
        account_id=account.account_id,
        tokens=account.tokens,
        refresh=refreshed,
        store=edges.accounts,
        now=edges.now,
        reserve=cronofy.reserve,
    )
    is_silent = account.trouble is Trouble.SILENT
    return Visit(account, edges, cronofy, grant, counts, time_is_up, is_silent=is_silent)
