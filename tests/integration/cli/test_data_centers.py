"""`calmirror data-center`: what is shown, what is written, and what is refused."""

import json

import pytest


@pytest.fixture
def cronofy_knows(stack):
    """Return what lets Cronofy accept these secrets beside the stack's own."""
    (own,) = stack.control("GET", "settings")["client_secrets"]
    return lambda *secrets: stack.control("PATCH", "settings", {"client_secrets": [own, *secrets]})


def written(stack):
    answer = stack.client("secretsmanager").get_secret_value(
        SecretId=stack.outputs["ClientSecretsArn"]
    )
    return json.loads(answer["SecretString"])


THERE = {"de": {"client_id": "simulator_client", "client_secret": "secret-of-the-tests"}}


def put(stack, name, text):
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.outputs[f"{name}Arn"], SecretString=text
    )


def test_what_the_stack_was_deployed_with_is_listed_without_its_secret(stack, account):
    written_by_operators, row = stack.told("data-center", "list")
    shown = stack.run("data-center", "list").stdout

    assert row == {
        "data_center": "us",
        "client_id": "simulator_client",
        "client_secrets": 1,
        "kept_in": "InitialCredentials",
        "written_by": "the deploy",
        "accounts": 1,
    }
    assert written_by_operators == {
        **row,
        "data_center": "de",
        "kept_in": "ClientSecrets",
        "written_by": "data-center add",
        "accounts": 0,
    }
    assert "simulator_client" in shown
    (secret,) = stack.control("GET", "settings")["client_secrets"]
    assert secret not in shown


def test_an_application_at_another_data_center_is_put_in_place(stack, cronofy_knows):
    cronofy_knows("theirs")
    done = stack.run(
        "data-center", "add", "uk", "--client-id", "simulator_client", stdin="theirs\n"
    )

    assert done.exit_code == 0, done.output
    assert "theirs" not in done.output
    assert written(stack) == {
        **THERE,
        "uk": {"client_id": "simulator_client", "client_secret": "theirs"},
    }
    assert stack.client_secrets().of("uk").secrets == ("theirs",)
    assert stack.client_secrets().of("us").client_id == "simulator_client"
    assert [row["data_center"] for row in stack.told("data-center", "list")] == ["de", "uk", "us"]


def test_a_rotation_keeps_the_old_secret_until_it_is_over(stack, cronofy_knows):
    cronofy_knows("new")
    (old,) = stack.client_secrets().of("us").secrets

    assert stack.run("data-center", "add", "us", "--keep-old", stdin="new").exit_code == 0
    assert stack.client_secrets().of("us").secrets == ("new", old)
    assert stack.run("data-center", "add", "us", stdin="new").exit_code == 0
    assert stack.client_secrets().of("us").secrets == ("new",)


def test_what_cronofy_does_not_accept_is_refused(stack):
    refused = stack.run("data-center", "add", "us", stdin="wrong")

    assert refused.exit_code == 1
    assert "does not accept simulator_client with this client secret" in refused.output
    assert "wrong" not in refused.output
    assert written(stack) == THERE


def test_in_an_outage_it_is_put_in_place_only_on_request(stack):
    stack.control("POST", "faults", {"outage": True})

    assert "could not be asked" in stack.run("data-center", "add", "us", stdin="new").output
    assert written(stack) == THERE
    assert stack.run("data-center", "add", "us", "--unchecked", stdin="new").exit_code == 0
    assert written(stack)["us"]["client_secret"] == "new"


@pytest.mark.parametrize("secret", ["", "  ", "a b", "new,", 'quoted"', "new,,old"])
def test_a_secret_that_cannot_be_one_is_refused(stack, secret):
    refused = stack.run("data-center", "add", "us", "--unchecked", stdin=secret)

    assert refused.exit_code == 2
    assert written(stack) == THERE


def test_a_first_application_needs_its_client_id(stack):
    refused = stack.run("data-center", "add", "uk", stdin="theirs")

    assert refused.exit_code == 2
    assert "--client-id" in refused.output


def test_another_application_where_accounts_live_is_asked_about(stack, account):
    command = ("data-center", "add", "us", "--client-id", "another", "--unchecked")

    refused = stack.run(*command, stdin="secret")

    assert refused.exit_code == 1
    assert account["account_id"] in refused.output
    assert written(stack) == THERE
    assert stack.run(*command, "--yes", stdin="secret").exit_code == 0


def test_a_data_center_where_accounts_live_is_not_removed(stack):
    made = stack.control("POST", "accounts")
    options = ("--refresh-token", "-", "--data-center", "de")
    stack.run("accounts", "add", made["account_id"], *options, stdin=made["refresh_token"])

    refused = stack.run("data-center", "remove", "de")

    assert refused.exit_code == 1
    assert made["account_id"] in refused.output
    assert "de" in written(stack)
    assert stack.run("data-center", "remove", "de", "--yes").exit_code == 0
    assert written(stack) == {}


def test_removing_what_operators_wrote_brings_back_what_was_deployed(stack, account, cronofy_knows):
    cronofy_knows("new")
    deployed = stack.client_secrets().of("us")
    stack.run("data-center", "add", "us", stdin="new")

    done = stack.told("data-center", "remove", "us")

    assert done["falls_back"] is True
    assert stack.client_secrets().of("us") == deployed


@pytest.mark.parametrize(
    ("name", "said"), [("us", "CronofyDataCenter"), ("uk", "keeps nothing of uk")]
)
def test_what_operators_did_not_write_cannot_be_removed(stack, name, said):
    refused = stack.run("data-center", "remove", name)

    assert refused.exit_code == 1
    assert said in refused.output


@pytest.mark.parametrize("command", [("list",), ("add", "us", "--unchecked"), ("remove", "us")])
def test_a_secret_of_another_form_is_named_and_left_alone(stack, command):
    put(stack, "ClientSecrets", "nonsense")

    refused = stack.run("data-center", *command, stdin="new")

    assert refused.exit_code == 1
    assert "the secret ClientSecrets is not of the form" in refused.output


@pytest.mark.parametrize("name", ["ClientSecrets", "InitialCredentials"])
def test_doctor_names_the_secret_that_nobody_can_use(stack, name):
    put(stack, name, "nonsense")

    found = stack.told("doctor", ends_with=1)["findings"]

    (secret,) = [each for each in found if each["check"] == "secret"]
    assert f"the secret {name} is not of the form" in secret["said"]
    assert "503" in secret["said"]
    assert "calmirror data-center add" in secret["what_to_do"]
