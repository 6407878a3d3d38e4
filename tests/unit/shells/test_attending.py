"""What each kind of message does to an account: its profiles, its channel, its rows, its end."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from calendar_mirror import messages
from calendar_mirror.accounts import Account, State, Tokens
from calendar_mirror.announcements import AccountChange
from calendar_mirror.errors import StoreBusyError, TryAgainError
from calendar_mirror.messages import Kind
from cronofy_simulator.settings import Settings
from tests.models.mirror import PUBLIC_URL, Mirror
from tests.unit.shells.test_crashes import MOST_STEPS, stopped

FREE_BUSY = "read_account list_calendars read_free_busy"
ALL = "read_account list_calendars read_events"
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.fixture
def mirror():
    return Mirror()


def with_settings(**settings):
    return Mirror(settings=Settings(**settings))


def connected(mirror, *, events=3, read=True, **fields):
    """Put an account in place that was made with *fields* at the simulator, and read it."""
    made = mirror.provider.control("POST", "accounts", account_id="acc_1", calendars=2, **fields)
    if events:
        create(mirror, count=events, summary="Event")
    tokens = Tokens(made["refresh_token"], made["access_token"])
    mirror.accounts.add(Account("acc_1", "us", tokens), added_at=mirror.clock())
    if read:
        mirror.ask(kind=Kind.FULL)
        mirror.settle()
        mirror.clock.turn(10 * MINUTE)
        mirror.forget()
        mirror.bus.entries.clear()
    return made


def create(mirror, **fields):
    made = mirror.provider.control("POST", "accounts/acc_1/events", **fields)["events"]
    return [event["event_uid"] for event in made]


def uids(mirror):
    return [event["event_uid"] for event in mirror.truth().values()]


def equal(mirror):
    return mirror.events.live("acc_1") == mirror.truth()


def settled(mirror, kind):
    mirror.ask(kind=kind)
    mirror.settle()


def account(mirror):
    return mirror.accounts.get("acc_1")


def profile_id(made):
    return made["profiles"][0]["profile_id"]


def act(mirror, profile, what):
    mirror.provider.control("POST", f"accounts/acc_1/profiles/{profile}/{what}")


def disconnect(mirror, profile):
    act(mirror, profile, "disconnect")
    settled(mirror, Kind.PROFILES)


def paths(mirror):
    return [f"{method} {path}" for method, path, _ in mirror.provider.requests]


def fault(mirror, **fields):
    mirror.provider.control("POST", "faults", **fields)


def said(mirror):
    """Return what was announced, in order."""
    return [entry.change for entry in mirror.bus.entries]


def details(mirror):
    return [json.loads(entry.detail) for entry in mirror.bus.entries]


def channels(mirror):
    """Return the channels that are open at the simulator."""
    shown = mirror.provider.control("GET", "accounts/acc_1")["channels"]
    return [channel for channel in shown if channel["closed"] is None]


def tombstones(mirror):
    return {sk for (_, sk), item in mirror.events.items.items() if item["deleted"]}


def wait(mirror, seconds):
    """Let time pass, with the clock ringing every five minutes."""
    for _ in range(int(seconds / (5 * MINUTE))):
        mirror.clock.turn(5 * MINUTE)
        mirror.reconcile()
        mirror.settle()


# --- What each kind of message costs and does ------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (Kind.DELTA, ["GET /v1/events"]),
        (Kind.FULL, ["GET /v1/userinfo", "GET /v1/events"]),
        (Kind.PROFILES, ["GET /v1/userinfo"]),
        (Kind.CHECK, ["GET /v1/userinfo", "GET /v1/channels"]),
    ],
)
def test_each_kind_of_message_asks_cronofy_for_what_it_needs_and_writes_nothing(
    mirror, kind, asked
):
    connected(mirror)
    mirror.clock.turn(MINUTE)
    settled(mirror, kind)

    assert paths(mirror) == asked
    assert (mirror.events.writes, said(mirror)) == (0, [])


def test_a_batch_of_every_kind_is_one_read(mirror):
    connected(mirror)
    for kind in (Kind.DELTA, Kind.PROFILES, Kind.CHECK, Kind.FULL, Kind.DELTA):
        mirror.ask(kind=kind)
    mirror.settle()

    assert Counter(paths(mirror)) == {
        "GET /v1/userinfo": 1,
        "GET /v1/channels": 1,
        "GET /v1/events": 1,
    }


def test_connecting_is_announced_once_after_the_first_read(mirror):
    connected(mirror, read=False)
    for kind in (Kind.FULL, Kind.DELTA, Kind.CHECK):
        settled(mirror, kind)

    assert said(mirror) == [AccountChange.CONNECTED]
    (detail,) = details(mirror)
    assert (detail["account_id"], detail["user_refs"]) == ("acc_1", [])


def test_a_full_read_is_made_once_a_day_and_finds_what_nobody_was_told_of(mirror):
    connected(mirror)
    mirror.change(uids(mirror)[0], summary="quiet", quiet=True)
    wait(mirror, 1.5 * DAY)

    assert equal(mirror)
    full = [query for query in mirror.provider.reads() if "last_modified" not in query]
    assert 1 <= len(full) <= 2


def test_a_paused_account_is_left_alone_until_it_is_resumed(mirror):
    connected(mirror)
    mirror.accounts.pause("acc_1")
    mirror.change(uids(mirror)[0], summary="during the pause")
    for kind in (Kind.DELTA, Kind.FULL, Kind.PROFILES, Kind.CHECK):
        settled(mirror, kind)
    wait(mirror, 2 * DAY)

    assert mirror.provider.requests == []
    assert set(mirror.outcomes()) == {"paused"}
    mirror.accounts.resume("acc_1", due_at=mirror.clock())
    wait(mirror, 5 * MINUTE)
    assert equal(mirror)


def test_a_paused_account_is_erased_all_the_same(mirror):
    connected(mirror)
    mirror.accounts.pause("acc_1")
    settled(mirror, Kind.ERASE)

    assert is_gone(mirror)


# --- Profiles --------------------------------------------------------------------------------


def test_a_disconnected_profile_is_kept_with_its_link_and_announced_once(mirror):
    made = connected(mirror)
    disconnect(mirror, profile_id(made))
    for kind in (Kind.PROFILES, Kind.DELTA, Kind.CHECK, Kind.FULL):
        settled(mirror, kind)
        mirror.clock.turn(MINUTE)

    (kept,) = account(mirror).disconnected
    assert kept.relink_url.endswith(f"/relink/{kept.profile_id}")
    assert said(mirror) == [AccountChange.DISCONNECTED]
    (detail,) = details(mirror)
    assert detail["reason"] == "profile_disconnected"
    assert detail["profiles"] == [
        {
            "profile_id": kept.profile_id,
            "provider_name": "google",
            "conferencing": False,
            "relink_url": kept.relink_url,
        }
    ]


def test_an_announcement_that_the_bus_does_not_take_is_made_once_with_the_same_change_id(mirror):
    made = connected(mirror)
    taken = []
    mirror.bus.failures = [TryAgainError("no answer"), TryAgainError("no answer")]
    publish = mirror.bus.publish
    mirror.bus.publish = lambda entry: (taken.append(entry), publish(entry))
    disconnect(mirror, profile_id(made))

    assert [json.loads(each.detail)["change_id"] for each in taken] == [
        details(mirror)[0]["change_id"]
    ] * 3
    assert said(mirror) == [AccountChange.DISCONNECTED]


def test_an_announcement_that_was_made_but_not_noted_is_repeated_with_the_same_change_id(mirror):
    made = connected(mirror)
    note, failures = mirror.accounts.remember_announced, [StoreBusyError("throttled")]

    def throttled(*args, **kwargs):
        if failures:
            raise failures.pop()
        note(*args, **kwargs)

    mirror.accounts.remember_announced = throttled
    disconnect(mirror, profile_id(made))

    first, again = details(mirror)
    assert first == again


def test_an_announcement_that_may_have_been_made_is_followed_by_what_holds_now(mirror):
    """What the bus took and we could not note, the user has put right before we came again."""
    made = connected(mirror)
    note, failures = mirror.accounts.remember_announced, [StoreBusyError("throttled")] * 2

    def throttled(*args, **kwargs):
        if failures:
            raise failures.pop()
        note(*args, **kwargs)

    mirror.accounts.remember_announced = throttled
    act(mirror, profile_id(made), "disconnect")
    mirror.ask(kind=Kind.PROFILES)
    mirror.drain()
    act(mirror, profile_id(made), "reconnect")
    mirror.settle()
    disconnect(mirror, profile_id(made))

    changes = [entry.change for entry in mirror.bus.entries]
    ids = [detail["change_id"] for detail in details(mirror)]
    told = [change for n, change in enumerate(changes) if ids[n] not in ids[:n]]
    assert told == [
        AccountChange.DISCONNECTED,
        AccountChange.CONNECTED,
        AccountChange.DISCONNECTED,
    ]


@pytest.mark.parametrize("path", ["/v1/channels", "/oauth/token/revoke"])
def test_an_answer_that_cannot_be_read_does_not_end_an_erasure(mirror, path):
    connected(mirror)
    fault(mirror, kind="malformed", path=path, count=1)

    settled(mirror, Kind.ERASE)

    assert is_gone(mirror)
    assert mirror.queue.dead == []


def test_a_read_without_a_look_at_the_profiles_deletes_nothing_for_its_absence(mirror):
    connected(mirror)
    mirror.provider.control("PATCH", "settings", deleted_retention=0.0)
    uid = next(iter(mirror.truth().values()))["event_uid"]
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{uid}")
    mirror.clock.turn(MINUTE)
    fault(mirror, kind="malformed", path="/v1/userinfo", count=1)
    settled(mirror, Kind.FULL)
    assert len(mirror.events.live("acc_1")) == len(mirror.truth()) + 1

    mirror.clock.turn(MINUTE)
    settled(mirror, Kind.FULL)
    assert mirror.events.live("acc_1") == mirror.truth()


def test_every_change_of_profiles_has_a_change_id_of_its_own(mirror):
    made = connected(mirror)
    for _ in range(3):
        disconnect(mirror, profile_id(made))
        act(mirror, profile_id(made), "reconnect")
        settled(mirror, Kind.DELTA)
        mirror.clock.turn(MINUTE)

    assert said(mirror) == [AccountChange.DISCONNECTED, AccountChange.CONNECTED] * 3
    assert len({detail["change_id"] for detail in details(mirror)}) == 6


def test_a_relinked_profile_is_read_whole_at_the_next_change(mirror):
    made = connected(mirror)
    disconnect(mirror, profile_id(made))
    mirror.change(uids(mirror)[0], summary="while disconnected", quiet=True)
    mirror.forget()
    act(mirror, profile_id(made), "reconnect")
    settled(mirror, Kind.DELTA)

    assert [("last_modified" in query) for query in mirror.provider.reads()] == [False]
    assert equal(mirror)
    assert said(mirror) == [AccountChange.DISCONNECTED, AccountChange.CONNECTED]


def test_a_relinked_profile_is_found_within_the_hour_without_any_change(mirror):
    made = connected(mirror)
    disconnect(mirror, profile_id(made))
    mirror.change(uids(mirror)[0], summary="while disconnected", quiet=True)
    act(mirror, profile_id(made), "reconnect")
    assert not equal(mirror)
    wait(mirror, HOUR)

    assert equal(mirror)
    assert said(mirror)[-1] is AccountChange.CONNECTED


@pytest.mark.parametrize("kind", [Kind.DELTA, Kind.PROFILES, Kind.CHECK])
def test_the_read_after_a_relink_is_owed_until_it_was_made(kind):
    """With deletions that no delta shows, so that nothing but a whole read makes it good."""
    mirror = with_settings(deleted_retention=0.0)
    made = connected(mirror)
    disconnect(mirror, profile_id(made))
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{uids(mirror)[0]}")
    act(mirror, profile_id(made), "reconnect")
    fault(mirror, kind="status", status=503, path="/v1/events", count=2)
    settled(mirror, kind)

    assert mirror.outcomes()["put_back"] == 2
    assert equal(mirror)


def test_several_profiles_are_told_apart(mirror):
    made = connected(mirror)
    one = profile_id(made)
    two = mirror.provider.control("POST", "accounts/acc_1/profiles", calendars=1)["profile_id"]
    settled(mirror, Kind.FULL)
    disconnect(mirror, one)
    disconnect(mirror, two)
    act(mirror, one, "reconnect")
    settled(mirror, Kind.DELTA)
    act(mirror, two, "reconnect")
    settled(mirror, Kind.DELTA)

    *disconnections, back = details(mirror)
    assert [sorted(p["profile_id"] for p in each["profiles"]) for each in disconnections] == [
        [one],
        sorted([one, two]),
        [two],
    ]
    assert "profiles" not in back


def test_a_conferencing_profile_is_announced_as_one_and_costs_no_read(mirror):
    connected(mirror)
    made = mirror.provider.control("POST", "accounts/acc_1/profiles", conferencing=True)
    disconnect(mirror, made["profile_id"])
    act(mirror, made["profile_id"], "reconnect")
    settled(mirror, Kind.PROFILES)

    assert said(mirror) == [AccountChange.DISCONNECTED, AccountChange.CONNECTED]
    (told,) = details(mirror)[0]["profiles"]
    assert (told["conferencing"], told["provider_name"]) == (True, "zoom")
    assert mirror.provider.reads() == []


def test_a_lost_grant_is_announced_with_its_reason_and_a_new_one_as_well(mirror):
    connected(mirror)
    mirror.provider.control("POST", "accounts/acc_1/tokens/revoke")
    for _ in range(3):
        settled(mirror, Kind.DELTA)
        mirror.clock.turn(MINUTE)
    given = mirror.provider.control("POST", "accounts/acc_1/tokens")
    tokens = Tokens(given["refresh_token"], given["access_token"])
    mirror.accounts.replace_grant("acc_1", tokens, connected_at=mirror.clock())
    settled(mirror, Kind.DELTA)

    assert said(mirror) == [AccountChange.DISCONNECTED, AccountChange.CONNECTED]
    assert details(mirror)[0]["reason"] == "invalid_grant"
    assert equal(mirror)


def test_a_profile_that_was_never_synced_is_read_whole_once_cronofy_is_done(mirror):
    made = connected(mirror, initial_sync_required=True)
    assert mirror.events.live("acc_1") == {}
    act(mirror, profile_id(made), "initial_sync_completed")
    settled(mirror, Kind.FULL)

    assert len(mirror.events.live("acc_1")) == 3
    assert equal(mirror)


def test_a_server_without_profiles_leaves_the_account_readable(mirror):
    connected(mirror)
    fault(mirror, kind="status", status=404, path="/v1/userinfo")
    mirror.change(uids(mirror)[0], summary="new")
    settled(mirror, Kind.FULL)

    assert equal(mirror)
    assert mirror.queue.dead == []


# --- Accounts that let us see busy periods alone ---------------------------------------------


def test_free_busy_rows_are_periods_without_details_through_deltas_and_deletions(mirror):
    connected(mirror, events=3, scope=FREE_BUSY)
    one, two, three = uids(mirror)
    assert {path for path in paths(mirror) if "/v1/events" in path} == set()
    mirror.change(one, move_seconds=HOUR, summary="secret")
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{two}")
    mirror.change(three, transparency="transparent")
    create(mirror, summary="secret", event_uid="evt_external_new")
    settled(mirror, Kind.DELTA)

    (query,) = [q for _, path, q in mirror.provider.requests if path == "/v1/free_busy"]
    assert "last_modified" in query
    live = mirror.events.live("acc_1")
    truth = {sk: event for sk, event in mirror.truth().items() if event["event_uid"] != three}
    assert {sk: (row["start"], row["end"]) for sk, row in live.items()} == {
        sk: (event["start"], event["end"]) for sk, event in truth.items()
    }
    assert holds_no_details(mirror)


def holds_no_details(mirror):
    known = {"calendar_id", "event_uid", "event_id", "start", "end", "free_busy_status", "deleted"}
    return all(set(item["event"]) <= known for item in mirror.events.items.values())


def test_a_full_read_of_busy_periods_finds_what_vanished():
    mirror = with_settings(deleted_retention=0.0)
    connected(mirror, scope=FREE_BUSY)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{uids(mirror)[0]}")
    settled(mirror, Kind.DELTA)
    assert len(mirror.events.live("acc_1")) == 3
    settled(mirror, Kind.FULL)

    assert set(mirror.events.live("acc_1")) == set(mirror.truth())


def test_where_cronofy_gives_no_channel_the_clock_finds_changes_within_15_minutes(mirror):
    connected(mirror, scope=FREE_BUSY)
    assert account(mirror).channel is None
    mirror.change(uids(mirror)[0], move_seconds=HOUR)
    wait(mirror, 20 * MINUTE)

    live = mirror.events.live("acc_1")
    assert {(row["start"], row["end"]) for row in live.values()} == {
        (event["start"], event["end"]) for event in mirror.truth().values()
    }
    assert "POST /v1/channels" not in paths(mirror)


def test_an_account_without_a_channel_is_read_every_15_minutes_and_no_more_often(mirror):
    connected(mirror, scope=FREE_BUSY)
    wait(mirror, 2 * HOUR)

    assert paths(mirror).count("GET /v1/free_busy") == 8


def test_a_channel_that_was_refused_is_asked_for_again_the_next_day(mirror):
    connected(mirror, scope=FREE_BUSY)
    mirror.provider.control("PATCH", "settings", channel_scopes=["read_events", "read_free_busy"])
    wait(mirror, 1.1 * DAY)

    assert [channel["channel_id"] for channel in channels(mirror)] == [
        account(mirror).channel.channel_id
    ]


def test_where_cronofy_gives_a_channel_busy_periods_are_notified_and_not_polled():
    mirror = with_settings(channel_scopes=("read_events", "read_free_busy"))
    connected(mirror, scope=FREE_BUSY)
    assert len(channels(mirror)) == 1
    wait(mirror, 2 * HOUR)

    assert mirror.provider.requests == []


def test_a_scope_that_shrinks_leaves_no_details_in_rows_or_tombstones(mirror):
    connected(mirror, events=5, scope=ALL)
    gone, unseen, *_ = uids(mirror)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{gone}")
    settled(mirror, Kind.DELTA)
    mirror.change(unseen, transparency="transparent", move_seconds=400 * DAY, quiet=True)
    assert not holds_no_details(mirror)
    given = mirror.provider.control("POST", "accounts/acc_1/tokens", scope=FREE_BUSY)
    tokens = Tokens(given["refresh_token"], given["access_token"])
    mirror.accounts.replace_grant("acc_1", tokens, connected_at=mirror.clock())
    mirror.clock.turn(MINUTE)
    settled(mirror, Kind.DELTA)

    assert holds_no_details(mirror)
    assert account(mirror).state is State.CONNECTED
    assert len(mirror.events.live("acc_1")) == 3
    mirror.forget()
    settled(mirror, Kind.FULL)
    assert mirror.events.writes == 0


@pytest.mark.parametrize("kind", [Kind.DELTA, Kind.PROFILES, Kind.CHECK, Kind.FULL])
def test_a_scope_that_shrank_without_our_knowing_takes_the_details_along_at_once(mirror, kind):
    connected(mirror, scope=ALL)
    mirror.provider.control("POST", "accounts/acc_1/tokens", scope=FREE_BUSY)
    settled(mirror, kind)

    assert holds_no_details(mirror)
    assert set(mirror.events.live("acc_1")) == set(mirror.truth())
    assert account(mirror).state is State.CONNECTED


def test_a_scope_that_grows_brings_details_and_a_channel(mirror):
    connected(mirror, scope=FREE_BUSY)
    given = mirror.provider.control("POST", "accounts/acc_1/tokens", scope=ALL)
    tokens = Tokens(given["refresh_token"], given["access_token"], scope=ALL)
    mirror.accounts.replace_grant("acc_1", tokens, connected_at=mirror.clock())
    settled(mirror, Kind.FULL)

    assert equal(mirror)
    assert len(channels(mirror)) == 1


# --- Accounts that are limited to some calendars ---------------------------------------------


def limited(mirror, *calendars):
    mirror.accounts.limit_to("acc_1", calendars)
    mirror.clock.turn(MINUTE)
    settled(mirror, Kind.DELTA)


def in_both_calendars(mirror):
    """Return the account's two calendars, with two events each."""
    made = connected(mirror, events=0, read=False)
    one, two = (calendar["calendar_id"] for calendar in made["calendars"])
    for calendar_id in (one, two):
        create(mirror, calendar_id=calendar_id, count=2, summary="Event")
    settled(mirror, Kind.FULL)
    mirror.clock.turn(10 * MINUTE)
    mirror.forget()
    return one, two


