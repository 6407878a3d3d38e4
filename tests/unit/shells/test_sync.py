"""The worker: what it reads and writes, and what becomes of messages when something is wrong."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from calendar_mirror import budgets, messages
from calendar_mirror.accounts import State
from calendar_mirror.attending import Attendant
from calendar_mirror.errors import (
    AwsCallError,
    SettingsError,
    StoreBusyError,
    StoreRefusedError,
)
from calendar_mirror.messages import Kind, request
from calendar_mirror.planning import CompletedRead
from calendar_mirror.reports import Outcome
from cronofy_simulator.settings import Settings
from tests.models.mirror import Mirror

OVERLAP = timedelta(seconds=120)


@pytest.fixture
def mirror():
    return Mirror()


def uids(mirror):
    return [event["event_uid"] for event in mirror.truth().values()]


def equal(mirror, account_id="acc_1"):
    return mirror.events.live(account_id) == mirror.truth(account_id)


def cursor(mirror):
    return mirror.accounts.get("acc_1").last_read


def test_a_new_account_gets_its_channel_before_its_first_read(mirror):
    mirror.connect(read=False)
    mirror.ask(kind=Kind.FULL)

    mirror.settle()

    assert [(method, path) for method, path, _ in mirror.provider.requests] == [
        ("GET", "/v1/userinfo"),
        ("POST", "/v1/channels"),
        ("GET", "/v1/events"),
    ]
    assert equal(mirror)
    channels = mirror.provider.control("GET", "accounts/acc_1")["channels"]
    assert [c["callback_url"] for c in channels] == ["https://example.com/notifications/acc_1"]


def test_a_read_asks_for_deletions_moves_and_managed_events_in_utc(mirror):
    mirror.connect()
    mirror.ask()
    mirror.settle()

    (query,) = mirror.provider.reads()
    assert query.pop("last_modified")
    assert query == {
        "tzid": "Etc/UTC",
        "include_deleted": "true",
        "include_moved": "true",
        "include_managed": "true",
    }


def test_all_messages_of_a_batch_are_one_read_from_the_earliest_change(mirror):
    mirror.connect()
    now = mirror.clock()
    for minutes in (3, 20, 1):
        mirror.ask(since=now - timedelta(minutes=minutes))

    mirror.settle()

    (query,) = mirror.provider.reads()
    assert query["last_modified"] == (now - timedelta(minutes=20) - OVERLAP).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
    assert mirror.outcomes() == {"read": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"summary": "New"},
        {"move_seconds": 7200},
        {"move_seconds": 400 * 86_400},
        {"location": None},
    ],
)
def test_a_change_arrives_and_costs_one_call_and_one_write(mirror, changes):
    mirror.connect()
    mirror.change(uids(mirror)[0], **changes)
    mirror.ask()

    mirror.settle()

    assert {**mirror.truth(), **mirror.events.live("acc_1")} == mirror.events.live("acc_1")
    assert (len(mirror.provider.requests), mirror.events.writes) == (1, 1)


def test_a_move_to_another_calendar_leaves_a_tombstone_behind(mirror):
    made = mirror.connect()
    mirror.change(uids(mirror)[0], calendar_id=made["calendars"][1]["calendar_id"])
    mirror.ask()

    mirror.settle()

    assert equal(mirror)
    assert sum(item["deleted"] for item in mirror.events.items.values()) == 1


def test_a_deletion_becomes_a_tombstone(mirror):
    mirror.connect()
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{uids(mirror)[0]}")
    mirror.ask()
    mirror.settle()

    assert equal(mirror)
    assert sum(item["deleted"] for item in mirror.events.items.values()) == 1
    assert mirror.events.writes == 1


def test_a_repeated_notification_without_a_change_writes_nothing(mirror):
    mirror.connect(events=20)
    for _ in range(5):
        mirror.ask()
        mirror.settle()
        mirror.clock.turn(5)

    assert mirror.events.writes == 0
    assert len(mirror.provider.reads()) == 5


def test_a_message_whose_read_was_made_already_costs_no_call(mirror):
    mirror.connect()
    mirror.ask(since=mirror.clock() - timedelta(seconds=30))
    late = mirror.queue.messages[0].body
    mirror.clock.turn(5)
    mirror.settle()
    mirror.forget()

    mirror.queue.send(group="acc_1", body=late, deduplication_id="redelivered")
    mirror.settle()

    assert mirror.provider.requests == []
    assert mirror.outcomes() == {"settled_before": 1}


def test_a_lost_notification_is_made_good_by_the_next(mirror):
    mirror.connect()
    mirror.change(uids(mirror)[0], summary="nobody told us")
    mirror.clock.turn(3600)
    mirror.change(uids(mirror)[1], summary="told")
    mirror.ask()

    mirror.settle()

    assert equal(mirror)


def test_a_change_that_shows_late_with_an_early_time_is_read_by_the_overlap():
    mirror = Mirror(settings=Settings(visibility_lag=90.0))
    mirror.connect(events=0)
    mirror.provider.control("POST", "accounts/acc_1/events", summary="late")
    mirror.ask()
    mirror.settle()
    assert mirror.events.live("acc_1") == {}

    mirror.clock.turn(91)
    mirror.ask()
    mirror.settle()

    assert len(mirror.events.live("acc_1")) == 1


def test_every_page_is_written_and_only_then_the_cursor_moves():
    mirror = Mirror(settings=Settings(page_size=7))
    mirror.connect(events=40, read=False)
    mirror.ask(kind=Kind.FULL)
    started = mirror.clock()
    mirror.settle()

    assert equal(mirror)
    assert cursor(mirror) == CompletedRead(started, None)
    assert mirror.reports[0].counts["pages"] == 6


def test_the_cursor_is_the_time_before_the_first_page_however_long_the_read_takes():
    mirror = Mirror(settings=Settings(page_size=7))
    mirror.connect(events=20)
    mirror.provider.before = lambda _: mirror.clock.turn(5)
    mirror.ask(kind=Kind.FULL)
    began = mirror.clock()

    mirror.drain()

    # UserInfo comes before the read, and three pages make it up.
    assert mirror.clock() - began == timedelta(seconds=5 + 15)
    assert cursor(mirror) == CompletedRead(began + timedelta(seconds=5), None)


def fault(mirror, **fields):
    mirror.provider.control("POST", "faults", **fields)


def test_an_expired_page_link_starts_the_read_again_once():
    mirror = Mirror(settings=Settings(page_size=10))
    mirror.connect(events=25, read=False)
    fault(mirror, kind="status", status=404, path="/v1/events/pages/*", count=1)
    mirror.ask(kind=Kind.FULL)

    mirror.settle()

    assert equal(mirror)
    assert len(mirror.provider.reads()) == 2
    assert mirror.outcomes() == {"read": 1}


def test_page_links_that_expire_again_and_again_put_the_messages_back():
    mirror = Mirror(settings=Settings(page_size=10))
    mirror.connect(events=25, read=False)
    fault(mirror, kind="status", status=410, path="/v1/events/pages/*", count=2)
    mirror.ask(kind=Kind.FULL)

    assert mirror.drain() == 1
    assert mirror.outcomes() == {"put_back": 1}
    assert cursor(mirror) is None
    mirror.settle()
    assert equal(mirror)


@pytest.mark.parametrize(
    "trouble",
    [
        *({"kind": "status", "status": s} for s in (402, 423, 429, 500, 502, 503, 504)),
        {"kind": "drop_before"},
        {"kind": "drop_after"},
    ],
    ids=str,
)
def test_trouble_that_passes_puts_the_messages_back_and_loses_nothing(mirror, trouble):
    mirror.connect()
    before = cursor(mirror)
    mirror.change(uids(mirror)[0], summary="during the outage")
    fault(mirror, **trouble, count=3)
    mirror.ask()

    mirror.drain()
    assert mirror.outcomes() == {"put_back": 1}
    assert cursor(mirror) == before
    assert mirror.queue.next_visible_at() - mirror.clock().timestamp() <= 2
    mirror.settle()

    assert equal(mirror)
    assert mirror.queue.dead == []
    assert mirror.outcomes() == {"put_back": 3, "read": 1}


def test_retry_after_is_respected(mirror):
    mirror.connect()
    fault(mirror, kind="status", status=429, headers={"Retry-After": "300"}, count=1)
    mirror.ask()
    at = mirror.clock()

    mirror.settle()

    assert mirror.clock() - at >= timedelta(seconds=300)


def test_an_outage_of_hours_makes_no_dead_letter(mirror):
    mirror.connect()
    mirror.change(uids(mirror)[0], summary="during the outage")
    fault(mirror, outage=True, lasts_seconds=6 * 3600)
    mirror.ask()

    mirror.settle()

    assert equal(mirror)
    assert mirror.queue.dead == []
    assert 20 < mirror.outcomes()["put_back"] < 60


def test_a_busy_table_puts_the_messages_back_and_the_next_try_ends_the_work(mirror):
    mirror.connect(events=0)
    mirror.provider.control("POST", "accounts/acc_1/events", count=10, summary="x")
    mirror.events.failures = [None, None, None, StoreBusyError("throttled")]
    mirror.ask()

    mirror.settle()

    assert equal(mirror)
    assert mirror.outcomes() == {"put_back": 1, "read": 1}


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"kind": "malformed"}, "no JSON object"),
        ({"kind": "status", "status": 200, "body": "[]"}, "no JSON object"),
        ({"kind": "status", "status": 200, "body": "{}"}, "without a list of events"),
        ({"kind": "status", "status": 404}, "404"),
        ({"kind": "status", "status": 302}, "302"),
        (
            {"kind": "status", "status": 422, "body": '{"errors": {"tzid": [{"key": "x"}]}}'},
            "422 about tzid",
        ),
        ({"kind": "status", "status": 422, "body": "oops"}, "422"),
    ],
    ids=str,
)
def test_an_answer_that_makes_no_sense_sets_the_messages_aside_at_once(mirror, trouble, reason):
    mirror.connect()
    before = cursor(mirror)
    fault(mirror, **trouble, path="/v1/events*", count=1)
    mirror.ask()

    mirror.settle()

    ((_, told),) = mirror.queue.dead
    assert reason in told
    assert cursor(mirror) == before
    mirror.change(uids(mirror)[0], summary="later")
    mirror.ask()
    mirror.settle()
    assert equal(mirror)


def test_a_message_that_cannot_be_read_is_set_aside_and_those_beside_it_are_settled(mirror):
    mirror.connect()
    mirror.queue.send(group="acc_1", body="not a message", deduplication_id="1")
    mirror.ask()

    mirror.settle()

    assert [delivery.body for delivery, _ in mirror.queue.dead] == ["not a message"]
    assert mirror.outcomes() == {"dead_lettered": 1, "read": 1}


def test_freshness_counts_from_the_earliest_message_and_only_a_read_has_one(mirror):
    mirror.connect()
    mirror.ask()
    mirror.clock.turn(30)
    mirror.ask()
    mirror.clock.turn(12)
    mirror.ask("acc_nobody")

    mirror.settle()

    assert [report.freshness_s for report in mirror.reports] == [42.0, None]


def test_freshness_is_that_of_what_was_notified_whatever_else_waited_for_longer(mirror):
    mirror.connect()
    mirror.send(request("acc_1", Kind.CHECK, now=mirror.clock(), cause="reconcile"))
    mirror.send(request("acc_1", Kind.DELTA, now=mirror.clock(), cause="operator"))
    mirror.clock.turn(300)
    mirror.ask()
    mirror.clock.turn(7)

    mirror.settle()

    (report,) = mirror.reports
    assert report.outcome is Outcome.READ
    assert (report.freshness_s, report.live_age_s, report.background_age_s) == (7.0, 307.0, 307.0)


def test_a_read_that_nobody_was_notified_for_has_no_freshness(mirror):
    mirror.connect()
    mirror.clock.turn((mirror.accounts.looks["acc_1"] - mirror.clock()).total_seconds())
    mirror.reconcile()

    mirror.settle()

    (report,) = mirror.reports
    assert (report.outcome, report.freshness_s) == (Outcome.READ, None)


def test_freshness_ends_with_the_last_write_and_not_with_what_comes_after_it(mirror):
    mirror.connect()
    mirror.change(uids(mirror)[0], summary="later")
    remembered, write = mirror.accounts.remember_read, mirror.events.write

    def remember_slowly(*args, **kwargs):
        mirror.clock.turn(50)
        return remembered(*args, **kwargs)

    def write_slowly(*args, **kwargs):
        mirror.clock.turn(3)
        return write(*args, **kwargs)

    mirror.accounts.remember_read, mirror.events.write = remember_slowly, write_slowly
    mirror.ask()

    mirror.drain()

    assert mirror.reports[-1].freshness_s == 3.0


def test_the_age_of_messages_that_are_put_back_goes_on_growing(mirror):
    mirror.connect()
    mirror.provider.control("POST", "faults", kind="status", status=503, lasts_seconds=300)
    mirror.ask()

    mirror.settle()

    ages = [report.live_age_s for report in mirror.reports]
    assert mirror.outcomes()["put_back"] > 3
    assert ages == sorted(ages)
    assert ages[-1] > 300


def test_calls_are_counted_by_what_cronofy_answered(mirror):
    mirror.connect()
    for fault in (
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 503},
        {"kind": "drop_before"},
        {"kind": "expire_access"},
    ):
        mirror.provider.control("POST", "faults", count=1, path="/v1/events", **fault)
        mirror.ask()
        mirror.settle()

    total = Counter()
    for report in mirror.reports:
        total.update(report.counts)
    classes = ("answered", "refused", "throttled", "failed", "unanswered")
    assert [total[name] for name in classes[1:]] == [1, 1, 1, 1]
    assert sum(total[name] for name in classes) == total["calls"] == len(mirror.provider.requests)


@pytest.mark.parametrize(("cause", "counted"), [("reconcile", 0), ("operator", 1)])
def test_messages_that_wait_for_calls_are_counted_where_somebody_waits_for_them(cause, counted):
    mirror = Mirror(limit=budgets.limit(120))
    mirror.connect()
    mirror.budget.item["arrival"] = round(mirror.clock().timestamp() * 1000) + 20_000
    mirror.send(request("acc_1", Kind.CHECK, now=mirror.clock(), cause=cause))

    mirror.drain()

    (report,) = mirror.reports
    assert (report.outcome, report.counts["out_of_calls"]) == (Outcome.PUT_BACK, counted)
    assert report.counts["store_busy"] == 0


def test_messages_that_wait_for_the_store_are_counted(mirror):
    mirror.connect()
    mirror.change(uids(mirror)[0], summary="new")
    mirror.events.failures = [StoreBusyError("throttled")]
    mirror.ask()

    mirror.settle()

    counts = [(r.counts["store_busy"], r.counts["out_of_calls"]) for r in mirror.reports]
    assert counts == [(1, 0), (0, 0)]


def test_a_refresh_that_gives_no_token_is_counted(mirror):
    mirror.connect()
    mirror.provider.control("POST", "faults", kind="status", status=500, count=1, path="/oauth/*")
    mirror.provider.control("POST", "faults", kind="expire_access", count=1, path="/v1/events")
    mirror.ask()

    mirror.settle()

    counts = [(r.counts["refreshes"], r.counts["refreshes_failed"]) for r in mirror.reports]
    assert counts == [(1, 1), (1, 0)]


def test_what_the_dead_letter_queue_does_not_take_comes_again(mirror):
    class Full:
        """A queue whose dead-letter queue takes nothing."""

        def set_aside(self, batch, reason):
            return False

    healthy = mirror.worker
    mirror.worker = replace(healthy, queue=Full())
    mirror.queue.send(group="acc_1", body="not a message", deduplication_id="1")

    assert mirror.drain() == 1
    assert mirror.outcomes() == {"put_back": 1}
    mirror.worker = healthy
    mirror.settle()
    assert [delivery.body for delivery, _ in mirror.queue.dead] == ["not a message"]


def test_a_message_in_another_accounts_group_is_set_aside(mirror):
    mirror.connect()
    mirror.ask()
    mirror.queue.messages[0].group = "acc_2"

    mirror.settle()

    assert "another account" in mirror.queue.dead[0][1]


def test_an_expired_token_is_refreshed_once_and_both_tokens_are_stored(mirror):
    mirror.connect()
    before = mirror.accounts.get("acc_1").tokens
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")
    mirror.ask()

    mirror.settle()

    (stored,) = mirror.accounts.stored_tokens
    assert stored.access != before.access
    assert stored.refresh != before.refresh
    assert [path for _, path, _ in mirror.provider.requests] == [
        "/v1/events",
        "/oauth/token",
        "/v1/events",
    ]
    assert mirror.outcomes() == {"read": 1}


@pytest.mark.parametrize(
    "settings",
    [
        Settings(refresh_rotates=False),
        Settings(reuse_access_token=True),
        Settings(invalid_client_status=401),
        Settings(deleted_fields="ids"),
        Settings(last_page_link="null"),
        Settings(last_page_link="empty"),
        Settings(page_order="random", page_size=2),
        Settings(pages="live", page_size=2),
        Settings(moved_event_uid="new"),
        Settings(verification="before_answer"),
    ],
    ids=lambda settings: "",
)
def test_what_is_not_known_of_cronofy_makes_no_difference(settings):
    mirror = Mirror(settings=settings)
    made = mirror.connect(events=6)
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")
    first, second, third = uids(mirror)[:3]
    mirror.change(first, summary="renamed")
    mirror.change(second, calendar_id=made["calendars"][1]["calendar_id"])
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{third}")
    mirror.ask()

    mirror.settle()

    assert equal(mirror)


def test_a_revoked_grant_marks_the_account_settles_its_messages_and_a_new_grant_heals(mirror):
    mirror.connect()
    mirror.provider.control("POST", "accounts/acc_1/tokens/revoke")
    mirror.ask()
    mirror.settle()

    account = mirror.accounts.get("acc_1")
    assert (account.state, account.state_reason) == (State.NEEDS_USER, "invalid_grant")
    assert mirror.outcomes() == {"needs_user": 1}
    assert mirror.queue.dead == []

    given = mirror.provider.control("POST", "accounts/acc_1/tokens")
    tokens = type(account.tokens)(given["refresh_token"], given["access_token"])
    mirror.accounts.replace_grant("acc_1", tokens, connected_at=mirror.clock())
    mirror.change(uids(mirror)[0], summary="meanwhile")
    mirror.ask(kind=Kind.FULL)
    mirror.settle()
    assert mirror.accounts.get("acc_1").state is State.CONNECTED
    assert equal(mirror)


def test_a_scope_that_is_not_enough_marks_the_account(mirror):
    mirror.connect()
    fault(mirror, kind="status", status=403, path="/v1/events*", count=1)
    mirror.ask()
    mirror.settle()

    assert mirror.accounts.get("acc_1").state_reason == "forbidden"


def test_wrong_client_credentials_are_nobodys_fault_but_ours(mirror):
    mirror.connect()
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")
    mirror.provider.control("PATCH", "settings", client_secrets=["another"])
    mirror.ask()

    mirror.drain()
    assert mirror.outcomes() == {"put_back": 1}
    assert mirror.accounts.get("acc_1").state is State.CONNECTED
    mirror.provider.control("PATCH", "settings", client_secrets=["CRN_simulator_secret"])
    mirror.settle()
    assert mirror.outcomes()["read"] == 1


def test_an_unknown_account_is_settled_without_a_call(mirror):
    mirror.ask("acc_nobody")
    mirror.settle()

    assert mirror.outcomes() == {"unknown_account": 1}
    assert mirror.provider.requests == []


def test_an_account_that_is_erased_while_it_is_read_does_not_come_back(mirror):
    mirror.connect()
    mirror.provider.before = lambda request: mirror.accounts.kept.pop("acc_1", None)
    mirror.ask()
    mirror.settle()

    assert mirror.accounts.kept == {}
    assert mirror.outcomes() == {"unknown_account": 1}


def test_one_accounts_trouble_is_not_anothers(mirror):
    mirror.connect("acc_1")
    mirror.connect("acc_2")
    fault(mirror, kind="status", status=503, account_id="acc_1", count=1)
    mirror.ask("acc_1")
    mirror.ask("acc_2")

    assert mirror.drain() == 2
    assert [(r.account_id, r.outcome.value) for r in mirror.reports] == [
        ("acc_1", "put_back"),
        ("acc_2", "read"),
    ]
    assert [message.group for message in mirror.queue.messages] == ["acc_1"]


def test_in_a_batch_what_users_wait_for_comes_before_what_the_clock_asked_for(mirror):
    for account_id in ("acc_1", "acc_2", "acc_3"):
        mirror.connect(account_id)
    now = mirror.clock()
    check = messages.request("acc_1", Kind.CHECK, now=now, cause="reconcile")
    mirror.send(check)
    mirror.send(replace(check, account_id="acc_2"))
    mirror.ask("acc_2")
    mirror.ask("acc_3")

    assert mirror.drain() == 4
    assert [report.account_id for report in mirror.reports] == ["acc_2", "acc_3", "acc_1"]


def test_a_refusal_of_the_tables_is_the_trouble_of_one_account_alone(mirror):
    mirror.connect("acc_1")
    mirror.connect("acc_2")
    mirror.events.failures = [StoreRefusedError("invalid")]
    mirror.ask("acc_1")
    mirror.ask("acc_2")

    assert mirror.drain() == 2
    assert mirror.outcomes() == {"put_back": 1, "read": 1}


@pytest.mark.parametrize("error", [AwsCallError("no answer"), SettingsError("none there")])
def test_client_credentials_that_cannot_be_had_put_the_messages_back(mirror, error):
    mirror.connect("acc_1")
    mirror.connect("acc_2")
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")

    def client(_):
        raise error

    settle = Attendant(replace(mirror.edges, client=client))
    mirror.worker = replace(mirror.worker, settle=settle)
    mirror.ask("acc_1")
    mirror.ask("acc_2")

    assert mirror.drain() == 2
    assert mirror.outcomes() == {"put_back": 1, "read": 1}
    assert mirror.accounts.get("acc_1").state is State.CONNECTED


def test_a_pause_follows_the_message_that_was_tried_most_often(mirror):
    mirror.connect()
    fault(mirror, kind="status", status=503, count=1)
    mirror.ask()
    mirror.ask()
    mirror.queue.messages[0].receives = 12

    mirror.drain()

    assert mirror.queue.next_visible_at() - mirror.clock().timestamp() >= 450


def test_an_event_that_the_table_refuses_is_not_counted_as_written(mirror):
    mirror.connect(events=0)
    mirror.provider.control("POST", "accounts/acc_1/events", count=5, summary="x")
    mirror.events.refuses = set(uids(mirror)[:2])
    mirror.ask()

    mirror.settle()

    counts = mirror.reports[0].counts
    assert (counts["written"], counts["malformed"]) == (3, 2)


@pytest.mark.parametrize("variant", ["without_ids", "not_an_object"])
def test_a_broken_event_is_counted_and_does_not_stop_the_others(mirror, variant):
    mirror.connect(events=0)
    mirror.provider.control("POST", "accounts/acc_1/events", count=10, summary="x")
    fault(mirror, kind="broken_event", variant=variant, count=1)
    mirror.ask()

    mirror.settle()

    assert len(mirror.events.live("acc_1")) == 9
    assert mirror.reports[0].counts["malformed"] == 1


@pytest.mark.parametrize("variant", ["huge", "null_fields", "wrong_types"])
def test_an_odd_event_is_kept_as_well_as_it_can_be(mirror, variant):
    mirror.connect(events=0)
    mirror.provider.control("POST", "accounts/acc_1/events", count=10, summary="x")
    fault(mirror, kind="broken_event", variant=variant, count=1)
    mirror.ask()

    mirror.settle()

    assert len(mirror.events.live("acc_1")) == 10
    assert mirror.reports[0].counts["truncated"] == (variant == "huge")


def test_a_cursor_that_is_too_old_for_the_window_reads_everything(mirror):
    mirror.connect()
    mirror.clock.turn(43 * 86_400)
    mirror.ask()
    mirror.settle()

    assert "last_modified" not in mirror.provider.reads()[0]
