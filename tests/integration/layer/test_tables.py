"""One contract for the tables, kept by the models in memory and by the real ones on DynamoDB."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from calendar_mirror import records
from calendar_mirror.accounts import Account, Channel, FullRead, State, Tokens, Trouble
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.diffing import Stored
from calendar_mirror.errors import AccountGoneError, StoreBusyError, TryAgainError
from calendar_mirror.events_table import EventsTable
from calendar_mirror.planning import CompletedRead
from calendar_mirror.profiles import Profile
from calendar_mirror.scopes import Coverage, Mode
from calendar_mirror.spans import Span
from tests.models import tables
from tests.models.dynamodb import DynamoDB, template_tables

NOW = datetime(2026, 1, 31, 9, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture(params=["model", "dynamodb", "simulated dynamodb"])
def events(request):
    if request.param == "model":
        return tables.Events()
    return EventsTable(client_of(request), "events")


@pytest.fixture(params=["model", "dynamodb", "simulated dynamodb"])
def accounts(request):
    if request.param == "model":
        return tables.Accounts()
    return AccountsTable(client_of(request), "accounts")


def client_of(request):
    """Return moto's DynamoDB, or the simulation's."""
    if request.param == "dynamodb":
        return request.getfixturevalue("dynamodb")
    return DynamoDB(template_tables())


def record(uid="a", account_id="acc_1", **fields):
    document = {"calendar_id": "cal_1", "event_uid": uid, **fields}
    return records.from_cronofy(account_id, document)


def account(account_id="acc_1", **fields):
    tokens = Tokens("refresh", "access", NOW.replace(microsecond=0), "read_events")
    return Account(account_id, "de", tokens, **fields)


def test_what_was_written_is_found_again(events):
    live, dead = record("a", price=Decimal("1.5")), record("b", deleted=True)
    events.write([record("a", summary="older"), record("c")], synced_at=NOW)

    assert events.write([live, dead], synced_at=NOW) == 0

    assert events.stored([live.key, dead.key, record("none").key]) == {
        live.key: Stored(live.content_hash, deleted=False),
        dead.key: Stored(dead.content_hash, deleted=True),
    }


def test_a_page_of_many_events_is_written_and_found(events):
    many = [record(f"{number}") for number in range(230)]

    events.write(many, synced_at=NOW)

    assert len(events.stored([each.key for each in many])) == 230


def test_a_page_takes_as_few_calls_as_dynamodb_allows(dynamodb):
    sizes = []

    class Watched:
        def batch_get_item(self, **asked):
            sizes.append(len(asked["RequestItems"]["events"]["Keys"]))
            return dynamodb.batch_get_item(**asked)

        def batch_write_item(self, **asked):
            sizes.append(len(asked["RequestItems"]["events"]))
            return dynamodb.batch_write_item(**asked)

    table, many = EventsTable(Watched(), "events"), [record(f"{n}") for n in range(110)]

    table.stored([each.key for each in many])
    table.write(many, synced_at=NOW)

    assert sizes == [100, 10, 25, 25, 25, 25, 10]


def test_accounts_do_not_see_each_others_rows(events):
    events.write([record("a")], synced_at=NOW)

    assert events.stored([record("a", "acc_2").key]) == {}


def test_nothing_is_nothing(events):
    assert events.stored([]) == {}
    assert events.write([], synced_at=NOW) == 0


def test_an_account_is_added_once(accounts):
    assert accounts.get("acc_1") is None
    assert accounts.add(account(), added_at=NOW)
    assert not accounts.add(Account("acc_1", "us", Tokens("other")), added_at=NOW)

    assert accounts.get("acc_1") == account(added_at=NOW, connected_at=NOW, trouble=Trouble.UNREAD)


def test_what_is_remembered_of_an_account_is_read_back(accounts):
    accounts.add(account(), added_at=NOW)
    profile = Profile("pro_1", "google", "a@example.com", False, "https://relink", True, False)
    read = CompletedRead(NOW, NOW.replace(microsecond=0) - timedelta(minutes=2))
    channel = Channel("chn_1", "https://example.com", ("cal_1", "cal_2"))

    accounts.remember_channel("acc_1", channel)
    accounts.remember_profiles("acc_1", (profile,), scope="read_free_busy")
    accounts.remember_announcing("acc_1", "connected", number=3)
    assert accounts.get("acc_1").announcing == "connected"
    accounts.remember_announced("acc_1", "connected")
    accounts.limit_to("acc_1", ("cal_2", "cal_1"))
    accounts.mark_needs_user("acc_1", "invalid_grant", since=NOW)
    marked = accounts.get("acc_1")
    accounts.remember_read("acc_1", read, Coverage())
    healed = accounts.get("acc_1")

    assert (marked.state, marked.state_reason) == (State.NEEDS_USER, "invalid_grant")
    assert (healed.state, healed.state_reason) == (State.CONNECTED, None)
    assert (healed.channel, healed.last_read) == (channel, read)
    assert healed.profiles == (profile,)
    assert healed.wanted == Coverage(Mode.FREE_BUSY, ("cal_1", "cal_2"))
    assert (healed.announced, healed.announcing) == ("connected", None)
    assert healed.announcements == 3
    assert (healed.last_full_read_at, healed.covered) == (None, None)


def test_a_read_of_everything_is_read_back_with_what_it_was_about(accounts):
    accounts.add(account(), added_at=NOW)
    coverage = Coverage(Mode.FREE_BUSY, ("cal_1",))

    accounts.remember_read("acc_1", CompletedRead(NOW, None), coverage)

    found = accounts.get("acc_1")
    assert found.last_read == CompletedRead(NOW, None)
    assert (found.last_full_read_at, found.covered) == (NOW, coverage)


def test_a_full_read_under_way_is_read_back_until_it_is_complete(accounts):
    accounts.add(account(), added_at=NOW)
    left = (Span(None, date(2026, 3, 1)), Span(date(2026, 3, 1), None))
    under_way = FullRead(NOW, Coverage(Mode.EVENTS, ("cal_1",)), left, 7, (NOW,))

    accounts.remember_full_read("acc_1", under_way)
    accounts.remember_second_look("acc_1", NOW)
    assert accounts.get("acc_1").full_read == under_way
    assert accounts.get("acc_1").second_look_since == NOW
    accounts.remember_read("acc_1", CompletedRead(NOW, NOW), Coverage())
    assert accounts.get("acc_1").full_read == under_way
    accounts.remember_read("acc_1", CompletedRead(NOW, None), Coverage(), drift=7)
    accounts.remember_second_look("acc_1", None)

    found = accounts.get("acc_1")
    assert (found.full_read, found.second_look_since) == (None, None)


def test_a_channel_that_is_refused_is_remembered_as_such(accounts):
    accounts.add(account(), added_at=NOW)

    accounts.remember_channel("acc_1", None, refused_at=NOW.replace(microsecond=0))

    found = accounts.get("acc_1")
    assert (found.channel, found.channel_refused_at) == (None, NOW.replace(microsecond=0))


CHANGES = (
    lambda accounts: accounts.remember_channel("acc_1", Channel("chn_1")),
    lambda accounts: accounts.remember_profiles("acc_1", (), scope=None),
    lambda accounts: accounts.remember_read("acc_1", CompletedRead(NOW, None), Coverage()),
    lambda accounts: accounts.remember_announcing("acc_1", "connected", number=1),
    lambda accounts: accounts.remember_announced("acc_1", "connected"),
    lambda accounts: accounts.remember_full_read("acc_1", FullRead(NOW, Coverage())),
    lambda accounts: accounts.remember_second_look("acc_1", NOW),
    lambda accounts: accounts.mark_needs_user("acc_1", "forbidden", since=NOW),
    lambda accounts: accounts.mark_erasing("acc_1", since=NOW),
    lambda accounts: accounts.limit_to("acc_1", ()),
    lambda accounts: accounts.pause("acc_1"),
    lambda accounts: accounts.resume("acc_1", due_at=NOW),
    lambda accounts: accounts.tokens("acc_1"),
)


@pytest.mark.parametrize("change", CHANGES)
def test_an_account_that_is_gone_is_not_brought_back(accounts, change):
    with pytest.raises(AccountGoneError):
        change(accounts)

    assert accounts.get("acc_1") is None


def test_an_account_that_is_gone_or_paused_never_falls_due(accounts):
    accounts.look_again("acc_1", at=NOW)
    accounts.add(account("acc_2"), added_at=NOW)
    accounts.pause("acc_2")
    accounts.look_again("acc_2", at=NOW)

    assert accounts.get("acc_1") is None
    assert due(accounts, NOW + timedelta(days=1)) == []


def test_a_resumed_account_keeps_since_when(accounts):
    accounts.add(account(), added_at=NOW)
    accounts.pause("acc_1")
    accounts.resume("acc_1", due_at=NOW + timedelta(hours=1))

    assert accounts.get("acc_1").resumed_at == NOW + timedelta(hours=1)


def test_the_grant_of_an_account_that_is_gone_is_not_stored(accounts):
    later = NOW + timedelta(seconds=30)

    assert not accounts.lease_refresh("acc_1", "refresh", now=NOW, until=later)
    assert not accounts.store_tokens("acc_1", Tokens("refresh 2"), replacing="refresh")
    assert not accounts.postpone("acc_1", NOW, until=later)
    assert accounts.get("acc_1") is None


def test_tokens_are_stored_in_place_of_those_that_were_exchanged_alone(accounts):
    accounts.add(account(), added_at=NOW)
    new = Tokens("refresh 2", "access 2", None)

    assert not accounts.store_tokens("acc_1", new, replacing="another")
    assert accounts.tokens("acc_1") == account().tokens
    assert accounts.store_tokens("acc_1", new, replacing="refresh")
    assert accounts.tokens("acc_1") == replace(new, scope="read_events")


def test_one_at_a_time_may_exchange_a_refresh_token(accounts):
    accounts.add(account(), added_at=NOW)
    soon, later = NOW + timedelta(seconds=29), NOW + timedelta(seconds=30)

    assert not accounts.lease_refresh("acc_1", "another", now=NOW, until=later)
    assert accounts.lease_refresh("acc_1", "refresh", now=NOW, until=later)
    assert not accounts.lease_refresh("acc_1", "refresh", now=soon, until=later)
    assert accounts.lease_refresh("acc_1", "refresh", now=later, until=later + timedelta(1))


def test_the_right_to_exchange_ends_with_the_exchange(accounts):
    accounts.add(account(), added_at=NOW)
    later = NOW + timedelta(seconds=30)

    accounts.lease_refresh("acc_1", "refresh", now=NOW, until=later)
    accounts.release_refresh("acc_1")
    assert accounts.lease_refresh("acc_1", "refresh", now=NOW, until=later)
    accounts.store_tokens("acc_1", Tokens("refresh 2"), replacing="refresh")
    assert accounts.lease_refresh("acc_1", "refresh 2", now=NOW, until=later)


def test_connecting_puts_an_account_in_place_or_gives_it_its_new_grant(accounts):
    later = NOW + timedelta(days=1)
    again = replace(account(user_refs=("two",)), tokens=Tokens("refresh 2", "access 2"))

    assert accounts.connect(account(user_refs=("one",)), connected_at=NOW)
    accounts.limit_to("acc_1", ("cal_1",))
    accounts.remember_channel("acc_1", Channel("chn_1"))
    accounts.mark_needs_user("acc_1", "invalid_grant", since=NOW)
    assert accounts.connect(again, connected_at=later)

    found = accounts.get("acc_1")
    assert found.user_refs == ("one", "two")
    assert found.tokens == Tokens("refresh 2", "access 2", None, "read_events")
    assert (found.state, found.state_reason, found.connected_at) == (State.CONNECTED, None, later)
    assert (found.calendars, found.channel) == (("cal_1",), Channel("chn_1"))


def test_connecting_leaves_what_is_being_erased_or_elsewhere(accounts):
    accounts.add(account(), added_at=NOW)

    assert not accounts.connect(replace(account(), data_center="us"), connected_at=NOW)
    accounts.mark_erasing("acc_1", since=NOW)
    assert not accounts.connect(account(), connected_at=NOW)
    assert accounts.get("acc_1").state is State.ERASING
    accounts.remove("acc_1")
    assert accounts.connect(account(), connected_at=NOW)


def due(accounts, at, most=10):
    return list(accounts.due(now=at, most=most))


def test_an_account_is_due_when_it_was_added_and_when_it_is_said(accounts):
    later = NOW + timedelta(hours=1)
    for number in range(3):
        accounts.add(account(f"acc_{number}"), added_at=NOW + timedelta(minutes=number))

    assert due(accounts, NOW - timedelta(seconds=1)) == []
    assert due(accounts, later, most=1) == [("acc_0", NOW)]
    assert due(accounts, later, most=2) == [
        ("acc_0", NOW),
        ("acc_2", NOW + timedelta(minutes=2)),
    ]
    assert accounts.postpone("acc_0", NOW, until=later)
    assert not accounts.postpone("acc_0", NOW, until=later)
    accounts.look_again("acc_1", at=later + timedelta(hours=1))
    assert [name for name, _ in due(accounts, later)] == ["acc_2", "acc_0"]


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0, []),
        (3, [0, 1, 6]),
        (4, [0, 1, 6, 5]),
        (6, [0, 1, 2, 6, 5, 4]),
        (7, [0, 1, 2, 3, 6, 5, 4]),
        (8, [0, 1, 2, 3, 6, 5, 4]),
        (20, [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_half_of_what_is_asked_for_is_overdue_for_longest_and_half_fell_due_last(
    accounts, most, expected
):
    for number in range(7):
        accounts.add(account(f"acc_{number}"), added_at=NOW + timedelta(minutes=number))

    found = due(accounts, NOW + timedelta(hours=1), most)

    assert [int(name.removeprefix("acc_")) for name, _ in found] == expected


def test_what_is_paused_or_being_erased_is_never_due(accounts):
    for number in range(3):
        accounts.add(account(f"acc_{number}"), added_at=NOW)

    accounts.pause("acc_0")
    accounts.mark_erasing("acc_1", since=NOW)
    assert [name for name, _ in due(accounts, NOW)] == ["acc_2"]
    assert accounts.get("acc_0").is_paused

    accounts.resume("acc_0", due_at=NOW)
    assert {name for name, _ in due(accounts, NOW)} == {"acc_0", "acc_2"}
    assert not accounts.get("acc_0").is_paused


def test_a_damaged_item_is_said_to_be_one(dynamodb):
    dynamodb.put_item(TableName="accounts", Item={"account_id": "acc_1", "state": "well"})

    with pytest.raises(TryAgainError, match="damaged"):
        AccountsTable(dynamodb, "accounts").get("acc_1")


def test_all_rows_of_an_account_are_listed_and_can_be_erased(events):
    many = [record(f"{number:03}", start="2026-02-01") for number in range(60)]
    events.write([*many, record("dead", deleted=True), record("b", "acc_2")], synced_at=NOW)

    rows = dict(events.rows("acc_1"))
    assert len(rows) == 61
    assert rows[many[0].key] == Stored(many[0].content_hash, False, "2026-02-01T00:00:00Z", None)
    assert rows[record("dead").key].deleted

    events.erase(list(rows))
    assert dict(events.rows("acc_1")) == {}
    assert len(dict(events.rows("acc_2"))) == 1


def test_rows_on_many_pages_are_all_listed(dynamodb):
    table = EventsTable(dynamodb, "events")
    table.write([record(f"{n}", description="x" * 300_000) for n in range(12)], synced_at=NOW)

    assert len(dict(table.rows("acc_1"))) == 12


class Scripted:
    """A DynamoDB client that leaves part of each batch undone, some times."""

    def __init__(self, client, undone):
        self.client, self.undone, self.calls = client, undone, 0

    def batch_write_item(self, **asked):
        return self._call("UnprocessedItems", asked, self.client.batch_write_item)

    def batch_get_item(self, **asked):
        return self._call("UnprocessedKeys", asked, self.client.batch_get_item)

    def _call(self, name, asked, call):
        self.calls += 1
        if self.calls > self.undone:
            return call(**asked)
        return {name: asked["RequestItems"], "Responses": {}}


@pytest.mark.parametrize(("undone", "enough"), [(0, True), (3, True), (4, False)])
def test_what_dynamodb_leaves_undone_is_done_or_said(dynamodb, undone, enough):
    table = EventsTable(Scripted(dynamodb, undone), "events")
    if enough:
        table.write([record()], synced_at=NOW)
        assert EventsTable(dynamodb, "events").stored([record().key])
        return
    with pytest.raises(StoreBusyError):
        table.write([record()], synced_at=NOW)
    with pytest.raises(StoreBusyError):
        EventsTable(Scripted(dynamodb, undone), "events").stored([record().key])


def test_rows_and_accounts_are_read_as_they_are_now(dynamodb):
    """An answer that lags behind could make us skip a write; moto's never does, so it is asked."""
    asked = []

    class Watched:
        def batch_get_item(self, **parameters):
            asked.append(parameters["RequestItems"]["events"].get("ConsistentRead"))
            return dynamodb.batch_get_item(**parameters)

        def get_item(self, **parameters):
            asked.append(parameters.get("ConsistentRead"))
            return dynamodb.get_item(**parameters)

    EventsTable(Watched(), "events").stored([record().key])
    AccountsTable(Watched(), "accounts").get("acc_1")

    assert asked == [True, True]


def test_a_table_that_is_missing_or_refused_is_not_now(dynamodb):
    with pytest.raises(StoreBusyError, match="ResourceNotFoundException"):
        EventsTable(dynamodb, "another").stored([record().key])


def test_an_item_that_dynamodb_refuses_does_not_stop_the_others(dynamodb):
    class Refusing:
        """Refuses batches with one event, as DynamoDB does what it finds invalid."""

        def batch_write_item(self, **asked):
            puts = asked["RequestItems"]["events"]
            items = [each["PutRequest"]["Item"] for each in puts]
            if any(item["event_uid"] == "7" for item in items):
                dynamodb.put_item(TableName="events", Item={"pk": 1})  # invalid for the service
            return dynamodb.batch_write_item(**asked)

    many = [record(f"{number}") for number in range(40)]

    assert EventsTable(Refusing(), "events").write(many, synced_at=NOW) == 1
    assert len(EventsTable(dynamodb, "events").stored([each.key for each in many])) == 39