def calendars_of(rows):
    return {sk.partition("#")[0] for sk in rows}


def test_limiting_an_account_drops_the_other_calendars_rows_and_takes_a_channel_for_the_rest(
    mirror,
):
    one, two = in_both_calendars(mirror)
    (before,) = channels(mirror)
    limited(mirror, one)

    assert calendars_of(mirror.events.live("acc_1")) == {one}
    assert calendars_of(tombstones(mirror)) == {two}
    assert len(tombstones(mirror)) == 2
    (query,) = mirror.provider.reads()
    assert query["calendar_ids[]"] == one
    (now,) = channels(mirror)
    assert now["filters"] == {"calendar_ids": [one]}
    assert now["channel_id"] != before["channel_id"]


@pytest.mark.parametrize("scope", [ALL, FREE_BUSY])
def test_a_calendar_that_is_dropped_goes_also_while_a_profile_is_disconnected(scope):
    """And nothing else does, though the whole window is read and lacks it."""
    mirror = with_settings(deleted_retention=0.0)
    made = connected(mirror, events=0, scope=scope)
    one, two = (calendar["calendar_id"] for calendar in made["calendars"])
    lacking, _ = create(mirror, calendar_id=one, count=2, summary="Event")
    create(mirror, calendar_id=two, count=2, summary="Event")
    settled(mirror, Kind.DELTA)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{lacking}")
    act(mirror, profile_id(made), "disconnect")
    limited(mirror, one)

    assert calendars_of(mirror.events.live("acc_1")) == {one}
    assert len(mirror.events.live("acc_1")) == 2
    assert calendars_of(tombstones(mirror)) == {two}


