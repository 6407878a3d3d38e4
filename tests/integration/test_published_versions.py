"""
A parameter that reaches a function makes a new version of it, and nothing else does.

SAM names a version after the function's properties as they are written, so a parameter's new value
leaves its name alone. The version's description tells the values: CloudFormation can only replace a
version whose description changes, and the alias follows.
"""

import json
from pathlib import Path

import cfnlint
import pytest

from tests.models.expanded import expanded, of
from tests.models.template import PARAMETERS

TEMPLATE = expanded()
FUNCTIONS, VERSIONS = of(TEMPLATE, "AWS::Lambda::Function"), of(TEMPLATE, "AWS::Lambda::Version")
OF_FUNCTION = {each["Properties"]["FunctionName"]["Ref"]: each for each in VERSIONS.values()}
#: What a function has beside its configuration: a version holds none of it.
#: Source: Lambda API reference, "UpdateFunctionConfiguration", "PublishVersion"
NOT_PUBLISHED = {"Code", "ReservedConcurrentExecutions", "Tags"}
#: Of the API's own address: a name of ten characters, the longest region, the longest suffix.
ADDRESS = len("https://0123456789.execute-api.ap-southeast-1.amazonaws.com.cn")
LONGEST_NUMBER = 6


def schema(kind):
    """Return what CloudFormation says of a resource type, as cfn-lint brings it."""
    schemas = Path(cfnlint.__file__).parent / "data" / "schemas"
    name = json.loads((schemas / "providers" / "us-east-1.json").read_text())[kind]
    return json.loads((schemas / "resources" / f"{name}.json").read_text())


def parameters_in(node):
    """Return the parameters that a value takes, by its conditions as well."""
    if isinstance(node, list):
        return set().union(*map(parameters_in, node))
    if not isinstance(node, dict):
        return set()
    if set(node) == {"Fn::If"}:
        condition, *values = node["Fn::If"]
        return parameters_in(TEMPLATE["Conditions"][condition]) | parameters_in(values)
    if set(node) == {"Fn::Sub"}:
        return set().union(*map(parameters_in, filled_in(node)))
    if set(node) == {"Ref"}:
        return {node["Ref"]} & PARAMETERS.keys()
    return parameters_in(list(node.values()))


def filled_in(sub):
    """Return the values that a text puts in: a Fn::Sub, or one value alone."""
    if "Fn::Sub" not in sub:
        return [sub]
    text, own = (sub["Fn::Sub"], {}) if isinstance(sub["Fn::Sub"], str) else sub["Fn::Sub"]
    names = [part.partition("}")[0] for part in text.split("${")[1:]]
    return [own.get(name, {"Ref": name}) for name in names]


def settings(node):
    """Return the values below *node* that a parameter decides, each as a whole."""
    if isinstance(node, dict) and len(node) == 1 and next(iter(node)).startswith(("Ref", "Fn::")):
        return [as_described(node)] if parameters_in(node) else []
    parts = node if isinstance(node, list) else node.values() if isinstance(node, dict) else []
    return [found for each in parts for found in settings(each)]


def as_described(setting):
    """Return how a text tells a setting: one that is left out where it is empty, as it is."""
    match setting:
        case {"Fn::If": [_, {"Ref": name}, {"Ref": "AWS::NoValue"}]}:
            return {"Ref": name}
    return setting


def unique(values):
    return sorted({json.dumps(each, sort_keys=True) for each in values})


def longest(value):
    """Return how long a value can become."""
    if "Fn::If" in value:
        return max(map(longest, value["Fn::If"][1:]))
    if "Fn::Sub" in value:
        return ADDRESS
    parameter = PARAMETERS[value["Ref"]]
    allowed = [len(str(each)) for each in parameter.get("AllowedValues", [])]
    limit = LONGEST_NUMBER if parameter["Type"] == "Number" else parameter.get("MaxLength", 10**6)
    return max(allowed, default=limit)


@pytest.mark.parametrize("name", OF_FUNCTION)
def test_a_version_tells_each_setting_that_reaches_its_function_and_no_other(name):
    """
    One that is missing would not reach the alias. One too many would fail a deploy: "A version for
    this Lambda function exists. Modify the function to create a new version."
    """
    properties = FUNCTIONS[name]["Properties"]
    reach = [properties[each] for each in properties.keys() - NOT_PUBLISHED]
    description = OF_FUNCTION[name]["Properties"].get("Description", {"Fn::Sub": ""})

    assert unique(filled_in(description)) == unique(settings(reach))


@pytest.mark.parametrize("name", OF_FUNCTION)
def test_the_values_fit_into_a_description(name):
    limit = schema("AWS::Lambda::Version")["properties"]["Description"]["maxLength"]
    values = filled_in(OF_FUNCTION[name]["Properties"]["Description"])

    assert sum(longest(value) + 1 for value in values) <= limit


def test_a_version_is_replaced_when_its_description_changes():
    assert "/properties/Description" in schema("AWS::Lambda::Version")["createOnlyProperties"]


def test_a_setting_is_found_wherever_it_stands():
    found = settings(
        {
            "Environment": {
                "Variables": {
                    "PLAIN": {"Ref": "MergeSeconds"},
                    "JOINED": {"Fn::Join": [",", {"Ref": "ReturnToOrigins"}]},
                    "CHOSEN": {"Fn::If": ["HasPublicUrl", "yes", "no"]},
                    "PUT_IN": {"Fn::Sub": "a-${OverlapSeconds}"},
                    "RESOURCE": {"Ref": "EventsTable"},
                    "TEXT": {"Fn::Sub": "${AWS::StackName}"},
                }
            },
            "Architectures": [{"Ref": "Architecture"}],
        }
    )

    assert [parameters_in(each) for each in found] == [
        {"MergeSeconds"},
        {"ReturnToOrigins"},
        {"PublicUrl"},
        {"OverlapSeconds"},
        {"Architecture"},
    ]
