"""The model of the queue keeps the contract; tests/end_to_end holds the local AWS to the same."""

import pytest

from tests.models.fifo_contract import (
    DELAY_S,
    MOST_RECEIVES,
    VISIBILITY_S,
    FifoQueueContract,
    put,
    taken,
)
from tests.models.fifo_queue import DEDUPLICATION_S, FifoQueue
from tests.models.quick_queue import QuickQueue


class TestTheModel(FifoQueueContract):
    @pytest.fixture
    def clock(self):
        return [1_000.0]

    @pytest.fixture(params=[FifoQueue, QuickQueue])
    def queue(self, request, clock):
        return request.param(lambda: clock[0], DELAY_S, VISIBILITY_S, MOST_RECEIVES)

    @pytest.fixture
    def wait(self, clock):
        def wait(seconds):
            clock[0] += seconds

        return wait

    @pytest.fixture
    def dead(self, queue):
        return lambda: [delivery.body for delivery, _ in queue.dead]

    def test_an_id_is_forgotten_after_five_minutes(self, queue, wait):
        put(queue, "one", unique="same")
        wait(DEDUPLICATION_S - 1)
        put(queue, "two", unique="same")
        wait(1)
        put(queue, "three", unique="same")
        wait(DELAY_S)

        assert taken(queue) == ["one", "three"]

    def test_a_batch_has_ten_messages_at_most(self, queue, wait):
        for number in range(12):
            put(queue, f"{number}", group=f"{number % 3}")
        wait(DELAY_S)

        assert len(taken(queue)) == 10
