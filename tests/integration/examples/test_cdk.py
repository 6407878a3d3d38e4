"""The example of a CDK application, synthesised: what it takes from the mirror inside of it."""

import json
import shutil
import subprocess

import pytest

from tests.models.template import ROOT, TEMPLATE
from toolchain import __main__ as toolchain
from toolchain.environments import ENVIRONMENTS

pytestmark = pytest.mark.cdk

FOLDER = ROOT / "examples" / "cdk"
SYNTHESISE = """
import sys
from pathlib import Path

import aws_cdk as cdk

sys.path.insert(0, sys.argv[1])
import app

made = cdk.App(outdir=sys.argv[2])
app.Calendars(made, "MyCalendars", packaged=Path(sys.argv[3]))
made.synth()
"""


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory):
    """The CloudFormation template that the CDK makes of the example."""
    if not shutil.which("node"):
        pytest.skip("the AWS CDK needs Node, which is not on PATH")
    if toolchain.main(["cdk"]) != 0:
        pytest.skip("the AWS CDK could not be installed; see .local/log/install-cdk.log")
    folder = tmp_path_factory.mktemp("cdk")
    packaged = folder / "packaged.yaml"
    shutil.copy(ROOT / "template.yaml", packaged)
    python = ENVIRONMENTS["cdk"].python(ROOT)
    done = subprocess.run(
        [python, "-c", SYNTHESISE, FOLDER, folder / "out", packaged],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out" / "MyCalendars.template.json").read_text())


def of_type(template, kind):
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == kind]


def taken_outputs(node):
    """Find the outputs of the inner stack that a template asks for."""
    if isinstance(node, dict):
        attribute = node.get("Fn::GetAtt", ["", ""])
        if attribute[0] == "CalendarMirror" and attribute[1].startswith("Outputs."):
            yield attribute[1].removeprefix("Outputs.")
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from taken_outputs(each)


def test_it_holds_the_whole_of_calendar_mirror_with_the_parameters_that_have_no_default(
    synthesised,
):
    (mirror,) = of_type(synthesised, "AWS::CloudFormation::Stack")

    assert set(mirror["Parameters"]) == {
        name for name, each in TEMPLATE["Parameters"].items() if "Default" not in each
    }
    assert synthesised["Parameters"]["CronofyClientSecret"]["NoEcho"] is True


def test_every_output_that_it_takes_is_one(synthesised):
    taken = set(taken_outputs(synthesised))

    assert taken == {
        *("LayerArn", "EventsTableArn", "EventsTableName", "ChangeBusArn", "ConnectUrl")
    }
    assert taken <= set(TEMPLATE["Outputs"])


def test_one_function_reads_rows_with_the_layer(synthesised):
    agenda, changes = of_type(synthesised, "AWS::Lambda::Function")
    (policy,) = of_type(synthesised, "AWS::IAM::Policy")
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert agenda["Layers"] == [{"Fn::GetAtt": ["CalendarMirror", "Outputs.LayerArn"]}]
    assert agenda["Environment"]["Variables"]["EVENTS_TABLE"] == {
        "Fn::GetAtt": ["CalendarMirror", "Outputs.EventsTableName"]
    }
    assert statement["Action"] == ["dynamodb:GetItem", "dynamodb:Query"]
    assert len(statement["Resource"]) == 2
    assert "Layers" not in changes


def test_the_other_is_told_of_every_change_of_an_event(synthesised):
    (rule,) = of_type(synthesised, "AWS::Events::Rule")

    assert rule["EventPattern"]["source"] == ["calendar-mirror"]
    assert len(rule["EventPattern"]["detail-type"]) == 3
    assert rule["Targets"]


def test_the_readme_packages_what_the_application_reads():
    readme = (FOLDER / "README.md").read_text()
    settings = json.loads((FOLDER / "cdk.json").read_text())

    assert "--output-template-file examples/cdk/packaged.yaml" in readme
    assert settings == {"app": "python3 app.py"}
