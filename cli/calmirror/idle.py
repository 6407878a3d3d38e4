"""What a stack costs while nothing happens: what it is made of, and what it does by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from calmirror import prices, usage
from calmirror.prices import Price
from calmirror.usage import Line, Load

#: What is paid for because it is there.
STANDING: Mapping[str, Price] = {
    "AWS::SecretsManager::Secret": prices.SECRET,
    "AWS::KMS::Key": prices.KEY,
    "AWS::CloudWatch::Alarm": prices.ALARM,
}
_AS_USED = "paid for as it is used"
_A_SETTING = "a setting of something else"
#: What costs nothing while nothing happens, and why. What is in neither table has no price yet.
FREE: Mapping[str, str] = {
    "AWS::ApiGatewayV2::Api": _AS_USED,
    "AWS::ApiGatewayV2::Stage": _A_SETTING,
    "AWS::CloudWatch::Dashboard": f"at most {prices.FREE_DASHBOARD_METRICS} metrics",
    "AWS::CodeDeploy::Application": "free of charge for Lambda",
    "AWS::CodeDeploy::DeploymentGroup": "free of charge for Lambda",
    "AWS::DynamoDB::Table": "on demand: paid for as it is used, and for what it holds",
    "AWS::Events::Archive": "paid for what it holds",
    "AWS::Events::EventBus": _AS_USED,
    "AWS::IAM::Role": "free of charge",
    "AWS::Lambda::Alias": _A_SETTING,
    "AWS::Lambda::EventSourceMapping": "its requests are the queue's; reading a stream is free",
    "AWS::Lambda::Function": _AS_USED,
    "AWS::Lambda::LayerVersion": "within what Lambda stores for nothing",
    "AWS::Lambda::Permission": _A_SETTING,
    "AWS::Lambda::Version": "within what Lambda stores for nothing",
    "AWS::Logs::LogGroup": _AS_USED,
    "AWS::Logs::MetricFilter": "its metric is paid for while it is told",
    "AWS::Logs::QueryDefinition": "paid for what a query reads, when it is run",
    "AWS::SNS::Subscription": _AS_USED,
    "AWS::SNS::Topic": _AS_USED,
    "AWS::SQS::Queue": _AS_USED,
    "AWS::Scheduler::Schedule": _AS_USED,
}
#: How many of each the template has; a test compares.
OF_THE_TEMPLATE: Mapping[str, int] = {
    "AWS::SecretsManager::Secret": 3,
    "AWS::KMS::Key": 1,
    "AWS::CloudWatch::Alarm": 32,
}


class UnpricedError(ValueError):
    """Nobody has said what a kind of resource costs."""


def standing(kinds: Iterable[str]) -> list[Line]:
    """
    Return what the resources of a stack cost by being there.

    Args:
        kinds: the type of each resource, as CloudFormation calls it.

    Raises:
        UnpricedError: a kind is neither in `STANDING` nor in `FREE`.
    """
    counted = Counter(kinds)
    unknown = sorted(counted.keys() - STANDING.keys() - FREE.keys())
    if unknown:
        raise UnpricedError(f"Without a price: {', '.join(unknown)}")
    return [Line(price, counted[kind], "counted") for kind, price in STANDING.items()]


def estimated(load: Load, architecture: str) -> list[Line]:
    """Return all that a stack of this version is taken to cost under *load*."""
    kinds = Counter(OF_THE_TEMPLATE).elements()
    return [*standing(kinds), *usage.assumed(load, architecture).values()]
