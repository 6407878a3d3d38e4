"""House rules of the template."""

import json
import re

import pytest

from calendar_mirror import aws_json, cronofy, planning, records
from calendar_mirror.settings import (
    ConnectSettings,
    PublishSettings,
    ReceiveSettings,
    ReconcileSettings,
    SyncSettings,
)
from functions.receive import app as receive_door
from tests.models import metered_table
from tests.models.template import PARAMETERS, RESOURCES, TEMPLATE

#: Set by Lambda itself.
BY_LAMBDA = {"aws_region"}

FUNCTIONS = {n: r for n, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}
QUEUES = {n: r for n, r in RESOURCES.items() if r["Type"] == "AWS::SQS::Queue"}
#: Those on which messages travel; the other one holds pointers into a stream.
MESSAGE_QUEUES = {n: r for n, r in QUEUES.items() if n != "FeedDeadLetterQueue"}
#: The outputs that other stacks may import by name.
EXPORTED = ("ApiId", "EventsTableName", "EventsTableArn", "ChangeBusName", "ChangeBusArn")
TABLES = {n: r for n, r in RESOURCES.items() if r["Type"] == "AWS::DynamoDB::Table"}


def of_type(kind):
    return [r for r in RESOURCES.values() if r["Type"] == kind]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ReceiveFunction", ReceiveSettings),
        ("ConnectFunction", ConnectSettings),
        ("ReconcileFunction", ReconcileSettings),
        ("SyncFunction", SyncSettings),
        ("PublishFunction", PublishSettings),
    ],
)
def test_a_function_gets_the_variables_that_it_reads(name, settings):
    own = FUNCTIONS[name]["Properties"]["Environment"]["Variables"]
    shared = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    wanted = {field.upper() for field in settings.__slots__ if field not in BY_LAMBDA}

    assert wanted <= {*own, *shared}
    assert set(own) <= wanted


def test_the_queue_waits_longer_than_a_bucket_by_the_skew_that_is_allowed_for():
    delays = {int(b): d["Seconds"] for b, d in TEMPLATE["Mappings"]["QueueDelay"].items()}
    skew = planning.CLOCK_SKEW.total_seconds()

    assert sorted(delays) == PARAMETERS["MergeSeconds"]["AllowedValues"]
    assert delays == {bucket: bucket + skew if bucket else 0 for bucket in delays}
    assert max(delays.values()) <= 900


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_a_log_group_with_a_retention(name):
    group = FUNCTIONS[name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]

    assert "RetentionInDays" in RESOURCES[group]["Properties"]


def test_receive_ends_before_cronofy_stops_waiting():
    assert FUNCTIONS["ReceiveFunction"]["Properties"]["Timeout"] <= 5


def test_messages_stay_hidden_six_times_as_long_as_the_function_may_run():
    hidden = QUEUES["SyncQueue"]["Properties"]["VisibilityTimeout"]

    assert hidden >= 6 * FUNCTIONS["SyncFunction"]["Properties"]["Timeout"]


