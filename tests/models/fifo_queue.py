"""
A FIFO queue of SQS, under a clock of the test's.

Groups are locked while a message of theirs is in flight, a deduplication id is remembered for five
minutes within its group, also after the message was deleted, and the delay counts from the send.
Source: SQS developer guide, "FIFO queue delivery logic", "Using the message deduplication ID",
"Delay queues"
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from calendar_mirror.sync_queue import Delivery

DEDUPLICATION_S = 300.0
BATCH = 10


@dataclass
class Kept:
    number: int
    group: str
    body: str
    visible_at: float
    receives: int = 0
    handle: str = ""

    @property
    def delivery(self) -> Delivery:
        return Delivery(
            message_id=str(self.number),
            receipt_handle=self.handle,
            group=self.group,
            receive_count=self.receives,
            body=self.body,
        )


@dataclass
class FifoQueue:
    """
    Attributes:
        now: seconds, of any origin.
        most_receives: what was received so often is set aside instead of coming again.
        dead: messages set aside, with their reasons.
    """

    now: Callable[[], float]
    delay_s: float = 0.0
    visibility_s: float = 720.0
    most_receives: int = 1000
    messages: list[Kept] = field(default_factory=list)
    dead: list[tuple[Delivery, str]] = field(default_factory=list)
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)
    _count: int = 0

    def send(self, *, group: str, body: str, deduplication_id: str) -> bool:
        """Tell whether the message is new, and not one that is remembered."""
        key = group, deduplication_id
        if self.now() - self._seen.get(key, -DEDUPLICATION_S) < DEDUPLICATION_S:
            return False
        self._seen[key] = self.now()
        self._count += 1
        self.messages.append(Kept(self._count, group, body, self.now() + self.delay_s))
        return True

    def receive(self, most: int = BATCH) -> list[Delivery]:
        """Hand out up to *most* messages, each group's in order, of groups that are not locked."""
        locked = {m.group for m in self.messages if m.handle and m.visible_at > self.now()}
        taken: list[Delivery] = []
        for message in tuple(self.messages):
            if message.group in locked or len(taken) == most:
                continue
            if message.visible_at > self.now():
                locked.add(message.group)  # those behind it wait for it
                continue
            if message.receives == self.most_receives:
                self.dead.append((message.delivery, "received too often"))
                self.messages.remove(message)
                continue
            message.receives += 1
            message.handle = f"{message.number}:{message.receives}"
            message.visible_at = self.now() + self.visibility_s
            taken.append(message.delivery)
        return taken

    def delete(self, delivery: Delivery) -> None:
        self.messages = [m for m in self.messages if m.handle != delivery.receipt_handle]

    def change_visibility(self, delivery: Delivery, seconds: float) -> None:
        for message in self.messages:
            if message.handle == delivery.receipt_handle:
                message.visible_at = self.now() + seconds
                if not seconds:
                    message.handle = ""

    def put_back(self, batch, delay_s):
        for delivery in batch:
            self.change_visibility(delivery, delay_s)

    def set_aside(self, batch, reason):
        self.dead += [(delivery, reason) for delivery in batch]
        return True

    def remove(self, group, *, time_is_up):
        """Remove the dead letters of *group*."""
        kept = [letter for letter in self.dead if letter[0].group != group]
        removed, self.dead = len(self.dead) - len(kept), kept
        return removed

    def next_visible_at(self) -> float | None:
        """Return when the next message can be handed out."""
        return min((m.visible_at for m in self.messages), default=None)
