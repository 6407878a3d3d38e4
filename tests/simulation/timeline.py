"""The virtual clock, and what happens when."""

import heapq
from datetime import timedelta

from tests.models.cronofy import Clock


class Timeline:
    """
    Actions happen when the clock comes by, also while somebody waits: what they do in the meantime
    is how processes run at the same time.
    """

    def __init__(self, clock: Clock):
        self.clock = clock
        self._actions = []
        self._count = 0

    def at(self, when, action):
        self._count += 1
        heapq.heappush(self._actions, (when, self._count, action))

    def after(self, seconds, action):
        self.at(self.clock() + timedelta(seconds=seconds), action)

    def wait(self, seconds):
        """Let time pass."""
        until = self.clock() + timedelta(seconds=seconds)
        while self._actions and self._actions[0][0] <= until:
            self._next()
        self.clock.at = max(self.clock.at, until)

    def rest(self, at_most_s):
        """Go on until nothing is left to happen. Tell whether it came to that."""
        until = self.clock() + timedelta(seconds=at_most_s)
        while self._actions and self._actions[0][0] <= until:
            self._next()
        return not self._actions

    def _next(self):
        when, _, action = heapq.heappop(self._actions)
        self.clock.at = max(self.clock.at, when)
        action()
