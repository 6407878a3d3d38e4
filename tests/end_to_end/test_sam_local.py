"""In real containers: each sample with `sam local invoke`, a POST through `sam local start-api`."""

import json
import os
import platform
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from calendar_mirror.accounts_table import AccountsTable
from calmirror import samples
from local_stack import building, loopback, ports, surroundings
from local_stack.locations import PROJECT, Locations
from local_stack.stack import Stack
from tests.end_to_end.conftest import RunLocalStack
from tests.end_to_end.test_notification_types import (
    Person,
    eventually,
    looking_at,
    mirrored,
    subscribed,
)

pytestmark = pytest.mark.docker

#: A first container on a busy machine, its image included.
START_S = 180
_ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
#: SAM's own question, in SAM's own environment.
_ASKS_THE_ENGINE = "import docker; docker.from_env().ping()"


@dataclass(frozen=True)
class SamLocal:
    """SAM CLI beside a local stack that containers reach."""

    locations: Locations
    template: Path
    variables: Path
    environ: Mapping[str, str]

    def command(self, *arguments: str) -> list[str | Path]:
        return [
            *(self.locations.tool("sam", "sam"), "local", *arguments),
            *("--template", self.template, "--env-vars", self.variables),
            *("--add-host", "host.docker.internal:host-gateway", "--skip-pull-image"),
            *("--parameter-overrides", f"Architecture={_ARCHITECTURE}"),
        ]

    def invoke(self, function: str, event: str | Path) -> Any:
        """Run a function on a sample, or on an event's text; return its answer."""
        is_file = isinstance(event, Path)
        done = subprocess.run(
            self.command("invoke", function, "--event", str(event) if is_file else "-"),
            env=self.environ,
            cwd=self.locations.directory,
            input=None if is_file else str(event),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def sam_local(stack: Stack, run_local_stack: RunLocalStack) -> SamLocal:
    locations = Locations(Path(stack.logs).parent)
    engine = {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}
    environ = surroundings.for_sam(os.environ, locations) | engine
    asked = subprocess.run(
        [locations.tool("sam", "python"), "-c", _ASKS_THE_ENGINE],
        env=environ,
        capture_output=True,
        check=False,
    )
    if asked.returncode != 0:
        pytest.skip("no container engine answers (DOCKER_HOST, or Docker's own socket)")
    assert run_local_stack("containers", locations.directory).returncode == 0
    variables = locations.directory / "env.json"
    variables.write_text(calmirror(stack, "env"))
    built = locations.builds / building.fingerprint(locations)[:16]
    return SamLocal(locations, built / "template.yaml", variables, environ)


def calmirror(stack: Stack, *arguments: str) -> str:
    """Run the command on the stack; return what it prints."""
    command = Locations(Path(stack.logs).parent).tool("dev", "calmirror")
    file = Path(stack.logs).with_name("stack.json")
    done = subprocess.run(
        [command, *arguments, "--stack", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def owner(stack: Stack) -> Iterator[Person]:
    """Whom the samples are about, mirrored; as new for each test."""
    someone = mirrored(looking_at(stack), account_id=samples.ACCOUNT_ID)
    yield someone
    if someone.item():
        calmirror(stack, "erase", samples.ACCOUNT_ID, "--yes")
        eventually(lambda: someone.item() is None, "the account erased")
    someone.control("DELETE")


def an_event_nobody_was_told_of(owner: Person) -> Callable[[], bool]:
    """Put an event into the calendar; return what tells whether its row is in the table."""
    (made,) = owner.control("POST", "/events", summary="Lunch", quiet=True)["events"]
    return lambda: made["event_uid"] in {row["event_uid"] for row in owner.rows()}


def sample(name: str) -> Path:
    return PROJECT / "events" / samples.file_name(name)


@pytest.mark.parametrize("name", ["change", "profile_initial_sync_completed"])
def test_a_notification_through_receive_brings_the_row(
    sam_local: SamLocal, owner: Person, name: str
) -> None:
    is_there = an_event_nobody_was_told_of(owner)

    assert sam_local.invoke("ReceiveFunction", sample(name)) == {"statusCode": 200}
    eventually(is_there, "the row in the table")


@pytest.mark.parametrize("name", ["profile_disconnected", "conferencing_profile_disconnected"])
def test_a_disconnected_profile_makes_sync_look_at_the_profiles(
    sam_local: SamLocal, owner: Person, name: str
) -> None:
    def looks() -> int:
        calls = owner.looking.calendar.call("GET", "calls")["accounts"][owner.account_id]
        return sum(calls.get("GET /v1/userinfo", {}).values())

    before = looks()
    assert sam_local.invoke("ReceiveFunction", sample(name)) == {"statusCode": 200}
    eventually(lambda: looks() > before, "a look at the profiles")


def test_a_verification_is_accepted_and_asks_for_nothing(
    sam_local: SamLocal, owner: Person
) -> None:
    assert sam_local.invoke("ReceiveFunction", sample("verification")) == {"statusCode": 200}
    assert owner.left_no_message()


def test_an_erasure_leaves_nothing_of_the_account(sam_local: SamLocal, owner: Person) -> None:
    assert sam_local.invoke("ReceiveFunction", sample("gdpr_requested")) == {"statusCode": 200}
    eventually(lambda: owner.item() is None and not owner.rows(), "the account erased")


def test_a_message_through_sync_has_written_the_row_when_it_ends(
    sam_local: SamLocal, owner: Person
) -> None:
    is_there = an_event_nobody_was_told_of(owner)

    answer = sam_local.invoke("SyncFunction", sample(samples.MESSAGE))
    assert answer == {"batchItemFailures": []}
    assert is_there()


def test_a_sample_made_now_comes_through_a_pipe(sam_local: SamLocal, owner: Person) -> None:
    is_there = an_event_nobody_was_told_of(owner)
    event = subprocess.run(
        [sam_local.locations.tool("dev", "calmirror"), "sample", samples.MESSAGE],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert sam_local.invoke("SyncFunction", event) == {"batchItemFailures": []}
    assert is_there()


def test_a_connect_link_leads_to_the_consent_page(sam_local: SamLocal, stack: Stack) -> None:
    answer = sam_local.invoke("ConnectFunction", sample(samples.CONNECT))

    address = urlsplit(answer["headers"]["Location"])
    assert answer["statusCode"] == 303
    assert address.path == "/oauth/authorize"
    assert parse_qs(address.query)["client_id"] == [stack.client_id]
    assert answer["cookies"]


def test_the_schedule_asks_for_the_account_that_is_due(sam_local: SamLocal, owner: Person) -> None:
    table = owner.looking.stack.outputs["AccountsTableName"]
    accounts = AccountsTable(owner.looking.dynamodb, table)
    accounts.look_again(owner.account_id, at=datetime(2026, 1, 1, tzinfo=UTC))
    was_due = (owner.item() or {})["due_at"]

    assert sam_local.invoke("ReconcileFunction", sample(samples.SCHEDULE)) is None
    assert (owner.item() or {})["due_at"] > was_due


def test_a_write_through_publish_is_told_on_the_bus(sam_local: SamLocal, stack: Stack) -> None:
    with subscribed(stack, "Calendar Event ") as feed:
        answer = sam_local.invoke("PublishFunction", sample(samples.WRITE))
        assert answer == {"batchItemFailures": []}
        eventually(lambda: feed.of(samples.ACCOUNT_ID), "the entry")
        ((kind, detail),) = feed.of(samples.ACCOUNT_ID)
    assert (kind, detail["event_uid"]) == ("Calendar Event Created", "evt_sample")


@contextmanager
def started_api(sam_local: SamLocal) -> Iterator[str]:
    """Run `sam local start-api` until the block ends."""
    ports_file = sam_local.locations.ports_file
    port = ports.choose("sam-start-api", ports_file, random.Random())
    log = sam_local.locations.log("sam-start-api")
    with log.open("wb") as output:
        api = subprocess.Popen(
            sam_local.command("start-api", "--port", str(port)),
            env=sam_local.environ,
            cwd=sam_local.locations.directory,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_S
        while not loopback.connects("127.0.0.1", port):
            assert api.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        api.terminate()
        api.wait()


def test_a_signed_post_through_the_local_api_brings_the_row_and_a_forged_one_is_refused(
    sam_local: SamLocal, owner: Person, stack: Stack
) -> None:
    is_there = an_event_nobody_was_told_of(owner)
    with started_api(sam_local) as url:
        path = f"{url}/notifications/{owner.account_id}"
        forged = requests.post(path, data=b"{}", timeout=START_S)
        assert forged.status_code == 401
        told = json.loads(calmirror(stack, "notify", owner.account_id, "--url", url, "--json"))
    assert (told["url"], told["status"]) == (path, 200)
    eventually(is_there, "the row in the table")
