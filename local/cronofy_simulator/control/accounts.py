"""Accounts made and unmade from outside."""

from typing import Any

from cronofy_simulator.api.identity import calendar_document
from cronofy_simulator.api.oauth import end_authorization
from cronofy_simulator.control.route import Order, Types, refuse
from cronofy_simulator.control.tokens import latest_tokens, scope_of
from cronofy_simulator.enrolment import add_account, add_calendar, add_profile
from cronofy_simulator.state.accounts import Account, Profile
from cronofy_simulator.wire import Json, Response, answer
from cronofy_simulator.world import World

MOST_AT_ONCE = 10_000
FIELDS: Types = {
    "account_id": str,
    "count": int,
    "email": str,
    "name": str,
    "default_tzid": str,
    "calendars": (int, list),
    "scope": str,
    "refresh_token": str,
    "profile_id": str,
    "provider_name": str,
    "provider_service": str,
    "initial_sync_required": bool,
}
_ONE_ONLY = ("account_id", "refresh_token", "profile_id", "count")


def create(world: World, order: Order) -> Response:
    """One account, or `count` of them."""
    fields = order.fields
    problem = _calendars_problem(fields.get("calendars"))
    if problem:
        return refuse(problem)
    count = fields.get("count")
    if count is None:
        if fields.get("account_id") in world.accounts:
            return refuse(f"there is an account {fields['account_id']} already", 409)
        return answer(_created(world, fields), 201)
    if not 0 < count <= MOST_AT_ONCE:
        return refuse(f"count is at least 1 and at most {MOST_AT_ONCE}")
    alike = {name: each for name, each in fields.items() if name not in _ONE_ONLY}
    return answer({"accounts": [_created(world, alike) for _ in range(count)]}, 201)


def index(world: World, order: Order) -> Response:
    return answer({"accounts": [_document(world, each) for each in world.accounts.values()]})


def show(world: World, order: Order, account: Account) -> Response:
    return answer(_document(world, account))


def remove(world: World, order: Order, account: Account) -> Response:
    end_authorization(world, account.account_id)
    for channel in world.channels.open_of(account.account_id):
        world.close_channel(channel.channel_id, "account removed")
    del world.accounts[account.account_id]
    return Response(204)


def _created(world: World, fields: Json) -> Json:
    account = add_account(
        world,
        fields.get("account_id") or "",
        fields.get("email") or "",
        fields.get("name") or "",
    )
    account.default_tzid = fields.get("default_tzid") or "Etc/UTC"
    profile = add_profile(
        world,
        account,
        profile_id=fields.get("profile_id") or "",
        provider_name=fields.get("provider_name") or "google",
        provider_service=fields.get("provider_service") or "gsuite",
        initial_sync_required=bool(fields.get("initial_sync_required")),
    )
    _add_calendars(world, account, profile, fields.get("calendars"))
    scope = scope_of(world, fields)
    authorization = world.tokens.authorize(account.account_id, scope, profile.profile_id)
    world.tokens.issue(authorization, world.settings, world.now, fields.get("refresh_token") or "")
    return {**_document(world, account), **latest_tokens(world, account)}


def _add_calendars(world: World, account: Account, profile: Profile, wanted: Any) -> None:
    """A number of calendars, or a list of `{"name", "calendar_id"}`; one if nothing is said."""
    count = 1 if wanted is None else wanted
    listed = count if isinstance(count, list) else [{}] * count
    for number, each in enumerate(listed, start=1):
        name = each.get("name") or f"Calendar {number}"
        add_calendar(world, account, profile, name, each.get("calendar_id", ""))


def _calendars_problem(wanted: Any) -> str:
    if isinstance(wanted, list):
        texts = (text for each in wanted if isinstance(each, dict) for text in each.values())
        if not all(isinstance(each, dict) for each in wanted) or not all(
            isinstance(text, str) for text in texts
        ):
            return 'calendars is a number, or a list of {"name", "calendar_id"}'
    return "calendars is not below 0" if isinstance(wanted, int) and wanted < 0 else ""


def _document(world: World, account: Account) -> Json:
    channels = world.channels.by_account.get(account.account_id, [])
    conferencing = account.conferencing_profiles.values()
    return {
        "account_id": account.account_id,
        "email": account.email,
        "profiles": [_profile(each) for each in account.profiles.values()],
        "conferencing_profiles": [_profile(each) for each in conferencing],
        "calendars": [calendar_document(account, each) for each in account.calendars.values()],
        "channels": [
            {**each.document(world.settings), "closed": each.closed or None} for each in channels
        ],
        "events": sum(not each.latest.deleted for each in account.events.values()),
        "tokens": latest_tokens(world, account),
    }


def _profile(profile: Profile) -> Json:
    return {
        "profile_id": profile.profile_id,
        "profile_name": profile.profile_name,
        "provider_name": profile.provider_name,
        "profile_connected": profile.connected,
        "profile_initial_sync_required": profile.initial_sync_required,
    }
