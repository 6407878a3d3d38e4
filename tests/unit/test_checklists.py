"""What AWS's checklists find has a written reason; tracing is there when it is asked for."""

import re
from pathlib import Path

import pytest

from deployer import expansion
from tests.models.template import RESOURCES, TEMPLATE
from toolchain.environments import ENVIRONMENTS

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "template.yaml").read_text().splitlines()
WORDS = 3


def test_what_a_checklist_finds_is_skipped_with_a_reason_beside_the_resource():
    skips = [line.split("checkov:skip=")[1] for line in LINES if "checkov:skip=" in line]

    assert skips
    for skip in skips:
        check, reason = re.fullmatch(r"(CKV2?_AWS_\d+): (.+\.)", skip).groups()
        assert len(reason.split()) > WORDS, check


def test_a_rule_is_ignored_with_a_comment_before_it():
    ignored = [at for at, line in enumerate(LINES) if "cfn-lint: { config: { ignore" in line]
    everywhere = TEMPLATE["Metadata"]["cfn-lint"]["config"]["ignore_checks"]

    assert len(ignored) == sum("cfn-lint" in r.get("Metadata", {}) for r in RESOURCES.values())
    assert all(LINES[at - 2].lstrip().startswith("# ") for at in ignored)
    for rule in everywhere:
        assert sum(bool(re.search(rf"- {rule} # \w", line)) for line in LINES) == 1


def transformed(value):
    parameters = expansion.defaults(ROOT / "template.yaml") | {
        "CronofyClientId": "client",
        "CronofyClientSecret": "secret",
        "Tracing": value,
    }
    sam = ENVIRONMENTS["sam"].python(ROOT)
    made = expansion.expand(sam, ROOT / "template.yaml", parameters)["Resources"]
    functions = [r for r in made.values() if r["Type"] == "AWS::Lambda::Function"]
    roles = [str(r) for r in made.values() if r["Type"] == "AWS::IAM::Role"]
    traced = sum("TracingConfig" in function["Properties"] for function in functions)
    return len(functions), traced, sum("xray" in role.lower() for role in roles)


@pytest.mark.parametrize(("value", "traced"), [("Disabled", 0), ("Active", 5)])
def test_functions_are_traced_and_may_send_traces_only_when_it_is_asked_for(value, traced):
    assert transformed(value) == (5, traced, traced)
