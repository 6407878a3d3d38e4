"""
What `sync` relies on of a FIFO queue, kept by the model, by moto and by the local AWS alike.

Source: SQS developer guide, "FIFO queue delivery logic", "Using the message deduplication ID",
"Delay queues"; SQS API reference, ChangeMessageVisibility
"""

from calendar_mirror import sync_queue

DELAY_S, VISIBILITY_S, MOST_RECEIVES = 1.0, 2.0, 3


class SqsFifo:
    """A queue of SQS, or of what stands in for it, with the methods of the model."""

    def __init__(self, client, url):
        self.client, self.url = client, url

    def send(self, *, group, body, deduplication_id):
        self.client.send_message(
            QueueUrl=self.url,
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=deduplication_id,
        )

    def receive(self):
        answer = self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        return sync_queue.deliveries(
            {
                "Records": [
                    {
                        "messageId": message["MessageId"],
                        "receiptHandle": message["ReceiptHandle"],
                        "attributes": message["Attributes"],
                        "body": message["Body"],
                    }
                    for message in answer.get("Messages", [])
                ]
            }
        )

    def delete(self, delivery):
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=delivery.receipt_handle)

    def change_visibility(self, delivery, seconds):
        self.client.change_message_visibility(
            QueueUrl=self.url,
            ReceiptHandle=delivery.receipt_handle,
            VisibilityTimeout=int(seconds),
        )


class FifoQueueContract:
    """
    Fixtures: `queue`, empty, with the numbers above; `wait`, which lets seconds pass; `dead`, which
    returns the bodies in its dead-letter queue.
    """

    def test_a_message_shows_after_the_delay(self, queue, wait):
        put(queue, "one")
        assert taken(queue) == []

        wait(DELAY_S + 0.1)

        assert taken(queue) == ["one"]

    def test_a_repeated_id_is_swallowed_while_the_first_is_kept_and_after_it_was_deleted(
        self, queue, wait
    ):
        put(queue, "one", unique="same")
        put(queue, "two", unique="same")
        wait(DELAY_S + 0.1)
        (delivery,) = queue.receive()
        assert delivery.body == "one"
        queue.delete(delivery)

        put(queue, "three", unique="same")
        wait(DELAY_S + 0.1)

        assert taken(queue) == []

    def test_an_id_counts_within_its_group(self, queue, wait):
        put(queue, "one", group="a", unique="same")
        put(queue, "two", group="b", unique="same")
        wait(DELAY_S + 0.1)

        assert sorted(taken(queue)) == ["one", "two"]

    def test_a_group_is_handed_out_in_order(self, queue, wait):
        for number in range(5):
            put(queue, f"{number}")
        wait(DELAY_S + 0.1)

        assert taken(queue) == ["0", "1", "2", "3", "4"]

    def test_a_group_is_locked_while_one_of_its_messages_is_out_and_others_go_on(self, queue, wait):
        put(queue, "one", group="a")
        wait(DELAY_S + 0.1)
        (out,) = queue.receive()
        put(queue, "two", group="a")
        put(queue, "other", group="b")
        wait(DELAY_S + 0.1)
        assert taken(queue) == ["other"]

        queue.delete(out)

        assert taken(queue) == ["two"]

    def test_what_is_not_deleted_comes_again_and_is_counted(self, queue, wait):
        put(queue, "one")
        wait(DELAY_S + 0.1)
        (first,) = queue.receive()
        wait(VISIBILITY_S + 0.1)
        (second,) = queue.receive()

        assert (first.receive_count, second.receive_count) == (1, 2)
        assert second.message_id == first.message_id

    def test_what_is_put_back_comes_again_after_its_pause_and_locks_its_group_until_then(
        self, queue, wait
    ):
        put(queue, "one")
        wait(DELAY_S + 0.1)
        (out,) = queue.receive()
        queue.change_visibility(out, 4)
        put(queue, "two")
        wait(VISIBILITY_S + 0.5)
        assert taken(queue) == []

        wait(2)

        assert taken(queue) == ["one", "two"]

    def test_what_is_received_too_often_is_set_aside(self, queue, wait, dead):
        put(queue, "one")
        wait(DELAY_S + 0.1)
        for _ in range(MOST_RECEIVES):
            assert taken(queue) == ["one"]
            wait(VISIBILITY_S + 0.1)

        assert taken(queue) == []
        assert dead() == ["one"]


def put(queue, body, *, group="acc_1", unique=None):
    queue.send(group=group, body=body, deduplication_id=unique or body)


def taken(queue):
    return [delivery.body for delivery in queue.receive()]
