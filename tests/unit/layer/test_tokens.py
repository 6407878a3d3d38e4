"""One account's tokens, while others may use them: the worker, an operator, a new consent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.errors import (
    CronofyUnavailableError,
    NeedsUserError,
    StoreBusyError,
    TryAgainError,
)
from calendar_mirror.tokens import LEASE, MARGIN, StoredGrant
from tests.models.tables import Accounts

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Desk:
    """A token endpoint, a table, and whoever wants tokens; keeps what happened, in order."""

    def __init__(self, access="access 1", left=None, answers=()):
        self.now = NOON
        self.events, self.answers = [], list(answers)
        self.accounts = Accounts()
        tokens = Tokens("refresh 1", access, left and NOON + left)
        self.accounts.add(Account("acc_1", "us", tokens), added_at=NOON)

    def grant(self):
        kept = self.accounts.tokens("acc_1")
        return StoredGrant("acc_1", kept, self.refresh, self, lambda: self.now)

    def refresh(self, token):
        self.events.append(("refresh", token))
        answer = self.answers.pop(0) if self.answers else Tokens("refresh 2", "access 2")
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer

    def store_tokens(self, account_id, tokens, *, replacing):
        self.events.append(("store", tokens.refresh, tokens.access))
        return self.accounts.store_tokens(account_id, tokens, replacing=replacing)

    def __getattr__(self, name):
        return getattr(self.accounts, name)


def test_both_tokens_are_stored_before_the_new_one_is_used():
    desk = Desk()
    grant = desk.grant()

    assert grant.renewed() == "access 2"
    assert desk.events == [("refresh", "refresh 1"), ("store", "refresh 2", "access 2")]
    assert grant.access_token() == "access 2"
    assert desk.accounts.tokens("acc_1") == Tokens("refresh 2", "access 2")


@pytest.mark.parametrize(
    ("access", "left", "used"),
    [
        ("access 1", None, "access 1"),
        ("access 1", MARGIN + timedelta(seconds=1), "access 1"),
        ("access 1", MARGIN, "access 2"),
        (None, None, "access 2"),
    ],
)
def test_a_token_is_refreshed_when_it_is_missing_or_about_to_end(access, left, used):
    assert Desk(access, left).grant().access_token() == used


def test_an_answer_that_repeats_the_access_token_is_as_good():
    desk = Desk(answers=[Tokens("refresh 1", "access 1", NOON + timedelta(minutes=20))])

    assert desk.grant().renewed() == "access 1"


def test_what_somebody_else_has_refreshed_meanwhile_is_used_without_a_call():
    desk = Desk()
    worker, operator = desk.grant(), desk.grant()

    assert operator.renewed() == "access 2"
    assert worker.renewed() == "access 2"
    assert [event for event in desk.events if event[0] == "refresh"] == [("refresh", "refresh 1")]


def test_of_two_at_once_one_refreshes_and_the_other_comes_again():
    desk = Desk()
    operator = desk.grant()
    late = []

    def while_the_worker_waits_for_cronofy():
        with pytest.raises(TryAgainError) as caught:
            operator.renewed()
        late.append(caught.value.retry_after_s)
        return Tokens("refresh 2", "access 2")

    desk.answers = [while_the_worker_waits_for_cronofy]

    assert desk.grant().renewed() == "access 2"
    assert late == [LEASE.total_seconds()]
    assert desk.accounts.stored_tokens == [Tokens("refresh 2", "access 2")]


def test_who_stopped_in_the_middle_is_waited_for_no_longer_than_the_lease():
    desk = Desk(answers=[SystemExit()])
    with pytest.raises(SystemExit):
        desk.grant().renewed()

    with pytest.raises(TryAgainError):
        desk.grant().renewed()
    desk.now += LEASE
    assert desk.grant().renewed() == "access 2"


@pytest.mark.parametrize("error", [CronofyUnavailableError("503"), NeedsUserError("x", "y")])
def test_a_refresh_that_came_to_nothing_can_be_tried_again_at_once(error):
    desk = Desk(answers=[error])
    with pytest.raises(type(error)):
        desk.grant().renewed()

    assert desk.grant().renewed() == "access 2"


def connected_anew(desk):
    desk.accounts.replace_grant("acc_1", Tokens("refresh 9", "access 9"), connected_at=NOON)


def test_a_refusal_does_not_count_against_a_grant_that_was_given_meanwhile():
    desk = Desk()

    def refused():
        connected_anew(desk)
        raise NeedsUserError("invalid_grant", "refused")

    desk.answers = [refused]

    assert desk.grant().renewed() == "access 9"


def test_a_grant_that_was_given_meanwhile_is_not_overwritten():
    desk = Desk()

    def late():
        connected_anew(desk)
        return Tokens("refresh 2", "access 2")

    desk.answers = [late]

    assert desk.grant().renewed() == "access 9"
    assert desk.accounts.tokens("acc_1").refresh == "refresh 9"


class Busy(Desk):
    """A table that is busy when tokens are to be stored, so often."""

    times = 0

    def store_tokens(self, account_id, tokens, *, replacing):
        self.times -= 1
        if self.times >= 0:
            raise StoreBusyError("throttled")
        return super().store_tokens(account_id, tokens, replacing=replacing)


@pytest.mark.parametrize(("times", "kept"), [(4, True), (5, False)])
def test_a_busy_table_is_asked_again_before_what_was_given_is_given_up(times, kept):
    desk = Busy()
    desk.times = times
    if kept:
        assert desk.grant().renewed() == "access 2"
        return
    with pytest.raises(StoreBusyError):
        desk.grant().renewed()


def test_a_table_that_takes_no_writes_is_found_before_cronofy_is_asked():
    desk = Desk()

    def throttled(*_, **__):
        raise StoreBusyError("throttled")

    desk.accounts.lease_refresh = throttled
    with pytest.raises(StoreBusyError):
        desk.grant().renewed()

    assert desk.events == []


def test_no_token_shows_in_a_traceback():
    desk = Desk(access="secret a")

    assert "secret" not in repr(replace(desk.grant().tokens, refresh="secret r"))
    assert "secret" not in repr(desk.grant())
