"""The routes of the HTTP API, which MiniStack does not make from the API's `Body`.

SAM turns `HttpApi` events into an OpenAPI document. AWS makes routes and integrations from it;
MiniStack keeps the API, and answers 404. So they are made here, from the deployed template, and
nothing else of the API is touched.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_stack import aws

_FUNCTION = re.compile(r"functions/\$\{(\w+)(?:\.Arn)?\}/invocations")
_ANY_METHOD = "x-amazon-apigateway-any-method"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", _ANY_METHOD)


@dataclass(frozen=True, slots=True)
class Route:
    key: str
    """`POST /notifications/{account_id}`"""
    function: str
    """The logical id of the function, or of its alias."""
    payload_version: str


def routes_of(api: Mapping[str, Any]) -> Iterator[Route]:
    """The routes that an `AWS::ApiGatewayV2::Api` resource of the processed template describes."""
    for path, operations in api["Properties"].get("Body", {}).get("paths", {}).items():
        for method in _METHODS:
            if method in operations:
                yield _route(path, method, operations[method]["x-amazon-apigateway-integration"])


def complete(stack_name: str, api_id: str, endpoint: str) -> None:
    """Makes the routes that are missing, and removes those that the template no longer has."""
    cloudformation = aws.client("cloudformation", endpoint)
    gateway = aws.client("apigatewayv2", endpoint)
    template = cloudformation.get_template(StackName=stack_name, TemplateStage="Processed")
    resources = template["TemplateBody"]["Resources"].values()
    apis = [each for each in resources if each["Type"] == "AWS::ApiGatewayV2::Api"]
    resolve = _resolver(stack_name, endpoint)
    wanted = {
        route.key: (route, resolve(route.function)) for api in apis for route in routes_of(api)
    }
    existing = _existing(gateway, api_id)
    for key, (route_id, integration_id, target) in existing.items():
        if key not in wanted or wanted[key][1] != target:
            gateway.delete_route(ApiId=api_id, RouteId=route_id)
            gateway.delete_integration(ApiId=api_id, IntegrationId=integration_id)
    for key, (route, target) in wanted.items():
        if key not in existing or existing[key][2] != target:
            _make(gateway, api_id, route, target)


def _route(path: str, method: str, integration: Mapping[str, Any]) -> Route:
    uri = integration["uri"]["Fn::Sub"]
    found = _FUNCTION.search(uri)
    if not found:
        raise ValueError(f"{path}: no function in {uri}")
    verb = "ANY" if method == _ANY_METHOD else method.upper()
    key = "$default" if path == "/$default" else f"{verb} {path}"
    return Route(key, found[1], integration.get("payloadFormatVersion", "2.0"))


def _resolver(stack_name: str, endpoint: str) -> Callable[[str], str]:
    cloudformation = aws.client("cloudformation", endpoint)
    functions = aws.client("lambda", endpoint)

    def resolve(logical_id: str) -> str:
        """The ARN: an alias has it as its physical id, a function has its name."""
        detail = cloudformation.describe_stack_resource(
            StackName=stack_name, LogicalResourceId=logical_id
        )
        physical: str = detail["StackResourceDetail"]["PhysicalResourceId"]
        if physical.startswith("arn:"):
            return physical
        configuration = functions.get_function_configuration(FunctionName=physical)
        return str(configuration["FunctionArn"])

    return resolve


def _existing(gateway: Any, api_id: str) -> dict[str, tuple[str, str, str]]:
    """Route key: ids of the route and of its integration, and the ARN that this one calls."""
    integrations = {
        each["IntegrationId"]: each.get("IntegrationUri", "")
        for each in gateway.get_integrations(ApiId=api_id)["Items"]
    }
    found = {}
    for route in gateway.get_routes(ApiId=api_id)["Items"]:
        integration = route["Target"].removeprefix("integrations/")
        found[route["RouteKey"]] = (
            route["RouteId"],
            integration,
            integrations.get(integration, ""),
        )
    return found


def _make(gateway: Any, api_id: str, route: Route, target: str) -> None:
    integration = gateway.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=target,
        PayloadFormatVersion=route.payload_version,
    )
    gateway.create_route(
        ApiId=api_id, RouteKey=route.key, Target=f"integrations/{integration['IntegrationId']}"
    )
