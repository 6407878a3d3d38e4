"""The environment variables that the stack's processes get: few, whatever the caller has set."""

import os
from collections.abc import Mapping

from local_stack.locations import Locations

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""MiniStack's root user. The functions get credentials of their own roles."""

_KEPT = (
    *("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "TERM", "USER"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
)
_LOOPBACK = "127.0.0.1,localhost"


def plain(environ: Mapping[str, str]) -> dict[str, str]:
    """What any process gets. No proxy stands between two processes of this machine."""
    kept = {name: environ[name] for name in _KEPT if name in environ}
    exempt = environ.get("NO_PROXY") or environ.get("no_proxy")
    exempt = f"{exempt},{_LOOPBACK}" if exempt else _LOOPBACK
    return kept | {"NO_PROXY": exempt, "no_proxy": exempt, "PYTHONUNBUFFERED": "1"}


def for_aws_tools(environ: Mapping[str, str]) -> dict[str, str]:
    """Credentials and region of the local AWS, and nothing from the caller's own configuration."""
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    region = {"AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    return plain(environ) | CREDENTIALS | nothing | region


def for_sam(environ: Mapping[str, str], locations: Locations) -> dict[str, str]:
    """SAM CLI: pip's settings pass, for the layer; Python comes from the project's environments."""
    bins = (locations.tool("dev", ""), locations.tool("ministack", ""))
    pip = {name: value for name, value in environ.items() if name.startswith("PIP_")}
    path = os.pathsep.join([*(str(each) for each in bins), environ.get("PATH", os.defpath)])
    sam = {
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.1",
        "__SAM_CLI_APP_DIR": str(locations.state / "sam"),
    }
    return for_aws_tools(environ) | pip | sam | {"PATH": path}
