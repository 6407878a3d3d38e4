"""All data centers of Cronofy in one stack, each with an application and accounts of its own."""

import json
from dataclasses import replace

import requests

from calendar_mirror.accounts import DATA_CENTERS, Account, State, Tokens, api_url
from calendar_mirror.attending import Attendant
from calendar_mirror.client_secrets import ClientSecrets, StoredSecrets
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.messages import Kind
from cronofy_simulator.settings import Settings
from tests.models.cronofy import Provider
from tests.models.mirror import Mirror

MAIN = json.dumps({"us": {"client_id": "id_us", "client_secret": "CRN_us"}})
SECRET = json.dumps(
    {
        name: {"client_id": f"id_{name}", "client_secret": f"CRN_{name},CRN_old"}
        for name in DATA_CENTERS
        if name != "us"
    }
)


class Stack(Mirror):
    """One worker, and a simulator at each data center's address."""

    def __init__(self, secret=SECRET):
        super().__init__()
        self.session = requests.Session()
        self.providers = {}
        for name in DATA_CENTERS:
            settings = Settings(client_id=f"id_{name}", client_secrets=(f"CRN_{name}",))
            self.providers[name] = Provider(self.clock, settings)
            self.session.mount(api_url(name), self.providers[name])
        secrets = {"written by operators": secret, "written by the deploy": MAIN}
        stored = StoredSecrets(secrets.__getitem__, *secrets, data_center="us")
        known = ClientSecrets(stored.read, lambda: 0.0)
        edges = replace(
            self.edges,
            cronofy=lambda name, _: Cronofy(api_url(name), self.session, self.clock),
            client=known.of,
        )
        self.worker = replace(self.worker, settle=Attendant(edges))

    def put_in_place(self, data_center, *, named=None):
        """Put an account of *data_center* in place, as one of *named*; return its id."""
        provider, account_id = self.providers[data_center], f"acc_{data_center}"
        made = provider.control("POST", "accounts", account_id=account_id)
        provider.control("POST", f"accounts/{account_id}/events", count=3)
        tokens = Tokens(made["refresh_token"])
        account = Account(account_id, named or data_center, tokens)
        self.accounts.add(account, added_at=self.clock())
        self.ask(account_id, Kind.FULL)
        return account_id


def test_accounts_of_all_six_are_read_each_at_its_own_with_its_own_credentials():
    stack = Stack()
    ids = [stack.put_in_place(name) for name in DATA_CENTERS]

    stack.settle()

    assert [len(stack.events.live(account_id)) for account_id in ids] == [3] * 6
    for name, provider in stack.providers.items():
        paths = [path for _, path, _ in provider.requests]
        assert paths == ["/oauth/token", "/v1/userinfo", "/v1/channels", "/v1/events"], name


def test_a_grant_of_another_data_center_is_said_to_be_perhaps_that():
    stack = Stack()
    account_id = stack.put_in_place("us", named="de")

    stack.drain()

    account = stack.accounts.get(account_id)
    assert (account.state, account.state_reason) == (State.NEEDS_USER, "invalid_grant")
    (report,) = stack.reports
    assert "api-de.cronofy.com" in report.reason
    assert "another data center" in report.reason
    assert stack.providers["us"].requests == []


def test_credentials_that_a_data_center_does_not_know_are_named_with_it():
    stack = Stack(SECRET.replace("id_uk", "id_of_another"))
    stack.put_in_place("uk")

    stack.drain()

    (report,) = stack.reports
    assert report.outcome.value == "put_back"
    assert report.reason == "api-uk.cronofy.com does not accept our client id and client secret"


def test_a_data_center_without_credentials_is_named_and_its_accounts_wait():
    stack = Stack("{}")
    account_id = stack.put_in_place("sg")

    stack.drain()

    (report,) = stack.reports
    assert report.outcome.value == "put_back"
    assert "'sg'" in report.reason
    assert stack.accounts.get(account_id).state is State.CONNECTED
