"""Clients for a stack's local AWS, whatever the caller's own AWS configuration says."""

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local_stack import surroundings

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"total_max_attempts": 3},
    proxies={},  # none, whatever the environment says
)


def session(
    key: str = surroundings.CREDENTIALS["AWS_ACCESS_KEY_ID"],
    secret: str = surroundings.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    token: str | None = None,
) -> boto3.Session:
    """The root user's, or that of the credentials given."""
    core = botocore.session.Session()
    core.set_config_variable("config_file", os.devnull)
    core.set_config_variable("credentials_file", os.devnull)
    return boto3.Session(key, secret, token, surroundings.REGION, botocore_session=core)


def client(name: Any, endpoint: str) -> Any:
    """A client for one service of the local AWS at `endpoint`."""
    return session().client(name, endpoint_url=endpoint, config=_CONFIG)
