"""
DynamoDB in memory, as boto3's client that takes and gives Python values: what the tables' code asks
of it, and nothing else (anything else is refused loudly).

tests/integration/layer/test_dynamodb_model.py and test_tables.py hold it to what moto does.
Source: DynamoDB API reference; developer guide, "Expressions"
"""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

_TOKEN = re.compile(r"\s*([#:]?[A-Za-z_]\w*|<>|<=|>=|[=<>(),+\-])")
_MISSING = object()


def refusal(code, operation, **more):
    """Return the error with which boto3 says no."""
    return ClientError({"Error": {"Code": code, "Message": code}, **more}, operation)


class Wire:
    """The way to a service, healthy. `between` lies between two items of one batch."""

    def call(self, operation, effect):
        return effect()

    def between(self):
        """Nothing happens here."""

    def undone(self, requests):
        """Return those of a batch that are left unprocessed."""
        return []

    def staleness_s(self):
        """Return how old an eventually consistent answer is."""
        return 0.0


@dataclass
class Table:
    """
    Attributes:
        key: names of its key's attributes.
        indexes: by name, the names of their keys' attributes.
        past: what each item was before, with when it ceased to be so: the latest few.
    """

    key: tuple[str, ...]
    indexes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    items: dict = field(default_factory=dict)
    past: dict = field(default_factory=dict)

    def key_of(self, values):
        return tuple(values[name] for name in self.key)


def template_tables():
    """Return the tables of the template, empty."""
    return {
        "events": Table(("pk", "sk")),
        "accounts": Table(
            ("account_id",), {"by_due": ("due", "due_at"), "by_trouble": ("trouble",)}
        ),
        "authorizations": Table(("state",)),
        "erasures": Table(("account", "asked_at")),
        "budget": Table(("data_center",)),
    }


