"""Settings are checked, and told about where people look."""

from dataclasses import fields
from pathlib import Path

import pytest

import cronofy_simulator
from cronofy_simulator.control.routes import ROUTES as CONTROL_ROUTES
from cronofy_simulator.settings import Settings, changed

NAMES = [each.name for each in fields(Settings)]


def test_a_patch_replaces_what_it_names():
    after = changed(Settings(), {"page_size": 3, "retry_delays": [1, 2.5], "retry_after": 4})

    assert isinstance(after, Settings)
    assert (after.page_size, after.retry_delays, after.retry_after) == (3, (1, 2.5), 4)
    assert after.expires_in == Settings().expires_in


@pytest.mark.parametrize(
    "patch",
    [
        {"page_size": "3"},
        {"page_size": 3.5},
        {"page_size": True},
        {"page_size": None},
        {"page_size": 0},
        {"limits_enabled": 1},
        {"client_secrets": "CRN_one"},
        {"client_secrets": [1]},
        {"retry_delays": [-1]},
        {"visibility_lag": float("nan")},
        {"visibility_lag": 1e300},
        {"invalid_client_status": 418},
        {"unheard_of": 1},
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(patch):
    problem = changed(Settings(), patch)

    assert isinstance(problem, str)
    assert next(iter(patch)) in problem


@pytest.mark.parametrize("name", ["retry_after", "page_link_lifetime", "old_refresh_token_grace"])
def test_some_settings_can_be_null(name):
    after = changed(Settings(), {name: None})

    assert isinstance(after, Settings)
    assert getattr(after, name) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_tells_of_every_setting(name):
    readme = Path(cronofy_simulator.__file__).with_name("README.md").read_text(encoding="utf-8")

    assert f"| `{name}` |" in readme


@pytest.mark.parametrize("line", CONTROL_ROUTES)
def test_the_readme_tells_of_every_control_path(line):
    readme = Path(cronofy_simulator.__file__).with_name("README.md").read_text(encoding="utf-8")

    assert f"`{line.replace('{account_id}', '{id}')}`" in readme


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_changes_something_in_the_code(name):
    """A setting that nothing reads would let a test believe that it tried something."""
    package = Path(cronofy_simulator.__file__).parent
    sources = [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]

    assert any(f"settings.{name}" in each or f"self.{name}" in each for each in sources)
