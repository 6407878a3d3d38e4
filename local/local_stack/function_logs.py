"""What the functions wrote, brought from the local CloudWatch Logs into one file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_stack import aws


def save(endpoint: str, file: Path) -> None:
    logs = aws.client("logs", endpoint)
    groups = logs.describe_log_groups()["logGroups"]
    lines = [line for group in groups for line in _lines(logs, group["logGroupName"])]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in sorted(lines)))


def _lines(logs: Any, group: str) -> list[str]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [
        f"{_time(event['timestamp'])} {group.rsplit('/', 1)[-1]} {event['message'].rstrip()}"
        for page in pages
        for event in page["events"]
    ]


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
