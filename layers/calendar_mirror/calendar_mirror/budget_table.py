"""The budget of calls that all functions, and the operator's command, share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendar_mirror import dynamodb
from calendar_mirror.budgets import Limit
from calendar_mirror.dynamodb import ConditionFailedError
from calendar_mirror.errors import RateLimitedError


@dataclass(frozen=True, slots=True)
class BudgetTable:
    """
    One item for each data center, since Cronofy counts the calls of an application there.

    Attributes:
        client: boto3's DynamoDB client that takes and gives Python values.
    """

    client: Any
    name: str
    limit: Limit
    now: Callable[[], datetime]

    def take(self, data_center: str, *, is_background: bool) -> None:
        """
        Take one call out of the budget.

        Raises:
            RateLimitedError: nothing is left; says when there will be.
        """
        now = self.now().timestamp()
        tolerance = self.limit.tolerance_s(is_background=is_background)
        arrival = self._ahead(data_center, now, tolerance)
        if arrival is None or (arrival < now and self._fresh(data_center, now)):
            return
        wait_s = max(0.0, (arrival or now) - tolerance - now)
        raise RateLimitedError("our budget of calls is used up for now", wait_s)

    def _ahead(self, data_center: str, now: float, tolerance: float) -> float | None:
        """
        Take a call where others were taken just now. ``None``: that worked; else the arrival time
        that is in the way, which is in the past where the budget was left alone for a while.
        """
        try:
            self._update(
                data_center,
                "SET arrival_ms = arrival_ms + :interval",
                "arrival_ms BETWEEN :now AND :latest",
                {
                    ":interval": _milliseconds(self.limit.interval_s),
                    ":now": _milliseconds(now),
                    ":latest": _milliseconds(now + tolerance),
                },
            )
        except ConditionFailedError as error:
            item = error.item or {}
            return float(item.get("arrival_ms", 0)) / 1000
        return None

    def _fresh(self, data_center: str, now: float) -> bool:
        """Take the first call after a pause."""
        try:
            self._update(
                data_center,
                "SET arrival_ms = :next",
                "attribute_not_exists(arrival_ms) OR arrival_ms < :now",
                {
                    ":next": _milliseconds(now + self.limit.interval_s),
                    ":now": _milliseconds(now),
                },
            )
        except ConditionFailedError:
            return False
        return True

    def _update(
        self, data_center: str, expression: str, condition: str, values: dict[str, int]
    ) -> None:
        with dynamodb.errors_translated():
            self.client.update_item(
                TableName=self.name,
                Key={"data_center": data_center},
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
