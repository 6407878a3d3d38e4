"""What `calmirror doctor` makes of the certificate under which Cronofy reaches a stack."""

import socket
import ssl
import threading

import pytest

from calmirror.health import entrance
from calmirror.health.findings import Level
from tests.models.certificates import certificate, trusting


@pytest.fixture
def served():
    """Serve a certificate, and return what looking at it finds."""
    closing = []

    def look(*, days, names=("localhost",), trusted=True):
        made = certificate(names, days=days)
        listener = socket.create_server(("127.0.0.1", 0))
        closing.append(listener)
        threading.Thread(target=_answer, args=(listener, made.server_context())).start()
        trust = trusting(made) if trusted else ssl.create_default_context()
        return list(entrance.certificate("localhost", listener.getsockname()[1], trust=trust))

    yield look
    for listener in closing:
        listener.close()


def _answer(listener, context):
    connection, _ = listener.accept()
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()


def test_a_certificate_that_is_trusted_says_how_long_it_is_good_for(served):
    (found,) = served(days=60)

    assert found.level is Level.OK
    assert "good for 59 days" in found.said


def test_a_certificate_that_ends_soon_is_to_be_renewed(served):
    (found,) = served(days=5)

    assert found.level is Level.WARNING


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"days": -1}, "certificate has expired"),
        ({"days": 60, "names": ("other.example",)}, "localhost"),
        ({"days": 60, "trusted": False}, "self"),
    ],
)
def test_a_certificate_that_cronofy_would_refuse_is_wrong(served, options, said):
    (found,) = served(**options)

    assert found.level is Level.ERROR
    assert "not to be trusted" in found.said
    assert said in found.said


def test_an_address_that_nobody_answers_is_wrong():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    (found,) = entrance.certificate("127.0.0.1", port, trust=None)

    assert found.level is Level.ERROR
    assert "cannot be reached" in found.said
