import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import signatures

BODY = b'{"example":"well-known"}'
SECRET = "pDY0Oi7TJSP2hfNmZNkm5"
#: Published by Cronofy for this body and secret.
DIGEST = "6r2/HjBkqymGegX0wOfifieeUXbbHwtV/LohHS+jv6c="


def test_the_published_example_is_verified():
    assert signatures.verify(BODY, DIGEST, [SECRET])


@pytest.mark.parametrize(
    "header",
    [f"other,{DIGEST}", f"{DIGEST},other", f" {DIGEST} , other", f",,{DIGEST}", f"é,{DIGEST}"],
)
def test_any_digest_of_a_list_will_do(header):
    assert signatures.verify(BODY, header, [SECRET])


def test_any_of_our_secrets_will_do():
    assert signatures.verify(BODY, DIGEST, ["new one", SECRET])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ",",
        "é",
        "\udc80",
        DIGEST[:-1],
        DIGEST.lower(),
        DIGEST.replace("+", "-").replace("/", "_"),
        hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest(),
    ],
)
def test_anything_else_is_refused(header):
    assert not signatures.verify(BODY, header, [SECRET])


def test_without_a_secret_nothing_is_verified():
    assert not signatures.verify(BODY, DIGEST, [])


@given(body=st.binary(), other=st.binary(), secret=st.text(min_size=1))
def test_a_digest_fits_its_own_body_only(body, other, secret):
    secret = secret.encode("utf-8", "ignore").decode() or "x"
    digest = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()

    assert signatures.verify(body, digest, [secret])
    assert signatures.verify(other, digest, [secret]) is (body == other)
