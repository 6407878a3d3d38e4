"""The edges that know one small thing each, on moto."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import announcements, budgets
from calendar_mirror.accounts import Account, Tokens, Trouble
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.authorizations_table import AuthorizationsTable
from calendar_mirror.budget_table import BudgetTable
from calendar_mirror.census import Census
from calendar_mirror.change_bus import ChangeBus
from calendar_mirror.dead_letter_queue import DeadLetterQueue
from calendar_mirror.erasures_table import ErasuresTable
from calendar_mirror.errors import AwsCallError, RateLimitedError, TryAgainError
from calendar_mirror.measures import Measure
from calendar_mirror.messages import Kind, request
from calendar_mirror.sync_queue import SyncQueue
from tests.models.cronofy import Clock
from tests.models.dynamodb import DynamoDB, template_tables
from tests.models.tables import Budget

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["model", "dynamodb", "simulated dynamodb"])
def workers(request, clock):
    """Return a way to one more worker's view of the one budget."""
    limit, item = budgets.limit(500), Budget(clock).item
    if request.param == "model":
        return lambda: Budget(clock, limit, item)
    dynamodb = DynamoDB(template_tables())
    if request.param == "dynamodb":
        dynamodb = request.getfixturevalue("dynamodb")
    return lambda: BudgetTable(dynamodb, "budget", limit, clock)


@pytest.fixture
def budget(workers):
    return workers()


def taken(budget, *, is_background=False, most=1000):
    """Take as many calls as there are at this moment."""
    for number in range(most):
        try:
            budget.take("us", is_background=is_background)
        except RateLimitedError as error:
            return number, error.retry_after_s
    return most, None


def test_a_burst_is_taken_at_once_and_then_calls_come_at_an_even_pace(budget, clock):
    limit = budgets.limit(500)

    assert taken(budget) == (limit.burst, pytest.approx(limit.interval_s, abs=0.02))
    clock.turn(limit.interval_s + 0.001)
    assert taken(budget)[0] == 1
    clock.turn(limit.interval_s * 10 + 0.001)
    assert taken(budget)[0] == 10
    clock.turn(3600)
    assert taken(budget)[0] == limit.burst


def test_background_work_leaves_half_a_burst_to_what_users_wait_for(budget):
    limit = budgets.limit(500)

    assert taken(budget, is_background=True)[0] == limit.burst // 2
    assert taken(budget)[0] == limit.burst - limit.burst // 2
    assert taken(budget, is_background=True)[0] == 0


def test_no_minute_and_no_second_holds_more_than_cronofy_takes(budget, clock):
    at = []
    for _ in range(1300):
        if taken(budget, most=1)[0]:
            at.append(clock().timestamp())
        else:
            clock.turn(0.1)
    for length, most in ((60.0, 500), (1.0, 50)):
        busiest = max(sum(start <= each < start + length for each in at) for start in at)
        assert busiest <= most, length
    assert len(at) > 500


def pace(budget, clock):
    """Return the calls there are in 20 seconds, once a burst is used up."""
    taken(budget)
    found = 0
    for _ in range(20):
        clock.turn(1)
        found += taken(budget)[0]
    return found


USUAL = 20 / budgets.limit(500).interval_s


def refused(budget, clock, times):
    """Let Cronofy answer 429 to so many calls, one every three seconds."""
    for _ in range(times):
        clock.turn(3)
        taken(budget, most=1)
        budget.slow_down("us")


def test_a_429_slows_everybody_down(workers, clock):
    first, second = workers(), workers()
    assert pace(first, clock) == pytest.approx(USUAL, abs=2)

    first.slow_down("us")

    taken(second, most=1)  # from now on it knows
    assert pace(second, clock) == pytest.approx(USUAL / 1.46, abs=3)


def test_one_shortage_counts_once_however_many_workers_meet_with_it(workers, clock):
    crew = [workers() for _ in range(10)]
    for worker in crew:
        worker.take("us", is_background=False)
    for worker in crew:  # the last ones of calls that were answered late
        worker.slow_down("us")
        clock.turn(1)

    assert pace(crew[5], clock) == pytest.approx(USUAL / 1.45, abs=3)


