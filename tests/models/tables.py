"""The two tables, in memory: at our border, with the methods and the promises of the real ones."""

from dataclasses import dataclass, field, replace

from calendar_mirror.accounts import State
from calendar_mirror.diffing import Stored
from calendar_mirror.errors import AccountGoneError
from calendar_mirror.records import to_item


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
        return {k: Stored(row["content_hash"], row["deleted"]) for k, row in rows.items() if row}

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


@dataclass
class Accounts:
    """
    Attributes:
        kept: by account id.
        stored_tokens: every pair that was stored, in order.
    """

    kept: dict = field(default_factory=dict)
    stored_tokens: list = field(default_factory=list)

    def get(self, account_id):
        return self.kept.get(account_id)

    def add(self, account, *, added_at):
        new = account.account_id not in self.kept
        self.kept.setdefault(account.account_id, account)
        return new

    def store_tokens(self, account_id, tokens):
        self._change(account_id, tokens=tokens)
        self.stored_tokens.append(tokens)

    def remember_channel(self, account_id, channel_id):
        self._change(account_id, channel_id=channel_id)

    def remember_read(self, account_id, read):
        self._change(account_id, last_read=read, state=State.CONNECTED, state_reason=None)

    def mark_needs_user(self, account_id, reason, *, since):
        self._change(account_id, state=State.NEEDS_USER, state_reason=reason)

    def _change(self, account_id, **values):
        if account_id not in self.kept:
            raise AccountGoneError("the account was erased meanwhile")
        self.kept[account_id] = replace(self.kept[account_id], **values)
