"""
Cronofy's JSON documents: read without loss, and made fit for DynamoDB.

DynamoDB holds numbers of 38 digits, maps of 32 levels and items of 400 KB; JSON knows no such
bounds.
Source: DynamoDB developer guide, "Service, account, and table quotas"
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = bool | int | Decimal | str | list["Json"] | dict[str, "Json"] | None
Document: TypeAlias = dict[str, Json]

#: Room for the event itself; the rest of the 400 KB is for the attributes beside it.
MAX_BYTES = 380_000
MAX_DEPTH = 28
_IDS = ("calendar_id", "event_uid")
#: How `digest` spells a number that is no integer: as text, which could be an event's own as well.
_SPELLED_NUMBER = "Decimal('"


def parse(body: bytes) -> Json:
    """
    Read JSON, numbers exact.

    Raises:
        ValueError: it is not JSON, or nested beyond reason.
    """
    try:
        document: Json = json.loads(
            body, parse_float=_number, parse_int=_number, parse_constant=str
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return document


def digest(document: Mapping[str, Json]) -> str:
    """
    Return the hash that tells whether an event changed: over every field, in one canonical order.
    """
    numbers = 0

    def spelled(number: object) -> str:
        nonlocal numbers
        numbers += 1
        return repr(number)

    # The 1 was a version once: rows hold hashes with it.
    text = json.dumps([1, document], sort_keys=True, default=spelled, separators=(",", ":"))
    if text.count(_SPELLED_NUMBER) > numbers:  # text that looks like a number of ours
        text = json.dumps([2, _tagged(dict(document))], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def fit(document: Mapping[str, Json]) -> tuple[Document, tuple[str, ...]]:
    """
    Return *document* as DynamoDB can hold it, and the names of the top-level fields that had to be
    cut.

    A field that cannot be held at all is left out; of the others the largest is cut first, text to
    what there is room for. The two ids are never touched.
    """
    kept: Document = {}
    cut: list[str] = []
    for name, value in document.items():
        if name and _holds(value, MAX_DEPTH):
            kept[text(name)] = _storable(value)
        else:
            cut.append(text(name))
    sizes = {name: size(value) + len(name.encode()) for name, value in kept.items()}
    excess = sum(sizes.values()) - MAX_BYTES
    for largest in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if excess <= 0:
            break
        if largest in _IDS:
            continue
        shortened = _shortened(kept.pop(largest), sizes[largest] - len(largest.encode()) - excess)
        cut.append(largest)
        excess -= sizes[largest]
        if shortened:
            kept[largest] = shortened
            excess += size(shortened) + len(largest.encode())
    return kept, tuple(sorted(cut))


def size(value: Json) -> int:
    """
    Return the bytes that *value* takes in an item, rounded up.

    Source: DynamoDB developer guide, "DynamoDB item sizes and formats"
    """
    match value:
        case None | bool():
            return 1
        case str():
            return len(value.encode())
        case int() | Decimal():
            return len(str(value)) // 2 + 3
        case list():
            return 3 + sum(1 + size(each) for each in value)
        case dict():
            return 3 + sum(1 + len(name.encode()) + size(each) for name, each in value.items())


def text(value: str) -> str:
    """Replace lone surrogates, which JSON can spell and UTF-8 cannot."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _tagged(value: Json) -> Json:
    """Say of each text and number which of the two it is."""
    match value:
        case str():
            return f"text {value}"
        case Decimal():
            return f"number {value}"
        case list():
            return [_tagged(each) for each in value]
        case dict():
            return {name: _tagged(each) for name, each in value.items()}
        case _:
            return value


def _shortened(value: Json, room: int) -> str:
    return value.encode()[: max(0, room)].decode(errors="ignore") if isinstance(value, str) else ""


def _number(digits: str) -> int | Decimal | str:
    """
    Keep a number exact; one that DynamoDB cannot hold (38 digits, 1E-128 to 1E+126) stays the text
    it came as.

    Source: boto3.dynamodb.types.DYNAMODB_CONTEXT, a little narrower than the service itself
    """
    try:
        number = Decimal(digits)
    except ArithmeticError:
        return digits
    if len(number.as_tuple().digits) > 38 or not -128 <= number.adjusted() <= 125:
        return digits
    return int(digits) if digits.lstrip("-").isdigit() else number


def _holds(value: Json, depth: int) -> bool:
    match value:
        case list():
            return depth > 0 and all(_holds(each, depth - 1) for each in value)
        case dict():
            return depth > 0 and all(name and _holds(v, depth - 1) for name, v in value.items())
        case _:
            return True


def _storable(value: Json) -> Json:
    match value:
        case str():
            return text(value)
        case list():
            return [_storable(each) for each in value]
        case dict():
            return {text(name): _storable(each) for name, each in value.items()}
        case _:
            return value
