"""What both tables need of DynamoDB: its refusals said in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError

from calendar_mirror.errors import StoreBusyError, StoreRefusedError


class ConditionFailedError(Exception):
    """
    The condition of a write did not hold.

    Attributes:
        item: what was there, if the write asked to be told.
    """

    def __init__(self, item: Mapping[str, Any] | None) -> None:
        super().__init__("the condition of a write did not hold")
        self.item = item


@contextmanager
def errors_translated() -> Iterator[None]:
    """
    Turn DynamoDB's errors into ours.

    Whatever is not about the content of the call passes with time or with a corrected deployment
    (throttling, a lost answer, a missing permission), so it is "not now".
    Source: DynamoDB developer guide, "Error handling with DynamoDB"
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            raise ConditionFailedError(_item(error.response)) from error
        if code == "ValidationException":
            # Not "from error": its text can quote the item.
            raise StoreRefusedError("DynamoDB found an item invalid") from None
        raise StoreBusyError(f"DynamoDB answered {code}") from error
    except BotoCoreError as error:
        raise StoreBusyError(f"DynamoDB gave no answer: {type(error).__name__}") from error


def update(
    values: Mapping[str, object],
    first: Mapping[str, object],
    add: Mapping[str, object],
    remove: Sequence[str],
    extra: Mapping[str, object],
) -> dict[str, Any]:
    """
    Write the parameters of UpdateItem that set *values*, set those of *first* where they are
    missing, add to the sets of *add*, and remove attributes. *extra*: values that the condition
    names.
    """
    assignments = [f"#{name} = :{name}" for name in values]
    assignments += [f"#{name} = if_not_exists(#{name}, :{name})" for name in first]
    expression = f"SET {', '.join(assignments)}"
    if add:
        expression += f" ADD {', '.join(f'#{name} :{name}' for name in add)}"
    if remove:
        expression += f" REMOVE {', '.join(f'#{name}' for name in remove)}"
    given = {f":{name}": value for name, value in {**values, **first, **add}.items()}
    return {
        "UpdateExpression": expression,
        "ExpressionAttributeNames": {f"#{name}": name for name in (*values, *first, *add, *remove)},
        "ExpressionAttributeValues": {**given, **extra},
    }


def queried(client: Any, query: Mapping[str, Any], most: int) -> Iterator[Mapping[str, Any]]:
    """Yield what a query finds, page after page (each ends at 1 MB), and no more than *most*."""
    start: dict[str, Any] = {}
    while most > 0:
        with errors_translated():
            answer = client.query(**query, **start, Limit=most)
        yield from answer["Items"]
        most -= len(answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _item(response: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Read what an error tells: unlike in answers, values come as DynamoDB writes them."""
    item = response.get("Item")
    if item is None:
        return None
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
