"""
What waits for what in a template, as CloudFormation counts it: references and `DependsOn`, wherever
in a resource they stand (`UpdatePolicy` included, which cfn-lint and `sam validate` leave out).

Source: CloudFormation user guide, "DependsOn attribute", "Conditions section"; aws-cdk#2231.
"""

import re
from itertools import product

_NAMES = re.compile(r"\$\{([^!}][^}]*)\}")


def choices(template):
    """Return each set of truths that the template's conditions can have, with what leads to it."""
    conditions = template.get("Conditions", {})
    compared = {}
    for name, literal in _comparisons(conditions):
        compared.setdefault(name, {"some other value"}).add(literal)
    found = {}
    for values in product(*map(sorted, compared.values())):
        given = dict(zip(compared, values, strict=True))
        truths = {name: _is_true(each, conditions, given) for name, each in conditions.items()}
        found[tuple(truths.items())] = truths
    return list(found.values())


def graph(template, truths):
    """Return by resource, and by output, what it waits for."""
    parts = {
        **_present(template["Resources"], truths),
        **{f"output {n}": o for n, o in _present(template.get("Outputs", {}), truths).items()},
    }
    return {name: set(_references(part, truths)) for name, part in parts.items()}


def cycle(waits_for):
    """Return the names of one cycle; none is empty."""
    done = set()

    def walk(name, path):
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return ()
        for other in sorted(waits_for.get(name, ())):
            if found := walk(other, (*path, name)):
                return found
        done.add(name)
        return ()

    return next(filter(None, (walk(name, ()) for name in waits_for)), ())


def missing(waits_for, template):
    """Return which resources of the template are referred to, but left out by a condition."""
    named = {name for names in waits_for.values() for name in names}
    return (named & template["Resources"].keys()) - waits_for.keys()


def _present(parts, truths):
    return {n: each for n, each in parts.items() if truths.get(each.get("Condition"), True)}


def _references(node, truths):
    if isinstance(node, list):
        for each in node:
            yield from _references(each, truths)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Fn::If" and isinstance(value, list):
            condition, yes, no = value
            yield from _references(yes if truths[condition] else no, truths)
        elif key == "Ref":
            yield value
        elif key == "DependsOn":
            yield from [value] if isinstance(value, str) else value
        elif key == "Fn::GetAtt":
            yield value.partition(".")[0] if isinstance(value, str) else value[0]
        elif key == "Fn::Sub":
            yield from _substituted(value, truths)
        else:
            yield from _references(value, truths)


def _substituted(value, truths):
    text, own = (value, {}) if isinstance(value, str) else value
    names = {name.partition(".")[0] for name in _NAMES.findall(text)}
    yield from names - own.keys()
    yield from _references(own, truths)


def _comparisons(node):
    """Yield what parameters are compared with."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::Equals":
                names = [each["Ref"] for each in value if isinstance(each, dict) and "Ref" in each]
                literals = [each for each in value if isinstance(each, str)]
                yield from product(names, literals)
            else:
                yield from _comparisons(value)
    if isinstance(node, list):
        for each in node:
            yield from _comparisons(each)


def _is_true(node, conditions, given):
    ((kind, value),) = node.items()
    if kind == "Condition":
        return _is_true(conditions[value], conditions, given)
    if kind == "Fn::Equals":
        one, other = (given[e["Ref"]] if isinstance(e, dict) else e for e in value)
        return one == other
    parts = [_is_true(each, conditions, given) for each in value]
    return {"Fn::Not": not parts[0], "Fn::And": all(parts), "Fn::Or": any(parts)}[kind]
