"""The stack's Cronofy applications, one for each data center, and which secret each is kept in."""

from __future__ import annotations

from dataclasses import dataclass

from calendar_mirror import credentials
from calendar_mirror.client_secrets import WRITTEN_BY_OPERATORS, WRITTEN_BY_THE_DEPLOY
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.secrets_manager import SecretsManager
from calmirror.stacks import Stack


@dataclass(frozen=True, slots=True)
class Application:
    """
    Attributes:
        secret: the one of the two that its entry is in.
    """

    client: ClientCredentials
    secret: str

    @property
    def is_deployed(self) -> bool:
        """Tell whether it is the one that the template's parameters name."""
        return self.secret == WRITTEN_BY_THE_DEPLOY


def kept(stack: Stack) -> dict[str, Application]:
    """
    Return the application at each data center, as the functions use them.

    Raises:
        SettingsError: one of the secrets is not of the right form.
        AwsCallError: one of them cannot be read.
    """
    return {
        data_center: Application(client, secret)
        for secret in (WRITTEN_BY_THE_DEPLOY, WRITTEN_BY_OPERATORS)
        for data_center, client in credentials.parse(text(stack, secret), secret).items()
    }


def text(stack: Stack, secret: str) -> str:
    """
    Return one of the two secrets as it is.

    Raises:
        AwsCallError: it cannot be read.
    """
    return SecretsManager(stack.client("secretsmanager")).text(arn(stack, secret))


def arn(stack: Stack, secret: str) -> str:
    """Return the address of one of the two secrets."""
    return stack.output(f"{secret}Arn")
