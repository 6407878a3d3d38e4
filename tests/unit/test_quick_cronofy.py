"""The quick way to the simulator is the way through `requests`, but for the time it takes."""

from datetime import timedelta

import pytest

from calendar_mirror.accounts import Tokens
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.errors import NeedsUserError
from calendar_mirror.planning import ReadPlan
from cronofy_simulator.settings import Settings
from tests.models.cronofy import URL, Clock, Provider
from tests.models.mirror import CLIENT
from tests.models.quick_cronofy import QuickCronofy


class Grant:
    """The access token of an account, as it is."""

    def __init__(self, token):
        self.token = token

    def access_token(self):
        return self.token

    def renewed(self):
        return self.token


@pytest.fixture(params=["quick", "requests"])
def provider(request):
    """A provider with one account of five events; two fit on a page."""
    kind = QuickCronofy if request.param == "quick" else Provider
    provider = kind(Clock(), Settings(page_size=2))
    made = provider.control("POST", "accounts", account_id="acc_1")
    provider.control("POST", "accounts/acc_1/events", count=5, summary="Event")
    provider.tokens = Tokens(made["refresh_token"], made["access_token"])
    return provider


@pytest.fixture
def cronofy(provider):
    is_quick = isinstance(provider, QuickCronofy)
    session = provider.session(lambda: None) if is_quick else provider.session()
    return Cronofy(URL, session, provider.clock)


@pytest.fixture
def grant(provider):
    return Grant(provider.tokens.access)


def test_a_read_has_its_pages(cronofy, grant):
    pages = list(cronofy.pages(ReadPlan(None), grant))

    assert [(page.number, len(page.events), page.total) for page in pages] == [
        (1, 2, 3),
        (2, 2, 3),
        (3, 1, 3),
    ]


def test_a_read_of_changes_has_those_alone(cronofy, grant, provider):
    provider.clock.turn(600)
    (uid, *_) = [e["event_uid"] for e in provider.control("GET", "accounts/acc_1/events")["events"]]
    provider.control("PATCH", f"accounts/acc_1/events/{uid}", summary="Ünïcode")
    since = provider.clock() - timedelta(seconds=60)
    (page,) = cronofy.pages(ReadPlan(since), grant)

    assert [(each["event_uid"], each["summary"]) for each in page.events] == [(uid, "Ünïcode")]


def test_channels_profiles_and_tokens_are_answered(cronofy, grant, provider):
    made = cronofy.create_channel("https://example.com/notifications/acc_1", grant)

    assert [each.channel_id for each in cronofy.channels(grant)] == [made.channel_id]
    assert [each.is_connected for each in cronofy.user_info(grant).profiles] == [True]
    assert cronofy.refresh(provider.tokens.refresh, CLIENT).access != grant.token


def test_a_refused_token_is_refused(cronofy):
    with pytest.raises(NeedsUserError):
        cronofy.user_info(Grant("another"))
