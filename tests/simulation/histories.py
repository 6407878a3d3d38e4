"""What happens in a run, drawn from its seed: how the world is made, and what is done when."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

#: Simulated kinds of runs, and how much of each kind of operation is in them.
EDITS = {
    "create": 6,
    "rename": 6,
    "describe": 3,
    "shift": 3,
    "move": 2,
    "leave the window": 2,
    "come back": 2,
    "delete": 4,
    "revive": 2,
    "flip": 4,
    "bulk": 2,
    "series": 1,
    "edit the series": 1,
    "date strangely": 1,
}
STRUCTURE = {
    "add a calendar": 2,
    "remove a calendar": 2,
    "disconnect a profile": 2,
    "reconnect a profile": 3,
    "limit to calendars": 2,
    "add a profile": 1,
    "complete the initial sync": 2,
    "erase": 1,
    "connect anew": 2,
    "pause": 1,
    "resume": 2,
}
TOKENS = {"expire tokens": 5, "withdraw the grant": 1, "connect anew": 2, "look as an operator": 2}
#: What a worker visits an account for.
VISITED = ("ask for everything", "ask for everything", "rename", "delete", "reconnect a profile")
NOTICES = {
    "notification lost": 0.4,
    "notification doubled": 0.4,
    "notification delayed": 0.5,
    "notification timed out": 0.4,
}
AWS = {
    "dynamodb refused": 0.15,
    "dynamodb answer lost": 0.1,
    "dynamodb called twice": 0.15,
    "dynamodb unprocessed": 0.5,
    "sqs refused": 0.4,
    "sqs answer lost": 0.3,
    "sqs called twice": 0.3,
    "bus refused": 0.4,
    "bus unprocessed": 0.5,
    "bus called twice": 0.2,
    "deletion lost": 0.4,
}
STOPS = {
    "worker stops": 0.6,
    "receive stops": 0.4,
    "reconcile stops": 0.4,
    "publish stops": 0.4,
}
PROVIDER = (
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    {"kind": "status", "status": 503},
    {"kind": "status_after", "status": 500},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "slow", "seconds": 8.0},
    {"kind": "slow", "seconds": 25.0},
    {"kind": "truncated"},
    {"kind": "expire_access"},
    {"kind": "expire_pages", "path": "/v1/events/pages/*"},
)
GARBLED = (
    {"kind": "malformed"},
    {"kind": "status", "status": 400},
    {"kind": "broken_event", "variant": "without_ids"},
    {"kind": "broken_event", "variant": "not_an_object"},
    {"kind": "broken_event", "variant": "null_fields"},
    {"kind": "broken_event", "variant": "wrong_types"},
)


@dataclass(frozen=True)
class Operation:
    """
    Attributes:
        at_s: seconds from the beginning.
        pick: chooses what it is about among what there is.
        amid: how many steps into the next visit to the account it is done; ``None``: at once.
    """

    at_s: float
    kind: str
    account: int = 0
    pick: int = 0
    number: float = 0.0
    details: dict = field(default_factory=dict, hash=False)
    amid: int | None = None

    def __str__(self):
        more = f" {self.details}" if self.details else ""
        more += f", {self.amid} steps into the next visit" if self.amid else ""
        return f"{self.at_s:>10.2f} s  {self.kind} (account {self.account}, {self.pick}){more}"


@dataclass(frozen=True)
class History:
    """
    Attributes:
        skew_s: how far two of our clocks may be apart.
        lags_s: the visibility lag of an edit is one of them.
        delays_s: so is the notification's delay after it.
        stops_at: at this step of the run, the process that comes to it is stopped.
    """

    seed: int
    profile: str
    began_at: datetime
    settings: dict
    operations: tuple
    accounts: int = 1
    events: int = 6
    merge_s: int = 1
    overlap_s: int = 120
    skew_s: float = 1.0
    calls_per_minute: int = 500
    query_page: int = 7
    lags_s: tuple = (0.0,)
    delays_s: tuple = (0.0,)
    stops_at: int | None = None

    @property
    def delay_s(self):
        """Return the queue's delay, as the template has it."""
        return self.merge_s + 1 if self.merge_s else 0


PROFILES = (
    *("everyday", "merging", "outage", "crashes"),
    *("tokens", "days", "structure", "lateness"),
    *("amid visits", "merging", "stale", "garbled"),
    *("long reads", "crashes", "beyond", "few calls"),
)


