"""
Every moment at which a function can be stopped: a few short histories, each run once for each of
its steps, with the process stopped that comes to it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

from tests.simulation.histories import History, Operation
from tests.simulation.running import run

SETTINGS = {"page_size": 3, "refresh_rotates": True, "old_refresh_token_grace": 3600.0}
SLOW = {"kind": "slow", "seconds": 9.0, "path": "/v1/events*", "count": 8}
BUSY = {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}, "count": 2}
DEAD_LINKS = {"kind": "expire_pages", "path": "/v1/events/pages/*", "count": 1}


def _history(*operations, events=5, **settings):
    done = tuple(
        Operation(at_s, kind, pick=pick, number=pick / 7, **(more[0] if more else {}))
        for at_s, kind, pick, *more in operations
    )
    began_at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return History(0, "crash points", began_at, SETTINGS | settings, done, events=events)


HOUR = timedelta(hours=1).total_seconds()
SCENARIOS = {
    "a new account": _history(),
    "changes of every kind": _history(
        (60.0, "create", 1),
        (60.2, "rename", 1),
        (60.4, "move", 1),
        (60.6, "delete", 2),
        (61.9, "leave the window", 3),
        (62.5, "come back", 0),
        (63.0, "revive", 0),
    ),
    "an access token that has expired": _history(
        (60.0, "rename", 0), (70.0, "expire tokens", 0), (71.0, "rename", 1)
    ),
    "pages that expire": _history(
        (60.0, "provider fails", 0, {"details": DEAD_LINKS}),
        (60.5, "bulk", 7),
        (90.0, "rename", 0),
        events=6,
    ),
    "Cronofy has had enough": _history(
        (60.0, "provider fails", 0, {"details": BUSY}), (60.5, "rename", 0), (90.0, "delete", 1)
    ),
    "a read of everything that takes several passes, and edits meanwhile": _history(
        (60.0, "provider fails", 0, {"details": SLOW}),
        (61.0, "ask for everything", 0),
        (75.0, "rename", 4),
        (90.0, "delete", 1),
        (200.0, "rename", 2),
        events=10,
    ),
    "a profile that is disconnected, and comes back": _history(
        (60.0, "disconnect a profile", 1), (70.0, "rename", 0), (80.0, "reconnect a profile", 0)
    ),
    "a profile that is disconnected during a read, and comes back": _history(
        (60.0, "ask for everything", 0),
        (60.0, "disconnect a profile", 1, {"amid": 10}),
        (90.0, "reconnect a profile", 0),
    ),
    "an erasure, and a change that comes late": _history((60.0, "erase", 0), (60.3, "rename", 0)),
    "a day without a word": _history((60.0, "rename", 0), (27 * HOUR, "rename", 1)),
}


def crash_points(name):
    """Return the numbers of the steps of a scenario."""
    return range(1, run(SCENARIOS[name]).steps + 1)


def failing(name, jobs):
    """Stop a scenario at each of its steps; return how many there are, and what was found wrong."""
    points = crash_points(name)
    with get_context("spawn").Pool(jobs) as pool:
        results = pool.map(_stopped, [(name, at) for at in points], chunksize=8)
    return len(points), {at: found for at, found in results if found}


def _stopped(point):
    name, at = point
    return at, run(replace(SCENARIOS[name], stops_at=at)).divergences
