"""Links and states: signed, expiring, and one text each."""

import hashlib
import json
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer
from itsdangerous.encoding import base64_encode

from calendar_mirror import connect_links
from calendar_mirror.accounts import DATA_CENTERS
from calendar_mirror.connect_links import Refusal
from calendar_mirror.errors import SettingsError
from calendar_mirror.invitations import MAX_RETURN_TO, MAX_USER_REF, Authorization, Invitation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONNECT_URL = "https://api.example.com/connect"
KEYS = ("new key", "old key")
INVITATION = Invitation("user 42", "us", NOW + timedelta(hours=1), "https://app.example.com/x")
AUTHORIZATION = Authorization(INVITATION, "digest", "nonce", NOW + timedelta(minutes=15))

#: Those of an address, and what base64 skips, or pads with.
LETTERS = string.ascii_letters + string.digits + "-_." + "=!%+/ \n\0é\udc80"

later = st.integers(1, 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
invitations = st.builds(
    Invitation,
    user_ref=st.text(min_size=1, max_size=MAX_USER_REF).filter(str.isprintable),
    data_center=st.sampled_from(DATA_CENTERS),
    expires_at=later,
    return_to=st.none() | st.text(max_size=100),
    avoid_linking=st.booleans(),
)
authorizations = st.builds(
    Authorization,
    invitation=invitations,
    browser=st.text("0123456789abcdef", min_size=64, max_size=64),
    nonce=st.text(string.ascii_letters, min_size=20, max_size=50),
    expires_at=later,
)


def link(invitation=INVITATION, keys=KEYS):
    """Return the value of the address's ``link``."""
    address, _, text = connect_links.link(CONNECT_URL, invitation, keys).partition("?link=")
    assert address == CONNECT_URL
    return text


def read_link(text, keys=KEYS, now=NOW):
    return connect_links.read_link(text, keys, now=now)


def read_state(text, keys=KEYS, now=NOW):
    return connect_links.read_state(text, keys, now=now)


def changed(text):
    """Yield *text* with each one of its characters replaced, left out, or put before another."""
    for position in range(len(text) + 1):
        before, at, after = text[:position], text[position : position + 1], text[position + 1 :]
        yield from (before + letter + at + after for letter in LETTERS)
        yield from (before + letter + after for letter in LETTERS if at and letter != at)
        if at:
            yield before + after


@given(invitations)
def test_what_a_link_says_is_read_back(invitation):
    assert read_link(link(invitation)) == invitation


@given(authorizations)
def test_what_a_state_says_is_read_back(authorization):
    assert read_state(connect_links.state(authorization, KEYS)) == authorization


@given(invitations)
def test_a_link_and_a_state_need_no_escaping_in_an_address(invitation):
    address = set(string.ascii_letters + string.digits + "-_.")

    assert set(link(invitation)) <= address
    assert set(connect_links.state(replace(AUTHORIZATION, invitation=invitation), KEYS)) <= address


def test_every_change_of_a_single_character_of_a_link_is_refused():
    taken = {text for text in changed(link()) if read_link(text) is not Refusal.FORGED}

    assert taken == set()


def test_a_state_has_one_text_so_that_it_cannot_be_finished_twice():
    text = connect_links.state(AUTHORIZATION, KEYS)

    taken = {other for other in changed(text) if read_state(other) is not Refusal.FORGED}

    assert taken == set()


def test_a_link_is_no_state_and_a_state_is_no_link():
    assert read_state(link()) is Refusal.FORGED
    assert read_link(connect_links.state(AUTHORIZATION, KEYS)) is Refusal.FORGED


def test_the_parts_of_two_links_make_no_third():
    mine, yours = link(), link(replace(INVITATION, user_ref="somebody else"))
    payload, signature = yours.rpartition(".")[0], mine.rpartition(".")[2]

    assert read_link(f"{payload}.{signature}") is Refusal.FORGED


@pytest.mark.parametrize(
    ("signed_with", "accepted", "is_read"),
    [
        (("old",), ("old",), True),
        (("old",), ("new", "old"), True),  # rotated while the link was on its way
        (("new", "old"), ("new", "old"), True),
        (("new", "old"), ("new",), True),  # the first one signs
        (("old",), ("new",), False),  # taken away
        (("old",), ("old ",), False),
    ],
)
def test_keys_can_be_rotated(signed_with, accepted, is_read):
    assert (read_link(link(keys=signed_with), accepted) == INVITATION) is is_read
    state = connect_links.state(AUTHORIZATION, signed_with)
    assert (read_state(state, accepted) == AUTHORIZATION) is is_read


@pytest.mark.parametrize(
    ("seconds_before", "is_read"), [(3600, True), (1, True), (0.001, True), (0, False), (-1, False)]
)
def test_a_link_works_until_the_second_at_which_it_expires(seconds_before, is_read):
    now = INVITATION.expires_at - timedelta(seconds=seconds_before)

    assert read_link(link(), now=now) == (INVITATION if is_read else Refusal.LATE)


@pytest.mark.parametrize(("seconds_before", "is_read"), [(1, True), (0, False), (-1, False)])
def test_a_state_works_until_the_second_at_which_it_expires(seconds_before, is_read):
    now = AUTHORIZATION.expires_at - timedelta(seconds=seconds_before)
    text = connect_links.state(AUTHORIZATION, KEYS)

    assert read_state(text, now=now) == (AUTHORIZATION if is_read else Refusal.LATE)


def test_the_age_of_a_forged_link_is_nobodys_business():
    late = replace(INVITATION, expires_at=NOW - timedelta(days=1))

    assert read_link(link(late, keys=("guessed",))) is Refusal.FORGED
    assert read_link(link(late)) is Refusal.LATE


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "=", "a", "a.b", ".a.b", "%", "\0", "é", "\udcff", "null"),
        *("." * 8192, "A" * 8192, "A" * 10_000_000, "é" * 8192, "\udcff" * 8192),
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_what_is_no_link_is_refused_whatever_it_is(text):
    assert read_link(text) is Refusal.FORGED
    assert read_state(text) is Refusal.FORGED


