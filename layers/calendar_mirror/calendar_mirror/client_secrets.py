"""
The client secrets from Secrets Manager, kept for a while, and read again when a signature fails to
match.

Two secrets hold them. The deploy writes one, from its parameters; operators write the other, which
no deploy touches, so that none undoes a rotation.

Any failure to read them comes out as `AwsCallError` or `SettingsError` from *read*, unless older
ones are at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from calendar_mirror import credentials
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.errors import AwsCallError, SettingsError

#: Kept so long, so that a secret that was taken away stops working.
EXPIRY_S = 300.0
#: Read again at most once in so long, whatever is sent to us: forged bodies must cost nothing.
REREAD_S = 60.0

#: The two secrets, as the template calls them.
WRITTEN_BY_OPERATORS, WRITTEN_BY_THE_DEPLOY = "ClientSecrets", "InitialCredentials"


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """
    Both secrets, as one set of credentials.

    Attributes:
        text: reads one secret, by its ARN; raises `AwsCallError`.
        client_secrets_arn: what operators write. For a data center that it names, its entry counts.
        initial_credentials_arn: what the deploy wrote, of the stack's own data center.
        data_center: the stack's own.
    """

    text: Callable[[str], str]
    client_secrets_arn: str
    initial_credentials_arn: str
    data_center: str

    def read(self) -> Mapping[str, ClientCredentials]:
        """
        Read the credentials of each data center: one secret, and the other only where the first
        does not name the stack's own data center.

        Raises:
            AwsCallError: one of them cannot be read.
            SettingsError: it is not of the right form, or both hold nothing. Nothing could be
                verified then, so whoever signs has to come again.
        """
        found = credentials.parse(self.text(self.client_secrets_arn), WRITTEN_BY_OPERATORS)
        if self.data_center not in found:
            text = self.text(self.initial_credentials_arn)
            found = {**credentials.parse(text, WRITTEN_BY_THE_DEPLOY), **found}
        if not found:
            raise SettingsError("no client secret is kept, of any data center")
        return found


@dataclass(slots=True)
class ClientSecrets:
    """
    Attributes:
        read: asks Secrets Manager.
        monotonic: seconds, of any origin.
    """

    read: Callable[[], Mapping[str, ClientCredentials]]
    monotonic: Callable[[], float]
    _known: Mapping[str, ClientCredentials] | None = None
    _asked_at: float = float("-inf")

    def credentials(self) -> Mapping[str, ClientCredentials]:
        """
        Return the credentials of each data center, not older than `EXPIRY_S` where that can be had.

        Raises:
            AwsCallError, SettingsError: they cannot be read, and were not before.
        """
        if self._age() >= EXPIRY_S or (self._known is None and self._age() >= REREAD_S):
            self._read()
        if self._known is None:
            raise AwsCallError(
                "the client secrets could not be read; the next try is within a minute"
            )
        return self._known

    def of(self, data_center: str) -> ClientCredentials:
        """
        Return our credentials at *data_center*.

        Raises:
            SettingsError: we have none there.
        """
        known = self.credentials()
        if data_center not in known:
            raise SettingsError(f"no client secret is kept for the data center {data_center!r}")
        return known[data_center]

    def accepted(self) -> tuple[str, ...]:
        """Return every secret that a notification may be signed with, of all data centers."""
        return tuple(s for each in self.credentials().values() for s in each.secrets)

    def reread(self) -> bool:
        """
        Read them again, because a signature failed to match. Tell whether that was allowed and
        worked.
        """
        return self._age() >= REREAD_S and self._read()

    def _age(self) -> float:
        return self.monotonic() - self._asked_at

    def _read(self) -> bool:
        self._asked_at = self.monotonic()
        try:
            self._known = self.read()
        except (AwsCallError, SettingsError):
            if self._known is None:
                raise
            return False
        return True
