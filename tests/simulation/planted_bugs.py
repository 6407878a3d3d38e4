"""
Bugs that the oracle has to find. Each replaces functions of the modules under test by buggy ones,
for as long as a run takes.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from calendar_mirror import (
    answers,
    diffing,
    due,
    dynamodb,
    erasing,
    feed,
    messages,
    planning,
    profile_keeping,
    profiles,
    publish,
    queries,
    reading,
    receive,
    records,
    repairing,
    spans,
    sync,
    tokens,
)
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.errors import (
    AwsCallError,
    PageExpiredError,
    TryAgainError,
)
from calendar_mirror.events_table import EventsTable
from calendar_mirror.planning import CLOCK_SKEW, CompletedRead
from calendar_mirror.publish import Publication
from calendar_mirror.visit import Visit
from tests.models.dynamodb import DynamoDB
from tests.simulation.histories import History

Patches = list[tuple[object, str, object]]


@dataclass(frozen=True)
class Bug:
    """
    Attributes:
        patches: what is replaced: owner, name, and the buggy one; made anew for each run.
        profile: the kind of run that it shows in.
    """

    name: str
    patches: Callable[[], Patches]
    profile: str | None = None


@contextmanager
def planted(bug):
    """Have the bug in place for a while."""
    kept = []
    try:
        for owner, name, buggy in bug.patches():
            kept.append((owner, name, vars(owner)[name]))
            setattr(owner, name, buggy)
        yield
    finally:
        for owner, name, good in reversed(kept):
            setattr(owner, name, good)


def _wrapped(owner, name, wrapper):
    """Put *wrapper* around a function: it is given the good one, and what that is given."""
    good = vars(owner)[name]

    def buggy(*args, **kwargs):
        return wrapper(good, *args, **kwargs)

    return owner, name, buggy


# Planning and merging


def _no_overlap(plan, *args, overlap, **kwargs):
    return plan(*args, overlap=timedelta(0), **kwargs)


def _rounded_up(plan, *args, **kwargs):
    made = plan(*args, **kwargs)
    if made.last_modified is None:
        return made
    return replace(made, last_modified=made.last_modified + timedelta(seconds=1))


def _largest(plan, wanted, *args, **kwargs):
    dated = [m for m in wanted if m.changes_since is not None]
    latest = max(dated, key=lambda m: m.changes_since, default=None)
    others = [m for m in wanted if m.changes_since is None]
    return plan([*others, *([latest] if latest else [])], *args, **kwargs)


def _without_the_cursor(plan, wanted, last_read, *args, **kwargs):
    if last_read is not None:
        later = [m.changes_since for m in wanted if m.changes_since is not None]
        if later:
            last_read = replace(last_read, started_at=min(later))
    return plan(wanted, last_read, *args, **kwargs)


def _later_read(read, message):
    return message.kind in (messages.Kind.DELTA, messages.Kind.FULL) and (
        read.started_at - CLOCK_SKEW >= message.stands_until
    )


def _later_change(settles, read, message):
    since = message.changes_since
    return settles(read, message) or (since is not None and since < read.started_at)


def _receipt(settles, read, message):
    return settles(read, replace(message, stands_until=message.received_at))


def _no_margin(settles, read, message):
    return settles(read, replace(message, stands_until=message.stands_until - CLOCK_SKEW))


def _id_without_its_bucket(message, *, unique):
    return f"{message.account_id} {message.kind.value} {message.changes_since}"


# The cursor


def _after_the_read(remember, visit, read, *args, **kwargs):
    return remember(visit, replace(read, started_at=visit.edges.now()), *args, **kwargs)


def _added_up(remember, visit, read, *args, **kwargs):
    before = visit.account.last_read
    if before is not None and read.last_modified is not None:
        earlier = before.last_modified or datetime(2000, 1, 1, tzinfo=UTC)
        read = replace(read, last_modified=min(earlier, read.last_modified))
    return remember(visit, read, *args, **kwargs)


def _before_the_writes(changes, visit, wanted, *, since=None):
    account, now = visit.account, visit.edges.now()
    plan = planning.plan(
        wanted, account.last_read, now=now, overlap=visit.edges.overlap, since=since
    )
    if not plan.is_full:
        visit.remember_read(CompletedRead(now, plan.last_modified), account.wanted)
        visit.account = account
    return changes(visit, wanted, since=since)


def _newest_updated():
    newest = {}

    def pages(good, cronofy, *args):
        for page in good(cronofy, *args):
            dated = [each.get("updated") for each in page.events if isinstance(each, dict)]
            dated = [text for text in dated if isinstance(text, str) and text > "1"]
            newest[id(cronofy)] = max([*dated, newest.get(id(cronofy), "")])
            yield page

    def remember(good, visit, read, *args, **kwargs):
        text = newest.pop(id(visit.cronofy), "")
        if text:
            read = replace(read, started_at=datetime.fromisoformat(text))
        return good(visit, read, *args, **kwargs)

    return [_wrapped(Cronofy, "pages", pages), _wrapped(Visit, "remember_read", remember)]


# Reading


def _first_page(pages, *args):
    yield next(pages(*args))


def _until(error):
    """End a read where *error* comes up after its first page."""

    def wrapper(pages, *args):
        is_first = True
        try:
            for page in pages(*args):
                yield page
                is_first = False
        except error:
            if is_first:
                raise

    return wrapper


def _partial(divide, whole, span, seen):
    seen.total = None
    whole._mark_gone(span, seen)  # noqa: SLF001 - that is the bug
    divide(whole, span, seen)


def _dated_edges(asked_for, span, now):
    """Name the window's edges, yesterday's last day until the first hour is over."""
    asked, hour = asked_for(span, now), timedelta(hours=1)
    if span == spans.WHOLE:
        return asked
    return spans.Span(
        asked.start or (now + hour).date() - spans.PAST,
        asked.end or (now - hour).date() + spans.FUTURE,
    )


def _without_flag(flag):
    flags = {
        mode: tuple(each for each in kept if each != flag)
        for mode, kept in queries._FLAGS.items()  # noqa: SLF001
    }
    return [(queries, "_FLAGS", flags)]


def _few_fields(document):
    text = {name: document.get(name) for name in ("summary", "start", "end", "deleted")}
    return records.documents.digest(text)


# Tables


def _eventually(batch_get_item, client, *, RequestItems):  # noqa: N803
    asked = {name: {**each, "ConsistentRead": False} for name, each in RequestItems.items()}
    return batch_get_item(client, RequestItems=asked)


def _eventually_queried(query, client, **asked):
    if asked["TableName"] == "events":
        asked["ConsistentRead"] = False
    return query(client, **asked)


def _removed(write, table, given, *, synced_at):
    given = list(given)
    table.erase([each.key for each in given if each.deleted])
    return write(table, [each for each in given if not each.deleted], synced_at=synced_at)


def _undone_forgotten(table, requests):
    with dynamodb.errors_translated():
        table.client.batch_write_item(RequestItems={table.name: requests})


# Tokens


def _not_replaced(tokens_of, answer, refresh_token):
    given = tokens_of(answer, refresh_token)
    return replace(given, refresh=refresh_token or given.refresh)


def _stored_later():
    pending = {}

    def stored(grant, given):
        pending[id(grant)] = (grant.tokens.refresh, given)
        grant.tokens = given
        return given.access or ""

    def remember(good, visit, *args, **kwargs):
        good(visit, *args, **kwargs)
        if id(visit.grant) in pending:
            replaced, given = pending.pop(id(visit.grant))
            visit.edges.accounts.store_tokens(visit.account.account_id, given, replacing=replaced)

    return [
        (tokens.StoredGrant, "_stored", stored),
        _wrapped(Visit, "remember_read", remember),
    ]


# The queue, and the clock


def _deleted_on_failure(settled, drain, *args):
    settled(drain, *args)
    return []


def _acknowledged_first(take, notification, send, *args):
    def sent(message):
        try:
            send(message)
        except AwsCallError:
            return

    return take(notification, sent, *args)


def _all_but_one(found, *args, **kwargs):
    for account_id, due_at in found(*args, **kwargs):
        if account_id != "acc_1":
            yield account_id, due_at


def _never_again(next_look, account, *, now):
    return now + timedelta(days=365)


# The feed


def _refusals_forgotten(publish_all, writes, to, **kwargs):
    done = publish_all(writes, to, **kwargs)
    return Publication(done.entries, done.lag_ms, (), done.trouble)


def _another_identity():
    count = iter(range(10**9))

    def entry(good, write, **kwargs):
        return good(replace(write, identity=f"{next(count)}"), **kwargs)

    return [_wrapped(feed, "entry", entry)]


def _deletions_untold(entry, write, **kwargs):
    told = entry(write, **kwargs)
    return None if told and told.detail_type == "Calendar Event Deleted" else told


def _wrapping(owner, name, wrapper):
    return lambda: [_wrapped(owner, name, wrapper)]


def _putting(owner, name, buggy):
    return lambda: [(owner, name, buggy)]


BUGS = (
    Bug("no overlap", _wrapping(planning, "plan", _no_overlap)),
    Bug("`last_modified` is rounded up", _wrapping(planning, "plan", _rounded_up)),
    Bug(
        "the largest `changes_since` of a batch instead of the smallest",
        _wrapping(planning, "plan", _largest),
        "lateness",
    ),
    Bug(
        "read from the earliest change that was told, not from the cursor",
        _wrapping(planning, "plan", _without_the_cursor),
    ),
    Bug(
        "settled by a later read, whatever it asked for",
        _putting(planning, "_settles", _later_read),
        "lateness",
    ),
    Bug(
        "settled because its change is older than the read",
        _wrapping(planning, "_settles", _later_change),
        "merging",
    ),
    Bug(
        "settled by its receipt instead of its bucket's end",
        _wrapping(planning, "_settles", _receipt),
        "merging",
    ),
    Bug(
        "settled without a margin for the clocks",
        _wrapping(planning, "_settles", _no_margin),
        "merging",
    ),
    Bug(
        "settled by two reads added up",
        _wrapping(Visit, "remember_read", _added_up),
        "lateness",
    ),
    Bug(
        "a deduplication id without its bucket",
        _putting(messages, "deduplication_id", _id_without_its_bucket),
        "merging",
    ),
    Bug(
        "a delay shorter than the bucket",
        _putting(History, "delay_s", property(lambda history: 0)),
        "merging",
    ),
    Bug("the cursor from the newest `updated`", _newest_updated),
    Bug(
        "the cursor taken after the read",
        _wrapping(Visit, "remember_read", _after_the_read),
        "merging",
    ),
    Bug(
        "the cursor stored before the writes",
        _wrapping(reading, "changes", _before_the_writes),
        "crashes",
    ),
    Bug("only the first page is read", _wrapping(Cronofy, "pages", _first_page)),
    Bug(
        "a dead page link is taken for the end",
        _wrapping(Cronofy, "pages", _until(PageExpiredError)),
    ),
    Bug(
        "an error on a later page is taken for the end",
        _wrapping(Cronofy, "pages", _until(TryAgainError)),
    ),
    Bug(
        "deletion by absence though the read broke off",
        _wrapping(reading._WholeWindow, "_divide", _partial),  # noqa: SLF001
        "long reads",
    ),
    Bug(
        "deletion by absence while a profile is disconnected",
        _putting(profiles, "reads_are_complete", lambda known: True),
        "structure",
    ),
    Bug(
        "deletion by absence though a profile was disconnected during the read",
        _putting(profile_keeping, "make_sure", lambda visit: None),
        "amid visits",
    ),
    Bug(
        "deletion by absence outside the window",
        _putting(repairing, "_is_inside", lambda row, within: True),
        "days",
    ),
    Bug(
        "deletion by absence outside the span that was read",
        _putting(spans.Span, "holds", lambda span, start_at: True),
        "long reads",
    ),
    Bug(
        "a divided read names the window's edges by our own clock",
        _wrapping(spans, "asked_for", _dated_edges),
        "long reads",
    ),
    Bug(
        "a full read repairs nothing",
        _putting(repairing, "gone", lambda unseen, **_: ()),
        "structure",
    ),
    Bug("`include_deleted` off", lambda: _without_flag("include_deleted")),
    Bug("`include_moved` off", lambda: _without_flag("include_moved")),
    Bug("a hash over a part of the document", _putting(records, "_content_hash", _few_fields)),
    Bug(
        "every row is written, whether it differs or not",
        _putting(diffing, "_differs", lambda record, stored: True),
    ),
    Bug(
        "stored hashes are read eventually consistent",
        lambda: [
            _wrapped(DynamoDB, "batch_get_item", _eventually),
            _wrapped(DynamoDB, "query", _eventually_queried),
        ],
        "stale",
    ),
    Bug("rows are removed, without a tombstone", _wrapping(EventsTable, "write", _removed)),
    Bug("unprocessed items are dropped", _putting(EventsTable, "_write", _undone_forgotten)),
    Bug("the refresh token is not replaced", _wrapping(answers, "tokens_of", _not_replaced)),
    Bug("tokens are stored after they were used", _stored_later),
    Bug(
        "messages that failed leave the queue",
        _wrapping(sync.Drain, "_settled", _deleted_on_failure),
    ),
    Bug(
        "a notification is acknowledged though the queue refused it",
        _wrapping(receive, "_take", _acknowledged_first),
    ),
    Bug("reconcile forgets an account", _wrapping(AccountsTable, "due", _all_but_one)),
    Bug("an account is not looked at again", _wrapping(due, "next_look", _never_again)),
    Bug(
        "an erasure leaves the rows",
        _putting(erasing, "_erase_rows", lambda edges, keys, counts: None),
        "structure",
    ),
    Bug(
        "the feed forgets what the bus refused",
        _wrapping(publish, "publish", _refusals_forgotten),
    ),
    Bug("an entry of the feed that comes again has another id", _another_identity),
    Bug("the feed does not tell of deletions", _wrapping(feed, "entry", _deletions_untold)),
)
