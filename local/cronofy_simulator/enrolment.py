"""Accounts, profiles and calendars coming and going."""

from cronofy_simulator.state.accounts import Account, Calendar, Profile
from cronofy_simulator.world import World


def add_account(world: World, account_id: str = "", email: str = "", name: str = "") -> Account:
    account_id = account_id or world.mint("acc_")
    account = Account(account_id, email or f"{account_id}@example.com", name or "Someone")
    world.accounts[account_id] = account
    return account


def add_profile(
    world: World,
    account: Account,
    profile_name: str = "",
    *,
    profile_id: str = "",
    provider_name: str = "google",
    provider_service: str = "gsuite",
    initial_sync_required: bool = False,
) -> Profile:
    profile = Profile(
        profile_id or world.mint("pro_"),
        provider_name,
        provider_service,
        profile_name or account.email,
        initial_sync_required=initial_sync_required,
    )
    account.profiles[profile.profile_id] = profile
    return profile


def add_calendar(
    world: World, account: Account, profile: Profile, name: str, calendar_id: str = ""
) -> Calendar:
    """The first of a profile is its primary one. The id embeds the profile's, as Cronofy's do."""
    calendar_id = calendar_id or f"cal_{profile.profile_id[4:]}_{world.mint('')}"
    is_first = not any(True for _ in account.calendars_of(profile.profile_id))
    calendar = Calendar(calendar_id, profile.profile_id, name, primary=is_first)
    account.calendars[calendar_id] = calendar
    return calendar


def remove_profile(account: Account, profile_id: str) -> None:
    """Its calendars and their events go with it."""
    gone = [each.calendar_id for each in account.calendars_of(profile_id)]
    account.forget(gone)
    for calendar_id in gone:
        del account.calendars[calendar_id]
    del account.profiles[profile_id]


def application_calendar(world: World, name: str) -> Account:
    """The account of a calendar that Cronofy hosts itself: found, or made."""
    for account in world.accounts.values():
        if account.application_calendar_id == name:
            return account
    account = Account(world.mint("apc_"), "", name, kind="application_calendar")
    account.application_calendar_id = name
    world.accounts[account.account_id] = account
    profile = add_profile(world, account, name, provider_name="cronofy", provider_service="cronofy")
    add_calendar(world, account, profile, name).permission_level = "unrestricted"
    return account
