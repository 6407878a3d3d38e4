"""What a stack would cost: the command, and the figures that the documents take from it."""

import json
import re

from click.testing import CliRunner

from calmirror import idle, prices, usage
from calmirror.main import main
from calmirror.prices import Price
from calmirror.usage import Load
from tests.models.template import PARAMETERS, ROOT, alarms

COST = " ".join((ROOT / "docs" / "cost.md").read_text().split())


def run(*arguments):
    result = CliRunner().invoke(main, ["estimate", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def flood(requests_per_second):
    return sum(line.usd for line in usage.flood(requests_per_second, "arm64"))


def test_more_accounts_cost_more_in_all_and_less_each():
    rows = json.loads(run("0", "100", "10000", "--json"))

    totals = [row["total"] for row in rows]
    assert totals == sorted(totals)
    assert totals[1] / 100 > totals[2] / 10_000
    for row in rows:
        services = set(row) - {"accounts", "total"}
        assert abs(sum(row[name] for name in services) - row["total"]) < 0.05


def test_the_readme_shows_what_the_command_says():
    table = [line.rstrip() for line in run().split("\n\n")[0].splitlines()]

    assert "\n".join(table) in (ROOT / "README.md").read_text()


def test_the_page_has_every_item_of_an_idle_stack_and_every_price():
    for line in idle.estimated(Load(0), "arm64"):
        if line.usd:
            said = f"{round(line.quantity, 3):,} {line.price.unit} | {line.usd:.2f} | {line.basis}"
            assert said in COST
    found = [each for each in vars(prices).values() if isinstance(each, Price)]
    for price in (*found, *prices.GB_SECOND.values()):
        is_small = price.usd < 0.001
        shown = f"{price.usd * 1e6:.10g} for a million" if is_small else f"{price.usd:.10g}"
        assert f"{price.service} | {price.unit} | {shown} |" in COST


def test_the_page_says_what_a_flood_costs_at_the_default_and_where_the_alarm_rings():
    default = PARAMETERS["RequestsPerSecond"]["Default"]
    (alarm,) = (each for each in alarms() if each.name == "UnsignedFloodAlarm")

    assert f"**{default}**" in COST
    assert f"**{flood(default):.2f} USD**" in COST
    assert f"{flood(alarm.threshold / alarm.period):.2f} USD a month" in COST
    assert f"{flood(default):.2f} USD" in run("--flood", str(default))


def test_the_page_says_how_many_essential_metrics_there_are():
    (metrics,) = (line for line in idle.estimated(Load(1), "arm64") if line.price == prices.METRIC)
    found = re.search(r"at most (\d+), so ([\d.]+)", COST)

    assert (int(found[1]), float(found[2])) == (metrics.quantity, round(metrics.usd, 2))
