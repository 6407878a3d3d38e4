"""
The simulated world, with CloudWatch beside it: what the functions tell it goes through the code
that tells it, and the metrics of AWS's own come from the models of AWS.
"""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from aws_lambda_powertools import Metrics

from calendar_mirror import emf, measures, messages, reporting
from calendar_mirror.census import Census
from calendar_mirror.errors import MalformedMessageError
from console.dashboard import STACK, Metric
from tests.models.cloudwatch import CloudWatch
from tests.models.dynamodb import refusal
from tests.models.template import PARAMETERS, RESOURCES, TEMPLATE, alarms
from tests.simulation.histories import History
from tests.simulation.oracle import Watch
from tests.simulation.stream import Stream
from tests.simulation.world import AT_ONCE, EVERY_S, World

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
_LIMITS = RESOURCES["PublicApi"]["Properties"]["DefaultRouteSettings"]
_TURNED_AWAY = RESOURCES["ThrottledRequests"]["Properties"]
_CHOSEN = measures.chosen(PARAMETERS["Metrics"]["Default"])
_SLOW_S = 2.5
#: Seconds after which Lambda tries anew what it had no room for; much longer in the end.
_NO_ROOM_S = 5.0
BEGAN_AT = datetime(2026, 3, 2, 6, tzinfo=UTC)


class Told(Watch):
    """Puts into CloudWatch what functions tell, and how their invocations end."""

    def __init__(self):
        super().__init__()
        self.cloudwatch = CloudWatch()
        self._metrics = Metrics(namespace=NAMESPACE, service=STACK)

    def told(self, values, **dimensions):
        line = self._line(values, dimensions)
        if "_aws" in line:
            self.cloudwatch.take(line)

    def _line(self, values, dimensions):
        """`receive` writes its lines itself; the others have Powertools for it."""
        now = self.world.clock()
        if dimensions:
            return emf.line(
                values,
                chosen=_CHOSEN,
                service=STACK,
                dimensions=dimensions,
                properties={},
                namespace=NAMESPACE,
                now=now,
            )
        reporting.tell(self._metrics, values, _CHOSEN)
        if not self._metrics.metric_set:
            return ""
        found = self._metrics.serialize_metric_set()
        self._metrics.clear_metrics()
        found["_aws"]["Timestamp"] = int(now.timestamp() * 1000)  # Powertools knows its own clock
        return json.dumps(found)

    def of_aws(self, namespace, name, dimension, about, value):
        metric = Metric(namespace, name, ((dimension, about),))
        self.cloudwatch.put(metric, self._now(), value)

    def of_function(self, name, metric, value):
        self.of_aws("AWS/Lambda", metric, "FunctionName", _FUNCTIONS[name], value)

    def stopped(self, name):
        self.of_function(name, "Errors", 1)

    def crashed(self, error):
        super().crashed(error)
        self.stopped("worker")

    def failed(self, what, error):
        super().failed(what, error)
        self.stopped(what)

    def _now(self):
        return self.world.clock().timestamp()


class Gate:
    """
    API Gateway's throttling, and what the template's metric filter makes of its access log.

    Source: API Gateway developer guide, "Throttle requests to your HTTP APIs": a token bucket
    """

    def __init__(self, cloudwatch, seconds):
        self._cloudwatch, self._seconds = cloudwatch, seconds
        self._rate = PARAMETERS[_LIMITS["ThrottlingRateLimit"]["Ref"]]["Default"]
        self._tokens, self._at = _LIMITS["ThrottlingBurstLimit"], seconds()

    def lets_in(self):
        now = self._seconds()
        more = (now - self._at) * self._rate
        self._tokens = min(_LIMITS["ThrottlingBurstLimit"], self._tokens + more)
        self._at = now
        if self._tokens < 1:
            self._log(status="429", service=STACK)
            return False
        self._tokens -= 1
        return True

    def _log(self, **fields):
        (transformation,) = _TURNED_AWAY["MetricTransformations"]
        if _TURNED_AWAY["FilterPattern"] != f'{{ $.status = "{fields["status"]}" }}':
            return
        named = [
            (each["Key"], fields[each["Value"].removeprefix("$.")])
            for each in transformation["Dimensions"]
        ]
        metric = Metric(
            transformation["MetricNamespace"], transformation["MetricName"], tuple(sorted(named))
        )
        self._cloudwatch.put(metric, self._seconds(), float(transformation["MetricValue"]))


