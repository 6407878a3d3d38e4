"""What the checks of `calmirror doctor` make of what they see."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.errors import CronofyUnavailableError
from calmirror.health import capacity, clocks, failures, fleet, operator, permissions, provider
from calmirror.health.failures import guarded
from calmirror.health.findings import Level, ok

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLIENT = ClientCredentials("client", ("new", "old"))


def levels(findings):
    return [each.level for each in findings]


def looked_at(*, accepted_at=(), data_center="us", secrets=("new",), trouble=None, **options):
    """Return what the check of our application finds where these data centers accept it."""

    def knows(where, client):
        if trouble:
            raise trouble
        return where in accepted_at and client.secrets[0] in secrets

    found = provider.checked(data_center, CLIENT, knows, where_to_mend="arn:secret", **options)
    return list(found)


def test_an_accepted_secret_is_well():
    assert set(levels(looked_at(accepted_at=["us"], secrets=("new", "old")))) == {Level.OK}


def test_a_secret_of_an_earlier_rotation_is_to_be_taken_away():
    *_, last = looked_at(accepted_at=["us"])

    assert last.level is Level.WARNING
    assert "number 2" in last.said
    assert "arn:secret" in last.what_to_do


def test_a_secret_that_no_data_center_accepts_is_wrong():
    (found,) = looked_at()

    assert (found.check, found.level) == ("secret us", Level.ERROR)
    assert "does not accept the client id and client secret" in found.said
    assert "put-secret-value" in found.what_to_do


def test_credentials_of_another_data_center_are_told_from_wrong_ones():
    (found,) = looked_at(accepted_at=["de"])

    assert (found.check, found.level) == ("data center", Level.ERROR)
    assert "at the data center de" in found.said
    assert "CronofyDataCenter=de" in found.what_to_do


def test_credentials_that_operators_wrote_to_the_wrong_data_center_are_moved_by_them():
    (found,) = looked_at(accepted_at=["de"], is_deployed=False)

    assert "`calmirror data-center add de`, then `calmirror data-center remove us`" in (
        found.what_to_do
    )


def test_where_something_stands_in_for_cronofy_no_other_data_center_is_asked():
    (found,) = looked_at(accepted_at=["de"], others=())

    assert found.check == "secret us"


def test_an_outage_is_told_from_a_wrong_secret():
    (found,) = looked_at(trouble=CronofyUnavailableError("Cronofy answered 503"))

    assert (found.check, found.level) == ("provider", Level.ERROR)
    assert "Cronofy answered 503" in found.said
    assert "Nothing is lost" in found.what_to_do


@pytest.mark.parametrize(
    ("ahead_s", "level", "said"),
    [
        (0, Level.OK, "agree"),
        (4, Level.OK, "agree"),
        (60, Level.WARNING, "60 s ahead of AWS's"),
        (-60, Level.WARNING, "60 s behind AWS's"),
        (600, Level.ERROR, "600 s ahead of AWS's"),
    ],
)
def test_a_clock_is_held_against_the_date_of_an_answer(ahead_s, level, said):
    date = format_datetime(NOW, usegmt=True)

    (found,) = clocks.compared("AWS", date, NOW + timedelta(seconds=ahead_s))

    assert found.level is level
    assert said in found.said


@pytest.mark.parametrize("date", [None, "soon"])
def test_an_answer_without_a_date_tells_nothing(date):
    assert list(clocks.compared("AWS", date, NOW)) == []


def lambda_with(free, **parameters):
    answer = {"AccountLimit": {"UnreservedConcurrentExecutions": free}}
    client = SimpleNamespace(get_account_settings=lambda: answer)
    return SimpleNamespace(client=lambda _: client, parameters=parameters)


@pytest.mark.parametrize(
    ("free", "level"), [(1000, Level.OK), (16, Level.OK), (15, Level.WARNING), (10, Level.ERROR)]
)
def test_what_lambda_has_left_is_held_against_what_sync_may_take(free, level):
    assert levels(capacity.concurrency(lambda_with(free, SyncConcurrency="10"))) == [level]


def test_the_defaults_fit_into_a_new_aws_account():
    assert levels(capacity.concurrency(lambda_with(10))) == [Level.OK]


def test_what_is_reserved_for_receive_is_safe_from_sync():
    parameters = {"SyncConcurrency": "10", "ReceiveReservedConcurrency": "5"}

    (found,) = capacity.concurrency(lambda_with(10, **parameters))

    assert found.level is Level.WARNING
    assert "5 more are kept for `receive`" in found.said


def test_a_refusal_of_ours_is_a_finding_and_not_the_end():
    def look():
        yield ok("a", "fine")
        raise ClientError(
            {"Error": {"Code": "AccessDenied", "Message": "may not iam:GetRole"}}, "GetRole"
        )

    first, last = guarded("permissions", look, "mirror")

    assert first.level is Level.OK
    assert (last.check, last.level) == ("permissions", Level.WARNING)
    assert "may not iam:GetRole" in last.said


def test_other_trouble_with_aws_is_an_error_that_names_it():
    def refused():
        raise ClientError({"Error": {"Code": "ResourceNotFound", "Message": "gone"}}, "Scan")

    def unanswered():
        raise NoCredentialsError

    ((first,), (second,)) = (
        list(guarded("tables", look, "mirror")) for look in (refused, unanswered)
    )

    assert (first.level, second.level) == (Level.ERROR, Level.ERROR)
    assert "Scan: ResourceNotFound: gone" in first.said
    assert "credentials" in second.said


@pytest.mark.parametrize(
    ("code", "check", "do"),
    [
        ("ExpiredToken", "credentials", "aws sso login"),
        ("InvalidClientTokenId", "credentials", "aws sso login"),
        ("ResourceNotFoundException", "queue", "REVERT_DRIFT --stack-name mirror"),
        ("InternalError", "queue", "try again in a minute"),
    ],
)
def test_a_refusal_of_aws_is_told_with_what_helps_against_it(code, check, do):
    refusal = ClientError({"Error": {"Code": code, "Message": "no"}}, "GetQueueAttributes")

    found = failures.finding("queue", refusal, "mirror")

    assert (found.check, found.level) == (check, Level.ERROR)
    assert do in found.what_to_do


def account(account_id, **fields):
    read = {"last_read_started_at": "2026-03-01T11:00:00.000000Z"}
    return {"account_id": account_id, "state": "connected", "data_center": "us", **read, **fields}


def test_accounts_that_are_read_are_well():
    assert levels(fleet.accounts([account("a"), account("b")], NOW)) == [Level.OK]


@pytest.mark.parametrize(
    ("fields", "level", "said"),
    [
        ({"state": "needs_user"}, Level.WARNING, "Cannot be read until somebody acts"),
        ({"paused": True}, Level.WARNING, "Paused, so that nothing is read"),
        ({"profiles": [{"connected": False}]}, Level.WARNING, "only its user can connect"),
        ({"last_read_started_at": "2026-02-27T11:00:00Z"}, Level.ERROR, "stale cursor"),
        (
            {"last_read_started_at": None, "connected_at": "2026-03-01T11:00:00Z"},
            Level.ERROR,
            "Put in place, and not read yet",
        ),
    ],
)
def test_what_is_wrong_with_accounts_is_counted_and_some_are_named(fields, level, said):
    names = [f"acc_{number}" for number in range(5)]

    (found,) = fleet.accounts([account(name, **fields) for name in names], NOW)

    assert found.level is level
    assert said in found.said
    assert "5 accounts" in found.said
    assert "acc_0, acc_1, acc_2 and 2 others" in found.said
    assert "acc_0" in found.what_to_do or "tail" in found.what_to_do


@pytest.mark.parametrize(
    "fields",
    [
        {"last_read_started_at": None, "connected_at": "2026-03-01T11:55:00Z"},
        {"last_read_started_at": "2026-02-27T11:00:00Z", "state": "erasing"},
    ],
)
def test_an_account_that_is_new_or_on_its_way_out_is_no_fault(fields):
    assert levels(fleet.accounts([account("a", **fields)], NOW)) == [Level.OK]


class Iam:
    """Roles with inline policies, and what a boundary denies."""

    class exceptions:  # noqa: N801
        class NoSuchEntityException(Exception):  # noqa: N818
            pass

    def __init__(self, policies, denied=()):
        self.policies, self.denied = policies, denied

    def get_role(self, RoleName):  # noqa: N803
        if self.policies is None:
            raise self.exceptions.NoSuchEntityException
        return {"Role": {"Arn": f"arn:aws:iam::1:role/{RoleName}"}}

    def get_paginator(self, _):
        attached = [{"PolicyName": "AWSLambdaBasicExecutionRole"}]
        return SimpleNamespace(paginate=lambda RoleName: [{"AttachedPolicies": attached}])  # noqa: N803

    def get_role_policy(self, RoleName, PolicyName):  # noqa: N803
        if PolicyName not in self.policies:
            raise self.exceptions.NoSuchEntityException
        return {"PolicyDocument": self.policies[PolicyName]}

    def simulate_principal_policy(self, PolicySourceArn, ActionNames, ResourceArns):  # noqa: N803
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalDecision": "explicitDeny" if action in self.denied else "allowed",
                }
                for action in ActionNames
            ]
        }


def grant(*actions):
    return {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "arn:queue"}]}


TEMPLATE = {
    "Resources": {
        "SyncFunctionRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "Policies": [
                    {"PolicyName": "P", "PolicyDocument": grant("sqs:SendMessage", "sqs:Delete")}
                ],
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"],
            },
        }
    }
}


def with_roles(iam):
    """A stack whose one role is as *iam* has it."""
    role = {
        "LogicalResourceId": "SyncFunctionRole",
        "ResourceType": "AWS::IAM::Role",
        "PhysicalResourceId": "mirror-SyncFunctionRole",
    }
    cloudformation = SimpleNamespace(
        get_template=lambda **_: {"TemplateBody": json.loads(json.dumps(TEMPLATE))},
        get_paginator=lambda _: SimpleNamespace(
            paginate=lambda **_: [{"StackResourceSummaries": [role]}]
        ),
    )
    clients = {"iam": iam, "cloudformation": cloudformation}
    return SimpleNamespace(name="mirror", client=lambda service: clients[service])


@pytest.mark.parametrize(
    ("iam", "said"),
    [
        (Iam(None), "The role SyncFunctionRole is gone"),
        (Iam({}), "lost its policy P: it may not sqs:Delete, sqs:SendMessage"),
        (Iam({"P": grant("sqs:Delete")}), "may not sqs:SendMessage any more (P)"),
        (
            Iam({"P": grant("sqs:Delete", "sqs:SendMessage")}, denied=["sqs:SendMessage"]),
            "is denied sqs:SendMessage, although P grants it",
        ),
    ],
)
def test_a_permission_that_is_missing_is_named_with_its_role(iam, said):
    (found,) = permissions.roles(with_roles(iam))

    assert found.level is Level.ERROR
    assert said in found.said
    assert "SyncFunctionRole" in found.said
    assert "REVERT_DRIFT --stack-name mirror" in found.what_to_do


def test_roles_that_may_do_what_the_template_grants_are_well():
    iam = Iam({"P": grant("sqs:Delete", "sqs:SendMessage")})

    assert levels(permissions.roles(with_roles(iam))) == [Level.OK]


def test_a_grant_with_a_condition_is_not_asked_about():
    document = grant("sqs:Delete", "sqs:SendMessage")
    document["Statement"][0]["Condition"] = {"StringEquals": {"a": "b"}}
    iam = Iam({"P": document}, denied=["sqs:Delete", "sqs:SendMessage"])

    assert levels(permissions.roles(with_roles(iam))) == [Level.OK]
    assert Counter(permissions._actions(document)) == Counter(["sqs:Delete", "sqs:SendMessage"])  # noqa: SLF001


def with_caller(arn, iam):
    """A stack that is operated by *arn*."""
    sts = SimpleNamespace(get_caller_identity=lambda: {"Arn": arn})
    clients = {"iam": iam, "sts": sts}
    return SimpleNamespace(
        client=lambda service: clients[service],
        session=SimpleNamespace(region_name="eu-central-1"),
        output=lambda name: {"SyncQueueUrl": "https://sqs/1/queue.fifo"}.get(name, name),
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::1:root",
        "arn:aws:iam::1:user/ann",
        "arn:aws:sts::1:assumed-role/operators/ann",
    ],
)
def test_an_operator_who_may_do_everything_is_told_so(arn):
    assert levels(operator.own(with_caller(arn, Iam({})))) == [Level.OK]


def test_what_an_operator_may_not_do_is_named_with_the_commands_that_take_it():
    stack = with_caller("arn:aws:iam::1:user/ann", Iam({}, denied=["sqs:SendMessage"]))

    (found,) = operator.own(stack)

    assert found.level is Level.WARNING
    assert "may not sqs:SendMessage on arn:aws:sqs:eu-central-1:1:queue.fifo" in found.said
    assert "sync, erase" in found.said


def test_the_role_of_a_session_is_asked_about_by_its_own_name():
    asked = []

    class Watched(Iam):
        def simulate_principal_policy(self, PolicySourceArn, ActionNames, ResourceArns):  # noqa: N803
            asked.append((PolicySourceArn, ResourceArns))
            return super().simulate_principal_policy(PolicySourceArn, ActionNames, ResourceArns)

    list(operator.own(with_caller("arn:aws:sts::1:assumed-role/operators/ann", Watched({}))))

    assert {arn for arn, _ in asked} == {"arn:aws:iam::1:role/operators"}
    assert ["arn:aws:dynamodb:eu-central-1:1:table/EventsTableName"] in [on for _, on in asked]
