"""Can the functions read what is secret: the secrets themselves, and the key of the tokens?"""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from calendar_mirror import connect_links
from calendar_mirror.client_secrets import WRITTEN_BY_OPERATORS, WRITTEN_BY_THE_DEPLOY
from calendar_mirror.errors import SettingsError
from calmirror import applications
from calmirror.health import resources
from calmirror.health.findings import Finding, error, ok
from calmirror.stacks import Stack


def client_secrets(stack: Stack) -> Iterator[Finding]:
    """Say whether the client secrets are to be deleted. `provider` looks at what they hold."""
    for secret in (WRITTEN_BY_OPERATORS, WRITTEN_BY_THE_DEPLOY):
        arn = applications.arn(stack, secret)
        if "DeletedDate" in stack.client("secretsmanager").describe_secret(SecretId=arn):
            yield error(
                "secret",
                f"The secret {arn} is to be deleted: the stack refuses notifications and reads "
                "nothing.",
                f"`aws secretsmanager restore-secret --secret-id {arn}`",
            )


def link_keys(stack: Stack) -> Iterator[Finding]:
    """Look at the keys that sign connect links."""
    arn = stack.output("LinkKeysArn")
    try:
        found = stack.client("secretsmanager").get_secret_value(SecretId=arn)
        connect_links.keys(found.get("SecretString", ""))
    except SettingsError:
        yield error(
            "link keys",
            f"The secret {arn} holds no key: nobody can connect a calendar.",
            f"`aws secretsmanager put-secret-value --secret-id {arn} --secret-string "
            '"$(openssl rand -hex 32)"`; links made before do not work any more.',
        )
    except ClientError as refusal:
        # Source: Secrets Manager API reference, GetSecretValue, InvalidRequestException
        if refusal.response["Error"]["Code"] != "InvalidRequestException":
            raise
        yield error(
            "link keys",
            f"The secret {arn} is to be deleted: nobody can connect a calendar.",
            f"`aws secretsmanager restore-secret --secret-id {arn}`",
        )
    else:
        yield ok("link keys", "Connect links can be signed.")


def keys(stack: Stack) -> Iterator[Finding]:
    """
    Look at the key that encrypts the tokens.

    Source: DynamoDB API reference, SSEDescription, InaccessibleEncryptionDateTime
    """
    client = stack.client("kms")
    for resource in resources.of(stack, "AWS::KMS::Key"):
        key_id = resource.physical_id
        state = client.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]
        if state == "Enabled":
            yield ok("key", f"{resource.name} is enabled.")
            continue
        enable = f"`aws kms enable-key --key-id {key_id}`"
        if state == "PendingDeletion":
            enable = f"`aws kms cancel-key-deletion --key-id {key_id}`, then {enable}"
        yield error(
            "key",
            f"{resource.name} is {state}: no function can read a token, so nothing is read.",
            f"{enable}, within seven days: then DynamoDB archives the accounts table.",
        )
