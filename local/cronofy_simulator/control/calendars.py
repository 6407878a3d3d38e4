"""Calendars made and deleted at the provider."""

from cronofy_simulator import changes
from cronofy_simulator.api.identity import calendar_document
from cronofy_simulator.control.route import Order, Types, refuse
from cronofy_simulator.enrolment import add_calendar
from cronofy_simulator.notifications import announce_change
from cronofy_simulator.state.accounts import Account
from cronofy_simulator.wire import Response, answer
from cronofy_simulator.world import World

FIELDS: Types = {
    "name": str,
    "profile_id": str,
    "calendar_id": str,
    "readonly": bool,
    "permission_level": str,
}


def create(world: World, order: Order, account: Account) -> Response:
    fields = order.fields
    profile_id = fields.get("profile_id") or next(iter(account.profiles), "")
    profile = account.profiles.get(profile_id)
    if profile is None:
        return refuse(f"the account has no profile {profile_id}", 404)
    if fields.get("calendar_id") in account.calendars:
        return refuse(f"the account has a calendar {fields['calendar_id']} already", 409)
    name = fields.get("name") or f"Calendar {len(account.calendars) + 1}"
    calendar = add_calendar(world, account, profile, name, fields.get("calendar_id") or "")
    calendar.readonly = bool(fields.get("readonly"))
    calendar.permission_level = fields.get("permission_level") or "sandbox"
    _tell(world, account, calendar.calendar_id)
    return answer(calendar_document(account, calendar), 201)


def delete(world: World, order: Order, account: Account) -> Response:
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
    _tell(world, account, calendar.calendar_id)
    return answer(calendar_document(account, calendar))


def _tell(world: World, account: Account, calendar_id: str) -> None:
    """Unconfirmed whether Cronofy tells: a setting."""
    if world.settings.calendar_changes_notify:
        touched = (calendar_id,)
        announce_change(world, account.account_id, touched, is_managed=False, due_at=world.now)
