"""The whole of Cronofy as one state machine: requests in, responses out, deliveries due."""

import random
from datetime import datetime

from cronofy_simulator import notifications
from cronofy_simulator.api import channels, consent, gateway
from cronofy_simulator.clock import Clock
from cronofy_simulator.control import routes as control
from cronofy_simulator.settings import Settings
from cronofy_simulator.state.deliveries import Delivery, Outcome
from cronofy_simulator.wire import Request, Response
from cronofy_simulator.world import World


class Simulator:
    """Deterministic: the same clock, randomness and requests give the same answers.

    A shell calls `handle` for each request, asks `due_deliveries` for the POSTs to be made now,
    and reports how each of them ended with `delivered`. `next_delivery_at` says when to come back.
    """

    def __init__(self, clock: Clock, settings: Settings, rng: random.Random) -> None:
        self.world = World.new(clock, settings, rng)
        self._initial_settings = settings

    def handle(self, request: Request) -> Response:
        self.world.tick()
        notifications.flush(self.world)
        if request.path == "/_control/reset" and request.method == "POST":
            return self._reset()
        if request.path.startswith("/_control/"):
            return control.handle(self.world, request)
        if consent.serves(request):
            return consent.handle(self.world, request)
        return gateway.handle(self.world, request)

    def release(self, held: Response) -> Response:
        """The answer to a response with `held_for`, once that delivery has been tried."""
        self.world.tick()
        return channels.settle(self.world, held, held.held_for or "")

    def due_deliveries(self) -> list[Delivery]:
        self.world.tick()
        return notifications.due(self.world)

    def delivered(self, delivery_id: str, outcome: Outcome) -> None:
        self.world.tick()
        notifications.delivered(self.world, delivery_id, outcome)

    def next_delivery_at(self) -> datetime | None:
        """In the past when deliveries are due already; None when none is in sight."""
        return notifications.next_at(self.world)

    def was_tried(self, delivery_id: str) -> bool:
        parcel = self.world.outbox.find(delivery_id)
        return parcel is None or (bool(parcel.attempts) and parcel.state != "in flight")

    def _reset(self) -> Response:
        """Everything as it was at the start; the clock keeps its time."""
        rng = self.world.rng
        self.world = World.new(self.world.clock, self._initial_settings, rng)
        return Response(204)
