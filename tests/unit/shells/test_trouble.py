"""Which accounts somebody should know of: disconnected, never read, or silent."""

from datetime import timedelta

import pytest

from calendar_mirror import account_items
from calendar_mirror.accounts import Account, Tokens, Trouble
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.census import Census
from calendar_mirror.measures import Measure
from calendar_mirror.messages import Kind
from cronofy_simulator.settings import Settings
from tests.models.dynamodb import DynamoDB, Table
from tests.models.mirror import Mirror


@pytest.fixture
def mirror():
    return Mirror()


def trouble(mirror):
    return mirror.accounts.get("acc_1").trouble


def a_day_later(mirror):
    """Turn the clock to the account's next full read, and make it."""
    due_at = mirror.accounts.looks["acc_1"]
    mirror.clock.turn((due_at - mirror.clock()).total_seconds())
    assert mirror.reconcile() == 1
    mirror.settle()


def uid(mirror):
    return next(iter(mirror.truth().values()))["event_uid"]


def test_an_account_is_unread_until_its_whole_window_was_read(mirror):
    mirror.connect(read=False)
    assert trouble(mirror) is Trouble.UNREAD

    mirror.ask(kind=Kind.FULL)
    mirror.settle()

    assert trouble(mirror) is None


def test_an_account_whose_grant_has_ended_waits_for_its_user_until_it_is_connected_anew(mirror):
    made = mirror.connect()
    mirror.provider.control("POST", "accounts/acc_1/tokens/revoke")
    mirror.ask()
    mirror.settle()
    assert trouble(mirror) is Trouble.DISCONNECTED

    made = mirror.provider.control("POST", "accounts/acc_1/tokens")
    tokens = Tokens(made["refresh_token"], made["access_token"])
    mirror.accounts.replace_grant("acc_1", tokens, connected_at=mirror.clock())
    mirror.ask(kind=Kind.FULL)
    mirror.settle()

    assert trouble(mirror) is None


def test_an_account_with_a_disconnected_profile_waits_for_its_user(mirror):
    made = mirror.connect()
    profile = made["profiles"][0]["profile_id"]
    mirror.provider.control("POST", f"accounts/acc_1/profiles/{profile}/disconnect")
    mirror.ask(kind=Kind.PROFILES)

    mirror.settle()

    assert trouble(mirror) is Trouble.DISCONNECTED


def test_an_account_is_silent_when_a_full_read_finds_changes_that_nothing_was_notified_of(mirror):
    mirror.connect()
    mirror.change(uid(mirror), summary="nobody tells", quiet=True)

    a_day_later(mirror)

    assert trouble(mirror) is Trouble.SILENT
    a_day_later(mirror)
    assert trouble(mirror) is None


def test_a_silent_account_is_heard_again_with_its_next_notification(mirror):
    mirror.connect()
    mirror.change(uid(mirror), summary="nobody tells", quiet=True)
    a_day_later(mirror)
    assert trouble(mirror) is Trouble.SILENT

    mirror.ask()
    mirror.settle()

    assert trouble(mirror) is None


def test_an_account_that_was_heard_since_its_last_full_read_is_not_silent(mirror):
    mirror.connect()
    mirror.change(uid(mirror), summary="told")
    mirror.ask()
    mirror.settle()
    mirror.change(uid(mirror), summary="nobody tells", quiet=True)

    a_day_later(mirror)

    assert sum(report.counts["drift"] for report in mirror.reports) == 1
    assert trouble(mirror) is None


def test_an_account_in_which_nothing_happened_is_not_silent(mirror):
    mirror.connect()

    a_day_later(mirror)

    assert trouble(mirror) is None


def test_what_enters_the_window_as_time_passes_is_no_drift_and_no_silence():
    mirror = Mirror(settings=Settings())
    mirror.connect(events=0)
    mirror.provider.control(
        "POST", "accounts/acc_1/events", count=230, every_seconds=86_400, summary="Every day"
    )
    mirror.ask(kind=Kind.FULL)
    mirror.settle()
    mirror.forget()

    for _ in range(7):
        a_day_later(mirror)

    entered = sum(report.counts["entered"] for report in mirror.reports)
    assert 6 <= entered <= 8
    assert mirror.events.writes == entered
    assert sum(report.counts["drift"] for report in mirror.reports) == 0
    assert trouble(mirror) is None


def test_the_census_reads_the_accounts_in_trouble_and_no_others():
    tables = {"accounts": Table(("account_id",), {"by_trouble": ("trouble",)})}
    dynamodb = DynamoDB(tables, page=7)
    accounts, now = AccountsTable(dynamodb, "accounts"), Mirror().clock()
    troubles = [Trouble.UNREAD] * 20 + [Trouble.SILENT] * 3 + [None] * 200
    for number, each in enumerate(troubles):
        tables["accounts"].items[(f"acc_{number}",)] = {"account_id": f"acc_{number}"}
        accounts.remember_trouble(f"acc_{number}", each, since=now + timedelta(seconds=number))

    assert Census(dynamodb, "accounts")() == {
        Measure.ACCOUNTS: 223,
        Measure.DISCONNECTED: 0,
        Measure.UNREAD: 20,
        Measure.SILENT: 3,
        Measure.SILENT_SHARE: 1.3,
    }


def test_a_new_item_is_in_the_index_from_its_first_moment():
    item = account_items.new(Account("acc_1", "us", Tokens("r")), added_at=Mirror().clock())

    assert item["trouble"] == "unread"
    assert account_items.to_account(item).trouble is Trouble.UNREAD