def draw(seed, profile=None):
    """Draw the history of a seed."""
    rng = Random(f"{seed} history")
    profile = profile or PROFILES[seed % len(PROFILES)]
    began_at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=rng.uniform(0, 5 * 86400))
    merge_s = rng.choice((0, 1, 1, 1, 5)) if profile != "merging" else rng.choice((1, 5, 10, 30))
    accounts = rng.choice((1, 1, 2, 3))
    overlap_s = rng.choice((120, 120, 120, 0))
    lags_s = (0.0, 0.0, rng.uniform(0.5, max(0.6, 0.8 * overlap_s)))
    delays_s = (0.0, 0.0, rng.choice((0.3, 2.0, 20.0)))
    if profile == "merging":
        lags_s, overlap_s = (0.0, 0.0, 0.5, 2.0, merge_s * 0.9), rng.choice((0, 120))
        delays_s = (0.0, 0.4, 1.3, 0.5 * merge_s)
    if profile == "stale":
        merge_s, overlap_s = rng.choice((0, 1)), 0
    if profile == "lateness":
        lags_s = (0.0, 1.0, 60.0, 600.0, 4 * 3600.0)
    return History(
        seed,
        profile,
        began_at,
        _settings(rng, profile),
        tuple(sorted(_all(rng, profile, accounts, merge_s, began_at), key=lambda each: each.at_s)),
        accounts=accounts,
        events=rng.randint(2, 12) if profile != "long reads" else rng.randint(15, 40),
        merge_s=merge_s,
        overlap_s=overlap_s,
        skew_s=rng.choice((0.0, 1.0, 1.0)) if profile != "beyond" else rng.choice((1.0, 30.0)),
        calls_per_minute=30 if profile == "few calls" else 500,
        query_page=rng.choice((3, 7, 1000)),
        lags_s=lags_s,
        delays_s=delays_s,
    )


def _settings(rng, profile):
    grace = None if profile != "tokens" else rng.choice((None, 0.0, 3600.0))
    drawn = {
        "page_size": rng.choice((1, 2, 3, 5, 100)),
        "page_order": rng.choice(("start", "modified", "random")),
        "last_page_link": rng.choice(("absent", "null", "empty")),
        "deleted_fields": rng.choice(("all", "ids")),
        "moved_event_uid": rng.choice(("same", "new")),
        "deleted_calendar_events": rng.choice(("deleted", "vanish", "stay")),
        "calendar_changes_notify": rng.choice((True, False)),
        "coalescing": rng.choice((0.0, 0.0, 0.7, 5.0)),
        "deliveries_in_flight": rng.choice((1, 8)),
        "refresh_rotates": rng.choice((True, True, False)),
        "old_refresh_token_grace": grace,
        "reuse_access_token": rng.choice((True, False)),
        "refresh_ends_old_access_token": rng.choice((True, False)),
        "revoke_closes_channels": rng.choice((True, False)),
        "expires_in": rng.choice((300, 3600)),
        "page_link_lifetime": rng.choice((600.0, 600.0, 1.0)),
        "empty_filters": rng.choice(("object", "absent")),
        "moved_event_leaves_deletion": True,
        "calls_per_minute": 30 if profile == "few calls" else 500,
    }
    if profile == "beyond":
        drawn |= {
            "moved_event_leaves_deletion": rng.choice((True, False)),
            "notify_before_visible": rng.choice((True, False)),
            "pages": rng.choice(("snapshot", "live")),
            "page_order": rng.choice(("start", "modified")),
        }
    if profile == "long reads":
        drawn |= {"page_size": rng.choice((2, 3, 5)), "page_link_lifetime": 600.0}
    if profile == "few calls":  # a read has to fit into the patience that it has
        drawn |= {"page_size": 100, "page_link_lifetime": 600.0}
    return drawn


def _all(rng, profile, accounts, merge_s, began_at):
    drawn = list(_operations(rng, profile, accounts, merge_s))
    yield from drawn
    if profile == "amid visits":
        for _ in range(rng.randint(4, 16)):
            yield from _surprise(rng, rng.choice(drawn))
    if profile == "merging":
        for _ in range(rng.randint(1, 6)):
            yield from _overtaken(rng, rng.randrange(accounts), merge_s, began_at)
    if profile == "stale":
        last_s = max(each.at_s for each in drawn)
        for _ in range(rng.randint(1, 8)):
            yield from _back_again(rng, rng.randrange(accounts), merge_s, last_s)


def _surprise(rng, after):
    """Something makes a worker visit the account; something else happens while it is there."""
    yield replace(after, kind=rng.choice(VISITED), details={})
    kinds = EDITS | {kind: 4 * weight for kind, weight in (STRUCTURE | TOKENS).items()}
    yield replace(
        after,
        kind=rng.choices(list(kinds), list(kinds.values()))[0],
        pick=rng.randrange(1000),
        number=round(rng.random(), 6),
        details={},
        amid=rng.randint(1, 40),
    )


