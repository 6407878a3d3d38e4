"""What the template costs a month while nothing happens, item by item, as SAM expands it."""

import pytest

from calmirror import idle, usage
from calmirror.usage import Load
from tests.models.expanded import WAYS, expanded

#: Deployed, and no account connected. The dashboard is free up to its 50 metrics.
MOST_USD = 6.00


def kinds(way):
    return [each["Type"] for each in expanded(way)["Resources"].values()]


@pytest.mark.parametrize("way", WAYS)
def test_an_idle_stack_costs_at_most_six_dollars_a_month(way):
    items = [*idle.standing(kinds(way)), *usage.assumed(Load(0), "x86_64").values()]

    bill = {f"{item.price.service}, {item.price.unit}": item.usd for item in items if item.usd}
    assert sum(bill.values()) <= MOST_USD, bill
    assert len(bill) >= 9


def test_a_resource_of_a_kind_that_has_no_price_is_refused():
    with pytest.raises(idle.UnpricedError, match="AWS::EC2::NatGateway"):
        idle.standing([*kinds(WAYS[0]), "AWS::EC2::NatGateway"])


def test_what_an_estimate_counts_is_what_the_template_has():
    found = kinds(WAYS[0])

    assert {kind: found.count(kind) for kind in idle.STANDING} == idle.OF_THE_TEMPLATE