@given(st.text(max_size=200))
def test_any_text_is_refused(text):
    assert read_link(text) is Refusal.FORGED
    assert read_state(text) is Refusal.FORGED


def test_a_link_that_is_longer_than_any_of_ours_is_not_looked_at():
    longest = Invitation("\U0001f4c5" * MAX_USER_REF, "us", NOW + timedelta(hours=1), "x" * 1024)
    text = connect_links.state(replace(AUTHORIZATION, invitation=longest), KEYS)

    assert len(text) < 8192
    assert read_state(text).invitation == longest
    for blanks, read in ((10, INVITATION), (8192, Refusal.FORGED)):
        document = base64_encode(json.dumps(VALID) + " " * blanks)
        signer = _serializer("connect link").make_signer("calendar mirror connect link")
        assert read_link(signer.sign(document).decode()) == read


def _serializer(purpose):
    return URLSafeSerializer(
        "new key",
        salt=f"calendar mirror {purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def _signed(purpose, document):
    """Sign whatever it is, as whoever has the key can."""
    return _serializer(purpose).dumps(document)


VALID = INVITATION.to_document()


@pytest.mark.parametrize(
    "document",
    [
        *(None, 1, "text", [], {}, [VALID]),
        *({**VALID, "more": 1}, {n: v for n, v in VALID.items() if n != "user_ref"}),
        *({**VALID, "user_ref": wrong} for wrong in ("", 42, None, ["x"], "a\nb", "x" * 257)),
        *({**VALID, "data_center": wrong} for wrong in ("", "mars", None, 1, [])),
        *({**VALID, "expires_at": wrong} for wrong in ("", 0, None, "2026-03-01T12:00:00", "soon")),
        *({**VALID, "return_to": wrong} for wrong in ("x" * (MAX_RETURN_TO + 1), 1)),
    ],
    ids=str,
)
def test_a_signed_text_that_is_no_invitation_is_refused(document):
    assert read_link(_signed("connect link", document)) is Refusal.FORGED
    state = {**AUTHORIZATION.to_document(), "invitation": document}
    assert read_state(_signed("state", state)) is Refusal.FORGED


def test_a_link_can_be_signed_in_any_language():
    assert read_link(_signed("connect link", VALID)) == INVITATION


@pytest.mark.parametrize(
    ("secret", "keys"),
    [("one", ("one",)), ("new, old", ("new", "old")), (" a ,,b,", ("a", "b"))],
)
def test_keys_are_separated_by_commas(secret, keys):
    assert connect_links.keys(secret) == keys


@pytest.mark.parametrize("secret", ["", " ", ",", " , ,"])
def test_a_secret_without_a_key_signs_nothing(secret):
    with pytest.raises(SettingsError, match="no key"):
        connect_links.keys(secret)


def test_another_try_lasts_as_long_as_this_one():
    at_the_end = replace(AUTHORIZATION, expires_at=INVITATION.expires_at + timedelta(minutes=5))

    assert AUTHORIZATION.renewed() == INVITATION
    assert at_the_end.renewed() == replace(INVITATION, expires_at=at_the_end.expires_at)