def test_a_shortage_that_goes_on_slows_down_further_but_not_to_a_halt(budget, clock):
    found = []
    for _ in range(3):
        refused(budget, clock, 3)
        found.append(pace(budget, clock))

    assert found == sorted(found, reverse=True)
    assert found[0] < USUAL / 2.5
    assert found[-1] > USUAL / 11


def test_a_slower_pace_is_left_again_within_minutes(budget, clock):
    refused(budget, clock, 20)
    found = []
    for _ in range(4):
        found.append(pace(budget, clock))
        clock.turn(200)

    assert found == sorted(found)
    assert found[0] < USUAL / 8
    assert found[-1] > USUAL * 0.93


def test_a_slower_pace_holds_a_smaller_burst(budget, clock):
    refused(budget, clock, 20)
    clock.turn(10)
    taken(budget, most=1)
    clock.turn(50)

    assert 3 <= taken(budget)[0] <= budgets.limit(500).burst // 5


def test_a_worker_knows_the_headroom_from_its_last_call_for_some_seconds(workers, clock):
    first, second = workers(), workers()
    assert first.headroom() is None

    first.take("us", is_background=False)
    assert first.headroom() == pytest.approx(39 / 40, abs=0.001)
    taken(second)
    assert second.headroom() == second.headroom("us") == pytest.approx(0, abs=0.03)
    assert first.headroom() == pytest.approx(39 / 40, abs=0.001)  # it has not asked since
    assert taken(first)[0] == 0
    assert first.headroom() == pytest.approx(0, abs=0.03)
    clock.turn(11)
    assert first.headroom() is None


def test_data_centers_have_budgets_of_their_own(dynamodb, clock):
    table = BudgetTable(dynamodb, "budget", budgets.limit(500), clock)
    taken(table)
    table.slow_down("us")
    assert table.headroom() == pytest.approx(0, abs=0.03)

    table.take("de", is_background=True)
    assert table.headroom() == table.headroom("de") == pytest.approx(39 / 40, abs=0.001)
    assert table.headroom("us") == pytest.approx(0, abs=0.03)
    clock.turn(0.01)
    assert taken(table, is_background=True)[0] == 0


def test_headroom_costs_no_call_of_its_own(clock):
    calls = []

    class Client:
        def update_item(self, **call):
            calls.append(call)
            return {"Attributes": {"arrival_ms": 0}}

    table = BudgetTable(Client(), "budget", budgets.limit(500), clock)
    table.take("us", is_background=False)

    assert table.headroom() is not None
    assert len(calls) == 1


def test_an_authorization_is_finished_once(dynamodb):
    table = AuthorizationsTable(dynamodb, "authorizations")

    assert table.claim("state 1", expires_at=NOW)
    assert not table.claim("state 1", expires_at=NOW)
    assert table.claim("state 2", expires_at=NOW)
    (item, _) = dynamodb.scan(TableName="authorizations")["Items"]
    assert item["expires_at"] > NOW.timestamp()
    assert "state 1" not in str(item)


def test_a_receipt_is_found_by_the_account_it_does_not_name(dynamodb):
    table = ErasuresTable(dynamodb, "erasures")
    about = {"asked_at": NOW, "asked_for_by": "operator"}
    table.begin("acc_1", **about, counts={"rows_erased": 3})
    assert table.of("acc_1") == []
    table.begin("acc_1", **about, counts={"rows_erased": 2})
    for _ in range(2):
        table.finish("acc_1", **about, finished_at=NOW, counts={"channels_closed": 1})

    (receipt,) = table.of("acc_1")
    assert (receipt["rows_erased"], receipt["channels_closed"]) == (5, 1)
    assert (receipt["asked_for_by"], receipt["finished_at"]) == (
        "operator",
        "2026-01-31T09:00:00Z",
    )
    assert table.of("acc_2") == []
    assert "acc_1" not in str(dynamodb.scan(TableName="erasures"))


