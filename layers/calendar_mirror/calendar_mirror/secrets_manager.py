"""Read secrets through boto3. (`receive` does it through ``aws_json``.)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from calendar_mirror import credentials
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.errors import AwsCallError


@dataclass(frozen=True, slots=True)
class SecretsManager:
    """
    Attributes:
        client: boto3's Secrets Manager client.
    """

    client: Any
    secret_arn: str

    def read(self) -> Mapping[str, ClientCredentials]:
        """
        Read the client secrets.

        Raises:
            AwsCallError: they cannot be read.
            SettingsError: they are not of the right form.
        """
        return credentials.parse(self.text())

    def text(self) -> str:
        """
        Read the secret as it is.

        Raises:
            AwsCallError: it cannot be read.
        """
        try:
            answer = self.client.get_secret_value(SecretId=self.secret_arn)
        except (ClientError, BotoCoreError) as error:
            raise AwsCallError(f"a secret: {type(error).__name__}") from error
        return str(answer.get("SecretString", ""))
