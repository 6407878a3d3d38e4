"""The policy of whoever deploys: all that the template's resources take, and no more."""

import json
import re
from fnmatch import fnmatchcase

import pytest

from deployer import schemas
from deployer.__main__ import WAYS as DEPLOYED
from deployer.left_out import LEFT_OUT
from deployer.policy import Place, needed, policy_for, why_left_out
from tests.models.expanded import AT_ONCE, WAYS, expanded
from tests.models.template import ROOT

WRITTEN = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())
PLACE = Place("calendar-mirror", "aws", "*", "*", "*")
KINDS = sorted({each["Type"] for way in WAYS for each in expanded(way)["Resources"].values()})
#: Source: IAM user guide, "IAM and AWS STS quotas": a role's inline policies; white space is free.
MOST_CHARACTERS = 10_240


def allowed(policy):
    return {action for each in policy["Statement"] for action in each["Action"]}


def stated(policy):
    """Yield each action with what it is allowed on."""
    for each in policy["Statement"]:
        for action in each["Action"]:
            yield action, each["Resource"]


def test_it_is_what_the_template_takes_now():
    """Where this fails: `make policy`, and look at the difference."""
    assert policy_for([expanded(way) for way in DEPLOYED], PLACE) == WRITTEN


def test_a_gradual_deploy_is_the_same_for_each_way():
    kinds = [{each["Type"] for each in expanded(way)["Resources"].values()} for way in WAYS]
    gradual = [found for way, found in zip(WAYS, kinds, strict=True) if way != AT_ONCE]

    assert set(DEPLOYED) <= set(WAYS)
    assert all(found == gradual[0] for found in gradual)


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_a_resource_takes_is_allowed_or_left_out_with_a_reason(kind):
    listed = {action.lower() for action in schemas.actions_for(kind) if not why_left_out(action)}

    assert listed
    assert listed <= {action.lower() for action in allowed(WRITTEN)}


def test_a_resource_of_a_new_type_takes_more():
    template = expanded()
    new = {"New": {"Type": "AWS::SQS::QueuePolicy"}, "Newer": {"Type": "AWS::SSM::Parameter"}}

    assert needed("AWS::SSM::Parameter") - allowed(WRITTEN)
    with pytest.raises(ValueError, match=r"scopes.py names none of what ssm:"):
        policy_for([template | {"Resources": template["Resources"] | new}], PLACE)


def test_each_action_exists():
    assert [action for action in allowed(WRITTEN) if not schemas.is_action(action)] == []


def test_what_is_allowed_on_everything_cannot_be_limited():
    unlimited = {action for action, to in stated(WRITTEN) if to == ["*"]}

    assert unlimited
    assert [action for action in unlimited if schemas.arns_of(action)] == []


def test_what_is_limited_is_limited_to_what_it_is_for():
    """Else it would never be allowed."""
    for action, to in stated(WRITTEN):
        if to == ["*"] or action == "cloudformation:CreateChangeSet":
            continue
        forms = [form for kind in schemas.arns_of(action).values() for form in kind]
        patterns = [re.sub(r"\$\{\w+\}", r"[\\w*-]*", form) for form in forms]
        assert any(re.fullmatch(each, arn) for each in patterns for arn in to), action


def test_what_is_limited_names_the_stack_where_a_name_does():
    without = {arn for _, to in stated(WRITTEN) for arn in to if "calendar-mirror" not in arn}

    assert {arn.split(":")[2] for arn in without - {"*"}} == {
        *("apigateway", "kms", "lambda", "cloudwatch", "events", "secretsmanager"),
        *("s3", "codedeploy", "cloudformation"),
    }
    assert not [arn for arn in without if arn.endswith((":function:*", ":table/*", ":role/*"))]


def test_roles_are_handed_to_the_services_that_run_them_alone():
    (passing,) = [each for each in WRITTEN["Statement"] if "iam:PassRole" in each["Action"]]

    assert passing["Resource"] == ["arn:aws:iam::*:role/calendar-mirror*"]
    assert passing["Condition"]["StringEquals"]["iam:PassedToService"] == [
        *("codedeploy.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com")
    ]


def test_calendars_are_nobodys_business_who_deploys():
    reading = {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "sqs:ReceiveMessage"}

    assert not reading & allowed(WRITTEN)


def test_nothing_is_left_out_that_no_resource_would_take():
    listed = {action for kind in KINDS for action in schemas.actions_for(kind)}
    patterns = [pattern for patterns in LEFT_OUT.values() for pattern in patterns]

    assert [p for p in patterns if not any(fnmatchcase(action, p) for action in listed)] == []


def test_it_fits_into_a_role():
    assert len(json.dumps(WRITTEN, separators=(",", ":"))) <= MOST_CHARACTERS


def test_another_place_is_named_in_each_arn():
    policy = policy_for([expanded()], Place("mirror", "aws-cn", "cn-north-1", "123456789012", "k"))
    arns = {arn for _, to in stated(policy) for arn in to} - {"*"}

    assert {arn.split(":")[1] for arn in arns} == {"aws-cn"}
    assert {arn.split(":")[3] for arn in arns} == {"cn-north-1", ""}
    assert {arn.split(":")[4] for arn in arns} == {"123456789012", "", "aws"}
    assert "arn:aws-cn:kms:cn-north-1:123456789012:key/k" in arns
