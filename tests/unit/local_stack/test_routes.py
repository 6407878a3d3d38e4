"""Routes as they are read from a processed template."""

from typing import Any

import pytest

from local_stack.routes import Route, routes_of


def api(path: str, method: str, uri: str) -> dict[str, Any]:
    integration = {"uri": {"Fn::Sub": uri}, "payloadFormatVersion": "2.0"}
    operation = {"x-amazon-apigateway-integration": integration, "parameters": []}
    return {"Properties": {"Body": {"paths": {path: {method: operation, "parameters": []}}}}}


ARN = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"


def test_a_route_names_its_method_its_path_and_its_function() -> None:
    found = routes_of(
        api("/notifications/{account_id}", "post", ARN + "${ReceiveFunction.Arn}/invocations")
    )
    assert list(found) == [Route("POST /notifications/{account_id}", "ReceiveFunction", "2.0")]


def test_an_alias_is_what_the_route_calls_where_the_template_publishes_one() -> None:
    found = routes_of(api("/connect", "get", ARN + "${ConnectFunctionAliaslive}/invocations"))
    assert [route.function for route in found] == ["ConnectFunctionAliaslive"]


def test_any_method_and_the_default_route_are_spelled_as_api_gateway_spells_them() -> None:
    method, uri = "x-amazon-apigateway-any-method", ARN + "${F.Arn}/invocations"
    assert [route.key for route in routes_of(api("/all", method, uri))] == ["ANY /all"]
    assert [route.key for route in routes_of(api("/$default", method, uri))] == ["$default"]


def test_an_api_without_a_body_has_no_routes() -> None:
    assert list(routes_of({"Properties": {}})) == []


def test_an_integration_that_calls_no_function_is_refused() -> None:
    with pytest.raises(ValueError, match="no function"):
        list(routes_of(api("/queue", "post", "arn:aws:apigateway:us-east-1:sqs:path/queue")))
