"""
Each alarm of the template, rung by the fault it is there for, and by no other; none rings while all
is well.

The functions' own code runs, its metrics go through the code that tells them, and the alarms are
those of the template.
"""

import json
from functools import partial

import pytest

from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.credentials import ClientCredentials
from cronofy_simulator import notifications
from tests.models.template import alarms
from tests.simulation.monitored import Monitored
from tests.simulation.world import AT_ONCE, CLIENT

MINUTE, HOUR = 60.0, 3600.0


def edit(world, number, *, quiet=False, count=1):
    """Let the user of one account change some events."""
    account_id = world.names[number % len(world.names)]
    known = world.control("GET", f"accounts/{account_id}/events")["events"]
    live = sorted(each["event_uid"] for each in known if not each["deleted"])
    for offset in range(count):
        uid = live[(number + offset) % len(live)]
        world.control(
            "PATCH",
            f"accounts/{account_id}/events/{uid}",
            summary=f"Event {number} {offset}",
            quiet=quiet,
        )


def live_on(world, lasts_s, *, every_s=MINUTE, **how):
    """Let people change their calendars, one account after the other."""
    for number in range(int(lasts_s // every_s)):
        world.timeline.after(number * every_s, partial(edit, world, number, **how))
    world.timeline.wait(lasts_s)


def every(world, seconds, times, do):
    for number in range(times):
        world.timeline.after(number * seconds + 1, do)


def fault(world, **details):
    world.control("POST", "faults", **details)


def slow_answers():
    world = Monitored(page_size=1)
    world.open()
    fault(world, kind="slow", seconds=14.0, path="/v1/events*")
    live_on(world, 50 * MINUTE, every_s=100, count=5)
    return world


def no_worker():
    world = Monitored()
    world.open()
    world.is_working = False
    live_on(world, 50 * MINUTE)
    return world


def an_answer_that_is_no_json():
    world = Monitored()
    world.open()
    fault(world, kind="malformed", path="/v1/events", count=1)
    live_on(world, 20 * MINUTE)
    return world


def a_bus_that_is_away(lasts_s):
    world = Monitored(accounts=1)
    world.open()
    world.weather.add("bus refused", 1.0, lasts_s)
    edit(world, 0)
    world.timeline.wait(lasts_s)
    return world


def another_client_secret():
    world = Monitored()
    world.open()
    other = {"us": ClientCredentials("simulator_client", ("CRN_another",))}
    world.secrets = ClientSecrets(lambda: other, lambda: world.clock().timestamp())
    live_on(world, 30 * MINUTE)
    return world


def a_queue_that_takes_its_time():
    world = Monitored()
    world.open()
    world.weather.add("receive sqs slow", 1.0, 30 * MINUTE)
    live_on(world, 30 * MINUTE)
    return world


def a_queue_that_refuses():
    """`receive` answers 503 by itself, and so does not fail."""
    world = Monitored()
    world.open()
    world.weather.add("receive sqs refused", 1.0, 30 * MINUTE)
    live_on(world, 30 * MINUTE)
    return world


def no_clock():
    world = Monitored()
    world.open()
    world.is_reconciling = False
    live_on(world, 90 * MINUTE)
    return world


def channels_that_tell_nothing():
    world = Monitored()
    world.open()
    live_on(world, 30 * HOUR, every_s=20 * MINUTE, quiet=True)
    return world


def rows_that_somebody_has_removed():
    world = Monitored(events=40)
    world.open()
    live_on(world, 6 * HOUR, every_s=30 * MINUTE)
    rows = world.tables["events"].items
    for key in list(rows)[::2]:
        del rows[key]
    live_on(world, 24 * HOUR, every_s=30 * MINUTE)
    return world


def a_provider_that_fails_often():
    world = Monitored()
    world.open()
    fault(world, kind="status", status=503, probability=0.4, path="/v1/events*")
    live_on(world, 40 * MINUTE)
    return world


def calls_that_others_make():
    world = Monitored(calls_per_minute=120)
    world.open()

    def take():
        item = world.tables["budget"].items[("us",)]
        ahead_ms = round(world.clock().timestamp() * 1000) + 8_000
        item["arrival_ms"] = max(item["arrival_ms"], ahead_ms)

    every(world, 2.0, 750, take)
    live_on(world, 25 * MINUTE)
    return world


def refreshes_that_are_refused():
    world = Monitored(expires_in=300)
    world.open()
    fault(world, kind="status", status=401, path="/oauth/token")
    live_on(world, 40 * MINUTE)
    return world


def a_table_that_is_throttled():
    world = Monitored()
    world.open()
    world.weather.add("worker dynamodb refused", 0.04, 40 * MINUTE)
    live_on(world, 40 * MINUTE, every_s=15)
    return world


def many_requests_that_nobody_signed():
    world = Monitored()
    world.open()
    unsigned = {"Cronofy-HMAC-SHA256": ""}
    every(world, 1 / 3, 3 * 20 * 60, lambda: world.admit(b"{}", unsigned))
    world.timeline.wait(25 * MINUTE)
    return world


def more_notifications_at_once_than_the_api_takes():
    world = Monitored()
    world.open()
    body = json.dumps({"notification": {"type": "verification"}, "channel": {}}).encode()
    signed = {"Cronofy-HMAC-SHA256": notifications.sign(body, CLIENT.secrets)}

    def burst():
        for _ in range(700):
            world.admit(body, signed)

    every(world, 5 * MINUTE, 4, burst)
    live_on(world, 25 * MINUTE)
    return world


def no_room_for(name, lasts_s):
    """Lambda has none for some seconds, four times."""
    world = Monitored()
    world.open()
    every(world, 5 * MINUTE, 4, lambda: world.weather.add(f"{name} throttled", 1.0, lasts_s))
    live_on(world, 30 * MINUTE, every_s=5)
    return world


def no_room_for_the_clock():
    world = Monitored()
    world.open()
    world.weather.add("reconcile throttled", 1.0, 12 * MINUTE)
    live_on(world, 40 * MINUTE)
    return world


def no_room_for_connect():
    world = Monitored()
    world.open()
    every(world, 5 * MINUTE, 3, lambda: world.watch.of_function("connect", "Throttles", 1))
    live_on(world, 20 * MINUTE)
    return world


def long_runs_of(name, milliseconds):
    world = Monitored()
    world.open()
    every(world, 5 * MINUTE, 3, lambda: world.watch.of_function(name, "Duration", milliseconds))
    live_on(world, 20 * MINUTE)
    return world


def workers_that_are_all_busy():
    world = Monitored()
    world.open()
    busy = AT_ONCE + 1  # the world's own workers are seen at a minute's end as well
    every(world, 60, 75, lambda: world.watch.of_function("worker", "ConcurrentExecutions", busy))
    live_on(world, 75 * MINUTE)
    return world


def stops_of(name):
    world = Monitored()
    world.open()
    every(world, 5 * MINUTE, 4, lambda: world.stops.update({name: 1}))
    live_on(world, 30 * MINUTE, every_s=5)
    return world


def failures_of_connect():
    world = Monitored()
    world.open()
    every(world, 5 * MINUTE, 3, lambda: world.watch.stopped("connect"))
    live_on(world, 20 * MINUTE)
    return world


#: By alarm: what rings it, and which others that cannot but ring with it.
FAULTS = {
    "FreshnessAlarm": (slow_answers, set()),
    "QueueAgeAlarm": (no_worker, set()),
    "DeadLetterAlarm": (an_answer_that_is_no_json, set()),
    "FeedDeadLetterAlarm": (partial(a_bus_that_is_away, 13 * HOUR), {"FeedLagAlarm"}),
    "ReceiveErrorsAlarm": (a_queue_that_refuses, set()),
    "ReceiveFailuresAlarm": (partial(stops_of, "receive"), {"ReceiveErrorsAlarm"}),
    "WrongSecretAlarm": (another_client_secret, set()),
    "SlowAcknowledgementAlarm": (a_queue_that_takes_its_time, set()),
    "ClockAlarm": (no_clock, set()),
    "UnsignedFloodAlarm": (many_requests_that_nobody_signed, set()),
    "ThrottledRequestsAlarm": (more_notifications_at_once_than_the_api_takes, set()),
    "SilenceAlarm": (channels_that_tell_nothing, set()),
    "DriftAlarm": (rows_that_somebody_has_removed, set()),
    "ProviderAlarm": (a_provider_that_fails_often, set()),
    "BudgetAlarm": (calls_that_others_make, set()),
    "RefreshAlarm": (refreshes_that_are_refused, set()),
    "StoreAlarm": (a_table_that_is_throttled, set()),
    "FeedLagAlarm": (partial(a_bus_that_is_away, 30 * MINUTE), set()),
    "SyncErrorsAlarm": (partial(stops_of, "worker"), set()),
    "ConnectErrorsAlarm": (failures_of_connect, set()),
    "ReconcileErrorsAlarm": (partial(stops_of, "reconcile"), set()),
    "PublishErrorsAlarm": (partial(stops_of, "publish"), set()),
    # API Gateway answers 500 for a function that Lambda does not let run.
    "ReceiveThrottlesAlarm": (partial(no_room_for, "receive", 10), {"ReceiveErrorsAlarm"}),
    "ConnectThrottlesAlarm": (no_room_for_connect, set()),
    "ReconcileThrottlesAlarm": (no_room_for_the_clock, set()),
    "SyncThrottlesAlarm": (partial(no_room_for, "worker", 20), set()),
    "PublishThrottlesAlarm": (partial(no_room_for, "publish", 20), set()),
    "ConnectDurationAlarm": (partial(long_runs_of, "connect", 28_000), set()),
    "ReconcileDurationAlarm": (partial(long_runs_of, "reconcile", 55_000), set()),
    "SyncDurationAlarm": (partial(long_runs_of, "worker", 110_000), set()),
    "PublishDurationAlarm": (partial(long_runs_of, "publish", 55_000), set()),
    "SyncConcurrencyAlarm": (workers_that_are_all_busy, set()),
}


def test_every_alarm_has_a_fault_that_rings_it():
    assert set(FAULTS) == {alarm.name for alarm in alarms()}


@pytest.mark.parametrize("name", FAULTS)
def test_its_fault_rings_an_alarm_and_no_other(name):
    inject, others = FAULTS[name]

    assert set(inject().rung()) == {name} | others


def test_a_first_deploy_rings_none():
    world = Monitored(accounts=0)

    world.timeline.wait(2 * HOUR)

    assert world.rung() == {}
    assert {metric.namespace for metric in world.cloudwatch.told} <= {"AWS/SQS", "AWS/Lambda"}


def test_a_clock_that_stops_before_the_first_account_is_there_is_heard_as_well():
    world = Monitored(accounts=0)
    world.timeline.wait(HOUR)
    world.is_reconciling = False
    world.timeline.wait(90 * MINUTE)

    assert set(world.rung()) == {"ClockAlarm"}


def test_a_day_on_which_all_is_well_rings_none():
    world = Monitored(accounts=8)
    world.open()

    live_on(world, 26 * HOUR, every_s=7 * MINUTE)

    assert world.rung() == {}
    assert world.watch.divergences == []
