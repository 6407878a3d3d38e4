"""
One line of CloudWatch's embedded metric format, without a library.

For `receive` alone, whose cold start must stay small
(docs/decisions/0003-receive-without-an-sdk.md); the other functions use Powertools.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime


def line(
    values: Mapping[str, float],
    *,
    units: Mapping[str, str],
    dimensions: Mapping[str, str],
    properties: Mapping[str, str],
    namespace: str,
    now: datetime,
) -> str:
    """
    Write the metrics *values*, each with its unit (``Count`` where *units* has none). *properties*
    can be searched in the log, and make no metric of their own.

    Source: CloudWatch user guide, "Specification: Embedded metric format"
    """
    metrics = [{"Name": name, "Unit": units.get(name, "Count")} for name in values]
    directive = {"Namespace": namespace, "Dimensions": [list(dimensions)], "Metrics": metrics}
    about = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": about, **properties, **dimensions, **values})
