"""Whose calendars a stack mirrors."""

from local_stack import provider


def test_without_an_address_it_is_the_simulator_with_the_local_credentials() -> None:
    found = provider.from_environ({"CRONOFY_CLIENT_ID": "real", "CRONOFY_CLIENT_SECRET": "real"})
    assert found.url is None
    assert found.client_id == provider.LOCAL_CLIENT_ID
    assert found.client_secret == provider.LOCAL_CLIENT_SECRET


def test_an_address_brings_its_own_credentials_where_they_are_given() -> None:
    environ = {"CRONOFY_API_URL": "http://127.0.0.1:9000/", "CRONOFY_CLIENT_ID": "mine"}
    found = provider.from_environ(environ)
    assert found.url == "http://127.0.0.1:9000"
    assert (found.client_id, found.client_secret) == ("mine", provider.LOCAL_CLIENT_SECRET)


def test_an_empty_address_is_none() -> None:
    assert provider.from_environ({"CRONOFY_API_URL": ""}).url is None
