"""The consent page. Facts: reference 5.1."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

REDIRECT = "https://app.example.com/connect/callback"
ASKED = {
    "response_type": "code",
    "client_id": "simulator_client",
    "redirect_uri": REDIRECT,
    "scope": "read_account read_events",
    "state": "a b&c=<d>",
}


def page(cronofy, cookie="", **changed):
    target = f"/oauth/authorize?{urlencode({**ASKED, **changed})}"
    return cronofy.request("GET", target, Cookie=cookie)


def decide(cronofy, decision="allow", cookie="", account="", email="", **changed):
    target = f"/oauth/authorize?{urlencode({**ASKED, **changed})}"
    body = urlencode({"decision": decision, "account": account, "email": email}).encode()
    form = "application/x-www-form-urlencoded"
    return cronofy.request("POST", target, body, Content_Type=form, Cookie=cookie)


def returned(response):
    assert response.status == 302
    parts = urlsplit(response.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == REDIRECT
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def exchanged(cronofy, response):
    code = returned(response)["code"]
    return cronofy.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT).json()


def test_the_page_shows_what_is_asked_for(cronofy, user):
    response = page(cronofy, scope="read_events <script>")

    text = response.body.decode()
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "read_events" in text
    assert "acc_1@example.com" in text
    assert "<script>" not in text


def test_allowing_returns_a_code_and_the_state_as_it_was(cronofy, user):
    response = decide(cronofy, account="acc_1")

    answer = returned(response)
    assert set(answer) == {"code", "state"}
    assert answer["state"] == ASKED["state"]
    granted = exchanged(cronofy, response)
    assert granted["account_id"] == "acc_1"
    assert granted["scope"] == "read_account read_events"


def test_denying_returns_an_error(cronofy, user):
    answer = returned(decide(cronofy, "deny", account="acc_1"))

    assert answer == {"error": "access_denied", "state": ASKED["state"]}


def test_a_redirect_uri_may_have_a_query(cronofy, user):
    response = decide(cronofy, account="acc_1", redirect_uri=f"{REDIRECT}?from=here")

    assert returned(response)["from"] == "here"


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"redirect_uri": ""},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "https://a.example.com/\r\nX: y"},
        {"response_type": "token"},
        {"scope": ""},
    ],
)
def test_a_bad_request_stays_in_the_browser(cronofy, changed):
    for response in (page(cronofy, **changed), decide(cronofy, **changed)):
        assert response.status == 400
        assert "Location" not in response.headers


def test_only_agreed_redirect_uris_are_taken_if_there_are_any(cronofy, user):
    cronofy.set(redirect_uris=[REDIRECT])

    assert page(cronofy).status == 200
    assert page(cronofy, redirect_uri="https://evil.example.com/").status == 400


def test_a_new_calendar_is_a_new_account_with_events_if_set_so(cronofy):
    cronofy.set(consent_events=3)

    granted = exchanged(cronofy, decide(cronofy, email="new@example.com"))

    assert cronofy.get(granted, "/v1/account").json()["account"]["email"] == "new@example.com"
    assert granted["linking_profile"]["profile_name"] == "new@example.com"
    assert len(cronofy.read(granted)) == 3


def test_calendars_of_one_browser_are_linked_into_one_account(cronofy):
    first = decide(cronofy, email="a@example.com")
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    one = exchanged(cronofy, first)
    two = exchanged(cronofy, decide(cronofy, cookie=cookie, email="b@example.com"))

    assert two["account_id"] == one["account_id"]
    assert two["refresh_token"] == one["refresh_token"]
    profiles = cronofy.get(two, "/v1/profiles").json()["profiles"]
    assert [each["profile_name"] for each in profiles] == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize("true", ["true", "True"])
def test_linking_can_be_avoided(cronofy, true):
    first = decide(cronofy, email="a@example.com")
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    second = decide(cronofy, cookie=cookie, email="b@example.com", avoid_linking=true)

    assert exchanged(cronofy, second)["account_id"] != exchanged(cronofy, first)["account_id"]
    assert "Set-Cookie" not in second.headers


def test_the_relink_page_connects_a_profile_again(cronofy, user):
    profile_id = user.account["profiles"][0]["profile_id"]
    user.control("POST", f"profiles/{profile_id}/disconnect")
    (profile,) = user.get("/v1/profiles").json()["profiles"]
    path = urlsplit(profile["profile_relink_url"]).path

    assert cronofy.request("GET", path).status == 200
    assert cronofy.request("POST", path).status == 200

    (profile,) = user.get("/v1/profiles").json()["profiles"]
    assert profile["profile_connected"] is True
    assert cronofy.request("GET", "/relink/none").status == 404
