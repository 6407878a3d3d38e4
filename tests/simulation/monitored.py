"""
The simulated world, with CloudWatch beside it: what the functions tell it goes through the code
that tells it, and the metrics of AWS's own come from the models of AWS.
"""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from aws_lambda_powertools import Metrics

from calendar_mirror import emf, messages, reporting
from calendar_mirror.census import Census
from calendar_mirror.errors import MalformedMessageError
from console.dashboard import STACK, Metric
from tests.models.cloudwatch import CloudWatch
from tests.models.dynamodb import refusal
from tests.models.template import RESOURCES, TEMPLATE, alarms
from tests.simulation.histories import History
from tests.simulation.oracle import Watch
from tests.simulation.stream import Stream
from tests.simulation.world import EVERY_S, World

NAMESPACE = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"][
    "POWERTOOLS_METRICS_NAMESPACE"
]
_FUNCTIONS = {
    "worker": "SyncFunction",
    "receive": "ReceiveFunction",
    "reconcile": "ReconcileFunction",
    "publish": "PublishFunction",
    "connect": "ConnectFunction",
}
_STREAM = RESOURCES["PublishFunction"]["Properties"]["Events"]["Write"]["Properties"]
_SLOW_S = 2.5
BEGAN_AT = datetime(2026, 3, 2, 6, tzinfo=UTC)


class Told(Watch):
    """Puts into CloudWatch what functions tell, and how their invocations end."""

    def __init__(self):
        super().__init__()
        self.cloudwatch = CloudWatch()
        self._metrics = Metrics(namespace=NAMESPACE, service=STACK)

    def told(self, values, **dimensions):
        self.cloudwatch.take(self._line(values, dimensions))

    def _line(self, values, dimensions):
        """`receive` writes its lines itself; the others have Powertools for it."""
        now = self.world.clock()
        if dimensions:
            return emf.line(
                values,
                service=STACK,
                dimensions=dimensions,
                properties={},
                namespace=NAMESPACE,
                now=now,
            )
        reporting.tell(self._metrics, values)
        found = self._metrics.serialize_metric_set()
        self._metrics.clear_metrics()
        found["_aws"]["Timestamp"] = int(now.timestamp() * 1000)  # Powertools knows its own clock
        return json.dumps(found)

    def of_aws(self, namespace, name, dimension, about, value):
        metric = Metric(namespace, name, ((dimension, about),))
        self.cloudwatch.put(metric, self._now(), value)

    def stopped(self, name):
        self.of_aws("AWS/Lambda", "Errors", "FunctionName", _FUNCTIONS[name], 1)

    def crashed(self, error):
        super().crashed(error)
        self.stopped("worker")

    def failed(self, what, error):
        super().failed(what, error)
        self.stopped(what)

    def _now(self):
        return self.world.clock().timestamp()


class PatientStream(Stream):
    """A stream whose failed batches come again after half a minute."""

    def _arm(self, account_id, after_s):
        super()._arm(account_id, 30.0 if after_s == 1.0 else after_s)


