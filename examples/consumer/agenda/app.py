"""
Keeps an agenda: of each event of the mirrored calendars its summary, start and end.

A change can be told more than once, and EventBridge does not promise an order. So each is claimed
by its `change_id` before it is dealt with, and marked as done after; and of an event, only what is
newer than what the agenda holds is written.
"""

import json
import os
import time
from functools import cache

import boto3
from botocore.exceptions import ClientError

_CONDITION_FAILED = "ConditionalCheckFailedException"
#: A claim ends after so many seconds: longer than the function may run, shorter than it takes
#: Lambda to try again.
_CLAIM_S = 30
#: Entries about an erased account's events come within 12 hours.
_A_DAY_S = 86_400


class BeingDealtWithError(Exception):
    """Another invocation has claimed the change; whether it succeeds is not known yet."""


def handler(event, context):
    detail, now = event["detail"], int(time.time())
    if not claimed(detail["change_id"], now):
        return
    ACTIONS[event["detail-type"]](detail, now, event["time"])
    done(detail["change_id"], now)


def claimed(change_id, now):
    """
    Claim a change; return whether there is something to do.

    Raises:
        BeingDealtWithError: not now. Lambda tries again.
    """
    try:
        tables("CHANGES_TABLE").update_item(
            Key={"change_id": change_id},
            UpdateExpression="SET claimed_until = :until, expires_at = :expires_at",
            ConditionExpression="attribute_not_exists(change_id)"
            " OR (attribute_not_exists(done_at) AND claimed_until <= :now) OR expires_at <= :now",
            ExpressionAttributeValues={
                ":until": now + _CLAIM_S,
                ":expires_at": expiry(now),
                ":now": now,
            },
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != _CONDITION_FAILED:
            raise
        if "done_at" not in error.response["Item"]:
            raise BeingDealtWithError(change_id) from error
        return False
    return True


def done(change_id, now):
    tables("CHANGES_TABLE").update_item(
        Key={"change_id": change_id},
        UpdateExpression="SET done_at = :now",
        ExpressionAttributeValues={":now": now},
    )


def event_is(detail, now, at):
    """An event was created or updated."""
    document = detail["event"] if "event" in detail else whole(detail["table"])
    if document is None:  # erased since: the entry that says so is on its way
        return
    shown = {name: document.get(name) for name in ("summary", "start", "end")}
    write(detail, {**shown, "deleted": False})


def event_is_gone(detail, now, at):
    """The number stays, so that an update that comes late does not bring the event back."""
    write(detail, {"deleted": True, "expires_at": expiry(now)})


def account_connected(detail, now, at):
    """Its events are told one by one; here is the place to tell its owner."""
    say("connected", detail)


def account_disconnected(detail, now, at):
    """Its owner has to act: send them the links."""
    links = [each["relink_url"] for each in detail["profiles"] if each["relink_url"]]
    say("disconnected", detail, reason=detail["reason"], links=len(links))


def account_erased(detail, now, at):
    """Nothing may be left of it here either, nor come back with an entry that was on its way."""
    agenda, asked = tables("AGENDA_TABLE"), {}
    agenda.put_item(Item={**erasure(detail), "erased_at": at, "expires_at": now + _A_DAY_S})
    while asked is not None:
        answer = agenda.query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": detail["account_id"]},
            ProjectionExpression="pk, sk",
            **asked,
        )
        for key in answer["Items"]:
            if key != erasure(detail):
                agenda.delete_item(Key=key)
        last = answer.get("LastEvaluatedKey")
        asked = {"ExclusiveStartKey": last} if last else None
    say("erased", detail)


ACTIONS = {
    "Calendar Event Created": event_is,
    "Calendar Event Updated": event_is,
    "Calendar Event Deleted": event_is_gone,
    "Account Connected": account_connected,
    "Account Disconnected": account_disconnected,
    "Account Erased": account_erased,
}


def write(detail, values):
    """Write what is newer than what is there; leave the rest alone."""
    erased = tables("AGENDA_TABLE").get_item(Key=erasure(detail), ConsistentRead=True).get("Item")
    if erased and detail["synced_at"] <= erased["erased_at"]:
        return
    # Up to 40 digits, says the API reference (StreamRecord): more than a number of DynamoDB holds.
    number = detail["sequence_number"].zfill(40)
    item = {
        "pk": detail["account_id"],
        "sk": f"{detail['calendar_id']}#{detail['event_uid']}",
        "sequence_number": number,
        **values,
    }
    try:
        tables("AGENDA_TABLE").put_item(
            Item=item,
            ConditionExpression="attribute_not_exists(pk) OR sequence_number < :number",
            ExpressionAttributeValues={":number": number},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != _CONDITION_FAILED:
            raise


def erasure(detail):
    """The key of the mark that an account was erased. No event has it: their keys hold a "#"."""
    return {"pk": detail["account_id"], "sk": "erased"}


def whole(table):
    """Read an event that was too large for its entry, as it is now; None: it is not there."""
    row = resource().Table(table["name"]).get_item(Key={"pk": table["pk"], "sk": table["sk"]})
    return row["Item"]["event"] if "Item" in row else None


def expiry(now):
    return now + int(os.environ["REMEMBER_DAYS"]) * 86_400


def say(what, detail, **more):
    print(json.dumps({"message": what, "account_id": detail["account_id"], **more}))


@cache
def tables(variable):
    return resource().Table(os.environ[variable])


@cache
def resource():
    return boto3.resource("dynamodb")
