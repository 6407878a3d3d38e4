"""What a stack is taken to use a month, and what that costs."""

import pytest

from calmirror import prices, usage
from calmirror.prices import Price
from calmirror.usage import DAYS, Line, Load


def lines(**load):
    return usage.assumed(Load(**load), "arm64")


def test_a_line_costs_its_quantity_at_its_price():
    assert Line(prices.QUEUE_REQUEST, 2_000_000, "measured").usd == pytest.approx(1.0)


def test_each_notification_is_one_request_one_event_and_three_requests_of_the_queue():
    found = lines(accounts=100, notifications=10)

    notified = 100 * 10 * DAYS
    assert found[prices.API_REQUEST].quantity == pytest.approx(notified)
    assert found[prices.BUS_EVENT].quantity == pytest.approx(notified)
    idle = lines(accounts=0)[prices.QUEUE_REQUEST].quantity
    full_reads = 100 * DAYS
    sent = found[prices.QUEUE_REQUEST].quantity - idle
    assert sent == pytest.approx(3 * (notified + full_reads))


def test_a_row_is_paid_for_in_the_table_and_in_its_index():
    one, two = (lines(accounts=1, notifications=n)[prices.WRITE].quantity for n in (1, 2))

    assert (two - one) / DAYS == pytest.approx(2 * 2 + 2 + 1)


def test_a_full_read_reads_every_row_of_its_account_once_a_day():
    small, large = (
        lines(accounts=1, notifications=0, events=events)[prices.READ].quantity
        for events in (0, 400)
    )

    assert (large - small) / DAYS == pytest.approx(400 * 2 / 4)


def test_what_is_stored_is_stored_twice_and_backed_up_once():
    found = lines(accounts=1000, events=1000, event_kb=1.024)

    assert found[prices.STORED].quantity == pytest.approx(2 * found[prices.BACKED_UP].quantity)
    assert found[prices.BACKED_UP].quantity == pytest.approx(0.9766, rel=1e-3)


def test_an_empty_stack_still_asks_its_queue_and_rings_its_clock():
    used = {line.price for line in lines(accounts=0).values() if line.quantity}

    assert used == {
        *(prices.QUEUE_REQUEST, prices.CLOCK, prices.INVOCATION, prices.GB_SECOND["arm64"]),
        *(prices.READ, prices.LOGGED, prices.KEY_REQUEST),
    }


def test_every_assumption_is_said():
    assert all(len(line.basis) > 5 for line in lines(accounts=1).values())


def test_every_price_has_a_source_and_is_more_than_nothing():
    found = [each for each in vars(prices).values() if isinstance(each, Price)]

    assert len(found) >= 14
    for each in (*found, *prices.GB_SECOND.values()):
        assert each.usd > 0
        assert "pricing" in each.source
