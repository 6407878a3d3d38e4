"""Every alarm has a runbook, and what a runbook tells one to type exists."""

import re
import shlex

import click
import pytest

from calmirror.main import main
from console import dashboard
from tests.models.template import PARAMETERS, ROOT, TEMPLATE, alarms, of_type

RUNBOOKS = {file.name: file.read_text() for file in (ROOT / "docs" / "runbooks").glob("*.md")}
SECTIONS = ["What it means", "How to see it", "What to do", "How to know that it is over"]
QUESTIONS = {
    *(widget["properties"]["title"] for widget in dashboard.body(TEMPLATE)["widgets"]),
    *(
        each["Properties"]["Name"]["Fn::Sub"].partition("/")[2]
        for each in of_type("AWS::Logs::QueryDefinition").values()
    ),
}


def commands(text):
    """Return each `calmirror` command of a page, fenced or in a line."""
    fenced = re.findall(r"^calmirror .*$", text, re.M)
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    return [*fenced, *re.findall(r"`(calmirror [^`]+)`", prose)]


COMMANDS = sorted({command for text in RUNBOOKS.values() for command in commands(text)})


@pytest.mark.parametrize("alarm", alarms(), ids=lambda alarm: alarm.name)
def test_an_alarm_names_its_runbook_and_the_runbook_names_it(alarm):
    (name,) = re.findall(r"docs/runbooks/([\w-]+\.md)$", alarm.description)

    assert f"`{alarm.name}`" in RUNBOOKS[name].split("##")[0]


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_is_about_alarms_that_exist_and_name_it(name):
    about = set(re.findall(r"`(\w+Alarm)`", RUNBOOKS[name]))
    naming = {alarm.name for alarm in alarms() if alarm.description.endswith(f"/{name}")}

    assert about == naming
    assert naming


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_says_what_it_means_how_to_see_it_what_to_do_and_when_it_is_over(name):
    assert re.findall(r"^## (.*)$", RUNBOOKS[name], re.M) == SECTIONS
    assert commands(RUNBOOKS[name].split("## What to do")[1])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_a_runbook_exists_with_its_options(command):
    _, *words = shlex.split(command, comments=True)
    at, context = main, click.Context(main)
    while isinstance(at, click.Group):
        name, *words = words
        found = at.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        at, context = found, click.Context(found, parent=context, info_name=name)
    is_told_in_full = any(
        line == command for text in RUNBOOKS.values() for line in text.split("\n")
    )
    context.resilient_parsing = not is_told_in_full  # in a sentence, arguments may be left out

    at.parse_args(context, words)


@pytest.mark.parametrize("name", RUNBOOKS)
def test_what_a_runbook_points_to_is_there(name):
    text = " ".join(RUNBOOKS[name].split())
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / "docs" / "runbooks" / link).exists(), link
    for quoted in re.findall(r'"([^"]+\?)"', text):
        assert quoted in QUESTIONS
    for parameter in re.findall(
        r"parameter `(\w+)`|`(Cronofy\w+|\w+Concurrency|\w+Seconds)`", text
    ):
        assert set(filter(None, parameter)) <= set(PARAMETERS)
    for output in re.findall(r"`(\w+(?:Arn|Url))`", text):
        assert output in {*TEMPLATE["Outputs"], *PARAMETERS}
