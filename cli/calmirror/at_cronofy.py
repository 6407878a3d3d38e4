"""Cronofy, for an operator: within the budget that the functions share, and with their care."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from calendar_mirror.accounts import Account, api_url
from calendar_mirror.admission import Admission
from calendar_mirror.client_secrets import ClientSecrets, StoredSecrets
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.secrets_manager import SecretsManager
from calendar_mirror.tokens import StoredGrant
from calmirror.stacks import Stack, http_session

#: Longer than a burst takes to be worked off.
_PATIENCE_S = 120.0


def opened(stack: Stack, account: Account) -> tuple[Cronofy, StoredGrant]:
    """
    Return Cronofy at the account's data center, and the account's grant there.

    A token that has to be refreshed is stored as the functions do it.
    """
    data_center = account.data_center
    url = api_url(data_center, stack.cronofy_api_url)
    cronofy = Cronofy(url, http_session(url), now, admit=gate(stack, data_center))
    grant = StoredGrant(
        account_id=account.account_id,
        tokens=account.tokens,
        refresh=lambda token: cronofy.refresh(token, clients(stack).of(data_center)),
        store=stack.accounts(),
        now=now,
        reserve=cronofy.reserve,
    )
    return cronofy, grant


def gate(stack: Stack, data_center: str) -> Admission:
    """Return what lets calls to *data_center* pass at the pace that the stack shares."""
    return Admission(
        stack.budget(now), data_center, time.sleep, has_begun=True, patience_s=_PATIENCE_S
    )


def clients(stack: Stack) -> ClientSecrets:
    """Return our application's credentials at each data center."""
    stored = StoredSecrets(
        SecretsManager(stack.client("secretsmanager")).text,
        stack.output("ClientSecretsArn"),
        stack.output("InitialCredentialsArn"),
        stack.data_center,
    )
    return ClientSecrets(stored.read, time.monotonic)


def now() -> datetime:
    """Return the time by the operator's clock."""
    return datetime.now(UTC)
