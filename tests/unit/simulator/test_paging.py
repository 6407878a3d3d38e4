"""Pages. Facts: reference 3.2."""

from urllib.parse import urlsplit

import pytest


def first(user, **query):
    return user.get("/v1/events", tzid="Etc/UTC", **query)


def follow(user, response):
    return user.get(urlsplit(response.json()["pages"]["next_page"]).path)


def summaries(response):
    return [event["summary"] for event in response.json()["events"]]


def all_summaries(user):
    response = first(user)
    found = summaries(response)
    while response.json()["pages"].get("next_page"):
        response = follow(user, response)
        assert response.status == 200
        found += summaries(response)
    return found


@pytest.fixture
def paged(cronofy, user):
    cronofy.set(page_size=2)
    user.make(summary="Event", count=5)
    return user


def test_every_event_is_on_exactly_one_page(paged):
    assert all_summaries(paged) == [f"Event {number}" for number in range(1, 6)]


def test_pages_are_counted_from_one(paged):
    response = first(paged)
    seen = [response.json()["pages"]]
    while "next_page" in seen[-1]:
        response = follow(paged, response)
        seen.append(response.json()["pages"])

    assert [(pages["current"], pages["total"]) for pages in seen] == [(1, 3), (2, 3), (3, 3)]


def test_a_link_is_absolute_and_of_the_host_that_was_asked(paged):
    link = first(paged).json()["pages"]["next_page"]

    assert link.startswith("http://127.0.0.1:8080/v1/events/pages/")


def test_a_link_may_lead_elsewhere(cronofy, paged):
    cronofy.set(page_link_base="https://evil.example.com")

    link = first(paged).json()["pages"]["next_page"]

    assert link.startswith("https://evil.example.com/v1/events/pages/")


def test_an_empty_read_is_one_page(user):
    assert first(user).json() == {"pages": {"current": 1, "total": 1}, "events": []}


@pytest.mark.parametrize(("setting", "shown"), [("null", None), ("empty", "")])
def test_the_last_page_may_show_an_empty_link(cronofy, user, setting, shown):
    cronofy.set(last_page_link=setting)

    assert first(user).json()["pages"]["next_page"] == shown


def test_a_page_can_be_fetched_again(paged):
    response = first(paged)

    assert follow(paged, response).json()["events"] == follow(paged, response).json()["events"]


def test_a_page_needs_the_token_of_its_account(cronofy, paged, another):
    response = first(paged)
    path = urlsplit(response.json()["pages"]["next_page"]).path

    assert cronofy.request("GET", path).status == 401
    assert follow(another, response).status == 404


def test_an_unknown_page_is_not_found(user):
    assert user.get("/v1/events/pages/unknown").status == 404


def test_an_events_page_is_no_free_busy_page(paged):
    path = urlsplit(first(paged).json()["pages"]["next_page"]).path

    assert paged.get(path.replace("events", "free_busy")).status == 404


def test_a_link_expires(cronofy, paged):
    response = first(paged)

    cronofy.advance(599)
    assert follow(paged, response).status == 200
    cronofy.advance(1)
    assert follow(paged, response).status == 404


def test_a_link_may_live_for_ever(cronofy, paged):
    cronofy.set(page_link_lifetime=None)
    response = first(paged)
    cronofy.advance(3000)

    assert follow(paged, response).status == 200


def test_links_can_be_ended_from_outside(paged):
    response = first(paged)

    assert paged.control("POST", "pages/expire") == {"expired": 1}
    assert follow(paged, response).status == 404


def test_a_snapshot_shows_on_later_pages_what_was_there_at_first(paged):
    response = first(paged)
    (third,) = [event for event in paged.read() if event["summary"] == "Event 2"]
    paged.remove(third)

    assert summaries(follow(paged, response)) == ["Event 3", "Event 4"]


def test_live_pages_shift_when_an_event_goes(cronofy, paged):
    cronofy.set(pages="live")
    response = first(paged)
    paged.remove(response.json()["events"][0])

    following = follow(paged, response)

    assert summaries(following) == ["Event 4", "Event 5"]  # Event 3 is missed
    assert following.json()["pages"] == {"current": 2, "total": 2}


@pytest.mark.parametrize("order", ["modified", "random"])
def test_other_orders_lose_nothing(cronofy, paged, order):
    cronofy.set(page_order=order)

    assert sorted(all_summaries(paged)) == [f"Event {number}" for number in range(1, 6)]
