"""What a check could not find out, and why: a finding as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from calendar_mirror.errors import CalendarMirrorError
from calmirror.health import repairs
from calmirror.health.findings import Finding, error, warning

#: What a look at AWS or Cronofy can end with.
EXPECTED = (
    *(ClientError, BotoCoreError, ResponseParserError),
    *(CalendarMirrorError, click.ClickException),
)

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_NOT_ACCEPTED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
_GONE = frozenset(
    {
        *("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NoSuchEntity"),
        *("ResourceNotFoundException", "NotFoundException"),
    }
)
_LOG_IN = (
    "Log in (`aws sso login`, or `aws configure`), or name a profile with --profile. `aws sts "
    "get-caller-identity` shows who you are."
)


def guarded(
    check: str, look: Callable[[], Iterable[Finding]], stack_name: str
) -> Iterator[Finding]:
    """Yield what *look* finds; that it could not be carried out is a finding as well."""
    try:
        yield from look()
    except EXPECTED as failure:
        yield finding(check, failure, stack_name)


def is_gone(refusal: ClientError) -> bool:
    """Tell whether what was asked for does not exist."""
    return refusal.response["Error"]["Code"] in _GONE


def finding(check: str, failure: Exception, stack_name: str) -> Finding:
    """Say why *check* could not be carried out, and what to do."""
    if isinstance(failure, ClientError):
        return _refused(check, failure, stack_name)
    if isinstance(failure, click.ClickException):
        return error(
            check, failure.message, "`sam build && sam deploy` brings the stack up to date."
        )
    if isinstance(failure, NoRegionError):
        return error(
            "region",
            "No AWS region is set.",
            "Name it with --region, or set AWS_DEFAULT_REGION.",
        )
    if isinstance(failure, ProfileNotFound | NoCredentialsError | PartialCredentialsError):
        return error("credentials", f"There are no AWS credentials: {failure}.", _LOG_IN)
    if isinstance(failure, SSOError | TokenRetrievalError):
        return error("credentials", f"The AWS credentials are not valid: {failure}.", _LOG_IN)
    if isinstance(failure, BotoCoreError | ResponseParserError):
        return error(check, f"AWS did not answer: {failure}", "Try again in a minute.")
    return error(check, f"Check failed: {failure}", "Try again in a minute.")


def _refused(check: str, refusal: ClientError, stack_name: str) -> Finding:
    code, message = refusal.response["Error"]["Code"], refusal.response["Error"].get("Message", "")
    said = f"AWS refused {refusal.operation_name}: {code}: {message}"
    if code in _DENIED:
        return warning(
            check,
            f"Your credentials may not do what this check needs: {message}",
            "Run it with credentials that may (--profile), or have that action granted.",
        )
    if code in _NOT_ACCEPTED:
        return error("credentials", f"AWS does not accept your credentials: {message}", _LOG_IN)
    if is_gone(refusal):
        return error(check, f"{said} Somebody has deleted it.", repairs.revert_drift(stack_name))
    return error(
        check, said, "Look at the stack in CloudFormation's console, and try again in a minute."
    )
