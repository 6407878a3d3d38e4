"""The project's template as SAM expands it."""

from functools import cache

from deployer.expansion import expand
from local_stack.locations import Locations
from tests.models.template import PARAMETERS, ROOT

WAYS = PARAMETERS["DeployGradually"]["AllowedValues"]
AT_ONCE = PARAMETERS["DeployGradually"]["Default"]
#: For the parameters that have no default.
_GIVEN = {name: "x" for name, each in PARAMETERS.items() if "Default" not in each}


@cache
def expanded(way=AT_ONCE, *, layer="one", code="one", template=ROOT / "template.yaml"):
    """Return the template, deployed in one of the `WAYS`."""
    python = Locations(ROOT / ".local").tool("ministack", "python")
    return expand(python, template, _GIVEN | {"DeployGradually": way}, layer=layer, code=code)


def of(template, kind):
    """Return the resources of one type."""
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}