def _overtaken(rng, account, merge_s, began_at):
    """
    Two changes of one second, of which one message tells; a read for an earlier change comes
    between them, about when the message's bucket ends.
    """
    bucket = began_at.timestamp() // merge_s * merge_s + merge_s * rng.randint(10, 900)
    first = bucket + rng.uniform(0.5, 0.65)
    second = first + rng.uniform(0.05, 0.3)
    shows = bucket + merge_s + rng.uniform(-0.5, 0.5)
    read = shows - rng.uniform(0.2, 0.4)
    for at, lag_s in ((read - merge_s - 1, 0.0), (first, 0.0), (second, shows - second)):
        yield Operation(
            round(at - began_at.timestamp(), 3),
            "rename",
            account,
            rng.randrange(1000),
            details={"lag_s": max(0.0, lag_s), "delay_s": 0.0},
        )


def _back_again(rng, account, merge_s, at_s):
    """An event becomes another, and what it was, before all copies of the table say so."""
    pick = rng.randrange(1000)
    for number in (0.2, 0.7, 0.2):
        yield Operation(
            round(at_s, 3), "flip", account, pick, number, {"lag_s": 0.0, "delay_s": 0.0}
        )
        at_s += merge_s + rng.uniform(0.3, 2)


def _operations(rng, profile, accounts, merge_s):
    edits = dict(EDITS)
    if profile == "stale":  # nothing but what we are told of, each by itself
        edits = {kind: EDITS[kind] for kind in ("create", "rename", "flip", "delete", "revive")}
    if profile == "long reads":
        edits |= {"ask for everything": 8}
    if profile == "structure":
        edits |= {kind: 2 * weight for kind, weight in STRUCTURE.items()}
    if profile == "tokens":
        edits |= TOKENS
    if profile in ("everyday", "crashes", "beyond", "days", "amid visits"):
        edits |= {"expire tokens": 1, "look as an operator": 1}
        edits |= {kind: weight / 8 for kind, weight in STRUCTURE.items()}
    at_s, moments = rng.uniform(1, 60), [0.0]
    for _ in range(rng.randint(8, 40)):
        at_s += _gap(rng, profile, merge_s)
        moments.append(at_s)
        yield Operation(
            round(at_s, 3),
            rng.choices(list(edits), list(edits.values()))[0],
            rng.randrange(accounts),
            rng.randrange(1000),
            round(rng.random(), 6),
        )
    for _ in range(rng.choice((0, 1, 3, 6, 12))):
        yield _weather(rng, profile, max(0.0, rng.choice(moments) - rng.choice((0, 1, 20))))


def _gap(rng, profile, merge_s):
    match profile:
        case "merging" | "stale":
            return rng.choice((0.05, 0.3, 0.9, 2.5, merge_s)) * rng.uniform(0.5, 1.5)
        case "days":
            return rng.choice((1.0, 60.0, 20 * 3600.0, 40 * 3600.0)) * rng.uniform(0.2, 1.0)
        case "outage" | "lateness":
            return rng.choice((0.6, 1.5, 1.5, 400.0)) * rng.uniform(0.5, 1.5)
        case _:
            scale = rng.choice((0.2, 1.0, 8.0, 90.0, 2000.0, 9 * 3600.0))
            return scale * rng.uniform(0.3, 1.2)


def _weather(rng, profile, at_s):
    lasts_s = rng.choice((5.0, 60.0, 900.0, 6000.0))
    if profile in ("outage", "lateness") and rng.random() < 0.5:
        fault = {"kind": "status", "status": 503, "lasts_seconds": rng.choice((60.0, 4000.0))}
        return Operation(round(at_s, 3), "provider fails", details=fault)
    if profile == "outage" and rng.random() < 0.5:
        kind = rng.choice(("sqs refused", "dynamodb refused", "bus refused"))
        return Operation(
            round(at_s, 3), "trouble", details={"kind": kind, "rate": 0.7, "lasts_s": lasts_s}
        )
    if profile == "long reads" and rng.random() < 0.6:
        slow = {"kind": "slow", "seconds": rng.choice((4.0, 9.0)), "path": "/v1/events*"}
        return Operation(round(at_s, 3), "provider fails", details=slow | {"count": 40})
    kinds = ("provider", "aws", "notices", "stops")
    weights = {"crashes": (1, 1, 1, 6), "outage": (3, 3, 3, 1)}.get(profile, (2, 2, 3, 1))
    kind = rng.choices(kinds, weights)[0]
    if kind == "provider" or (profile == "garbled" and rng.random() < 0.6):
        faults = PROVIDER if profile != "garbled" else GARBLED
        more = {"probability": rng.choice((0.1, 0.5, 1.0)), "count": rng.choice((1, 2, 5))}
        fault = rng.choice(faults) | more | {"after": rng.randrange(4)}
        return Operation(round(at_s, 3), "provider fails", details=fault)
    rates = {"aws": AWS, "notices": NOTICES, "stops": STOPS}[kind]
    if profile == "lateness":
        rates = {name: rate for name, rate in rates.items() if name != "notification lost"}
    name = rng.choice(list(rates))
    spell = {"kind": name, "rate": rates[name], "lasts_s": lasts_s}
    return Operation(round(at_s, 3), "trouble", details=spell)
