"""The tables, in memory: at our border, with the methods and the promises of the real ones."""

from dataclasses import dataclass, field, replace

from calendar_mirror.accounts import State, Trouble
from calendar_mirror.budgets import Glimpse, Slowdown
from calendar_mirror.diffing import Stored
from calendar_mirror.errors import AccountGoneError, BudgetUsedUpError
from calendar_mirror.records import Key, to_item
from tests.models import feed_contract


@dataclass
class Events:
    """
    Attributes:
        items: by account and sort key.
        writes: how many items were written.
        failures: errors to raise, one for each of the next calls.
        refuses: uids of events that it will not hold.
    """

    items: dict = field(default_factory=dict)
    writes: int = 0
    failures: list = field(default_factory=list)
    refuses: set = field(default_factory=set)

    def stored(self, keys):
        self._fail()
        rows = {key: self.items.get((key.account_id, key.sort_key)) for key in keys}
        return {key: _stored(row) for key, row in rows.items() if row}

    def documents(self, keys):
        self._fail()
        rows = {key: self.items.get((key.account_id, key.sort_key)) for key in keys}
        return {key: row["event"] for key, row in rows.items() if row}

    def rows(self, account_id):
        self._fail()
        for (pk, _), row in sorted(self.items.items()):
            if pk == account_id:
                yield Key(pk, row["calendar_id"], row["event_uid"]), _stored(row)

    def erase(self, keys):
        for key in keys:
            self._fail()
            self.items.pop((key.account_id, key.sort_key), None)

    def write(self, records, *, synced_at):
        refused = 0
        for record in records:
            self._fail()
            if record.key.event_uid in self.refuses:
                refused += 1
                continue
            self.writes += 1
            item = to_item(record, synced_at=synced_at)
            self.items[record.key.account_id, record.key.sort_key] = item
        return refused

    def live(self, account_id):
        """Return the documents of the account's live rows, by sort key."""
        return {
            sk: item["event"]
            for (pk, sk), item in self.items.items()
            if pk == account_id and not item["deleted"]
        }

    def _fail(self):
        if self.failures and (failure := self.failures.pop(0)):
            raise failure


def _stored(row):
    times = row.get("start_at"), row.get("end_at")
    return Stored(row["content_hash"], row["deleted"], *times, row.get("layout", 1))


