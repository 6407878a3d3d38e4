"""Notifications over the wire: signature, the time that a callback has, retries, closing."""

import base64
import subprocess
import time

import pytest


def digest_by_openssl(secret, body):
    command = ["openssl", "dgst", "-sha256", "-hmac", secret, "-binary"]
    made = subprocess.run(command, input=body, capture_output=True, check=True)
    return base64.b64encode(made.stdout).decode()


def test_a_notification_is_signed_as_openssl_signs_it(cronofy, account, callback):
    cronofy.control("PATCH", "settings", client_secrets=["CRN_one", "two"])
    cronofy.channel(account, callback.url)
    cronofy.event(account)

    received = callback.wait(2)

    for each in received:
        expected = [digest_by_openssl(secret, each.body) for secret in ("CRN_one", "two")]
        assert each.headers["Cronofy-HMAC-SHA256"] == ",".join(expected)
        assert each.headers["Content-Type"] == "application/json; charset=utf-8"
        assert each.path == "/notifications/acc_1"


def test_a_change_arrives_within_a_moment(cronofy, account, callback, eventually):
    cronofy.verified(account, callback.url)
    started = time.monotonic()
    cronofy.event(account)
    callback.wait(2)

    assert time.monotonic() - started < 1
    eventually(lambda: cronofy.states() == ["delivered"])


def test_a_burst_arrives_completely(cronofy, account, callback, eventually):
    cronofy.channel(account, callback.url)
    cronofy.event(account, count=100)

    callback.wait(101)
    eventually(lambda: cronofy.states() == ["delivered"] * 100)


def test_an_answer_that_comes_too_late_is_a_failure(cronofy, account, callback):
    cronofy.control("PATCH", "settings", delivery_timeout=0.2)
    cronofy.verified(account, callback.url)
    callback.delay = 0.6
    cronofy.event(account)

    (attempt,) = cronofy.failed()
    assert attempt["ending"] == "timeout"
    assert 0.15 < attempt["seconds"] < 0.6


def test_an_answer_within_the_time_is_a_success(cronofy, account, callback, eventually):
    cronofy.control("PATCH", "settings", delivery_timeout=2)
    cronofy.verified(account, callback.url)
    callback.delay = 0.5
    cronofy.event(account)

    eventually(lambda: cronofy.states() == ["delivered"])


def test_by_default_a_callback_has_five_seconds(cronofy):
    assert cronofy.control("GET", "settings")["delivery_timeout"] == 5


def test_a_slow_callback_holds_up_no_other(cronofy, account, new_callback):
    slow, quick = new_callback(), new_callback()
    cronofy.verified(account, slow.url)
    slow.delay = 2
    cronofy.event(account, count=30)
    slow.wait(5)

    started = time.monotonic()
    cronofy.channel(account, quick.url)
    cronofy.event(account, count=10)
    quick.wait(11)
    assert time.monotonic() - started < 1.5
    cronofy.control("POST", "reset")


@pytest.mark.parametrize("status", [500, 404, 301])
def test_a_failed_delivery_comes_again_when_the_clock_says_so(
    cronofy, account, callback, eventually, status
):
    cronofy.verified(account, callback.url)
    callback.status = status
    callback.location = f"{callback.url}/elsewhere"
    cronofy.event(account)
    cronofy.failed()
    assert len(callback.received) == 2  # a redirect was not followed

    callback.status = 200
    cronofy.control("POST", "clock", advance_seconds=15)
    first, second = callback.wait(3)[1:]
    assert first.body == second.body
    eventually(lambda: cronofy.states() == ["delivered"])


def test_a_callback_that_nobody_listens_at_is_unreachable(cronofy, account):
    cronofy.channel(account, "http://127.0.0.1:1/nobody")
    cronofy.event(account)

    (attempt,) = cronofy.failed()
    assert attempt["ending"] == "unreachable"


def test_a_day_of_failure_closes_the_channel(cronofy, account, callback, eventually):
    cronofy.verified(account, callback.url)
    callback.status = 503
    cronofy.event(account)
    delays = cronofy.control("GET", "settings")["retry_delays"]
    for attempts, seconds in enumerate(delays, start=1):
        cronofy.failed(attempts)
        cronofy.control("POST", "clock", advance_seconds=seconds)
    eventually(lambda: cronofy.states() == ["given up"])
    cronofy.control("POST", "clock", advance_seconds=86400)

    (channel,) = cronofy.control("GET", "accounts/acc_1")["channels"]
    assert channel["closed"]
    assert len(callback.received) == 1 + 10


@pytest.mark.parametrize("fails", [True, False])
def test_verification_can_come_before_the_answer(cronofy, account, callback, fails):
    cronofy.control(
        "PATCH", "settings", verification="before_answer", failed_verification_fails_create=fails
    )
    callback.status = 500

    response = cronofy.call(account, "POST", "/v1/channels", json={"callback_url": callback.url})

    assert len(callback.received) == 1
    assert response.status_code == (422 if fails else 200)
