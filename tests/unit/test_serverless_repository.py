"""
What `sam publish` takes from the template.

Source: SAM developer guide, "AWS SAM template Metadata section properties"
"""

import re
import tomllib

from tests.models.template import ROOT, TEMPLATE

APPLICATION = TEMPLATE["Metadata"]["AWS::ServerlessRepo::Application"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
#: Each with its pattern and its greatest length, as the page has them.
PATTERNS = {
    "Name": (r"[a-zA-Z0-9\-]+", 140),
    "Description": (r".+", 256),
    "Author": (r"[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?", 127),
}


def test_every_field_is_one_that_the_repository_knows_and_holds_no_function():
    assert APPLICATION.keys() == {
        *("Name", "Description", "Author", "SpdxLicenseId", "LicenseUrl", "ReadmeUrl"),
        *("Labels", "SemanticVersion"),
    }
    assert all(isinstance(each, str | list) for each in APPLICATION.values())


def test_the_texts_have_the_form_that_the_repository_asks_for():
    for name, (pattern, longest) in PATTERNS.items():
        assert re.fullmatch(pattern, APPLICATION[name])
        assert len(APPLICATION[name]) <= longest
    assert 0 < len(APPLICATION["Labels"]) <= 10
    assert all(re.fullmatch(r"[a-zA-Z0-9+\-_:/@]{1,127}", each) for each in APPLICATION["Labels"])


def test_it_is_the_project_that_is_published():
    told = (APPLICATION["Name"], APPLICATION["SemanticVersion"], APPLICATION["SpdxLicenseId"])

    assert told == (PROJECT["name"], PROJECT["version"], PROJECT["license"])
    assert APPLICATION["Author"] == PROJECT["name"]


def test_the_files_that_it_names_are_there():
    assert (ROOT / APPLICATION["LicenseUrl"]).is_file()
    assert (ROOT / APPLICATION["ReadmeUrl"]).is_file()
