"""Account, UserInfo, profiles and calendars. Source: reference 6."""

from cronofy_simulator.api.call import Call
from cronofy_simulator.enrolment import add_calendar, remove_profile
from cronofy_simulator.state.accounts import Account, Calendar, Profile
from cronofy_simulator.wire import Json, Request, Response, answer, empty, invalid
from cronofy_simulator.world import World


def account(world: World, call: Call) -> Response:
    if not call.may("read_account"):
        return empty(403)
    own = call.account
    document = {
        "account_id": own.account_id,
        "email": own.email,
        "name": own.name,
        "scope": " ".join(call.authorization.scope),
        "default_tzid": own.default_tzid,
    }
    return answer({"account": document, "sub": own.account_id})


def userinfo(world: World, call: Call) -> Response:
    own = call.account
    scope = " ".join(call.authorization.scope)
    data: Json = {
        "authorization": {"scope": scope, "status": "active"},
        "profiles": [
            {
                **profile_document(call.request, each),
                "profile_calendars": [
                    _calendar(calendar) for calendar in own.calendars_of(each.profile_id)
                ],
            }
            for each in own.profiles.values()
        ],
        "conferencing_profiles": [
            profile_document(call.request, each) for each in own.conferencing_profiles.values()
        ],
    }
    if own.application_calendar_id:
        named = {"application_calendar_id": own.application_calendar_id}
        data["application_calendar"] = named
    document: Json = {"sub": own.account_id, "cronofy.type": own.kind, "cronofy.data": data}
    if own.email:
        document |= {"email": own.email, "name": own.name, "zoneinfo": own.default_tzid}
    return answer(document)


def profiles(world: World, call: Call) -> Response:
    own = call.account.profiles.values()
    return answer({"profiles": [profile_document(call.request, each) for each in own]})


def revoke_profile(world: World, call: Call) -> Response:
    """The calendars go with the profile; the authorization as a whole stays."""
    profile_id = call.path["profile_id"]
    if profile_id not in call.account.profiles:
        return empty(404)
    remove_profile(call.account, profile_id)
    return empty(202)


def calendars(world: World, call: Call) -> Response:
    """Deleted calendars stay in the list."""
    if not call.may("list_calendars", "read_events"):
        return empty(403)
    own = call.account.calendars.values()
    return answer({"calendars": [calendar_document(call.account, each) for each in own]})


def create_calendar(world: World, call: Call) -> Response:
    if not call.may("create_calendar"):
        return empty(403)
    fields = call.request.fields() or {}
    problems = {name: "required" for name in ("profile_id", "name") if not fields.get(name)}
    if problems:
        return invalid(problems)
    profile = call.account.profiles.get(str(fields["profile_id"]))
    if profile is None:
        return empty(404)
    if not profile.connected:
        return empty(423)
    name = str(fields["name"])
    taken = (each.calendar_name for each in call.account.calendars_of(profile.profile_id))
    if name in taken:
        return invalid({"name": "duplicate_calendar_name"})
    created = add_calendar(world, call.account, profile, name)
    return answer({"calendar": calendar_document(call.account, created)})


def profile_document(request: Request, profile: Profile) -> Json:
    document: Json = {"provider_name": profile.provider_name}
    if profile.provider_service:
        document["provider_service"] = profile.provider_service
    document |= {
        "profile_id": profile.profile_id,
        "profile_name": profile.profile_name,
        "profile_connected": profile.connected,
        "profile_initial_sync_required": profile.initial_sync_required,
    }
    if not profile.connected:
        host = request.header("host") or "app.cronofy.com"
        document["profile_relink_url"] = f"http://{host}/relink/{profile.profile_id}"
    return document


def calendar_document(account: Account, calendar: Calendar) -> Json:
    profile = account.profiles[calendar.profile_id]
    return {
        "provider_name": profile.provider_name,
        "profile_id": profile.profile_id,
        "profile_name": profile.profile_name,
        **_calendar(calendar),
    }


def _calendar(calendar: Calendar) -> Json:
    return {
        "calendar_id": calendar.calendar_id,
        "calendar_name": calendar.calendar_name,
        "calendar_readonly": calendar.readonly,
        "calendar_deleted": calendar.deleted,
        "calendar_primary": calendar.primary,
        "permission_level": calendar.permission_level,
    }
