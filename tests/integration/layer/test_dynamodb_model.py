"""The simulation's DynamoDB answers as moto's does: expressions, conditions, pages, batches."""

import re
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError

from tests.models.dynamodb import DynamoDB, template_tables

KEY = {"account_id": "acc_1"}
ITEM = {
    **KEY,
    "a_word": "b",
    "a_number": Decimal(5),
    "a_set": {"one", "two"},
    "a_list": [1, "x"],
    "a_truth": True,
    "a_null": None,
}
VALUES = {":a": "a", ":b": "b", ":c": "c", ":four": Decimal(4), ":five": Decimal(5), ":yes": True}


@pytest.fixture
def both(dynamodb):
    """Return what does the same thing to moto's and to ours."""
    ours = DynamoDB(template_tables())

    def ask(operation, **parameters):
        return tuple(answer(client, operation, parameters) for client in (dynamodb, ours))

    return ask


def answer(client, operation, parameters):
    """Return what an operation answers, without what is about the call."""
    try:
        given = getattr(client, operation)(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response.get("Item")
    about_the_call = (
        "ResponseMetadata",
        "ConsumedCapacity",
        "ScannedCount",
        "ItemCollectionMetrics",
    )
    return {name: value for name, value in given.items() if name not in about_the_call}


def mentioned(expression, values):
    """Return those of *values* that an expression mentions: DynamoDB takes no others."""
    known = {name: values[name] for name in re.findall(r":\w+", expression)}
    return {"ExpressionAttributeValues": known} if known else {}


CONDITIONS = (
    "attribute_exists(a_word)",
    "attribute_exists(another)",
    "attribute_not_exists(a_word)",
    "attribute_not_exists(another)",
    "attribute_not_exists(a_null)",
    "a_word = :b",
    "a_word <> :b",
    "a_word = :a OR a_word = :b",
    "a_word = :a AND attribute_exists(a_word) OR a_word = :b",
    "a_word = :b AND (a_word = :a OR a_word = :c)",
    "NOT a_word = :a",
    "NOT (a_word = :b AND a_truth = :yes)",
    "another = :a",
    "another <> :a",
    "NOT another = :a",
    "a_word < :c AND a_word > :a",
    "a_word <= :b AND a_word >= :b",
    "a_number < :five",
    "a_number <= :five",
    "a_number > :four",
    "a_truth = :yes",
    "a_number BETWEEN :four AND :five",
    "a_word BETWEEN :a AND :c",
    "begins_with(a_word, :b)",
    "begins_with(a_word, :a)",
    "attribute_exists(a_set) AND size(a_set) > :four",
    "attribute_not_exists(another) OR another <= :four",
)


@pytest.mark.parametrize("expression", CONDITIONS)
@pytest.mark.parametrize("item", [ITEM, None], ids=["an item", "no item"])
def test_a_condition_holds_for_the_model_where_it_holds_for_dynamodb(both, expression, item):
    if item:
        both("put_item", TableName="accounts", Item=item)

    theirs, ours = both(
        "update_item",
        TableName="accounts",
        Key=KEY,
        UpdateExpression="SET done = :done",
        ConditionExpression=expression,
        ReturnValues="ALL_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
        ExpressionAttributeValues={":done": True}
        | mentioned(expression, VALUES).get("ExpressionAttributeValues", {}),
    )

    assert ours == theirs


UPDATES = (
    "SET a_word = :a, a_number = :four",
    "SET a_word = :a REMOVE a_number, another",
    "SET another = if_not_exists(a_number, :four)",
    "SET another = if_not_exists(more, :four)",
    "SET a_number = if_not_exists(a_number, :four) + :five",
    "SET a_number = a_number - :four + :five",
    "SET #name = a_word, a_word = :a",
    "ADD a_number :four",
    "ADD more :four",
    "ADD a_set :names",
    "ADD more :names",
    "DELETE a_set :names",
    "DELETE a_set :every",
    "REMOVE a_set SET a_word = :c ADD a_number :five",
)


def reads_what_is_there(expression):
    """Tell whether an update works on what has to be there."""
    return (
        "a_number" in expression.replace("if_not_exists(a_number", "") or "= a_word" in expression
    )


UPDATED = [
    *((expression, ITEM) for expression in UPDATES),
    *((expression, None) for expression in UPDATES if not reads_what_is_there(expression)),
]


@pytest.mark.parametrize(("expression", "item"), UPDATED)
def test_an_update_leaves_in_the_model_what_it_leaves_in_dynamodb(both, expression, item):
    if item:
        both("put_item", TableName="accounts", Item=item)
    values = VALUES | {":names": {"two", "three"}, ":every": {"one", "two"}}
    names = {"ExpressionAttributeNames": {"#name": "another"}} if "#name" in expression else {}

    theirs, ours = both(
        "update_item",
        TableName="accounts",
        Key=KEY,
        UpdateExpression=expression,
        ReturnValues="ALL_NEW",
        **names,
        **mentioned(expression, values),
    )

    assert ours == theirs
    theirs, ours = both("get_item", TableName="accounts", Key=KEY, ConsistentRead=True)
    assert ours == theirs


@pytest.mark.parametrize("operation", ["put_item", "delete_item"])
@pytest.mark.parametrize("item", [ITEM, None], ids=["an item", "no item"])
def test_a_condition_of_a_whole_item(both, operation, item):
    if item:
        both("put_item", TableName="accounts", Item=item)
    what = {"Item": KEY | {"a_word": "new"}} if operation == "put_item" else {"Key": KEY}

    theirs, ours = both(
        operation, TableName="accounts", ConditionExpression="attribute_exists(a_word)", **what
    )

    assert ours == theirs
    theirs, ours = both("get_item", TableName="accounts", Key=KEY, ConsistentRead=True)
    assert ours == theirs


def pages(client, **asked):
    """Yield the pages of a query, each as its items and where it ended."""
    while True:
        page = answer(client, "query", asked)
        yield page["Items"], page.get("LastEvaluatedKey")
        if "LastEvaluatedKey" not in page:
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "more", ["", " AND sk > :b", " AND begins_with(sk, :b)", " AND sk BETWEEN :a AND :c"]
)
def test_a_query_gives_the_same_pages(dynamodb, forward, limit, more):
    ours = DynamoDB(template_tables())
    for client in (dynamodb, ours):
        for pk, sk in [("1", "c"), ("1", "a"), ("2", "b"), ("1", "b1"), ("1", "b"), ("1", "d")]:
            client.put_item(TableName="events", Item={"pk": pk, "sk": sk, "x": sk, "y": "y"})
    asked = {
        "TableName": "events",
        "KeyConditionExpression": f"pk = :pk{more}",
        "ExpressionAttributeValues": {
            ":pk": "1",
            **mentioned(more, VALUES).get("ExpressionAttributeValues", {}),
        },
        "ProjectionExpression": "sk, x",
        "ScanIndexForward": forward,
        "Limit": limit,
        "ConsistentRead": True,
    }

    def shown(client):
        return [item for items, _ in pages(client, **asked) for item in items]

    assert shown(ours) == shown(dynamodb)
    assert len(list(pages(ours, **asked))) >= len(shown(ours)) / limit


