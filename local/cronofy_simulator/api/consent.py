"""The pages that a user sees in the browser: consent, and relinking. Source: reference 5.1."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlencode

from cronofy_simulator import changes, consent_page
from cronofy_simulator.enrolment import add_account, add_calendar, add_profile
from cronofy_simulator.state.accounts import Account, Profile
from cronofy_simulator.wire import Request, Response
from cronofy_simulator.world import World

COOKIE = "cronofy_simulator_account"


def serves(request: Request) -> bool:
    return request.path == "/oauth/authorize" or request.path.startswith("/relink/")


def handle(world: World, request: Request) -> Response:
    if request.path.startswith("/relink/"):
        return _relink(world, request)
    problem = _problem(world, request)
    if problem:
        return consent_page.problem(problem)
    if request.method == "POST":
        return _decided(world, request)
    linked = None if _avoids_linking(request) else world.accounts.get(_linked(request))
    return consent_page.ask(request, list(world.accounts.values()), linked)


def _problem(world: World, request: Request) -> str:
    """What makes it unsafe to send the browser back: it stays here, with an explanation."""
    redirect_uri = request.parameter("redirect_uri") or ""
    if request.parameter("client_id") != world.settings.client_id:
        return "No application has this client_id."
    if not _is_web_address(redirect_uri):
        return "The redirect_uri is missing, or is no web address."
    if world.settings.redirect_uris and redirect_uri not in world.settings.redirect_uris:
        return "This redirect_uri is not agreed for the application."
    if request.parameter("response_type") != "code":
        return "The response_type has to be code."
    return "" if request.parameter("scope") else "The scope is missing."


def _decided(world: World, request: Request) -> Response:
    fields = request.fields() or {}
    if fields.get("decision") != "allow":
        return _back(request, {"error": "access_denied"})
    account, profile = _chosen(world, request, str(fields.get("account", "")), fields)
    scope = tuple((request.parameter("scope") or "").split())
    authorization = world.tokens.authorize(account.account_id, scope, profile.profile_id)
    redirect_uri = request.parameter("redirect_uri") or ""
    code = world.tokens.issue_code(authorization, redirect_uri, world.settings, world.now)
    return _back(request, {"code": code.code}, account.account_id)


def _chosen(
    world: World, request: Request, account_id: str, fields: dict[str, str]
) -> tuple[Account, Profile]:
    """An account that exists, or a new calendar. One browser's calendars are one account's.

    Source: reference 5.1, unless `avoid_linking` is asked for.
    """
    existing = world.accounts.get(account_id)
    if existing is not None:
        return existing, next(iter(existing.profiles.values()))
    linked = None if _avoids_linking(request) else world.accounts.get(_linked(request))
    email = str(fields.get("email", ""))
    account = linked or add_account(world, email=email)
    profile = add_profile(world, account, email)
    calendar = add_calendar(world, account, profile, "Calendar")
    for number in range(world.settings.consent_events):
        start = {"start": f"{world.now.date()}T{number % 24:02}:00:00Z"}
        end = {"end": f"{world.now.date()}T{number % 24:02}:30:00Z"}
        changes.create(world, account, calendar, {"summary": f"Event {number + 1}", **start, **end})
    return account, profile


def _back(request: Request, parameters: dict[str, str], account_id: str = "") -> Response:
    """To the application, with `state` exactly as it was given."""
    redirect_uri = request.parameter("redirect_uri") or ""
    state = request.parameter("state")
    if state is not None:
        parameters["state"] = state
    separator = "&" if "?" in redirect_uri else "?"
    headers = {"Location": f"{redirect_uri}{separator}{urlencode(parameters)}"}
    if account_id and not _avoids_linking(request):
        headers["Set-Cookie"] = f"{COOKIE}={account_id}; Path=/; HttpOnly; SameSite=Lax"
    return Response(302, headers)


def _is_web_address(text: str) -> bool:
    """Printable ASCII only: it becomes a header."""
    return text.startswith(("http://", "https://")) and text.isascii() and text.isprintable()


def _avoids_linking(request: Request) -> bool:
    return (request.parameter("avoid_linking") or "").lower() == "true"


def _linked(request: Request) -> str:
    try:
        cookies = SimpleCookie(request.header("cookie"))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _relink(world: World, request: Request) -> Response:
    """The address that a disconnected profile's `profile_relink_url` names."""
    profile_id = request.segments[-1]
    for account in world.accounts.values():
        known = {**account.profiles, **account.conferencing_profiles}
        if profile_id not in known:
            continue
        if request.method == "POST":
            known[profile_id].connected = True
            changes.reveal(world, account, profile_id)
        return consent_page.relink(known[profile_id])
    return consent_page.problem("There is no such profile.", 404)
