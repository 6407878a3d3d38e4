"""Tokens: exchange, refresh, expiry, revocation. Source: the Cronofy reference, section 5."""

from urllib.parse import urlencode

import pytest

REDIRECT = "https://app.example.com/callback"


def code_for(cronofy, account, **fields):
    path = f"accounts/{account['account_id']}/codes"
    return cronofy.control("POST", path, redirect_uri=REDIRECT, **fields)["code"]


def exchange(cronofy, code, redirect_uri=REDIRECT):
    return cronofy.token(grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def refresh(cronofy, token):
    return cronofy.token(grant_type="refresh_token", refresh_token=token)


def works(cronofy, access_token):
    return cronofy.get({"access_token": access_token}, "/v1/channels").status == 200


def test_a_code_is_exchanged_for_the_pair_the_account_and_the_profile(cronofy):
    account = cronofy.account()
    response = exchange(cronofy, code_for(cronofy, account))
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    granted = response.json()
    assert granted["token_type"] == "bearer"
    assert granted["expires_in"] == 3600
    assert granted["account_id"] == granted["sub"] == account["account_id"]
    assert "read_events" in granted["scope"].split()
    assert set(granted["linking_profile"]) == {
        "provider_name",
        "provider_service",
        "profile_id",
        "profile_name",
    }
    assert works(cronofy, granted["access_token"])


def test_a_code_works_once(cronofy):
    code = code_for(cronofy, cronofy.account())
    assert exchange(cronofy, code).status == 200
    response = exchange(cronofy, code)
    assert (response.status, response.json()) == (400, {"error": "invalid_grant"})


def test_a_code_needs_the_redirect_uri_that_it_was_given_for(cronofy):
    code = code_for(cronofy, cronofy.account())
    assert exchange(cronofy, code, "https://elsewhere.example.com").status == 400


def test_a_code_ends(cronofy):
    code = code_for(cronofy, cronofy.account())
    cronofy.advance(300)
    assert exchange(cronofy, code).json() == {"error": "invalid_grant"}


def test_a_form_is_taken_like_json(cronofy):
    account = cronofy.account()
    form = {
        "client_id": "simulator_client",
        "client_secret": "CRN_simulator_secret",
        "grant_type": "refresh_token",
        "refresh_token": account["refresh_token"],
    }
    response = cronofy.request(
        "POST",
        "/oauth/token",
        urlencode(form).encode(),
        Content_Type="application/x-www-form-urlencoded",
    )
    assert response.status == 200


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_grant"),
        ({"grant_type": "authorization_code"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
    ],
)
def test_what_is_no_grant_is_refused_as_rfc_6749_says(cronofy, fields, error):
    response = cronofy.token(**fields)
    assert (response.status, response.json()) == (400, {"error": error})


def test_a_body_that_is_neither_json_nor_a_form_is_refused(cronofy):
    response = cronofy.request("POST", "/oauth/token", b"[1")
    assert (response.status, response.json()) == (400, {"error": "invalid_request"})


@pytest.mark.parametrize("status", [400, 401])
def test_wrong_client_credentials_have_the_status_that_is_set(cronofy, status):
    cronofy.set(invalid_client_status=status)
    account = cronofy.account()
    response = cronofy.token(
        grant_type="refresh_token", refresh_token=account["refresh_token"], client_secret="wrong"
    )
    assert (response.status, response.json()) == (status, {"error": "invalid_client"})


def test_each_active_secret_is_accepted(cronofy):
    cronofy.set(client_secrets=["CRN_new", "CRN_old"])
    token = cronofy.account()["refresh_token"]
    for secret in ("CRN_new", "CRN_old"):
        response = cronofy.token(
            grant_type="refresh_token", refresh_token=token, client_secret=secret
        )
        token = response.json()["refresh_token"]


def test_a_refresh_shows_no_account(cronofy):
    granted = refresh(cronofy, cronofy.account()["refresh_token"]).json()
    assert set(granted) == {"token_type", "access_token", "expires_in", "refresh_token", "scope"}


def test_a_refresh_replaces_both_tokens_and_leaves_the_old_access_token(cronofy):
    account = cronofy.account()
    granted = refresh(cronofy, account["refresh_token"]).json()
    assert granted["refresh_token"] != account["refresh_token"]
    assert granted["access_token"] != account["access_token"]
    assert works(cronofy, granted["access_token"])
    assert works(cronofy, account["access_token"])


def test_a_replaced_refresh_token_works_no_more(cronofy):
    account = cronofy.account()
    refresh(cronofy, account["refresh_token"])
    assert refresh(cronofy, account["refresh_token"]).json() == {"error": "invalid_grant"}


def test_a_replaced_refresh_token_works_for_as_long_as_the_grace_lasts(cronofy):
    cronofy.set(old_refresh_token_grace=60)
    token = cronofy.account()["refresh_token"]
    refresh(cronofy, token)
    cronofy.advance(59)
    assert refresh(cronofy, token).status == 200
    cronofy.advance(1)
    assert refresh(cronofy, token).status == 400


def test_without_an_end_to_the_grace_a_replaced_refresh_token_works_for_ever(cronofy):
    cronofy.set(old_refresh_token_grace=None)
    token = cronofy.account()["refresh_token"]
    refresh(cronofy, token)
    cronofy.advance(10**8)
    assert refresh(cronofy, token).status == 200


def test_without_rotation_the_refresh_token_stays(cronofy):
    cronofy.set(refresh_rotates=False)
    token = cronofy.account()["refresh_token"]
    assert refresh(cronofy, token).json()["refresh_token"] == token
    assert refresh(cronofy, token).status == 200


def test_the_same_access_token_may_come_back_while_ten_minutes_are_left(cronofy):
    cronofy.set(reuse_access_token=True)
    account = cronofy.account()
    cronofy.advance(3000)
    granted = refresh(cronofy, account["refresh_token"]).json()
    assert granted["access_token"] == account["access_token"]
    assert granted["expires_in"] == 600
    cronofy.advance(1)
    later = refresh(cronofy, granted["refresh_token"]).json()
    assert later["access_token"] != account["access_token"]
    assert later["expires_in"] == 3600


def test_a_refresh_may_end_the_access_token_before_it(cronofy):
    cronofy.set(refresh_ends_old_access_token=True)
    account = cronofy.account()
    refresh(cronofy, account["refresh_token"])
    assert not works(cronofy, account["access_token"])


def test_an_access_token_ends_when_its_time_is_over(cronofy):
    account = cronofy.account()
    cronofy.advance(3599)
    assert works(cronofy, account["access_token"])
    cronofy.advance(1)
    assert not works(cronofy, account["access_token"])
    assert refresh(cronofy, account["refresh_token"]).status == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer unknown", "Basic abc", "bearer  "])
def test_a_call_without_a_good_bearer_is_401(cronofy, header):
    response = cronofy.request("GET", "/v1/channels", Authorization=header)
    assert (response.status, response.body) == (401, b"")


@pytest.mark.parametrize("named", ["access_token", "refresh_token"])
def test_either_token_revokes_the_authorization(cronofy, named):
    account = cronofy.account()
    response = cronofy.post("/oauth/token/revoke", token=account[named])
    assert (response.status, response.body) == (200, b"")
    assert not works(cronofy, account["access_token"])
    assert refresh(cronofy, account["refresh_token"]).status == 400


def test_an_expired_access_token_still_revokes(cronofy):
    account = cronofy.account()
    cronofy.advance(3600)
    cronofy.post("/oauth/token/revoke", token=account["access_token"])
    assert refresh(cronofy, account["refresh_token"]).status == 400


def test_the_account_revokes_too_but_a_token_wins(cronofy):
    one, other = cronofy.account(), cronofy.account()
    cronofy.post("/oauth/token/revoke", token=one["refresh_token"], sub=other["account_id"])
    assert not works(cronofy, one["access_token"])
    assert works(cronofy, other["access_token"])
    cronofy.post("/oauth/token/revoke", sub=other["account_id"])
    assert not works(cronofy, other["access_token"])


@pytest.mark.parametrize("fields", [{"token": "unknown"}, {"sub": "acc_unknown"}])
def test_revoking_what_is_unknown_looks_like_success(cronofy, fields):
    assert cronofy.post("/oauth/token/revoke", **fields).status == 200


def test_revoking_nothing_is_refused(cronofy):
    assert cronofy.post("/oauth/token/revoke").json() == {"error": "invalid_request"}


@pytest.mark.parametrize(("closes", "left"), [(True, 0), (False, 1)])
def test_revoking_closes_the_channels_if_that_is_set(cronofy, closes, left):
    cronofy.set(revoke_closes_channels=closes)
    account = cronofy.account()
    cronofy.channel(account)
    cronofy.post("/oauth/token/revoke", token=account["refresh_token"])
    again = cronofy.control("POST", f"accounts/{account['account_id']}/tokens")
    assert len(cronofy.get(again, "/v1/channels").json()["channels"]) == left


def test_revoking_with_erasure_erases_the_events(cronofy):
    account = cronofy.account()
    cronofy.event(account)
    cronofy.post("/oauth/token/revoke", token=account["refresh_token"], request_pii_erasure=True)
    again = cronofy.control("POST", f"accounts/{account['account_id']}/tokens")
    assert cronofy.read(again) == []


def test_an_application_calendar_is_made_once_and_found_again(cronofy):
    first = cronofy.post("/v1/application_calendars", application_calendar_id="rooms").json()
    second = cronofy.post("/v1/application_calendars", application_calendar_id="rooms").json()
    assert first["sub"].startswith("apc_")
    assert second["sub"] == first["sub"]
    assert first["application_calendar_id"] == "rooms"
    (calendar,) = cronofy.get(second, "/v1/calendars").json()["calendars"]
    assert calendar["provider_name"] == "cronofy"


def test_an_application_calendar_needs_an_id(cronofy):
    response = cronofy.post("/v1/application_calendars")
    assert cronofy.problems(response) == {"application_calendar_id": "errors.required"}


def test_an_account_can_be_made_with_a_refresh_token_of_ones_own(cronofy):
    account = cronofy.account(account_id="acc_mine", refresh_token="mine")
    assert account["account_id"] == "acc_mine"
    assert refresh(cronofy, "mine").status == 200


def test_consenting_again_keeps_the_refresh_token_and_takes_the_new_scope(cronofy):
    """Source: reference 5.1, calendars of one account share the refresh token."""
    account = cronofy.account()
    granted = exchange(cronofy, code_for(cronofy, account, scope="read_free_busy")).json()
    assert granted["refresh_token"] == account["refresh_token"]
    assert granted["scope"] == "read_free_busy"
    assert cronofy.get(granted, "/v1/events", tzid="Etc/UTC").status == 403
