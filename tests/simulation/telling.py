"""
`python -m tests.simulation.telling >FILE`: what CloudWatch is told in some simulated hours.

One line in the embedded metric format for each value, and the state of each alarm in the end;
`console.dashboard_screenshot` draws the dashboard of it.
"""

import json

from tests.models.template import alarms
from tests.simulation.monitored import Monitored
from tests.simulation.test_alarms import HOUR, MINUTE, edit, fault, live_on


def some_hours():
    """Return a world after a night and a morning's work, with an outage of half an hour in it."""
    world = Monitored(accounts=40, events=30)
    world.open()
    live_on(world, 14 * HOUR, every_s=10 * MINUTE)
    for number, hours in enumerate((0.4, 1.7, 4.6)):
        world.timeline.after(hours * HOUR, lambda number=number: edit(world, number, count=25))
    world.timeline.after(
        2.5 * HOUR, lambda: fault(world, kind="status", status=503, lasts_seconds=30 * MINUTE)
    )
    world.timeline.after(
        4.8 * HOUR, lambda: fault(world, kind="malformed", path="/v1/events", count=1)
    )
    live_on(world, 6 * HOUR, every_s=20)
    return world


def main():
    world = some_hours()
    for metric, told in world.cloudwatch.told.items():
        names = dict(metric.dimensions)
        directive = {
            "Namespace": metric.namespace,
            "Dimensions": [list(names)],
            "Metrics": [{"Name": metric.name}],
        }
        for at, value in told:
            about = {"Timestamp": round(at * 1000), "CloudWatchMetrics": [directive]}
            print(json.dumps({"_aws": about, **names, metric.name: value}))
    for alarm in alarms():
        is_breached = world.cloudwatch.is_breached(alarm, world.clock().timestamp())
        print(json.dumps({"alarm": alarm.name, "state": "ALARM" if is_breached else "OK"}))


if __name__ == "__main__":
    main()
