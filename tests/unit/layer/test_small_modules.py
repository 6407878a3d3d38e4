"""The small modules that the others lean on."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import accounts, backoff, credentials, emf, instants, measures, settings
from calendar_mirror.accounts import Tokens
from calendar_mirror.client_secrets import EXPIRY_S, REREAD_S, ClientSecrets, StoredSecrets
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.errors import AwsCallError, SettingsError
from calendar_mirror.measures import Measure
from calendar_mirror.settings import ReceiveSettings, SyncSettings

NOON = datetime(2026, 1, 31, 12, 0, 0, 987_654, tzinfo=UTC)


def test_outside_a_time_is_in_whole_seconds_of_utc_rounded_down():
    assert instants.to_text(NOON) == "2026-01-31T12:00:00Z"
    assert instants.to_precise_text(NOON) == "2026-01-31T12:00:00.987654Z"
    assert instants.parse("2026-01-31T13:00:00+01:00") == NOON.replace(microsecond=0)


def test_fourteen_days_of_outage_end_no_message_in_the_dead_letter_queue():
    rng, elapsed, receives = random.Random(1), 0, 0
    while elapsed < timedelta(days=14).total_seconds():
        receives += 1
        elapsed += backoff.delay_s(receives, None, rng)

    assert receives < 1000 * 0.8


def test_the_first_retries_come_soon_and_later_ones_within_the_hour():
    rng = random.Random(1)

    assert all(1 <= backoff.delay_s(1, None, rng) <= 2 for _ in range(100))
    assert all(450 <= backoff.delay_s(20, None, rng) <= 900 for _ in range(100))
    assert all(1800 <= backoff.delay_s(1000, None, rng) <= 3600 for _ in range(100))


@pytest.mark.parametrize("asked", [1.0, 77.0, 3_600.0])
def test_what_the_other_side_asks_for_is_waited_for(asked):
    assert backoff.delay_s(1, asked, random.Random(1)) >= asked


def test_what_the_other_side_asks_for_shortens_no_pause():
    assert backoff.delay_s(20, 1.0, random.Random(1)) >= 450


@pytest.mark.parametrize("asked", [12 * 3_600.0, 1e9, float("inf")])
def test_no_pause_is_longer_than_sqs_allows_for_a_message_that_was_received_a_while_ago(asked):
    assert 10 * 3_600 < backoff.delay_s(1, asked, random.Random(1)) <= 12 * 3_600 - 720


@pytest.mark.parametrize("asked", [-5.0, 0.0])
def test_a_time_that_has_passed_is_no_reason_to_come_at_once(asked):
    assert backoff.delay_s(1, asked, random.Random(1)) >= 1


def test_settings_name_all_that_is_missing_at_once():
    with pytest.raises(SettingsError, match=r"SYNC_QUEUE_URL.*not a number: \['MERGE_SECONDS'\]"):
        settings.from_environ(ReceiveSettings, {"MERGE_SECONDS": "x", "AWS_REGION": "us-east-1"})


@pytest.mark.parametrize("text", ["", " ", "1.5", "-1", "²", "1s"])
def test_what_is_no_whole_number_is_said_to_be_none(text):
    environ = {name.upper(): "7" for name in SyncSettings.__slots__} | {"OVERLAP_SECONDS": text}

    with pytest.raises(SettingsError, match=r"missing: nothing; .*\['OVERLAP_SECONDS'\]"):
        settings.from_environ(SyncSettings, environ)


def test_settings_are_read_from_upper_case_names():
    environ = {name.upper(): "7" for name in SyncSettings.__slots__}

    assert settings.from_environ(SyncSettings, environ).overlap_seconds == 7


def test_the_client_secret_may_be_several_the_one_to_use_first():
    found = credentials.parse(
        '{"us": {"client_id": "id", "client_secret": "new, old"}}', "ClientSecrets"
    )

    assert found == {"us": ClientCredentials("id", ("new", "old"))}
    assert "new" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", '{"us": 1}', '{"us": {"client_id": "hidden"}}', "hidden", '"hidden"', "null"),
        *('{"us": {"client_id": "id", "client_secret": " , "}}', '{"others": "de:id:hidden"}'),
    ],
)
def test_a_secret_of_another_form_is_refused_without_being_quoted(text):
    with pytest.raises(SettingsError) as refusal:
        credentials.parse(text, "ClientSecrets")

    assert "the secret ClientSecrets is not of the form" in str(refusal.value)
    assert "hidden" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_every_data_center_has_its_host():
    assert accounts.api_url("us") == "https://api.cronofy.com"
    assert accounts.api_url("de") == "https://api-de.cronofy.com"
    assert accounts.api_url("de", "http://127.0.0.1:1/") == "http://127.0.0.1:1"
    with pytest.raises(SettingsError):
        accounts.api_url("fr")


def test_a_metric_line_is_what_cloudwatch_wants():
    line = emf.line(
        {Measure.NOTIFICATIONS: 1, Measure.ACKNOWLEDGEMENT_TIME: 2.5},
        chosen=set(Measure),
        service="s",
        dimensions={"type": "change", "outcome": "queued"},
        properties={"reason": "why"},
        namespace="N",
        now=NOON,
    )

    found = json.loads(line)
    assert found["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "N",
            "Dimensions": [["service", "type"], ["service", "outcome"]],
            "Metrics": [{"Name": "Notifications", "Unit": "Count"}],
        },
        {
            "Namespace": "N",
            "Dimensions": [["service"]],
            "Metrics": [{"Name": "AcknowledgementTime", "Unit": "Milliseconds"}],
        },
    ]
    assert found["_aws"]["Timestamp"] == int(NOON.timestamp() * 1000)
    assert (found["service"], found["type"], found["outcome"]) == ("s", "change", "queued")
    assert (found["Notifications"], found["AcknowledgementTime"]) == (1, 2.5)


def test_a_line_tells_what_is_chosen_and_holds_the_rest_for_whoever_searches_the_log():
    def line(outcome, values):
        return json.loads(
            emf.line(
                values,
                chosen=measures.chosen("essential"),
                service="s",
                dimensions={"type": "none", "outcome": outcome},
                properties={},
                namespace="N",
                now=NOON,
            )
        )

    queued = line("queued", {Measure.NOTIFICATIONS: 1, Measure.ACKNOWLEDGEMENT_TIME: 2.5})
    forged = line("forged", {Measure.ACKNOWLEDGEMENT_TIME: 2.5, Measure.REFUSED: 1})

    assert "_aws" not in queued
    assert (queued["outcome"], queued["AcknowledgementTime"]) == ("queued", 2.5)
    (directive,) = forged["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [{"Name": "RefusedNotifications", "Unit": "Count"}]
    assert directive["Dimensions"] == [["service", "outcome"]]
    assert forged["AcknowledgementTime"] == 2.5


def test_metrics_are_the_essential_ones_or_all():
    assert measures.chosen("essential") < measures.chosen("all") == set(Measure)
    with pytest.raises(ValueError, match="none"):
        measures.chosen("none")


class Safe:
    """The two secrets, and how often each was read."""

    def __init__(self, written="{}", deployed="{}", data_center="us"):
        self.secrets, self.read = {"written": written, "deployed": deployed}, Counter()
        self.stored = StoredSecrets(self.text, "written", "deployed", data_center)

    def text(self, arn):
        self.read[arn] += 1
        if self.secrets[arn] is None:
            raise AwsCallError("no answer")
        return self.secrets[arn]


def entry(data_center, client_id, secret):
    return json.dumps({data_center: {"client_id": client_id, "client_secret": secret}})


def test_what_the_deploy_wrote_counts_where_operators_wrote_nothing():
    safe = Safe(deployed=entry("us", "id", "deployed"))

    assert safe.stored.read() == {"us": ClientCredentials("id", ("deployed",))}


def test_what_operators_wrote_of_a_data_center_counts_whole():
    safe = Safe(entry("us", "new_id", "new,old"), entry("us", "id", "deployed"))

    assert safe.stored.read() == {"us": ClientCredentials("new_id", ("new", "old"))}
    assert safe.read == {"written": 1}


def test_further_data_centers_stand_beside_what_was_deployed():
    safe = Safe(entry("de", "id_de", "theirs"), entry("us", "id", "deployed"))

    assert safe.stored.read() == {
        "us": ClientCredentials("id", ("deployed",)),
        "de": ClientCredentials("id_de", ("theirs",)),
    }


def test_a_deploy_at_another_data_center_undoes_no_rotation():
    safe = Safe(entry("us", "id", "rotated"), entry("de", "id", "deployed"), data_center="de")

    assert safe.stored.read()["us"].secrets == ("rotated",)
    assert safe.stored.read()["de"].secrets == ("deployed",)


@pytest.mark.parametrize(
    ("written", "deployed", "error"),
    [
        ("{}", "{}", SettingsError),
        ("{}", "nonsense", SettingsError),
        ("nonsense", entry("us", "id", "deployed"), SettingsError),
        ("{}", None, AwsCallError),
        (None, entry("us", "id", "deployed"), AwsCallError),
        (entry("de", "id", "theirs"), None, AwsCallError),
    ],
)
def test_a_set_of_secrets_that_may_not_be_whole_is_none(written, deployed, error):
    """Half of them would refuse genuine notifications, and call that forged."""
    with pytest.raises(error):
        Safe(written, deployed).stored.read()


class Vault:
    """A secret that can be counted, changed and broken, and a clock."""

    def __init__(self):
        self.secret, self.reads, self.now, self.broken = "one", 0, 0.0, False

    def read(self):
        self.reads += 1
        if self.broken:
            raise AwsCallError("no answer")
        return {"us": ClientCredentials("id", (self.secret,))}

    def secrets(self):
        return ClientSecrets(self.read, lambda: self.now)


def test_secrets_are_read_once_and_again_after_their_expiry():
    vault = Vault()
    secrets = vault.secrets()

    for vault.now in (0, 1, EXPIRY_S - 1):
        assert secrets.accepted() == ("one",)
    assert vault.reads == 1
    vault.now, vault.secret = EXPIRY_S, "two"
    assert secrets.accepted() == ("two",)


def test_secrets_are_read_again_on_request_once_a_minute():
    vault = Vault()
    secrets = vault.secrets()
    secrets.accepted()

    allowed = [secrets.reread() for vault.now in range(0, 180, 10)]

    assert allowed.count(True) == 2
    assert vault.reads == 1 + 2


def test_known_secrets_outlive_a_failure_to_read_them():
    vault = Vault()
    secrets = vault.secrets()
    secrets.accepted()
    vault.broken, vault.now = True, EXPIRY_S

    assert secrets.accepted() == ("one",)


def test_secrets_that_were_never_read_are_asked_for_once_a_minute():
    vault = Vault()
    vault.broken = True
    secrets = vault.secrets()

    for vault.now in range(0, 119, 2):
        with pytest.raises(AwsCallError):
            secrets.accepted()

    assert vault.reads == 2
    assert REREAD_S == 60


def test_no_token_shows_in_a_traceback():
    assert "secret" not in repr(Tokens("secret r", "secret a"))
