"""Carries notifications to their callbacks, several at once, each within Cronofy's 5 seconds."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import urllib3

from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator
from cronofy_simulator.state.deliveries import Delivery, Ending, Outcome

AT_ONCE = 128
LONGEST_SLEEP = 1.0  # seconds; a clock that was turned elsewhere is noticed after that


class Courier:
    """A thread that waits for deliveries to fall due, and a pool that makes them.

    `lock` guards the simulator. `changed` is notified whenever the simulator's state may have.
    """

    def __init__(self, simulator: Simulator, lock: threading.Lock) -> None:
        self._simulator = simulator
        self._changed = threading.Condition(lock)
        self._stopping = False
        self._pool = ThreadPoolExecutor(AT_ONCE, "delivery")
        self._http = urllib3.PoolManager(num_pools=AT_ONCE, maxsize=AT_ONCE, retries=False)
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def wake(self) -> None:
        """To be called with the lock held."""
        self._changed.notify_all()

    def wait_for(self, delivery_id: str, longest: float) -> None:
        """Until the delivery has been tried once. To be called with the lock held."""
        self._changed.wait_for(lambda: self._simulator.was_tried(delivery_id), longest)

    def _run(self) -> None:
        with self._changed:
            while not self._stopping:
                due = self._simulator.due_deliveries()
                settings = self._simulator.world.settings
                for delivery in due:
                    self._pool.submit(self._deliver, delivery, settings)
                self._changed.wait(self._pause())

    def _pause(self) -> float:
        next_at = self._simulator.next_delivery_at()
        if next_at is None:
            return LONGEST_SLEEP
        left = (next_at - self._simulator.world.clock()).total_seconds()
        return min(max(left, 0.001), LONGEST_SLEEP)

    def _deliver(self, delivery: Delivery, settings: Settings) -> None:
        outcome = post(self._http, delivery, settings.delivery_timeout)
        with self._changed:
            self._simulator.delivered(delivery.delivery_id, outcome)
            self._changed.notify_all()


def post(http: urllib3.PoolManager, delivery: Delivery, within: float) -> Outcome:
    """Redirects are not followed: what they are worth is unconfirmed, and they are not a 2xx."""
    started = time.monotonic()
    try:
        response = http.request(
            "POST",
            delivery.url,
            body=delivery.body,
            headers=delivery.headers,
            timeout=urllib3.Timeout(total=within),
            redirect=False,
            preload_content=False,
        )
        status = response.status
        response.close()
    except urllib3.exceptions.NewConnectionError:  # which urllib3 counts among the timeouts
        return Outcome(Ending.UNREACHABLE, seconds=time.monotonic() - started)
    except urllib3.exceptions.TimeoutError:
        return Outcome(Ending.TIMEOUT, seconds=time.monotonic() - started)
    except (urllib3.exceptions.HTTPError, OSError):
        return Outcome(Ending.UNREACHABLE, seconds=time.monotonic() - started)
    took = time.monotonic() - started
    return Outcome(Ending.ANSWERED if took <= within else Ending.TIMEOUT, status, took)
