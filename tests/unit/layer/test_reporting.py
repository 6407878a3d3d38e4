"""What CloudWatch is told of an account: every outcome and every count under a name of its own."""

import io
import json
from dataclasses import replace
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger, Metrics

from calendar_mirror.measures import ESSENTIAL, Measure
from calendar_mirror.reporting import Reporter, flushed
from calendar_mirror.reports import Outcome, Report

COUNTS = (
    *("calls", "answered", "refused", "throttled", "failed", "unanswered", "pages"),
    *("written", "deleted", "unchanged", "truncated", "malformed", "drift", "entered"),
    *("full_reads", "refreshes", "refreshes_failed"),
)


@pytest.fixture
def told():
    """Return what is logged, and which metrics with their units are counted, for a report."""
    stream = io.StringIO()
    logger = Logger(service=f"test-{uuid4().hex}", stream=stream)
    metrics = Metrics(namespace="CalendarMirror", service="test")

    def told(report, chosen=frozenset(Measure)):
        metrics.clear_metrics()
        Reporter(logger, metrics, chosen)(report)
        if not metrics.metric_set:
            return json.loads(stream.getvalue().splitlines()[-1]), {}
        found = metrics.serialize_metric_set()
        (directive,) = found["_aws"]["CloudWatchMetrics"]
        units = {each["Name"]: each["Unit"] for each in directive["Metrics"]}
        return json.loads(stream.getvalue().splitlines()[-1]), {
            name: (found[name], unit) for name, unit in units.items()
        }

    yield told
    metrics.clear_metrics()


def report(outcome=Outcome.READ, *, freshness_s=None, reason="", **counts):
    return Report("acc_1", outcome, reason, {"messages": 2, **counts}, freshness_s)


def test_every_outcome_has_a_metric_of_its_own(told):
    found = [
        told(report(outcome))[1].keys() - {"Messages", "MergedMessages"} for outcome in Outcome
    ]

    assert all(len(names) == 1 for names in found)
    assert len(set.union(*map(set, found))) == len(Outcome)


def test_every_count_is_a_metric_of_its_own_and_a_field_of_the_line(told):
    counts = {name: [number + 10.0] for number, name in enumerate(COUNTS)}

    line, metrics = told(report(**{name: int(value[0]) for name, value in counts.items()}))

    values = [value for value, unit in metrics.values() if unit == "Count"]
    assert metrics["CallsInVain"] == ([round(100 * (13 + 14 + 15) / 10)], "Percent")
    assert sorted(values) == sorted([[1.0], [1.0], [2.0], *counts.values()])
    assert {name: line[name] for name in COUNTS} == {n: int(v[0]) for n, v in counts.items()}


def test_a_count_of_nothing_is_no_metric(told):
    assert set(told(report(written=0))[1]) == {"Reads", "Messages", "MergedMessages"}


def test_messages_that_cost_no_read_are_counted_as_merged(told):
    assert told(report())[1]["MergedMessages"] == ([1.0], "Count")
    assert told(report(Outcome.SETTLED_BEFORE))[1]["MergedMessages"] == ([2.0], "Count")
    assert "MergedMessages" not in told(report(Outcome.PUT_BACK))[1]


def test_of_what_alarms_average_nothing_is_told_as_well(told):
    """Else the average would be one of the bad cases alone."""
    assert told(report(refreshes=2))[1]["RefreshesFailed"] == ([0.0], "Count")
    assert told(report(full_reads=1))[1]["Drift"] == ([0.0], "Count")
    assert told(report(calls=4, failed=1))[1]["CallsInVain"] == ([25.0], "Percent")
    assert told(report(calls=4))[1]["CallsInVain"] == ([0.0], "Percent")
    assert not {"RefreshesFailed", "Drift", "CallsInVain"} & set(told(report())[1])


def test_dead_letters_are_counted_message_by_message(told):
    assert told(report(Outcome.DEAD_LETTERED))[1]["DeadLetters"] == ([2.0], "Count")


def test_the_age_of_what_waited_is_told_by_class(told):
    _, metrics = told(
        Report("acc_1", Outcome.PUT_BACK, "", {"messages": 1}, live_age_s=2.5, background_age_s=0.0)
    )

    assert metrics["LiveBacklogAge"] == ([2.5], "Seconds")
    assert metrics["BackgroundBacklogAge"] == ([0.0], "Seconds")


def test_freshness_is_told_where_there_is_one(told):
    line, metrics = told(report(freshness_s=1.5))

    assert metrics["Freshness"] == ([1.5], "Seconds")
    assert line["freshness_s"] == 1.5
    assert "Freshness" not in told(report())[1]


def test_the_line_says_which_account_what_and_why(told):
    line, _ = told(report(Outcome.PUT_BACK, reason="Cronofy answered 503"))

    assert (line["message"], line["account_id"]) == ("put_back", "acc_1")
    assert line["reason"] == "Cronofy answered 503"


def test_headroom_is_told_in_percent_where_it_is_known(told):
    _, metrics = told(Report("acc_1", Outcome.READ, "", {"messages": 1}, None, headroom=0.256))

    assert metrics["BudgetHeadroom"] == ([26.0], "Percent")
    assert "BudgetHeadroom" not in told(report())[1]
    nothing_left = Report("acc_1", Outcome.READ, "", {"messages": 1}, None, headroom=0.0)
    assert told(nothing_left)[1]["BudgetHeadroom"] == ([0.0], "Percent")


def test_what_is_not_chosen_is_in_the_line_and_no_metric(told):
    counts = {"calls": 3, "answered": 2, "throttled": 1, "written": 7, "full_reads": 1}

    waited = {"live_age_s": 3.0, "background_age_s": 4.0, "headroom": 0.5}

    line, metrics = told(replace(report(freshness_s=2.5, **counts), **waited), ESSENTIAL)

    assert set(metrics) == {"Freshness", "CallsInVain", "Drift"}
    assert {name: line[name] for name in (*counts, *waited)} == counts | waited


def test_a_visit_with_nothing_to_tell_prints_no_metrics(told, capsys):
    metrics = Metrics(namespace="CalendarMirror", service="test")
    with flushed(metrics):
        assert told(report(Outcome.PAUSED), ESSENTIAL)[1] == {}
    assert capsys.readouterr().out == ""

    with flushed(metrics):
        metrics.add_metric("Freshness", "Seconds", 1)
    assert json.loads(capsys.readouterr().out)["Freshness"] == [1.0]
