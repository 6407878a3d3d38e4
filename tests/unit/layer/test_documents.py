import json
import time
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendar_mirror import documents

IDS = {"calendar_id": "cal_1", "event_uid": "evt_1"}
texts = st.text(max_size=20) | st.sampled_from(["\ud800", "a\udfffb", ""])
numbers = st.integers() | st.floats() | st.sampled_from([10**400, 1e-300, -(10**37), 123456.789])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def nested(depth):
    return [] if depth == 0 else [nested(depth - 1)]


def size_of(attribute):
    """DynamoDB's own rule, on its own wire format: independent of `documents.size`."""
    ((kind, value),) = attribute.items()
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        return len(value.strip("-0.")) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + size_of(each) for each in value)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size_of(each) for name, each in value.items())
    return 1


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(texts, values, max_size=6))
def test_whatever_json_can_say_dynamodb_can_hold_afterwards(fields):
    document = documents.parse(json.dumps(fields | IDS).encode())

    kept, _ = documents.fit(document)
    item = TypeSerializer().serialize(kept)

    assert json.loads(json.dumps(item))  # no lone surrogate, nothing that JSON cannot carry
    assert size_of(item) <= documents.MAX_BYTES
    assert {name: kept[name] for name in IDS} == IDS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-0", 0),
        ("51.50", Decimal("51.50")),
        ("1e400", "1e400"),
        ("1" * 39, "1" * 39),
        ("1" * 5_000, "1" * 5_000),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999999999999999999999", "1e999999999999999999999"),
    ],
)
def test_a_number_stays_exact_or_stays_text(text, value):
    assert documents.parse(f'{{"n": {text}}}'.encode()) == {"n": value}


def test_json_that_is_nested_beyond_reason_is_no_json():
    with pytest.raises(ValueError, match="deep"):
        documents.parse(b"[" * 100_000)


def test_an_event_of_900_kb_is_cut_where_it_is_largest_and_says_so():
    document = IDS | {"description": "é" * 450_000, "summary": "Lunch"}

    kept, truncated = documents.fit(document)

    assert truncated == ("description",)
    assert kept["summary"] == "Lunch"
    assert documents.MAX_BYTES - 10 < documents.size(kept) <= documents.MAX_BYTES + 10
    assert set(kept["description"]) == {"é"}


def test_an_event_of_very_many_fields_is_cut_in_reasonable_time():
    document = IDS | {f"field {number}": "x" * (number % 7) for number in range(60_000)}
    began = time.monotonic()

    kept, truncated = documents.fit(document)

    assert documents.size(kept) <= documents.MAX_BYTES + len(kept)
    assert len(kept) + len(truncated) == len(document)
    assert time.monotonic() - began < 5


def test_a_list_that_is_too_large_is_left_out_whole():
    document = IDS | {"attendees": [{"email": f"{n}@example.com"} for n in range(40_000)]}

    assert documents.fit(document) == (IDS, ("attendees",))


def test_the_ids_are_kept_even_where_they_are_the_largest_fields():
    ids = {"calendar_id": "c" * 600, "event_uid": "e" * 400}
    others = {f"field {number}": "x" * 300 for number in range(2_000)}

    kept, truncated = documents.fit(others | ids)

    assert {name: kept[name] for name in ids} == ids
    assert truncated


def test_what_is_nested_as_deeply_as_dynamodb_can_hold_is_kept_and_no_deeper():
    kept = [depth for depth in range(40) if documents.fit(IDS | {"deep": nested(depth)})[1] == ()]
    levels = max(kept) + 1 + len(["the event's own map"])

    assert kept == list(range(len(kept)))
    assert 24 <= levels <= 32


def test_a_field_that_dynamodb_cannot_hold_is_left_out_and_named():
    assert documents.fit(IDS | {"deep": nested(40)}) == (IDS, ("deep",))
    assert documents.fit(IDS | {"odd": {"": 1}}) == (IDS, ("odd",))
    assert documents.fit(IDS | {"": 1}) == (IDS, ("",))


def test_equal_documents_have_equal_digests_whatever_the_order_of_their_fields():
    one, other = {"a": 1, "b": Decimal("1.5")}, {"b": Decimal("1.5"), "a": 1}

    assert documents.digest(one) == documents.digest(other)
    assert documents.digest(one) != documents.digest(one | {"c": None})


def test_a_number_is_not_the_same_digits_as_text():
    as_number, as_text = documents.parse(b'[1.5, "1.5"]')

    assert documents.digest({"a": as_number}) != documents.digest({"a": as_text})


def test_the_digests_of_rows_that_exist_stay_as_they_are():
    assert documents.digest({"calendar_id": "cal_1", "price": Decimal("1.5")}) == (
        "6a811c71a289171ce2da43042a23703446d3c614f578b830b25a1421200b3249"
    )


def test_a_number_and_the_text_that_spells_it_never_share_a_hash():
    bodies = [
        b'{"v": 1.5}',
        b"""{"v": "Decimal('1.5')"}""",
        b'{"v": "1.5"}',
        b'{"v": "number 1.5"}',
        b"""{"v": "text Decimal('1.5')"}""",
        b"""{"v": [1.5, "Decimal('1.5')"]}""",
        b"""{"v": ["Decimal('1.5')", 1.5]}""",
        b"""{"v": ["Decimal('1.5')", "number 1.5"]}""",
    ]

    assert len({documents.digest(documents.parse(body)) for body in bodies}) == len(bodies)


def test_a_document_without_such_text_keeps_the_hash_that_rows_hold():
    document = documents.parse(b'{"summary": "Lunch", "location": {"lat": 51.5}, "n": [1, null]}')

    assert documents.digest(document) == (
        "b6035f265b0d6ffecc0a9227410baf0eb3c0479c12d965c6cf8b4ff9ba2b9fa2"
    )
