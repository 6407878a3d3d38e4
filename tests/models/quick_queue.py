"""The queue of `fifo_queue`, quick with thousands of messages: held to the same contract."""

import heapq
from collections import deque
from dataclasses import dataclass, field

from tests.models.fifo_queue import BATCH, DEDUPLICATION_S, FifoQueue, Kept


@dataclass
class QuickQueue(FifoQueue):
    """Looks at the groups whose first message can be handed out, and at no others."""

    groups: dict = field(default_factory=dict)
    by_handle: dict = field(default_factory=dict)
    ready: list = field(default_factory=list)
    waiting: list = field(default_factory=list)

    def send(self, *, group, body, deduplication_id):
        key = group, deduplication_id
        if self.now() - self._seen.get(key, -DEDUPLICATION_S) < DEDUPLICATION_S:
            return False
        self._seen[key] = self.now()
        self._count += 1
        kept = Kept(self._count, group, body, self.now() + self.delay_s)
        self.groups.setdefault(group, deque()).append(kept)
        self._arm(group)
        return True

    def receive(self):
        now, taken, held = self.now(), [], []
        while self.waiting and self.waiting[0][0] <= now:
            _, number, group = heapq.heappop(self.waiting)
            heapq.heappush(self.ready, (number, group))
        while self.ready and len(taken) < BATCH:
            number, group = heapq.heappop(self.ready)
            messages = self.groups.get(group)
            if not messages or messages[0].number != number or self._is_locked(messages, now):
                continue  # what is left of an earlier state
            for message in tuple(messages):
                if message.visible_at > now or len(taken) == BATCH:
                    break
                if message.receives == self.most_receives:
                    self.dead.append((message.delivery, "received too often"))
                    messages.remove(message)
                    continue
                self._hand_out(message, now, taken)
            held.append(group)
        for group in held:
            self._arm(group)
        return taken

    def _hand_out(self, message, now, taken):
        self.by_handle.pop(message.handle, None)
        message.receives += 1
        message.handle = f"{message.number}:{message.receives}"
        self.by_handle[message.handle] = message
        message.visible_at = now + self.visibility_s
        taken.append(message.delivery)

    def delete(self, delivery):
        message = self.by_handle.pop(delivery.receipt_handle, None)
        if message is not None:
            self.groups[message.group].remove(message)
            self._arm(message.group)

    def change_visibility(self, delivery, seconds):
        message = self.by_handle.get(delivery.receipt_handle)
        if message is not None:
            message.visible_at = self.now() + seconds
            if not seconds:
                message.handle = ""
                self.by_handle.pop(delivery.receipt_handle)
            self._arm(message.group)

    def next_visible_at(self):
        """Return when a message can be handed out at the earliest."""
        if self.ready:
            return self.now()
        return self.waiting[0][0] if self.waiting else None

    def depth(self):
        """Return how many messages there are."""
        return sum(map(len, self.groups.values()))

    def _is_locked(self, messages, now):
        return any(m.handle and m.visible_at > now for m in messages)

    def _arm(self, group):
        """Say when the group can be looked at next."""
        messages = self.groups[group]
        if not messages:
            del self.groups[group]
            return
        now = self.now()
        at = max([messages[0].visible_at, *(m.visible_at for m in messages if m.handle)])
        entry = messages[0].number, group
        if at > now:
            heapq.heappush(self.waiting, (at, *entry))
        else:
            heapq.heappush(self.ready, entry)