class PatientStream(Stream):
    """A stream whose failed batches come again after half a minute."""

    def _arm(self, account_id, after_s):
        super()._arm(account_id, 30.0 if after_s == 1.0 else after_s)


class Monitored(World):
    """
    A world in which the clock rings every five minutes, and AWS tells CloudWatch what it sees.

    The weather has more kinds: "PROCESS SERVICE slow" and "PROCESS SERVICE refused", and "PROCESS
    throttled": Lambda has no room for it.
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
        self.gate = Gate(self.cloudwatch, lambda: self.clock().timestamp())
        self.letters_of_the_feed = 0
        self.is_working = True
        self.arm_reconcile()
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
        """Return when each alarm rang first, by its name. So many workers run here at once."""
        start, end = BEGAN_AT.timestamp(), self.clock().timestamp()
        return self.cloudwatch.rung(alarms(SyncConcurrency=AT_ONCE), start, end)

    def admit(self, body, headers):
        if not self.gate.lets_in():
            return 429
        status = 500 if self._is_throttled("receive") else super().admit(body, headers)
        if status is None or status >= 500:
            self.watch.of_aws("AWS/ApiGateway", "5xx", "ApiId", "PublicApi", 1)
        return status

    def publish(self, records):
        written_at = records[0]["dynamodb"]["ApproximateCreationDateTime"]
        age_s = self.clock().timestamp() - written_at
        if age_s > _STREAM["MaximumRecordAgeInSeconds"]:
            self.letters_of_the_feed += 1
            return None
        self.watch.of_function("publish", "IteratorAge", 1000 * age_s)
        if self._is_throttled("publish"):
            return records[0]["dynamodb"]["SequenceNumber"]
        return super().publish(records)

    def _is_throttled(self, name):
        """Tell whether Lambda has no room for a function now. Then nothing of it runs."""
        if not self.strikes(f"{name} throttled"):
            return False
        self.watch.of_function(name, "Throttles", 1)
        return True

    @contextmanager
    def process(self, name):
        began_at = self.clock()
        with super().process(name) as process:
            yield process
        if name in _FUNCTIONS:
            took_ms = (self.clock() - began_at) / timedelta(milliseconds=1)
            self.watch.of_function(name, "Duration", took_ms)
            self.watch.of_function(name, "Invocations", 1)

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

    def _ring(self, at):
        if at == self.reconcile_at and self._is_throttled("reconcile"):
            self.reconcile_at = None
            self.arm_reconcile()
            return
        super()._ring(at)

    def arm_worker(self):
        if self.is_working:
            super().arm_worker()

    def _work(self, armed_at):
        if self._worker_at == armed_at and self._is_throttled("worker"):
            self._worker_at = None
            self.timeline.after(_NO_ROOM_S, self.arm_worker)
            return
        super()._work(armed_at)

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
        if self.letters_of_the_feed:
            name, queue = "ApproximateNumberOfMessagesVisible", "FeedDeadLetterQueue"
            self.watch.of_aws("AWS/SQS", name, "QueueName", queue, self.letters_of_the_feed)
        running = sum(each.name == "worker" for each in self.processes)
        if running:
            self.watch.of_function("worker", "ConcurrentExecutions", running)

    def _age_s(self, message):
        try:
            received_at = messages.decode(message.body).received_at
        except MalformedMessageError:
            return 0.0
        return (self.clock() - received_at).total_seconds()
