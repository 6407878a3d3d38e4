"""The budget of calls that all functions, and the operator's command, share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calendar_mirror import dynamodb
from calendar_mirror.budgets import Glimpse, Limit, Slowdown
from calendar_mirror.dynamodb import ConditionFailedError
from calendar_mirror.errors import BudgetUsedUpError


@dataclass(frozen=True, slots=True)
class BudgetTable:
    """
    One item for each data center, since Cronofy counts the calls of an application there.

    Attributes:
        client: boto3's DynamoDB client that takes and gives Python values.
        seen: what each call taken, or asked for in vain, told of the budget; by data center, the
            last one asked for at the end. Who knows nothing yet takes one call at the full pace.
    """

    client: Any
    name: str
    limit: Limit
    now: Callable[[], datetime]
    seen: dict[str, Glimpse] = field(default_factory=dict)

    def take(self, data_center: str, *, is_background: bool) -> None:
        """
        Take one call out of the budget.

        Raises:
            BudgetUsedUpError: nothing is left; says when there will be.
        """
        now = self.now().timestamp()
        limit = self._limit(data_center, now)
        tolerance = limit.tolerance_s(is_background=is_background)
        arrival = self._ahead(data_center, now, limit, tolerance)
        if arrival is None or (arrival < now and self._fresh(data_center, now)):
            return
        wait_s = max(0.0, (arrival or now) - tolerance - now)
        raise BudgetUsedUpError("our budget of calls is used up for now", wait_s)

    def slow_down(self, data_center: str) -> None:
        """
        Cronofy answered 429 to a call that was taken out of the budget: everybody's pace becomes
        slower for a while. Not if it did already since that call was taken.
        """
        now, known = self.now().timestamp(), self._known(data_center).slowdown
        slower = known.after_429(now)
        if slower is None:
            return
        try:
            self._update(
                data_center,
                now,
                "SET slowed_percent = :percent, slowed_ms = :now",
                "attribute_not_exists(slowed_ms) OR slowed_ms = :known",
                {
                    ":percent": round(slower.factor * 100),
                    ":now": _milliseconds(now),
                    ":known": _milliseconds(known.since),
                },
            )
        except ConditionFailedError:
            return

    def headroom(self, data_center: str | None = None) -> float | None:
        """
        Return which part of a burst was left (0 to 1) when this worker asked for a call last, at
        *data_center* or anywhere; ``None``: that is too long ago. It costs nothing.
        """
        asked = data_center or next(reversed(self.seen), "")
        return self._known(asked).headroom(self.limit, self.now().timestamp())

    def _known(self, data_center: str) -> Glimpse:
        return self.seen.get(data_center, Glimpse())

    def _limit(self, data_center: str, now: float) -> Limit:
        return self.limit.slowed(self._known(data_center).slowdown.at(now))

    def _ahead(self, data_center: str, now: float, limit: Limit, tolerance: float) -> float | None:
        """
        Take a call where others were taken just now. ``None``: that worked; else the arrival time
        that is in the way, which is in the past where the budget was left alone for a while.
        """
        try:
            self._update(
                data_center,
                now,
                "SET arrival_ms = arrival_ms + :interval",
                "arrival_ms BETWEEN :now AND :latest",
                {
                    ":interval": _milliseconds(limit.interval_s),
                    ":now": _milliseconds(now),
                    ":latest": _milliseconds(now + tolerance),
                },
            )
        except ConditionFailedError as error:
            return float((error.item or {}).get("arrival_ms", 0)) / 1000
        return None

    def _fresh(self, data_center: str, now: float) -> bool:
        """Take the first call after a pause."""
        try:
            self._update(
                data_center,
                now,
                "SET arrival_ms = :next",
                "attribute_not_exists(arrival_ms) OR arrival_ms < :now",
                {
                    ":next": _milliseconds(now + self._limit(data_center, now).interval_s),
                    ":now": _milliseconds(now),
                },
            )
        except ConditionFailedError:
            return False
        return True

    def _update(
        self,
        data_center: str,
        now: float,
        expression: str,
        condition: str,
        values: dict[str, int],
    ) -> None:
        """Update the item, and learn from it either way."""
        try:
            with dynamodb.errors_translated():
                answer = self.client.update_item(
                    TableName=self.name,
                    Key={"data_center": data_center},
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailedError as error:
            self._learn(data_center, now, error.item or {})
            raise
        self._learn(data_center, now, answer["Attributes"])

    def _learn(self, data_center: str, now: float, item: Mapping[str, Any]) -> None:
        ahead_s = float(item.get("arrival_ms", 0)) / 1000 - now
        slowdown = Slowdown(
            float(item.get("slowed_percent", 100)) / 100, float(item.get("slowed_ms", 0)) / 1000
        )
        self.seen.pop(data_center, None)
        self.seen[data_center] = Glimpse(now, ahead_s, slowdown)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