def test_a_delta_of_a_limited_account_asks_for_its_calendars_alone(mirror):
    one, two = in_both_calendars(mirror)
    limited(mirror, one)
    create(mirror, calendar_id=two, summary="not mirrored")
    create(mirror, calendar_id=one, summary="mirrored")
    mirror.forget()
    settled(mirror, Kind.DELTA)

    (query,) = mirror.provider.reads()
    assert (query["calendar_ids[]"], "last_modified" in query) == (one, True)
    assert (len(mirror.events.live("acc_1")), mirror.events.writes) == (3, 1)


def test_a_calendar_that_is_added_is_read_whole(mirror):
    one, two = in_both_calendars(mirror)
    limited(mirror, one)
    limited(mirror, one, two)
    assert equal(mirror)
    (now,) = channels(mirror)
    assert now["filters"] == {"calendar_ids": sorted([one, two])}

    limited(mirror)
    assert equal(mirror)
    assert [channel["filters"] for channel in channels(mirror)] == [{}]


# --- What a full read does not return --------------------------------------------------------


def test_what_a_deleted_calendar_takes_with_it_becomes_tombstones():
    mirror = with_settings(deleted_calendar_events="vanish")
    one, two = in_both_calendars(mirror)
    mirror.provider.control("DELETE", f"accounts/acc_1/calendars/{two}")
    settled(mirror, Kind.DELTA)
    assert calendars_of(mirror.events.live("acc_1")) == {one, two}
    settled(mirror, Kind.FULL)

    assert equal(mirror)
    assert calendars_of(tombstones(mirror)) == {two}


