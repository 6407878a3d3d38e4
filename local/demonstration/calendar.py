"""The calendar side: changes that people make, through the simulator's control API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from calendar_mirror import documents, records
from calendar_mirror.documents import Json
from calendar_mirror.records import Record


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the simulator, with the tokens that its grant came with."""

    account_id: str
    access_token: str
    refresh_token: str
    calendar_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    The calendars of the simulator at *url*.

    Raises `requests.RequestException` when the simulator refuses, or does not answer.
    """

    url: str
    session: requests.Session

    def new_account(self, account_id: str, calendars: Sequence[str]) -> Account:
        """Open an account with a calendar for each name."""
        wanted = {"account_id": account_id, "calendars": [{"name": name} for name in calendars]}
        made = self.call("POST", "accounts", wanted)
        return Account(
            account_id=made["account_id"],
            access_token=made["access_token"],
            refresh_token=made["refresh_token"],
            calendar_ids=tuple(each["calendar_id"] for each in made["calendars"]),
        )

    def account_ids(self) -> set[str]:
        """Return the accounts that there are."""
        return {each["account_id"] for each in self.call("GET", "accounts")["accounts"]}

    def create(self, account_id: str, event: Mapping[str, object]) -> tuple[str, ...]:
        """Put one event, or *count* of them, into a calendar; return their uids."""
        made = self.call("POST", f"accounts/{account_id}/events", event)
        return tuple(each["event_uid"] for each in made["events"])

    def change(self, account_id: str, event_uid: str, changes: Mapping[str, object]) -> None:
        """Change fields of one event, move it in time or to another calendar."""
        self.call("PATCH", f"accounts/{account_id}/events/{event_uid}", changes)

    def change_many(self, account_id: str, count: int, changes: Mapping[str, object]) -> None:
        """Change *count* events, each with a notification of its own."""
        wanted = {"count": count, "changes": changes, "notifications": "each"}
        self.call("PATCH", f"accounts/{account_id}/events", wanted)

    def delete(self, account_id: str, event_uid: str) -> None:
        """Delete one event."""
        self.call("DELETE", f"accounts/{account_id}/events/{event_uid}")

    def records(self, account_id: str) -> dict[str, Record]:
        """Return what the account's calendars hold now, as we would keep it, by sort key."""
        response = self.session.get(self._address(f"accounts/{account_id}/events"), timeout=30)
        response.raise_for_status()
        found = [records.from_cronofy(account_id, each) for each in _events(response.content)]
        return {record.key.sort_key: record for record in found if not record.deleted}

    def api_calls(self, account_id: str) -> int:
        """Return how many calls of Cronofy's API were made for the account so far."""
        endpoints = self.call("GET", "calls")["accounts"].get(account_id, {})
        return sum(sum(statuses.values()) for statuses in endpoints.values())

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Call the control API; return the JSON of the answer, if there is any."""
        response = self.session.request(method, self._address(path), json=body, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None

    def _address(self, path: str) -> str:
        return f"{self.url}/_control/{path}"


def _events(body: bytes) -> list[Json]:
    document = documents.parse(body)
    events = document.get("events") if isinstance(document, dict) else None
    return events if isinstance(events, list) else []
