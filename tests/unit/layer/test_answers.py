from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import answers
from calendar_mirror.accounts import Tokens
from calendar_mirror.answers import Answer
from calendar_mirror.errors import (
    CronofyUnavailableError,
    NeedsUserError,
    PageExpiredError,
    RateLimitedError,
    UnexpectedAnswerError,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def answer(status=200, body=b"", retry_after=None):
    return Answer(status, body, retry_after, NOON)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, RateLimitedError),
        *((status, CronofyUnavailableError) for status in (402, 408, 423, 500, 502, 503, 504, 599)),
        *((status, NeedsUserError) for status in (401, 403)),
        *((status, UnexpectedAnswerError) for status in (302, 400, 404, 405, 410, 422, 451)),
    ],
)
def test_each_status_means_one_thing(status, error):
    with pytest.raises(error) as refusal:
        answers.refuse(answer(status, b"hidden"))

    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize("status", [404, 410])
def test_a_later_page_that_is_not_there_has_expired(status):
    with pytest.raises(PageExpiredError):
        answers.refuse(answer(status), later_page=True)


def test_a_complaint_names_parameters_and_quotes_nothing():
    body = b'{"errors": {"tzid": [{"key": "errors.required", "description": "hidden"}], "a": 1}}'

    with pytest.raises(UnexpectedAnswerError, match=r"^Cronofy answered 422 about a, tzid$"):
        answers.refuse(answer(422, body))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("120", 120),
        ("Sat, 31 Jan 2026 12:05:00 GMT", 300),
        ("Sat, 31 Jan 2026 11:00:00 GMT", -3600),
        ("Sat, 31 Jan 2026 12:05:00 -0000", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
        ("Sat, 31 Jan 99999 12:05:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(text, seconds):
    for status, error in ((429, RateLimitedError), (503, CronofyUnavailableError)):
        with pytest.raises(error) as refusal:
            answers.refuse(answer(status, retry_after=text))
        assert refusal.value.retry_after_s == seconds


def test_a_refresh_may_replace_the_refresh_token_or_leave_it_out():
    both = b'{"access_token": "a", "refresh_token": "r2", "expires_in": 3600}'
    one = b'{"access_token": "a"}'

    assert answers.tokens_of(answer(200, both), "r1") == Tokens(
        "r2", "a", NOON + timedelta(hours=1)
    )
    assert answers.tokens_of(answer(200, one), "r1") == Tokens("r1", "a", None)


@pytest.mark.parametrize("expires_in", [b"null", b'"soon"', b"-5", b"1e99", b"1" * 50, b"3600.5"])
def test_a_life_that_makes_no_sense_is_not_known(expires_in):
    body = b'{"access_token": "a", "expires_in": ' + expires_in + b"}"

    assert answers.tokens_of(answer(200, body), "r1").access_expires_at is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"access_token": ""}', b"\xff"])
def test_a_refresh_without_an_access_token_makes_no_sense(body):
    with pytest.raises(UnexpectedAnswerError):
        answers.tokens_of(answer(200, body), "r1")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error": "invalid_grant"}', NeedsUserError),
        (401, b'{"error": "invalid_grant"}', NeedsUserError),
        (400, b'{"error": "invalid_client"}', CronofyUnavailableError),
        (401, b"", CronofyUnavailableError),
        (400, b'{"error": "invalid_request"}', UnexpectedAnswerError),
        (400, b"not json", UnexpectedAnswerError),
        (429, b"", RateLimitedError),
        (503, b"", CronofyUnavailableError),
    ],
)
def test_only_a_grant_that_is_no_longer_valid_needs_the_user(status, body, error):
    with pytest.raises(error):
        answers.refuse_grant(answer(status, body), "api-de.cronofy.com")


def test_no_body_shows_in_a_traceback():
    assert "hidden" not in repr(answer(200, b"hidden"))