def test_both_queues_are_fifo_keep_messages_for_14_days_and_the_first_redrives_to_the_second():
    assert set(MESSAGE_QUEUES) == {"SyncQueue", "DeadLetterQueue"}
    for queue in MESSAGE_QUEUES.values():
        properties = queue["Properties"]
        assert properties["FifoQueue"] is True
        assert properties["DeduplicationScope"] == "messageGroup"
        assert properties["FifoThroughputLimit"] == "perMessageGroupId"
        assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600
    redrive = QUEUES["SyncQueue"]["Properties"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": "DeadLetterQueue.Arn"}
    assert redrive["maxReceiveCount"] == 1000


def test_the_queue_reports_single_failures_and_its_reader_is_capped():
    mapping = FUNCTIONS["SyncFunction"]["Properties"]["Events"]["SyncQueue"]["Properties"]

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == {"Ref": "SyncConcurrency"}


def test_nothing_is_reserved_for_receive_unless_it_is_asked_for():
    """0 would switch the function off; and new AWS accounts refuse any number."""
    assert PARAMETERS["ReceiveReservedConcurrency"]["Default"] == 0
    assert TEMPLATE["Conditions"]["HasReservedReceive"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ReceiveReservedConcurrency"}, "0"]}]
    }
    assert FUNCTIONS["ReceiveFunction"]["Properties"]["ReservedConcurrentExecutions"] == {
        "Fn::If": [
            "HasReservedReceive",
            {"Ref": "ReceiveReservedConcurrency"},
            {"Ref": "AWS::NoValue"},
        ]
    }


#: Holds nothing that is worth more than the minutes it is about.
PASSING = {"AuthorizationsTable", "BudgetTable"}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_paid_for_as_it_is_used(name):
    assert TABLES[name]["Properties"]["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", sorted(set(TABLES) - PASSING))
def test_a_table_survives_the_stack_and_can_be_restored(name):
    table = TABLES[name]

    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == (
        "RetainExceptOnCreate",
        "Retain",
    )
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_accounts_are_encrypted_with_a_key_of_their_own():
    sse = TABLES["AccountsTable"]["Properties"]["SSESpecification"]

    assert sse["KMSMasterKeyId"] == {"Fn::GetAtt": "AccountsKey.Arn"}
    assert RESOURCES["AccountsKey"]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_first_deploy_that_fails_leaves_nothing():
    policies = {each["DeletionPolicy"] for each in RESOURCES.values() if "DeletionPolicy" in each}

    assert policies == {"RetainExceptOnCreate"}
    (layer,) = of_type("AWS::Serverless::LayerVersion")
    assert layer["Properties"]["RetentionPolicy"] == "Delete"


def test_the_events_have_a_stream_an_expiry_and_the_indexes_that_are_read():
    properties = TABLES["EventsTable"]["Properties"]

    assert properties["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert {
        index["IndexName"]: tuple(key["AttributeName"] for key in index["KeySchema"])
        for index in properties["GlobalSecondaryIndexes"]
    } == metered_table.INDEXES


def test_a_resource_that_has_a_name_of_ours_has_the_stacks_in_it():
    """Two stacks of one account and region must not want the same."""

    def is_another(value):
        return isinstance(value, dict) and value.get("Ref") in RESOURCES

    names = ("FunctionName", "QueueName", "TableName", "LogGroupName", "RoleName", "LayerName")
    ours = {
        name: resource["Properties"][key]
        for name, resource in RESOURCES.items()
        for key in names
        if key in resource.get("Properties", {}) and not is_another(resource["Properties"][key])
    }

    assert ours == {
        "PublicApiLogGroup": {"Fn::Sub": "/aws/vendedlogs/${AWS::StackName}/PublicApi"},
        "CalendarMirrorLayer": {"Fn::Sub": "${AWS::StackName}-calendar-mirror"},
    }


def test_only_the_credentials_have_no_default():
    assert {n for n, p in PARAMETERS.items() if "Default" not in p} == {
        "CronofyClientId",
        "CronofyClientSecret",
    }
    assert all(p["Description"] for p in PARAMETERS.values())
    assert PARAMETERS["CronofyClientSecret"]["NoEcho"] is True


def test_no_parameter_is_hidden_and_empty():
    """`sam deploy --guided` asks for a hidden one until something is typed."""
    hidden = {name for name, each in PARAMETERS.items() if each.get("NoEcho")}

    assert hidden == {"CronofyClientSecret"}
    assert not [name for name in hidden if "Default" in PARAMETERS[name]]


def test_no_parameter_reaches_the_secret_that_operators_write():
    """CloudFormation writes it again when what it says here changes, and undoes a rotation."""
    assert RESOURCES["ClientSecrets"]["Properties"]["SecretString"] == "{}"
    assert "Fn::" not in json.dumps(RESOURCES["ClientSecrets"])


def test_the_feed_is_kept_only_where_somebody_asks_for_it():
    assert PARAMETERS["ChangeFeedArchiveDays"]["Default"] == 0
    assert RESOURCES["ChangeArchive"]["Condition"] == "HasChangeArchive"
    assert TEMPLATE["Outputs"]["ChangeArchiveArn"]["Condition"] == "HasChangeArchive"
    assert TEMPLATE["Conditions"]["HasChangeArchive"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ChangeFeedArchiveDays"}, "0"]}]
    }


def test_the_outputs_are_those_of_the_contract_that_exist_by_now():
    assert set(TEMPLATE["Outputs"]) == {
        "NotificationsUrl",
        "ConnectUrl",
        "ApiId",
        "LayerArn",
        "EventsTableName",
        "EventsTableArn",
        "AccountsTableName",
        "SyncQueueUrl",
        "DeadLetterQueueUrl",
        "FeedDeadLetterQueueUrl",
        "ClientSecretsArn",
        "InitialCredentialsArn",
        "LinkKeysArn",
        "ErasuresTableName",
        "BudgetTableName",
        "ReconcileFunctionName",
        "ChangeBusName",
        "ChangeBusArn",
        "ChangeArchiveArn",
        "DashboardUrl",
        *(f"Exported{name}" for name in EXPORTED),
    }
    assert all(output["Description"] for output in TEMPLATE["Outputs"].values())


@pytest.mark.parametrize("name", EXPORTED)
def test_an_output_is_exported_under_the_stacks_name_where_somebody_asks_for_it(name):
    exported = TEMPLATE["Outputs"][f"Exported{name}"]

    assert exported["Value"] == TEMPLATE["Outputs"][name]["Value"]
    assert exported["Export"] == {"Name": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}
    assert exported["Condition"] == "HasExportNames"
    assert PARAMETERS["ExportNames"]["Default"] == "false"


def test_only_what_a_release_leaves_as_it_is_is_exported():
    """CloudFormation refuses to change an export that another stack imports."""
    exported = {n for n, output in TEMPLATE["Outputs"].items() if "Export" in output}

    assert exported == {f"Exported{name}" for name in EXPORTED}


def written_out(node, where=""):
    """Yield where the template names a domain or a partition of AWS's."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from written_out(value, f"{where}/{key}")
    elif isinstance(node, list):
        for each in node:
            yield from written_out(each, where)
    elif isinstance(node, str) and re.search(r"amazonaws\.|aws\.amazon\.com|arn:aws", node):
        yield where


def test_an_address_of_aws_fits_every_partition():
    """A policy's service is spelled alike in all; two more places know the others."""
    found = [where for where in written_out(TEMPLATE) if not where.endswith("/Description")]
    services = [where for where in found if "/Principal/Service" in where]
    vias = [where for where in found if where.endswith("kms:ViaService/Fn::Sub")]
    consoles = [where for where in found if where.startswith("/Outputs/DashboardUrl/")]

    assert sorted(found) == sorted([*services, *vias, *consoles])
    assert len(vias) == 3
    for name in ("ConnectFunction", "ReconcileFunction", "SyncFunction"):
        (opened,) = (
            statement
            for policy in FUNCTIONS[name]["Properties"]["Policies"]
            for statement in policy.get("Statement", [])
            if statement["Action"] == "kms:Decrypt"
        )
        (way,) = opened["Condition"]["StringLike"].values()
        assert way == {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com*"}


@pytest.mark.parametrize(
    ("partition", "console"),
    [
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
        ("aws", {"Fn::Sub": "${AWS::Region}.console.aws.amazon.com"}),
    ],
)
def test_the_dashboard_is_in_the_console_of_its_partition(partition, console):
    text, values = TEMPLATE["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"]
    found = values["Console"]
    while "Fn::If" in found:
        condition, yes, no = found["Fn::If"]
        asked, of = TEMPLATE["Conditions"][condition]["Fn::Equals"]
        assert asked == {"Ref": "AWS::Partition"}
        found = yes if of == partition else no

    assert text.startswith("https://${Console}/cloudwatch/home?region=${AWS::Region}#dashboards/")
    assert found == console


def test_both_tries_of_aws_and_a_cold_start_fit_into_what_receive_may_take():
    """It reads both secrets and sends the message, each of the two within its budget, at worst."""
    timeout = FUNCTIONS["ReceiveFunction"]["Properties"]["Timeout"]

    assert timeout >= 2 * receive_door.CALL_BUDGET_S + 1
    assert aws_json.ATTEMPT_S < receive_door.CALL_BUDGET_S


def test_a_call_to_cronofy_ends_long_before_its_function_does():
    timeout = FUNCTIONS["SyncFunction"]["Properties"]["Timeout"]

    assert 2 * sum(cronofy.TIMEOUT_S) < timeout


def test_a_write_is_told_for_half_a_day_and_lies_in_the_stream_for_the_other_half():
    mapping = FUNCTIONS["PublishFunction"]["Properties"]["Events"]["Write"]["Properties"]
    queue = QUEUES["FeedDeadLetterQueue"]["Properties"]

    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    # By age alone: nobody says at which pace Lambda tries again.
    assert mapping["MaximumRetryAttempts"] == -1
    assert mapping["MaximumRecordAgeInSeconds"] == 12 * 3600
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": "FeedDeadLetterQueue.Arn"
    }
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_publish_is_not_woken_for_rows_that_are_removed():
    mapping = FUNCTIONS["PublishFunction"]["Properties"]["Events"]["Write"]["Properties"]
    (each,) = mapping["FilterCriteria"]["Filters"]

    assert json.loads(each["Pattern"]) == {"eventName": ["INSERT", "MODIFY"]}


def test_publish_may_tell_the_bus_and_no_more():
    assert list(statements("PublishFunction")) == [
        (["events:PutEvents"], {"Fn::GetAtt": "ChangeBus.Arn"})
    ]


def test_a_tombstone_outlives_every_message():
    kept = [queue["Properties"]["MessageRetentionPeriod"] for queue in MESSAGE_QUEUES.values()]

    assert records.TOMBSTONE_LIFE.total_seconds() > sum(kept)


def test_the_queues_are_encrypted():
    assert all(queue["Properties"]["SqsManagedSseEnabled"] is True for queue in QUEUES.values())


def statements(name):
    """Return what a function may do beyond the policy templates: actions, and to what."""
    for policy in FUNCTIONS[name]["Properties"]["Policies"]:
        for statement in policy.get("Statement", []):
            actions = statement["Action"]
            yield [actions] if isinstance(actions, str) else actions, statement["Resource"]


def test_receive_may_send_to_the_queue_and_read_the_secrets_and_no_more():
    allowed = list(statements("ReceiveFunction"))
    templates = FUNCTIONS["ReceiveFunction"]["Properties"]["Policies"][:-1]

    assert allowed == [(["sqs:SendMessage"], {"Fn::GetAtt": "SyncQueue.Arn"})]
    assert [each["AWSSecretsManagerGetSecretValuePolicy"]["SecretArn"] for each in templates] == [
        {"Fn::GetAtt": "ClientSecrets.Id"},
        {"Fn::GetAtt": "InitialCredentials.Id"},
    ]


TOKENS = {
    "ConnectFunction": {"dynamodb:GetItem", "dynamodb:UpdateItem", "kms:Decrypt"},
    "SyncFunction": {
        *("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        "kms:Decrypt",
    },
}


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"ReconcileFunction"}))
def test_the_accounts_are_opened_by_the_functions_that_need_tokens_alone(name):
    reaches = {
        action
        for actions, to in statements(name)
        if "Accounts" in json.dumps(to)
        for action in actions
    }

    assert reaches == TOKENS.get(name, set())


