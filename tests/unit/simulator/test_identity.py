"""Account, UserInfo, profiles and calendars. Facts: reference section 6."""


def test_the_account_tells_who_and_what_was_granted(user):
    assert user.get("/v1/account").json() == {
        "account": {
            "account_id": "acc_1",
            "email": "acc_1@example.com",
            "name": "Someone",
            "scope": user.account["scope"],
            "default_tzid": "Etc/UTC",
        },
        "sub": "acc_1",
    }


def test_the_account_needs_its_scope(new_user):
    assert new_user(scope="read_events").get("/v1/account").status == 403


def test_userinfo_has_keys_with_dots_and_the_calendars_of_each_profile(user):
    info = user.get("/v1/userinfo").json()

    assert (info["sub"], info["cronofy.type"]) == ("acc_1", "account")
    assert (info["email"], info["zoneinfo"]) == ("acc_1@example.com", "Etc/UTC")
    data = info["cronofy.data"]
    assert data["authorization"] == {"scope": user.account["scope"], "status": "active"}
    assert data["conferencing_profiles"] == []
    (profile,) = data["profiles"]
    assert profile["profile_connected"] is True
    assert profile["profile_initial_sync_required"] is False
    assert "profile_relink_url" not in profile
    assert [each["calendar_id"] for each in profile["profile_calendars"]] == user.calendars
    assert "profile_id" not in profile["profile_calendars"][0]


def test_userinfo_needs_no_scope_in_particular(new_user):
    assert new_user(scope="create_event").get("/v1/userinfo").status == 200


def test_calendars_name_their_profile(user):
    first, second = user.get("/v1/calendars").json()["calendars"]

    assert first["profile_id"] == user.account["profiles"][0]["profile_id"]
    assert first["provider_name"] == "google"
    assert first["calendar_id"].startswith("cal_")
    assert (first["calendar_primary"], second["calendar_primary"]) == (True, False)
    assert first["permission_level"] == "sandbox"


def test_deleted_calendars_stay_in_the_list(user):
    user.control("DELETE", f"calendars/{user.calendars[1]}")

    listed = user.get("/v1/calendars").json()["calendars"]
    assert [each["calendar_deleted"] for each in listed] == [False, True]


def test_a_calendar_can_be_created_once_under_its_name(user):
    profile_id = user.account["profiles"][0]["profile_id"]
    wanted = {"profile_id": profile_id, "name": "Holidays"}

    response = user.post("/v1/calendars", wanted)
    assert response.status == 200
    assert response.json()["calendar"]["calendar_name"] == "Holidays"
    again = user.post("/v1/calendars", wanted)
    assert again.status == 422
    assert again.json()["errors"]["name"][0]["key"] == "errors.duplicate_calendar_name"


def test_a_calendar_needs_a_profile_that_can_be_written(user):
    profile_id = user.account["profiles"][0]["profile_id"]
    user.control("POST", f"profiles/{profile_id}/disconnect")

    assert user.post("/v1/calendars", {"profile_id": profile_id, "name": "New"}).status == 423
    assert user.post("/v1/calendars", {"profile_id": "pro_x", "name": "New"}).status == 404
    assert set(user.post("/v1/calendars", {}).json()["errors"]) == {"profile_id", "name"}


def test_revoking_a_profile_takes_its_calendars_and_leaves_the_rest(user):
    other = user.control("POST", "profiles", calendars=1)["profile_id"]
    listed = user.get("/v1/calendars").json()["calendars"]
    (calendar_id,) = [each["calendar_id"] for each in listed if each["profile_id"] == other]
    user.make(calendar_id=calendar_id)
    kept = user.make(calendar_id=user.calendars[0])

    assert user.post(f"/v1/profiles/{other}/revoke", {}).status == 202

    assert user.uids() == [kept["event_uid"]]
    assert len(user.get("/v1/profiles").json()["profiles"]) == 1
    assert len(user.get("/v1/calendars").json()["calendars"]) == 2
    assert user.post(f"/v1/profiles/{other}/revoke", {}).status == 404


def test_an_unknown_path_is_not_found(user):
    assert user.get("/v1/nothing").status == 404
    assert user.get("/v2/events").status == 404
    assert user.post("/v1/events", {}).status == 404
