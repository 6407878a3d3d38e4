"""
Attend to one account: settle what the queue says of it.

    erase?  ─▶  paused?  ─▶  look at profiles and channel  ─▶  read  ─▶  tell the change feed
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from calendar_mirror import channel_keeping, due, erasing, planning, reading, visit
from calendar_mirror.accounts import Account, State
from calendar_mirror.errors import AccountGoneError, NeedsUserError, UnexpectedAnswerError
from calendar_mirror.messages import Kind, Message
from calendar_mirror.profiles import Profile
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
    before = opened.account
    try:
        everything = _looked_at(opened, unsettled)
        if everything or _asks_for_a_read(opened.account, kinds):
            _read(opened, unsettled, everything=everything)
        else:
            outcome = Outcome.LOOKED_AT, ""
        _keep_what_a_read_was_owed_for(opened, before)
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


def _looked_at(opened: Visit, wanted: Sequence[Message]) -> bool:
    """
    Look at the account's profiles and channel as far as *wanted* asks for it. Tell whether the
    whole window is to be read: when it is due, and when changes may have gone unnoticed.

    No whole read goes without a look at the profiles: what it does not return is gone only where
    Cronofy can reach them all.
    """
    before, kinds = opened.account, {message.kind for message in wanted}
    everything = _everything_is_due(opened, wanted)
    asked = everything or bool(before.disconnected or kinds & {Kind.PROFILES, Kind.CHECK})
    if asked:
        _ask_for_profiles(opened)
    everything |= _came_back(before, opened.account.profiles)
    # A grant that had ended may have taken its channel along.
    is_doubtful = Kind.CHECK in kinds or before.state is State.NEEDS_USER
    keep = channel_keeping.check if is_doubtful else channel_keeping.ensure
    everything |= keep(opened)
    if everything and not asked:
        _ask_for_profiles(opened)
    return everything or opened.account.covered not in (None, opened.account.wanted)


def _everything_is_due(opened: Visit, wanted: Sequence[Message]) -> bool:
    account, edges = opened.account, opened.edges
    plan = planning.plan(wanted, account.last_read, now=edges.now(), overlap=edges.overlap)
    return (
        plan.is_full
        or account.state is State.NEEDS_USER
        or account.covered not in (None, account.wanted)
        or (
            any(message.kind is Kind.CHECK for message in wanted)
            and due.full_read_is_due(account, now=edges.now())
        )
    )


def _ask_for_profiles(opened: Visit) -> None:
    """
    Keep what UserInfo says; of a profile that came back, not before the read that this calls for.

    A server that has no such thing leaves the account readable all the same.
    """
    try:
        info = opened.cronofy.user_info(opened.grant)
    except UnexpectedAnswerError:
        opened.counts["profiles_unknown"] += 1
        return
    except NeedsUserError as error:
        if error.reason != "forbidden":
            raise
        opened.counts["profiles_unknown"] += 1
        return
    opened.has_seen_profiles = True
    if not _came_back(opened.account, info.profiles):
        opened.remember_profiles(info)
        return
    scoped = replace(opened.account.tokens, scope=info.scope or opened.account.tokens.scope)
    opened.account = replace(opened.account, profiles=info.profiles, tokens=scoped)


def _keep_what_a_read_was_owed_for(opened: Visit, before: Account) -> None:
    """
    Keep, once it was made, what the whole window had to be read for. Kept earlier, a stop in
    between would leave nobody who knows of the read.
    """
    account, kept = opened.account, opened.edges.accounts
    if account.channel != before.channel and account.channel is not None:
        opened.remember_channel(account.channel)
    if _came_back(before, account.profiles):
        scope = account.tokens.scope
        kept.remember_profiles(account.account_id, account.profiles or (), scope=scope)


def _came_back(before: Account, profiles: Iterable[Profile] | None) -> bool:
    """Tell whether a profile was connected again: no notification says so."""
    connected = {each.profile_id for each in profiles or () if each.is_connected}
    lost = {each.profile_id for each in before.disconnected if not each.is_conferencing}
    return not connected.isdisjoint(lost)


def _look_again(opened: Visit) -> None:
    """Say when the clock looks at the account next."""
    edges, account = opened.edges, opened.account
    edges.accounts.look_again(account.account_id, at=due.next_look(account, now=edges.now()))
