"""One contract for the tables, kept by the models in memory and by the real ones on moto."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from calendar_mirror import records
from calendar_mirror.accounts import Account, State, Tokens
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.diffing import Stored
from calendar_mirror.errors import AccountGoneError, StoreBusyError
from calendar_mirror.events_table import EventsTable
from calendar_mirror.planning import CompletedRead
from tests.models import tables

NOW = datetime(2026, 1, 31, 9, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture(params=["model", "dynamodb"])
def events(request):
    if request.param == "model":
        return tables.Events()
    return EventsTable(request.getfixturevalue("dynamodb"), "events")


@pytest.fixture(params=["model", "dynamodb"])
def accounts(request):
    if request.param == "model":
        return tables.Accounts()
    return AccountsTable(request.getfixturevalue("dynamodb"), "accounts")


def record(uid="a", account_id="acc_1", **fields):
    document = {"calendar_id": "cal_1", "event_uid": uid, **fields}
    return records.from_cronofy(account_id, document)


def account(account_id="acc_1"):
    return Account(account_id, "de", Tokens("refresh", "access", NOW.replace(microsecond=0)))


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

    assert accounts.get("acc_1") == account()


def test_what_is_remembered_of_an_account_is_read_back(accounts):
    accounts.add(account(), added_at=NOW)
    tokens = Tokens("refresh 2", "access 2", None)
    read = CompletedRead(NOW, NOW.replace(microsecond=0) - timedelta(minutes=2))

    accounts.store_tokens("acc_1", tokens)
    accounts.remember_channel("acc_1", "chn_1")
    accounts.mark_needs_user("acc_1", "invalid_grant", since=NOW)
    marked = accounts.get("acc_1")
    accounts.remember_read("acc_1", read)
    healed = accounts.get("acc_1")

    assert (marked.state, marked.state_reason) == (State.NEEDS_USER, "invalid_grant")
    assert (healed.state, healed.state_reason) == (State.CONNECTED, None)
    assert (healed.tokens, healed.channel_id, healed.last_read) == (tokens, "chn_1", read)


def test_a_read_of_everything_is_read_back_as_such(accounts):
    accounts.add(account(), added_at=NOW)

    accounts.remember_read("acc_1", CompletedRead(NOW, None))

    assert accounts.get("acc_1").last_read == CompletedRead(NOW, None)


def test_an_account_that_is_gone_is_not_brought_back(accounts):
    for change in (
        lambda: accounts.store_tokens("acc_1", Tokens("refresh")),
        lambda: accounts.remember_channel("acc_1", "chn_1"),
        lambda: accounts.remember_read("acc_1", CompletedRead(NOW, None)),
        lambda: accounts.mark_needs_user("acc_1", "forbidden", since=NOW),
    ):
        with pytest.raises(AccountGoneError):
            change()

    assert accounts.get("acc_1") is None


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