def test_reconcile_sees_no_token():
    policies = FUNCTIONS["ReconcileFunction"]["Properties"]["Policies"]
    found = {each["Sid"]: each for policy in policies for each in policy["Statement"]}
    indexes = TABLES["AccountsTable"]["Properties"]["GlobalSecondaryIndexes"]

    assert set(found) == {
        *("AskForWhatIsDue", "FindWhatIsDue", "PutItOff", "OpenTheAccountsTable"),
        *("CountAccounts", "CountAccountsInTrouble"),
    }
    assert found["FindWhatIsDue"]["Resource"]["Fn::Sub"].endswith("/index/by_due")
    assert found["CountAccountsInTrouble"]["Resource"]["Fn::Sub"].endswith("/index/by_trouble")
    assert {index["IndexName"] for index in indexes} == {"by_due", "by_trouble"}
    assert {index["Projection"]["ProjectionType"] for index in indexes} == {"KEYS_ONLY"}
    assert found["PutItOff"]["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["account_id", "due_at"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
    }


def test_the_clock_rings_as_often_as_reconcile_believes():
    properties = FUNCTIONS["ReconcileFunction"]["Properties"]
    minutes = properties["Environment"]["Variables"]["EVERY_MINUTES"]

    assert properties["Events"]["Clock"]["Properties"]["ScheduleExpression"] == (
        f"rate({minutes} minutes)"
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_named_things_to_named_resources_only(name):
    for actions, to in statements(name):
        assert not [action for action in actions if "*" in action]
        assert "*" not in json.dumps(to)


def test_the_api_is_throttled_and_logs_its_accesses():
    (api,) = of_type("AWS::Serverless::HttpApi")

    assert api["Properties"]["DefaultRouteSettings"]["ThrottlingRateLimit"]
    assert api["Properties"]["AccessLogSettings"]["DestinationArn"]


def test_what_nobody_has_signed_is_bounded_and_a_burst_of_changes_gets_in():
    (api,) = of_type("AWS::Serverless::HttpApi")
    limits = api["Properties"]["DefaultRouteSettings"]

    assert limits["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    # Three times as many as the reads that Cronofy allows in the long run.
    most = PARAMETERS["RequestsPerSecond"]["Default"]
    assert most == 3 * PARAMETERS["CronofyCallsPerMinute"]["Default"] // 60
    assert limits["ThrottlingBurstLimit"] >= 10 * most


def test_a_function_that_hardly_ends_in_time_is_told_of():
    found = {
        RESOURCES[each["Properties"]["Dimensions"][0]["Value"]["Ref"]]["Properties"][
            "Timeout"
        ]: each["Properties"]["Threshold"]
        for each in RESOURCES.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
        and each["Properties"]["MetricName"] == "Duration"
        and each["Properties"].get("Statistic") == "Maximum"
    }

    assert found == {
        each["Properties"]["Timeout"]: each["Properties"]["Timeout"] * 900
        for name, each in FUNCTIONS.items()
        if name != "ReceiveFunction"
    }


@pytest.mark.parametrize("metric", ["Throttles", "Errors"])
def test_each_function_that_lambda_does_not_let_run_is_told_of(metric):
    about = {
        each["Properties"]["Dimensions"][0]["Value"]["Ref"]
        for each in RESOURCES.values()
        if each["Type"] == "AWS::CloudWatch::Alarm" and each["Properties"]["MetricName"] == metric
    }

    # API Gateway counts the errors of `receive`, time-outs among them.
    assert about | ({"ReceiveFunction"} if metric == "Errors" else set()) == set(FUNCTIONS)


def test_resources_stand_in_the_order_in_which_the_data_flows():
    order = [
        *("PublicApi", "ReceiveFunction", "ConnectFunction", "ReconcileFunction"),
        *("SyncQueue", "SyncFunction", "EventsTable", "PublishFunction", "ChangeBus"),
        *("AlarmTopic", "Dashboard"),
    ]

    assert [name for name in RESOURCES if name in order] == order
