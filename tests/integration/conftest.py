"""An AWS of moto's, with what the layer reaches of it, for the tests of single edges."""

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

ACCESS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}
TABLES = {
    "events": ("pk", "sk"),
    "accounts": ("account_id",),
    "erasures": ("account", "asked_at"),
    "authorizations": ("state",),
    "budget": ("data_center",),
}
BY_START, BY_LONG_UNTIL = (
    {
        "IndexName": f"by_{attribute.removesuffix('_at')}",
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": attribute, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    for attribute in ("start_at", "long_until")
)
BY_DUE = {
    "IndexName": "by_due",
    "KeySchema": [
        {"AttributeName": "due", "KeyType": "HASH"},
        {"AttributeName": "due_at", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
BY_TROUBLE = {
    "IndexName": "by_trouble",
    "KeySchema": [{"AttributeName": "trouble", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
INDEXES = {"events": [BY_START, BY_LONG_UNTIL], "accounts": [BY_DUE, BY_TROUBLE]}


@pytest.fixture(scope="session")
def moto_server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_server):
    """Return the address of an AWS in which there is nothing."""
    requests.post(f"{moto_server}/moto-api/reset", timeout=10)
    return moto_server


@pytest.fixture
def client(moto):
    """Return boto3's client for a service; they are closed when the test ends."""
    made = []

    def client(service):
        made.append(boto3.client(service, endpoint_url=moto, **ACCESS))
        return made[-1]

    yield client
    for each in made:
        each.close()


@pytest.fixture
def dynamodb(moto):
    """Return the client that takes and gives Python values, with the template's tables."""
    resource = boto3.resource("dynamodb", endpoint_url=moto, **ACCESS)
    for name, keys in TABLES.items():
        indexes = INDEXES.get(name, [])
        of_indexes = [key["AttributeName"] for index in indexes for key in index["KeySchema"]]
        attributes = sorted({*keys, *of_indexes})
        index = {"GlobalSecondaryIndexes": indexes} if indexes else {}
        resource.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in attributes],
            **index,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
        )
    yield resource.meta.client
    resource.meta.client.close()


@pytest.fixture
def sqs(client):
    return client("sqs")


@pytest.fixture
def queues(sqs):
    """Return the addresses of a FIFO queue and its dead-letter queue."""
    return tuple(
        sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
        for name in ("sync.fifo", "dead.fifo")
    )
