"""
Do the functions run with the settings that the stack was deployed with?

What their callers reach (the version behind the alias, where there is one) is held against the
stack's parameters, and against what the last deploy left in the function itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from calmirror.health import repairs, resources
from calmirror.health.findings import Finding, error, ok, warning
from calmirror.stacks import Stack

_REPAIR = (
    "`aws lambda publish-version --function-name {name}` names a new version; `aws lambda "
    "update-alias --function-name {name} --name {alias} --function-version VERSION` makes it the "
    "one that runs."
)


def running(stack: Stack) -> Iterator[Finding]:
    """Look at each function: its environment and architecture."""
    functions, aliases = resources.of(stack, "AWS::Lambda::Function"), _aliases(stack)
    if not functions:
        return
    template, wrong = resources.template(stack)["Resources"], False
    for function in functions:
        given = _given(template[function.name]["Properties"], stack.parameters)
        alias = aliases.get(function.physical_id)
        for finding in _compared(stack, function, alias, given):
            wrong = True
            yield finding
    if not wrong:
        yield ok("settings", f"{len(functions)} functions run with the stack's parameters.")


def _compared(
    stack: Stack, function: resources.Resource, alias: str | None, given: Mapping[str, str]
) -> Iterator[Finding]:
    """Compare what the parameters say, what was deployed, and what runs."""
    client, name = stack.client("lambda"), function.physical_id
    deployed = _settings(client.get_function_configuration(FunctionName=name))
    changed = [key for key, value in given.items() if deployed.get(key) != value]
    if changed:
        said = f"{function.name} differs from the stack's parameters in {', '.join(changed)}."
        yield error("settings", said, repairs.revert_drift(stack.name))
    if alias is None:
        return
    if client.get_alias(FunctionName=name, Name=alias).get("RoutingConfig"):
        said = f"{function.name} is being deployed step by step: two versions run."
        yield warning("settings", said, "Wait until the deploy has ended.")
        return
    runs = _settings(client.get_function_configuration(FunctionName=name, Qualifier=alias))
    stale = sorted(key for key in {*runs, *deployed} if runs.get(key) != deployed.get(key))
    if stale:
        yield error(
            "settings",
            f"{function.name} runs with other settings than it was deployed with: "
            f"{', '.join(stale)}.",
            _REPAIR.format(name=name, alias=alias),
        )


def _settings(configuration: Mapping[str, Any]) -> dict[str, str]:
    variables: Mapping[str, str] = configuration.get("Environment", {}).get("Variables", {})
    return {**variables, "Architectures": ",".join(configuration["Architectures"])}


def _given(properties: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that are a parameter as it stands."""
    variables = properties.get("Environment", {}).get("Variables", {})
    settings = {**variables, "Architectures": properties.get("Architectures", [None])[0]}
    named = {key: value["Ref"] for key, value in settings.items() if _is_reference(value)}
    return {key: parameters[name] for key, name in named.items() if name in parameters}


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and "Ref" in value


def _aliases(stack: Stack) -> dict[str, str]:
    """Return the alias of each function that has one, by the function's name."""
    arns = [each.physical_id for each in resources.of(stack, "AWS::Lambda::Alias")]
    return dict(arn.split(":")[-2:] for arn in arns)
