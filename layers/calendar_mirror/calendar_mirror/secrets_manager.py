"""Read secrets through boto3. (`receive` does it through ``aws_json``.)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from calendar_mirror.errors import AwsCallError


@dataclass(frozen=True, slots=True)
class SecretsManager:
    """
    Attributes:
        client: boto3's Secrets Manager client.
    """

    client: Any

    def text(self, secret_arn: str) -> str:
        """
        Read the secret as it is.

        Raises:
            AwsCallError: it cannot be read.
        """
        try:
            answer = self.client.get_secret_value(SecretId=secret_arn)
        except (ClientError, BotoCoreError) as error:
            raise AwsCallError(f"a secret: {type(error).__name__}") from error
        return str(answer.get("SecretString", ""))
