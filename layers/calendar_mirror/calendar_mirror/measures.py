"""
What CloudWatch is told: the name, the unit and the meaning of every metric.

Every function counts under these names alone, and the dashboard and the alarms of the template name
no others. All have one dimension, ``service``, the stack's name; two have a second one, with few
values, so that neither the fleet's size nor a hostile request multiplies what is to be paid for.

A metric costs as much as three alarms. So CloudWatch is told the essential ones alone, unless the
template's parameter ``Metrics`` says ``all``; the others stand in the functions' log lines either
way, where the template's saved queries find them.
"""

from __future__ import annotations

from enum import Enum, StrEnum


class Unit(StrEnum):
    """CloudWatch's words. Source: CloudWatch API reference, MetricDatum"""

    COUNT = "Count"
    SECONDS = "Seconds"
    MILLISECONDS = "Milliseconds"
    PERCENT = "Percent"


class Measure(Enum):
    """
    Metrics, in the order of the data's way: the name, the unit, what it means, and the sets of
    dimensions beside ``service`` under which it is told.
    """

    NOTIFICATIONS = (
        "Notifications",
        Unit.COUNT,
        "requests that `receive` answered, whatever the answer was",
        (("type",), ("outcome",)),
    )
    REFUSED = (
        "RefusedNotifications",
        Unit.COUNT,
        "those of them that no secret of ours has signed",
        (("outcome",),),
    )
    ACKNOWLEDGEMENT_TIME = (
        "AcknowledgementTime",
        Unit.MILLISECONDS,
        "from a request's arrival in `receive` until its answer",
    )
    ASKED_FOR = ("AccountsAskedFor", Unit.COUNT, "accounts that were due, in one run of the clock")
    ACCOUNTS = (
        "Accounts",
        Unit.COUNT,
        "accounts in place, as DynamoDB counts them every few hours",
    )
    DISCONNECTED = ("DisconnectedAccounts", Unit.COUNT, "accounts that wait for their user")
    UNREAD = ("UnreadAccounts", Unit.COUNT, "accounts whose window was never read to its end")
    SILENT = (
        "SilentAccounts",
        Unit.COUNT,
        "accounts of which nothing was notified though their last full read found changes",
    )
    SILENT_SHARE = ("SilentShare", Unit.PERCENT, "part of all accounts that is silent")

    MESSAGES = ("Messages", Unit.COUNT, "messages handed to `sync`, each time anew")
    MERGED = (
        "MergedMessages",
        Unit.COUNT,
        "messages that were settled without a read of their own",
    )
    LIVE_BACKLOG = (
        "LiveBacklogAge",
        Unit.SECONDS,
        "age of an account's oldest message for which somebody waits, when `sync` took it up",
    )
    BACKGROUND_BACKLOG = (
        "BackgroundBacklogAge",
        Unit.SECONDS,
        "age of an account's oldest message from the clock, when `sync` took it up",
    )
    FRESHNESS = (
        "Freshness",
        Unit.SECONDS,
        "from the receipt of the earliest notification of a change to the last write of its read",
    )

    READS = ("Reads", Unit.COUNT, "reads that were finished")
    FULL_READS = ("FullReads", Unit.COUNT, "those of them that were about the whole window")
    UNFINISHED = ("UnfinishedReads", Unit.COUNT, "times that a full read was left for later")
    SPACED = (
        "ReadsSpaced",
        Unit.COUNT,
        "times that an account was read just now and calls were short",
    )
    LOOKS = ("Looks", Unit.COUNT, "looks at profiles and channel that called for no read")
    READS_SAVED = ("ReadsSaved", Unit.COUNT, "times that an earlier read had settled all messages")
    SECOND_LOOKS = ("SecondLooks", Unit.COUNT, "looks after a notification that showed no change")
    SECOND_LOOKS_FOUND = ("SecondLooksFound", Unit.COUNT, "rows that those looks changed")
    PUT_BACKS = ("PutBacks", Unit.COUNT, "times that an account's messages went back to the queue")
    DEAD_LETTERS = ("DeadLetters", Unit.COUNT, "messages that were set aside")
    UNKNOWN = ("UnknownAccounts", Unit.COUNT, "times that messages were about no account of ours")
    NEEDING_USER = ("AccountsNeedingUser", Unit.COUNT, "times that only the user could go on")
    PAUSED = ("PausedMessages", Unit.COUNT, "times that messages were about a paused account")
    ERASED = ("AccountsErased", Unit.COUNT, "erasures that were finished")

    CALLS = ("CronofyCalls", Unit.COUNT, "calls to Cronofy, refreshes of tokens among them")
    CALLS_ANSWERED = ("CallsAnswered", Unit.COUNT, "those that were answered with 2xx")
    CALLS_REFUSED = ("CallsRefused", Unit.COUNT, "with 3xx or 4xx, but not 429")
    CALLS_THROTTLED = ("CallsThrottled", Unit.COUNT, "with 429")
    CALLS_FAILED = ("CallsFailed", Unit.COUNT, "with 5xx")
    CALLS_UNANSWERED = ("CallsUnanswered", Unit.COUNT, "not at all")
    CALLS_IN_VAIN = (
        "CallsInVain",
        Unit.PERCENT,
        "part of a visit's calls that were throttled, failed or not answered",
    )
    OUT_OF_CALLS = (
        "OutOfCalls",
        Unit.COUNT,
        "times that messages for which somebody waits went back since no call was left",
    )
    HEADROOM = ("BudgetHeadroom", Unit.PERCENT, "part of a burst of calls that was left")
    PAGES = ("Pages", Unit.COUNT, "pages that were read")
    REFRESHES = ("TokenRefreshes", Unit.COUNT, "refresh tokens that were sent to Cronofy")
    REFRESHES_FAILED = (
        "RefreshesFailed",
        Unit.COUNT,
        "those of them that gave no new token; told with every refresh, so that it has an average",
    )
    CHANNELS_CREATED = ("ChannelsCreated", Unit.COUNT, "channels that were created, or found equal")
    CHANNELS_MISSING = ("ChannelsMissing", Unit.COUNT, "channels that Cronofy had closed")
    CHANNELS_STRAY = ("ChannelsStray", Unit.COUNT, "channels of ours that nobody wanted any more")

    WRITTEN = ("EventsWritten", Unit.COUNT, "rows that were written, tombstones among them")
    DELETED = ("EventsDeleted", Unit.COUNT, "tombstones that were written")
    UNCHANGED = ("EventsUnchanged", Unit.COUNT, "events that were read and equal to their rows")
    TRUNCATED = ("EventsTruncated", Unit.COUNT, "events that are too large to be kept whole")
    MALFORMED = ("EventsMalformed", Unit.COUNT, "events that were left out")
    DRIFT = (
        "Drift",
        Unit.COUNT,
        "rows that a full read had to put right; told with each of them, so that it has an average",
    )
    STORE_BUSY = ("StoreBusy", Unit.COUNT, "times that DynamoDB made an account's messages wait")
    ENTERED = ("EventsEntered", Unit.COUNT, "rows of events that entered the window as time passed")

    FEED_ENTRIES = ("FeedEntries", Unit.COUNT, "entries that the change feed was given")
    FEED_FAILURES = ("FeedFailures", Unit.COUNT, "times that it did not take one")
    FEED_LAG = ("FeedLag", Unit.MILLISECONDS, "from the earliest write of a batch to its entry")

    def __init__(
        self, title: str, unit: Unit, meaning: str, dimensions: tuple[tuple[str, ...], ...] = ((),)
    ) -> None:
        self.title = title
        self.unit = unit
        self.meaning = meaning
        self.dimensions = dimensions


#: What an alarm or the dashboard needs.
ESSENTIAL = frozenset(
    {
        Measure.REFUSED,
        Measure.ACCOUNTS,
        Measure.DISCONNECTED,
        Measure.UNREAD,
        Measure.SILENT_SHARE,
        Measure.FRESHNESS,
        Measure.DEAD_LETTERS,
        Measure.CALLS_IN_VAIN,
        Measure.OUT_OF_CALLS,
        Measure.REFRESHES_FAILED,
        Measure.DRIFT,
        Measure.STORE_BUSY,
    }
)


class Choice(StrEnum):
    """Values of the template's parameter ``Metrics``."""

    ESSENTIAL = "essential"
    ALL = "all"


def chosen(choice: str) -> frozenset[Measure]:
    """Return what CloudWatch is told."""
    return frozenset(Measure) if Choice(choice) is Choice.ALL else ESSENTIAL
