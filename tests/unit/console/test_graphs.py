"""The drawn dashboard shows what was told, in the widget that asks for it."""

import re

import pytest

from console import dashboard, graphs
from console.dashboard import STACK, Metric
from console.telemetry import Telemetry
from tests.models.template import TEMPLATE, alarms

START, END = 1_772_431_200, 1_772_431_200 + 6 * 3600


@pytest.fixture
def telemetry():
    return Telemetry()


def told(telemetry, name, *values, **dimensions):
    pairs = tuple(sorted({"service": STACK, **dimensions}.items()))
    for number, value in enumerate(values):
        telemetry.put(Metric("CalendarMirror", name, pairs), START + 300 * number, value)


def drawn(telemetry, states=None):
    """Return what is drawn in each widget, by its title."""
    text = graphs.page(dashboard.body(TEMPLATE), telemetry, states or {}, START, END)
    return dict(re.findall(r'font-weight="bold">([^<]*)</text>(.*?)</g>', text))


def test_what_was_told_is_drawn_where_it_is_asked_for_and_nowhere_else(telemetry):
    told(telemetry, "Freshness", 2.0, 4.0, 8.0)

    found = drawn(telemetry)

    of_freshness = found["How old is what readers see?"]
    assert of_freshness.count("<polyline") == 2
    assert ">8</text>" in of_freshness
    assert [title for title, inside in found.items() if "<polyline" in inside] == [
        "How old is what readers see?"
    ]
    assert "no data" in found["Do the functions work?"]


def test_each_value_of_a_dimension_is_a_line_of_its_own(telemetry):
    told(telemetry, "RefusedNotifications", 3, 4, outcome="unsigned")
    told(telemetry, "RefusedNotifications", 1, 1, outcome="forged")

    inside = drawn(telemetry)["What do we answer?"]

    assert inside.count("<polyline") == 2
    assert ">unsigned<" in inside
    assert ">forged<" in inside


def test_an_alarm_has_the_colour_of_its_state(telemetry):
    inside = drawn(telemetry, {"FreshnessAlarm": "ALARM", "DriftAlarm": "OK"})["Is anything wrong?"]

    found = re.findall(r'fill="(#\w+)"/><text[^>]*>(\w+)<', inside)
    by_alarm = {name: colour for colour, name in found}
    assert len(by_alarm) == len(alarms())
    assert len({by_alarm[name] for name in ("FreshnessAlarm", "DriftAlarm", "ClockAlarm")}) == 3


def test_an_expression_is_refused_since_nobody_can_count_its_lines():
    widget = {"properties": {"metrics": [[{"expression": "SEARCH('{A,b} c', 'Sum', 60)"}]]}}

    with pytest.raises(ValueError, match="no line of one metric"):
        list(dashboard.shown(widget))
