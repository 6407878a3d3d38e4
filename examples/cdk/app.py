"""A CDK application that has a Calendar Mirror in it: reads its rows, and listens to its feed."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

HERE = Path(__file__).parent
#: What `sam package` wrote: the template, with its code in your artifacts' bucket.
PACKAGED = HERE / "packaged.yaml"
#: The functions are those of the example for SAM.
CODE = HERE.parent / "nested" / "calendar"


class Calendars(cdk.Stack):
    """
    Calendar Mirror as a stack inside of this one, and two functions that use it.

    It stays a SAM template, which CloudFormation expands: so it is handed on as it is, and none of
    its resources has to be known to the CDK.
    """

    def __init__(self, scope: Construct, name: str, *, packaged: Path = PACKAGED) -> None:
        super().__init__(scope, name)
        client_id = cdk.CfnParameter(self, "CronofyClientId")
        client_secret = cdk.CfnParameter(self, "CronofyClientSecret", no_echo=True)
        template = assets.Asset(self, "Template", path=str(packaged))
        self.mirror = cdk.CfnStack(
            self,
            "CalendarMirror",
            template_url=template.http_url,
            parameters={
                "CronofyClientId": client_id.value_as_string,
                "CronofyClientSecret": client_secret.value_as_string,
            },
        )
        self.read_rows()
        self.listen()
        cdk.CfnOutput(self, "ConnectUrl", value=self.output("ConnectUrl"))

    def output(self, name: str) -> str:
        return self.mirror.get_att(f"Outputs.{name}").to_string()

    def read_rows(self) -> None:
        layer = lambda_.LayerVersion.from_layer_version_arn(self, "Layer", self.output("LayerArn"))
        table = dynamodb.Table.from_table_attributes(
            self,
            "EventsTable",
            table_arn=self.output("EventsTableArn"),
            grant_index_permissions=True,
        )
        agenda = self.function("Agenda", "agenda.handler", layers=[layer])
        agenda.add_environment("EVENTS_TABLE", self.output("EventsTableName"))
        table.grant(agenda, "dynamodb:GetItem", "dynamodb:Query")

    def listen(self) -> None:
        bus = events.EventBus.from_event_bus_arn(self, "ChangeBus", self.output("ChangeBusArn"))
        kinds = [f"Calendar Event {what}" for what in ("Created", "Updated", "Deleted")]
        rule = events.Rule(
            self,
            "CalendarEvents",
            event_bus=bus,
            event_pattern=events.EventPattern(source=["calendar-mirror"], detail_type=kinds),
        )
        changes = self.function("Changes", "changes.handler", layers=[])
        rule.add_target(targets.LambdaFunction(changes))

    def function(
        self, name: str, handler: str, *, layers: list[lambda_.ILayerVersion]
    ) -> lambda_.Function:
        return lambda_.Function(
            self,
            name,
            code=lambda_.Code.from_asset(str(CODE)),
            handler=handler,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            layers=layers,
            timeout=cdk.Duration.seconds(10),
        )


if __name__ == "__main__":
    app = cdk.App()
    Calendars(app, "MyCalendars")
    app.synth()
