"""docs/change-feed.schema.json, to hold entries against."""

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

from calendar_mirror.announcements import SOURCE

SCHEMA = Path(__file__).parents[2] / "docs" / "change-feed.schema.json"


@cache
def _validator():
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def breaches(detail_type, detail):
    """Return what an entry, whose *detail* is JSON, has that the schema does not allow."""
    entry = {"source": SOURCE, "detail-type": detail_type, "detail": json.loads(detail)}
    return [error.message for error in _validator().iter_errors(entry)]


def hold(detail_type, detail):
    assert breaches(detail_type, detail) == []
