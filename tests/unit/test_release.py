"""What a release and the hosted checks rely on: one version everywhere, the same two commands."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from calmirror.main import main

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HEADINGS = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
RELEASE = re.compile(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})")
TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
#: As text alone: YAML 1.1 would read `on` as true and 3.10 as a number.
WORKFLOW = yaml.load(TEXT, Loader=yaml.BaseLoader)  # noqa: S506
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
COMMANDS = {"make check", "make test"}


def test_changelog_project_and_command_tell_the_same_version():
    numbers = RELEASE.fullmatch(HEADINGS[1])

    assert numbers, HEADINGS[1]
    assert ".".join(numbers.groups()[:3]) == PROJECT["version"]
    told = CliRunner().invoke(main, ["--version"])
    assert told.output == f"calmirror, version {PROJECT['version']}\n"


def test_the_template_names_no_other_version():
    named = re.findall(r"SemanticVersion: *(\S+)", (ROOT / "template.yaml").read_text())

    assert {*named} <= {PROJECT["version"]}


def test_the_changelog_begins_with_what_is_not_released_and_has_releases_newest_first():
    releases = [RELEASE.fullmatch(heading) for heading in HEADINGS[1:]]

    assert HEADINGS[0] == "[Unreleased]"
    assert all(releases), HEADINGS
    numbers = [tuple(map(int, release.groups()[:3])) for release in releases]
    dates = [date.fromisoformat(release[4]) for release in releases]
    assert numbers == sorted(numbers, reverse=True)
    assert dates == sorted(dates, reverse=True)


def test_the_hosted_checks_run_the_two_commands_and_no_other():
    assert {step["run"] for step in STEPS if "run" in step} == COMMANDS


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_they_are_the_commands_that_anybody_types(page):
    typed = re.findall(r"^(?:if )?(make [a-z]+)\b", (ROOT / page).read_text(), re.MULTILINE)

    assert {*typed} >= COMMANDS


def test_every_job_may_only_read_and_ends_in_time():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [name for name, job in JOBS.items() if "permissions" in job] == []
    assert all(int(job["timeout-minutes"]) <= 60 for job in JOBS.values())
    assert "secrets." not in TEXT
    assert WORKFLOW["on"].keys() == {"push", "pull_request"}


def test_every_action_is_one_commit_and_says_which_release_it_is():
    used = re.findall(r"uses: (.*)", TEXT)

    assert used
    assert len(used) == sum("uses" in step for step in STEPS)
    pinned = re.compile(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [each for each in used if not pinned.fullmatch(each)] == []


def test_no_checkout_leaves_its_token_behind():
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]

    assert len(checkouts) == len(JOBS)
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_the_tests_run_in_the_oldest_version_that_is_promised_and_in_a_newer_one():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    versions = JOBS["test"]["strategy"]["matrix"]["python"]

    assert versions[0] == oldest
    assert [tuple(map(int, v.split("."))) for v in versions[1:]] > [(3, 13)]
