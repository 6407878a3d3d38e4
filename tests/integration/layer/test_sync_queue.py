"""The queue's edge on moto's SQS, and on the simulation's."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import messages, sync_queue
from calendar_mirror.errors import AwsCallError
from calendar_mirror.messages import Kind, Message
from calendar_mirror.sync_queue import Delivery, SyncQueue
from tests.models.aws_clients import Sqs
from tests.models.fifo_contract import SqsFifo
from tests.models.fifo_queue import FifoQueue

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


URLS = ("https://sqs/sync.fifo", "https://sqs/dead.fifo")


@pytest.fixture(params=["moto", "simulated"])
def sqs(request):
    if request.param == "moto":
        return request.getfixturevalue("client")("sqs")
    return Sqs({url: FifoQueue(lambda: 0.0) for url in URLS})


@pytest.fixture
def queues(sqs):
    if isinstance(sqs, Sqs):
        return URLS
    return tuple(
        sqs.create_queue(QueueName=url.rpartition("/")[2], Attributes={"FifoQueue": "true"})[
            "QueueUrl"
        ]
        for url in URLS
    )


@pytest.fixture
def queue(sqs, queues):
    return SyncQueue(sqs, *queues)


@pytest.fixture
def received(sqs, queues):
    """Take what the queue hands out now, as Lambda does."""
    return SqsFifo(sqs, queues[0]).receive


def message(account_id="acc_1", merge=timedelta(0)):
    until = messages.bucket_end(NOON, merge)
    return Message(account_id, Kind.DELTA, NOON, NOON, until, "operator")


def delivery(number, *, body="text"):
    return Delivery(f"id-{number}", "no such handle", "acc_1", 1, body)


def test_what_is_sent_arrives_in_its_accounts_group(queue, received):
    queue.send(message(), unique="1")

    (found,) = received()
    assert (found.group, found.receive_count) == ("acc_1", 1)
    assert messages.decode(found.body) == message()


def test_ten_are_sent_at_once_each_to_its_group(queue, received):
    batch = [message(f"acc_{number}") for number in range(10)]
    unique = map(str, itertools.count())

    assert queue.send_all(batch, unique=lambda: next(unique)) == ()

    found = received()
    assert [each.group for each in found] == [each.account_id for each in batch]
    assert [messages.decode(each.body) for each in found] == batch


def test_what_the_queue_does_not_take_of_a_batch_is_told(queue):
    class Refusing:
        def send_message_batch(self, **_):
            return {"Successful": [], "Failed": [{"Id": "1", "Code": "x", "SenderFault": False}]}

    batch = [message("acc_0"), message("acc_1")]

    assert SyncQueue(Refusing(), "url").send_all(batch, unique=lambda: "1") == (batch[1],)
    assert queue.send_all([], unique=lambda: "1") == ()


def test_a_batch_that_does_not_arrive_is_told(sqs):
    with pytest.raises(AwsCallError):
        SyncQueue(sqs, "http://127.0.0.1:1/none").send_all([message()], unique=lambda: "1")


def test_what_belongs_to_one_bucket_is_kept_once(queue, received):
    for unique in ("1", "2"):
        queue.send(message(merge=timedelta(seconds=1)), unique=unique)

    assert len(received()) == 1


def test_what_is_put_back_is_not_handed_out_before_its_pause_is_over(queue, received):
    for unique in ("1", "2"):
        queue.send(message(), unique=unique)
    batch = received()
    assert len(batch) == 2

    queue.put_back(batch, 3600)
    assert received() == ()
    queue.put_back(batch, 0)

    assert [each.receive_count for each in received()] == [2, 2]


def test_putting_back_what_is_not_out_is_no_harm(queue):
    queue.put_back([delivery(1)], 60)


def test_what_is_set_aside_keeps_body_and_group_and_says_why(queue, sqs, queues):
    assert queue.set_aside([delivery(1, body="not a message"), delivery(2)], "a reason")
    assert queue.set_aside([delivery(1, body="not a message")], "a reason")  # again: the same

    found = sqs.receive_message(
        QueueUrl=queues[1],
        MaxNumberOfMessages=10,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )["Messages"]
    assert [each["Body"] for each in found] == ["not a message", "text"]
    assert {each["Attributes"]["MessageGroupId"] for each in found} == {"acc_1"}
    assert {each["MessageAttributes"]["reason"]["StringValue"] for each in found} == {"a reason"}


def test_two_messages_that_say_the_same_are_two_dead_letters(queue, sqs, queues):
    assert queue.set_aside([delivery(1), delivery(2)], "a reason")

    found = sqs.receive_message(QueueUrl=queues[1], MaxNumberOfMessages=10)["Messages"]
    assert len(found) == 2


def test_a_dead_letter_queue_that_does_not_take_it_is_told(sqs, queues):
    queue = SyncQueue(sqs, queues[0], queues[1].replace("dead", "another"))

    assert not queue.set_aside([delivery(1)], "a reason")


def test_lambdas_event_is_unwrapped():
    record = {
        "messageId": "id-1",
        "receiptHandle": "handle",
        "body": "text",
        "attributes": {
            "MessageGroupId": "acc_1",
            "ApproximateReceiveCount": "3",
            "MessageDeduplicationId": "x",
        },
        "eventSource": "aws:sqs",
    }

    found = sync_queue.deliveries(json.loads(json.dumps({"Records": [record]})))

    assert found == (Delivery("id-1", "handle", "acc_1", 3, "text"),)
