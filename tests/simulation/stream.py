"""The events table's stream: each account's writes in order, handed to `publish` batch by batch."""

from collections import deque
from functools import partial

from boto3.dynamodb.types import TypeSerializer

_BATCH = 20


class Stream:
    """One shard for each account; a batch that failed comes again from where it says."""

    def __init__(self, world):
        self._world, self._shards, self.count, self._armed = world, {}, 0, set()

    def add(self, before, after):
        row = after or before
        self.count += 1
        images = {"OldImage": before, "NewImage": after}
        record = {
            "eventID": f"{self.count}",
            "dynamodb": {
                "SequenceNumber": f"{self.count}",
                "ApproximateCreationDateTime": int(self._world.clock().timestamp()),
                **{name: _typed(image) for name, image in images.items() if image is not None},
            },
        }
        self._shards.setdefault(row["pk"], deque()).append(record)
        self._arm(row["pk"], 0.3)

    @property
    def is_empty(self):
        return not any(self._shards.values())

    def _arm(self, account_id, after_s):
        if account_id not in self._armed:
            self._armed.add(account_id)
            self._world.timeline.after(after_s, partial(self._hand_over, account_id))

    def _hand_over(self, account_id):
        shard = self._shards[account_id]
        batch = [shard[i] for i in range(min(_BATCH, len(shard)))]
        again = self._world.publish(batch)
        self._armed.discard(account_id)
        while shard and batch and shard[0]["dynamodb"]["SequenceNumber"] != again:
            shard.popleft()
            batch.pop()
        if shard:
            self._arm(account_id, 1.0 if again else 0.1)


def _typed(image):
    return {name: TypeSerializer().serialize(value) for name, value in image.items()}
