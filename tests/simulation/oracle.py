"""What has to hold at each step, and in the end."""

import json
import traceback
from collections import defaultdict
from datetime import datetime, timedelta

from calendar_mirror import documents, repairing
from calendar_mirror.documents import parse
from calendar_mirror.errors import CalendarMirrorError
from cronofy_simulator import documents as shapes
from cronofy_simulator.state.events import span_of
from cronofy_simulator.state.windows import default_window

#: What heals what went wrong for an account: nothing has to; its next read; its next full read.
NOTHING, ANY_READ, FULL_READ = 0, 1, 2


def normal(document):
    """Return a document as the table keeps it."""
    return documents.fit(parse(json.dumps(document).encode()))[0]


class Watch:
    """
    Sees every write, and remembers what a history did to whom.

    Attributes:
        divergences: what was found wrong, in words.
    """

    def __init__(self):
        self.world = None
        self.divergences = []
        self._owed = defaultdict(int)
        self._losses, self._limited, self._grants, self._erased = set(), set(), set(), set()
        self._ever_erased, self._withdrawn = set(), set()
        self._accepted, self._read_at = {}, {}
        self._longest_lag_s, self._garbled, self._leaves_out = 0.0, False, False
        self._stored_tokens = set()
        self._latest, self._shapes = {}, {}

    def diverges(self, text):
        if text not in self.divergences:
            self.divergences.append(text)

    # What CloudWatch learns, which no invariant is about

    def told(self, values, **dimensions):
        """A function has told its metrics."""

    def stopped(self, name):
        """An invocation of a function was stopped."""

    # What happened to accounts

    def owes(self, account_id, level, _reason):
        self._owed[account_id] = max(self._owed[account_id], level)

    def lost(self, url, _reason):
        self.loses(url.rpartition("/")[2])

    def loses(self, account_id):
        """Some change may come to nobody's notice."""
        self._losses.add(account_id)

    def lagged(self, lag_s):
        self._longest_lag_s = max(self._longest_lag_s, lag_s)

    def withdrawn(self, account_id):
        self._grants.add(account_id)
        self._withdrawn.add(account_id)
        self.loses(account_id)

    def grant_may_be_lost(self, account_id):
        self._grants.add(account_id)

    def connected(self, account_id):
        self._erased.discard(account_id)
        self._withdrawn.discard(account_id)
        self.loses(account_id)

    def limited(self, account_id):
        self._limited.add(account_id)
        self.loses(account_id)

    def paused(self, account_id):
        self.loses(account_id)

    def erased(self, account_id):
        self._erased.add(account_id)
        self._ever_erased.add(account_id)
        self.loses(account_id)

    def has_no_channel(self, account_id):
        """Changes go unnoticed until the account is looked at by the clock."""
        self.owes(account_id, FULL_READ, "no channel could be opened")

    def leaves_out(self):
        """Events come without ids: to a full read they are gone (findings.md, number 1)."""
        self._leaves_out = True

    def garbles(self):
        self._garbled = True

    def left_out(self, account_id):
        self.owes(account_id, FULL_READ, "an event was left out")

    def dead_lettered(self, report):
        self.owes(report.account_id, FULL_READ, "a message was set aside")
        if not self._garbled:
            self.diverges(f"a dead letter without cause: {report.reason}")

    def level(self, account_id):
        """Return what heals all that may be wrong with an account."""
        history = self.world.history
        if history.profile == "beyond":
            return FULL_READ
        level = self._owed[account_id]
        if account_id in self._losses:
            covered = self._longest_lag_s + history.skew_s + 2 <= history.overlap_s
            level = max(level, ANY_READ if covered else FULL_READ)
        return level

    # Invariants of each step

    def crashed(self, error):
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
        self.diverges(f"the worker crashed: {error!r} at {place}")

    def failed(self, what, error):
        if not isinstance(error, CalendarMirrorError):
            self.diverges(f"{what} crashed: {error!r}")

    def accepted(self, body, at):
        """A notification was answered with 200."""
        told = json.loads(body)
        if told["notification"]["type"] == "change":
            account_id = told["channel"]["callback_url"].rpartition("/")[2]
            self._accepted[account_id] = at

    def check_promises(self):
        """A read has followed each notification that was accepted."""
        if self.world.history.profile == "beyond":
            return
        off = timedelta(seconds=self.world.history.skew_s / 2)
        for account_id, at in self._accepted.items():
            item = self.world.tables["accounts"].items.get((account_id,))
            if not item or item["state"] != "connected" or self._owed[account_id] == FULL_READ:
                continue
            if self._read_at[account_id] + off < at:
                self.diverges(f"no read has followed a notification of {account_id}")

    def row_written(self, before, after):
        row = after or before
        account_id, key = row["pk"], (row["calendar_id"], row["event_uid"])
        if after is None:
            item = self.world.tables["accounts"].items.get((account_id,))
            if item is not None and item["state"] != "erasing":
                self.diverges(f"a row was removed: {row['sk']}")
            self._latest.pop((account_id, key), None)
            return
        event = self._event(account_id, key)
        if event is None or self.world.simulator.world.settings.pages == "live":
            return
        same, index = self._latest.get((account_id, key), (event, -1))
        index = index if same is event else -1
        shown = [
            number
            for number, version in enumerate(event.versions)
            if version.deleted == after["deleted"] and self._shape(event, version) == after["event"]
        ]
        newer = [number for number in shown if number >= index]
        if not after["deleted"] and not newer and not self._garbled:
            self.diverges(f"a row went back to older content: {row['sk']}")
        if after["deleted"]:
            self._check_deletion(account_id, event, index, row)
        if newer:
            index = newer[0]
        self._latest[account_id, key] = (event, index)

    def _check_deletion(self, account_id, event, index, row):
        """A row is dead only where its event is, or is not wanted."""
        is_gone = any(version.deleted for version in event.versions[max(0, index) :])
        if not (is_gone or account_id in self._limited or self._leaves_out):
            self.diverges(f"a row was marked as deleted whose event is there: {row['sk']}")

    def token_used(self, token):
        """A token that is not stored is never used: a stop would lose what it came with."""
        if token not in self._stored_tokens:
            self.diverges("a token was used before it was stored")

    def account_written(self, before, after):
        if after:
            self._stored_tokens.add(after["access_token"])
        if after and (started_at := after.get("last_read_started_at")):
            read_at = datetime.fromisoformat(started_at)
            latest = self._read_at.get(after["account_id"], read_at)
            self._read_at[after["account_id"]] = max(latest, read_at)
        if not before or not after or self.world.history.profile == "beyond":
            return
        was, now = (each.get("last_read_started_at") for each in (before, after))
        # A full read that others overtook leads back to its own start, which is as good.
        if was and now and after.get("last_read_last_modified"):
            back = datetime.fromisoformat(was) - datetime.fromisoformat(now)
            if back > timedelta(seconds=self.world.history.skew_s):
                self.diverges("the cursor went back")

    def _event(self, account_id, key):
        account = self.world.simulator.world.accounts[account_id]
        hidden = self.world.hidden.get(account_id, {})
        return account.events.get(key) or hidden.get(key)

    def _shape(self, event, version):
        known = self._shapes.get(id(version))
        if known is None:
            settings = self.world.simulator.world.settings
            known = self._shapes[id(version)] = (
                version,
                normal(shapes.shown(event, version, settings)),
            )
        return known[1]

    # The end

    def check_grants(self, is_lossy):
        """Nobody has to connect anew without a reason; yield who has to, noticed or not."""
        for (account_id,), item in self.world.tables["accounts"].items.items():
            needs_user = item["state"] == "needs_user"
            if needs_user and account_id not in self._grants and not is_lossy:
                self.diverges(f"{account_id} needs its user: {item['state_reason']}")
            is_lost = account_id in self._grants and self._has_a_replaced_token(item)
            if needs_user or is_lost or account_id in self._withdrawn:
                yield account_id

    def _has_a_replaced_token(self, item):
        """An operator's command can be the last one in hours, and its new tokens never arrive."""
        token = self.world.simulator.world.tokens.refresh.get(item.get("refresh_token"))
        return token is not None and token.replaced_at is not None

    def compare(self, most):
        """Compare all accounts with the calendars for which no more than *most* has to heal."""
        for account_id in self.world.simulator.world.accounts:
            if self.level(account_id) <= most:
                for problem in self._differences(account_id):
                    self.diverges(f"{('quiet', 'after a read', 'healed')[most]}: {problem}")

    def _differences(self, account_id):
        item = self.world.tables["accounts"].items.get((account_id,))
        rows = {
            sk: row
            for (pk, sk), row in self.world.tables["events"].items.items()
            if pk == account_id
        }
        if account_id in self._erased:
            if item is not None:
                yield f"{account_id} is still there after its erasure"
            if rows:
                yield f"{account_id} was erased, and has rows"
            return
        live = {sk: row["event"] for sk, row in rows.items() if not row["deleted"]}
        truth = self._truth(account_id, item)
        for sk in truth:
            if live.get(sk) != truth[sk] and not self._may_wait(account_id, item, sk):
                what = "is missing" if sk not in live else "is not what the calendar has"
                yield f"{account_id}: {sk} {what}"
        for sk in live.keys() - truth.keys():
            if self._is_inside(live[sk]) and not self._may_wait(account_id, item, sk):
                yield f"{account_id}: {sk} is there, and not in the calendar"
        for sk, row in rows.items():
            if row["deleted"] and "expires_at" not in row:
                yield f"{account_id}: {sk} is a tombstone for ever"

    def _truth(self, account_id, item):
        found = self.world.control("GET", f"accounts/{account_id}/events")["events"]
        wanted = item["calendars"] if item else ()
        return {
            f"{event['calendar_id']}#{event['event_uid']}": normal(event)
            for event in found
            if not event["deleted"] and (not wanted or event["calendar_id"] in wanted)
        }

    def _is_inside(self, document):
        world = self.world.simulator.world
        span = span_of(document)
        return span is not None and default_window(world.now, world.settings).holds(span)

    def _may_wait(self, account_id, item, sk):
        """Tell whether only the next full read can see it: it came into the window by itself."""
        key = tuple(sk.split("#", 1))
        event, world = self._event(account_id, key), self.world.simulator.world
        read_at = item and item.get("last_full_read_at")
        read_at = datetime.fromisoformat(read_at) if read_at else None
        if event is None:
            row = self.world.tables["events"].items[account_id, sk]
            if read_at is None or "start_at" not in row:
                return True
            within = repairing.window(read_at)
            return not (within.start < row["end_at"] and row["start_at"] < within.end)
        latest = event.latest
        spans = [each.span for each in event.versions[-2:]]
        if any(default_window(latest.modified_at, world.settings).holds(each) for each in spans):
            return False
        if read_at is None or read_at < latest.visible_at:
            return True
        window = default_window(read_at, world.settings)
        return not any(window.holds(each.span) for each in event.versions)

    def check_feed(self):
        """Apply the feed to an empty copy: it gives the table."""
        copy, seen = defaultdict(dict), set()
        for entry in self.world.bus.entries:
            if not entry["DetailType"].startswith("Calendar Event"):
                continue
            detail = documents.parse(entry["Detail"].encode())
            if detail["change_id"] in seen or detail["account_id"] in self._ever_erased:
                continue
            seen.add(detail["change_id"])
            key = f"{detail['calendar_id']}#{detail['event_uid']}"
            mine = copy[detail["account_id"]]
            if entry["DetailType"] == "Calendar Event Deleted":
                if mine.pop(key, None) is None:
                    self.diverges(f"the feed deletes what it has not: {key}")
                continue
            is_new = entry["DetailType"] == "Calendar Event Created"
            if is_new is (key in mine):
                self.diverges(f"the feed tells of {key} in the wrong order")
            mine[key] = detail["event"]
        for account_id in self.world.simulator.world.accounts:
            rows = {
                sk: row["event"]
                for (pk, sk), row in self.world.tables["events"].items.items()
                if pk == account_id and not row["deleted"]
            }
            if account_id not in self._ever_erased and rows != copy[account_id]:
                self.diverges(f"the feed does not give the table of {account_id}")