@dataclass
class Accounts:
    """
    Attributes:
        kept: by account id.
        stored_tokens: every pair that was stored, in order.
        leases: until when a refresh is claimed, by account id.
        looks: when an account is due, by account id.
        drift: what the last full read of an account had to put right.
    """

    kept: dict = field(default_factory=dict)
    stored_tokens: list = field(default_factory=list)
    leases: dict = field(default_factory=dict)
    looks: dict = field(default_factory=dict)
    drift: dict = field(default_factory=dict)

    def get(self, account_id):
        return self.kept.get(account_id)

    def add(self, account, *, added_at, due_at=None):
        if account.account_id in self.kept:
            return False
        self.kept[account.account_id] = replace(
            account, added_at=added_at, connected_at=added_at, trouble=Trouble.UNREAD
        )
        self.looks[account.account_id] = due_at or added_at
        return True

    def connect(self, account, *, connected_at):
        known = self.kept.get(account.account_id)
        if known is None:
            return self.add(account, added_at=connected_at)
        if known.state is State.ERASING or known.data_center != account.data_center:
            return False
        scope = account.tokens.scope or known.tokens.scope
        self._change(
            account.account_id,
            tokens=replace(account.tokens, scope=scope),
            state=State.CONNECTED,
            state_reason=None,
            user_refs=tuple(sorted({*known.user_refs, *account.user_refs})),
            connected_at=connected_at,
            trouble=Trouble.UNREAD,
        )
        self.leases.pop(account.account_id, None)
        self.looks[account.account_id] = connected_at
        return True

    def tokens(self, account_id):
        if account_id not in self.kept:
            raise AccountGoneError("the account was erased meanwhile")
        return self.kept[account_id].tokens

    def lease_refresh(self, account_id, refresh_token, *, now, until):
        known = self.kept.get(account_id)
        if known is None or known.tokens.refresh != refresh_token:
            return False
        if self.leases.get(account_id, now) > now:
            return False
        self.leases[account_id] = until
        return True

    def release_refresh(self, account_id):
        self.leases.pop(account_id, None)

    def store_tokens(self, account_id, tokens, *, replacing):
        known = self.kept.get(account_id)
        if known is None or known.tokens.refresh != replacing:
            return False
        self.leases.pop(account_id, None)
        scope = tokens.scope or known.tokens.scope
        self._change(account_id, tokens=replace(tokens, scope=scope))
        self.stored_tokens.append(tokens)
        return True

    def replace_grant(self, account_id, tokens, *, connected_at):
        scope = tokens.scope or self.kept[account_id].tokens.scope
        self._change(account_id, tokens=replace(tokens, scope=scope), connected_at=connected_at)
        self.leases.pop(account_id, None)

    def remember_channel(self, account_id, channel, *, refused_at=None):
        self._change(account_id, channel=channel, channel_refused_at=refused_at)

    def remember_read(self, account_id, read, coverage, *, drift=0):
        self._change(account_id, last_read=read, state=State.CONNECTED, state_reason=None)
        if read.last_modified is None:
            self.drift[account_id] = drift
            started_at = read.started_at
            self._change(account_id, last_full_read_at=started_at, covered=coverage, full_read=None)

    def remember_full_read(self, account_id, under_way):
        self._change(account_id, full_read=under_way)

    def remember_second_look(self, account_id, since):
        self._change(account_id, second_look_since=since)

    def remember_profiles(self, account_id, profiles, *, scope):
        tokens = self.kept[account_id].tokens if account_id in self.kept else None
        self._change(account_id, profiles=profiles)
        self._change(account_id, tokens=replace(tokens, scope=scope or tokens.scope))

    def remember_announcing(self, account_id, condition, *, number):
        self._change(account_id, announcing=condition, announcements=number)

    def remember_announced(self, account_id, condition):
        self._change(account_id, announced=condition, announcing=None)

    def remember_trouble(self, account_id, trouble, *, since):
        self._change(account_id, trouble=trouble)

    def mark_needs_user(self, account_id, reason, *, since):
        self._change(account_id, state=State.NEEDS_USER, state_reason=reason)

    def mark_erasing(self, account_id, *, since):
        self._change(account_id, state=State.ERASING)
        self.looks.pop(account_id, None)

    def limit_to(self, account_id, calendars):
        self._change(account_id, calendars=tuple(sorted(calendars)))

    def pause(self, account_id):
        self._change(account_id, is_paused=True)
        self.looks.pop(account_id, None)

    def resume(self, account_id, *, due_at):
        self._change(account_id, is_paused=False, resumed_at=due_at)
        self.looks[account_id] = due_at

    def remove(self, account_id):
        self.kept.pop(account_id, None)
        self.looks.pop(account_id, None)

    def due(self, *, now, most):
        found = sorted((at, account_id) for account_id, at in self.looks.items() if at <= now)
        oldest = most - most // 2
        newest = found[max(oldest, len(found) - most // 2) :]
        yield from ((account_id, at) for at, account_id in found[:oldest] + newest[::-1])

    def postpone(self, account_id, due_at, *, until):
        if self.looks.get(account_id) != due_at:
            return False
        self.looks[account_id] = until
        return True

    def look_again(self, account_id, *, at):
        known = self.kept.get(account_id)
        if known is not None and not known.is_paused:
            self.looks[account_id] = at

    def _change(self, account_id, **values):
        if account_id not in self.kept:
            raise AccountGoneError("the account was erased meanwhile")
        self.kept[account_id] = replace(self.kept[account_id], **values)


@dataclass
class Erasures:
    """
    Attributes:
        receipts: by account and when its erasure was asked for.
    """

    receipts: dict = field(default_factory=dict)

    def begin(self, account_id, *, asked_at, asked_for_by, counts):
        receipt = self.receipts.setdefault((account_id, asked_at), {})
        for name, count in counts.items():
            receipt[name] = receipt.get(name, 0) + count
        receipt["asked_for_by"] = asked_for_by

    def finish(self, account_id, *, asked_at, asked_for_by, finished_at, counts):
        self.begin(account_id, asked_at=asked_at, asked_for_by=asked_for_by, counts={})
        self.receipts[account_id, asked_at] |= {**counts, "finished_at": finished_at}


@dataclass
class Bus:
    """
    Attributes:
        entries: announcements, as they came.
        failures: errors to raise, one for each of the next calls.
    """

    entries: list = field(default_factory=list)
    failures: list = field(default_factory=list)

    def publish(self, announcement):
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        feed_contract.hold(announcement.change.value, announcement.detail)
        self.entries.append(announcement)


@dataclass
class Budget:
    """
    The arithmetic of `budgets`, over numbers of milliseconds in memory: one worker's view of it.

    Attributes:
        limit: ``None``: there is none.
        item: shared by all workers.
        seen: what this worker saw of the budget last.
    """

    now: object
    limit: object = None
    item: dict = field(default_factory=lambda: {"arrival": 0, "slowdown": Slowdown()})
    seen: Glimpse = field(default_factory=Glimpse)

    def take(self, data_center, *, is_background):
        if self.limit is None:
            return
        seconds = self.now().timestamp()
        now, limit = round(seconds * 1000), self.limit.slowed(self.seen.slowdown.at(seconds))
        tolerance = round(limit.tolerance_s(is_background=is_background) * 1000)
        arrival = self.item["arrival"]
        if arrival <= now + tolerance:
            self.item["arrival"] = max(now, arrival) + round(limit.interval_s * 1000)
        self.seen = Glimpse(seconds, self.item["arrival"] / 1000 - seconds, self.item["slowdown"])
        if arrival > now + tolerance:
            raise BudgetUsedUpError("used up", (arrival - tolerance - now) / 1000)

    def slow_down(self, data_center):
        slower = self.seen.slowdown.after_429(self.now().timestamp())
        if slower and self.item["slowdown"] == self.seen.slowdown:
            self.item["slowdown"] = slower
            self.seen = replace(self.seen, slowdown=slower)

    @property
    def arrival(self):
        return self.item["arrival"]

    def headroom(self, data_center=None):
        return self.limit and self.seen.headroom(self.limit, self.now().timestamp())


@dataclass
class Authorizations:
    """
    Attributes:
        finished: until when each state is remembered that was claimed.
        failures: errors to raise, one for each of the next calls.
    """

    finished: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)

    def claim(self, state, *, expires_at):
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        if state in self.finished:
            return False
        self.finished[state] = expires_at
        return True
