"""Writes a line for each change of a calendar, without what the calendar says."""

import json


def handler(event, context):
    detail = event["detail"]
    about = {name: detail[name] for name in ("account_id", "event_uid", "change_id")}
    print(json.dumps({"change": event["detail-type"], **about}))
