"""What the reader says of a mirror, and what Free Busy says of its calendars: the same."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.messages import Kind
from calendar_mirror.reader import MirrorReader
from tests.models.cronofy import URL
from tests.models.metered_table import in_memory
from tests.models.mirror import Mirror

#: The models' clock starts on 1 March; clocks change in New York on the 8th, in Berlin on the 29th.
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = (
    "Etc/UTC",
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kolkata",
)


def timed(start, length):
    start = NOW + start * HOUR / 4
    return {"start": text(start), "end": text(start + length * HOUR / 4)}


def all_day(first, length):
    start = NOW.date() + first * DAY
    return {"start": start.isoformat(), "end": (start + length * DAY).isoformat()}


def text(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


TIMES = st.one_of(
    st.builds(timed, st.integers(0, 160), st.sampled_from([0, 1, 2, 4, 96, 97, 400])),
    st.builds(all_day, st.integers(-1, 9), st.integers(1, 4)),
)
FIELDS = st.fixed_dictionaries(
    {
        "calendar": st.integers(0, 1),
        "managed": st.booleans(),
        "fate": st.sampled_from(["stays", "stays", "stays", "moves", "deleted"]),
    },
    optional={
        "status": st.sampled_from(["confirmed", "tentative", "cancelled", "unknown"]),
        "transparency": st.sampled_from(["opaque", "transparent", "unknown"]),
        "participation_status": st.sampled_from(["accepted", "declined", "tentative"]),
    },
)


def mirrored(events, scope):
    """Make the calendars, mirror them, change them, and mirror what changed."""
    mirror = Mirror()
    control = mirror.provider.control
    made = control("POST", "accounts", account_id="acc_1", calendars=2, scope=scope)
    tokens = Tokens(made["refresh_token"], made["access_token"])
    mirror.accounts.add(Account("acc_1", "us", tokens), added_at=mirror.clock())
    calendars = [each["calendar_id"] for each in made["calendars"]]
    uids = []
    for times, fields in events:
        shown = {name: each for name, each in fields.items() if name not in ("calendar", "fate")}
        shown["calendar_id"] = calendars[fields["calendar"]]
        (event,) = control("POST", "accounts/acc_1/events", **shown, **times)["events"]
        uids.append(event["event_uid"])
    mirror.ask(kind=Kind.FULL)
    mirror.settle()
    mirror.clock.turn(60)
    for uid, (_, fields) in zip(uids, events, strict=True):
        if fields["managed"] or fields["fate"] == "stays":
            continue
        if fields["fate"] == "deleted":
            control("DELETE", f"accounts/acc_1/events/{uid}")
        else:
            control("PATCH", f"accounts/acc_1/events/{uid}", move_seconds=86_400)
    mirror.ask(kind=Kind.DELTA)
    mirror.settle()
    return mirror, calendars


def free_busy(mirror, tzid, calendars):
    """Ask the simulator for busy periods; return when each begins and ends."""
    token = mirror.accounts.get("acc_1").tokens.access
    answer = mirror.provider.session().get(
        f"{URL}/v1/free_busy",
        params={"tzid": tzid, "include_managed": "true", "calendar_ids[]": calendars},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200
    assert answer.json()["pages"]["total"] <= 1
    return [
        tuple(moment(period[name], ZoneInfo(tzid)) for name in ("start", "end"))
        for period in answer.json()["free_busy"]
    ]


def moment(written, where):
    if len(written) == len("2026-03-01"):
        return datetime.combine(date.fromisoformat(written), time(), where).astimezone(UTC)
    return datetime.fromisoformat(written)


def covered(periods, start, end):
    """Return what is covered, from edge to edge: not the way in which the reader does it."""
    edges = sorted({start, end, *(e for pair in periods for e in pair if start < e < end)})
    taken = []
    for begins, ends in pairwise(edges):
        if not any(one <= begins and ends <= other for one, other in periods):
            continue
        if taken and taken[-1][1] == begins:
            begins = taken.pop()[0]
        taken.append((begins, ends))
    return taken


@pytest.mark.parametrize("scope", ["read_events", "read_free_busy"])
@settings(max_examples=60, deadline=None)
@given(
    events=st.lists(st.tuples(TIMES, FIELDS), max_size=10),
    tzid=st.sampled_from(ZONES),
    start=st.integers(-100, 200),
    length=st.integers(1, 200),
    chosen=st.sampled_from([(0,), (1,), (0, 1), (0, 1)]),
)
def test_the_busy_times_of_a_mirror_are_those_of_free_busy(
    scope, events, tzid, start, length, chosen
):
    begins = NOW + start * HOUR
    ends = begins + length * HOUR
    mirror, calendars = mirrored(events, scope)
    chosen = [calendars[number] for number in chosen]
    table = in_memory()
    table.put(*mirror.events.items.values())

    found = MirrorReader(table).busy_between("acc_1", begins, ends, tzid=tzid, calendar_ids=chosen)

    assert [(each.start, each.end) for each in found] == covered(
        free_busy(mirror, tzid, chosen), begins, ends
    )
