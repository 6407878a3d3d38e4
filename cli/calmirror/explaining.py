"""`calmirror explain`: why a row has its content, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from boto3.dynamodb.conditions import Attr, Key

from calendar_mirror import instants, origins, paging, records
from calendar_mirror.accounts import Account
from calendar_mirror.erasures_table import ErasuresTable
from calendar_mirror.errors import CalendarMirrorError
from calendar_mirror.origins import Origin
from calendar_mirror.planning import ReadPlan
from calendar_mirror.records import Record
from calendar_mirror.scopes import Coverage
from calmirror import absence, at_cronofy, comparison, completion, printing, shown
from calmirror.absence import Absence
from calmirror.stacks import Stack, on_stack

_CAUSES = {
    "change": "a notification of changes",
    "profile_initial_sync_completed": "a notification that Cronofy had read a new profile",
    "reconcile": "the clock (reconcile)",
    "operator": "an operator (calmirror)",
    "connect": "a user who connected the account",
}


@click.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@click.argument("event_uid")
@click.option(
    "--calendar", "calendar_id", help="The event's calendar; without, all rows are looked through."
)
@printing.as_json
@on_stack
def explain(
    stack: Stack, account_id: str, event_uid: str, calendar_id: str | None, as_json: bool
) -> None:
    """
    Tell why the row of EVENT_UID has its content: when it was written, by which read, what asked
    for that read, and which fields changed. Never what they hold.

    Where there is no row, tells why; that may take a read of the window at Cronofy. Ends with 1
    where there is none and something has to be done about it.
    """
    now = datetime.now(UTC)
    rows = list(_rows(stack, account_id, event_uid, calendar_id))
    told = [_told(item, now) for item in rows]
    missing = None if rows else _missing(stack, account_id, event_uid, calendar_id, now)
    if as_json:
        about = {"account_id": account_id, "event_uid": event_uid}
        absent = None if missing is None else asdict(missing)
        printing.document({**about, "rows": told, "absent": absent})
    else:
        _print(stack, account_id, told, missing, now)
    if missing is not None and missing.what_to_do:
        raise SystemExit(1)


def _rows(
    stack: Stack, account_id: str, event_uid: str, calendar_id: str | None
) -> Iterator[Mapping[str, Any]]:
    account = Key("pk").eq(account_id)
    sort_key = calendar_id and records.Key(account_id, calendar_id, event_uid).sort_key
    pages = stack.dynamodb().get_paginator("query")
    for page in pages.paginate(
        TableName=stack.output("EventsTableName"),
        KeyConditionExpression=account & Key("sk").eq(sort_key) if sort_key else account,
        FilterExpression=Attr("event_uid").eq(event_uid),
        ConsistentRead=True,
    ):
        yield from page["Items"]


def _told(item: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Say of a row what may be said: nothing of its event but the names of fields."""
    origin = origins.from_item(item.get("written_by"))
    by_absence = item["event"].keys() <= {"calendar_id", "event_uid", "deleted"}
    return {
        "calendar_id": item["calendar_id"],
        "row": "tombstone" if item["deleted"] else "live",
        "written_at": item["synced_at"],
        "by": _by(origin),
        "asked_for_by": _asked_for_by(origin),
        "why": _why(origin, item["deleted"], by_absence),
        "beyond_the_window": not item["deleted"]
        and item.get("start_at") is not None
        and not comparison.in_window(item, now),
        "written_by": item.get("written_by"),
    }


def _by(origin: Origin | None) -> str:
    if origin is None:
        return "not known: it was written before rows kept that; the next change keeps it"
    began = instants.to_text(origin.started_at)
    if origin.last_modified is None:
        return f"a read of the whole window, begun at {began}"
    since = instants.to_text(origin.last_modified)
    return f"a read of what changed since {since}, begun at {began}"


def _asked_for_by(origin: Origin | None) -> str | None:
    if origin is None:
        return None
    cause = _CAUSES.get(origin.cause, origin.cause)
    return f"{cause}, received at {instants.to_text(origin.asked_at)}"


def _why(origin: Origin | None, deleted: bool, by_absence: bool) -> str | None:
    if origin is None:
        return None
    if deleted and origin.last_modified is None and by_absence:
        return (
            "Cronofy no longer returned the event in a read of the whole window, or its calendar "
            "is not mirrored any more"
        )
    if deleted:
        return "Cronofy said that the event is deleted, or has left the window"
    if origin.changed is None:
        return "there was no live row before: the event was new, or had come back"
    return (
        f"changed: {', '.join(origin.changed) or 'no field; the row was written in a new layout'}"
    )


def _missing(
    stack: Stack, account_id: str, event_uid: str, calendar_id: str | None, now: datetime
) -> Absence:
    account = stack.accounts().get(account_id)
    if account is None:
        receipts = ErasuresTable(stack.dynamodb(), stack.output("ErasuresTableName"))
        return absence.of_account(account_id, receipts.of(account_id))
    early = absence.before_asking(account, calendar_id)
    if early is not None:
        return early
    try:
        found = _at_cronofy(stack, account, event_uid, calendar_id)
    except CalendarMirrorError as error:
        return absence.unreachable(account, error)
    return absence.of_found(account, found) if found else absence.not_at_cronofy(account, now)


def _at_cronofy(
    stack: Stack, account: Account, event_uid: str, calendar_id: str | None
) -> Record | None:
    """Look for the event in the whole window, in calendars that are not mirrored as well."""
    cronofy, grant = at_cronofy.opened(stack, account)
    mode, seen = account.wanted.mode, 0
    with printing.progress("reading Cronofy") as status:
        for page in cronofy.pages(ReadPlan(None, Coverage(mode)), grant):
            found = records.readable(account.account_id, page.events, paging.RECORDS[mode]).records
            for record in found:
                in_calendar = calendar_id in (None, record.key.calendar_id)
                if record.key.event_uid == event_uid and in_calendar:
                    return record
            seen += len(page.events)
            status.update(f"reading Cronofy: {seen} events")
    return None


def _print(
    stack: Stack,
    account_id: str,
    told: list[dict[str, Any]],
    missing: Absence | None,
    now: datetime,
) -> None:
    if missing is not None:
        click.echo(f"Not in the table: {missing.said}")
        if missing.what_to_do:
            click.echo(f"What to do: {missing.what_to_do}")
        return
    for row in told:
        fields = {name: value for name, value in row.items() if name != "written_by" and value}
        written = instants.parse(row["written_at"])
        fields["written_at"] = f"{row['written_at']}, {printing.age(written, now)}"
        if fields.pop("beyond_the_window", False):
            fields["note"] = "it lies beyond what Cronofy shows now, and stays as it was read last"
        printing.record(fields | _reads_of(stack, account_id, now))


def _reads_of(stack: Stack, account_id: str, now: datetime) -> dict[str, Any]:
    """Say how fresh the row can be: it is as it was when its account was read last."""
    if not shown.is_there(stack, account_id):
        return {"account": "not in place"}
    item = shown.item(stack, account_id)
    read = shown.last_read(item)
    age = printing.age(read.started_at if read else None, now)
    return {"account": f"{shown.condition(item)}, last read {age}"}