def test_rows_outside_the_window_stay_whatever_a_full_read_returns():
    mirror = with_settings(deleted_calendar_events="vanish")
    made = connected(mirror)
    inside = set(mirror.events.live("acc_1"))
    mirror.clock.turn(60 * DAY)
    mirror.provider.control(
        "DELETE", f"accounts/acc_1/calendars/{made['calendars'][0]['calendar_id']}"
    )
    settled(mirror, Kind.FULL)

    assert set(mirror.events.live("acc_1")) == inside


def disconnected_at_the_provider(mirror, made):
    act(mirror, profile_id(made), "disconnect")


def not_synced_any_more(mirror, made):
    mirror.provider.simulator.world.accounts["acc_1"].profiles[
        profile_id(made)
    ].initial_sync_required = True


def of_another_profile(mirror, made):
    fields = {"initial_sync_required": True, "calendars": 1}
    mirror.provider.control("POST", "accounts/acc_1/profiles", **fields)


@pytest.mark.parametrize(
    "incomplete", [disconnected_at_the_provider, not_synced_any_more, of_another_profile]
)
@pytest.mark.parametrize(
    "why", ["full", "new channel", "old cursor", "calendars"], ids=lambda why: why
)
def test_nothing_is_deleted_for_its_absence_while_cronofy_cannot_reach_all(incomplete, why):
    """However the full read came about, and without any notification of what is wrong."""
    mirror = with_settings(deleted_calendar_events="vanish")
    made = connected(mirror, events=0)
    one, two = (calendar["calendar_id"] for calendar in made["calendars"])
    far = (mirror.clock() + timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (mirror.clock() + timedelta(days=100, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    create(mirror, calendar_id=two, count=2, summary="x", start=far, end=end)
    settled(mirror, Kind.DELTA)
    rows = set(mirror.events.live("acc_1"))
    incomplete(mirror, made)
    mirror.provider.control("DELETE", f"accounts/acc_1/calendars/{two}")
    mirror.forget()
    kind = Kind.DELTA
    if why == "full":
        kind = Kind.FULL
    elif why == "new channel":
        mirror.accounts.remember_channel("acc_1", None)
    elif why == "old cursor":
        mirror.clock.turn(45 * DAY)
    else:
        mirror.accounts.limit_to("acc_1", (one, two))
    mirror.clock.turn(MINUTE)
    settled(mirror, kind)

    assert "last_modified" not in mirror.provider.reads()[0]
    assert len(rows) == 2
    assert set(mirror.events.live("acc_1")) == rows


def beyond_reach(mirror, made):
    """Disconnect the profile, and take its events away; return the way back."""
    act(mirror, profile_id(made), "disconnect")
    events = mirror.provider.simulator.world.accounts["acc_1"].events
    kept = dict(events)
    events.clear()
    return lambda: (act(mirror, profile_id(made), "reconnect"), events.update(kept))


def test_nothing_is_deleted_for_its_absence_when_cronofy_loses_its_reach_after_the_look():
    mirror = with_settings()
    made = connected(mirror)
    rows, back = set(mirror.events.live("acc_1")), []

    def before(request):
        if "/v1/events" in request.url and not back:
            back.append(beyond_reach(mirror, made))

    mirror.provider.before = before
    mirror.ask(kind=Kind.FULL)
    mirror.drain()
    assert mirror.outcomes() == {"put_back": 1}
    mirror.settle()

    assert set(mirror.events.live("acc_1")) == rows
    assert details(mirror)[-1]["reason"] == "profile_disconnected"
    back[0]()
    settled(mirror, Kind.CHECK)
    assert equal(mirror)
    assert tombstones(mirror) == set()


@pytest.mark.parametrize(("is_absent", "looks"), [(False, 1), (True, 2)])
def test_a_full_read_looks_at_the_profiles_again_only_before_it_deletes(mirror, is_absent, looks):
    connected(mirror)
    mirror.provider.control("PATCH", "settings", deleted_retention=0.0)
    if is_absent:
        mirror.provider.control("DELETE", f"accounts/acc_1/events/{uids(mirror)[0]}")
    mirror.forget()
    settled(mirror, Kind.FULL)

    asked = [path for _, path, _ in mirror.provider.requests]
    assert asked.count("/v1/userinfo") == looks
    assert equal(mirror)


@pytest.mark.parametrize("answer", ["unknown", "refused"])
def test_nothing_is_deleted_when_the_profiles_cannot_be_looked_at_again(mirror, answer):
    connected(mirror)
    mirror.provider.control("PATCH", "settings", deleted_retention=0.0)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{uids(mirror)[0]}")
    kind = {"kind": "malformed"} if answer == "unknown" else {"kind": "status", "status": 403}
    fault(mirror, **kind, path="/v1/userinfo", after=1, count=1)
    mirror.ask(kind=Kind.FULL)
    mirror.drain()

    assert tombstones(mirror) == set()
    mirror.settle()
    assert equal(mirror)


def test_a_full_read_that_breaks_off_deletes_nothing():
    mirror = with_settings(page_size=2, deleted_retention=0.0)
    connected(mirror, events=7)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{uids(mirror)[0]}")
    fault(mirror, kind="status", status=503, path="/v1/events/pages/*", after=1, count=1)
    mirror.ask(kind=Kind.FULL)
    mirror.drain()

    assert mirror.outcomes() == {"put_back": 1}
    assert tombstones(mirror) == set()
    mirror.settle()
    assert equal(mirror)


# --- Channels --------------------------------------------------------------------------------


def close_at_cronofy(mirror, channel_id):
    mirror.provider.simulator.world.close_channel(channel_id, "failed for the whole retry window")


def test_a_channel_that_is_gone_is_created_anew_and_everything_is_read(mirror):
    connected(mirror)
    (before,) = channels(mirror)
    close_at_cronofy(mirror, before["channel_id"])
    mirror.change(uids(mirror)[0], summary="nobody told us")
    settled(mirror, Kind.CHECK)

    (now,) = channels(mirror)
    assert now["channel_id"] == account(mirror).channel.channel_id != before["channel_id"]
    assert equal(mirror)


@pytest.mark.parametrize("kind", [Kind.CHECK, Kind.FULL])
def test_the_read_after_a_channel_was_gone_is_owed_until_it_was_made(kind):
    mirror = with_settings(deleted_retention=0.0)
    connected(mirror)
    close_at_cronofy(mirror, channels(mirror)[0]["channel_id"])
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{uids(mirror)[0]}")
    fault(mirror, kind="status", status=503, path="/v1/events", count=2)
    settled(mirror, kind)

    assert equal(mirror)


def open_channel(mirror, url):
    cronofy = mirror.cronofy()

    class Grant:
        def access_token(self):
            return account(mirror).tokens.access

        renewed = access_token

    return cronofy.create_channel(url, Grant()).channel_id


def test_strays_of_ours_are_closed_and_channels_of_others_left_alone(mirror):
    connected(mirror)
    kept = account(mirror).channel.channel_id
    stray = open_channel(mirror, f"{PUBLIC_URL}/notifications/acc_1/old")
    foreign = open_channel(mirror, "https://elsewhere.example.com/notifications/acc_1")
    settled(mirror, Kind.CHECK)

    assert {channel["channel_id"] for channel in channels(mirror)} == {kept, foreign}
    assert stray not in (kept, foreign)
    assert mirror.reports[-1].counts["channels_stray"] == 1


def test_a_channel_that_we_forgot_is_taken_up_again_and_not_doubled(mirror):
    connected(mirror)
    (before,) = channels(mirror)
    mirror.accounts.remember_channel("acc_1", None)
    settled(mirror, Kind.CHECK)

    assert channels(mirror) == [before]
    assert account(mirror).channel.channel_id == before["channel_id"]


# --- Erasure ---------------------------------------------------------------------------------


def is_gone(mirror):
    """Tell whether nothing of the account is anywhere, at our side or at Cronofy's."""
    at_cronofy = mirror.provider.control("GET", "accounts/acc_1")
    return (
        mirror.accounts.get("acc_1") is None
        and "acc_1" not in mirror.accounts.looks
        and not any(pk == "acc_1" for pk, _ in mirror.events.items)
        and not any(letter.group == "acc_1" for letter, _ in mirror.queue.dead)
        and not any(message.group == "acc_1" for message in mirror.queue.messages)
        and at_cronofy["tokens"]["refresh_token"] is None
        and all(channel["closed"] for channel in at_cronofy["channels"])
    )


def with_everything_to_erase():
    """An account with rows, tombstones, dead letters and messages that wait; and another one."""
    mirror = with_settings(page_size=4, refresh_rotates=False)
    mirror.connect("acc_2", events=2)
    connected(mirror, events=6)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{uids(mirror)[0]}")
    settled(mirror, Kind.DELTA)
    for group in ("acc_1", "acc_2"):
        mirror.queue.send(group=group, body="not a message", deduplication_id="1")
    mirror.settle()
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")
    mirror.clock.turn(MINUTE)
    mirror.ask()
    mirror.ask(kind=Kind.ERASE)
    mirror.ask(kind=Kind.FULL)
    return mirror


#: What `with_everything_to_erase` has.
ERASED = {"rows_erased": 6, "dead_letters_removed": 1, "grants_ended": 1}


def test_an_erasure_leaves_nothing_and_says_so(mirror):
    mirror = with_everything_to_erase()
    others = dict(mirror.events.live("acc_2"))
    mirror.settle()

    assert is_gone(mirror)
    assert said(mirror)[-1] is AccountChange.ERASED
    (((account_id, _), receipt),) = mirror.erasures.receipts.items()
    assert account_id == "acc_1"
    assert {name: receipt[name] for name in ERASED} == ERASED
    assert mirror.events.live("acc_2") == others
    assert [letter.group for letter, _ in mirror.queue.dead] == ["acc_2"]


def test_a_stop_between_any_two_calls_of_an_erasure_ends_in_nothing_left():
    for stop_at in range(1, MOST_STEPS):
        mirror = with_everything_to_erase()
        others = dict(mirror.events.live("acc_2"))
        if not stopped(mirror, stop_at):
            break
        mirror.settle()
        assert is_gone(mirror), f"stopped at step {stop_at}"
        erased = [e.detail for e in mirror.bus.entries if e.change is AccountChange.ERASED]
        assert len(set(erased)) == 1, f"stopped at step {stop_at}"
        (((account_id, _), receipt),) = mirror.erasures.receipts.items()
        assert account_id == "acc_1"
        assert receipt["grants_ended"] == 1
        # A stop between removing something and noting it is all that can make the counts less.
        assert receipt.get("rows_erased", 0) <= ERASED["rows_erased"]
        assert mirror.events.live("acc_2") == others
    assert 30 < stop_at < MOST_STEPS - 1


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "status", "status": 503, "count": 4},
        {"kind": "drop_after", "count": 1},
        {"kind": "status", "status": 403, "path": "/v1/channels", "count": 1},
    ],
    ids=str,
)
def test_trouble_at_cronofy_keeps_no_row_and_delays_the_rest(mirror, trouble):
    connected(mirror)
    fault(mirror, **trouble)
    mirror.ask(kind=Kind.ERASE)
    mirror.drain()
    assert mirror.events.items == {}
    mirror.settle()

    assert mirror.accounts.kept == {}
    assert mirror.provider.control("GET", "accounts/acc_1")["tokens"]["refresh_token"] is None


