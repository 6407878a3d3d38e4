"""
Every error that is raised on purpose, and what follows from it.

CalendarMirrorError
├── SettingsError              the deployment is wrong: fail at first use, name all that is missing
├── MalformedMessageError      poison: the message goes to the dead-letter queue, with the reason
├── MalformedEventError        one event is left out and counted; the rest of its page goes on
├── AwsCallError               `receive`: answer 503, so that Cronofy sends the notification again
├── AccountGoneError           the account was erased meanwhile: its messages are settled
├── PageExpiredError           the read is started again, once
├── UnexpectedAnswerError      poison: the messages go to the dead-letter queue, with the reason
├── StoreRefusedError          DynamoDB will not hold an event: it is left out and counted; any
│                              other call that it refuses: as "not now"
├── NeedsUserError             the account is marked, its messages are settled; a reconnect heals it
└── TryAgainError              the account's messages go back to the queue, to come again later
    ├── CronofyUnavailableError    no answer, 5xx, or an answer that says "later"
    │   └── ClientRefusedError         our client id or secret is wrong: all waits for the operator
    ├── RateLimitedError           429: everybody's pace becomes slower for a while
    │   └── BudgetUsedUpError          so that there is none: our own budget has no call left now
    ├── UnfinishedError            a full read was begun, and goes on in the next invocation
    └── StoreBusyError             DynamoDB throttled, did not answer, or left items unprocessed
"""

from __future__ import annotations


class CalendarMirrorError(Exception):
    """The root. No message of ours holds a token, a secret or calendar content."""


class SettingsError(CalendarMirrorError):
    """The environment of a function lacks something, or says something impossible."""


class MalformedMessageError(CalendarMirrorError):
    """A queue message that we cannot read."""


class MalformedEventError(CalendarMirrorError):
    """An event document without the ids that make up its key, or with ids too long for one."""


class AwsCallError(CalendarMirrorError):
    """AWS refused a call of ``aws_json``, or did not answer it in time."""


class AccountGoneError(CalendarMirrorError):
    """The account is no longer in the accounts table."""


class PageExpiredError(CalendarMirrorError):
    """Cronofy no longer knows the link to the next page."""


class UnexpectedAnswerError(CalendarMirrorError):
    """Cronofy answered with something its documentation does not promise."""


class StoreRefusedError(CalendarMirrorError):
    """DynamoDB found something in a call invalid; sending it again would not help."""


class NeedsUserError(CalendarMirrorError):
    """
    Only the account's owner, or who runs the application, can go on: a new authorization is wanted.

    Attributes:
        reason: one word for programs: ``invalid_grant``, ``forbidden``, ``unauthorized``,
            ``unknown_calendar``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class TryAgainError(CalendarMirrorError):
    """
    Nothing is wrong with the message; the time is.

    Attributes:
        retry_after_s: seconds to wait, if the other side said so.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CronofyUnavailableError(TryAgainError):
    """Cronofy gave no answer, or one that means "not now"."""


class ClientRefusedError(CronofyUnavailableError):
    """The data center does not accept our application's credentials: no account's fault."""


class RateLimitedError(TryAgainError):
    """Cronofy answered 429, or would."""


class BudgetUsedUpError(RateLimitedError):
    """We keep from making the call: the budget is used up for now, or is left to others."""


class UnfinishedError(TryAgainError):
    """All is well; there is more to do than fits into one go."""


class StoreBusyError(TryAgainError):
    """DynamoDB throttled a call, or left part of a batch undone."""
