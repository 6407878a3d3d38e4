"""Does Cronofy answer, and accept the stack's client id and secret?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from calendar_mirror.accounts import DATA_CENTERS, api_url
from calendar_mirror.client_secrets import WRITTEN_BY_OPERATORS
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.errors import (
    CalendarMirrorError,
    ClientRefusedError,
    NeedsUserError,
    SettingsError,
)
from calmirror import applications, at_cronofy
from calmirror.health import clocks
from calmirror.health.findings import Finding, error, ok, warning
from calmirror.stacks import Stack, http_session

#: Says whether a data center knows a client, or raises what was in the way.
Knows = Callable[[str, ClientCredentials], bool]


def application(stack: Stack) -> Iterator[Finding]:
    """Look at our application at each data center that the stack has credentials for."""
    dates: list[str] = []
    try:
        known = applications.kept(stack)
    except SettingsError as failure:
        yield unusable(failure)
        return
    for data_center, each in known.items():
        yield from checked(
            data_center,
            each.client,
            lambda where, who: knows(stack, where, who, dates),
            where_to_mend=applications.arn(stack, WRITTEN_BY_OPERATORS),
            # Whatever stands in for Cronofy is the same for all data centers.
            others=() if stack.cronofy_api_url else DATA_CENTERS,
            is_deployed=each.is_deployed,
        )
    if stack.data_center not in known:
        yield error(
            "secret",
            f"No secret has credentials for the stack's data center, {stack.data_center!r}.",
            f"`calmirror data-center add {stack.data_center}`",
        )
    yield from clocks.compared("Cronofy", dates[-1] if dates else None, datetime.now(UTC))


def unusable(failure: SettingsError) -> Finding:
    """Say that one of the two secrets, which *failure* names, cannot be used."""
    return error(
        "secret",
        f"The client secrets cannot be used: {failure}. The stack refuses notifications (503) and "
        "reads nothing.",
        "`aws secretsmanager put-secret-value --secret-id ARN --secret-string '{}'`, with the "
        "output ClientSecretsArn or InitialCredentialsArn as ARN, empties it; then `calmirror "
        "data-center add` for each data center. The functions notice by themselves.",
    )


def checked(
    data_center: str,
    client: ClientCredentials,
    knows: Knows,
    *,
    where_to_mend: str,
    others: tuple[str, ...] = DATA_CENTERS,
    is_deployed: bool = True,
) -> Iterator[Finding]:
    """
    Say whether *data_center* knows *client*; if not, whether one of *others* does: credentials hold
    at one data center alone.

    Args:
        where_to_mend: the secret that operators write.
        is_deployed: whether *client* is what the stack was deployed with.
    """
    check = f"secret {data_center}"
    try:
        accepted = knows(data_center, client)
    except CalendarMirrorError as failure:
        yield error(
            "provider",
            f"Cronofy ({data_center}) does not answer as it should: {failure}",
            "Nothing is lost: messages wait on the queue for up to 14 days, and are tried again by "
            "themselves. `calmirror status` shows how many; https://status.cronofy.com tells of "
            "outages.",
        )
        return
    if accepted:
        yield ok("provider", f"Cronofy ({data_center}) answers.")
        yield ok(check, f"Cronofy ({data_center}) accepts the client id and secret.")
        yield from _spare(data_center, client, knows, where_to_mend)
        return
    elsewhere = _elsewhere(client, knows, tuple(each for each in others if each != data_center))
    if elsewhere:
        yield error(
            "data center",
            f"Cronofy ({data_center}) does not know the client id and secret: they are those of an "
            f"application at the data center {elsewhere}.",
            f"{_moved(data_center, elsewhere, is_deployed)}; accounts that were added meanwhile "
            "are erased, and added anew.",
        )
        return
    yield error(
        check,
        f"Cronofy ({data_center}) does not accept the client id and client secret, so that no "
        "token can be refreshed.",
        f"`calmirror data-center add {data_center}` puts the right ones in place, as `aws "
        f"secretsmanager put-secret-value` on {where_to_mend} does. Messages wait meanwhile.",
    )


def _moved(data_center: str, elsewhere: str, is_deployed: bool) -> str:
    if is_deployed:
        return f"`sam deploy --parameter-overrides CronofyDataCenter={elsewhere}`"
    there = f"`calmirror data-center add {elsewhere}`"
    return f"{there}, then `calmirror data-center remove {data_center}`"


def knows(stack: Stack, data_center: str, client: ClientCredentials, dates: list[str]) -> bool:
    """
    Ask for tokens with a code that nobody was given. Whom Cronofy knows, it tells that the code is
    wrong (``invalid_grant``); whom it does not know, that the client is (``invalid_client``). It
    checks the client first. *dates* gets the time of the answer.

    Source: RFC 6749 section 5.2
    """
    url = api_url(data_center, stack.cronofy_api_url)
    session = http_session(url)
    session.hooks["response"].append(
        lambda answer, **_: (
            dates.append(answer.headers["Date"]) if "Date" in answer.headers else None
        )
    )
    cronofy = Cronofy(url, session, at_cronofy.now, admit=at_cronofy.gate(stack, data_center))
    try:
        cronofy.exchange("calmirror-doctor", f"{stack.output('ConnectUrl')}/callback", client)
    except NeedsUserError:
        return True
    except ClientRefusedError:
        return False
    return True


def _spare(
    data_center: str, client: ClientCredentials, knows: Knows, where_to_mend: str
) -> Iterator[Finding]:
    """During a rotation there are several secrets; only the first is used for calls."""
    for number, secret in enumerate(client.secrets[1:], start=2):
        if not knows(data_center, ClientCredentials(client.client_id, (secret,))):
            yield warning(
                f"secret {data_center}",
                f"Cronofy ({data_center}) does not accept the secret number {number} any more.",
                f"The rotation is over: `calmirror data-center add {data_center}` with the others "
                f"alone takes it out of {where_to_mend}.",
            )


def _elsewhere(
    client: ClientCredentials, knows: Knows, data_centers: tuple[str, ...]
) -> str | None:
    for data_center in data_centers:
        try:
            if knows(data_center, client):
                return data_center
        except CalendarMirrorError:
            continue
    return None
