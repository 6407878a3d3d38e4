from datetime import UTC, datetime
from decimal import Decimal

import pytest

from calendar_mirror import records


def put(stack, uid, start, **fields):
    document = {"calendar_id": "cal_1", "event_uid": uid, "summary": uid, "start": start, **fields}
    item = records.to_item(
        records.from_cronofy("acc_1", document), synced_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    stack.dynamodb.put_item(TableName=stack.outputs["EventsTableName"], Item=item)


@pytest.fixture
def rows(stack):
    stack.run("accounts", "add", "acc_1", "--refresh-token", "token")
    put(stack, "late", "2026-02-03T09:00:00Z", end="2026-02-03T10:00:00Z")
    put(stack, "early", "2026-02-01T09:00:00Z", end="2026-02-01T10:00:00Z")
    put(stack, "day", "2026-02-02", end="2026-02-03")
    put(stack, "other", "2026-02-01T09:30:00Z", calendar_id="cal_2")
    put(stack, "gone", "2026-02-01T09:00:00Z", deleted=True)


def uids(stack, *options):
    return [each["event_uid"] for each in stack.told("events", "acc_1", *options)]


@pytest.mark.usefixtures("rows")
class TestEvents:
    def test_live_rows_come_in_the_order_of_their_start(self, stack):
        assert uids(stack) == ["early", "other", "day", "late"]

    @pytest.mark.parametrize(
        ("options", "found"),
        [
            (("--from", "2026-02-02"), ["day", "late"]),
            (("--to", "2026-02-02"), ["early", "other"]),
            (("--from", "2026-02-01T09:00:00Z", "--to", "2026-02-01T09:30:00Z"), ["early"]),
            (("--from", "2026-02-01T09:00:01Z", "--to", "2026-02-03T09:00:00Z"), ["other", "day"]),
            (("--from", "2027-01-01"), []),
            (("--calendar", "cal_2"), ["other"]),
            (("--calendar", "cal_2", "--from", "2026-02-02"), []),
        ],
    )
    def test_bounds_are_of_the_start_and_the_end_is_not_within(self, stack, options, found):
        assert uids(stack, *options) == found

    def test_people_see_a_line_for_each_event(self, stack):
        lines = [line.split() for line in stack.run("events", "acc_1").stdout.splitlines()]

        assert lines[0] == ["start", "end", "summary", "calendar", "id", "event", "uid"]
        assert lines[1][:3] == ["2026-02-01T09:00:00Z", "2026-02-01T10:00:00Z", "early"]
        assert lines[2][1] == "–"
        assert lines[3][:3] == ["2026-02-02", "2026-02-03", "day"]
        assert len(lines) == 5

    def test_programs_get_the_whole_item(self, stack):
        first = stack.told("events", "acc_1")[0]

        assert first["event"]["end"] == "2026-02-01T10:00:00Z"
        assert {"pk", "sk", "start_at", "content_hash", "synced_at"} <= first.keys()

    def test_numbers_come_out_as_numbers(self, stack):
        put(stack, "odd", "2026-02-09T09:00:00Z", geo={"lat": Decimal("50.5"), "floor": 3})

        (found,) = stack.told("events", "acc_1", "--from", "2026-02-09")
        assert found["event"]["geo"] == {"lat": 50.5, "floor": 3}

    def test_no_event_is_said_so(self, stack):
        said = stack.run("events", "acc_1", "--from", "2027-01-01")

        assert (said.exit_code, said.stdout) == (0, "No event.\n")

    def test_more_than_one_page_is_read(self, stack):
        for number in range(6):
            put(stack, f"big{number}", f"2026-03-0{number + 1}", description="x" * 300_000)

        assert len(uids(stack, "--from", "2026-03-01")) == 6

    @pytest.mark.parametrize(
        "options",
        [
            ("--from", "yesterday"),
            ("--to", "2026-02-30"),
            ("--from", "2026-02-02", "--to", "2026-02-02"),
            ("--from", "2026-02-02", "--to", "2026-02-01"),
        ],
    )
    def test_what_makes_no_sense_is_a_usage_error(self, stack, options):
        refused = stack.run("events", "acc_1", *options)

        assert (refused.exit_code, refused.stdout) == (2, "")


def test_an_account_that_is_not_there_has_no_events(stack):
    refused = stack.run("events", "acc_1")

    assert (refused.exit_code, refused.stderr) == (1, "Error: There is no account acc_1.\n")