class Monitored(World):
    """
    A world in which the clock rings every five minutes, and AWS tells CloudWatch what it sees.

    The weather has more kinds: "PROCESS SERVICE slow" and "PROCESS SERVICE refused".
    """

    def __init__(self, *, accounts=6, events=5, calls_per_minute=500, seed=1, **settings):
        history = History(
            seed,
            "alarms",
            BEGAN_AT,
            settings | {"calls_per_minute": calls_per_minute},
            (),
            accounts=accounts,
            events=events,
            skew_s=0.0,
            calls_per_minute=calls_per_minute,
            query_page=1000,
        )
        super().__init__(history, Told())
        self.stream = PatientStream(self)
        self.cloudwatch = self.watch.cloudwatch
        self.is_working = True
        self._each_minute()

    def open(self):
        """Open the accounts, connect them, and let half an hour pass."""
        for account_id in self.names:
            self.control("POST", "accounts", account_id=account_id, calendars=1)
            self.control(
                "POST",
                f"accounts/{account_id}/events",
                count=self.history.events,
                every_seconds=3600,
                summary="Event",
            )
            self.connect(account_id)
        self.timeline.wait(1800)

    @property
    def names(self):
        return [f"acc_{number}" for number in range(self.history.accounts)]

    def rung(self):
        """Return when each alarm rang first, since the clock did, by its name."""
        start, end = BEGAN_AT.timestamp(), self.clock().timestamp()
        return self.cloudwatch.rung(alarms(), start + 2 * EVERY_S, end)

    def admit(self, body, headers):
        status = super().admit(body, headers)
        if status is None or status >= 500:
            self.watch.of_aws("AWS/ApiGateway", "5xx", "ApiId", "PublicApi", 1)
        return status

    def publish(self, records):
        written_at = records[0]["dynamodb"]["ApproximateCreationDateTime"]
        age_s = self.clock().timestamp() - written_at
        if age_s > _STREAM["MaximumRecordAgeInSeconds"]:
            name = "FeedDeadLetterQueue"
            self.watch.of_aws("AWS/SQS", "NumberOfMessagesSent", "QueueName", name, 1)
            return None
        name = "PublishFunction"
        self.watch.of_aws("AWS/Lambda", "IteratorAge", "FunctionName", name, 1000 * age_s)
        return super().publish(records)

    @contextmanager
    def process(self, name):
        began_at = self.clock()
        with super().process(name) as process:
            yield process
        if name in _FUNCTIONS:
            took_ms = (self.clock() - began_at) / timedelta(milliseconds=1)
            about = "FunctionName", _FUNCTIONS[name]
            self.watch.of_aws("AWS/Lambda", "Duration", *about, took_ms)

    def call(self, service, operation, effect):
        who = self.processes[-1].name
        if self.strikes(f"{who} {service} slow"):
            self.timeline.wait(_SLOW_S)
        if self.strikes(f"{who} {service} refused"):
            raise refusal("ThrottlingException", operation)
        return super().call(service, operation, effect)

    def ask_for_what_is_due(self):
        super().ask_for_what_is_due()
        self.watch.told(Census(self.dynamodb, "accounts")())

    def arm_reconcile(self):
        if self.reconcile_at is None and self.is_reconciling:
            self.reconcile_at = self.clock() + timedelta(seconds=EVERY_S)
            self.timeline.at(self.reconcile_at, partial(self._ring, self.reconcile_at))

    def arm_worker(self):
        if self.is_working:
            super().arm_worker()

    def _written(self, table, before, after):
        super()._written(table, before, after)
        size = len(json.dumps(after or before, default=str))
        about = "TableName", f"{table.capitalize()}Table"
        units = -(-size // 1024)  # a unit for each KB that is begun
        self.watch.of_aws("AWS/DynamoDB", "ConsumedWriteCapacityUnits", *about, units)

    def _each_minute(self):
        self.timeline.after(60, self._each_minute)
        waiting, now = self.queue.messages, self.clock().timestamp()
        hidden = [message for message in waiting if message.visible_at > now]
        counts = {
            "ApproximateAgeOfOldestMessage": max(map(self._age_s, waiting), default=0.0),
            "ApproximateNumberOfMessagesVisible": len(waiting) - len(hidden),
            "ApproximateNumberOfMessagesNotVisible": sum(bool(each.handle) for each in hidden),
            "ApproximateNumberOfMessagesDelayed": sum(not each.handle for each in hidden),
        }
        for name, value in counts.items():
            self.watch.of_aws("AWS/SQS", name, "QueueName", "SyncQueue", value)

    def _age_s(self, message):
        try:
            received_at = messages.decode(message.body).received_at
        except MalformedMessageError:
            return 0.0
        return (self.clock() - received_at).total_seconds()