def test_an_index_holds_what_has_its_keys_in_their_order(dynamodb):
    ours = DynamoDB(template_tables())
    for client in (dynamodb, ours):
        for name, due_at in [("a", "3"), ("b", None), ("c", "1"), ("d", "2"), ("e", "2")]:
            due = {"due": "yes", "due_at": due_at} if due_at else {}
            client.put_item(TableName="accounts", Item={"account_id": name, "a_word": "x", **due})
    asked = {
        "TableName": "accounts",
        "IndexName": "by_due",
        "KeyConditionExpression": "due = :due AND due_at <= :now",
        "ExpressionAttributeValues": {":due": "yes", ":now": "2"},
        "ProjectionExpression": "account_id, due_at",
        "Limit": 2,
    }

    def shown(client):
        return [
            (i["account_id"], i["due_at"]) for items, _ in pages(client, **asked) for i in items
        ]

    assert sorted(shown(ours)) == sorted(shown(dynamodb)) == [("c", "1"), ("d", "2"), ("e", "2")]
    assert [at for _, at in shown(ours)] == [at for _, at in shown(dynamodb)] == ["1", "2", "2"]


def test_batches_write_and_find_the_same(both):
    item = {"pk": "1", "sk": "a", "a_word": "b", "a_number": Decimal("1.50")}
    both("put_item", TableName="events", Item={"pk": "1", "sk": "gone"})
    requests = [
        {"PutRequest": {"Item": item}},
        {"PutRequest": {"Item": {"pk": "1", "sk": "b"}}},
        {"DeleteRequest": {"Key": {"pk": "1", "sk": "gone"}}},
        {"DeleteRequest": {"Key": {"pk": "1", "sk": "never there"}}},
    ]

    theirs, ours = both("batch_write_item", RequestItems={"events": requests})
    assert ours == theirs
    keys = [{"pk": "1", "sk": sk} for sk in ("a", "b", "gone", "none")]
    asked = {
        "Keys": keys,
        "ConsistentRead": True,
        "ProjectionExpression": "pk, sk, #w, a_number",
        "ExpressionAttributeNames": {"#w": "a_word"},
    }
    theirs, ours = both("batch_get_item", RequestItems={"events": asked})
    for given in (theirs, ours):
        given["Responses"]["events"].sort(key=lambda each: each["sk"])
    assert ours == theirs
    assert len(ours["Responses"]["events"]) == 2


def test_what_is_not_modelled_is_refused_loudly():
    with pytest.raises(NotImplementedError):
        DynamoDB(template_tables()).update_item(
            TableName="accounts",
            Key=KEY,
            UpdateExpression="SET #a.#b = :c",
            ExpressionAttributeNames={"#a": "a", "#b": "b"},
            ExpressionAttributeValues={":c": 1},
        )
