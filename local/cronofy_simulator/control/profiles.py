"""Profiles and what the account is told of them, and notifications sent on request."""

from cronofy_simulator import changes
from cronofy_simulator.control.route import Order, Types, refuse
from cronofy_simulator.enrolment import add_calendar, add_profile
from cronofy_simulator.instants import format_time
from cronofy_simulator.notifications import announce, post
from cronofy_simulator.state.accounts import Account, Profile
from cronofy_simulator.wire import Response, answer
from cronofy_simulator.world import World

FIELDS: Types = {
    "conferencing": bool,
    "profile_id": str,
    "profile_name": str,
    "provider_name": str,
    "provider_service": str,
    "initial_sync_required": bool,
    "calendars": int,
}
NOTIFICATION: Types = {"type": str, "changes_since": str, "channel_id": str}


def create(world: World, order: Order, account: Account) -> Response:
    """A further profile; `{"conferencing": true}` for one of a conferencing service."""
    fields = order.fields
    taken = {**account.profiles, **account.conferencing_profiles}
    if fields.get("profile_id") in taken:
        return refuse(f"the account has a profile {fields['profile_id']} already", 409)
    profile = add_profile(
        world,
        account,
        fields.get("profile_name") or "",
        profile_id=fields.get("profile_id") or "",
        provider_name=fields.get("provider_name") or "office365",
        provider_service=fields.get("provider_service") or "office365",
        initial_sync_required=bool(fields.get("initial_sync_required")),
    )
    if fields.get("conferencing"):
        profile.provider_name = fields.get("provider_name") or "zoom"
        profile.provider_service = ""
        account.conferencing_profiles[profile.profile_id] = account.profiles.pop(profile.profile_id)
    else:
        for number in range(max(fields.get("calendars") or 0, 0)):
            add_calendar(world, account, profile, f"Calendar {number + 1}")
    return answer({"profile_id": profile.profile_id}, 201)


def disconnect(world: World, order: Order, account: Account) -> Response:
    profile = _find(order, account)
    if profile is None:
        return _unknown(order)
    profile.connected = False
    conferencing = profile.profile_id in account.conferencing_profiles
    kind = "conferencing_profile_disconnected" if conferencing else "profile_disconnected"
    return answer({"deliveries": announce(world, account.account_id, kind)})


def reconnect(world: World, order: Order, account: Account) -> Response:
    """No type of notification says so; the changes that were missed arrive as changes."""
    profile = _find(order, account)
    if profile is None:
        return _unknown(order)
    profile.connected = True
    if profile.follows:
        changes.reveal(world, account, profile.profile_id)
    return Response(204)


def complete_initial_sync(world: World, order: Order, account: Account) -> Response:
    """The events show at once, and one notification tells of the sync as a whole."""
    profile = account.profiles.get(order.path["profile_id"])
    if profile is None:
        return _unknown(order)
    profile.initial_sync_required = False
    for event in account.events.values():
        if account.profile_of(event.calendar_id) is profile:
            event.reveal(world.now)
    deliveries = announce(world, account.account_id, "profile_initial_sync_completed")
    return answer({"deliveries": deliveries})


def notify(world: World, order: Order, account: Account) -> Response:
    """Any type, to each open channel or to the one named, closed or not."""
    kind = str(order.fields.get("type") or "change")
    since = order.fields.get("changes_since")
    if kind == "change" and not since:
        since = format_time(world.now)
    named = order.fields.get("channel_id")
    channels = world.channels.open_of(account.account_id)
    if named:
        channels = [
            each
            for each in world.channels.by_account.get(account.account_id, [])
            if each.channel_id == named
        ]
        if not channels:
            return refuse(f"the account has no channel {named}", 404)
    sent = [post(world, channel, kind, str(since or "")) for channel in channels]
    return answer({"deliveries": sent}, 202)


def _find(order: Order, account: Account) -> Profile | None:
    profile_id = order.path["profile_id"]
    return account.profiles.get(profile_id) or account.conferencing_profiles.get(profile_id)


def _unknown(order: Order) -> Response:
    return refuse(f"the account has no profile {order.path['profile_id']}", 404)
