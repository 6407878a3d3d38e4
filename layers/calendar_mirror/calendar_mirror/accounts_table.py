"""
The accounts table: grants, and how far each account has been read.

Every update asks that the account is still there: an account that was erased meanwhile must not
come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendar_mirror import account_items, dynamodb, instants
from calendar_mirror.account_items import Values
from calendar_mirror.accounts import Account, Channel, FullRead, State, Tokens, Trouble
from calendar_mirror.dynamodb import ConditionFailedError
from calendar_mirror.errors import AccountGoneError
from calendar_mirror.planning import CompletedRead
from calendar_mirror.profiles import Profile
from calendar_mirror.scopes import Coverage

_IS_THERE = "attribute_exists(account_id)"


@dataclass(frozen=True, slots=True)
class AccountsTable:
    """
    Attributes:
        client: boto3's DynamoDB client that takes and gives Python values
            (``resource.meta.client``).
    """

    client: Any
    name: str

    def get(self, account_id: str) -> Account | None:
        """Read an account, consistently; ``None``: it is not ours."""
        with dynamodb.errors_translated():
            answer = self.client.get_item(
                TableName=self.name, Key={"account_id": account_id}, ConsistentRead=True
            )
        return account_items.to_account(answer["Item"]) if "Item" in answer else None

    def add(self, account: Account, *, added_at: datetime, due_at: datetime | None = None) -> bool:
        """
        Put a new account in place, to be read at *due_at* if nobody asks for it before, or at once;
        ``False``: it is there already, and was left as it is.
        """
        try:
            with dynamodb.errors_translated():
                self.client.put_item(
                    TableName=self.name,
                    Item=account_items.new(account, added_at=added_at, due_at=due_at),
                    ConditionExpression="attribute_not_exists(account_id)",
                )
        except ConditionFailedError:
            return False
        return True

    def connect(self, account: Account, *, connected_at: datetime) -> bool:
        """
        Put an account in place, or give the one that is there its new grant and one more
        reference. ``False``: it is being erased, or belongs to another data center.
        """
        new = account_items.new(account, added_at=connected_at)
        kept = {name: new.pop(name) for name in ("account_id", "calendars", "added_at")}
        refs = new.pop("user_refs", None)
        first = {name: kept[name] for name in ("calendars", "added_at")}
        return self._updated(
            account.account_id,
            new | {"state_reason": None, "refreshing_until": None},
            first=first,
            add={"user_refs": refs} if refs else {},
            condition="attribute_not_exists(account_id) OR "
            "(#state <> :erasing AND #data_center = :data_center)",
            extra={":erasing": State.ERASING.value},
        )

    def tokens(self, account_id: str) -> Tokens:
        """Read the account's tokens again, consistently."""
        account = self.get(account_id)
        if account is None:
            raise AccountGoneError("the account was erased meanwhile")
        return account.tokens

    def lease_refresh(
        self, account_id: str, refresh_token: str, *, now: datetime, until: datetime
    ) -> bool:
        """
        Claim the right to exchange *refresh_token*. ``False``: it was replaced, or is being
        exchanged by somebody else.
        """
        condition = (
            "refresh_token = :refresh_token AND (attribute_not_exists(refreshing_until) "
            "OR refreshing_until = :none OR refreshing_until <= :now)"
        )
        extra = {
            ":refresh_token": refresh_token,
            ":now": instants.to_precise_text(now),
            ":none": None,
        }
        values: Values = {"refreshing_until": instants.to_precise_text(until)}
        return self._updated(account_id, values, condition=condition, extra=extra)

    def release_refresh(self, account_id: str) -> None:
        """Give the right back, where the exchange came to nothing."""
        self._set(account_id, {"refreshing_until": None})

    def store_tokens(self, account_id: str, tokens: Tokens, *, replacing: str) -> bool:
        """
        Replace both tokens. ``False``: the refresh token is not *replacing* any more, since the
        account was connected anew or erased; it was left as it is.
        """
        return self._updated(
            account_id,
            account_items.tokens(tokens) | {"refreshing_until": None},
            condition="refresh_token = :replaced",
            extra={":replaced": replacing},
        )

    def replace_grant(self, account_id: str, tokens: Tokens, *, connected_at: datetime) -> None:
        """Give the account the tokens of a new grant, whatever it has now."""
        self._set(
            account_id,
            account_items.tokens(tokens)
            | {
                "refreshing_until": None,
                "connected_at": instants.to_precise_text(connected_at),
            },
        )

    def remember_channel(
        self, account_id: str, channel: Channel | None, *, refused_at: datetime | None = None
    ) -> None:
        """Keep which channel notifies us of the account, or that it is refused one."""
        self._set(account_id, account_items.channel(channel, refused_at=refused_at))

    def remember_read(
        self, account_id: str, read: CompletedRead, coverage: Coverage, *, drift: int = 0
    ) -> None:
        """
        Move the cursor: only after the last page of *read* was written. The account is well again.

        Args:
            drift: rows that a read of the whole window had to put right.
        """
        self._set(account_id, account_items.read(read, coverage, drift=drift))

    def remember_full_read(self, account_id: str, under_way: FullRead) -> None:
        """Keep how far a read of the whole window has come."""
        self._set(account_id, account_items.full_read(under_way))

    def remember_second_look(self, account_id: str, since: datetime | None) -> None:
        """Keep that the account is to be looked at once more; ``None``: it was."""
        self._set(account_id, account_items.second_look(since))

    def remember_profiles(
        self, account_id: str, profiles: tuple[Profile, ...], *, scope: str | None
    ) -> None:
        """Keep what UserInfo said of the account."""
        granted: Values = {"scope": scope} if scope else {}
        self._set(account_id, account_items.profiles(profiles) | granted)

    def remember_announcing(self, account_id: str, condition: str, *, number: int) -> None:
        """Keep what the change feed is about to be told."""
        self._set(account_id, {"announcing": condition, "announcements": number})

    def remember_announced(self, account_id: str, condition: str) -> None:
        """Keep what the change feed was told last."""
        self._set(account_id, {"announced": condition}, remove=("announcing",))

    def remember_trouble(
        self, account_id: str, trouble: Trouble | None, *, since: datetime
    ) -> None:
        """Keep why somebody should know of the account; ``None``: there is nothing any more."""
        values: Values = {"trouble_since": instants.to_text(since)}
        named: Values = {"trouble": trouble.value} if trouble else {}
        self._set(account_id, values | named, remove=() if trouble else ("trouble",))

    def mark_needs_user(self, account_id: str, reason: str, *, since: datetime) -> None:
        """Keep that the account's owner has to do something, and what for."""
        self._set(
            account_id,
            {
                "state": State.NEEDS_USER.value,
                "state_reason": reason,
                "state_since": instants.to_text(since),
            },
        )

    def mark_erasing(self, account_id: str, *, since: datetime) -> None:
        """From now on nothing is read of the account, and nothing looks at it by the clock."""
        self._set(
            account_id,
            {"state": State.ERASING.value, "state_since": instants.to_text(since)},
            remove=("due", "due_at"),
        )

    def limit_to(self, account_id: str, calendars: tuple[str, ...]) -> None:
        """Keep the calendars that are to be mirrored; none: all."""
        self._set(account_id, {"calendars": sorted(calendars)})

    def pause(self, account_id: str) -> None:
        """Read nothing until the account is resumed."""
        self._set(account_id, {"paused": True}, remove=("due", "due_at"))

    def resume(self, account_id: str, *, due_at: datetime) -> None:
        """Read again, everything: until it was, the account is due."""
        resumed: Values = {"resumed_at": instants.to_precise_text(due_at)}
        self._set(account_id, account_items.due(due_at) | resumed, remove=("paused",))

    def remove(self, account_id: str) -> None:
        """Remove the account and its tokens."""
        with dynamodb.errors_translated():
            self.client.delete_item(TableName=self.name, Key={"account_id": account_id})

    def due(self, *, now: datetime, most: int) -> Iterator[tuple[str, datetime]]:
        """
        Return accounts that are to be looked at, and since when they are due: half of *most* are
        those that are overdue for longest, the others fell due last, so that those which come round
        often need not wait behind a whole fleet that fell due at once.
        """
        oldest = most - most // 2
        found = dict(self._due(now, oldest, newest_first=False))
        if len(found) == oldest:
            found.update(self._due(now, most - oldest, newest_first=True))
        yield from found.items()

    def _due(
        self, now: datetime, most: int, *, newest_first: bool
    ) -> Iterator[tuple[str, datetime]]:
        """Read an index that has nothing but ids and times: no token passes."""
        query = {
            "TableName": self.name,
            "IndexName": "by_due",
            "KeyConditionExpression": "#due = :due AND due_at <= :now",
            "ExpressionAttributeNames": {"#due": "due"},
            "ExpressionAttributeValues": account_items.due_until(now),
            "ScanIndexForward": not newest_first,
        }
        for item in dynamodb.queried(self.client, query, most):
            yield item["account_id"], instants.parse(item["due_at"])

    def postpone(self, account_id: str, due_at: datetime, *, until: datetime) -> bool:
        """
        Let the account be due at *until* instead of *due_at*. ``False``: somebody else did already.
        """
        return self._updated(
            account_id,
            {"due_at": instants.to_precise_text(until)},
            condition="due_at = :was",
            extra={":was": instants.to_precise_text(due_at)},
        )

    def look_again(self, account_id: str, *, at: datetime) -> None:
        """Let the account be due at *at*, unless it was paused or erased meanwhile."""
        condition = f"{_IS_THERE} AND attribute_not_exists(paused)"
        self._updated(account_id, account_items.due(at), condition=condition)

    def _set(
        self, account_id: str, values: Mapping[str, object], *, remove: tuple[str, ...] = ()
    ) -> None:
        try:
            self._update(account_id, values, condition=_IS_THERE, remove=remove)
        except ConditionFailedError as error:
            raise AccountGoneError("the account was erased meanwhile") from error

    def _updated(
        self, account_id: str, values: Mapping[str, object], *, condition: str, **more: Any
    ) -> bool:
        """Update; ``False``: the condition did not hold."""
        try:
            self._update(account_id, values, condition=condition, **more)
        except ConditionFailedError:
            return False
        return True

    def _update(
        self,
        account_id: str,
        values: Mapping[str, object],
        *,
        condition: str,
        first: Mapping[str, object] | None = None,
        add: Mapping[str, object] | None = None,
        remove: tuple[str, ...] = (),
        extra: Mapping[str, object] | None = None,
    ) -> None:
        """
        Set *values*; set those of *first* only where they are missing; add to the sets of *add*.
        """
        with dynamodb.errors_translated():
            self.client.update_item(
                TableName=self.name,
                Key={"account_id": account_id},
                ConditionExpression=condition,
                **dynamodb.update(values, first or {}, add or {}, remove, extra or {}),
            )
