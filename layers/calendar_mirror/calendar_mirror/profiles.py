"""The calendar services behind an account, and whether Cronofy can still reach them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from calendar_mirror.documents import Json


@dataclass(frozen=True, slots=True)
class Profile:
    """
    One login at one calendar service, or at a conferencing service.

    Attributes:
        name: usually the e-mail address.
        relink_url: where the user connects it again; only while it is not connected.
        is_synced: Cronofy has read it once. Until then reads are incomplete.
    """

    profile_id: str
    provider: str
    name: str | None
    is_connected: bool
    relink_url: str | None = field(default=None, repr=False)
    is_conferencing: bool = False
    is_synced: bool = True


@dataclass(frozen=True, slots=True)
class UserInfo:
    """
    What Cronofy says of an account.

    Attributes:
        scope: what is granted, space separated; ``None``: it does not say.
        profiles: calendar profiles first, then those of conferencing services.
        calendars: ids of all calendars, deleted ones as well.
    """

    account_id: str | None
    scope: str | None
    profiles: tuple[Profile, ...]
    calendars: tuple[str, ...] = ()


def user_info(document: Mapping[str, Json]) -> UserInfo:
    """
    Read the answer of UserInfo. The keys ``cronofy.type`` and ``cronofy.data`` hold a literal dot.

    Source: https://docs.cronofy.com/developers/api/identity/userinfo/
    """
    data = _object(document.get("cronofy.data"))
    scope = _object(data.get("authorization")).get("scope")
    return UserInfo(
        account_id=_text(document.get("sub")),
        scope=_text(scope),
        profiles=(
            *_profiles(data.get("profiles"), is_conferencing=False),
            *_profiles(data.get("conferencing_profiles"), is_conferencing=True),
        ),
        calendars=tuple(_calendars(data.get("profiles"))),
    )


def disconnected(profiles: Iterable[Profile]) -> tuple[Profile, ...]:
    """Return those that only the user can connect again."""
    return tuple(profile for profile in profiles if not profile.is_connected)


def reads_are_complete(profiles: Iterable[Profile]) -> bool:
    """
    Tell whether what a full read does not return is gone. A profile that is not connected, or was
    never read, may lack events that exist; so may an account of which no profile is named.
    """
    calendars = [profile for profile in profiles if not profile.is_conferencing]
    reached = (profile.is_connected and profile.is_synced for profile in calendars)
    return bool(calendars) and all(reached)


def _profiles(value: Json, *, is_conferencing: bool) -> Iterator[Profile]:
    for each in value if isinstance(value, list) else ():
        fields = _object(each)
        profile_id = _text(fields.get("profile_id"))
        if profile_id is None:
            continue
        yield Profile(
            profile_id=profile_id,
            provider=_text(fields.get("provider_name")) or "unknown",
            name=_text(fields.get("profile_name")),
            # Source: reference of UserInfo: this flag is the one to go by.
            is_connected=fields.get("profile_connected") is not False,
            relink_url=_text(fields.get("profile_relink_url")),
            is_conferencing=is_conferencing,
            is_synced=fields.get("profile_initial_sync_required") is not True,
        )


def _calendars(value: Json) -> Iterator[str]:
    for profile in value if isinstance(value, list) else ():
        found = _object(profile).get("profile_calendars")
        for each in found if isinstance(found, list) else ():
            calendar_id = _text(_object(each).get("calendar_id"))
            if calendar_id is not None:
                yield calendar_id


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
