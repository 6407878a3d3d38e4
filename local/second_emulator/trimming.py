"""What is left out for an emulator that cannot run it, and how the rest stays whole."""

import re
from collections.abc import Mapping
from typing import Any

#: Why LocalStack in host mode cannot create these, by how the type begins.
UNABLE = {
    "AWS::Lambda::": "runs functions in Docker containers",
    "AWS::DynamoDB::": "downloads DynamoDB Local, and runs it with Java",
}
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)(\.[A-Za-z0-9.]+)?\}")


def why_unable(resource: Mapping[str, Any]) -> str | None:
    """Return why the emulator cannot create such a resource, as far as that is known before."""
    kind = resource["Type"]
    return next((why for begins, why in UNABLE.items() if kind.startswith(begins)), None)


def not_asked_for(template: Mapping[str, Any], parameters: Mapping[str, str]) -> set[str]:
    """Return the resources whose condition is false: nobody creates those."""
    conditions = template.get("Conditions", {})
    return {
        name
        for name, resource in template["Resources"].items()
        if "Condition" in resource
        and not _holds(conditions[resource["Condition"]], parameters, conditions)
    }


def trimmed(
    template: Mapping[str, Any], left_out: Mapping[str, str], parameters: Mapping[str, str]
) -> dict[str, Any]:
    """Return the template without some resources; who refers to one gets a made-up name."""
    found = _Rewriting(left_out, template.get("Mappings", {}), parameters)
    resources = {
        name: found.rewritten(_independent(resource, left_out))
        for name, resource in template["Resources"].items()
        if name not in left_out
    }
    kept = {name: template[name] for name in ("Parameters", "Conditions") if name in template}
    return {**kept, "Resources": resources}


def _independent(resource: Mapping[str, Any], left_out: Mapping[str, str]) -> dict[str, Any]:
    """Return the resource without `DependsOn` and other words about resources left out."""
    kept = {name: part for name, part in resource.items() if name != "UpdatePolicy"}
    wanted = kept.pop("DependsOn", [])
    names = [wanted] if isinstance(wanted, str) else wanted
    waits_for = [name for name in names if name not in left_out]
    return {**kept, "DependsOn": waits_for} if waits_for else kept


class _Rewriting:
    """Made-up names for what is left out, and `FindInMap` answered beforehand."""

    def __init__(
        self,
        left_out: Mapping[str, str],
        mappings: Mapping[str, Any],
        parameters: Mapping[str, str],
    ) -> None:
        self._left_out = left_out
        self._mappings = mappings
        self._parameters = parameters

    def rewritten(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.rewritten(each) for each in node]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            ((name, value),) = node.items()
            if name == "Ref" and value in self._left_out:
                return made_up(value)
            if name == "Fn::GetAtt" and (of := _parts(value))[0] in self._left_out:
                return made_up(*of)
            if name == "Fn::Sub":
                return {name: self._sub(value)}
            if name == "Fn::FindInMap":
                return self._found(*value)
        return {name: self.rewritten(value) for name, value in node.items()}

    def _sub(self, value: Any) -> Any:
        if isinstance(value, list):
            text, names = value
            return [self._sub(text), self.rewritten(names)]
        return _REFERENCE.sub(self._reference, value)

    def _reference(self, match: re.Match[str]) -> str:
        name, attribute = match[1], (match[2] or "").removeprefix(".")
        return made_up(name, attribute) if name in self._left_out else match[0]

    def _found(self, mapping: str, key: Any, second: Any) -> Any:
        """LocalStack did not find a key that a parameter of type Number gives."""
        if isinstance(key, Mapping) and key.get("Ref") in self._parameters:
            key = self._parameters[key["Ref"]]
        return self._mappings[mapping][str(key)][second]


def made_up(name: str, attribute: str = "") -> str:
    """Return what stands for a resource that is left out, of the form that IAM and alarms take."""
    if "Arn" in attribute:
        return f"arn:aws:sqs:us-east-1:000000000000:{name}"
    return f"left-out-{name}"


def _parts(value: Any) -> tuple[str, str]:
    name, attribute = value.split(".", 1) if isinstance(value, str) else value
    return name, attribute


def _holds(node: Any, parameters: Mapping[str, str], conditions: Mapping[str, Any]) -> bool:
    ((name, value),) = node.items()
    if name == "Fn::Not":
        return not _holds(value[0], parameters, conditions)
    if name in ("Fn::And", "Fn::Or"):
        held = [_holds(each, parameters, conditions) for each in value]
        return all(held) if name == "Fn::And" else any(held)
    if name == "Condition":
        return _holds(conditions[value], parameters, conditions)
    first, second = (
        parameters.get(each["Ref"], "") if isinstance(each, Mapping) else str(each)
        for each in value
    )
    return bool(first == second)
