"""The stream of the events table, in memory, and how Lambda hands it over."""

from collections.abc import Callable
from dataclasses import dataclass, field

from boto3.dynamodb.types import TypeSerializer


def serialized(item):
    """Return an item in DynamoDB's own JSON."""
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


@dataclass
class Stream:
    """
    Attributes:
        rows: the table, by key.
        records: what was written into it, as Lambda hands it over.
    """

    rows: dict = field(default_factory=dict)
    records: list = field(default_factory=list)

    def put(self, item):
        """Write a row over what is there. One that is equal leaves no record."""
        self._write((item["pk"], item["sk"]), item)

    def remove(self, key):
        self._write(key, None)

    def live(self):
        """Return the documents of the live rows."""
        return {key: row["event"] for key, row in self.rows.items() if not row["deleted"]}

    def _write(self, key, item):
        before = self.rows.get(key)
        if before == item:
            return
        number = len(self.records) + 1
        images = {"OldImage": before, "NewImage": item}
        record = {
            "eventID": f"record-{number}",
            "eventName": "REMOVE" if item is None else "INSERT" if before is None else "MODIFY",
            "dynamodb": {
                "SequenceNumber": f"{number:021}",
                "ApproximateCreationDateTime": 1_769_850_000 + number,
                "Keys": serialized({"pk": key[0], "sk": key[1]}),
                **{name: serialized(image) for name, image in images.items() if image},
            },
        }
        self.records.append(record)
        if item is None:
            del self.rows[key]
        else:
            self.rows[key] = item


def hand_over(records, handler: Callable, *, batch_size: int, most: int = 1000) -> int:
    """
    Call *handler* with batch after batch, as Lambda does with ``ReportBatchItemFailures``: from the
    first record that it names on, everything comes again. Return how many calls it took.
    """
    position = 0
    for call in range(most):
        if position == len(records):
            return call
        batch = records[position : position + batch_size]
        failures = [each["itemIdentifier"] for each in handler(batch)["batchItemFailures"]]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        position += min((numbers.index(each) for each in failures), default=len(batch))
    raise AssertionError("it never ends")