@dataclass
class DynamoDB:
    """
    Attributes:
        tables: by name.
        now: seconds.
        written: told of each write: table's name, the item before, the item after.
        page: how many items a query returns at most.
    """

    tables: dict[str, Table]
    now: Callable[[], float] = lambda: 0.0
    wire: Wire = field(default_factory=Wire)
    written: Callable = lambda *_: None
    page: int = 1000

    def get_item(self, *, TableName, Key, ConsistentRead=False):  # noqa: N803
        table = self.tables[TableName]

        def effect():
            item = self._item(table, table.key_of(Key), ConsistentRead)
            return {} if item is None else {"Item": dict(item)}

        return self.wire.call("GetItem", effect)

    def describe_table(self, *, TableName):  # noqa: N803
        def effect():
            return {"Table": {"ItemCount": len(self.tables[TableName].items)}}

        return self.wire.call("DescribeTable", effect)

    def put_item(self, *, TableName, Item, ConditionExpression="", **values):  # noqa: N803
        def effect():
            self._check(TableName, Item, "PutItem", ConditionExpression, values)
            self._write(TableName, self.tables[TableName].key_of(Item), dict(Item))
            return {}

        return self.wire.call("PutItem", effect)

    def delete_item(self, *, TableName, Key, ConditionExpression="", **values):  # noqa: N803
        def effect():
            self._check(TableName, Key, "DeleteItem", ConditionExpression, values)
            self._write(TableName, self.tables[TableName].key_of(Key), None)
            return {}

        return self.wire.call("DeleteItem", effect)

    def update_item(
        self,
        *,
        TableName,  # noqa: N803
        Key,  # noqa: N803
        UpdateExpression,  # noqa: N803
        ConditionExpression="",  # noqa: N803
        ReturnValues="NONE",  # noqa: N803
        **values,
    ):
        def effect():
            item = self._check(TableName, Key, "UpdateItem", ConditionExpression, values)
            new = _updated(dict(item or Key), UpdateExpression, values)
            self._write(TableName, self.tables[TableName].key_of(Key), new)
            given = {"ALL_NEW": new, "NONE": None}
            attributes = given[ReturnValues]
            return {} if attributes is None else {"Attributes": dict(attributes)}

        return self.wire.call("UpdateItem", effect)

    def query(
        self,
        *,
        TableName,  # noqa: N803
        KeyConditionExpression,  # noqa: N803
        IndexName=None,  # noqa: N803
        ConsistentRead=False,  # noqa: N803
        ExclusiveStartKey=None,  # noqa: N803
        ScanIndexForward=True,  # noqa: N803
        ProjectionExpression="",  # noqa: N803
        Limit=None,  # noqa: N803
        **values,
    ):
        table = self.tables[TableName]
        order = (table.indexes[IndexName] if IndexName else ()) + table.key

        def place(item):
            return tuple(item[name] for name in order)

        def effect():
            wanted = condition(KeyConditionExpression)
            names, given = _given(values)
            known = (self._item(table, key, ConsistentRead) for key in [*table.items])
            found = [
                item
                for item in known
                if item is not None
                and all(name in item for name in order)
                and wanted(item, names, given)
            ]
            found.sort(key=place, reverse=not ScanIndexForward)
            if ExclusiveStartKey is not None:
                start = place(ExclusiveStartKey)
                found = [i for i in found if (place(i) > start) is ScanIndexForward]
                found = [i for i in found if place(i) != start]
            size = min(self.page, Limit or self.page)
            shown = [_projected(item, ProjectionExpression, names) for item in found[:size]]
            answer = {"Items": shown, "Count": len(shown)}
            if len(found) > size:
                answer["LastEvaluatedKey"] = {name: found[size - 1][name] for name in order}
            return answer

        return self.wire.call("Query", effect)

    def batch_get_item(self, *, RequestItems):  # noqa: N803
        ((name, asked),) = RequestItems.items()
        table, keys = self.tables[name], asked["Keys"]

        def effect():
            left = self.wire.undone(keys)
            known = (
                self._item(table, table.key_of(key), asked.get("ConsistentRead", False))
                for key in keys
                if key not in left
            )
            names = asked.get("ExpressionAttributeNames", {})
            projection = asked.get("ProjectionExpression", "")
            found = [_projected(item, projection, names) for item in known if item is not None]
            unprocessed = {name: {**asked, "Keys": left}} if left else {}
            return {"Responses": {name: found}, "UnprocessedKeys": unprocessed}

        return self.wire.call("BatchGetItem", effect)

    def batch_write_item(self, *, RequestItems):  # noqa: N803
        ((name, requests),) = RequestItems.items()
        table = self.tables[name]

        def effect():
            left = self.wire.undone(requests)
            for number, request in enumerate(each for each in requests if each not in left):
                if number:
                    self.wire.between()
                if "PutRequest" in request:
                    item = request["PutRequest"]["Item"]
                    self._write(name, table.key_of(item), dict(item))
                else:
                    self._write(name, table.key_of(request["DeleteRequest"]["Key"]), None)
            return {"UnprocessedItems": {name: left} if left else {}}

        return self.wire.call("BatchWriteItem", effect)

    def _item(self, table, key, consistent):
        stale_s = 0.0 if consistent else self.wire.staleness_s()
        if stale_s:
            then = self.now() - stale_s
            for ceased_at, item in table.past.get(key, ()):
                if ceased_at > then:
                    return item
        return table.items.get(key)

    def _write(self, name, key, item):
        table = self.tables[name]
        before = table.items.get(key)
        if before is None and item is None:
            return  # nothing was there, and no stream tells of it
        past = table.past.setdefault(key, [])
        past.append((self.now(), before))
        del past[:-4]
        if item is None:
            table.items.pop(key, None)
        else:
            table.items[key] = item
        self.written(name, before, item)

    def _check(self, name, key, operation, expression, values):
        """Return the item, if the condition holds for it."""
        table = self.tables[name]
        item = table.items.get(table.key_of(key))
        if expression and not condition(expression)(item or {}, *_given(values)):
            old = item if values.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else None
            more = (
                {"Item": {n: TypeSerializer().serialize(v) for n, v in old.items()}} if old else {}
            )
            raise refusal("ConditionalCheckFailedException", operation, **more)
        return item


def _given(values):
    return (
        values.get("ExpressionAttributeNames", {}),
        values.get("ExpressionAttributeValues", {}),
    )


def _projected(item, projection, names):
    if not projection:
        return dict(item)
    wanted = [names.get(name.strip(), name.strip()) for name in projection.split(",")]
    return {name: item[name] for name in wanted if name in item}


def _updated(item, expression, values):
    names, given = _given(values)
    before = dict(item)
    for action, token, value in update(expression):
        name = names.get(token, token)
        if action == "REMOVE":
            item.pop(name, None)
            continue
        new = value(before, names, given)
        if action == "SET":
            item[name] = deepcopy(new)
        elif action == "ADD" and isinstance(new, set):
            item[name] = item.get(name, set()) | new
        elif action == "ADD":
            item[name] = item.get(name, 0) + new
        else:
            item[name] = item.get(name, set()) - new
            if not item[name]:
                del item[name]
    return item


