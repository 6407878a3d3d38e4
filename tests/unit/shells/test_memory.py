"""How much memory a full read of a very large calendar takes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
EVENTS, MOST_MB = 50_000, 256
#: As Lambda loads it: with boto3 and Powertools, which `sync` needs.
PROGRAM = f"""
import resource
from pathlib import Path
from collections import Counter
from datetime import UTC, datetime, timedelta
import aws_lambda_powertools, boto3
from calendar_mirror import messages, reading, visit
from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.cronofy import Page
from calendar_mirror.diffing import Stored
from calendar_mirror.records import Key, from_cronofy
from calendar_mirror.scopes import Coverage
from calendar_mirror.visit import Visit
from tests.models.tables import Accounts

START = datetime(2026, 3, 1, tzinfo=UTC)

def event(number):
    at = START + timedelta(minutes=5 * number)
    return {{
        "calendar_id": "cal_n23kjnwrw2_jsdfjksn234", "event_uid": f"evt_external_{{number:024}}",
        "summary": "Meeting", "description": "x" * 1500, "start": at.isoformat(),
        "end": (at + timedelta(hours=1)).isoformat(), "deleted": False,
    }}

class Events:
    writes = 0
    def rows(self, account_id):
        for number in range({EVENTS}):
            record = from_cronofy(account_id, event(number))
            yield record.key, Stored(
                record.content_hash, False, record.start_at, record.end_at
            )
    def write(self, records, *, synced_at):
        self.writes += len(records)
        return 0

class Cronofy:
    def pages(self, plan, grant):
        for first in range(0, {EVENTS}, 100):
            yield Page(first // 100 + 1, tuple(event(n) for n in range(first, first + 100)))

class Edges:
    accounts, events = Accounts(), Events()
    now = staticmethod(lambda: START)

account = Account("acc_1", "us", Tokens("refresh", "access"), covered=Coverage())
Edges.accounts.add(account, added_at=START)
counts = Counter()
asked = messages.request("acc_1", messages.Kind.FULL, now=START, cause="operator")
reading.everything(Visit(account, Edges, Cronofy(), None, counts, has_seen_profiles=True), [asked])
assert (counts["unchanged"], Edges.events.writes) == ({EVENTS}, 0), counts
status = Path("/proc/self/status")
if status.exists():  # ru_maxrss would tell of whoever started us as well
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    print(int(line.split()[1]) // 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20)
"""


def test_a_full_read_of_50_000_events_fits_into_256_megabytes():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    peak_mb = int(done.stdout)
    print(f"{EVENTS} events: {peak_mb} MB at most")

    assert peak_mb < MOST_MB
