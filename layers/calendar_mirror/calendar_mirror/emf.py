"""
One line of CloudWatch's embedded metric format, without a library.

For `receive` alone, whose cold start must stay small
(docs/decisions/0003-receive-without-an-sdk.md); the other functions use Powertools.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from calendar_mirror.measures import Measure


def line(
    values: Mapping[Measure, float],
    *,
    chosen: Collection[Measure],
    service: str,
    dimensions: Mapping[str, str],
    properties: Mapping[str, str],
    namespace: str,
    now: datetime,
) -> str:
    """
    Write *values*; those that are *chosen* as metrics, each under ``service`` and under those of
    *dimensions* that it has. The others, and *properties*, can be searched in the log.

    Source: CloudWatch user guide, "Specification: Embedded metric format"
    """
    directives = [
        {
            "Namespace": namespace,
            "Dimensions": [["service", *each] for each in measure.dimensions],
            "Metrics": [{"Name": measure.title, "Unit": measure.unit.value}],
        }
        for measure in values
        if measure in chosen
    ]
    about = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": directives}
    head = {"_aws": about} if directives else {}
    named = {measure.title: value for measure, value in values.items()}
    return json.dumps({**head, **properties, "service": service, **dimensions, **named})