def letters(sqs, url, *groups):
    for number, group in enumerate(groups):
        sqs.send_message(
            QueueUrl=url,
            MessageBody="letter",
            MessageGroupId=group,
            MessageDeduplicationId=f"{number}",
        )


def in_order(sqs, url):
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["MessageGroupId"]
    )
    return [each["Attributes"]["MessageGroupId"] for each in answer.get("Messages", [])]


def test_every_dead_letter_of_an_account_is_removed_and_others_stay(sqs, queues):
    letters(sqs, queues[1], *["acc_1", "acc_2", "acc_1", "acc_3"] * 6)

    removed = DeadLetterQueue(sqs, queues[1]).remove("acc_1", time_is_up=lambda: False)

    assert removed == 12
    assert set(in_order(sqs, queues[1])) == {"acc_2", "acc_3"}


def test_a_queue_too_long_to_be_seen_in_time_is_seen_again_later(sqs, queues):
    letters(sqs, queues[1], "acc_2", "acc_1")

    with pytest.raises(TryAgainError, match="too long"):
        DeadLetterQueue(sqs, queues[1]).remove("acc_1", time_is_up=lambda: True)
    assert in_order(sqs, queues[1]) == ["acc_2"]


def test_a_dead_letter_queue_that_is_gone_is_not_now(sqs):
    with pytest.raises(TryAgainError):
        DeadLetterQueue(sqs, "http://127.0.0.1:1/none").remove("acc_1", time_is_up=bool)


def test_an_announcement_reaches_the_bus(client, sqs, queues):
    events = client("events")
    bus = events.create_event_bus(Name="changes")["EventBusArn"]
    plain = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=plain, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(
        Name="all",
        EventBusName="changes",
        EventPattern=json.dumps({"source": [announcements.SOURCE]}),
    )
    events.put_targets(
        Rule="all", EventBusName="changes", Targets=[{"Id": "1", "Arn": arn["QueueArn"]}]
    )
    announcement = announcements.due(Account("acc_1", "us", Tokens("refresh")))

    ChangeBus(events, "changes").publish(announcement)

    (message,) = sqs.receive_message(QueueUrl=plain)["Messages"]
    entry = json.loads(message["Body"])
    assert (entry["source"], entry["detail-type"]) == ("calendar-mirror", "Account Connected")
    assert entry["detail"]["account_id"] == "acc_1"
    assert len(entry["detail"]["change_id"]) == 64
    assert bus.endswith("changes")


class Refusing:
    """An EventBridge that takes the call and not the entry."""

    def put_events(self, **_):
        return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}


def test_an_announcement_that_does_not_arrive_is_made_again_later():
    announcement = announcements.due(Account("acc_1", "us", Tokens("refresh")))

    with pytest.raises(TryAgainError, match="ThrottlingException"):
        ChangeBus(Refusing(), "changes").publish(announcement)


def test_a_queue_that_cannot_be_reached_says_so(sqs):
    message = request("acc_1", Kind.CHECK, now=NOW + timedelta(days=1), cause="reconcile")

    with pytest.raises(AwsCallError):
        SyncQueue(sqs, "http://127.0.0.1:1/none").send(message, unique="1")


def test_the_accounts_in_trouble_are_counted_as_long_as_they_are(dynamodb):
    accounts, census = AccountsTable(dynamodb, "accounts"), Census(dynamodb, "accounts")
    for number in range(5):
        accounts.add(Account(f"acc_{number}", "us", Tokens("r")), added_at=NOW)
    accounts.remember_trouble("acc_0", Trouble.DISCONNECTED, since=NOW)
    accounts.remember_trouble("acc_1", Trouble.SILENT, since=NOW)
    accounts.remember_trouble("acc_2", None, since=NOW)

    assert census() == {
        Measure.ACCOUNTS: 5,
        Measure.DISCONNECTED: 1,
        Measure.UNREAD: 2,
        Measure.SILENT: 1,
        Measure.SILENT_SHARE: 20.0,
    }
    assert [accounts.get(f"acc_{n}").trouble for n in range(4)] == [
        *(Trouble.DISCONNECTED, Trouble.SILENT, None, Trouble.UNREAD)
    ]
