"""Is everything there that the stack's outputs name?"""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from calmirror.health import failures, repairs
from calmirror.health.findings import Finding, error, ok
from calmirror.stacks import Stack

_QUEUE = ("sqs", "get_queue_attributes", "QueueUrl")
_TABLE = ("dynamodb", "describe_table", "TableName")
#: By output: what is asked for, and what its loss means.
_NAMED = {
    "SyncQueueUrl": (*_QUEUE, "no notification leads to a read"),
    "DeadLetterQueueUrl": (*_QUEUE, "what `sync` cannot read is tried again and again"),
    "FeedDeadLetterQueueUrl": (*_QUEUE, "changes that cannot be published leave no trace"),
    "ChangeBusName": ("events", "describe_event_bus", "Name", "nobody is told of changes"),
    "EventsTableName": (*_TABLE, "there are no rows"),
    "AccountsTableName": (*_TABLE, "there are no accounts, and no tokens"),
    "ErasuresTableName": (*_TABLE, "no account can be erased"),
    "BudgetTableName": (*_TABLE, "Cronofy cannot be asked"),
}


def resources(stack: Stack) -> Iterator[Finding]:
    """Ask for each of them."""
    named = {output: each for output, each in _NAMED.items() if output in stack.outputs}
    gone = False
    for output, (service, operation, argument, loss) in named.items():
        name = stack.output(output)
        try:
            getattr(stack.client(service), operation)(**{argument: name})
        except ClientError as refusal:
            if not failures.is_gone(refusal):
                raise
            gone = True
            said = f"{name} ({output}) is gone: {loss}."
            yield error("resources", said, repairs.revert_drift(stack.name))
    if not gone:
        yield ok("resources", f"{len(named)} queues, tables and buses are there.")
