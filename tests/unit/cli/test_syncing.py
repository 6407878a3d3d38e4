from datetime import UTC, datetime, timedelta

import click
import pytest

from calendar_mirror import instants
from calendar_mirror.messages import Kind, Message
from calmirror import syncing

ASKED = datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)


def message(kind=Kind.DELTA):
    since = ASKED.replace(microsecond=0) if kind is Kind.DELTA else None
    return Message("acc_1", kind, since, ASKED, ASKED, "operator")


def item(started_s=None, *, full=False, state="connected", since_s=None):
    """An account that was read, and marked, so many seconds after the message was written."""
    found = {"account_id": "acc_1", "state": state, "state_reason": "invalid_grant"}
    if started_s is not None:
        started = ASKED + timedelta(seconds=started_s)
        reached = None if full else started - timedelta(seconds=120)
        found["last_read_started_at"] = instants.to_precise_text(started)
        found["last_read_last_modified"] = reached and instants.to_precise_text(reached)
    if since_s is not None:
        found["state_since"] = instants.to_text(ASKED + timedelta(seconds=since_s))
    return found


@pytest.mark.parametrize("kind", Kind)
def test_an_account_that_was_never_read_is_not_settled(kind):
    assert not syncing.is_settled(message(kind), item())


def test_a_read_that_started_before_does_not_settle():
    assert not syncing.is_settled(message(), item(-0.1))
    assert not syncing.is_settled(message(Kind.FULL), item(-0.1, full=True))


def test_a_read_that_started_right_after_settles():
    assert syncing.is_settled(message(), item(0.1))
    assert syncing.is_settled(message(Kind.FULL), item(0.1, full=True))


def test_a_full_read_was_asked_for_so_a_delta_does_not_settle():
    assert not syncing.is_settled(message(Kind.FULL), item(10))


def test_a_full_read_settles_what_asked_for_changes():
    assert syncing.is_settled(message(), item(10, full=True))


def test_a_read_that_reached_back_too_short_does_not_settle():
    short = item(300)

    assert not syncing.is_settled(message(), short)


def test_an_account_that_turned_out_to_need_its_user_ends_the_waiting():
    with pytest.raises(click.ClickException, match=r"acc_1 cannot be read: invalid_grant\."):
        syncing.is_settled(message(), item(-100, state="needs_user", since_s=2))


def test_what_an_account_needed_before_new_tokens_came_does_not_end_the_waiting():
    assert not syncing.is_settled(message(), item(-100, state="needs_user", since_s=-2))
