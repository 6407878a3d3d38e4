"""Tokens between the worker, an operator's command, a new consent, and the simulator."""

import pytest

from calendar_mirror.accounts import State
from calendar_mirror.errors import NeedsUserError, TryAgainError
from calendar_mirror.tokens import LEASE, MARGIN, StoredGrant
from cronofy_simulator.settings import Settings
from tests.models.mirror import CLIENT, Mirror

#: Cronofy replaces the refresh token, and forgets the old one at once.
STRICT = Settings(refresh_rotates=True, old_refresh_token_grace=0.0)


def operator(mirror):
    """What `calmirror verify` and its like open."""
    cronofy = mirror.cronofy()
    grant = StoredGrant(
        account_id="acc_1",
        tokens=mirror.accounts.tokens("acc_1"),
        refresh=lambda token: cronofy.refresh(token, CLIENT),
        store=mirror.accounts,
        now=mirror.clock,
        reserve=cronofy.reserve,
    )
    return cronofy, grant


def expire(mirror):
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")


def refreshes(mirror):
    return [path for _, path, _ in mirror.provider.requests].count("/oauth/token")


def equal(mirror):
    return mirror.events.live("acc_1") == mirror.truth()


def test_an_expired_token_is_refreshed_by_the_answer_401():
    mirror = Mirror(settings=STRICT)
    mirror.connect()
    expire(mirror)
    mirror.change(next(iter(mirror.truth().values()))["event_uid"], summary="x")
    mirror.ask()
    mirror.settle()

    assert refreshes(mirror) == 1
    assert equal(mirror)


def test_a_token_is_refreshed_before_it_ends_without_an_answer_401():
    mirror = Mirror(settings=STRICT)
    mirror.connect()
    expire(mirror)
    mirror.ask()
    mirror.settle()
    ends = mirror.accounts.tokens("acc_1").access_expires_at
    mirror.clock.turn((ends - mirror.clock() - MARGIN).total_seconds())
    mirror.forget()
    mirror.ask()
    mirror.settle()

    assert [path for _, path, _ in mirror.provider.requests] == ["/oauth/token", "/v1/events"]


def test_an_operator_who_refreshes_first_costs_the_worker_nothing():
    mirror = Mirror(settings=STRICT)
    mirror.connect()
    expire(mirror)
    cronofy, grant = operator(mirror)
    cronofy.user_info(grant)
    mirror.ask()
    mirror.settle()

    assert refreshes(mirror) == 1
    assert mirror.accounts.get("acc_1").state is State.CONNECTED


def test_an_operator_in_the_middle_of_the_workers_refresh_waits_and_then_uses_its_token():
    mirror = Mirror(settings=STRICT)
    mirror.connect()
    expire(mirror)
    cronofy, grant = operator(mirror)
    turned_away = []

    def at_the_refresh(request):
        if request.url.endswith("/oauth/token") and not turned_away:
            turned_away.append(True)
            with pytest.raises(TryAgainError) as caught:
                cronofy.user_info(grant)
            turned_away.append(caught.value.retry_after_s)

    mirror.provider.before = at_the_refresh
    mirror.ask()
    mirror.settle()
    cronofy.user_info(grant)

    assert turned_away == [True, LEASE.total_seconds()]
    assert refreshes(mirror) == 1
    assert mirror.accounts.get("acc_1").state is State.CONNECTED


def test_the_same_access_token_again_is_a_good_answer():
    mirror = Mirror(settings=Settings(reuse_access_token=True, refresh_rotates=False))
    mirror.connect()
    before = mirror.accounts.tokens("acc_1")
    _, grant = operator(mirror)

    assert grant.renewed() == before.access
    assert mirror.accounts.tokens("acc_1").refresh == before.refresh


def test_a_grant_that_was_withdrawn_is_told_to_whoever_asks_and_a_new_one_heals():
    mirror = Mirror(settings=STRICT)
    mirror.connect()
    mirror.provider.control("POST", "accounts/acc_1/tokens/revoke")
    cronofy, grant = operator(mirror)
    with pytest.raises(NeedsUserError) as caught:
        cronofy.user_info(grant)
    assert caught.value.reason == "invalid_grant"

    mirror.ask()
    mirror.settle()
    assert mirror.accounts.get("acc_1").state is State.NEEDS_USER
    given = mirror.provider.control("POST", "accounts/acc_1/tokens")
    tokens = type(grant.tokens)(given["refresh_token"], given["access_token"])
    mirror.accounts.replace_grant("acc_1", tokens, connected_at=mirror.clock())
    cronofy.user_info(grant)
    mirror.ask()
    mirror.settle()

    assert mirror.accounts.get("acc_1").state is State.CONNECTED
    assert equal(mirror)
