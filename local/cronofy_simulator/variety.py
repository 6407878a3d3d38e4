"""Peculiarities of real event documents, given to events on request."""

import random
from collections.abc import Callable

from cronofy_simulator.settings import Settings
from cronofy_simulator.wire import Json


def _year_zero(document: Json) -> None:
    """Source: reference 3.3, audit times can be of year 0."""
    document["created"] = document["updated"] = "0000-12-29T00:00:00Z"


def _without(*names: str) -> Callable[[Json], None]:
    def take_away(document: Json) -> None:
        for name in names:
            document.pop(name, None)

    return take_away


def _floats(document: Json) -> None:
    """Numbers that a float keeps and DynamoDB refuses."""
    document["importance"] = 0.1
    document["scores"] = [1e-7, 3.141592653589793, -0.0, 1e22]


def _unknown_fields(document: Json) -> None:
    document["sort_of_new"] = {"level": 3, "empty": "", "none": None, "list": [[], {}, ""]}
    document["status"] = "penciled_in"
    document["transparency"] = "translucent"


def _strange_text(document: Json) -> None:
    document["summary"] = "Caf\u00e9 \U0001f980 \u200f\u05e9\u05dc\u05d5\u05dd\u200f \x01 \u2028"
    document["description"] = "line\r\n\ttab \\ \"quoted\" '#' %s {0}"


def _localized(document: Json) -> None:
    """Source: reference 3.3, `start` may be an object although nobody asked for localized times."""
    for name in ("start", "end"):
        if isinstance(document.get(name), str):
            document[name] = {"time": document[name], "tzid": "Etc/UTC"}


PECULIARITIES: dict[str, Callable[[Json], None]] = {
    "year_zero_audit": _year_zero,
    "no_location": _without("location"),
    "no_options": _without("options"),
    "no_summary": _without("summary"),
    "bare": _without(
        *("location", "options", "description", "created", "updated", "participation_status"),
        *("attendees", "organizer", "transparency", "extended_transparency", "status"),
        *("categories", "recurring", "event_private"),
    ),
    "floats": _floats,
    "unknown_fields": _unknown_fields,
    "strange_text": _strange_text,
    "localized": _localized,
}
AT_SIGN_IDS = "at_sign_ids"  # met where the id is minted
NAMES = (*PECULIARITIES, AT_SIGN_IDS)


def drawn(asked: tuple[str, ...], settings: Settings, rng: random.Random) -> tuple[str, ...]:
    """Those asked for, and those of the settings that chance picks."""
    chance = settings.variety_probability
    by_chance = (each for each in settings.variety if chance >= 1 or rng.random() < chance)
    return tuple(dict.fromkeys((*asked, *by_chance)))


def apply(names: tuple[str, ...], document: Json) -> Json:
    peculiar = dict(document)
    for name in names:
        if name in PECULIARITIES:
            PECULIARITIES[name](peculiar)
    return peculiar