def _tokens(text):
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        matched = _TOKEN.match(text, at)
        if matched is None:
            raise NotImplementedError(f"not modelled: {text[at:]!r} in {text!r}")
        tokens.append(matched[1])
        at = matched.end()
    return tokens


@cache
def condition(text):
    """Return what tells whether an item meets the condition."""
    parser = _Parser(_tokens(text))
    parsed = parser.either()
    parser.end()
    return parsed


@cache
def update(text):
    """Return the steps of an update: what to do, to which attribute, with which value."""
    parser = _Parser(_tokens(text))
    steps, action = [], ""
    while parser.tokens:
        if parser.tokens[0] in ("SET", "REMOVE", "ADD", "DELETE"):
            action = parser.take()
        token, value = parser.take(), None
        if action == "SET":
            parser.expect("=")
            value = parser.sum()
        elif action in ("ADD", "DELETE"):
            value = parser.operand()
        steps.append((action, token, value))
        if parser.tokens[:1] == [","]:
            parser.take()
    return tuple(steps)


@dataclass
class _Parser:
    tokens: list[str]

    def take(self):
        return self.tokens.pop(0)

    def expect(self, token):
        if self.take() != token:
            raise NotImplementedError(f"not modelled: no {token!r} before {self.tokens}")

    def end(self):
        if self.tokens:
            raise NotImplementedError(f"not modelled: {self.tokens}")

    def either(self):
        parts = [self.both()]
        while self.tokens[:1] == ["OR"]:
            self.take()
            parts.append(self.both())
        return lambda *env: any(part(*env) for part in parts)

    def both(self):
        parts = [self.single()]
        while self.tokens[:1] == ["AND"]:
            self.take()
            parts.append(self.single())
        return lambda *env: all(part(*env) for part in parts)

    def single(self):
        if self.tokens[0] == "NOT":
            self.take()
            inner = self.single()
            return lambda *env: not inner(*env)
        if self.tokens[0] == "(":
            self.take()
            inner = self.either()
            self.expect(")")
            return inner
        if self.tokens[0] in ("attribute_exists", "attribute_not_exists"):
            wanted = self.take() == "attribute_exists"
            (asked,) = self.arguments()
            return lambda *env: (asked(*env) is not _MISSING) is wanted
        if self.tokens[0] == "begins_with":
            self.take()
            text, start = self.arguments()
            return lambda *env: str(text(*env)).startswith(start(*env))
        return self.comparison()

    def comparison(self):
        left, operator = self.operand(), self.take()
        if operator == "BETWEEN":
            least = self.operand()
            self.expect("AND")
            most = self.operand()
            return lambda *env: (
                _compare("<=", least(*env), left(*env)) and _compare("<=", left(*env), most(*env))
            )
        right = self.operand()
        return lambda *env: _compare(operator, left(*env), right(*env))

    def arguments(self):
        self.expect("(")
        found = [self.operand()]
        while self.tokens[:1] == [","]:
            self.take()
            found.append(self.operand())
        self.expect(")")
        return found

    def sum(self):
        left = self.operand()
        while self.tokens[:1] in (["+"], ["-"]):
            sign = 1 if self.take() == "+" else -1
            left = self._added(left, self.operand(), sign)
        return left

    def _added(self, left, right, sign):
        return lambda *env: left(*env) + sign * right(*env)

    def operand(self):
        token = self.take()
        if token == "if_not_exists":
            kept, other = self.arguments()
            return lambda *env: other(*env) if kept(*env) is _MISSING else kept(*env)
        if token == "size":
            (asked,) = self.arguments()
            return lambda *env: _size(asked(*env))
        if token.startswith(":"):
            return lambda item, names, values: values[token]
        return lambda item, names, values: item.get(names.get(token, token), _MISSING)


def _compare(operator, left, right):
    if operator == "=":
        return left is not _MISSING and left == right
    if operator == "<>":
        return left != right  # also where there is none
    numbers = _is_number(left) and _is_number(right)
    if not numbers and (type(left) is not type(right) or not isinstance(left, str)):
        return False
    return {
        "<": lambda: left < right,
        "<=": lambda: left <= right,
        ">": lambda: left > right,
        ">=": lambda: left >= right,
    }[operator]()


def _size(value):
    return _MISSING if value is _MISSING else len(value)


def _is_number(value):
    return hasattr(value, "__int__") and not isinstance(value, str | bool)
