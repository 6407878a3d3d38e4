"""Whatever is sent, there is an answer: a simulator that falls over tests nothing."""

import json
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cronofy_simulator.api.routes import ROUTES
from cronofy_simulator.control.routes import ROUTES as CONTROL_ROUTES

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *("acc_1", "cal_1", "evt_1", "pro_1", "Etc/UTC", "true", "change", "status"),
            *("2026-02-01", "2026-02-01T09:00:00Z", "0000-12-29T00:00:00Z", "9999-12-31"),
            *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1000000000000", "-1"),
        ]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        *("tzid", "from", "to", "calendar_ids[]", "last_modified", "include_deleted", "token"),
        *("callback_url", "filters", "event_id", "event_uid", "summary", "start", "end"),
        *("attendees", "location", "calendar_ids", "delete_all", "status", "profile_id", "name"),
        *("client_id", "client_secret", "grant_type", "code", "refresh_token", "redirect_uri"),
        *("count", "series", "every_seconds", "move_seconds", "variety", "managed", "where"),
        *("changes", "kind", "path", "lasts_seconds", "type", "changes_since", "calendars"),
        *("account_id", "calendar_id", "page_size", "retry_delays", "advance_seconds", "scope"),
    ]
)
LINES = [
    *((route.method, "/" + "/".join(route.segments)) for route in ROUTES),
    *((line.split()[0], f"/_control/{line.split()[1]}") for line in CONTROL_ROUTES),
    ("GET", "/oauth/authorize"),
    ("POST", "/oauth/authorize"),
    ("POST", "/relink/{profile_id}"),
]
KNOWN = {
    "{account_id}": "acc_1",
    "{calendar_id}": "cal_1",
    "{event_uid}": "evt_1",
    "{profile_id}": "pro_1",
}


def filled(path):
    for name, value in KNOWN.items():
        path = path.replace(name, value)
    return path


STATELESS = [HealthCheck.function_scoped_fixture]  # the fixture is a function without memory


@settings(max_examples=1500, deadline=None, suppress_health_check=STATELESS)
@given(
    line=st.sampled_from(LINES),
    query=st.dictionaries(NAMES, TEXTS, max_size=4),
    body=st.one_of(
        st.binary(max_size=30),
        st.dictionaries(NAMES, VALUES, max_size=5).map(lambda each: json.dumps(each).encode()),
    ),
    is_form=st.booleans(),
)
def test_every_request_has_an_answer(make_cronofy, line, query, body, is_form):
    cronofy = make_cronofy(limits_enabled=False)
    account = cronofy.account(
        account_id="acc_1",
        profile_id="pro_1",
        calendars=[{"name": "One", "calendar_id": "cal_1"}],
        scope="read_write",
    )
    cronofy.event(account, event_uid="evt_1")
    method, path = line
    kind = "application/x-www-form-urlencoded" if is_form else "application/json"
    bearer = {"Authorization": f"Bearer {account['access_token']}", "Content-Type": kind}
    target = filled(path)
    request_query = "&".join(f"{name}={_quoted(value)}" for name, value in query.items())

    response = cronofy.request(method, f"{target}?{request_query}", body, **bearer)

    assert 200 <= response.status < 500
    if response.headers.get("Content-Type", "").startswith("application/json"):
        json.loads(response.body, parse_constant=_not_json)
    cronofy.deliver()
    again = cronofy.get(cronofy.account(), "/v1/userinfo")
    assert again.status in (200, 402, 403, 404, 423, 429) or again.status >= 500
    assert cronofy.order("GET", "accounts").status == 200


def _quoted(text):
    return quote(text, safe="", errors="replace")


def _not_json(name):
    raise AssertionError(f"{name} is no JSON")
