import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import notifications
from calendar_mirror.notifications import Notification, Type, Unusable
from calendar_mirror.queries import callback_url

CHANNEL = {
    "channel_id": "chn_1",
    "callback_url": "https://example.com/notifications/acc_1",
    "filters": {},
}


def parsed(notification, channel=CHANNEL):
    return notifications.parse(
        json.dumps({"notification": notification, "channel": channel}).encode()
    )


def test_a_change_says_since_when():
    found = parsed({"type": "change", "changes_since": "2026-01-31T09:00:00Z"})

    assert found == Notification(Type.CHANGE, "acc_1", datetime(2026, 1, 31, 9, tzinfo=UTC))


@pytest.mark.parametrize("kind", list(Type))
def test_every_documented_type_is_known(kind):
    assert parsed({"type": kind.value}) == Notification(kind, "acc_1", None)


@pytest.mark.parametrize("since", [None, 5, "", "yesterday", "2026-01-31", "0000-12-29T00:00:00Z"])
def test_a_change_without_a_readable_time_is_a_change_all_the_same(since):
    assert parsed({"type": "change", "changes_since": since}).changes_since is None


def test_a_type_that_is_new_to_us_is_no_type_of_ours():
    assert parsed({"type": "profile_connected"}).type is None


@pytest.mark.parametrize(
    ("url", "account_id"),
    [
        ("https://example.com/notifications/acc_1", "acc_1"),
        ("https://example.com/stage/notifications/acc_1/", "acc_1"),
        ("http://127.0.0.1:4566/_aws/execute-api/x/notifications/acc_1?y=1#z", "acc_1"),
        ("https://example.com/notifications/a%40b", "a@b"),
        ("https://example.com/notifications/", None),
        ("https://example.com/notifications/a/b", None),
        ("https://example.com/notifications/a%2Fb", None),
        ("https://example.com/notifications/a%20b", None),
        ("https://example.com/notifications/%C3%A9", None),
        ("https://example.com/notifications/" + "a" * 129, None),
        ("https://example.com/other/acc_1", None),
        ("https://[broken/notifications/acc_1", None),
        (None, None),
        (7, None),
    ],
)
def test_the_account_is_the_one_that_the_signed_address_names(url, account_id):
    found = parsed({"type": "change"}, {"callback_url": url})

    expected = account_id or "foreign_callback_url"
    assert expected == (found.account_id if isinstance(found, Notification) else found.reason)


@given(st.text("abc@#~+=._-%&?", min_size=1, max_size=20))
def test_the_address_that_we_give_to_cronofy_is_read_back(account_id):
    address = callback_url("https://example.com", account_id)

    assert notifications.account_id_of(address) == account_id


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"{", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"1" * 5_000, "not_json"),
        (b"null", "no_notification"),
        (b"[1]", "no_notification"),
        (b'{"notification": []}', "no_notification"),
        (b'{"notification": {"type": 1}, "channel": {}}', "no_notification"),
        (b'{"notification": {"type": "change"}}', "no_channel"),
        (b'{"notification": {"type": "change"}, "channel": null}', "no_channel"),
        (b'{"notification": {"type": "change"}, "channel": {}}', "foreign_callback_url"),
    ],
)
def test_a_body_that_is_not_ours_says_why(body, reason):
    assert notifications.parse(body) == Unusable(reason)