def test_a_grant_that_has_ended_already_is_as_good(mirror):
    connected(mirror)
    mirror.provider.control("POST", "accounts/acc_1/tokens/revoke")
    settled(mirror, Kind.ERASE)

    assert (mirror.accounts.kept, mirror.events.items) == ({}, {})


def test_the_grant_is_ended_by_the_latest_refresh_token(mirror):
    connected(mirror)
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")
    sent = []
    mirror.provider.before = lambda request: sent.append((request.path_url, request.body))
    settled(mirror, Kind.ERASE)

    ((_, body),) = [each for each in sent if each[0] == "/oauth/token/revoke"]
    (refreshed,) = mirror.accounts.stored_tokens
    assert json.loads(body)["token"] == refreshed.refresh


def test_nothing_that_comes_late_brings_an_erased_account_back(mirror):
    connected(mirror)
    settled(mirror, Kind.ERASE)
    before = len(mirror.provider.requests)
    for kind in Kind:
        settled(mirror, kind)
    wait(mirror, 2 * DAY)

    assert is_gone(mirror)
    assert len(mirror.provider.requests) == before
    assert len(mirror.erasures.receipts) == 1
    assert said(mirror) == [AccountChange.ERASED]


def reconnected(mirror):
    given = mirror.provider.control("POST", "accounts/acc_1/tokens")
    tokens = Tokens(given["refresh_token"], given["access_token"])
    return mirror.accounts.connect(Account("acc_1", "us", tokens), connected_at=mirror.clock())


