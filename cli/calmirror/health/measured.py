"""What CloudWatch has measured of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from calmirror.stacks import Stack


def sync_queue(stack: Stack) -> dict[str, str]:
    """Return the dimension under which SQS measures the sync queue."""
    return {"QueueName": stack.output("SyncQueueUrl").rsplit("/", 1)[-1]}


def total(
    stack: Stack,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    *,
    over: timedelta,
    now: datetime,
    statistic: str = "Sum",
) -> float | None:
    """
    Add up a metric over some time until *now*; with the statistic ``Maximum`` return the latest
    value. ``None``: CloudWatch has none.
    """
    period = max(60, round(over.total_seconds() / 1000 / 60) * 60)
    answer = stack.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - over,
        EndTime=now,
        Period=period,
        Statistics=[statistic],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    if not points:
        return None
    values = [float(point[statistic]) for point in points]
    return sum(values) if statistic == "Sum" else values[-1]
