"""Notifications: who is told, what exactly, how it is signed, and what an outcome leads to."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import datetime

from cronofy_simulator.instants import format_time, seconds
from cronofy_simulator.state.channels import Channel
from cronofy_simulator.state.deliveries import Delivery, Outcome, Parcel
from cronofy_simulator.wire import Json
from cronofy_simulator.world import World

TYPES = (
    "verification",
    "change",
    "profile_disconnected",
    "conferencing_profile_disconnected",
    "profile_initial_sync_completed",
    "gdpr_requested",
)
GONE = 410


def sign(body: bytes, secrets: Iterable[str]) -> str:
    """One digest for each active secret. Source: reference 1.4."""
    digests = (hmac.new(secret.encode(), body, hashlib.sha256).digest() for secret in secrets)
    return ",".join(base64.b64encode(digest).decode("ascii") for digest in digests)


def announce_change(
    world: World, account_id: str, calendar_ids: Iterable[str], is_managed: bool, due_at: datetime
) -> None:
    """Tell every open channel that may see the change, now or together with others."""
    touched = tuple(calendar_ids)
    for channel in world.channels.open_of(account_id):
        if channel.filters.match(touched, is_managed):
            world.pending.add(channel.channel_id, world.now, due_at, world.settings.coalescing)


def announce(world: World, account_id: str, kind: str) -> list[str]:
    """A notification of the account's state, to each of its open channels. The deliveries' ids."""
    return [post(world, channel, kind) for channel in world.channels.open_of(account_id)]


def post(
    world: World,
    channel: Channel,
    kind: str,
    changes_since: str = "",
    due_at: datetime | None = None,
) -> str:
    notification: Json = {"type": kind}
    if changes_since:
        notification["changes_since"] = changes_since
    document = {"notification": notification, "channel": channel.document(world.settings)}
    parcel = Parcel(
        delivery_id=world.mint("dlv_"),
        channel_id=channel.channel_id,
        account_id=channel.account_id,
        url=channel.callback_url,
        kind=kind,
        changes_since=changes_since,
        body=json.dumps(document, separators=(",", ":")).encode(),
        due_at=due_at or world.now,
    )
    world.outbox.add(parcel)
    return parcel.delivery_id


def flush(world: World) -> None:
    """Close the channels that failed for too long, and post the changes whose time has come."""
    now = world.now
    for channel in world.channels.silent(now, world.settings):
        world.close_channel(channel.channel_id, "failed for the whole retry window")
    for change in world.pending.take_due(now):
        channel = world.channels.channels[change.channel_id]
        post(world, channel, "change", format_time(change.since), change.due_at)


def due(world: World) -> list[Delivery]:
    flush(world)
    parcels = world.outbox.due(world.now, world.settings.deliveries_in_flight)
    return [_delivery(parcel, world.settings.client_secrets) for parcel in parcels]


def _delivery(parcel: Parcel, secrets: Iterable[str]) -> Delivery:
    """Signed anew for each attempt: the active secrets may have changed, the bytes have not."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Cronofy-HMAC-SHA256": sign(parcel.body, secrets),
        "User-Agent": "Cronofy",
    }
    return Delivery(parcel.delivery_id, parcel.channel_id, parcel.url, headers, parcel.body)


def delivered(world: World, delivery_id: str, outcome: Outcome) -> None:
    parcel = world.outbox.returned(delivery_id, outcome)
    if parcel is None:
        return
    channel = world.channels.channels[parcel.channel_id]
    if outcome.succeeded:
        world.channels.succeeded(channel)
        world.outbox.finish(parcel, "delivered")
        return
    if channel.is_open:
        world.channels.failed(channel, parcel.attempts[-1].at)
    if outcome.status == GONE and world.settings.gone_closes_channel and channel.is_open:
        world.close_channel(channel.channel_id, "answered 410")
    _retry(world, parcel, channel)


def _retry(world: World, parcel: Parcel, channel: Channel) -> None:
    if parcel.state == "dropped":
        return
    delays = world.settings.retry_delays
    made = len(parcel.attempts)
    if not channel.is_open or made > len(delays):
        world.outbox.finish(parcel, "given up")
        return
    parcel.due_at = world.now + seconds(delays[made - 1])


def next_at(world: World) -> datetime | None:
    """When the next delivery falls due, however far off; None when none is in sight."""
    waits = (world.pending.next_at(), world.outbox.next_at(world.settings.deliveries_in_flight))
    return min((each for each in waits if each is not None), default=None)
