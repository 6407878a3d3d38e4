"""
Attend to one account: settle what the queue says of it.

    erase?  ─▶  paused?  ─▶  look at profiles and channel  ─▶  read  ─▶  tell the change feed
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from calendar_mirror import channel_keeping, due, erasing, planning, reading, visit
from calendar_mirror.accounts import Account, State
from calendar_mirror.errors import AccountGoneError, NeedsUserError, UnexpectedAnswerError
from calendar_mirror.messages import Kind, Message
from calendar_mirror.reports import Outcome
from calendar_mirror.visit import Edges, Visit

#: Causes of messages that nobody waits for.
_BACKGROUND = frozenset({"reconcile"})


@dataclass(frozen=True, slots=True)
class Attendant:
    """Attends to accounts with *edges*."""

    edges: Edges

    def __call__(
        self,
        account_id: str,
        wanted: Sequence[Message],
        counts: Counter[str],
        time_is_up: Callable[[], bool] = lambda: False,
    ) -> tuple[Outcome, str]:
        """
        Settle *wanted*, all of one account; tell what became of them, and why. Adds to *counts* as
        it goes.

        Raises:
            TryAgainError, AwsCallError, SettingsError: not now.
            UnexpectedAnswerError: not in this way.
        """
        account = self.edges.accounts.get(account_id)
        erasures = [message for message in wanted if message.kind is Kind.ERASE]
        if account is None and erasures:
            erasing.erase_remains(self.edges, account_id, erasures, counts, time_is_up)
            return Outcome.ERASED, "it was not in place"
        if account is None:
            return Outcome.UNKNOWN_ACCOUNT, ""
        opened = visit.to(
            account,
            self.edges,
            counts,
            is_background=all(message.cause in _BACKGROUND for message in wanted),
            time_is_up=time_is_up,
        )
        try:
            return _attended(opened, wanted)
        except AccountGoneError:
            return Outcome.UNKNOWN_ACCOUNT, "erased meanwhile"
        finally:
            counts["calls"] += opened.cronofy.calls


def _attended(opened: Visit, wanted: Sequence[Message]) -> tuple[Outcome, str]:
    account = opened.account
    erasures = [m for m in wanted if m.kind is Kind.ERASE and not erasing.is_overtaken(account, m)]
    if erasures:
        erasing.erase(opened, erasures)
        return Outcome.ERASED, ""
    if account.state is State.ERASING:
        return Outcome.UNKNOWN_ACCOUNT, "it is being erased"
    if account.is_paused:
        return Outcome.PAUSED, ""
    outcome = _settled(opened, [m for m in wanted if m.kind is not Kind.ERASE])
    opened.announce()
    return outcome


def _settled(opened: Visit, wanted: Sequence[Message]) -> tuple[Outcome, str]:
    unsettled = planning.unsettled(wanted, opened.account.last_read)
    if not unsettled:
        return Outcome.SETTLED_BEFORE, ""
    kinds = {message.kind for message in unsettled}
    outcome = Outcome.READ, ""
    try:
        everything = _looked_at(opened, kinds)
        if everything or _asks_for_a_read(opened.account, kinds):
            _read(opened, unsettled, everything=everything)
        else:
            outcome = Outcome.LOOKED_AT, ""
    except NeedsUserError as error:
        opened.mark_needs_user(error)
        outcome = Outcome.NEEDS_USER, str(error)
    if kinds != {Kind.DELTA}:
        _look_again(opened)
    return outcome


def _asks_for_a_read(account: Account, kinds: set[Kind]) -> bool:
    """Tell whether changes are wanted: also, now and then, where nothing notifies us of them."""
    is_polled = account.channel is None
    return bool(kinds & {Kind.DELTA, Kind.FULL}) or (Kind.CHECK in kinds and is_polled)


def _read(opened: Visit, wanted: Sequence[Message], *, everything: bool) -> None:
    """Read; where the grant has come to allow less since it was last looked at, what it allows."""
    mode = opened.account.wanted.mode
    try:
        reading.read(opened, wanted, everything=everything)
    except NeedsUserError as error:
        if error.reason != "forbidden":
            raise
        _ask_for_profiles(opened)
        if opened.account.wanted.mode is mode:
            raise
        reading.read(opened, wanted, everything=True)


def _looked_at(opened: Visit, kinds: set[Kind]) -> bool:
    """
    Look at the account's profiles and channel as far as *kinds* ask for it. Tell whether the whole
    window is to be read: when it is due, and when changes may have gone unnoticed.
    """
    before, now = opened.account, opened.edges.now()
    everything = Kind.FULL in kinds or before.last_read is None or before.state is State.NEEDS_USER
    everything |= Kind.CHECK in kinds and due.full_read_is_due(before, now=now)
    if everything or before.disconnected or kinds & {Kind.PROFILES, Kind.CHECK}:
        _ask_for_profiles(opened)
    everything |= _came_back(before, opened.account)
    if Kind.CHECK in kinds:
        everything |= channel_keeping.check(opened)
    else:
        everything |= channel_keeping.ensure(opened)
    return everything or opened.account.covered not in (None, opened.account.wanted)


def _ask_for_profiles(opened: Visit) -> None:
    """A server that has no such thing leaves the account readable all the same."""
    try:
        opened.remember_profiles(opened.cronofy.user_info(opened.grant))
    except UnexpectedAnswerError:
        opened.counts["profiles_unknown"] += 1
    except NeedsUserError as error:
        if error.reason != "forbidden":
            raise
        opened.counts["profiles_unknown"] += 1


def _came_back(before: Account, after: Account) -> bool:
    """Tell whether a profile was connected again: no notification says so."""
    still = {profile.profile_id for profile in after.disconnected}
    known = {profile.profile_id for profile in after.profiles or ()}
    lost = {p.profile_id for p in before.disconnected if not p.is_conferencing}
    return any(name in known and name not in still for name in lost)


def _look_again(opened: Visit) -> None:
    """Say when the clock looks at the account next."""
    edges, account = opened.edges, opened.account
    edges.accounts.look_again(account.account_id, at=due.next_look(account, now=edges.now()))
