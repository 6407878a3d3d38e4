"""The local AWS keeps what `sync` relies on of a FIFO queue, as the model of the tests does."""

import json
import time
from uuid import uuid4

import pytest

from local_stack import aws
from tests.models.fifo_contract import (
    DELAY_S,
    MOST_RECEIVES,
    VISIBILITY_S,
    FifoQueueContract,
    SqsFifo,
    taken,
)


class TestTheLocalAws(FifoQueueContract):
    @pytest.fixture
    def sqs(self, stack):
        client = aws.client("sqs", stack.aws_endpoint_url)
        yield client
        client.close()

    @pytest.fixture
    def queues(self, sqs):
        """Make both queues with the template's settings, but quicker; return their addresses."""
        fifo = {
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        }
        name = uuid4().hex
        dead = sqs.create_queue(QueueName=f"{name}-dead.fifo", Attributes=fifo)["QueueUrl"]
        known = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
        redrive = {"deadLetterTargetArn": known["QueueArn"], "maxReceiveCount": MOST_RECEIVES}
        attributes = fifo | {
            "DelaySeconds": f"{DELAY_S:.0f}",
            "VisibilityTimeout": f"{VISIBILITY_S:.0f}",
            "RedrivePolicy": json.dumps(redrive),
        }
        url = sqs.create_queue(QueueName=f"{name}.fifo", Attributes=attributes)["QueueUrl"]
        yield url, dead
        for each in (url, dead):
            sqs.delete_queue(QueueUrl=each)

    @pytest.fixture
    def queue(self, sqs, queues):
        return SqsFifo(sqs, queues[0])

    @pytest.fixture
    def wait(self):
        return time.sleep

    @pytest.fixture
    def dead(self, sqs, queues):
        return lambda: taken(SqsFifo(sqs, queues[1]))
