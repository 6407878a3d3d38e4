"""
Attend to one account: settle what the queue says of it.

    erase?  ─▶  paused?  ─▶  read just now, and calls are short?  ─▶  look at profiles and channel
    ─▶  read  ─▶  tell the change feed
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from calendar_mirror import (
    channel_keeping,
    due,
    erasing,
    planning,
    profile_keeping,
    reading,
    spacing,
    visit,
)
from calendar_mirror.accounts import Account, State
from calendar_mirror.errors import AccountGoneError, NeedsUserError, UnfinishedError
from calendar_mirror.messages import Kind, Message
from calendar_mirror.reports import Outcome, Settlement
from calendar_mirror.visit import Edges, Visit

#: A read of the whole window that was left alone for longer begins anew.
_RESUMED_FOR = timedelta(hours=6)


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
    ) -> Settlement:
        """
        Settle *wanted*, all of one account; tell what became of them. Adds to *counts* as it goes.

        Raises:
            TryAgainError, AwsCallError, SettingsError: not now.
            UnexpectedAnswerError: not in this way.
        """
        account = self.edges.accounts.get(account_id)
        erasures = [message for message in wanted if message.kind is Kind.ERASE]
        if account is None and erasures:
            erasing.erase_remains(self.edges, account_id, erasures, counts, time_is_up)
            return Settlement(Outcome.ERASED, "it was not in place")
        if account is None:
            return Settlement(Outcome.UNKNOWN_ACCOUNT)
        opened = visit.to(
            account,
            self.edges,
            counts,
            is_background=all(message.is_background for message in wanted),
            time_is_up=time_is_up,
        )
        try:
            return replace(_attended(opened, wanted), freshness_s=opened.freshness_s)
        except AccountGoneError:
            return Settlement(Outcome.UNKNOWN_ACCOUNT, "erased meanwhile")
        finally:
            counts.update(opened.cronofy.tally)


def _attended(opened: Visit, wanted: Sequence[Message]) -> Settlement:
    account = opened.account
    erasures = [m for m in wanted if m.kind is Kind.ERASE and not erasing.is_overtaken(account, m)]
    if erasures:
        erasing.erase(opened, erasures)
        return Settlement(Outcome.ERASED)
    if account.state is State.ERASING:
        return Settlement(Outcome.UNKNOWN_ACCOUNT, "it is being erased")
    if account.is_paused:
        return Settlement(Outcome.PAUSED)
    settlement = _settled(opened, [m for m in wanted if m.kind is not Kind.ERASE])
    opened.announce()
    opened.remember_trouble()
    return settlement


def _settled(opened: Visit, wanted: Sequence[Message]) -> Settlement:
    opened.is_silent &= not any(message.is_notified_change for message in wanted)
    unsettled: Sequence[Message] = planning.unsettled(wanted, opened.account.last_read)
    if not unsettled:
        return Settlement(Outcome.SETTLED_BEFORE)
    wait_s = _spacing_s(opened, unsettled)
    if wait_s:
        return Settlement(Outcome.SPACED, left=tuple(unsettled), left_for_s=wait_s)
    kinds = {message.kind for message in unsettled}
    settlement = Settlement(Outcome.READ)
    before = opened.account
    try:
        unsettled = _live_first(opened, unsettled)
        everything = _looked_at(opened, unsettled)
        if everything or _asks_for_a_read(opened.account, kinds):
            settlement = _read(opened, unsettled, everything=everything)
        else:
            settlement = Settlement(Outcome.LOOKED_AT)
        _keep_what_a_read_was_owed_for(opened, before)
    except NeedsUserError as error:
        opened.mark_needs_user(error)
        settlement = Settlement(Outcome.NEEDS_USER, str(error))
    except UnfinishedError as error:
        return Settlement(Outcome.UNFINISHED, str(error), tuple(unsettled))
    if kinds != {Kind.DELTA}:
        _look_again(opened)
    return settlement


def _spacing_s(opened: Visit, wanted: Sequence[Message]) -> int:
    """
    Return how many whole seconds *wanted* waits, so that the account does not take more than its
    share of what calls there are; only changes that Cronofy notified us of do.
    """
    if not all(m.kind is Kind.DELTA and m.is_notified_change for m in wanted):
        return 0
    if _everything_is_due(opened, wanted):
        return 0
    headroom, now = opened.cronofy.admit.headroom(), opened.edges.now()
    return math.ceil(spacing.wait_s(opened.account.last_read, headroom, now=now))


def _live_first(opened: Visit, wanted: Sequence[Message]) -> Sequence[Message]:
    """
    While a read of the whole window is under way, settle what users wait for before it goes on;
    return what is left.
    """
    account = opened.account
    live = [message for message in wanted if message.kind is Kind.DELTA]
    if account.full_read is None or account.last_read is None or len(live) in (0, len(wanted)):
        return wanted
    reading.changes(opened, live)
    return [message for message in wanted if message.kind is not Kind.DELTA]


def _asks_for_a_read(account: Account, kinds: set[Kind]) -> bool:
    """
    Tell whether changes are wanted: also, now and then, where nothing notifies us of them, and
    where a second look is due.
    """
    is_polled = account.channel is None or account.second_look_since is not None
    return bool(kinds & {Kind.DELTA, Kind.FULL}) or (Kind.CHECK in kinds and is_polled)


def _read(opened: Visit, wanted: Sequence[Message], *, everything: bool) -> Settlement:
    """Read; where the grant has come to allow less since it was last looked at, what it allows."""
    mode = opened.account.wanted.mode
    try:
        if not everything:
            return _read_changes(opened, wanted)
        return _read_everything(opened, wanted)
    except NeedsUserError as error:
        if error.reason != "forbidden":
            raise
        profile_keeping.look(opened)
        if opened.account.wanted.mode is mode:
            raise
        return _read_everything(opened, wanted)


def _read_everything(opened: Visit, wanted: Sequence[Message]) -> Settlement:
    """
    Read the whole window, or go on with it; a message that came after it had begun is not settled
    by it, and comes again.
    """
    under_way, now = opened.account.full_read, opened.edges.now()
    resume = under_way is not None and now - under_way.started_at < _RESUMED_FOR
    reading.everything(opened, wanted, resume=resume)
    if opened.account.second_look_since is not None:
        opened.remember_second_look(None)
    if under_way is None or not resume:
        return Settlement(Outcome.READ)
    later = [message for message in wanted if message.received_at not in under_way.asked]
    return Settlement(Outcome.READ, left=planning.unsettled(later, opened.account.last_read))


def _read_changes(opened: Visit, wanted: Sequence[Message]) -> Settlement:
    """
    Read what changed. A notification of a change that then shows none may have come before
    Cronofy's own caches, and an answer may lack pages that it names: the account is looked at once
    more.
    """
    account, now = opened.account, opened.edges.now()
    is_second = all(message.kind is Kind.CHECK for message in wanted)
    since = account.second_look_since if is_second else None
    changed = reading.changes(opened, wanted, since=since)
    if since is not None:
        opened.counts.update(second_looks=1, second_looks_found=changed.rows)
        opened.remember_second_look(None)
    notified = [m.changes_since for m in wanted if m.is_notified_change and m.changes_since]
    again = [changed.doubtful_since] if changed.doubtful_since else []
    again += notified if not changed.rows else []
    if again and account.second_look_since is None:
        opened.remember_second_look(min(again))
        opened.edges.accounts.look_again(account.account_id, at=now + due.SECOND_LOOK_AFTER)
    return Settlement(Outcome.READ)


def _looked_at(opened: Visit, wanted: Sequence[Message]) -> bool:
    """
    Look at the account's profiles and channel as far as *wanted* asks for it. Tell whether the
    whole window is to be read: when it is due, and when changes may have gone unnoticed.

    No whole read goes without a look at the profiles: what it does not return is gone only where
    Cronofy can reach them all.
    """
    before, kinds = opened.account, {message.kind for message in wanted}
    everything = _everything_is_due(opened, wanted)
    if kinds == {Kind.CHECK} and before.second_look_since is not None and not everything:
        return False  # that is all it is about
    asked = everything or bool(before.disconnected or kinds & {Kind.PROFILES, Kind.CHECK})
    if asked:
        profile_keeping.look(opened)
    everything |= profile_keeping.came_back(before, opened.account.profiles)
    # A grant that had ended may have taken its channel along.
    is_doubtful = Kind.CHECK in kinds or before.state is State.NEEDS_USER
    keep = channel_keeping.check if is_doubtful else channel_keeping.ensure
    everything |= keep(opened)
    if everything and not asked:
        profile_keeping.look(opened)
    return everything or opened.account.covered not in (None, opened.account.wanted)


def _everything_is_due(opened: Visit, wanted: Sequence[Message]) -> bool:
    account, edges = opened.account, opened.edges
    plan = planning.plan(wanted, account.last_read, now=edges.now(), overlap=edges.overlap)
    is_check = any(message.kind is Kind.CHECK for message in wanted)
    return (
        plan.is_full
        or account.state is State.NEEDS_USER
        or account.may_have_missed_changes
        or account.covered not in (None, account.wanted)
        or (is_check and account.full_read is not None)
        or (is_check and due.full_read_is_due(account, now=edges.now()))
    )


def _keep_what_a_read_was_owed_for(opened: Visit, before: Account) -> None:
    """
    Keep, once it was made, what the whole window had to be read for. Kept earlier, a stop in
    between would leave nobody who knows of the read.
    """
    account = opened.account
    if account.channel != before.channel and account.channel is not None:
        opened.remember_channel(account.channel)
    profile_keeping.keep_who_came_back(opened, before)


def _look_again(opened: Visit) -> None:
    """Say when the clock looks at the account next."""
    edges, account = opened.edges, opened.account
    edges.accounts.look_again(account.account_id, at=due.next_look(account, now=edges.now()))
