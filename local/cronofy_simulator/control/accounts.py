"""Accounts, calendars and tokens, made and unmade from outside."""

from typing import Any

from cronofy_simulator import changes
from cronofy_simulator.api.identity import add_calendar, calendar_document
from cronofy_simulator.api.oauth import end_authorization
from cronofy_simulator.control.route import Order, refuse
from cronofy_simulator.notifications import announce_change
from cronofy_simulator.state.accounts import Account, Profile
from cronofy_simulator.wire import Json, Request, Response, answer
from cronofy_simulator.world import World

MOST_AT_ONCE = 10_000


def create(world: World, order: Order) -> Response:
    """One account, or `count` of them."""
    fields = order.fields
    count = fields.get("count")
    if count is None:
        if fields.get("account_id") in world.accounts:
            return refuse(f"there is an account {fields['account_id']} already", 409)
        return answer(_created(world, order.request, fields), 201)
    if type(count) is not int or not 0 < count <= MOST_AT_ONCE:
        return refuse(f"count is a whole number up to {MOST_AT_ONCE}")
    alike = {name: each for name, each in fields.items() if name not in ("account_id", "count")}
    made = [_created(world, order.request, alike) for _ in range(count)]
    return answer({"accounts": made}, 201)


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


def issue_tokens(world: World, order: Order, account: Account) -> Response:
    """Authorized anew, with another scope if one is given."""
    scope = tuple(str(order.fields.get("scope") or world.settings.scope).split())
    world.tokens.authorize(account.account_id, scope, next(iter(account.profiles), ""))
    return answer(_tokens(world, account), 201)


def expire_tokens(world: World, order: Order, account: Account) -> Response:
    return answer({"expired": world.tokens.expire(account.account_id, world.now)})


def revoke_tokens(world: World, order: Order, account: Account) -> Response:
    end_authorization(world, account.account_id)
    return Response(204)


def expire_pages(world: World, order: Order, account: Account) -> Response:
    return answer({"expired": world.pages.expire(account.account_id)})


def issue_code(world: World, order: Order, account: Account) -> Response:
    """As if the user had consented in a browser."""
    scope = tuple(str(order.fields.get("scope") or world.settings.scope).split())
    authorization = world.tokens.authorize(
        account.account_id, scope, next(iter(account.profiles), "")
    )
    redirect_uri = str(order.fields.get("redirect_uri", ""))
    code = world.tokens.issue_code(authorization, redirect_uri, world.settings, world.now)
    return answer({"code": code.code}, 201)


def create_calendar(world: World, order: Order, account: Account) -> Response:
    profile_id = order.fields.get("profile_id") or next(iter(account.profiles), "")
    profile = account.profiles.get(str(profile_id))
    if profile is None:
        return refuse(f"the account has no profile {profile_id}", 404)
    name = str(order.fields.get("name") or f"Calendar {len(account.calendars) + 1}")
    calendar = add_calendar(world, account, profile, name, str(order.fields.get("calendar_id", "")))
    calendar.readonly = bool(order.fields.get("readonly", False))
    calendar.permission_level = str(order.fields.get("permission_level", "sandbox"))
    _calendars_changed(world, account, calendar.calendar_id)
    return answer(calendar_document(account, calendar), 201)


def delete_calendar(world: World, order: Order, account: Account) -> Response:
    """Its events go the way that the settings say."""
    calendar = account.calendars.get(order.path["calendar_id"])
    if calendar is None or calendar.deleted:
        return refuse(f"the account has no calendar {order.path['calendar_id']}", 404)
    if world.settings.deleted_calendar_events == "vanish":
        account.forget([calendar.calendar_id])
    if world.settings.deleted_calendar_events == "deleted":
        for event in account.events.values():
            if event.calendar_id == calendar.calendar_id and not event.latest.deleted:
                changes.delete(world, account, event)
    calendar.deleted = True
    _calendars_changed(world, account, calendar.calendar_id)
    return answer(calendar_document(account, calendar))


def _calendars_changed(world: World, account: Account, calendar_id: str) -> None:
    if world.settings.calendar_changes_notify:
        announce_change(world, account.account_id, (calendar_id,), False, world.now)


def _created(world: World, request: Request, fields: Json) -> Json:
    account_id = str(fields.get("account_id") or world.mint("acc_"))
    email = str(fields.get("email") or f"{account_id}@example.com")
    account = Account(account_id, email, str(fields.get("name") or "Someone"))
    account.default_tzid = str(fields.get("default_tzid") or "Etc/UTC")
    world.accounts[account_id] = account
    profile = Profile(
        str(fields.get("profile_id") or world.mint("pro_")),
        str(fields.get("provider_name") or "google"),
        str(fields.get("provider_service") or "gsuite"),
        email,
        initial_sync_required=bool(fields.get("initial_sync_required", False)),
    )
    account.profiles[profile.profile_id] = profile
    _add_calendars(world, account, profile, fields.get("calendars", 1))
    scope = tuple(str(fields.get("scope") or world.settings.scope).split())
    authorization = world.tokens.authorize(account_id, scope, profile.profile_id)
    refresh = str(fields.get("refresh_token", ""))
    world.tokens.issue(authorization, world.settings, world.now, refresh)
    return {**_document(world, account), **_last_tokens(world, account)}


def _add_calendars(world: World, account: Account, profile: Profile, wanted: Any) -> None:
    """A number of calendars, or a list of `{"name", "calendar_id"}`."""
    listed = wanted if isinstance(wanted, list) else [{} for _ in range(int(wanted))]
    for number, each in enumerate(listed, start=1):
        name = str(each.get("name") or f"Calendar {number}")
        add_calendar(world, account, profile, name, str(each.get("calendar_id", "")))


def _tokens(world: World, account: Account) -> Json:
    authorization = world.tokens.of(account.account_id)
    if authorization is None:
        return {}
    world.tokens.issue(authorization, world.settings, world.now)
    return _last_tokens(world, account)


def _last_tokens(world: World, account: Account) -> Json:
    authorization = world.tokens.of(account.account_id)
    if authorization is None or not authorization.access:
        return {"access_token": None, "refresh_token": None, "scope": None, "expires_in": None}
    access = authorization.access[-1]
    return {
        "access_token": access.token,
        "refresh_token": authorization.refresh[-1].token,
        "scope": " ".join(authorization.scope),
        "expires_in": int((access.expires_at - world.now).total_seconds()),
    }


def _document(world: World, account: Account) -> Json:
    channels = world.channels.by_account.get(account.account_id, [])
    return {
        "account_id": account.account_id,
        "email": account.email,
        "profiles": [_profile(each) for each in account.profiles.values()],
        "conferencing_profiles": [
            _profile(each) for each in account.conferencing_profiles.values()
        ],
        "calendars": [calendar_document(account, each) for each in account.calendars.values()],
        "channels": [
            {**each.document(world.settings), "closed": each.closed or None} for each in channels
        ],
        "events": sum(not each.latest.deleted for each in account.events.values()),
        "tokens": _last_tokens(world, account),
    }


def _profile(profile: Profile) -> Json:
    return {
        "profile_id": profile.profile_id,
        "profile_name": profile.profile_name,
        "provider_name": profile.provider_name,
        "profile_connected": profile.connected,
        "profile_initial_sync_required": profile.initial_sync_required,
    }