@pytest.mark.parametrize("was_erased", [True, False])
def test_who_connects_after_the_request_is_not_erased_by_a_message_that_comes_late(
    mirror, was_erased
):
    connected(mirror)
    asked = messages.request("acc_1", Kind.ERASE, now=mirror.clock(), cause="gdpr_requested")
    if was_erased:
        mirror.send(asked)
        mirror.settle()
    mirror.clock.turn(MINUTE)
    assert reconnected(mirror)
    create(mirror, summary="of the new consent")
    settled(mirror, Kind.FULL)
    mirror.send(asked)
    mirror.settle()

    assert account(mirror).state is State.CONNECTED
    assert equal(mirror)
    assert mirror.truth()


def test_who_connects_while_the_erasure_is_under_way_is_told_so_and_it_is_finished(mirror):
    connected(mirror)
    mirror.ask(kind=Kind.ERASE)
    mirror.clock.turn(MINUTE)
    fault(mirror, kind="status", status=503, count=1)
    mirror.drain()
    assert account(mirror).state is State.ERASING
    assert not reconnected(mirror)
    mirror.settle()

    assert mirror.accounts.kept == {}


def test_a_grant_put_in_place_during_an_erasure_does_not_stop_it_half_way(mirror):
    connected(mirror)
    mirror.ask(kind=Kind.ERASE)
    mirror.clock.turn(MINUTE)
    fault(mirror, kind="status", status=503, count=1)
    mirror.drain()
    tokens = account(mirror).tokens
    mirror.accounts.replace_grant("acc_1", tokens, connected_at=mirror.clock())
    mirror.settle()

    assert is_gone(mirror)
