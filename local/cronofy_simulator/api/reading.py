"""Read Events and its pages. Source: reference 3."""

from cronofy_simulator import documents
from cronofy_simulator.api.call import Call
from cronofy_simulator.api.queries import EVENT_FLAGS, Query, parse
from cronofy_simulator.api.selection import select
from cronofy_simulator.state.accounts import Account
from cronofy_simulator.state.events import Event
from cronofy_simulator.state.pages import Page
from cronofy_simulator.wire import Json, Request, Response, answer, empty, invalid
from cronofy_simulator.world import World

KIND = "events"


def read(world: World, call: Call) -> Response:
    account = call.account
    query = parse(call.request, EVENT_FLAGS, account.calendars, world.settings, call.now)
    if isinstance(query, dict):
        return invalid(query)
    if not query.asks("only_managed") and not call.may("read_events"):
        return empty(403)
    if query.asks("include_geo") and not world.settings.geo_in_plan:
        return empty(402)
    page = world.pages.first(
        account.account_id,
        KIND,
        lambda: read_all(world, account, query),
        world.settings,
        call.now,
    )
    return paged(world, call.request, page, KIND)


def read_page(world: World, call: Call) -> Response:
    return following(world, call, KIND)


def read_all(world: World, account: Account, query: Query) -> list[Json]:
    """Every document that the query asks for, unpaged, as of now."""
    found = select(account, query, world.settings, world.now, world.rng)
    return [
        documents.shown(
            event,
            version,
            world.settings,
            localized=query.asks("localized_times"),
            geo=query.asks("include_geo"),
            google_ids=query.asks("google_event_ids") and _is_of_google(account, event),
        )
        for event, version in found
    ]


def _is_of_google(account: Account, event: Event) -> bool:
    return account.profile_of(event.calendar_id).provider_name == "google"


def following(world: World, call: Call, kind: str) -> Response:
    """A page by its link: unknown and expired ones are 404."""
    account_id = call.account.account_id
    token = call.path["token"]
    page = world.pages.following(account_id, kind, token, world.settings, call.now)
    return empty(404) if page is None else paged(world, call.request, page, kind)


def paged(world: World, request: Request, page: Page, kind: str) -> Response:
    pages: Json = {"current": page.number, "total": page.total}
    if page.next_token:
        base = world.settings.page_link_base or f"http://{request.header('host')}"
        pages["next_page"] = f"{base}/v1/{kind}/pages/{page.next_token}"
    elif world.settings.last_page_link != "absent":
        pages["next_page"] = None if world.settings.last_page_link == "null" else ""
    return answer({"pages": pages, kind: page.documents})
